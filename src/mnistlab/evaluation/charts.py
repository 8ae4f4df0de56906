"""Charts as data: what was measured, on named axes.

`figures.plot_chart` draws a chart, `results.json` keeps it and the page shows it. None of the three knows the
experiment behind it.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Literal, get_args

from mnistlab.exceptions import UsageError

Scale = Literal["linear", "log", "zero", "names"]
POINTS = "percentage points"  # unit of differences, which are written with their sign
DIGITS = 6  # behind the decimal point, in plain data


@dataclasses.dataclass(frozen=True)
class Axis:
    """One axis of a chart.

    Args:
        title: Name of the quantity, such as `test accuracy`.
        unit: Unit of its values, or an empty text if they have none.
        scale: `linear`; `zero`, which is linear with zero in view; `log`; or `names`, for words instead of numbers.

    Raises:
        UsageError: if there is no such scale.
    """

    title: str
    unit: str = ""
    scale: Scale = "linear"

    def __post_init__(self) -> None:
        """Rejects scales that cannot be drawn."""
        if self.scale not in get_args(Scale):
            raise UsageError(f"The axis has the scale {self.scale!r}; it must be one of {', '.join(get_args(Scale))}.")


@dataclasses.dataclass(frozen=True)
class Point:
    """One value on a chart, with its 95 % interval.

    Args:
        x: Place on the x-axis, a word if that holds names.
        y: The value: a mean over training runs, as a rule.
        low: Lower end of the interval, or `None` if there is none.
        high: Upper end of the interval, or `None` if there is none.
        num: Number of training runs behind the value.

    Raises:
        UsageError: if a number is not finite.
    """

    x: float | str
    y: float
    low: float | None = None
    high: float | None = None
    num: int = 1

    def __post_init__(self) -> None:
        """Rejects numbers that have no place on a chart."""
        numbers = [number for number in (self.x, self.y, self.low, self.high) if not isinstance(number, str | None)]
        if not all(math.isfinite(number) for number in numbers):
            raise UsageError(f"A point of a chart needs finite numbers, but this one has {numbers}.")


@dataclasses.dataclass(frozen=True)
class Series:
    """Points that belong together.

    Args:
        name: Name of the series; empty if the chart has no other.
        points: Its points from left to right.
    """

    name: str
    points: tuple[Point, ...]


@dataclasses.dataclass(frozen=True)
class Chart:
    """What was measured, ready to be drawn.

    Args:
        title: Heading in two or three words.
        x: The horizontal axis.
        y: The vertical axis.
        series: What was measured, in the units of the axes: on one in %, shares are 0 to 100. Over an axis of numbers
            each is a line.
        caption: Sentence below the chart in a report. A report leaves out charts without one; the page shows all.
        marks: Values to compare with, such as one from a paper; figures draw them, each with its name.
    """

    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    caption: str = ""
    marks: tuple[Series, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """The chart as JSON can hold it; numbers are rounded to six digits behind the decimal point.

        Example:
            >>> line = Series("mlp", (Point(32, 97.806, 97.5761, 98.0359, 5), Point(128, 98.1859999999, num=1)))
            >>> chart = Chart("Test accuracy", Axis("batch size", "images", "log"), Axis("test accuracy", "%"), (line,))
            >>> chart.to_plain()["series"][0]["points"][1]
            {'x': 128, 'y': 98.186, 'low': None, 'high': None, 'num': 1}
            >>> Chart.from_plain(chart.to_plain()).x
            Axis(title='batch size', unit='images', scale='log')
        """
        plain: dict[str, Any] = _plain(dataclasses.asdict(self))
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Chart":
        """The chart that `to_plain` gave.

        Raises:
            KeyError, TypeError, ValueError: if something is missing, of another type, or cannot be drawn.
        """
        x, y = (Axis(str(axis["title"]), str(axis["unit"]), axis["scale"]) for axis in (plain["x"], plain["y"]))
        series, marks = (tuple(map(_series, plain[key])) for key in ("series", "marks"))
        return cls(str(plain["title"]), x, y, series, str(plain["caption"]), marks)


def _series(plain: Mapping[str, Any]) -> Series:
    return Series(str(plain["name"]), tuple(map(_point, plain["points"])))


def _point(plain: Mapping[str, Any]) -> Point:
    x = plain["x"]
    low, high = (None if plain[end] is None else float(plain[end]) for end in ("low", "high"))
    return Point(x if isinstance(x, str) else float(x), float(plain["y"]), low, high, int(plain["num"]))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return round(value, DIGITS) if isinstance(value, float) else value
