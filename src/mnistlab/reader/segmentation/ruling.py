"""Removes the printed lines of ruled and squared paper, and leaves the strokes that cross them whole."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from mnistlab.reader.segmentation.light import Floats, Mask

MAX_WIDTH: Final = 6  # pixels of the reduced copy; wider ones are strokes
_PALE: Final = 0.75  # of the usual ink; darker lines cannot be told from writing by their darkness
_RUN: Final = 81  # pixels along which ink is counted
_MIN_COVER: Final = (
    0.6  # fraction of them that is ink on a line that no stroke crosses; digits in a row leave larger gaps
)
_BRIDGE: Final = 4 * _RUN  # pixels; gaps up to this length between pieces of a line count as line
_MIN_PART: Final = 0.25  # of the page's width; least total length of a line


def remove_ruling(is_ink: Mask, ink: Floats) -> tuple[Mask, Mask]:
    """Removes level and upright lines that are thin and cross much of the page.

    Args:
        is_ink: Pixels of a level page that are ink.
        ink: Ink on the same page, 1 the usual ink.

    Returns:
        The ink without lines, and the pixels of the lines.
    """
    left, lines = _remove_level(is_ink, ink)
    upright, columns = _remove_level(np.ascontiguousarray(left.T), ink.T)
    return upright.T, lines | columns.T


def _remove_level(is_ink: Mask, ink: Floats) -> tuple[Mask, Mask]:
    lines = _find_level(is_ink)
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
    is_dark = ink > usual + 0.5 * max(1 - usual, 0.3)
    is_darker = ink > usual + 0.25 * (1 - usual) if usual < _PALE else is_ink
    crossing = band & is_ink & (is_dark | (from_above & from_below & is_darker))
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
