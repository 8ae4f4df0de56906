"""What the rows of an experiment come to: means with intervals, paired tests, and the words for them."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mnistlab.evaluation.significance import LEVEL, holm, mean_interval, paired_test

Row = dict[str, Any]
LEAST_P_VALUE = 0.0001  # in sentences; a smaller one says no more to a reader


def summarize(group: Sequence[Row]) -> Row:
    """What the trainings of one place come to: `num_seeds`, and means with intervals of `accuracy` and `seconds`."""
    return {
        "num_seeds": len(group),
        "accuracy": dataclasses.asdict(mean_interval([row["test_accuracy"] for row in group])),
        "seconds": dataclasses.asdict(mean_interval([row["train_seconds"] for row in group])),
    }


def compare_accuracies(groups: Mapping[Any, Sequence[Row]], reference: Any) -> dict[Any, Row]:
    """The paired test of each place's accuracies against those of one of them.

    Args:
        groups: the rows of each place, ordered by seed.
        reference: the place to compare with.

    Returns:
        For each place `difference`, a mean with its interval, and `p_value`, corrected after Holm for the number of
        places; both `None` for the reference.
    """
    accuracies = {place: [row["test_accuracy"] for row in group] for place, group in groups.items()}
    tests = {place: paired_test(accuracies[place], accuracies[reference]) for place in groups if place != reference}
    corrected = dict(zip(tests, holm([test.p_value for test in tests.values()]), strict=True))
    return {
        place: {
            "difference": dataclasses.asdict(tests[place].difference) if place in tests else None,
            "p_value": corrected.get(place),
        }
        for place in groups
    }


def by_place(rows: Sequence[Row], *columns: str) -> Iterator[tuple[tuple[Any, ...], list[Row]]]:
    """The rows of each place, ordered by seed, in the order in which the places first come.

    Args:
        rows: of a table.
        columns: that make a place.
    """
    places: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        places.setdefault(tuple(row[column] for column in columns), []).append(row)
    for place, group in places.items():
        yield place, sorted(group, key=lambda row: row["seed"])


def effect(row: Mapping[str, Any]) -> str:
    """What a place differs by from the reference, in words that claim no more than the test allows.

    Args:
        row: `difference` and `p_value`, of `compare_accuracies`.

    Example:
        >>> difference = {"mean": -0.0038, "low": -0.006, "high": -0.002, "num": 5}
        >>> effect({"difference": difference, "p_value": 0.014})
        '0.38 points less (p = 0.014)'
        >>> effect({"difference": difference, "p_value": 0.2})
        'no evidence of a difference (-0.38 points, p = 0.2)'
        >>> effect({"difference": difference | {"num": 1}, "p_value": None})
        '-0.38 points from one seed, which proves nothing'
    """
    points, p_value = row["difference"]["mean"] * 100, row["p_value"]
    if row["difference"]["num"] < 2:
        return f"{points:+.2f} points from one seed, which proves nothing"
    if p_value is None:
        return "exactly the same accuracy"
    if p_value >= LEVEL:
        return f"no evidence of a difference ({points:+.2f} points, {p_text(p_value)})"
    return f"{abs(points):.2f} points {'more' if points > 0 else 'less'} ({p_text(p_value)})"


def p_text(p_value: float) -> str:
    """A p-value for a sentence: `p = 0.014`, or `p < 0.0001`."""
    return f"p < {LEAST_P_VALUE:g}" if p_value < LEAST_P_VALUE else f"p = {p_value:.2g}"


def times(ratio: float) -> str:
    """How many times as long something takes, with as many digits as say something.

    Example:
        >>> [times(ratio) for ratio in (0.0123, 0.52, 1.02, 2.14, 30.2)]
        ['0.012', '0.52', '1.0', '2.1', '30']
    """
    if 0.95 <= ratio < 10:
        return f"{ratio:.1f}"
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def seeds_text(num_seeds: int) -> str:
    """How many seeds: `1 seed`, `5 seeds`."""
    return "1 seed" if num_seeds == 1 else f"{num_seeds:,} seeds"
