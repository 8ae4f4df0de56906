"""How far apart the notebook's CNN ends from seed to seed, with stock Keras and with mnistlab.

    python benchmarks/measure/spread.py [--seeds 20] [--full-seeds 6] [--most 2] [--table-only]

Shortened training runs in float32 from the same seeds on both sides, and whole ones: those of `mnistlab bench`, and
`--full-seeds` of mnistlab in float32. Every run is stored as soon as it is finished; the next call makes those that are
missing. The range of the whole runs goes into the package, where the report of `mnistlab run` takes it from.
"""

import dataclasses
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import RESULTS, ROOT, Benchmark, Results, cores, markdown_table
from mnistlab import figures
from mnistlab.datasets import Dataset, Split, load_mnist
from mnistlab.evaluation.significance import LEVEL
from mnistlab.experiments.spread import SPREAD_PATH, material_settings
from mnistlab.figures.canvas import current_theme, drawn, new_axes
from mnistlab.recipes import RECIPES
from mnistlab.system.files import write_json

EPOCHS = RECIPES["cnn"].epochs
SHORT_IMAGES, ALL_IMAGES = 12_000, 60_000  # training images of the shortened and of the whole runs
WATCHED_IMAGES = 500  # test images on which stock Keras validates after every epoch, as the notebook does
SETTLING_IMAGES = 5_000  # training images from which the statistics of batch normalization are taken anew
BATCH_SIZE = 500
KINDS = {"stock": "stock Keras", "mnistlab": "mnistlab"}
LEAST_TO_TEST = 5  # runs on each side from which on they are compared
FIGURE = ROOT / "docs" / "figures" / "spread.png"


def measure(seeds: int, full_seeds: int, most: int | None) -> Results:
    """Makes the training runs that are missing, `most` of them at most."""
    results = BENCHMARK.read() or {
        "short": {"num_images": SHORT_IMAGES, "stock": [], "mnistlab": []},
        "full": {"num_images": ALL_IMAGES, "mnistlab": []},
    }
    results["bench"] = bench_runs() or results.get("bench", [])
    wanted = [("short", kind, seed) for seed in range(seeds) for kind in KINDS]
    wanted += [("full", "mnistlab", seed) for seed in range(full_seeds)]
    missing = [
        (length, kind, seed)
        for length, kind, seed in wanted
        if seed not in {row["seed"] for row in results[length][kind]}
    ]
    for length, kind, seed in missing[:most]:
        row = {"seed": seed, **train(kind, results[length]["num_images"], seed)}
        results["environment"] = row.pop("environment", results.get("environment"))
        results[length][kind].append(row)
        BENCHMARK.write(results)
        print(length, kind, row, flush=True)
    return results


def bench_runs() -> list[dict[str, Any]]:
    """The whole runs of the CNN that `mnistlab bench` made, with where they come from."""
    found = []
    for path in sorted(RESULTS.glob("bench*.json")):
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["quick"] or stored["work"]["cnn"] != {"epochs": EPOCHS, "num_images": ALL_IMAGES}:
            continue
        accuracies = {
            kind: [round(one["test_accuracy"], 4) for one in stored["rounds"][f"{kind}_cnn"]] for kind in KINDS
        }
        found.append({"file": path.name, "environment": stored["environment"], **accuracies})
    return found


def train(kind: str, num_images: int, seed: int) -> dict[str, Any]:
    """Trains the notebook's CNN once in float32 and scores it on all test images, as it is and settled."""
    mnist = load_mnist()
    train_split = mnist.train.take(np.arange(num_images))
    started = time.perf_counter()
    row: dict[str, Any] = {}
    if kind == "stock":
        from mnistlab.experiments.benchmark.stock import train_stock
        from mnistlab.models.backend import keras

        watched = keras.callbacks.History()
        dataset = Dataset(mnist.name, train_split, mnist.test.take(np.arange(WATCHED_IMAGES)))
        train_stock("cnn", dataset, epochs=EPOCHS, seed=seed, callbacks=[watched])
        model = watched.model
    else:
        from mnistlab import training

        recipe = dataclasses.replace(RECIPES["cnn"], seed=seed, validation="none", precision="float32")
        with tempfile.TemporaryDirectory() as folder:
            run = training.train(
                recipe, Dataset(mnist.name, train_split, mnist.test), Path(folder) / "run", progress=False
            )
            model, row["environment"] = run.model, run.environment
    row["test_accuracy"] = accuracy_of(model, mnist.test)
    settle(model, train_split.images[:SETTLING_IMAGES])
    row["settled_accuracy"] = accuracy_of(model, mnist.test)
    return row | {"seconds": round(time.perf_counter() - started, 1)}


def accuracy_of(model: Any, split: Split) -> float:
    """The share of a split's images that a Keras model classifies correctly."""
    probabilities = model.predict(inputs_of(model, split.images), batch_size=BATCH_SIZE, verbose=0)
    return float(np.mean(probabilities.argmax(axis=1) == split.labels))


def settle(model: Any, images: Any) -> None:
    """Takes the statistics of every batch normalization anew, as plain means over images; weights stay as they are."""
    from mnistlab.models.backend import keras

    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for number, first in enumerate(range(0, len(images), BATCH_SIZE)):
        for norm in norms:
            norm.momentum = number / (number + 1)  # the mean of the batches so far
        model(inputs_of(model, images[first : first + BATCH_SIZE]), training=True)


