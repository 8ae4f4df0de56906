"""Where the notebook's CNN lies among other runs is said of such runs only, and follows from the numbers alone."""

import dataclasses
import gc
import json
import statistics

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.measure import spread as program
from mnistlab.cli.main import cli
from mnistlab.experiments import notebook, spread
from mnistlab.models.backend import keras
from mnistlab.recipes import RECIPES, AffineRanges

KNOWN = spread.known_runs()
CNN = RECIPES["cnn"]


@dataclasses.dataclass
class FinishedRun:
    """As much of a run as counts."""

    recipe: object = CNN
    accuracy: float = 0.99
    fingerprint: str = KNOWN["fingerprint"]

    @property
    def dataset(self):
        return {"name": "MNIST", "fingerprint": self.fingerprint}

    @property
    def metrics(self):
        return {"test_accuracy": self.accuracy}


def test_the_package_holds_what_was_measured(mnist):
    """At least twenty whole runs, of this recipe on MNIST; and the program writes nothing else."""
    stored = json.loads(program.BENCHMARK.path.read_text())
    measured = [value for bench in stored["bench"] for kind in ("stock", "mnistlab") for value in bench[kind]]
    measured += [row["test_accuracy"] for row in stored["full"]["mnistlab"]]
    assert sorted(one["test_accuracy"] for one in KNOWN["runs"]) == sorted(measured)
    assert len(measured) >= 20
    assert mnist.fingerprint() == KNOWN["fingerprint"]


def test_the_place_follows_from_the_runs():
    accuracies = [one["test_accuracy"] for one in KNOWN["runs"]]
    place = spread.place_among_others(FinishedRun(accuracy=0.99))
    assert (place["lowest"], place["highest"]) == (min(accuracies), max(accuracies))
    assert place["median"] == statistics.median(accuracies)
    assert place["num_below"] == sum(accuracy < 0.99 for accuracy in accuracies)
    assert f"higher than {place['num_below']} of them" in place["sentences"][0]
    assert "stays at 0.001 to the end" in place["sentences"][1]
    assert "about the last 100 steps" in place["sentences"][1]


@pytest.mark.parametrize(("accuracy", "words"), [(0.5, "lower than all of them"), (1.0, "higher than all of them")])
def test_a_run_outside_the_range(accuracy, words):
    assert spread.place_among_others(FinishedRun(accuracy=accuracy))["sentences"][0].endswith(f"is {words}.")


def test_seed_precision_and_held_back_images_do_not_matter():
    other = dataclasses.replace(CNN, seed=7, precision="float32", validation="none")
    assert spread.place_among_others(FinishedRun(other)) == spread.place_among_others(FinishedRun())


@pytest.mark.parametrize(
    "run",
    [
        FinishedRun(dataclasses.replace(CNN, epochs=1)),
        FinishedRun(dataclasses.replace(CNN, batch_size=32)),
        FinishedRun(dataclasses.replace(CNN, learning_rate=0.002)),
        FinishedRun(dataclasses.replace(CNN, schedule="one-cycle")),
        FinishedRun(dataclasses.replace(CNN, augmentation=None)),
        FinishedRun(dataclasses.replace(CNN, augmentation=AffineRanges(rotation=9.0))),
        FinishedRun(RECIPES["mlp"]),
        FinishedRun(fingerprint="of other data"),
    ],
)
def test_nothing_is_said_of_other_settings_and_other_data(run):
    assert spread.place_among_others(run) is None


def test_nothing_is_said_when_the_recipe_itself_has_changed(monkeypatch):
    faster = dataclasses.replace(CNN, learning_rate=0.003)
    monkeypatch.setitem(RECIPES, "cnn", faster)
    assert spread.place_among_others(FinishedRun(faster)) is None
    assert spread.place_among_others(FinishedRun(CNN)) is None


@pytest.mark.parametrize("known", [True, False])
def test_the_command_line_tells_it_too(known, tiny_folder, tmp_path, monkeypatch):
    place = spread.place_among_others(FinishedRun(accuracy=0.98))
    results = {
        "models": {},
        "batch_size": {"answer": ["Batches matter."]},
        "comparison": {"sentence": "They differ."},
        "total_seconds": 3.0,
    } | ({"cnn_among_others": place} if known else {})
    monkeypatch.setattr(notebook, "run_notebook", lambda *_, **__: results)
    output = CliRunner().invoke(cli, ["run", "--data", str(tiny_folder), "--out", str(tmp_path / "out")]).output
    gc.unfreeze()  # the command froze what was there, as a process of its own may
    assert (place["sentences"][0] in output) is known
    assert "They differ." in output


def test_settled_statistics_are_those_of_the_images(mnist):
    """Two normalizations one after the other: means and variances as NumPy computes them, batch by batch."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.BatchNormalization(scale=False, center=False, epsilon=0.01),
            layers.Flatten(),
            layers.Dense(3),
            layers.BatchNormalization(),
        ]
    )
    images = mnist.train.images[: 2 * program.BATCH_SIZE]
    program.settle(model, images)
    first, second = model.layers[1], model.layers[4]
    batches = np.split(images / 255, 2)
    assert first.moving_mean.numpy() == pytest.approx(np.mean([b.mean(axis=(0, 1)) for b in batches], axis=0), abs=1e-5)
    variances = [b.var(axis=(0, 1)) for b in batches]
    assert first.moving_variance.numpy() == pytest.approx(np.mean(variances, axis=0), abs=1e-5)
    hidden = [
        ((b - b.mean(axis=(0, 1))) / np.sqrt(b.var(axis=(0, 1)) + 0.01)).reshape(len(b), -1)
        @ model.layers[3].kernel.numpy()
        for b in batches
    ]
    assert second.moving_variance.numpy() == pytest.approx(np.mean([h.var(axis=0) for h in hidden], axis=0), rel=1e-3)


def test_groups_that_differ_are_told_apart():
    random = np.random.default_rng(0)
    narrow, wide = random.normal(0.99, 0.001, 30), random.normal(0.99, 0.01, 30)
    assert program.compared(narrow, wide).startswith("evidence of another spread")
    assert "and no evidence of another place" in program.compared(narrow, wide)
    assert "no evidence of another spread" in program.compared(narrow, narrow + 0.01)
    assert "and evidence of another place" in program.compared(narrow, narrow + 0.01)
