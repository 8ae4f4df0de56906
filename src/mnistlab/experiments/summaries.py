"""Summaries of an experiment's rows: means with intervals, paired tests, series for charts, and words."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypedDict, TypeVar, cast

from mnistlab.evaluation.charts import Point, Series
from mnistlab.evaluation.significance import LEVEL, MeanInterval, holm, mean_interval, paired_test
from mnistlab.system.text import percent, points

LEAST_P_VALUE = 0.0001  # in sentences; a smaller one says no more to a reader


class Row(TypedDict):
    """One training of an experiment's table. The columns of its place stand before these; `by_place` reads them."""

    seed: int
    test_accuracy: float
    test_errors: int
    test_loss: float
    train_seconds: float
    steps: int
    epochs: int
    num_parameters: int
    multiply_adds: int
    folder: str


class Interval(TypedDict):
    """A `MeanInterval` as plain data."""

    mean: float
    low: float | None
    high: float | None
    num: int


class Group(TypedDict):
    """The trainings of one place of the table, over their seeds. An experiment's own adds the columns of the place."""

    num_seeds: int
    accuracy: Interval
    seconds: Interval


class Difference(TypedDict):
    """A place against the reference; both `None` for the reference itself."""

    difference: Interval | None
    p_value: float | None


AnyRow = TypeVar("AnyRow", bound=Mapping[str, Any])


def plain(interval: MeanInterval) -> Interval:
    """A mean with its interval as `results.json` holds it."""
    return cast(Interval, dataclasses.asdict(interval))


def summarize(group: Sequence[Row]) -> Group:
    """The trainings of one place: their number, and means with intervals of accuracy and time."""
    return {
        "num_seeds": len(group),
        "accuracy": plain(mean_interval([row["test_accuracy"] for row in group])),
        "seconds": plain(mean_interval([row["train_seconds"] for row in group])),
    }


def compare_accuracies(groups: Mapping[Any, Sequence[Row]], reference: Any) -> dict[Any, Difference]:
    """The paired test of each place's accuracies against those of one of them.

    Args:
        groups: Rows of each place, ordered by seed.
        reference: The place to compare with.

    Returns:
        For each place its mean difference with an interval, and a p-value, corrected after Holm for the number of
        places.
    """
    accuracies = {place: [row["test_accuracy"] for row in group] for place, group in groups.items()}
    tests = {place: paired_test(accuracies[place], accuracies[reference]) for place in groups if place != reference}
    corrected = dict(zip(tests, holm([test.p_value for test in tests.values()]), strict=True))
    return {
        place: {
            "difference": plain(tests[place].difference) if place in tests else None,
            "p_value": corrected.get(place),
        }
        for place in groups
    }


def by_place(
    rows: Sequence[AnyRow], *columns: str, order: str = "seed"
) -> Iterator[tuple[tuple[Any, ...], list[AnyRow]]]:
    """The rows of each place, in the order in which the places first come.

    Args:
        rows: Rows of a table.
        columns: Names of the columns that make a place.
        order: Name of the column that orders the rows of a place.
    """
    places: dict[tuple[Any, ...], list[AnyRow]] = {}
    for row in rows:
        places.setdefault(tuple(row[column] for column in columns), []).append(row)
    for place, group in places.items():
        yield place, sorted(group, key=lambda row: row[order])


def mean_series(
    groups: Sequence[AnyRow],
    x: str,
    value: str,
    *,
    factor: float = 1,
    name: Callable[[AnyRow], str] = lambda _group: "",
) -> tuple[Series, ...]:
    """Means with their intervals as the series of a chart.

    Args:
        groups: A row for each place of the table.
        x: Name of the column that holds the points' places on the x-axis.
        value: Name of the column that holds means with intervals, such as `accuracy`.
        factor: Number to multiply the means with, 100 for an axis in percent.
        name: Function that names the series of a row.
    """
    named: dict[str, list[Point]] = {}
    for row in groups:
        mean = MeanInterval(**row[value])
        low, high = (None if end is None else factor * end for end in (mean.low, mean.high))
        named.setdefault(name(row), []).append(Point(row[x], factor * mean.mean, low, high, mean.num))
    return tuple(Series(name, tuple(sorted(points, key=_place))) for name, points in named.items())


def _place(point: Point) -> float:
    """The key that orders points: numbers by size, names as they come."""
    return 0.0 if isinstance(point.x, str) else point.x


def effect(row: Mapping[str, Any]) -> str:
    """The difference of a place from the reference, in words that say no more than the test allows.

    Args:
        row: A place's difference and p-value, from `compare_accuracies`.

    Example:
        >>> difference = {"mean": -0.0038, "low": -0.006, "high": -0.002, "num": 5}
        >>> effect({"difference": difference, "p_value": 0.014})
        '0.38 points less (p = 0.014)'
        >>> effect({"difference": difference, "p_value": 0.2})
        'no evidence of a difference (-0.38 points, p = 0.2)'
        >>> effect({"difference": difference | {"num": 1}, "p_value": None})
        '-0.38 points from one seed, which proves nothing'
    """
    mean, p_value = row["difference"]["mean"], row["p_value"]
    if row["difference"]["num"] < 2:
        return f"{points(mean)} points from one seed, which proves nothing"
    if p_value is None:
        return "exactly the same accuracy"
    if p_value >= LEVEL:
        return f"no evidence of a difference ({points(mean)} points, {p_text(p_value)})"
    return f"{percent(abs(mean), unit='')} points {'more' if mean > 0 else 'less'} ({p_text(p_value)})"


def p_text(p_value: float) -> str:
    """A p-value for a sentence: `p = 0.014`, or `p < 0.0001`."""
    return f"p < {LEAST_P_VALUE:g}" if p_value < LEAST_P_VALUE else f"p = {p_value:.2g}"


def times(ratio: float) -> str:
    """A ratio of durations, with as many digits as are meaningful.

    Example:
        >>> [times(ratio) for ratio in (0.0123, 0.52, 1.02, 2.14, 30.2)]
        ['0.012', '0.52', '1.0', '2.1', '30']
    """
    if 0.95 <= ratio < 10:
        return f"{ratio:.1f}"
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"
