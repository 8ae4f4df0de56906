"""The whole notebook, start to end: data, both networks, the batch-size question, the comparison, one report."""

import dataclasses
import gc
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistlab import figures, reports, training
from mnistlab.datasets import Dataset
from mnistlab.evaluation.scoring import accuracy_sentence
from mnistlab.experiments import batch_size
from mnistlab.experiments.notebook_results import NUM_SAMPLES, SAMPLE_SEED, Scored, describe
from mnistlab.models import MODELS, summary_text
from mnistlab.models.backend import keras
from mnistlab.recipes import RECIPES, AffineRanges, Recipe
from mnistlab.reports import write_run_report
from mnistlab.reports.results import NotebookResults
from mnistlab.reports.run_report import write_figures
from mnistlab.runs import Run
from mnistlab.runs.folders import own_results
from mnistlab.system.console import Console
from mnistlab.system.files import copy_whole, make_folder, write_json, write_text
from mnistlab.training.augmentation import RandomAffine, transform_images
from mnistlab.training.trainer import TrainedRun


def run_notebook(
    dataset: Dataset,
    folder: Path,
    *,
    num_seeds: int = 1,
    epochs: int | None = None,
    batch_sizes: Sequence[int] = batch_size.NOTEBOOK_SIZES,
    data_folder: Path | None = None,
    progress: bool = True,
    started: float | None = None,
) -> NotebookResults:
    """Does everything that the notebook does and writes `results.json`, `report.html`, figures and run folders.

    Finished runs in the folder are kept, and one that was interrupted goes on, so a second call only does what is
    missing.

    Args:
        dataset: Train and test split.
        folder: Folder for everything that is written.
        num_seeds: Number of training runs of each network, with seeds 0, 1, …; the first is shown in detail.
        epochs: Epochs of every training run, instead of the recipes' own.
        batch_sizes: Sizes that the batch-size question compares; they must contain the recipe's own.
        data_folder: Folder of the data set if it is not MNIST; the commands at the end of the report name it.
        progress: Whether to show progress on standard output.
        started: Time by `time.perf_counter` from which the duration counts, such as before Keras was imported; the
            beginning of this call by default.

    Returns:
        The content of `results.json`.

    Raises:
        UsageError: if the folder exists and holds something else.
        RunError: if another process works in the folder, or a file in it is damaged or cannot be written.
    """
    recipes = {name: _fit_to(dataset, RECIPES[name], epochs) for name in ("mlp", "cnn")}
    for recipe in recipes.values():
        training.check_fits(recipe, dataset)
    with own_results(folder, "a report", question=None):
        # The time of runs that were kept is not part of this call, so its duration would be misleading.
        is_whole = not any((folder / "runs").glob("*/recipe.toml"))
        ready = time.perf_counter()
        if progress:
            print(dataset, end="\n\n")
        runs, sized = _train(recipes, dataset, folder, num_seeds=num_seeds, batch_sizes=batch_sizes, progress=progress)
        trained = time.perf_counter()
        with Console(quiet=not progress).status("drawing the figures and writing the report"):
            scored = {name: [(run, run.evaluate(dataset)) for run in of_model] for name, of_model in runs.items()}
            results = describe(dataset, scored, sized, folder, data_folder)
            svgs = _draw(dataset, scored, results, folder)
            if is_whole:
                train_seconds = sum({run.folder: run.metrics["train_seconds"] for run in _all(runs, sized)}.values())
                _note_seconds(results, (ready if started is None else started, ready, trained), train_seconds)
            write_text(folder / "report.html", reports.render_notebook(results, svgs))
            write_json(folder / "results.json", results)  # last: its presence means that the report is complete
    return results


def run_folder(folder: Path, recipe: Recipe) -> Path:
    """The run folder of a recipe in a report's folder: `mlp-seed0`, or `mlp-batch32` for another batch size."""
    is_usual = recipe.batch_size == RECIPES[recipe.name].batch_size
    return folder / "runs" / f"{recipe.name}-{f'seed{recipe.seed}' if is_usual else f'batch{recipe.batch_size}'}"


