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

from mnistlab import __version__, figures, preprocessing, reports, training
from mnistlab.augmentation import RandomAffine, transform_images
from mnistlab.backend import keras
from mnistlab.datasets import Dataset
from mnistlab.evaluation import Evaluation, evaluate
from mnistlab.exceptions import UsageError
from mnistlab.experiments import batch_size
from mnistlab.inference import Classifier
from mnistlab.models import MODELS, summary_text
from mnistlab.recipes import RECIPES, AffineRanges, Recipe
from mnistlab.runs import Run, whole_file, write_json, write_text

SAMPLE_SEED = 0  # of the nine samples shown; the last one is the digit whose matrix is shown, as in the notebook
NUM_SAMPLES = 9

Picture = Figure | Axes


def run_notebook(
    dataset: Dataset,
    folder: Path,
    *,
    num_seeds: int = 1,
    epochs: int | None = None,
    batch_sizes: tuple[int, ...] = batch_size.BATCH_SIZES,
    progress: bool = True,
) -> dict[str, Any]:
    """Does everything that the notebook does and writes `results.json`, `report.html`, figures and run folders.

    Finished runs in the folder are kept, so a second call only trains what is missing.

    Args:
        dataset: train and test split.
        folder: where everything goes.
        num_seeds: trainings of each network, with seeds 0, 1, …; the first one is shown in detail.
        epochs: of every training, instead of the recipes' own.
        batch_sizes: what the batch-size question compares; must contain the recipe's own.
        progress: whether to tell on standard output what is being done.

    Returns:
        What `results.json` holds.

    Raises:
        UsageError: if the folder exists and holds something else.
    """
    started = time.perf_counter()
    recipes = {name: _fit_to(dataset, RECIPES[name], epochs) for name in ("mlp", "cnn")}
    _make_folder(folder)
    if progress:
        print(dataset, end="\n\n")
    runs: dict[str, list[Run]] = {}
    trained = 0
    for name, recipe in recipes.items():
        runs[name] = []
        for seed in range(num_seeds):
            run_folder = folder / "runs" / f"{name}-seed{seed}"
            kept = Run(run_folder).is_complete
            if progress:
                print(f"{name}, seed {seed}" + (": finished earlier" if kept else ""))
            seeded = dataclasses.replace(recipe, seed=seed)
            runs[name].append(training.train(seeded, dataset, run_folder, progress=progress))
            trained += not kept
            if progress:
                print(f"  {evaluate(Classifier(runs[name][-1].onnx_path), dataset.test)}\n")
    if progress:
        print("mlp with other batch sizes")
    known = {recipes["mlp"].batch_size: runs["mlp"][0]}
    rows = batch_size.train_batch_sizes(
        recipes["mlp"], dataset, folder / "runs", batch_sizes=batch_sizes, known=known, progress=progress
    )
    with _stating("drawing the figures and writing the report", visible=progress):
        evaluations = {name: evaluate(Classifier(runs[name][0].onnx_path), dataset.test) for name in runs}
        results: dict[str, Any] = {
            "mnistlab": __version__,
            "environment": runs["cnn"][0].environment,
            "dataset": _describe_dataset(dataset),
            "models": {name: _describe_model(runs[name], evaluations[name], folder) for name in runs},
            "batch_size": {
                "model": "mlp",
                "epochs": recipes["mlp"].epochs,
                "rows": rows,
                "answer": batch_size.explain(rows, reference=recipes["mlp"].batch_size),
            },
            "comparison": compare_errors(evaluations["mlp"], evaluations["cnn"]),
            "folders": {name: str(runs[name][0].folder.relative_to(folder)) for name in runs},
        }
        drawn = _draw_figures(dataset, runs, evaluations, rows, results)
        for run in [run for name in runs for run in runs[name]]:
            write_run_report(run, dataset)
        (folder / "figures").mkdir(exist_ok=True)
        for name, figure in drawn.items():
            with whole_file(folder / "figures" / f"{name}.png") as path:
                figures.save_png(figure, path)
        # Earlier seconds of kept runs are not in this call's time, so it is no answer to "how long does it take".
        results["total_seconds"] = round(time.perf_counter() - started, 1) if trained == 2 * num_seeds else None
        svgs = {name: figures.to_svg(figure) for name, figure in drawn.items()}
        write_text(folder / "report.html", reports.render_notebook(results, svgs))
        write_json(folder / "results.json", results)  # last: its presence says that everything is there
    return results


