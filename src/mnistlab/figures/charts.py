"""Charts of numbers: training curves, confusion, errors per digit, batch sizes, two networks compared."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import ArrayLike, NDArray

from mnistlab.datasets import NUM_CLASSES
from mnistlab.datasets.classes import DIGITS, Classes
from mnistlab.evaluation import Evaluation
from mnistlab.exceptions import UsageError, described
from mnistlab.figures.canvas import current_theme, drawable, drawn, figure_of, new_axes, new_grid
from mnistlab.system.text import percent

LABEL_GAP = 0.09  # of the axes' height: the least distance at which two direct labels do not touch
STRONGEST_WASH = 0.5  # opacity of the accent under the most frequent confusion: its number stays readable


@drawn
def plot_history(history: Sequence[Mapping[str, Any]], axes: Sequence[Axes] | None = None) -> Figure:
    """Draws accuracy and loss over the epochs, with those of validation if there is any.

    Args:
        history: A row for each epoch with `epoch`, `accuracy` (0 to 1), `loss` (nats) and perhaps `val_accuracy` and
            `val_loss`; a value may be `None`. Rows with `member` belong to several networks, drawn one after the other.
        axes: Two axes, for accuracy and for loss; by default a new figure with one above the other.

    Returns:
        The figure.

    Raises:
        UsageError: if the history is empty.
    """
    if not history:
        raise UsageError("The history has no epoch to draw; train for at least one.")
    accuracy_ax, loss_ax = new_grid(2, 1, 4.4, shared_x=True) if axes is None else axes
    _draw_series(accuracy_ax, history, "accuracy", percent=True)
    accuracy_ax.set_title(f"Accuracy: {_last(history, 'accuracy', '{:.2%}')}")
    accuracy_ax.set_ylabel("accuracy (%)")
    _draw_series(loss_ax, history, "loss", percent=False)
    loss_ax.set_title(f"Loss: {_last(history, 'loss', '{:.4f}')}")
    loss_ax.set_ylabel("cross-entropy (nats)")
    loss_ax.set_xlabel(f"training (epochs{', one network after the other' if 'member' in history[0] else ''})")
    for ax in (accuracy_ax, loss_ax):
        ax.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, min_n_ticks=1))
    if axes is None:
        accuracy_ax.tick_params(labelbottom=False)
    return figure_of(accuracy_ax)


@drawn
def plot_confusion(confusion: ArrayLike, ax: Axes | None = None, classes: Classes = DIGITS) -> Axes:
    """Draws how many images of each digit were taken for each digit; only the mistakes are coloured.

    Args:
        confusion: Counts of images, int `(10, 10)`, row the true digit, column the predicted one.
        ax: Axes to draw on; by default on a new figure.
        classes: Classes of the labels, whose names stand at the rows and columns.

    Returns:
        The axes. Every count is printed; a dot stands for zero.
    """
    counts, classes = np.asarray(confusion), drawable(classes)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.dtype.kind not in "iu":
        raise UsageError(
            f"The confusion matrix is {described(confusion)}, but whole numbers (10, 10) were expected. "
            "Give evaluation.confusion."
        )
    ax = new_axes(4.6 if classes.names is None else 5.0) if ax is None else ax
    mistakes = counts - np.diag(np.diag(counts))
    most = int(mistakes.max(initial=0))
    for (row, column), count in np.ndenumerate(counts):
        if mistakes[row, column]:
            # The square root lets a single mistake be seen beside a mistake made twenty times.
            wash = STRONGEST_WASH * float(np.sqrt(mistakes[row, column] / most))
            place = (column - 0.5, row - 0.5)
            ax.add_patch(Rectangle(place, 1, 1, facecolor=current_theme().accent, alpha=wash, edgecolor="none"))
        is_mistake = row != column and count
        color = current_theme().ink if is_mistake else current_theme().muted
        text = str(count) if count else "·"
        cell = ax.text(column, row, text, ha="center", va="center_baseline", fontsize=8, color=color)
        cell.set_in_layout(False)  # it lies within the axes, whose place does not depend on it
    size = len(counts)
    ax.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), aspect="equal")
    ax.set(xticks=range(size), yticks=range(size))
    ax.set(xlabel=f"predicted {classes.noun} (cells: images)", ylabel=f"true {classes.noun}")
    _name_classes(ax, classes, columns=True)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    row, column = np.unravel_index(int(np.argmax(mistakes)), mistakes.shape)
    times = "once" if most == 1 else f"{most:,} times"
    taken = f"read as {column}" if classes.is_digits else f"taken for {classes.one(int(column))}"
    gap = " " if classes.names is None else "\n"  # two names are wider than the axes beside them
    most_often = f"Most often, {classes.one(int(row))}{gap}is {taken}: {times}"
    ax.set_title(most_often if most else f"No {classes.noun} is taken for another", fontsize=_title_size(classes))
    return ax


@drawn
def plot_per_digit(evaluation: Evaluation, ax: Axes | None = None) -> Axes:
    """Draws the error rate of each digit, with its counts.

    Args:
        evaluation: Evaluation of a model on a split.
        ax: Axes to draw on; by default on a new figure.

    Returns:
        The axes. A digit that the split lacks has no bar.
    """
    ax, classes = new_axes(3.4) if ax is None else ax, drawable(evaluation.classes)
    totals = np.bincount(evaluation.labels, minlength=NUM_CLASSES)
    errors = np.bincount(evaluation.labels[evaluation.wrong], minlength=NUM_CLASSES)
    rates = 100 * errors / np.maximum(totals, 1)
    digits = np.arange(len(totals))
    ax.barh(digits, rates, height=0.62, color=current_theme().series[0])
    reach = max(float(rates.max()), 0.1)  # in percent; all-right still gets an axis
    for digit in range(len(totals)):
        text = f"{errors[digit]:,} of {totals[digit]:,}" if totals[digit] else "none in this split"
        _label_beside(ax, rates[digit], digit, text, (4, 0))
    ax.set(
        xlim=(0, 1.32 * reach), ylim=(9.6, -0.6), yticks=digits, xlabel="error rate (%)", ylabel=f"true {classes.noun}"
    )
    _name_classes(ax, classes, columns=False)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    worst = int(np.argmax(rates))
    missed = f"Missed most: {classes.the(worst)}, {rates[worst]:.1f} % of its images"
    ax.set_title(missed if errors.any() else f"No {classes.noun} is missed", fontsize=_title_size(classes))
    return ax


@drawn
def plot_batch_sizes(rows: Sequence[Mapping[str, Any]], axes: Sequence[Axes] | None = None) -> Figure:
    """Draws training time and test accuracy over one logarithmic axis of batch sizes.

    Args:
        rows: A row for each batch size with `batch_size` (images), `steps` (weight updates), `train_seconds`,
            `test_accuracy` (0 to 1) and `interval`, the low and high end of the accuracy's 95 % interval.
        axes: Two axes, for seconds and for accuracy; by default a new figure with one above the other, so that the
            values of one batch size stand in one column.

    Returns:
        The figure.

    Raises:
        UsageError: if there are no rows.
    """
    if not rows:
        raise UsageError("There is no batch size to draw; measure at least one.")
    rows = sorted(rows, key=lambda row: row["batch_size"])
    seconds_ax, accuracy_ax = new_grid(2, 1, 4.6, shared_x=True) if axes is None else axes
    batch_sizes = np.array([row["batch_size"] for row in rows])
    seconds = np.array([row["train_seconds"] for row in rows])
    accuracies = np.array([row["test_accuracy"] for row in rows])
    low, high = np.transpose([row["interval"] for row in rows])
    blue, vermilion = current_theme().series[:2]
    seconds_ax.plot(batch_sizes, seconds, marker="o", color=blue)
    whiskers = 100 * np.clip([accuracies - low, high - accuracies], 0, None)
    accuracy_ax.errorbar(batch_sizes, 100 * accuracies, whiskers, marker="s", color=vermilion, capsize=4)
    for x, second, accuracy, end in zip(batch_sizes, seconds, accuracies, high, strict=True):
        _label_beside(seconds_ax, x, second, f"{second:.1f} s", (7, 7))
        _label_beside(accuracy_ax, x, 100 * end, percent(accuracy), (0, 9), align="center")
    seconds_ax.set_ylim(0, 1.2 * seconds.max())
    accuracy_ax.margins(y=0.2)
    seconds_ax.set_ylabel("training time (s)")
    accuracy_ax.set(ylabel="test accuracy (%)\nwith 95 % interval")
    accuracy_ax.set_xlabel("batch size (images, logarithmic axis)\nand the weight updates that it leads to (steps)")
    ticks = [f"{row['batch_size']:,}\n{row['steps']:,}" for row in rows]
    fastest, best = rows[int(np.argmin(seconds))], rows[int(np.argmax(accuracies))]
    seconds_ax.set_title(f"Shortest training: {fastest['train_seconds']:.1f} s at batch size {fastest['batch_size']:,}")
    accuracy_ax.set_title(f"Highest accuracy: batch size {best['batch_size']:,}")
    for ax in (seconds_ax, accuracy_ax):
        ax.set_xscale("log")
        ax.margins(x=0.2)
        ax.set_xticks(batch_sizes, ticks)
        ax.xaxis.set_minor_locator(NullLocator())
        ax.grid(axis="y")
    if axes is None:
        seconds_ax.tick_params(labelbottom=False)
    return figure_of(seconds_ax)


@drawn
def plot_comparison(evaluations: Mapping[str, Evaluation], ax: Axes | None = None) -> Axes:
    """Draws how many images each network gets wrong, with 95 % intervals.

    Args:
        evaluations: Evaluation of each network on the same split, by the network's name.
        ax: Axes to draw on; by default on a new figure.

    Returns:
        The axes.

    Raises:
        UsageError: if there is no network, or the splits differ in size.
    """
    sizes = {evaluation.num_images for evaluation in evaluations.values()}
    if len(sizes) != 1:
        raise UsageError(f"The networks were scored on {sorted(sizes)} images; score all of them on one split.")
    (num_images,) = sizes
    ax = new_axes(0.95 + 0.45 * len(evaluations)) if ax is None else ax
    places = np.arange(len(evaluations))
    errors = np.array([evaluation.errors for evaluation in evaluations.values()])
    accuracy_low, accuracy_high = np.transpose([evaluation.interval for evaluation in evaluations.values()])
    low, high = num_images * (1 - accuracy_high), num_images * (1 - accuracy_low)
    whiskers = np.clip([errors - low, high - errors], 0, None)
    ax.errorbar(errors, places, xerr=whiskers, fmt="o", color=current_theme().series[0], capsize=4, markersize=6)
    for place in range(len(evaluations)):
        text = f"{errors[place]:,} ({low[place]:,.0f} to {high[place]:,.0f})"
        _label_beside(ax, high[place], place, text, (8, 0))
    ax.set(xlim=(0, 1.55 * high.max()), ylim=(len(places) - 0.5, -0.5), yticks=places)
    ax.set_yticklabels(list(evaluations), fontsize=9.5, color=current_theme().ink)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    ax.set_xlabel(f"errors (of {num_images:,} images; bars: 95 % interval)")
    fewest = [name for name, count in zip(evaluations, errors, strict=True) if count == errors.min()]
    ax.set_title(f"{'Fewest errors' if len(fewest) == 1 else 'Equally few'}: {' and '.join(fewest)}, {errors.min():,}")
    return ax


def _name_classes(ax: Axes, classes: Classes, *, columns: bool) -> None:
    """Writes names of classes at the rows, and upwards at the columns too, where there are some."""
    if classes.names is None or classes.is_digits:
        return
    ax.set_yticklabels(classes.names, fontsize=7.5)
    if columns:
        ax.set_xticklabels(classes.names, fontsize=7.5, rotation=90)


def _title_size(classes: Classes) -> float | None:
    """A smaller title where two names have to fit into it; `None` for the style's own size."""
    return None if classes.names is None else 8.0


