"""Words for numbers, tables of them, and text of unknown origin made printable.

A number and its unit have an ordinary space between them; what a browser shows goes through `unbroken`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mnistlab.exceptions import UsageError

if TYPE_CHECKING:
    import numpy.typing as npt

MAX_COMBINING = 3  # combining marks on one character; more would climb over the lines above


def count(value: float | None) -> str:
    """A count with separators, a dash if it is not known.

    Example:
        >>> count(60_000), count(None)
        ('60,000', '–')
    """
    return "–" if value is None else f"{value:,.0f}"


def plural(num: int, noun: str, nouns: str | None = None, *, spec: str = ",") -> str:
    """A count with its noun.

    Args:
        num: The count.
        noun: The noun for one thing.
        nouns: The noun for several; by default with an s.
        spec: Format of the count: with separators by default, without as `"d"`.

    Example:
        >>> plural(1, "epoch"), plural(2_000, "epoch"), plural(2, "empty box", "empty boxes")
        ('1 epoch', '2,000 epochs', '2 empty boxes')
    """
    return f"{num:{spec}} {noun if num == 1 else nouns or noun + 's'}"


def percent(value: float | None, digits: int = 2, *, unit: str = " %") -> str:
    """A fraction as a percentage, a dash if it is not known.

    Example:
        >>> percent(0.98), percent(0.98, 0), percent(0.98, unit=""), percent(None)
        ('98.00 %', '98 %', '98.00', '–')
    """
    return "–" if value is None else f"{100 * value:.{digits}f}{unit}"


def chance(value: float, digits: int = 1) -> str:
    """A probability as a percentage. What softmax gives lies between 0 and 1, even where it is rounded to one of them.

    Example:
        >>> chance(0.998), chance(0.99971), chance(1.0), chance(0.62, 0)
        ('99.8 %', 'more than 99.9 %', 'more than 99.9 %', '62 %')
    """
    least = 10.0**-digits  # per cent
    if value < least / 100:
        return f"less than {least:.{digits}f} %"
    if value > 1 - least / 100:
        return f"more than {100 - least:.{digits}f} %"
    return percent(value, digits)


def points(value: float) -> str:
    """A difference of fractions in percentage points, with its sign.

    Example:
        >>> points(-0.0038)
        '-0.38'
    """
    return f"{100 * value:+.2f}"


def interval(bounds: Sequence[float], *, unit: str = " %") -> str:
    """Two fractions as a range of percentages.

    Example:
        >>> interval((0.977, 0.983)), interval((0.977, 0.983), unit="")
        ('97.70–98.30 %', '97.70–98.30')
    """
    return f"{percent(bounds[0], unit='')}–{percent(bounds[1], unit=unit)}"


def seconds(value: float | None) -> str:
    """A measured duration, a dash if it is not known.

    Example:
        >>> seconds(1234.56)
        '1,234.6 s'
    """
    return "–" if value is None else f"{value:,.1f} s"


def duration(value: float) -> str:
    """An estimated duration, as exact as an estimate is.

    Example:
        >>> duration(89.4), duration(91.0)
        ('89 s', '2 min')
    """
    return f"{value:.0f} s" if value < 90 else f"{value / 60:.0f} min"


def decimals(value: float | None, digits: int = 4) -> str:
    """A figure with a fixed number of decimals, a dash if it is not known.

    Example:
        >>> decimals(0.05)
        '0.0500'
    """
    return "–" if value is None else f"{value:.{digits}f}"


def p_value(value: float | None) -> str:
    """A p-value of a table, a dash if there is none.

    Example:
        >>> p_value(0.01421)
        '0.014'
    """
    return "–" if value is None else f"{value:.2g}"


def plain(value: object) -> str:
    """Any value, briefly.

    Example:
        >>> plain(0.1), plain(None), plain("all")
        ('0.1', 'none', 'all')
    """
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def cell(value: object) -> str:
    """A cell of a table whose columns are not known beforehand.

    Example:
        >>> cell(60_000), cell({"width_shift": 0.1, "shear": 0.3})
        ('60,000', 'width shift 0.1, shear 0.3')
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {plain(part)}" for name, part in value.items())
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else plain(value)


def table(rows: Iterable[Sequence[str]], num_left: int = 1) -> list[str]:
    """Lines of text with aligned columns, two spaces between them.

    Args:
        rows: The cells of each row, the same number in each; titles are a row like the others.
        num_left: Number of columns that begin on the left; the others, numbers, end on the right.

    Example:
        >>> print("\\n".join(table([["run", "errors"], ["mlp-seed0", "180"]])))
        run        errors
        mlp-seed0     180
    """
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    aligned = [str.ljust] * num_left + [str.rjust] * (len(widths) - num_left)
    return [
        "  ".join(align(text, width) for align, text, width in zip(aligned, row, widths, strict=True)) for row in cells
    ]


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
    """Text with no-break spaces between a number and its unit, and within `p = 0.014`, so that no line ends there.

    Example:
        >>> unbroken("98.00 % after 6.0 s").split(" ")
        ['98.00\\xa0%', 'after', '6.0\\xa0s']
    """
    return re.sub(r"(?<=\d) (?=%|s\b)|(?<=\bp) (?=[=<])|(?<=\bp [=<]) ", "\u00a0", sentence)


def format_matrix(matrix: npt.ArrayLike, format_spec: str = "g") -> str:
    """A matrix as text in aligned columns, to see an image as numbers.

    Every value is formatted first and the columns are aligned afterwards, so the format may have its own sign, width
    or padding. Whole numbers may have any type: `"d"` or `"x"` also format the floats 0.0, 1.0, 2.0.

    Args:
        matrix: Real numbers or booleans `(num_rows, num_columns)`.
        format_spec: Text after the colon in a Python format, such as `"g"`, `".2f"`, `"+d"`, `"02x"` or `"04d"`.

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
    return "\n".join(table(cells, num_left=0))


def _format_value(value: Any, format_spec: str) -> str:
    """Formats one NumPy number; integer formats also take whole floats and booleans, which `format` rejects."""
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
