"""Removes the printed lines of ruled and squared paper, and leaves the strokes that cross them whole."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from mnistlab.reader.segmentation.dashes import are_bars
from mnistlab.reader.segmentation.frames import find_frames
from mnistlab.reader.segmentation.light import Floats, Mask
from mnistlab.reader.segmentation.uprights import find_sides, find_teeth, find_uprights, thickness
from mnistlab.reader.segmentation.windows import all_within, any_around, any_within

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
    uprights = find_uprights(left, level)
    combs = find_teeth(uprights, level)
    combs |= find_sides(uprights, level, num_others=int(not (found.any() or combs.any())))
    return left & ~combs, lines | found | combs


def _level_runs(lines: Mask) -> Mask:
    """The pixels of lines that are on a level run of some length; those of upright lines are not."""
    return any_within(all_within(lines, _RUN // 5, axis=1), _RUN // 5, axis=1)


def _keep_long(lines: Mask, is_ink: Mask, margin: int) -> Mask:
    """The lines that are far longer than digits, or reach from border to border; all of them on ruled paper.

    A few may be the bars of signs in a row instead.
    """
    if not lines.any():
        return lines
    grown = any_within(any_within(lines, 5, axis=0), _BRIDGE, axis=1)
    labels = np.where(lines, ndimage.label(grown)[0], 0)
    places = {number: place[1] for number, place in enumerate(ndimage.find_objects(labels), 1) if place is not None}
    if len(places) < _RULED:
        places = {number: place for number, place in places.items() if not are_bars(labels == number, is_ink)}
        lines = np.isin(labels, [*places])
        if not places:
            return lines
    width = lines.shape[1]
    edge = margin + _AT_BORDER * (width - 2 * margin) + 2
    crosses = np.array([place.start <= edge and place.stop >= width - edge for place in places.values()])
    if crosses.all():
        return lines
    usual = _usual_size(is_ink, lines, len(places))
    is_rule = crosses | np.array([place.stop - place.start >= _LONG * usual for place in places.values()])
    if is_rule.all() or is_rule.sum() >= _RULED:
        return lines
    return np.isin(labels, np.array([*places])[is_rule])


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
        band = any_around(lines | across, 3)
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
    """Removes the lines of frames, and keeps what crosses them: ink that goes on at both sides, or is darker."""
    band = any_around(frames, 3) & is_ink
    bare = is_ink & ~band
    reach = 2 * round(thickness(frames) / 2 + 1.5) + 1
    near = any_around(bare, reach)
    left = bare.copy()
    crossing = np.zeros_like(bare)
    for axis in (0, 1):
        half = reach // 2
        grown = any_within(bare, 3, axis=1 - axis)
        before, after = (any_within(grown, reach, axis, ahead) for ahead in (-half, half))
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
    band = any_within(lines, 3, axis=0)
    bare = is_ink & ~band
    # Writing on a line is darker than the line, or it continues above and below the line.
    usual = float(np.median(ink[lines]))
    half = (round(thickness(lines)) + 3) // 2
    window = 2 * half + 1  # rows, beginning or ending with the pixel's own
    grown = any_within(bare, 3, axis=1)
    from_above, from_below = (any_within(grown, window, 0, ahead) for ahead in (-half, half))
    is_darker = ink > usual + 0.25 * (1 - usual) if usual < _PALE else is_ink
    crossing = band & is_ink & (_is_dark(ink, usual) | (from_above & from_below & is_darker))
    return bare | crossing, band & ~crossing


def _find_level(is_ink: Mask) -> Mask:
    """Thin ink of long level lines, which may have gaps from noise."""
    thick = any_within(all_within(is_ink, MAX_WIDTH + 1, axis=0), MAX_WIDTH + 1, axis=0)
    thin = is_ink & ~thick
    rows = any_within(thin, 3, axis=0)  # a line with a slight slope changes rows
    covered = ndimage.uniform_filter1d(rows.astype(np.float32), _RUN, axis=1, mode="nearest")
    free = ndimage.uniform_filter1d((~thick).astype(np.float32), _RUN, axis=1, mode="nearest")
    runs = covered > np.maximum(_MIN_COVER * free, 0.2)
    if not runs.any():
        return np.zeros_like(is_ink)
    # Pieces of one line, parted by strokes, are on nearly the same rows.
    bridged = any_within(any_within(runs, 3, axis=0), _BRIDGE, axis=1)
    labels, count = ndimage.label(bridged)
    keep = np.zeros(count + 1, dtype=bool)
    for number, place in enumerate(ndimage.find_objects(np.where(runs, labels, 0), count), 1):
        keep[number] = place is not None and place[1].stop - place[1].start >= _MIN_PART * is_ink.shape[1]
    lines: Mask = thin & keep[labels]
    return lines