def _draw_series(ax: Axes, history: Sequence[Mapping[str, Any]], key: str, *, percent: bool) -> None:
    """Draws a line for training and one for validation, each labelled at its end."""
    members = np.array([row.get("member", 1) for row in history])
    epochs = np.array([row["epoch"] for row in history]) if len(set(members)) == 1 else np.arange(1, len(history) + 1)
    ends: list[tuple[str, float]] = []
    names = (("training", key, "o"), ("validation", f"val_{key}", "s"))
    for (name, column, marker), color in zip(names, current_theme().series, strict=False):
        values = _column(history, column) * (100 if percent else 1)
        if np.isfinite(values).any():
            for member in np.unique(members):
                ax.plot(epochs[members == member], values[members == member], marker=marker, color=color, label=name)
            ends.append((name, float(values[np.isfinite(values)][-1])))
    ax.grid(axis="y")
    ax.margins(y=0.12)
    if len(epochs) == 1:
        ax.set_xlim(epochs[0] - 0.5, epochs[0] + 0.5)
    _label_ends(ax, epochs[-1], ends)


def _label_ends(ax: Axes, x: float, ends: list[tuple[str, float]]) -> None:
    """Names lines at their right ends; labels that would touch are pushed apart evenly."""
    bottom, top = ax.get_ylim()
    heights = [(value - bottom) / (top - bottom) for _, value in ends]
    if len(heights) == 2 and abs(heights[0] - heights[1]) < LABEL_GAP:
        middle, sign = sum(heights) / 2, 1 if heights[0] >= heights[1] else -1
        heights = [middle + sign * LABEL_GAP / 2, middle - sign * LABEL_GAP / 2]
    for (name, _), height in zip(ends, heights, strict=True):
        ax.annotate(
            name,
            (x, height),
            (8, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="center_baseline",
            fontsize=8.5,
        )


def _label_beside(
    ax: Axes, x: float, y: float, text: str, offset: tuple[float, float], align: Literal["left", "center"] = "left"
) -> None:
    """Writes next to a place in the data, `offset` points to the right of it and above it."""
    ax.annotate(text, (x, y), offset, textcoords="offset points", ha=align, va="center_baseline", fontsize=8)


def _column(history: Sequence[Mapping[str, Any]], key: str) -> NDArray[np.float64]:
    return np.array([np.nan if row.get(key) is None else row[key] for row in history], dtype=np.float64)


def _last(history: Sequence[Mapping[str, Any]], key: str, pattern: str) -> str:
    """The last epoch's values in words: `99.10 % training, 98.70 % validation`."""
    columns = {"training": key, "validation": f"val_{key}"}
    last = {where: history[-1].get(column) for where, column in columns.items()}
    said = [f"{pattern.format(value)} {where}" for where, value in last.items() if value is not None]
    return ", ".join(said).replace("%", " %") or "unknown"
