"""Removes the printed lines of ruled and squared paper, and leaves the strokes that cross them whole."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mnistlab.reader.segmentation.frames import find_frames
from mnistlab.reader.segmentation.light import Floats, Mask

class Upright(NamedTuple):
    """A thin straight stroke: the number of its ink, its place, and its columns for each row where it leans."""

    number: int
    rows: slice
    columns: slice
    slope: float

    @property
    def height(self) -> int:
        """Its rows."""
        return self.rows.stop - self.rows.start


Uprights = tuple[npt.NDArray[np.intp], list[Upright]]

MAX_WIDTH: Final = 6  # pixels of the reduced copy; wider ones are strokes
_PALE: Final = 0.75  # of the usual ink; darker lines cannot be told from writing by their darkness
_RUN: Final = 81  # pixels along which ink is counted
_MIN_COVER: Final = (
    0.6  # fraction of them that is ink on a line that no stroke crosses; digits in a row leave larger gaps
)
_BRIDGE: Final = 4 * _RUN  # pixels; gaps up to this length between pieces of a line count as line
_LONG: Final = 1.8  # of the usual size of the writing; a base or a bar of a digit is shorter
_RULED: Final = 3  # lines that are long enough; where there are as many, the paper is ruled, and shorter ones are rules
_ENOUGH: Final = 0.2  # of the ink that touches no line, to tell the size of the writing
_MAX_STROKES: Final = 3  # level or upright strokes of one digit
_MIN_TOOTH: Final = 8  # pixels; the height of a comb's tooth
_AT_TOOTH: Final = 7  # pixels between a tooth and the end of its line, at most
_ON_LINE: Final = 3  # pixels between a tooth and its line, up or down
_BROKEN: Final = 9  # pixels; an upright rule whose pieces are nearer is one
_MAX_SLOPE: Final = 0.6  # columns for each row of an upright rule that leans, from perspective
_SAME_SLOPE: Final = 0.12  # by which those of two such rules differ
_AT_BORDER: Final = 0.03  # of the page's width; lines that come as near to both borders cross the page
_MIN_PART: Final = 0.25  # of the page's width; least total length of a line


def remove_ruling(is_ink: Mask, ink: Floats, margin: int = 0) -> tuple[Mask, Mask]:
    """Removes level and upright lines that are thin and cross much of the page, and the lines of boxes and tables.

    What crosses a line stays whole, and so does a straight line that is part of a digit, such as the base of a 1: it is
    not much longer than the writing is high, and does not reach the borders of the picture.

    Args:
        is_ink: Pixels of a level page that are ink.
        ink: Ink on the same page, 1 the usual ink.
        margin: Pixels of ground around the picture on this page.

    Returns:
        The ink without lines, and the pixels of the lines.
    """
    frames = find_frames(is_ink, whole_page=False)
    whole, found = _remove_frames(is_ink, ink, frames) if frames.any() else (is_ink, frames)
    level = _keep_long(_find_level(whole), whole, margin)
    left, lines = _remove_level(whole, ink, level)
    turned = np.ascontiguousarray(left.T)
    upright = _keep_long(_find_level(turned), turned, margin)
    turned, columns = _remove_level(turned, ink.T, upright)
    left, lines = turned.T, lines | columns.T
    level = lines & ~columns.T
    frames = find_frames(left, whole_page=True)  # without the rules of the paper, a frame on it is ink of its own
    if frames.any():
        left, others = _remove_frames(left, ink, frames)
        found |= others
    level |= _level_runs(found)
    uprights = _find_uprights(left, level)
    combs = _find_teeth(uprights, level)
    combs |= _find_sides(uprights, level, num_others=int(not (found.any() or combs.any())))
    return left & ~combs, lines | found | combs


def _level_runs(lines: Mask) -> Mask:
    """The pixels of lines that are on a level run of some length; those of upright lines are not."""
    runs = ndimage.minimum_filter1d(lines.view(np.uint8), _RUN // 5, axis=1)
    long: Mask = ndimage.maximum_filter1d(runs, _RUN // 5, axis=1).view(bool)
    return long


def _find_uprights(is_ink: Mask, level: Mask) -> Uprights:
    """Strokes that are as thin and straight as the level lines that were removed.

    Returns:
        Numbers of the connected ink, int `(height, width)`, and the strokes; none if there are no such lines.
    """
    if not level.any():
        return np.zeros(is_ink.shape, np.intp), []
    grown = ndimage.maximum_filter1d(is_ink.view(np.uint8), _BROKEN, axis=0)
    labels = ndimage.label(grown, np.ones((3, 3)))[0] * is_ink
    widest = 1.8 * _thickness(level) + 3  # a 1 is not as straight, or of another thickness
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


def _find_teeth(uprights: Uprights, level: Mask) -> Mask:
    """The upright strokes of combs and boxes whose level lines were removed.

    A comb's line ends in a tooth on either side; all other strokes on it that are as high, thin and straight are teeth
    too. A 1 that stands on a ruled line is none, for no stroke stands at the ends of that line.
    """
    labels, thin = uprights
    teeth = np.zeros_like(level)
    if not thin:
        return teeth
    grown = ndimage.maximum_filter1d(ndimage.maximum_filter1d(level.view(np.uint8), 3, axis=0), _BRIDGE // 4, axis=1)
    line_labels, _ = ndimage.label(grown)
    lines = ndimage.find_objects(np.where(level, line_labels, 0))
    for place in lines:
        if place is None:
            continue
        line_rows, line_columns = place
        on_line = [
            (number, rows, columns)
            for number, rows, columns, slope in thin
            if not slope
            and columns.stop >= line_columns.start - _AT_TOOTH
            and columns.start <= line_columns.stop + _AT_TOOTH
            and rows.start - _ON_LINE <= line_rows.stop
            and line_rows.start <= rows.stop + _ON_LINE
        ]
        ends = [
            [rows.stop - rows.start for _, rows, columns in on_line if abs(getattr(columns, side) - at) <= _AT_TOOTH]
            for side, at in (("start", line_columns.start), ("stop", line_columns.stop))
        ]
        if not (ends[0] and ends[1]):
            continue
        height = max(max(ends[0]), max(ends[1]))
        for number, rows, columns in on_line:
            if 0.6 * height <= rows.stop - rows.start <= 1.4 * height:
                teeth[rows, columns] |= labels[rows, columns] == number
    return teeth


def _find_sides(uprights: Uprights, level: Mask, num_others: int) -> Mask:
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


def _keep_long(lines: Mask, is_ink: Mask, margin: int) -> Mask:
    """The lines that are far longer than digits, or reach from border to border; all of them on ruled paper."""
    if not lines.any():
        return lines
    grown = ndimage.maximum_filter1d(ndimage.maximum_filter1d(lines.view(np.uint8), 5, axis=0), _BRIDGE, axis=1)
    labels, count = ndimage.label(grown)
    places = [place[1] for place in ndimage.find_objects(np.where(lines, labels, 0), count) if place is not None]
    width = lines.shape[1]
    edge = margin + _AT_BORDER * (width - 2 * margin) + 2
    crosses = np.array([place.start <= edge and place.stop >= width - edge for place in places])
    if crosses.all():
        return lines
    usual = _usual_size(is_ink, lines, len(places))
    is_rule = crosses | np.array([place.stop - place.start >= _LONG * usual for place in places])
    if is_rule.all() or is_rule.sum() >= _RULED:
        return lines
    numbers = [number for number, place in enumerate(ndimage.find_objects(np.where(lines, labels, 0)), 1) if place]
    keep = np.zeros(count + 1, dtype=bool)
    keep[np.array(numbers)[is_rule]] = True
    kept: Mask = lines & keep[labels]
    return kept


def _usual_size(is_ink: Mask, lines: Mask, num_lines: int) -> float:
    """The longer side of most of the writing, weighted by its ink: of the parts on no line, if they are enough.

    Otherwise a few lines may be strokes of the writing, and many are rules on which all of it stands.
    """
    labels, count = ndimage.label(is_ink, np.ones((3, 3)))
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    areas[0] = 0
    on_line = np.zeros(count + 1, dtype=bool)
    on_line[np.unique(labels[lines])] = True
    if areas[~on_line].sum() >= _ENOUGH * areas.sum():
        areas[on_line] = 0
    elif num_lines > _MAX_STROKES:
        across = _find_level(np.ascontiguousarray(is_ink.T)).T  # squared paper holds all writing together both ways
        band = ndimage.maximum_filter((lines | across).view(np.uint8), 3).view(bool)
        labels, count = ndimage.label(is_ink & ~band, np.ones((3, 3)))
        areas = np.bincount(labels.ravel(), minlength=count + 1)
        areas[0] = 0
    if not areas.any():
        return 0.0
    boxes = ndimage.find_objects(labels)
    sides = np.array([0, *(max(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in boxes)])
    order = np.argsort(sides)
    total = np.cumsum(areas[order])
    return float(sides[order][np.searchsorted(total, total[-1] / 2)])


def _remove_frames(is_ink: Mask, ink: Floats, frames: Mask) -> tuple[Mask, Mask]:
    """Removes the lines of frames, and keeps what crosses them: ink that goes on at both sides of a line, or is darker."""
    band = ndimage.maximum_filter(frames.view(np.uint8), 3).view(bool) & is_ink
    bare = is_ink & ~band
    reach = 2 * round(_thickness(frames) / 2 + 1.5) + 1
    near = ndimage.maximum_filter(bare.view(np.uint8), reach).view(bool)
    left = bare.copy()
    crossing = np.zeros_like(bare)
    for axis in (0, 1):
        half = reach // 2
        grown = ndimage.maximum_filter1d(bare.view(np.uint8), 3, axis=1 - axis)
        before = ndimage.maximum_filter1d(grown, reach, axis=axis, origin=half).view(bool)
        after = ndimage.maximum_filter1d(grown, reach, axis=axis, origin=-half).view(bool)
        crossing |= band & before & after
    left |= crossing & near
    usual = float(np.median(ink[frames]))
    if usual < _PALE:
        left |= band & _is_dark(ink, usual)
    return left, band & ~left


def _is_dark(ink: Floats, usual: float) -> Mask:
    """Ink that is clearly darker than lines whose usual ink is given."""
    dark: Mask = ink > usual + 0.5 * max(1 - usual, 0.3)
    return dark


def _remove_level(is_ink: Mask, ink: Floats, lines: Mask) -> tuple[Mask, Mask]:
    if not lines.any():
        return is_ink, lines
    band = ndimage.maximum_filter1d(lines.view(np.uint8), 3, axis=0).view(bool)
    bare = is_ink & ~band
    # Writing on a line is darker than the line, or it continues above and below the line.
    usual = float(np.median(ink[lines]))
    half = (round(_thickness(lines)) + 3) // 2
    window = 2 * half + 1  # rows, beginning or ending with the pixel's own
    grown = ndimage.maximum_filter1d(bare.view(np.uint8), 3, axis=1)
    from_above = ndimage.maximum_filter1d(grown, window, axis=0, origin=half).view(bool)
    from_below = ndimage.maximum_filter1d(grown, window, axis=0, origin=-half).view(bool)
    is_darker = ink > usual + 0.25 * (1 - usual) if usual < _PALE else is_ink
    crossing = band & is_ink & (_is_dark(ink, usual) | (from_above & from_below & is_darker))
    return bare | crossing, band & ~crossing


def _thickness(lines: Mask) -> float:
    """Mean thickness of level lines in pixels."""
    starts = np.count_nonzero(lines[1:] & ~lines[:-1]) + np.count_nonzero(lines[0])
    return float(np.count_nonzero(lines) / max(int(starts), 1))


def _find_level(is_ink: Mask) -> Mask:
    """Thin ink of long level lines, which may have gaps from noise."""
    cells = is_ink.view(np.uint8)
    thick = ndimage.minimum_filter1d(cells, MAX_WIDTH + 1, axis=0)
    thick = ndimage.maximum_filter1d(thick, MAX_WIDTH + 1, axis=0)
    thin = cells & (1 - thick)
    rows = ndimage.maximum_filter1d(thin, 3, axis=0)  # a line with a slight slope changes rows
    covered = ndimage.uniform_filter1d(rows.astype(np.float32), _RUN, axis=1, mode="nearest")
    free = ndimage.uniform_filter1d(1 - thick.astype(np.float32), _RUN, axis=1, mode="nearest")
    runs = covered > np.maximum(_MIN_COVER * free, 0.2)
    if not runs.any():
        return np.zeros_like(is_ink)
    # Pieces of one line, parted by strokes, are on nearly the same rows.
    bridged = ndimage.maximum_filter1d(ndimage.maximum_filter1d(runs.view(np.uint8), 3, axis=0), _BRIDGE, axis=1)
    labels, count = ndimage.label(bridged)
    keep = np.zeros(count + 1, dtype=bool)
    for number, place in enumerate(ndimage.find_objects(np.where(runs, labels, 0), count), 1):
        keep[number] = place is not None and place[1].stop - place[1].start >= _MIN_PART * is_ink.shape[1]
    lines: Mask = (thin & keep[labels]).view(bool)
    return lines
