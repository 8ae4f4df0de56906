"""The upright strokes of boxes, combs and tables whose level lines were removed: they are no ones."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mnistlab.reader.segmentation.light import Mask
from mnistlab.reader.segmentation.windows import any_within

_MIN_TOOTH: Final = 8  # pixels; the height of a comb's tooth
_AT_TOOTH: Final = 7  # pixels between a tooth and the end of its line, at most
_ON_LINE: Final = 3  # pixels between a tooth and its line, up or down
_BROKEN: Final = 9  # pixels; an upright rule whose pieces are nearer is one
_MAX_SLOPE: Final = 0.6  # columns for each row of an upright rule that leans, from perspective
_SAME_SLOPE: Final = 0.12  # by which those of two such rules differ
_REACH: Final = 81  # pixels; gaps in a line up to this length do not end it


class Upright(NamedTuple):
    """A thin straight stroke: the number of its ink, its place, and its columns for each row where it leans."""

    number: int
    rows: slice
    columns: slice
    slope: float

    @property
    def height(self) -> int:
        """Its rows."""
        return int(self.rows.stop - self.rows.start)


Uprights = tuple[npt.NDArray[np.intp], list[Upright]]


def find_uprights(is_ink: Mask, level: Mask) -> Uprights:
    """Strokes that are as thin and straight as the level lines that were removed.

    Returns:
        Numbers of the connected ink, int `(height, width)`, and the strokes; none if there are no such lines.
    """
    if not level.any():
        return np.zeros(is_ink.shape, np.intp), []
    grown = any_within(is_ink, _BROKEN, axis=0)
    labels = ndimage.label(grown, np.ones((3, 3)))[0] * is_ink
    widest = 1.8 * thickness(level) + 3  # a 1 is not as straight, or of another thickness
    uprights = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if height < _MIN_TOOTH:
            continue
        if width <= widest:
            uprights.append(Upright(number, rows, columns, 0.0))
        elif height >= 2 * _MIN_TOOTH and width <= _MAX_SLOPE * height + widest:
            down, right = np.nonzero(labels[rows, columns] == number)
            slope, start = np.polyfit(down, right, 1)
            if np.ptp(right - slope * down - start) <= widest and abs(slope) <= _MAX_SLOPE:
                uprights.append(Upright(number, rows, columns, float(slope)))
    return labels, uprights


def find_teeth(uprights: Uprights, level: Mask) -> Mask:
    """The upright strokes of combs and boxes whose level lines were removed.

    A comb's line ends in a tooth on either side; all other strokes on it that are as high, thin and straight are teeth
    too. A 1 that stands on a ruled line is none, for no stroke stands at the ends of that line.
    """
    labels, thin = uprights
    teeth = np.zeros_like(level)
    if not thin:
        return teeth
    grown = any_within(any_within(level, 3, axis=0), _REACH, axis=1)
    line_labels, _ = ndimage.label(grown)
    lines = ndimage.find_objects(np.where(level, line_labels, 0))
    for place in lines:
        if place is None:
            continue
        line_rows, line_columns = place
        on_line = [
            one
            for one in thin
            if not one.slope
            and one.columns.stop >= line_columns.start - _AT_TOOTH
            and one.columns.start <= line_columns.stop + _AT_TOOTH
            and one.rows.start - _ON_LINE <= line_rows.stop
            and line_rows.start <= one.rows.stop + _ON_LINE
        ]
        ends = [
            [one.height for one in on_line if abs(getattr(one.columns, side) - at) <= _AT_TOOTH]
            for side, at in (("start", line_columns.start), ("stop", line_columns.stop))
        ]
        if not (ends[0] and ends[1]):
            continue
        height = max(max(ends[0]), max(ends[1]))
        for one in on_line:
            if 0.6 * height <= one.height <= 1.4 * height:
                teeth[one.rows, one.columns] |= labels[one.rows, one.columns] == one.number
    return teeth


def find_sides(uprights: Uprights, level: Mask, num_others: int) -> Mask:
    """Straight thin strokes that reach from one removed level line to another: the sides of boxes.

    On a page without boxes or combs, a single one may be a 1 that fills its row from rule to rule; then each must have
    others of its height, at least so many. One that leans must have another that leans alike.
    """
    labels, thin = uprights
    sides = np.zeros_like(level)
    reach = _ON_LINE + 1
    found = []
    for one in thin:
        width = one.columns.stop - one.columns.start
        if one.height < 2 * _MIN_TOOTH or (not one.slope and one.height < 4 * width):
            continue
        across = slice(max(one.columns.start - _AT_TOOTH, 0), one.columns.stop + _AT_TOOTH)
        ends = [level[max(row - reach, 0) : row + reach, across].any() for row in (one.rows.start, one.rows.stop)]
        if all(ends):
            found.append(one)
    for one in found:
        alike = sum(other.number != one.number and _are_alike(one, other) for other in found)
        if alike >= (1 if one.slope else num_others):
            sides[one.rows, one.columns] |= labels[one.rows, one.columns] == one.number
    return sides


def _are_alike(one: Upright, other: Upright) -> bool:
    """Whether two uprights have about the same height and, if the first leans, lean alike."""
    is_parallel = not one.slope or abs(one.slope - other.slope) <= _SAME_SLOPE
    return 0.8 * one.height <= other.height <= 1.25 * one.height and is_parallel


def thickness(lines: Mask) -> float:
    """Mean thickness of level lines in pixels."""
    starts = np.count_nonzero(lines[1:] & ~lines[:-1]) + np.count_nonzero(lines[0])
    return float(np.count_nonzero(lines) / max(int(starts), 1))
