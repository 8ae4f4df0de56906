"""Tells the bars of signs in one row, as in 8 + 5 − 3 = 10, from a rule: there is paper between them."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from mnistlab.reader.segmentation.light import Mask
from mnistlab.reader.segmentation.windows import any_within

_FREE: Final = 0.25  # of the length of a row of bars, that is bare paper at least; noise leaves rules less
_CLOSED: Final = 9  # pixels; shorter gaps are noise
_NEAR: Final = 3  # rows to either side of a line, in which it is crossed
_LEAST: Final = 8  # pixels; the height of what is written
_MIDDLE: Final = 0.2, 0.8  # of the height of what is written, where the bars of signs are
_MOSTLY: Final = 0.5  # of what is written beside a line, in whose middle the line is


def are_bars(line: Mask, is_ink: Mask) -> bool:
    """Whether a level line consists of the bars of signs that stand between digits.

    Args:
        line: Pixels of one line, at least one of them, bool `(height, width)`.
        is_ink: Pixels of the page that are ink.
    """
    columns = np.flatnonzero(line.any(axis=0))
    start, stop = int(columns[0]), int(columns[-1]) + 1
    down = np.arange(len(line))[:, None]
    rows = (line * down).sum(axis=0)[columns] / line.sum(axis=0)[columns]
    course = np.round(np.interp(np.arange(start, stop), columns, rows)).astype(int)
    covered = np.zeros(stop - start + 2 * _CLOSED, bool)
    covered[columns - start + _CLOSED] = True
    covered = ndimage.binary_closing(covered, np.ones(_CLOSED))[_CLOSED:-_CLOSED]
    near = np.clip(course + np.arange(-_NEAR, _NEAR + 1)[:, None], 0, len(line) - 1)
    crossed = is_ink[near, np.arange(start, stop)].any(axis=0) & ~covered
    if np.count_nonzero(~covered & ~crossed) <= _FREE * np.count_nonzero(~crossed):
        return False
    band = any_within(line, 3, axis=0)
    labels, _ = ndimage.label(is_ink & ~band, np.ones((3, 3)))
    written = [
        (high.start, high.stop, course[(wide.start + wide.stop) // 2 - start])
        for high, wide in ndimage.find_objects(labels)
        if high.stop - high.start >= _LEAST and start <= (wide.start + wide.stop) // 2 < stop
    ]
    beside = [one for one in written if one[0] - (one[1] - one[0]) < one[2] < one[1] + (one[1] - one[0])]
    low, high = _MIDDLE
    across = sum(top + low * (end - top) < row < top + high * (end - top) for top, end, row in beside)
    return bool(beside) and across >= _MOSTLY * len(beside)
