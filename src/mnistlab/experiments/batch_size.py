"""The effect of the batch size: in three views over several seeds, and as in the notebook, in one run of each size."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from mnistlab import training
from mnistlab.datasets import Dataset
from mnistlab.evaluation.charts import Axis, Chart, Point, Series
from mnistlab.evaluation.significance import LEVEL
from mnistlab.experiments.cells import Training
from mnistlab.experiments.experiment import Experiment, Findings
from mnistlab.experiments.summaries import (
    Difference,
    Group,
    Row,
    by_place,
    compare_accuracies,
    effect,
    mean_series,
    summarize,
    times,
)
from mnistlab.recipes import Recipe
from mnistlab.reports.results import BatchSizeRow
from mnistlab.runs import Run
from mnistlab.system.text import percent, plural

BATCH_SIZES = (32, 128, 512, 2_048, 10_000)
NOTEBOOK_SIZES = (32, 128, 10_000)  # the notebook's own size and the two that it asks about
REFERENCE = 128  # the size that the others are compared with, the notebook's
EPOCHS, STEPS, SCALED = "equal epochs", "equal steps", "scaled learning rate"
STILL_FALLING = 0.05  # share of the loss that the last epoch took off, from which on training had clearly not ended


class ViewGroup(Group, Difference):
    """One batch size in one view, over its seeds."""

    view: str
    batch_size: int
    steps: int


def experiment(
    recipe: Recipe,
    dataset: Dataset,
    *,
    num_seeds: int = 5,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    num_steps: int | None = None,
) -> Experiment:
    """The notebook's question, asked in three ways that separate steps, images and learning rate.

    Args:
        recipe: Everything but batch size, seed and, in two of the views, epochs or learning rate.
        dataset: The data set, whose number of training images decides how many steps an epoch has.
        num_seeds: Number of training runs of each kind, with seeds 0, 1, ….
        batch_sizes: Sizes to compare; 128, the notebook's, is added if it is missing. A size above the number of
            training images makes the same batch of all images, so such sizes become one, that number.
        num_steps: Weight updates in the view of equal steps; by default those of one epoch of batches of 128.

    Raises:
        UsageError: if the recipe does not fit the data.

    Source of the scaling: with Adam the step size grows with the square root of the batch (Malladi et al., "On the SDEs
    and Scaling Rules for Adaptive Gradient Algorithms", arXiv 2205.10287).
    """
    training.check_fits(recipe, dataset)
    num_images = len(dataset.train)
    num_trained = num_images - (recipe.num_validation if recipe.validation == "split" else 0)
    sizes = sorted({REFERENCE, *(size if size < num_trained else max(num_trained, REFERENCE) for size in batch_sizes)})
    num_steps = num_steps or dataclasses.replace(recipe, batch_size=REFERENCE).steps_per_epoch(num_images)
    trainings = []
    for size in sizes:
        sized = dataclasses.replace(recipe, batch_size=size)
        num_epochs = -(-num_steps // sized.steps_per_epoch(num_images))  # rounded up
        views = {
            EPOCHS: sized,
            STEPS: dataclasses.replace(sized, max_steps=num_steps, epochs=num_epochs),
            SCALED: dataclasses.replace(sized, learning_rate=recipe.learning_rate * (size / REFERENCE) ** 0.5),
        }
        trainings += [
            Training({"view": view, "batch_size": size}, dataclasses.replace(chosen, seed=seed))
            for view, chosen in views.items()
            for seed in range(num_seeds)
        ]
    epochs = "one epoch" if recipe.epochs == 1 else plural(recipe.epochs, "epoch")
    return Experiment(
        "batch-size",
        "What does the batch size do to time and accuracy?",
        [
            f"Equal epochs, the notebook's question: every training run takes {epochs}, so a batch ten "
            "times as large makes a tenth of the weight updates.",
            f"Equal steps: every training run makes {num_steps:,} weight updates, so a batch ten times as large looks "
            "at ten times as many images.",
            f"Scaled learning rate: {epochs}, and Adam's step size, {recipe.learning_rate:g} for batches of "
            f"{REFERENCE}, grows with the square root of the batch.",
            *_larger_than_all(batch_sizes, num_trained),
            f"Each view and size is trained from {plural(num_seeds, 'seed')}. The tests against {REFERENCE} are paired "
            "by seed; their p-values are corrected after Holm for the number of sizes in a view.",
        ],
        trainings,
        conclude,
    )


def _larger_than_all(batch_sizes: Sequence[int], num_trained: int) -> list[str]:
    """A sentence on sizes that no batch can have, if there are some."""
    larger = [f"{size:,}" for size in sorted(set(batch_sizes)) if size > max(num_trained, REFERENCE)]
    if not larger:
        return []
    return [
        f"There are {num_trained:,} images to train on, which is the size compared in place of {', '.join(larger)}."
    ]


def conclude(rows: list[Row], _dataset: Dataset, folder: Path) -> Findings:
    """Means, intervals, tests, sentences and charts from the training runs."""
    groups = summarize_views(rows)
    views = {view: [row for row in groups if row["view"] == view] for view in (EPOCHS, STEPS, SCALED)}
    of_seed_0 = {place: group[0]["folder"] for place, group in by_place(rows, "view", "batch_size")}
    losses = {
        size: [epoch["loss"] for epoch in Run(folder / place).history]
        for (view, size), place in of_seed_0.items()
        if view == EPOCHS
    }
    answer = [explain(of_view) for of_view in views.values()]
    answer[0] += _not_finished(views[EPOCHS][-1], losses)
    return Findings(answer, groups, charts(groups) | {"loss": _chart_losses(losses)})


def summarize_views(rows: Sequence[Row]) -> list[ViewGroup]:
    """A row for each view and batch size: means with intervals, and the paired test against 128."""
    groups: list[ViewGroup] = []
    for (view,), of_view in by_place(rows, "view"):
        sized = {size: group for (size,), group in by_place(of_view, "batch_size")}
        compared = compare_accuracies(sized, REFERENCE)
        groups += [
            {"view": view, "batch_size": size, "steps": group[0]["steps"], **summarize(group), **compared[size]}
            for size, group in sized.items()
        ]
    return groups


def charts(groups: Sequence[ViewGroup]) -> dict[str, Chart]:
    """Accuracy and time over the batch size, a line for each view."""
    x = Axis("batch size", "images", "log")
    bars = "over the batch size, a line for each view; bars are 95 % intervals of the mean over seeds."
    return {
        "accuracy": Chart(
            "Test accuracy",
            x,
            Axis("test accuracy", "%"),
            mean_series(groups, "batch_size", "accuracy", factor=100, name=lambda row: row["view"]),
            f"Test accuracy {bars}",
        ),
        "seconds": Chart(
            "Training time",
            x,
            Axis("training time", "s"),
            mean_series(groups, "batch_size", "seconds", name=lambda row: row["view"]),
            f"Training time {bars}",
        ),
    }


def _chart_losses(losses: Mapping[int, Sequence[float]]) -> Chart:
    return Chart(
        "Training loss",
        Axis("training", "epochs"),
        Axis("cross-entropy", "nats", "log"),
        tuple(
            Series(f"{size:,}", tuple(Point(epoch, loss) for epoch, loss in enumerate(of_size, start=1)))
            for size, of_size in losses.items()
        ),
        "Training loss after each epoch at equal epochs, seed 0, a line for each batch size.",
    )


def explain(groups: Sequence[ViewGroup]) -> str:
    """The result of one view, from its rows alone: sizes that are better and worse than 128, then each in numbers."""
    reference = next(row for row in groups if row["batch_size"] == REFERENCE)
    base, view = percent(reference["accuracy"]["mean"]), groups[0]["view"]
    if view == SCALED:
        first = f"With a {view}, batches of {REFERENCE} stay the same, at {base}"
    else:
        first = f"At {view}, batches of {REFERENCE} reach {base} in {reference['seconds']['mean']:.1f} s"
    others = [row for row in groups if row is not reference]
    if not others:
        return f"{first}."
    better, worse = ([row["batch_size"] for row in others if _evident(row, sign)] for sign in (1, -1))
    verdicts = [f"{_listed(sizes)} are {word}" for sizes, word in ((better, "better"), (worse, "worse")) if sizes]
    told = [
        f"batches of {row['batch_size']:,}: {effect(row)}, in "
        f"{times(row['seconds']['mean'] / reference['seconds']['mean'])} times the time"
        for row in others
    ]
    verdict = " and ".join(verdicts) if verdicts else "no other size is shown to be better or worse"
    return f"{first}; {verdict}. In detail, {'; '.join(told)}."


def _evident(row: ViewGroup, sign: int) -> bool:
    """Whether the accuracy differs from the reference's in the direction of the sign, by more than chance explains."""
    difference, p_value = row["difference"], row["p_value"]
    return difference is not None and p_value is not None and p_value < LEVEL and sign * difference["mean"] > 0


def _listed(sizes: Sequence[int]) -> str:
    *most, last = [f"{size:,}" for size in sizes]
    return f"batches of {', '.join(most)} and {last}" if most else f"batches of {last}"


def _not_finished(largest: ViewGroup, losses: Mapping[int, Sequence[float]]) -> str:
    """The reason why the largest batches fell short at equal epochs, if they did and their loss curve shows it."""
    told = still_falling(losses[largest["batch_size"]]) if _evident(largest, -1) else ""
    return f" With batches of {largest['batch_size']:,} {told}." if told else ""


def still_falling(losses: Sequence[float]) -> str:
    """The end of the loss curve as a reason for a low accuracy, in words; empty if the curve was flat there."""
    if len(losses) < 2 or losses[-2] <= 0:
        return ""
    fallen = 1 - losses[-1] / losses[-2]
    if fallen < STILL_FALLING:
        return ""
    return (
        f"the loss still fell by {percent(fallen, 0)} in the last epoch, so the network was not stuck, "
        "it had not finished"
    )


def describe_run(run: Run) -> BatchSizeRow:
    """One training run as a row for `explain_runs`; `final_losses` are the training losses of the last two epochs."""
    metrics = run.metrics
    names = ("batch_size", "steps", "train_seconds", "test_accuracy", "test_errors")
    ends = {
        "interval": [metrics["test_accuracy_low"], metrics["test_accuracy_high"]],
        "final_losses": [epoch["loss"] for epoch in run.history[-2:]],
    }
    return cast(BatchSizeRow, {name: metrics[name] for name in names} | ends)


def explain_runs(rows: Sequence[BatchSizeRow], *, reference: int = REFERENCE) -> list[str]:
    """A sentence for each other batch size that compares its run with the reference's, written from the rows alone.

    Args:
        rows: A row of `describe_run` for each batch size, everything else alike.
        reference: The batch size to compare with; one of the rows has it.

    Example:
        >>> names = ("batch_size", "steps", "train_seconds", "test_accuracy", "interval", "final_losses")
        >>> base = dict(zip(names, (128, 2345, 6.0, 0.98, [0.977, 0.983], [0.06, 0.05])))
        >>> large = dict(zip(names, (10_000, 30, 3.0, 0.92, [0.91, 0.93], [0.5, 0.4])))
        >>> print(explain_runs([base, large])[0])
        With 10,000 images per batch the training took 0.5 times as long (3.0 s instead of 6.0 s) and accuracy fell to
        92.00 % from 98.00 %: 30 weight updates instead of 2,345, and the loss still fell by 20 % in the last epoch, so
        the network was not stuck, it had not finished.
    """
    base = next(row for row in rows if row["batch_size"] == reference)
    return [_compare(row, base) for row in sorted(rows, key=lambda row: -row["batch_size"]) if row is not base]


def _compare(row: BatchSizeRow, base: BatchSizeRow) -> str:
    accuracy, base_accuracy = percent(row["test_accuracy"]), percent(base["test_accuracy"])
    reason = f"{plural(row['steps'], 'weight update')} instead of {base['steps']:,}"
    if row["interval"][1] < base["interval"][0]:
        found = f"accuracy fell to {accuracy} from {base_accuracy}"
        reason += "".join(f", and {told}" for told in [still_falling(row["final_losses"])] if told)
    elif row["interval"][0] > base["interval"][1]:
        found = f"accuracy rose to {accuracy} from {base_accuracy}"
    else:
        found = f"accuracy was {accuracy}, where {base['batch_size']:,} gave {base_accuracy}"
        reason += "; the two 95 % intervals overlap, so one run of each shows no difference"
    return (
        f"With {row['batch_size']:,} images per batch the training took "
        f"{times(row['train_seconds'] / base['train_seconds'])} times as long ({row['train_seconds']:.1f} s instead of "
        f"{base['train_seconds']:.1f} s) and {found}: {reason}."
    )