def _train(
    recipes: dict[str, Recipe],
    dataset: Dataset,
    folder: Path,
    *,
    num_seeds: int,
    batch_sizes: Sequence[int],
    progress: bool,
) -> tuple[dict[str, list[TrainedRun]], list[TrainedRun]]:
    """Trains each recipe from every seed, then the mlp with every batch size, and says how it went."""

    def tell(text: str) -> None:
        if progress:
            print(text)

    def train(recipe: Recipe) -> TrainedRun:
        run = training.train(recipe, dataset, run_folder(folder, recipe), progress=progress)
        gc.collect()  # graphs are cycles: Python itself would let the networks of ten training runs pile up
        return run

    make_folder(folder / "runs")
    runs: dict[str, list[TrainedRun]] = {name: [] for name in recipes}
    for name, recipe in recipes.items():
        for seed in range(num_seeds):
            seeded = dataclasses.replace(recipe, seed=seed)
            known = Run(run_folder(folder, seeded))
            kept = known.is_complete and known.recipe == seeded
            tell(f"{name}, seed {seed}" + (": finished earlier" if kept else ""))
            if progress and not kept:
                tell(summary_text(MODELS[recipe.model]()))
            runs[name].append(train(seeded))
            tell(f"  {accuracy_sentence(runs[name][-1].metrics['test_errors'], len(dataset.test))}\n")
    tell("mlp with other batch sizes")
    sized = []
    for size in batch_sizes:
        if size != recipes["mlp"].batch_size:
            tell(f"batch size {size:,}")
        sized.append(train(dataclasses.replace(recipes["mlp"], batch_size=size)))
    return runs, sized


def _all(runs: Mapping[str, Sequence[TrainedRun]], sized: Sequence[TrainedRun]) -> list[TrainedRun]:
    return [*(run for of_model in runs.values() for run in of_model), *sized]


def _note_seconds(results: NotebookResults, times: tuple[float, float, float], train_seconds: float) -> None:
    """Notes where the time went, until now; `times` are when the command began, was ready and had trained."""
    started, ready, trained = times
    now = time.perf_counter()
    results["total_seconds"] = round(now - started, 1)
    results["seconds"] = {
        "starting": round(ready - started, 1),
        "training": round(train_seconds, 1),
        "scoring_and_saving": round(trained - ready - train_seconds, 1),
        "figures_and_report": round(now - trained, 1),
    }


def _draw(
    dataset: Dataset, scored: Mapping[str, Sequence[Scored]], results: NotebookResults, folder: Path
) -> dict[str, str]:
    """Writes the report of each run and the figures; returns those of `report.html` as SVG by name."""
    svgs = write_figures(folder, _draw_figures(dataset, scored, results))
    for name, of_model in scored.items():
        first, *_ = [write_run_report(run, dataset, evaluation) for run, evaluation in of_model]
        for key, svg in first.items():  # the same figures, which take long to draw
            copy_whole(of_model[0][0].folder / "figures" / f"{key}.png", folder / "figures" / f"{name}_{key}.png")
            svgs[f"{name}_{key}"] = svg
    return svgs


def _fit_to(dataset: Dataset, recipe: Recipe, epochs: int | None) -> Recipe:
    """The recipe with the epochs asked for, holding back at most a tenth of a small data set for validation."""
    num_validation = max(1, min(recipe.num_validation, len(dataset.train) // 10))
    return dataclasses.replace(recipe, epochs=epochs or recipe.epochs, num_validation=num_validation)


def _draw_figures(
    dataset: Dataset, scored: Mapping[str, Sequence[Scored]], results: NotebookResults
) -> dict[str, Figure | Axes]:
    sample = dataset.train.images[results["dataset"]["sample"]["index"]]
    originals = dataset.train.images[:4]
    return {
        "samples": figures.plot_samples(dataset.train, NUM_SAMPLES, seed=SAMPLE_SEED),
        "matrix": figures.plot_matrix(sample),
        "flattening": figures.plot_flattening(sample),
        "network": figures.plot_network(
            (784, 512, 512, 10), ("pixels", "hidden layer", "hidden layer", dataset.classes.plural)
        ),
        "augmentation": figures.plot_augmentation(originals, augmented_variants(originals, num_variants=6)),
        "batch_size": figures.plot_batch_sizes(results["batch_size"]["rows"]),
        "comparison": figures.plot_comparison({name: of_model[0][1] for name, of_model in scored.items()}),
    }


def augmented_variants(originals: NDArray[np.uint8], *, num_variants: int) -> NDArray[np.uint8]:
    """Variants of images as the notebook's augmentation makes them: uint8 `(num_images, num_variants, 28, 28)`."""
    augmentation = RandomAffine(AffineRanges(), seed=0)
    variants = [
        keras.ops.convert_to_numpy(transform_images(originals, augmentation.draw_transforms(len(originals), step)))
        for step in range(num_variants)
    ]
    rounded: NDArray[np.uint8] = np.rint(np.stack(variants, axis=1)).astype(np.uint8)
    return rounded
