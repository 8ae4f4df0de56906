"""The whole notebook, start to end: data, both networks, the batch-size question, the comparison, one report."""

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console

from mnistlab import __version__, figures, reports, training
from mnistlab.datasets import Dataset, preprocessing
from mnistlab.evaluation import Evaluation, evaluate
from mnistlab.evaluation.scoring import accuracy_sentence
from mnistlab.experiments import batch_size
from mnistlab.experiments.cells import Training, train_cells
from mnistlab.inference import Classifier
from mnistlab.models import MODELS, summary_text
from mnistlab.models.backend import keras
from mnistlab.recipes import RECIPES, AffineRanges, Recipe
from mnistlab.reports import write_run_report
from mnistlab.reports.results import DatasetResults, ErrorComparison, ModelResults, ModelRun, NotebookResults
from mnistlab.reports.run_report import run_figures, write_figures
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
    batch_sizes: Sequence[int] = batch_size.NOTEBOOK_SIZES,
    progress: bool = True,
) -> NotebookResults:
    """Does everything that the notebook does and writes `results.json`, `report.html`, figures and run folders.

    Finished runs in the folder are kept, and one that was interrupted is taken up, so a second call only does what is
    missing.

    Args:
        dataset: Train and test split.
        folder: Folder for everything that is written.
        num_seeds: Number of trainings of each network, with seeds 0, 1, …; the first one is shown in detail.
        epochs: Epochs of every training, instead of the recipes' own.
        batch_sizes: Sizes that the batch-size question compares; they must contain the recipe's own.
        progress: Whether to tell on standard output what is being done.

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
        # Seconds of runs that were kept are not in this call's time, so it would be no answer to "how long is it".
        started = None if any((folder / "runs").glob("*/recipe.toml")) else time.perf_counter()
        if progress:
            print(dataset, end="\n\n")
        runs = {
            name: [_train_seed(recipe, seed, dataset, folder, progress=progress) for seed in range(num_seeds)]
            for name, recipe in recipes.items()
        }
        sized = _train_batch_sizes(recipes["mlp"], batch_sizes, dataset, folder, progress=progress)
        with _stating("drawing the figures and writing the report", visible=progress):
            evaluations = {name: [_evaluate(run, dataset) for run in of_model] for name, of_model in runs.items()}
            results = _describe(dataset, runs, sized, evaluations, folder)
            _write(results, dataset, runs, evaluations, folder, started)
    return results


def run_folder(folder: Path, recipe: Recipe, _dataset: Dataset) -> Path:
    """Where a recipe's run lies in a report's folder: `mlp-seed0`, or `mlp-batch32` for another batch size."""
    is_usual = recipe.batch_size == RECIPES[recipe.name].batch_size
    return folder / "runs" / f"{recipe.name}-{f'seed{recipe.seed}' if is_usual else f'batch{recipe.batch_size}'}"


def _train(recipe: Recipe, dataset: Dataset, folder: Path, *, progress: bool) -> Run:
    cell = Training({"model": recipe.model, "batch_size": recipe.batch_size}, recipe)
    (row,) = train_cells([cell], dataset, folder, folder_of=run_folder, show_epochs=True, progress=progress)
    return Run(folder / row["folder"])


def _train_seed(recipe: Recipe, seed: int, dataset: Dataset, folder: Path, *, progress: bool) -> Run:
    """Trains a recipe from a seed, and says how it went."""
    recipe = dataclasses.replace(recipe, seed=seed)
    if progress:
        known = Run(run_folder(folder, recipe, dataset))
        kept = known.is_complete and known.recipe == recipe
        print(f"{recipe.name}, seed {seed}" + (": finished earlier" if kept else ""))
        if not kept:
            print(summary_text(MODELS[recipe.model]()))
    run = _train(recipe, dataset, folder, progress=progress)
    if progress:
        print(f"  {accuracy_sentence(run.metrics['test_errors'], len(dataset.test))}\n")
    return run


def _train_batch_sizes(
    recipe: Recipe, batch_sizes: Sequence[int], dataset: Dataset, folder: Path, *, progress: bool
) -> list[Run]:
    """Trains a recipe once for each batch size, everything else alike; the run of its own is there already."""
    if progress:
        print(f"{recipe.name} with other batch sizes")
    runs = []
    for size in batch_sizes:
        if progress and size != recipe.batch_size:
            print(f"batch size {size:,}")
        runs.append(_train(dataclasses.replace(recipe, batch_size=size), dataset, folder, progress=progress))
    return runs


def _evaluate(run: Run, dataset: Dataset) -> Evaluation:
    """Scores a run as `mnistlab evaluate` does."""
    return evaluate(Classifier(run.onnx_path, calibrated=False), dataset.test)


def _describe(
    dataset: Dataset,
    runs: Mapping[str, Sequence[Run]],
    sized: Sequence[Run],
    evaluations: Mapping[str, Sequence[Evaluation]],
    folder: Path,
) -> NotebookResults:
    """Everything that the report shows, in numbers and sentences."""
    recipe, rows = runs["mlp"][0].recipe, [batch_size.describe_run(run) for run in sized]
    return {
        "mnistlab": __version__,
        "environment": runs["cnn"][0].environment,
        "dataset": _describe_dataset(dataset),
        "models": {name: _describe_model(runs[name], evaluations[name][0], folder) for name in runs},
        "batch_size": {
            "model": "mlp",
            "epochs": recipe.epochs,
            "rows": rows,
            "answer": batch_size.explain_runs(rows, reference=recipe.batch_size),
        },
        "comparison": compare_errors(evaluations["mlp"][0], evaluations["cnn"][0]),
        "folders": {name: runs[name][0].folder.relative_to(folder).as_posix() for name in runs},
        "total_seconds": None,
    }


def _write(
    results: NotebookResults,
    dataset: Dataset,
    runs: Mapping[str, Sequence[Run]],
    evaluations: Mapping[str, Sequence[Evaluation]],
    folder: Path,
    started: float | None,
) -> None:
    """Writes the report of each run, the figures, `report.html` and `results.json`; times all since `started`."""
    for name in runs:
        for run, evaluation in zip(runs[name], evaluations[name], strict=True):
            write_run_report(run, dataset, evaluation)
    shown = {name: (runs[name][0], evaluations[name][0]) for name in runs}
    svgs = write_figures(folder, _draw_figures(dataset, shown, results))
    results["total_seconds"] = None if started is None else round(time.perf_counter() - started, 1)
    write_text(folder / "report.html", reports.render_notebook(results, svgs))
    write_json(folder / "results.json", results)  # last: it tells of a report that is whole


def compare_errors(mlp: Evaluation, cnn: Evaluation) -> ErrorComparison:
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


def _describe_dataset(dataset: Dataset) -> DatasetResults:
    index = int(figures.sample_indices(len(dataset.train), NUM_SAMPLES, seed=SAMPLE_SEED)[-1])
    labels = dataset.train.labels[:3]
    return {
        "name": dataset.name,
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


def _describe_model(runs: Sequence[Run], evaluation: Evaluation, folder: Path) -> ModelResults:
    accuracies = np.array([run.metrics["test_accuracy"] for run in runs])
    first = runs[0]
    return {
        "recipe": first.recipe.settings(),
        "summary": summary_text(MODELS[first.recipe.model]()),
        "num_parameters": first.metrics["num_parameters"],
        "num_train_images": first.metrics["num_train_images"],
        "runs": [_describe_run(run, folder) for run in runs],
        "test_accuracy_mean": float(accuracies.mean()),
        "test_accuracy_std": float(accuracies.std(ddof=1)) if len(runs) > 1 else None,
        "per_digit_accuracy": evaluation.per_digit_accuracy,
        "confusion": evaluation.confusion.tolist(),
    }


def _describe_run(run: Run, folder: Path) -> ModelRun:
    metrics = run.metrics
    return {
        "seed": metrics["seed"],
        "train_seconds": metrics["train_seconds"],
        "images_per_second": metrics["images_per_second"],
        "test_accuracy": metrics["test_accuracy"],
        "test_loss": metrics["test_loss"],
        "test_errors": metrics["test_errors"],
        "folder": run.folder.relative_to(folder).as_posix(),
        "interval": [metrics["test_accuracy_low"], metrics["test_accuracy_high"]],
        "history": run.history,
    }


def _draw_figures(
    dataset: Dataset, shown: Mapping[str, tuple[Run, Evaluation]], results: NotebookResults
) -> dict[str, Figure | Axes]:
    sample = dataset.train.images[results["dataset"]["sample"]["index"]]
    originals = dataset.train.images[:4]
    drawn: dict[str, Figure | Axes] = {
        "samples": figures.plot_samples(dataset.train, NUM_SAMPLES, seed=SAMPLE_SEED),
        "matrix": figures.plot_matrix(sample),
        "flattening": figures.plot_flattening(sample),
        "network": figures.plot_network((784, 512, 512, 10), ("pixels", "hidden layer", "hidden layer", "digits")),
        "augmentation": figures.plot_augmentation(originals, augmented_variants(originals, num_variants=6)),
        "batch_size": figures.plot_batch_sizes(results["batch_size"]["rows"]),
        "comparison": figures.plot_comparison({name: evaluation for name, (_, evaluation) in shown.items()}),
    }
    for name, (run, evaluation) in shown.items():
        drawn |= {f"{name}_{key}": figure for key, figure in run_figures(run, evaluation, dataset).items()}
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