def write_run_report(run: Run, dataset: Dataset) -> Evaluation:
    """Draws a complete run's figures and writes its `report.html`.

    Args:
        run: a complete run.
        dataset: with the test split that the run was scored on.

    Returns:
        The run's evaluation on the test split.
    """
    evaluation = evaluate(Classifier(run.require().onnx_path), dataset.test)
    drawn = _run_figures(run, evaluation, dataset)
    (run.folder / "figures").mkdir(exist_ok=True)
    for name, figure in drawn.items():
        with whole_file(run.folder / "figures" / f"{name}.png") as path:
            figures.save_png(figure, path)
    results = {
        "mnistlab": __version__,
        "recipe": dataclasses.asdict(run.recipe),
        "metrics": run.metrics,
        "interval": list(evaluation.interval),
        "num_test_images": evaluation.num_images,
        "history": run.history,
        "per_digit_accuracy": evaluation.per_digit_accuracy,
        "environment": run.environment,
    }
    svgs = {name: figures.to_svg(figure) for name, figure in drawn.items()}
    write_text(run.folder / "report.html", reports.render_run(results, svgs))
    return evaluation


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


def _make_folder(folder: Path) -> None:
    holds_ours = (folder / "results.json").exists() or (folder / "runs").is_dir()
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not holds_ours)):
        raise UsageError(f"{folder} exists and is not a report of mnistlab. Choose another folder with --out.")
    try:
        (folder / "runs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}. Choose another folder with --out.") from error


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


def _describe_dataset(dataset: Dataset) -> dict[str, Any]:
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
            "matrix": preprocessing.format_matrix(dataset.train.images[index]),
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
        "recipe": dataclasses.asdict(first.recipe),
        "summary": summary_text(MODELS[first.recipe.model]()),
        "num_parameters": first.metrics["num_parameters"],
        "num_train_images": first.metrics["num_train_images"],
        "runs": [
            {name: run.metrics[name] for name in names}
            | {
                "folder": str(run.folder.relative_to(folder)),
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


def _run_figures(run: Run, evaluation: Evaluation, dataset: Dataset) -> dict[str, Picture]:
    return {
        "history": figures.plot_history(run.history),
        "right": figures.plot_predictions(dataset.test, evaluation, evaluation.right[:9]),
        "wrong": figures.plot_predictions(dataset.test, evaluation, evaluation.wrong[:9]),
        "confusion": figures.plot_confusion(evaluation.confusion),
        "per_digit": figures.plot_per_digit(evaluation),
    }


def _draw_figures(
    dataset: Dataset,
    runs: dict[str, list[Run]],
    evaluations: dict[str, Evaluation],
    rows: list[dict[str, Any]],
    results: dict[str, Any],
) -> dict[str, Picture]:
    sample = dataset.train.images[results["dataset"]["sample"]["index"]]
    originals = dataset.train.images[:4]
    drawn: dict[str, Picture] = {
        "samples": figures.plot_samples(dataset.train, NUM_SAMPLES, seed=SAMPLE_SEED),
        "matrix": figures.plot_matrix(sample),
        "augmentation": figures.plot_augmentation(originals, augmented_variants(originals, num_variants=6)),
        "batch_size": figures.plot_batch_sizes(rows),
        "comparison": figures.plot_comparison(evaluations),
    }
    for name in runs:
        for key, figure in _run_figures(runs[name][0], evaluations[name], dataset).items():
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
