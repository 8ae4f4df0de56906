"""A straight stroke between digits, longer than they are and leaning, is the slash of a date or a fraction, not a 1."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mnistlab.reader.judging import Judged

_INK: Final = 100  # of 255, from which a pixel is ink
_STRAIGHT: Final = 1.35  # times its thickness, the width of a stroke; a flag or a base makes it wider
_LEAN: Final = 9.0  # degrees from upright, the top to the right
_LONG: Final = 1.1  # of the height of the digits beside it: what leans and is as long may be a slash
_LONGER: Final = 1.3  # what leans and is as long is one
_BAR: Final = 1.25  # what is as long may be a bar, whether it leans or not


def mark_slashes(judged: Sequence[Judged]) -> list[Judged]:
    """Marks strokes between digits of their line: "slash" for what is one, "long" for what may be one, or a bar.

    Args:
        judged: Finds with their verdicts, in reading order, whose boxes are on the page as it was read.
    """
    marked = []
    for _, found in groupby(judged, key=lambda one: one.found.line):
        line = list(found)
        heights = [one.height for one in line if one.verdict.digit not in (1, None)]
        usual = median(heights) if heights else np.inf
        marks = [_mark(one, one.height / usual) for one in line]
        for at, (one, mark) in enumerate(zip(line, marks, strict=True)):
            if not mark or not 0 < at < len(line) - 1:
                marked.append(one)
            else:  # two in a row are written by somebody whose ones are as long
                marked.append(one.marked("long" if marks[at - 1] or marks[at + 1] else mark))
    return marked


def _mark(one: Judged, length: float) -> str:
    """The mark of a find by its length, as a fraction of the height of the digits beside it; empty if it has none."""
    if one.verdict.digit != 1 or length < _LONG:
        return ""
    lean, width = _stroke(one.found.crop)
    if width > _STRAIGHT or (lean < _LEAN and length < _BAR):
        return ""
    return "slash" if lean >= _LEAN and length >= _LONGER else "long"


def _stroke(crop: NDArray[np.uint8]) -> tuple[float, float]:
    """How far a stroke leans to the right, in degrees, and how wide it is across, in its own thicknesses."""
    down, right = np.nonzero(crop > _INK)
    if len(down) < 2:
        return 0.0, 1.0
    spreads, axes = np.linalg.eigh(np.cov(np.stack([right, -down])))
    across, along = np.sqrt(12 * np.maximum(spreads, 1 / 12))  # sides of a rectangle with the same spread
    ahead = axes[:, 1] * np.sign(axes[1, 1])
    return float(np.degrees(np.arctan2(ahead[0], ahead[1]))), float(across / max(len(down) / along, 1.0))
