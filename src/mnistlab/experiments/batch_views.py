"""What the batch size does, in three views: equal epochs, equal steps, and a learning rate that follows the batch."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mnistlab import figures
from mnistlab.datasets import Dataset
from mnistlab.experiments.answers import Experiment, Findings
from mnistlab.experiments.cells import Cell, Row, by_place, compare_accuracies, summarize
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

    Source of the scaling: with Adam the step size grows with the square root of the batch (Malladi et al., "On the SDEs
    and Scaling Rules for Adaptive Gradient Algorithms", arXiv 2205.10287).
    """
    sizes = sorted({REFERENCE, *batch_sizes})
    num_images = len(dataset.train) - (recipe.num_validation if recipe.validation == "split" else 0)
    num_steps = num_steps or math.ceil(num_images / REFERENCE)
    cells = []
    for size in sizes:
        views = {
            EPOCHS: recipe,
            STEPS: dataclasses.replace(
                recipe, max_steps=num_steps, epochs=math.ceil(num_steps / math.ceil(num_images / size))
            ),
            SCALED: dataclasses.replace(recipe, learning_rate=recipe.learning_rate * (size / REFERENCE) ** 0.5),
        }
        for view, chosen in views.items():
            for seed in range(num_seeds):
                sized = dataclasses.replace(chosen, batch_size=size, seed=seed)
                cells.append(Cell({"view": view, "batch_size": size}, sized))
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
            f"Each view and size is trained from {num_seeds} seeds. The tests against {REFERENCE} are paired by seed; "
            "their p-values are corrected after Holm for the number of sizes in a view.",
        ],
        cells,
        conclude,
    )


def conclude(rows: list[Row], _dataset: Dataset, folder: Path) -> Findings:
    """Means, intervals, tests, sentences and figures from the trainings."""
    groups = summarize_views(rows)
    views = [EPOCHS, STEPS, SCALED]
    answer = [sentence for view in views for sentence in explain([row for row in groups if row["view"] == view])]
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
            "Training time over the batch size. Equal steps cost more with larger batches, equal epochs less.",
        ),
        "loss": (
            figures.plot_loss_curves(
                {f"{size:,}": _losses(rows, folder, size) for (size,), _ in by_place(rows, "batch_size")}
            ),
            "Training loss after each epoch at equal epochs, seed 0, a line for each batch size: large batches are not "
            "stuck, they have taken fewer steps.",
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


def explain(groups: Sequence[Row]) -> list[str]:
    """Sentences about one view, from its rows alone."""
    reference = next(row for row in groups if row["batch_size"] == REFERENCE)
    base = reference["accuracy"]["mean"]
    view = groups[0]["view"]
    told = [
        f"At {view}, batches of {REFERENCE} reach {base * 100:.2f} % in {reference['seconds']['mean']:.1f} s"
        if view != SCALED
        else f"With a {view}, batches of {REFERENCE} stay as they are: {base * 100:.2f} %"
    ]
    for row in groups:
        if row is reference:
            continue
        points = row["difference"]["mean"] * 100
        ratio = row["seconds"]["mean"] / reference["seconds"]["mean"]
        if row["p_value"] is None:
            effect = f"{points:+.2f} points from one seed, which proves nothing"
        elif row["p_value"] >= 0.05:
            effect = f"no evidence of a difference ({points:+.2f} points, p = {row['p_value']:.2g})"
        else:
            effect = f"{abs(points):.2f} points {'more' if points > 0 else 'less'} (p = {row['p_value']:.2g})"
        told.append(f"batches of {row['batch_size']:,}: {effect}, in {ratio:.1f} times the time")
    return ["; ".join(told) + "."]


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
