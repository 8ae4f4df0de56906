"""Parts digits that touch if a short cut leaves two digits, and marks them otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from mnistlab.reader.segmentation.light import Mask
from mnistlab.reader.segmentation.parts import Labels, Part, usual_size

_WIDE: Final = 1.3  # ratio of width to height above which a part may be several digits; 97 of 100 digits are narrower
_WIDER: Final = 1.15  # ratio of width to the usual size in the line
_CLEAR: Final = 1.6  # ink that a clear cut goes through, in thicknesses of the stroke
_MAX_CUT: Final = 0.5  # ink that a clear cut goes through, as a fraction of the height; blots are never parted
_MIN_HEIGHT: Final = 0.7  # height of either side of a cut, as a fraction of the height of both
_MIN_AREA: Final = 0.15  # ink of either side, as a fraction of the ink of both
_EDGE: Final = 0.15  # fraction of the width at either end where no cut is tried


def part_touching(labels: Labels, lines: list[list[Part]]) -> list[list[Part]]:
    """Parts everything as wide as several digits; `labels` gets a new number for each piece.

    A piece gets the mark "parted", and a part that cannot be parted the mark "touching".
    """
    number = int(labels.max(initial=0))
    parted = []
    for line in lines:
        single = [part for part in line if part.width <= _WIDE * part.height]
        usual = usual_size(single or line)
        pieces: list[Part] = []
        waiting = list(reversed(line))
        while waiting:
            part = waiting.pop()
            if not _is_wide(part, usual):
                pieces.append(part)
                continue
            left = _cut(labels, part)
            if left is None:
                pieces.append(replace(part, marks=(*part.marks, "touching")))
                continue
            window, own = labels[part.window], np.isin(labels[part.window], part.numbers)
            sides = []
            for side in (own & left, own & ~left):
                number += 1
                window[side] = number
                sides.append(_piece(side, number, part))
            waiting += reversed(sides)
        parted.append(pieces)
    return parted


def _is_wide(part: Part, usual: int) -> bool:
    return part.width > _WIDE * part.height and part.width > _WIDER * usual


def _piece(side: Mask, number: int, part: Part) -> Part:
    rows, columns = np.flatnonzero(side.any(axis=1)), np.flatnonzero(side.any(axis=0))
    return Part(
        (number,),
        part.top + int(rows[0]),
        part.left + int(columns[0]),
        part.top + int(rows[-1]) + 1,
        part.left + int(columns[-1]) + 1,
        int(side.sum()),
        part.thickness,
        tuple(sorted({*part.marks, "parted"})),
    )


def _cut(labels: Labels, part: Part) -> Mask | None:
    """The pixels to the left of the cut through least ink; `None` if it is too much, or a side cannot be a digit."""
    own = np.isin(labels[part.window], part.numbers)
    path, ink = _least_ink(own, round(_EDGE * part.width))
    if ink > min(_CLEAR * part.thickness + 1, _MAX_CUT * part.height):
        return None
    left: Mask = np.arange(part.width)[None] < path[:, None]
    for side in (own & left, own & ~left):
        rows = np.flatnonzero(side.any(axis=1))
        if side.sum() < _MIN_AREA * own.sum() or rows[-1] + 1 - rows[0] < _MIN_HEIGHT * part.height:
            return None
    return left


def _least_ink(own: Mask, edge: int) -> tuple[npt.NDArray[np.intp], float]:
    """The column of a cut in each row, at most one column from that of the row before, and the ink on its way.

    A slanted step costs a little, so that the cut is straight where there is no ink.
    """
    height, width = own.shape
    cost = own.astype(np.float64)
    cost[:, : max(edge, 1)] = cost[:, width - max(edge, 1) :] = np.inf
    total = cost[0].copy()
    came_from = np.zeros(own.shape, dtype=np.intp)
    for row in range(1, height):
        steps = np.stack([np.append(np.inf, total[:-1]) + 0.01, total, np.append(total[1:], np.inf) + 0.01])
        came_from[row] = steps.argmin(axis=0) - 1
        total = steps.min(axis=0) + cost[row]
    path = np.empty(height, dtype=np.intp)
    path[-1] = int(total.argmin())
    for row in range(height - 1, 0, -1):
        path[row - 1] = path[row] + came_from[row, path[row]]
    return path, float(own[np.arange(height), path].sum())
