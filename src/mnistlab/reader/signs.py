"""Signs that look like digits: the slash of a date like a 1, a dollar sign like an 8, a percent sign like three."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mnistlab.reader.judging import Judged

_INK: Final = 100  # of 255, from which a pixel is ink
_STRAIGHT: Final = 1.35  # times its thickness, the width of a straight stroke; a flag or a base makes it wider
_SLIM: Final = 0.14  # of its length, the width of one that is straight in any case
_LEAN: Final = 9.0  # degrees from upright, the top to the right
_LONG: Final = 1.1  # of the height of the digits beside it: what leans and is as long may be a slash
_LONGER: Final = 1.3  # what leans and is as long is one
_BAR: Final = 1.25  # what is as long may be a bar, whether it leans or not

_ENDS: Final = 0.1  # of the height of a find, its upper and its lower end
_THIN: Final = 0.35  # of its width, that the ends of a dollar sign are wide at most
_MIDDLE: Final = 0.3, 0.7  # of its width, between which they stand
_RING: Final = 0.25, 0.62  # of the height of a percent sign's stroke, the size of its rings, from and to
_ASIDE: Final = 0.35  # of the stroke's height, by which its rings may stand beside it


def mark_signs(judged: Sequence[Judged]) -> list[Judged]:
    """Marks finds that are, or may be, signs: "slash", "long", "dollar" and "percent".

    Args:
        judged: Finds with their verdicts, in reading order, whose boxes are on the page as it was read.
    """
    return [one.marked("dollar") if _is_dollar(one) else one for one in _mark_slashes(_mark_percent(judged))]


def _mark_slashes(judged: Sequence[Judged]) -> list[Judged]:
    """Marks strokes between digits of their line: "slash" for what is one, "long" for what may be one, or a bar."""
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
    lean, is_straight = _stroke(one.found.crop)
    if not is_straight or (lean < _LEAN and length < _BAR):
        return ""
    return "slash" if lean >= _LEAN and length >= _LONGER else "long"


def _stroke(crop: NDArray[np.uint8]) -> tuple[float, bool]:
    """How far a stroke leans to the right, in degrees, and whether it is straight."""
    down, right = np.nonzero(crop > _INK)
    if len(down) < 2:
        return 0.0, False
    spreads, axes = np.linalg.eigh(np.cov(np.stack([right, -down])))
    across, along = np.sqrt(12 * np.maximum(spreads, 1 / 12))  # sides of a rectangle with the same spread
    ahead = axes[:, 1] * np.sign(axes[1, 1])
    thickness = max(len(down) / along, 1.0)  # of a pen that skips or draws two lines, less than the width
    is_straight = across <= max(_STRAIGHT * thickness, _SLIM * along)
    return float(np.degrees(np.arctan2(ahead[0], ahead[1]))), bool(is_straight)


def _is_dollar(one: Judged) -> bool:
    """Whether a stroke stands out in the middle above and below what looks like a digit with curves at both ends."""
    if one.verdict.digit in (1, 4, 7, None):
        return False
    ink = one.found.crop > _INK
    ink = ink[np.ix_(ink.any(axis=1), ink.any(axis=0))]
    if not ink.size:
        return False
    rows, width = max(1, round(_ENDS * len(ink))), ink.shape[1]
    low, high = (share * (width - 1) for share in _MIDDLE)
    places = [np.nonzero(end)[1] for end in (ink[:rows], ink[-rows:])]
    return all(np.ptp(end) + 1 <= _THIN * width and low <= end.mean() <= high for end in places)


def _mark_percent(judged: Sequence[Judged]) -> list[Judged]:
    """Marks the pieces of a percent sign: a stroke with a small ring at its upper left, another at its lower right."""
    boxes = np.array([one.found.box for one in judged], float).reshape(-1, 4)
    marked = set[int]()
    for at, one in enumerate(judged):
        # A ring that touches the stroke makes a 9 with it, or a 4 or 7; the lower one makes a 6.
        if one.verdict.digit in (1, 4, 6, 7, 9):
            upper, lower = _rings(boxes[at], boxes)
            upper[at] = lower[at] = False
            has_upper = one.verdict.digit in (4, 7, 9) or upper.any()
            has_lower = one.verdict.digit == 6 or lower.any()
            if has_lower and has_upper:
                marked |= {at, *np.flatnonzero(upper | lower).tolist()}
    return [one.marked("percent") if at in marked else one for at, one in enumerate(judged)]


def _rings(box: NDArray[np.float64], boxes: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which boxes may be the upper left, and which the lower right ring of a percent sign with its stroke in `box`."""
    top, left, bottom, right = box
    height, middle = bottom - top, (top + bottom) / 2
    least, most = (share * height for share in _RING)
    sizes = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    centres = (boxes[:, 1] + boxes[:, 3]) / 2
    near = (boxes[:, 3] > left - _ASIDE * height) & (boxes[:, 1] < right + _ASIDE * height)
    near &= (boxes[:, 0] > top - 0.3 * height) & (boxes[:, 2] < bottom + 0.3 * height)
    near &= (sizes >= least) & (sizes <= most)
    upper = near & (boxes[:, 2] <= middle + 0.2 * height) & (centres < (left + right) / 2)
    lower = near & (boxes[:, 0] >= middle - 0.2 * height) & (centres > (left + right) / 2)
    return upper, lower
