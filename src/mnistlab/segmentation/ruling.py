"""The printed lines of ruled and squared paper taken away, and the strokes that cross them left whole."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from mnistlab.segmentation.light import Floats, Mask

MAX_WIDTH: Final = 6  # pixels of the reduced copy; wider ones are strokes
_MIN_RUN: Final = 40  # pixels that a line goes on without a gap; strokes so long and thin are rare
_MIN_PART: Final = 0.25  # of the page's width, that a line reaches in all
_MIN_COVER: Final = 0.5  # of that, that is ink


def remove_ruling(is_ink: Mask, ink: Floats) -> tuple[Mask, Mask]:
    """Takes away level and upright lines that are thin and go through much of the page.

    Args:
        is_ink: of a level page.
        ink: the same page, 1 the usual ink.

    Returns:
        The ink without lines, and where lines were.
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
    usual = float(np.median(ink[lines]))
    # Writing on a line is seen by its darkness, where it is darker; and it comes out of the line above or below.
    reach = MAX_WIDTH // 2 + 2
    grown = ndimage.maximum_filter1d(bare.view(np.uint8), 3, axis=1)
    from_above = ndimage.maximum_filter1d(grown, reach, axis=0, origin=(reach - 1) // 2).view(bool)
    from_below = ndimage.maximum_filter1d(grown, reach, axis=0, origin=-((reach - 1) // 2)).view(bool)
    crossing = band & is_ink & ((from_above & from_below) | (ink > usual + 0.5 * max(1 - usual, 0.3)))
    return bare | crossing, band & ~crossing


def _find_level(is_ink: Mask) -> Mask:
    """Runs that are long and thin, of those lines that reach far."""
    cells = is_ink.view(np.uint8)
    runs = ndimage.maximum_filter1d(ndimage.minimum_filter1d(cells, _MIN_RUN, axis=1), _MIN_RUN, axis=1, origin=-1)
    thick = ndimage.minimum_filter1d(cells, MAX_WIDTH + 1, axis=0)
    thick = ndimage.maximum_filter1d(thick, MAX_WIDTH + 1, axis=0)
    thin = (runs & (1 - thick)).view(bool)
    if not thin.any():
        return thin
    # Pieces of one line, parted by strokes or by noise, are on nearly the same rows.
    bridged = ndimage.maximum_filter(thin.view(np.uint8), (3, 4 * _MIN_RUN))
    labels, count = ndimage.label(bridged)
    width = is_ink.shape[1]
    keep = np.zeros(count + 1, dtype=bool)
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        reach = columns.stop - columns.start
        covered = (thin[rows, columns] & (labels[rows, columns] == number)).any(axis=0).sum()
        keep[number] = reach >= _MIN_PART * width and covered >= _MIN_COVER * (reach - 4 * _MIN_RUN)
    return thin & keep[labels]
