"""What the batch size does, in three views: equal epochs, equal steps, and a learning rate that follows the batch."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mnistlab import figures, training
from mnistlab.datasets import Dataset
from mnistlab.evaluation.significance import LEVEL
from mnistlab.experiments.batch_size import still_falling
from mnistlab.experiments.cells import Cell
from mnistlab.experiments.experiment import Experiment, Findings
from mnistlab.experiments.summaries import Row, by_place, compare_accuracies, effect, seeds_text, summarize, times
from mnistlab.recipes import Recipe
from mnistlab.runs import Run

BATCH_SIZES = (32, 128, 512, 2_048, 10_000)
REFERENCE = 128  # what the others are compared with: the notebook's
EPOCHS, STEPS, SCALED = "equal epochs", "equal steps", "scaled learning rate"


def experiment(
    recipe: Recipe,
    dataset: Dataset,
    *,
    num_seeds: int = 5,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    num_steps: int | None = None,
) -> Experiment:
    """The notebook's question, asked so that its answers can be told apart.

    Args:
        recipe: everything but batch size, seed and, in two of the views, epochs or learning rate.
        dataset: whose number of training images decides how many steps an epoch has.
        num_seeds: trainings of each kind, with seeds 0, 1, ….
        batch_sizes: what to compare; 128, the notebook's, is added if it is missing.
        num_steps: weight updates in the view of equal steps; by default those of one epoch of batches of 128.

    Raises:
        UsageError: if the recipe does not fit the data.

    Source of the scaling: with Adam the step size grows with the square root of the batch (Malladi et al., "On the SDEs
    and Scaling Rules for Adaptive Gradient Algorithms", arXiv 2205.10287).
    """
    sizes = sorted({REFERENCE, *batch_sizes})
    training.check_fits(recipe, dataset)
    num_images = len(dataset.train)
    num_steps = num_steps or dataclasses.replace(recipe, batch_size=REFERENCE).steps_per_epoch(num_images)
    cells = []
    for size in sizes:
        sized = dataclasses.replace(recipe, batch_size=size)
        num_epochs = -(-num_steps // sized.steps_per_epoch(num_images))  # rounded up
        views = {
            EPOCHS: sized,
            STEPS: dataclasses.replace(sized, max_steps=num_steps, epochs=num_epochs),
            SCALED: dataclasses.replace(sized, learning_rate=recipe.learning_rate * (size / REFERENCE) ** 0.5),
        }
        cells += [
            Cell({"view": view, "batch_size": size}, dataclasses.replace(chosen, seed=seed))
            for view, chosen in views.items()
            for seed in range(num_seeds)
        ]
    epochs = "one epoch" if recipe.epochs == 1 else f"{recipe.epochs:,} epochs"
    return Experiment(
        "batch-size",
        "What does the batch size do to time and accuracy?",
        [
            f"Equal epochs, the notebook's question: every training passes {epochs} over the images, so a batch ten "
            "times as large makes a tenth of the weight updates.",
            f"Equal steps: every training makes {num_steps:,} weight updates, so a batch ten times as large looks at "
            "ten times as many images.",
            f"Scaled learning rate: {epochs}, and Adam's step size, {recipe.learning_rate:g} for batches of "
            f"{REFERENCE}, grows with the square root of the batch.",
            f"Each view and size is trained from {seeds_text(num_seeds)}. The tests against {REFERENCE} are paired by "
            "seed; their p-values are corrected after Holm for the number of sizes in a view.",
        ],
        cells,
        conclude,
    )


def conclude(rows: list[Row], _dataset: Dataset, folder: Path) -> Findings:
    """Means, intervals, tests, sentences and figures from the trainings."""
    groups = summarize_views(rows)
    views = [EPOCHS, STEPS, SCALED]
    answer = [explain([row for row in groups if row["view"] == view]) for view in views]
    curves = {size: _losses(rows, folder, size) for (size,), _ in by_place(rows, "batch_size")}
    answer[0] += _not_finished([row for row in groups if row["view"] == EPOCHS][-1], curves)
    accuracy = {view: _series(groups, view, "accuracy") for view in views}
    seconds = {view: _series(groups, view, "seconds") for view in views}
    xlabel = "batch size (images, logarithmic axis)"
    drawn = {
        "accuracy": (
            figures.plot_series(accuracy, ylabel="test accuracy (%)", xlabel=xlabel, percent=True, log=True),
            "Test accuracy over the batch size, a line for each view; bars are 95 % intervals of the mean over seeds.",
        ),
        "seconds": (
            figures.plot_series(seconds, ylabel="training time (s)", xlabel=xlabel, log=True),
            "Training time over the batch size, a line for each view; bars are 95 % intervals of the mean over seeds.",
        ),
        "loss": (
            figures.plot_loss_curves({f"{size:,}": losses for size, losses in curves.items()}),
            "Training loss after each epoch at equal epochs, seed 0, a line for each batch size.",
        ),
    }
    return Findings(answer, groups, drawn)


def summarize_views(rows: Sequence[Row]) -> list[Row]:
    """A row for each view and batch size: means with intervals, and the paired test against 128."""
    groups: list[Row] = []
    for (view,), of_view in by_place(rows, "view"):
        sized = {size: group for (size,), group in by_place(of_view, "batch_size")}
        compared = compare_accuracies(sized, REFERENCE)
        groups += [
            {"view": view, "batch_size": size, "steps": group[0]["steps"], **summarize(group), **compared[size]}
            for size, group in sized.items()
        ]
    return groups


def explain(groups: Sequence[Row]) -> str:
    """What one view found, from its rows alone: which sizes are better and worse than 128, then each in numbers."""
    reference = next(row for row in groups if row["batch_size"] == REFERENCE)
    base, view = f"{reference['accuracy']['mean'] * 100:.2f} %", groups[0]["view"]
    if view == SCALED:
        first = f"With a {view}, batches of {REFERENCE} stay as they are, at {base}"
    else:
        first = f"At {view}, batches of {REFERENCE} reach {base} in {reference['seconds']['mean']:.1f} s"
    others = [row for row in groups if row is not reference]
    if not others:
        return f"{first}."
    evident = [row for row in others if row["p_value"] is not None and row["p_value"] < LEVEL]
    better = [row["batch_size"] for row in evident if row["difference"]["mean"] > 0]
    worse = [row["batch_size"] for row in evident if row["difference"]["mean"] < 0]
    verdicts = [f"{_listed(sizes)} are {word}" for sizes, word in ((better, "better"), (worse, "worse")) if sizes]
    told = [
        f"batches of {row['batch_size']:,}: {effect(row)}, in "
        f"{times(row['seconds']['mean'] / reference['seconds']['mean'])} times the time"
        for row in others
    ]
    verdict = " and ".join(verdicts) if verdicts else "no other size is shown to be better or worse"
    return f"{first}; {verdict}. In detail, {'; '.join(told)}."


def _listed(sizes: Sequence[int]) -> str:
    *most, last = [f"{size:,}" for size in sizes]
    return f"batches of {', '.join(most)} and {last}" if most else f"batches of {last}"


def _not_finished(largest: Row, curves: Mapping[int, Sequence[float]]) -> str:
    """Why the largest batches fell short at equal epochs, if they did and their loss curve says it."""
    fell_short = largest["p_value"] is not None and largest["p_value"] < LEVEL and largest["difference"]["mean"] < 0
    told = still_falling(curves[largest["batch_size"]]) if fell_short else ""
    return f" With batches of {largest['batch_size']:,} {told}." if told else ""


def _series(groups: Sequence[Row], view: str, figure: str) -> list[tuple[float, float, float]]:
    """Batch size, mean and half of the interval."""
    found = []
    for row in groups:
        if row["view"] == view:
            value: dict[str, Any] = row[figure]
            found.append((row["batch_size"], value["mean"], (value["high"] or value["mean"]) - value["mean"]))
    return found


def _losses(rows: Sequence[Row], folder: Path, size: int) -> list[float]:
    row = next(row for row in rows if row["view"] == EPOCHS and row["batch_size"] == size)
    return [epoch["loss"] for epoch in Run(folder / row["folder"]).history]
