"""What the batch size does to time and accuracy when the number of epochs stays the same: the notebook's question."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mnistlab import training
from mnistlab.datasets import Dataset
from mnistlab.experiments.summaries import times
from mnistlab.recipes import Recipe
from mnistlab.runs import Run

BATCH_SIZES = (32, 128, 10_000)  # the notebook's own size and the two that it asks about
REFERENCE_BATCH_SIZE = 128


def train_batch_sizes(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path,
    *,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    known: dict[int, Run] | None = None,
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Trains a recipe once for each batch size, everything else alike.

    Args:
        recipe: what to train.
        dataset: train and test split.
        folder: where the run folders go.
        batch_sizes: images per weight update.
        known: finished runs of this recipe by batch size, which are not trained again.
        progress: whether to show each training as it goes.

    Returns:
        A row for each batch size: `batch_size`, `steps`, `train_seconds`, `test_accuracy`, `test_errors`, the
        accuracy's 95 % `interval` and `final_losses`, the mean training loss of the last two epochs.
    """
    rows = []
    for batch_size in batch_sizes:
        run = (known or {}).get(batch_size)
        if run is None:
            if progress:
                print(f"batch size {batch_size:,}")
            chosen = dataclasses.replace(recipe, batch_size=batch_size)
            run = training.train(chosen, dataset, folder / f"{recipe.name}-batch{batch_size}", progress=progress)
        metrics = run.metrics
        row = {name: metrics[name] for name in ("batch_size", "steps", "train_seconds", "test_accuracy", "test_errors")}
        row["interval"] = [metrics["test_accuracy_low"], metrics["test_accuracy_high"]]
        row["final_losses"] = [epoch["loss"] for epoch in run.history[-2:]]
        rows.append(row)
    return rows


def explain(rows: Sequence[dict[str, Any]], *, reference: int = REFERENCE_BATCH_SIZE) -> list[str]:
    """A sentence for each other batch size that compares it with the reference, written from the rows alone.

    Args:
        rows: from `train_batch_sizes`; one of them has the reference's batch size.
        reference: the batch size to compare with.

    Example:
        >>> names = ("batch_size", "steps", "train_seconds", "test_accuracy", "interval", "final_losses")
        >>> base = dict(zip(names, (128, 2345, 6.0, 0.98, [0.977, 0.983], [0.06, 0.05])))
        >>> large = dict(zip(names, (10_000, 30, 3.0, 0.92, [0.91, 0.93], [0.5, 0.4])))
        >>> print(explain([base, large])[0])
        With 10,000 images a batch the training took 0.5 times as long (3.0 s instead of 6.0 s) and accuracy fell to
        92.00 % from 98.00 %: 30 weight updates instead of 2,345, and the loss still fell by 20 % in the last epoch, so
        the network was not stuck, it had not finished.
    """
    base = next(row for row in rows if row["batch_size"] == reference)
    return [_compare(row, base) for row in sorted(rows, key=lambda row: -row["batch_size"]) if row is not base]


STILL_FALLING = 0.05  # share of the loss that the last epoch took off, from which on training had plainly not ended


def still_falling(final_losses: Sequence[float]) -> str:
    """What the end of the loss curve says about an accuracy that fell short; nothing if the curve was flat there."""
    if len(final_losses) < 2 or final_losses[-2] <= 0:
        return ""
    fallen = 1 - final_losses[-1] / final_losses[-2]
    if fallen < STILL_FALLING:
        return ""
    return (
        f"the loss still fell by {fallen * 100:.0f} % in the last epoch, so the network was not stuck, "
        "it had not finished"
    )


def _compare(row: dict[str, Any], base: dict[str, Any]) -> str:
    ratio = row["train_seconds"] / base["train_seconds"]
    accuracy, base_accuracy = f"{row['test_accuracy'] * 100:.2f} %", f"{base['test_accuracy'] * 100:.2f} %"
    noun = "weight update" if row["steps"] == 1 else "weight updates"
    updates = f"{row['steps']:,} {noun} instead of {base['steps']:,}"
    seconds = f"{row['train_seconds']:.1f} s instead of {base['train_seconds']:.1f} s"
    if row["interval"][1] < base["interval"][0]:
        effect = f"accuracy fell to {accuracy} from {base_accuracy}"
        reason = updates + "".join(f", and {told}" for told in [still_falling(row["final_losses"])] if told)
    elif row["interval"][0] > base["interval"][1]:
        effect = f"accuracy rose to {accuracy} from {base_accuracy}"
        reason = updates
    else:
        effect = f"accuracy was {accuracy}, where {base['batch_size']:,} gave {base_accuracy}"
        reason = f"{updates}; the two 95 % intervals overlap, so one run of each shows no difference"
    return (
        f"With {row['batch_size']:,} images a batch the training took {times(ratio)} times as long ({seconds}) "
        f"and {effect}: {reason}."
    )
