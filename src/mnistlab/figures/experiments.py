"""Charts of experiments: curves with their uncertainty, differences with their intervals, losses side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from mnistlab.exceptions import UsageError
from mnistlab.figures.canvas import current_theme, drawn, figure_of, new_axes

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLES = ("-", "--", "-.", ":")
LETTER = 0.025  # of the axis: the width of a letter of a label
LABEL_POINTS = 11.0  # least distance of two labels, in points


@drawn
def plot_series(
    series: Mapping[str, Sequence[tuple[float, float, float]]],
    *,
    xlabel: str,
    ylabel: str,
    percent: bool = False,
    log: bool = False,
    mark: tuple[float, float, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draws means over a setting, a line for each series with its name at the right end, with intervals.

    Args:
        series: by name the points: setting, mean, half of the mean's interval.
        xlabel: what the setting is, with its unit.
        ylabel: what the mean is of, with its unit.
        percent: whether the means are fractions to be shown as percentages.
        log: whether the setting's axis is logarithmic.
        mark: a point to compare with: setting, value, text.
        ax: where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        UsageError: if there is nothing to draw.
    """
    if not any(series.values()):
        raise UsageError("There is no series to draw; measure at least one point.")
    ax = new_axes(3.4) if ax is None else ax
    scale = 100 if percent else 1
    ends = []
    for number, (name, points) in enumerate(series.items()):
        x, mean, half = np.array(sorted(points), dtype=float).T
        color = current_theme().series[number % len(current_theme().series)]
        ax.errorbar(
            x,
            scale * mean,
            scale * half,
            color=color,
            marker=MARKERS[number % len(MARKERS)],
            linestyle=STYLES[number % len(STYLES)],
            capsize=3,
            markersize=5,
        )
        ends.append((name, float(x[-1]), float(scale * mean[-1])))
    if log:
        ax.set_xscale("log")
    settings = _spaced(sorted({point[0] for points in series.values() for point in points}), log=log)
    ax.set_xticks(settings, [_written(setting) for setting in settings])
    ax.xaxis.set_minor_locator(NullLocator())
    if mark is not None:
        x_mark, value, text = mark
        ax.plot(
            [x_mark], [scale * value], marker="x", markersize=9, markeredgewidth=2, color=current_theme().ink, zorder=5
        )
        ax.annotate(text, (x_mark, scale * value), (-9, -12), textcoords="offset points", ha="right", fontsize=8.5)
    ax.margins(x=0.06, y=0.12)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(axis="y")
    _name_ends(ax, ends)
    return ax


@drawn
def plot_differences(differences: Mapping[str, tuple[float, float]], *, xlabel: str, ax: Axes | None = None) -> Axes:
    """Draws differences in accuracy against zero, each with its interval and its value.

    Args:
        differences: by name the mean, a fraction from -1 to 1, and half of its interval.
        xlabel: what differs from what; shown in percentage points.
        ax: where to draw; by default a new figure.

    Returns:
        The axes.

    Raises:
        UsageError: if there is nothing to draw.
    """
    if not differences:
        raise UsageError("There is no difference to draw; compare at least two trainings.")
    ax = new_axes(1.1 + 0.38 * len(differences)) if ax is None else ax
    means, halves = 100 * np.array(list(differences.values()), dtype=float).T
    places = np.arange(len(differences))
    ax.axvline(0, color=current_theme().muted, linewidth=1)
    ax.errorbar(means, places, xerr=halves, fmt="o", color=current_theme().series[0], capsize=4, markersize=6)
    for place, (mean, half) in enumerate(zip(means, halves, strict=True)):
        ax.annotate(
            f"{mean:+.2f}",
            (mean + half, place),
            (8, 0),
            textcoords="offset points",
            va="center_baseline",
            fontsize=8,
        )
    reach = max(float(np.max(np.abs(means) + halves)), 0.05)
    low, high = min(0.0, float(np.min(means - halves))), max(0.0, float(np.max(means + halves)))
    ax.set_xlim(low - 0.15 * reach, high + 0.35 * reach)
    ax.set(ylim=(len(places) - 0.5, -0.5), yticks=places, xlabel=xlabel)
    ax.set_yticklabels(list(differences), fontsize=9, color=current_theme().ink)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    return ax


@drawn
def plot_loss_curves(curves: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Draws the training loss after each epoch, a line for each training with its name at the right end.

    Args:
        curves: by name the loss of each epoch, in nats.
        ax: where to draw; by default a new figure.

    Returns:
        The axes; the loss is on a logarithmic axis.

    Raises:
        UsageError: if there is nothing to draw.
    """
    if not any(len(losses) for losses in curves.values()):
        raise UsageError("There is no loss to draw; train for at least one epoch.")
    ax = new_axes(3.2) if ax is None else ax
    ends = []
    for number, (name, losses) in enumerate(curves.items()):
        epochs = np.arange(1, len(losses) + 1)
        color = current_theme().series[number % len(current_theme().series)]
        ax.plot(
            epochs, losses, color=color, marker=MARKERS[number % len(MARKERS)], linestyle=STYLES[number % len(STYLES)]
        )
        ends.append((name, float(epochs[-1]), float(losses[-1])))
    ax.set_yscale("log")
    ax.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, min_n_ticks=1))
    ax.set(xlabel="training (epochs)", ylabel="cross-entropy (nats, logarithmic)")
    ax.grid(axis="y")
    ax.margins(x=0.06, y=0.1)
    _name_ends(ax, ends)
    return ax


def _spaced(settings: Sequence[float], *, log: bool) -> list[float]:
    """The settings whose labels have room side by side; the first and the last always."""
    places = np.log(np.maximum(settings, 1e-12)) if log else np.array(settings, dtype=float)
    width = max(float(places[-1] - places[0]), 1e-12)
    shown = [0]
    for index in range(1, len(settings)):
        if (places[index] - places[shown[-1]]) / width >= LETTER * (len(_written(settings[index])) + 1):
            shown.append(index)
    if shown[-1] != len(settings) - 1:
        shown[-1 if len(shown) > 1 else len(shown) :] = [len(settings) - 1]
    return [settings[index] for index in shown]


def _written(setting: float) -> str:
    return f"{setting:,g}" if setting < 1000 else f"{setting:,.0f}"


def _name_ends(ax: Axes, ends: Sequence[tuple[str, float, float]]) -> None:
    """Names lines right of the axes, each at the height of its end, pushed apart where they would touch."""
    height = figure_of(ax).get_size_inches()[1] * 72 * ax.get_position().height  # in points
    gap = LABEL_POINTS / height
    to_axes = ax.transData + ax.transAxes.inverted()
    placed = sorted((float(to_axes.transform((x, y))[1]), name) for name, x, y in ends)
    heights = [place for place, _ in placed]
    for index in range(1, len(heights)):
        heights[index] = max(heights[index], heights[index - 1] + gap)
    excess = max(0.0, heights[-1] - 1.0)
    right = max(x for _, x, _ in ends)
    for (_, name), place in zip(placed, heights, strict=True):
        ax.annotate(
            name,
            (right, place - excess),
            (10, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="center_baseline",
            fontsize=8.5,
            annotation_clip=False,
        )
