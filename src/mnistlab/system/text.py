"""Numbers as reports write them, a dash standing for what is not known; and text of unknown origin, made printable."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mnistlab.exceptions import UsageError

if TYPE_CHECKING:
    import numpy.typing as npt

SPACE = "\u00a0"  # a number and its unit stay on one line
MAX_COMBINING = 3  # combining marks on one character; more would climb over the lines above


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


def printable(text: object, max_length: int = 300) -> str:
    """Text from another process or a file system as one line of visible characters that cannot steer a terminal.

    Control characters, those that change the direction of writing, and those that are invisible or unassigned become
    `?`; white space becomes single spaces; piles of combining marks are cut down.

    Args:
        text: Any object; what `str` makes of it is shown.
        max_length: Most characters of the line; longer text ends in `…`.

    Example:
        >>> printable("\\x1b[2Jall\\nright \\u202egpj.exe")
        '?[2Jall right ?gpj.exe'
    """
    shown: list[str] = []
    num_combining = 0
    for character in str(text)[: 10 * max_length]:
        category = unicodedata.category(character)
        num_combining = num_combining + 1 if category in ("Mn", "Me") else 0
        if num_combining <= MAX_COMBINING:
            shown.append(" " if character.isspace() else "?" if category.startswith("C") else character)
    line = " ".join("".join(shown).split())
    return line if len(line) <= max_length else line[: max_length - 1] + "…"


def spreadsheet_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula.

    Source: OWASP, "CSV Injection".

    Example:
        >>> spreadsheet_cell("=HYPERLINK(1).ipynb")
        "'=HYPERLINK(1).ipynb"
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")) else text


def unbroken(sentence: str) -> str:
    """A sentence in which no line ends between a number and its unit, or within `p = 0.014`."""
    return re.sub(r"(?<=\d) (?=%|s\b)|(?<=\bp) (?=[=<])|(?<=\bp [=<]) ", SPACE, sentence)


def format_matrix(matrix: npt.ArrayLike, format_spec: str = "g") -> str:
    """A matrix as text in aligned columns, to see an image as the numbers it is.

    Every value is formatted first and the columns are aligned afterwards, so the format may have its own sign, width
    or padding. Whole numbers may have any type: `"d"` or `"x"` also format the floats 0.0, 1.0, 2.0.

    Args:
        matrix: real numbers or booleans `(num_rows, num_columns)`.
        format_spec: what stands after the colon in a Python format, such as `"g"`, `".2f"`, `"+d"`, `"02x"` or `"04d"`.

    Returns:
        One line per row, each column right-aligned to its widest value, two spaces between columns, no newline
        at the end.

    Raises:
        UsageError: (a `ValueError`) the matrix is not two-dimensional or not of numbers, or the format does not fit a
            value.

    Example:
        >>> print(format_matrix([[0, 255], [12, 7]]))
         0  255
        12    7
        >>> print(format_matrix([[0.5, -1.25]], "+.2f"))
        +0.50  -1.25
    """
    import numpy as np  # here, because most words need no NumPy

    values = np.asarray(matrix)
    if values.ndim != 2 or values.dtype.kind not in "buif":
        raise UsageError(
            f"format_matrix got {values.dtype} {values.shape}, but numbers (num_rows, num_columns) were expected. "
            "Pass one image, not a batch."
        )
    cells = [[_format_value(value, format_spec) for value in row] for row in values]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.rjust, row, widths)) for row in cells)


def _format_value(value: Any, format_spec: str) -> str:
    """Formats one NumPy number; integer formats also take whole floats and booleans, which `format` refuses."""
    candidates = [value]
    if math.isfinite(value) and value == int(value):
        candidates.append(int(value))
    for candidate in candidates:
        try:
            return format(candidate, format_spec)
        except (ValueError, TypeError, OverflowError) as error:
            reason = error
    raise UsageError(
        f"The format {format_spec!r} does not fit the value {value} of type {value.dtype} ({reason}). "
        'Use one such as "g", ".2f", "d" (whole numbers only) or "x" (likewise).'
    )


FILTERS: dict[str, Callable[..., str]] = {
    each.__name__: each
    for each in (cell, count, decimals, interval, percent, p_value, plain, points, seconds, unbroken)
}
"""Under the names that the templates use."""
