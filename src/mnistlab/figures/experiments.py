"""Charts of experiments, drawn from their data: curves with their uncertainty, values side by side."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from mnistlab.evaluation.charts import POINTS, Axis, Chart, Point
from mnistlab.exceptions import UsageError
from mnistlab.figures.canvas import current_theme, drawn, figure_of, new_axes

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLES = ("-", "--", "-.", ":")
LETTER = 0.025  # of the axis: the width of a letter of a label
LABEL_POINTS = 11.0  # least distance of two labels, in points
MOST_SETTINGS = 10  # that are named on a linear axis; more of them get round numbers
BESIDE = 0.2  # of the distance of two names: from a series to the next


@drawn
def plot_chart(chart: Chart, ax: Axes | None = None) -> Axes:
    """Draws a chart: a line for each series with its name at the right end, or a row for each name on the x-axis.

    Args:
        chart: Data to draw; points with an interval get a bar.
        ax: Axes to draw on; by default those of a new figure.

    Returns:
        The axes.

    Raises:
        UsageError: if there is nothing to draw.
    """
    if not any(series.points for series in chart.series):
        raise UsageError(f"The chart {chart.title!r} has no point to draw; measure at least one.")
    return _draw_names(chart, ax) if chart.x.scale == "names" else _draw_lines(chart, ax)


def _draw_lines(chart: Chart, ax: Axes | None) -> Axes:
    """Series over an axis of numbers."""
    ax = new_axes(3.4) if ax is None else ax
    ends = []
    for number, series in enumerate(chart.series):
        x, y = [point.x for point in series.points], [point.y for point in series.points]
        ax.errorbar(
            x,
            y,
            _whiskers(series.points),
            color=_color(number),
            marker=MARKERS[number % len(MARKERS)],
            linestyle=STYLES[number % len(STYLES)],
            capsize=3,
            markersize=5,
        )
        ends.append((series.name, float(x[-1]), y[-1]))
    if chart.x.scale == "log":
        ax.set_xscale("log")
    if chart.y.scale == "log":
        ax.set_yscale("log")
    settings = sorted({float(point.x) for series in chart.series for point in series.points})
    if chart.x.scale != "log" and len(settings) > MOST_SETTINGS:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=all(map(float.is_integer, settings))))
    else:
        settings = _spaced(settings, log=chart.x.scale == "log")
        ax.set_xticks(settings, [_written(setting) for setting in settings])
        ax.xaxis.set_minor_locator(NullLocator())
    for mark in chart.marks:
        for point in mark.points:
            place = float(point.x), point.y
            ax.plot(*place, marker="x", markersize=9, markeredgewidth=2, color=current_theme().ink, zorder=5)
            ax.annotate(mark.name, place, (-9, -12), textcoords="offset points", ha="right", fontsize=8.5)
    ax.margins(x=0.06, y=0.12)
    ax.set(xlabel=_label(chart.x, "logarithmic axis"), ylabel=_label(chart.y, "logarithmic"))
    ax.grid(axis="y")
    _name_ends(ax, ends)
    return ax


def _draw_names(chart: Chart, ax: Axes | None) -> Axes:
    """A row for each name, with its value beside it."""
    names = list(dict.fromkeys(str(point.x) for series in chart.series for point in series.points))
    ax = new_axes(1.1 + 0.38 * len(names)) if ax is None else ax
    is_difference = chart.y.unit == POINTS
    if is_difference:
        ax.axvline(0, color=current_theme().muted, linewidth=1)
    for number, series in enumerate(chart.series):
        beside = BESIDE * (number - (len(chart.series) - 1) / 2)
        values, places = [point.y for point in series.points], [names.index(str(point.x)) for point in series.points]
        rows = np.array(places) + beside
        ax.errorbar(
            values,
            rows,
            xerr=_whiskers(series.points),
            fmt=MARKERS[number % len(MARKERS)],
            color=_color(number),
            capsize=4,
            markersize=6,
            label=series.name,
        )
        for point, row in zip(series.points, rows, strict=True):
            ax.annotate(
                f"{point.y:{'+' if is_difference else ','}.2f}",
                (_end(point.high, point), row),
                (8, 0),
                textcoords="offset points",
                va="center_baseline",
                fontsize=8,
            )
    points = [point for series in chart.series for point in series.points]
    zero = [0.0] if chart.y.scale == "zero" else []
    low = min(zero + [_end(point.low, point) for point in points])
    high = max(zero + [_end(point.high, point) for point in points])
    reach = max(abs(low), high, 0.05) if zero else max(high - low, 0.05)
    ax.set_xlim(low - 0.15 * reach, high + 0.35 * reach)
    ax.set(ylim=(len(names) - 0.5, -0.5), yticks=range(len(names)), xlabel=_label(chart.y, "logarithmic axis"))
    ax.set_yticklabels(names, fontsize=9, color=current_theme().ink)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    if len(chart.series) > 1:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(chart.series), frameon=False, fontsize=8.5)
    return ax


def _color(number: int) -> str:
    series = current_theme().series
    return series[number % len(series)]


def _end(end: float | None, point: Point) -> float:
    """An end of the interval, which for a single training run is the value itself."""
    return point.y if end is None else end


def _whiskers(points: Sequence[Point]) -> list[list[float]] | None:
    """The distances of the intervals' ends below and above the values; `None` if no point has an interval."""
    if all(point.high is None for point in points):
        return None
    return [
        [point.y - _end(point.low, point) for point in points],
        [_end(point.high, point) - point.y for point in points],
    ]


def _label(axis: Axis, logarithmic: str) -> str:
    """The label of an axis: `batch size (images, logarithmic axis)`."""
    said = ", ".join(part for part in (axis.unit, logarithmic if axis.scale == "log" else "") if part)
    return f"{axis.title} ({said})" if said else axis.title


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
