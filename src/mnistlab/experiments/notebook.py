"""The whole notebook, start to end: data, both networks, the batch-size question, the comparison, one report."""

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console

from mnistlab import __version__, figures, reports, training
from mnistlab.datasets import Dataset, preprocessing
from mnistlab.evaluation import Evaluation, evaluate
from mnistlab.experiments import batch_size
from mnistlab.inference import Classifier
from mnistlab.models import MODELS, summary_text
from mnistlab.models.backend import keras
from mnistlab.recipes import RECIPES, AffineRanges, Recipe
from mnistlab.reports import write_run_report
from mnistlab.reports.run_report import describe_classes, run_figures, write_figures
from mnistlab.runs import Run
from mnistlab.runs.folders import own_results
from mnistlab.system.files import write_json, write_text
from mnistlab.system.text import format_matrix
from mnistlab.training.augmentation import RandomAffine, transform_images

SAMPLE_SEED = 0  # of the nine samples shown; the last one is the digit whose matrix is shown, as in the notebook
NUM_SAMPLES = 9


def run_notebook(
    dataset: Dataset,
    folder: Path,
    *,
    num_seeds: int = 1,
    epochs: int | None = None,
    batch_sizes: tuple[int, ...] = batch_size.BATCH_SIZES,
    data_folder: Path | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Does everything that the notebook does and writes `results.json`, `report.html`, figures and run folders.

    Finished runs in the folder are kept, and one that was interrupted is taken up, so a second call only does what is
    missing.

    Args:
        dataset: train and test split.
        folder: where everything goes.
        num_seeds: trainings of each network, with seeds 0, 1, …; the first one is shown in detail.
        epochs: of every training, instead of the recipes' own.
        batch_sizes: what the batch-size question compares; must contain the recipe's own.
        data_folder: Folder of the data set if it is not MNIST; the commands at the end of the report name it.
        progress: whether to tell on standard output what is being done.

    Returns:
        What `results.json` holds.

    Raises:
        UsageError: if the folder exists and holds something else.
        RunError: if another process works in the folder, or a file in it is damaged or cannot be written.
    """
    recipes = {name: _fit_to(dataset, RECIPES[name], epochs) for name in ("mlp", "cnn")}
    for recipe in recipes.values():
        training.check_fits(recipe, dataset)
    with own_results(folder, "a report", question=None):
        described = _describe_dataset(dataset, data_folder)
        return _run_all(
            recipes, dataset, described, folder, num_seeds=num_seeds, batch_sizes=batch_sizes, progress=progress
        )


def _run_all(
    recipes: dict[str, Recipe],
    dataset: Dataset,
    described: dict[str, Any],
    folder: Path,
    *,
    num_seeds: int,
    batch_sizes: tuple[int, ...],
    progress: bool,
) -> dict[str, Any]:
    started = time.perf_counter()
    if progress:
        print(dataset, end="\n\n")
    seeded = {
        name: [dataclasses.replace(recipe, seed=seed) for seed in range(num_seeds)] for name, recipe in recipes.items()
    }
    kept = any((folder / "runs").glob("*/recipe.toml"))
    scored = {name: _train_all(name, chosen, dataset, folder, progress=progress) for name, chosen in seeded.items()}
    runs = {name: [run for run, _ in pairs] for name, pairs in scored.items()}
    if progress:
        print("mlp with other batch sizes")
    known = {recipes["mlp"].batch_size: runs["mlp"][0]}
    rows = batch_size.train_batch_sizes(
        recipes["mlp"], dataset, folder / "runs", batch_sizes=batch_sizes, known=known, progress=progress
    )
    with _stating("drawing the figures and writing the report", visible=progress):
        evaluations = {name: pairs[0][1] for name, pairs in scored.items()}  # of the seed shown in detail
        results: dict[str, Any] = {
            "mnistlab": __version__,
            "environment": runs["cnn"][0].environment,
            **_warnings(dataset, runs),
            "dataset": described,
            "models": {name: _describe_model(runs[name], evaluations[name], folder) for name in runs},
            "batch_size": {
                "model": "mlp",
                "epochs": recipes["mlp"].epochs,
                "rows": rows,
                "answer": batch_size.explain(rows, reference=recipes["mlp"].batch_size),
            },
            "comparison": compare_errors(evaluations["mlp"], evaluations["cnn"]),
            "folders": {name: runs[name][0].folder.relative_to(folder).as_posix() for name in runs},
        }
        for run, evaluation in [*scored["mlp"], *scored["cnn"]]:
            write_run_report(run, dataset, evaluation)
        svgs = write_figures(folder, _draw_figures(dataset, runs, evaluations, rows, results))
        # Seconds of runs that were kept are not in this call's time, so it would be no answer to "how long is it".
        results["total_seconds"] = None if kept else round(time.perf_counter() - started, 1)
        write_text(folder / "report.html", reports.render_notebook(results, svgs))
        write_json(folder / "results.json", results)  # last: it tells of a report that is whole
    return results


def _train_all(
    name: str, recipes: list[Recipe], dataset: Dataset, folder: Path, *, progress: bool
) -> list[tuple[Run, Evaluation]]:
    """Trains each recipe into a run folder of its own, scores it as `mnistlab evaluate` does and says how it went."""
    scored: list[tuple[Run, Evaluation]] = []
    for recipe in recipes:
        run_folder = folder / "runs" / f"{name}-seed{recipe.seed}"
        if progress:
            known = Run(run_folder)
            kept = known.is_complete and known.recipe == recipe
            print(f"{name}, seed {recipe.seed}" + (": finished earlier" if kept else ""))
            if not kept:
                print(summary_text(MODELS[recipe.model]()))
        run = training.train(recipe, dataset, run_folder, progress=progress)
        evaluation = evaluate(Classifier(run.onnx_path, calibrated=False), dataset.test)
        if progress:
            print(f"  {evaluation}\n")
        scored.append((run, evaluation))
    return scored


def compare_errors(mlp: Evaluation, cnn: Evaluation) -> dict[str, Any]:
    """How the two networks' mistakes on the same images relate, in numbers and one sentence.

    Example:
        >>> labels = np.zeros(4, np.uint8)
        >>> right, wrong = np.eye(10, dtype=np.float32)[[0]], np.eye(10, dtype=np.float32)[[1]]
        >>> one = Evaluation(labels, np.concatenate([right, right, wrong, wrong]))
        >>> other = Evaluation(labels, np.concatenate([right, right, right, wrong]))
        >>> print(compare_errors(one, other)["sentence"])
        The mlp got 2 of 4 images wrong and the cnn 1, half as many; 1 was wrong for both.
    """
    mlp_wrong, cnn_wrong = mlp.predictions != mlp.labels, cnn.predictions != cnn.labels
    errors = {"mlp": mlp.errors, "cnn": cnn.errors}
    both = int(np.sum(mlp_wrong & cnn_wrong))
    sentence = (
        f"The mlp got {mlp.errors:,} of {mlp.num_images:,} images wrong and the cnn {cnn.errors:,}"
        f"{_ratio_phrase(cnn.errors, mlp.errors)}; {both:,} {'was' if both == 1 else 'were'} wrong for both."
    )
    return {
        "errors": errors,
        "both_wrong": both,
        "only_mlp_wrong": int(np.sum(mlp_wrong & ~cnn_wrong)),
        "only_cnn_wrong": int(np.sum(cnn_wrong & ~mlp_wrong)),
        "sentence": sentence,
    }


def _ratio_phrase(count: int, reference: int) -> str:
    if not count or not reference:
        return ""
    if count == reference:
        return ", just as many"
    if abs(count / reference - 0.5) < 0.02:
        return ", half as many"
    return f", {count / reference:.2f} times as many"


def _fit_to(dataset: Dataset, recipe: Recipe, epochs: int | None) -> Recipe:
    """The recipe with the epochs asked for, holding back at most a tenth of a small data set for validation."""
    num_validation = max(1, min(recipe.num_validation, len(dataset.train) // 10))
    return dataclasses.replace(recipe, epochs=epochs or recipe.epochs, num_validation=num_validation)


@contextlib.contextmanager
def _stating(what: str, *, visible: bool) -> Iterator[None]:
    """Says what takes a few seconds: a spinner on a terminal, a line elsewhere."""
    console = Console(highlight=False, quiet=not visible)
    if console.is_terminal:
        with console.status(what):
            yield
    else:
        console.print(what)
        yield


def _warnings(dataset: Dataset, runs: dict[str, list[Run]]) -> dict[str, list[str]]:
    """What looks wrong with the data or with the accuracy of a run, a sentence each; no key where nothing does."""
    found = [*dataset.warnings]
    for name, several in runs.items():
        for run in several:
            told = [each for each in run.metrics.get("warnings", []) if each not in dataset.warnings]
            found += [f"{name}, seed {run.recipe.seed}: {sentence}" for sentence in told]
    return {"warnings": found} if found else {}


def _describe_dataset(dataset: Dataset, folder: Path | None) -> dict[str, Any]:
    index = int(figures.sample_indices(len(dataset.train), NUM_SAMPLES, seed=SAMPLE_SEED)[-1])
    labels = dataset.train.labels[:3]
    # An absolute path would say in a report that is passed on whose machine it was.
    shown = None if folder is None else folder.name if folder.is_absolute() else folder.as_posix()
    return {
        "name": dataset.name,
        **({} if shown is None else {"folder": shown}),
        **describe_classes(dataset),
        "train_images": len(dataset.train),
        "test_images": len(dataset.test),
        "height": dataset.train.images.shape[1],
        "width": dataset.train.images.shape[2],
        "class_counts": dataset.train.class_counts.tolist(),
        "sample": {
            "index": index,
            "label": int(dataset.train.labels[index]),
            "matrix": format_matrix(dataset.train.images[index]),
        },
        "one_hot": [
            {"label": int(label), "row": [int(value) for value in row]}
            for label, row in zip(labels, preprocessing.one_hot(labels), strict=True)
        ],
    }


def _describe_model(runs: list[Run], evaluation: Evaluation, folder: Path) -> dict[str, Any]:
    accuracies = np.array([run.metrics["test_accuracy"] for run in runs])
    names = ("seed", "train_seconds", "images_per_second", "test_accuracy", "test_loss", "test_errors")
    first = runs[0]
    return {
        "recipe": first.recipe.settings(),
        "summary": summary_text(MODELS[first.recipe.model]()),
        "num_parameters": first.metrics["num_parameters"],
        "num_train_images": first.metrics["num_train_images"],
        "runs": [
            {name: run.metrics[name] for name in names}
            | {
                "folder": run.folder.relative_to(folder).as_posix(),
                "interval": [run.metrics["test_accuracy_low"], run.metrics["test_accuracy_high"]],
                "history": run.history,
            }
            for run in runs
        ],
        "test_accuracy_mean": float(accuracies.mean()),
        "test_accuracy_std": float(accuracies.std(ddof=1)) if len(runs) > 1 else None,
        "per_digit_accuracy": evaluation.per_digit_accuracy,
        "confusion": evaluation.confusion.tolist(),
    }


def _draw_figures(
    dataset: Dataset,
    runs: dict[str, list[Run]],
    evaluations: dict[str, Evaluation],
    rows: list[dict[str, Any]],
    results: dict[str, Any],
) -> dict[str, Figure | Axes]:
    sample = dataset.train.images[results["dataset"]["sample"]["index"]]
    originals = dataset.train.images[:4]
    drawn: dict[str, Figure | Axes] = {
        "samples": figures.plot_samples(dataset.train, NUM_SAMPLES, seed=SAMPLE_SEED),
        "matrix": figures.plot_matrix(sample),
        "flattening": figures.plot_flattening(sample),
        "network": figures.plot_network(
            (784, 512, 512, 10), ("pixels", "hidden layer", "hidden layer", dataset.classes.plural)
        ),
        "augmentation": figures.plot_augmentation(originals, augmented_variants(originals, num_variants=6)),
        "batch_size": figures.plot_batch_sizes(rows),
        "comparison": figures.plot_comparison(evaluations),
    }
    for name in runs:
        for key, figure in run_figures(runs[name][0], evaluations[name], dataset).items():
            drawn[f"{name}_{key}"] = figure
    return drawn


def augmented_variants(originals: NDArray[np.uint8], *, num_variants: int) -> NDArray[np.uint8]:
    """Variants of images as the notebook's augmentation makes them: uint8 `(num_images, num_variants, 28, 28)`."""
    augmentation = RandomAffine(AffineRanges(), seed=0)
    variants = [
        keras.ops.convert_to_numpy(transform_images(originals, augmentation.draw_transforms(len(originals), step)))
        for step in range(num_variants)
    ]
    rounded: NDArray[np.uint8] = np.rint(np.stack(variants, axis=1)).astype(np.uint8)
    return rounded
