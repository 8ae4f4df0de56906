"""Numbers as reports write them; a dash stands for what is not known."""

import re
from collections.abc import Callable, Mapping, Sequence

SPACE = "\u00a0"  # a number and its unit stay on one line


def count(value: float | None) -> str:
    """A count with separators."""
    return "–" if value is None else f"{value:,.0f}"


def percent(value: float | None, digits: int = 2) -> str:
    """A fraction as a percentage."""
    return "–" if value is None else f"{100 * value:.{digits}f}{SPACE}%"


def seconds(value: float | None) -> str:
    """A duration."""
    return "–" if value is None else f"{value:,.1f}{SPACE}s"


def interval(bounds: Sequence[float]) -> str:
    """Two fractions as a range of percentages."""
    return f"{100 * bounds[0]:.2f}–{100 * bounds[1]:.2f}{SPACE}%"


def decimals(value: float | None, digits: int = 4) -> str:
    """A figure with a fixed number of decimals."""
    return "–" if value is None else f"{value:.{digits}f}"


def plain(value: object) -> str:
    """Whatever it is, briefly."""
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def points(value: float) -> str:
    """A difference of fractions in percentage points, with its sign."""
    return f"{100 * value:+.2f}"


def p_value(value: float | None) -> str:
    """A p-value of a table."""
    return "–" if value is None else f"{value:.2g}"


def cell(value: object) -> str:
    """A cell of a table whose columns are not known beforehand."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {plain(part)}" for name, part in value.items())
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else plain(value)


def unbroken(sentence: str) -> str:
    """A sentence in which no line ends between a number and its unit, or within `p = 0.014`."""
    return re.sub(r"(?<=\d) (?=%|s\b)|(?<=\bp) (?=[=<])|(?<=\bp [=<]) ", SPACE, sentence)


FILTERS: dict[str, Callable[..., str]] = {
    each.__name__: each
    for each in (cell, count, decimals, interval, percent, p_value, plain, points, seconds, unbroken)
}
"""Under the names that the templates use."""