def inputs_of(model: Any, images: Any) -> Any:
    """Images as a model takes them: mnistlab's as they are stored, the notebook's scaled and with a channel."""
    return images if len(model.input_shape) == 3 else images[..., None].astype(np.float32) / 255


def groups(results: Results) -> list[tuple[str, str, str, list[float]]]:
    """What was trained on, with what, in which arithmetic, and the test accuracy of each run, if there are several."""
    found = []
    for bench in results["bench"]:
        found.append((f"{ALL_IMAGES:,} images", "stock", "float32", bench["stock"]))
        found.append((f"{ALL_IMAGES:,} images", "mnistlab", bench["environment"]["precision"], bench["mnistlab"]))
    rows = results["full"]["mnistlab"]
    found.append((f"{ALL_IMAGES:,} images", "mnistlab", "float32", [row["test_accuracy"] for row in rows]))
    for key, added in (("test_accuracy", ""), ("settled_accuracy", ", settled")):
        for kind in KINDS:
            told = f"{results['short']['num_images']:,} images{added}"
            found.append((told, kind, "float32", [row[key] for row in results["short"][kind]]))
    return [group for group in found if len(group[3]) > 1]


def compared(group: Sequence[float], other: Sequence[float]) -> str:
    """Whether two groups of runs end alike, in spread and in place, in words."""
    spread = float(stats.levene(group, other, center="median").pvalue)
    place = float(stats.mannwhitneyu(group, other).pvalue)
    factor = float(stats.f.ppf(1 - LEVEL / 2, len(group) - 1, len(other) - 1)) ** 0.5
    verdicts = [
        f"{'evidence' if p_value < LEVEL else 'no evidence'} of another {what} (p = {p_value:.2g}, {test})"
        for what, p_value, test in (("spread", spread, "Brown–Forsythe"), ("place", place, "Mann–Whitney"))
    ]
    return f"{' and '.join(verdicts)}; standard deviations would have to differ by a factor of {factor:.1f} to show"


def table(results: Results) -> str:
    """The groups of runs, and each group of mnistlab's compared with that of stock Keras of the same kind."""
    known = groups(results)
    rows = [
        (
            *(told, KINDS[kind], precision, f"{len(values)}"),
            *(f"{value * 100:.2f} %" for value in (min(values), statistics.median(values), max(values))),
            f"{statistics.stdev(values) * 100:.2f}",
        )
        for told, kind, precision, values in known
    ]
    titles = "trained on | with | arithmetic | runs | lowest | median | highest | standard deviation (points)"
    sentences = [
        f"- Trained on {told}, mnistlab in {precision} beside stock Keras: {compared(values, reference)}."
        for told, kind, precision, values in known
        if kind == "mnistlab" and len(values) >= LEAST_TO_TEST
        for other_told, other_kind, _, reference in known
        if other_kind == "stock" and other_told == told and len(reference) >= LEAST_TO_TEST
    ]
    done = {kind: len(results["short"][kind]) for kind in KINDS}
    if min(done.values()) < LEAST_TO_TEST:
        sentences.append(
            f"- Of the shortened runs, {done['stock']} of stock Keras and {done['mnistlab']} of mnistlab are finished, "
            f"too few to compare; it takes {LEAST_TO_TEST} of each."
        )
    machines = {cores(one["environment"]) for one in (*results["bench"], results) if one.get("environment")}
    return "\n\n".join(
        [
            markdown_table(titles, rows, num_left=3),
            "\n".join(sentences),
            "![spread](figures/spread.png)",
            f"Test accuracy on all 10,000 test images; {', '.join(sorted(machines))}.",
        ]
    )


def publish(results: Results) -> None:
    """Draws the figure, and writes the whole runs into the package."""
    figures.save_png(plot(groups(results)), FIGURE)
    whole = [
        {"kind": kind, "precision": precision, "test_accuracy": value}
        for told, kind, precision, values in groups(results)
        if told == f"{ALL_IMAGES:,} images"
        for value in values
    ]
    published = {
        "recipe": material_settings(RECIPES["cnn"]),
        "fingerprint": load_mnist().fingerprint(),
        "num_train_images": ALL_IMAGES,
        "runs": whole,
    }
    write_json(SPREAD_PATH, published)


@drawn
def plot(known: Sequence[tuple[str, str, str, list[float]]]) -> Any:
    """Every run as a dot, a row for each group."""
    ax = new_axes(0.9 + 0.42 * len(known))
    for row, (_, kind, _, values) in enumerate(known):
        color = current_theme().series[list(KINDS).index(kind)]
        ax.plot([100 * (1 - value) for value in values], [row] * len(values), "o", color=color, alpha=0.6, markersize=5)
    labels = [f"{KINDS[kind]}, {precision}\n{told}" for told, kind, precision, _ in known]
    ax.set_yticks(range(len(known)), labels, fontsize=7)
    ax.set_ylim(len(known) - 0.5, -0.5)
    ax.set_xscale("log")
    ax.set_xlabel("wrong test images (%)")
    return ax


OPTIONS = {
    "--seeds": {"type": int, "default": 20, "help": "seeds of the shortened training runs"},
    "--full-seeds": {"type": int, "default": 0, "help": "seeds of mnistlab's training runs on all images, in float32"},
    "--most": {"type": int, "help": "training runs to make in this call"},
}
BENCHMARK = Benchmark(__file__, __doc__, measure, table, publish, OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
