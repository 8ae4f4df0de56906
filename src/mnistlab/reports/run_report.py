"""The figures and the report of one run folder."""

import functools
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnistlab import __version__, figures
from mnistlab.datasets import Dataset
from mnistlab.evaluation import Evaluation
from mnistlab.reports.pages import render_run
from mnistlab.reports.results import ClassNames, RunResults
from mnistlab.runs import Run
from mnistlab.system.files import make_folder, remove_leftovers, write_text, write_with
from mnistlab.system.locks import lock


def write_run_report(run: Run, dataset: Dataset, evaluation: Evaluation) -> dict[str, str]:
    """Draws a complete run's figures and writes its `report.html`.

    Args:
        run: A complete run.
        dataset: The data set with the test split that the run was scored on.
        evaluation: The network's answers to that split.

    Returns:
        The figures as SVG by name; as PNG they lie in the run's `figures`.

    Raises:
        RunError: if the run is not complete, damaged, or in use by another process, or a file cannot be written.
    """
    run.require()
    with lock(run.folder):
        return _write(run, dataset, evaluation)


def _write(run: Run, dataset: Dataset, evaluation: Evaluation) -> dict[str, str]:
    remove_leftovers(run.folder)
    svgs = write_figures(run.folder, run_figures(run, evaluation, dataset))
    results: RunResults = {
        "mnistlab": __version__,
        "recipe": run.recipe.settings(),
        "metrics": run.metrics,
        "interval": list(evaluation.interval),
        "num_test_images": evaluation.num_images,
        "history": run.history,
        "per_digit_accuracy": evaluation.per_digit_accuracy,
        "confusion": evaluation.confusion.tolist(),
        "environment": run.environment,
        "dataset": {
            "name": dataset.name,
            "train_images": run.metrics["num_train_images"],
            "validation_images": run.metrics.get("num_validation_images", 0),
            **describe_classes(dataset),
        },
        "warnings": run.metrics.get("warnings", []),
    }
    write_text(run.folder / "report.html", render_run(results, svgs))
    return svgs


def describe_classes(dataset: Dataset) -> ClassNames:
    """The classes of a data set for a report; nothing for MNIST's digits."""
    classes = dataset.classes
    if dataset.name == "MNIST" and classes.is_digits:
        return {}
    named: ClassNames = {} if classes.names is None else {"class_names": [*classes.names]}
    return {"noun": classes.noun, **named}


def write_figures(folder: Path, drawn: dict[str, Figure | Axes]) -> dict[str, str]:
    """Writes figures as PNG files into the folder's `figures` and returns them as SVG for the report.

    The folder must be locked by this process.
    """
    make_folder(folder / "figures")
    remove_leftovers(folder / "figures")
    for name, figure in drawn.items():
        write_with(folder / "figures" / f"{name}.png", functools.partial(figures.save_png, figure))
    return {name: figures.to_svg(figure) for name, figure in drawn.items()}


def run_figures(run: Run, evaluation: Evaluation, dataset: Dataset) -> dict[str, Figure | Axes]:
    """The figures of one run by name: history, right and wrong answers, confusion, per digit."""
    return {
        "history": figures.plot_history(run.history),
        "right": figures.plot_predictions(dataset.test, evaluation, evaluation.right[:9]),
        "wrong": figures.plot_predictions(dataset.test, evaluation, evaluation.wrong[:9]),
        "confusion": figures.plot_confusion(evaluation.confusion, classes=evaluation.classes),
        "per_digit": figures.plot_per_digit(evaluation),
    }
