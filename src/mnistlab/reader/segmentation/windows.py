"""Whether anything, or everything, within a window of a mask is set: filters of maximum and minimum, for yes and no.

SciPy's filters of numbers take ten times as long on a page; tests compare them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def any_within(mask: Mask, size: int, axis: int, ahead: int = 0) -> Mask:
    """For each pixel, whether any pixel of a window along an axis is set.

    Args:
        mask: Pixels, bool `(height, width)`; beyond its edges it is mirrored, as in SciPy.
        size: Pixels of the window.
        axis: Direction of the window: 0 from row to row, 1 along a row.
        ahead: Pixels by which the window is moved towards larger places; 0 has the pixel in the middle, of an even
            window in the second of the two middle places.

    Returns:
        bool of the shape of `mask`.

    Example:
        >>> any_within(np.array([[0, 1, 0, 0, 0]], bool), 3, axis=1).astype(int)
        array([[1, 1, 1, 0, 0]])
    """
    before = size // 2 - ahead
    after = size - 1 - before
    widths = [(0, 0), (0, 0)]
    widths[axis] = max(before, 0), max(after, 0)
    found = np.pad(mask, widths, mode="symmetric")
    if axis == 0:
        found = found[max(-before, 0) : len(found) - max(-after, 0)]
    else:
        found = found[:, max(-before, 0) : found.shape[1] - max(-after, 0)]
    reach = 1
    while reach < size:  # twice as far with every step
        step = min(reach, size - reach)
        found = found[:-step] | found[step:] if axis == 0 else found[:, :-step] | found[:, step:]
        reach += step
    return found


def all_within(mask: Mask, size: int, axis: int, ahead: int = 0) -> Mask:
    """For each pixel, whether all pixels of a window along an axis are set; arguments as for `any_within`."""
    return ~any_within(~mask, size, axis, ahead)


def any_around(mask: Mask, size: int) -> Mask:
    """For each pixel, whether any pixel of a square of so many pixels a side around it is set."""
    return any_within(any_within(mask, size, 0), size, 1)
