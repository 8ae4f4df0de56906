"""Parts digits that touch if a short cut leaves two digits, and marks them otherwise."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mnistlab.reader.segmentation.light import Floats, Mask
from mnistlab.reader.segmentation.parts import Labels, Part, own_ink, usual_size

_WIDE: Final = 1.3  # ratio of width to height above which a part may be several digits; 97 of 100 digits are narrower
_WIDER: Final = 1.15  # ratio of width to the usual size in the line
_CLEAR: Final = 1.6  # ink that a clear cut goes through, in thicknesses of the stroke
_MAX_CUT: Final = 0.5  # ink that a clear cut goes through, as a fraction of the height; blots are never parted
_MIN_HEIGHT: Final = 0.7  # height of either side of a cut, as a fraction of the height of both
_MIN_AREA: Final = 0.15  # ink of either side, as a fraction of the ink of both
_NARROWEST: Final = 0.3  # width of a digit beside others, as a fraction of their height; a 1 that leans
_BLOT: Final = 0.35  # of the height; strokes of digits are thinner
_WIDEST_PIECE: Final = 1.25
_MAX_PLACES: Final = 9  # of cuts that are tried in one part
_APART: Final = 0.09  # of the height, between two places
_HOLE: Final = 0.3  # of the height, of a hole beside which a cut is tried
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
            window, own = labels[part.window], own_ink(labels[part.window], part.numbers)
            sides = []
            for side in (own & left, own & ~left):
                number += 1
                window[side] = number
                sides.append(_piece(side, (number,), part))
            waiting += reversed(sides)
        parted.append(pieces)
    return parted


def may_be_several(part: Part) -> bool:
    """Whether a part is wide enough for two digits that touch, one of which may be a 1, and is no blot."""
    is_blot = part.thickness > _BLOT * part.height
    return part.width > 2 * _NARROWEST * part.height and part.height >= 10 and not is_blot


def cut_up(labels: Labels, part: Part) -> list[list[tuple[int, Part]]]:
    """Cuts a part at every place where it may consist of several digits.

    Places are those between high holes, those of least ink, and the ends of equal shares: digits that overlap share a
    stroke, in the middle of which they are parted, and there is more ink than elsewhere.

    Args:
        labels: Numbers of parts; each piece between two cuts gets a new one.
        part: The part.

    Returns:
        Pieces by first and last cut: row `i` holds those that begin at cut `i`, from narrow to wide, each wide enough
        for a digit and not too wide. The first begins at the left end. Each piece is a part with the mark "parted".
    """
    own = own_ink(labels[part.window], part.numbers)
    paths = _paths(own, part)
    bounds = np.stack([np.zeros(part.height, int), *paths, np.full(part.height, part.width)])
    bounds = np.maximum.accumulate(bounds, axis=0)
    number, window = int(labels.max()), labels[part.window]
    columns = np.arange(part.width)[None]
    atoms = []
    for left, right in pairwise(bounds):
        number += 1
        window[own & (columns >= left[:, None]) & (columns < right[:, None])] = number
        atoms.append(number)
    rows = []
    for first in range(len(atoms)):
        row: list[tuple[int, Part]] = []
        for last in range(first + 1, len(atoms) + 1):
            numbers = tuple(atoms[first:last])
            side = own_ink(window, numbers)
            if not side.any():
                continue
            piece = _piece(side, numbers, part)
            is_whole = last - first == len(atoms)
            if is_whole or (
                _NARROWEST * part.height / 2 <= piece.width <= _WIDEST_PIECE * part.height
                and piece.height >= 0.5 * part.height
            ):
                row.append((last, piece))
        rows.append(row)
    return rows


def _paths(own: Mask, part: Part) -> list[npt.NDArray[np.intp]]:
    """Cuts from top to bottom, each a column for each row, from left to right."""
    middle = part.height // 2
    upper, up = _cheapest(own[: middle + 1])
    lower, down = _cheapest(own[middle:][::-1])
    ink = upper + lower - own[middle]
    least = ndimage.minimum_filter1d(ink, max(round(0.2 * part.height), 3))
    edge = max(round(_NARROWEST / 2 * part.height), 2)
    low = [x for x in np.flatnonzero(ink <= least) if edge <= x < part.width - edge and ink[x] <= 0.6 * part.height]
    ratio = part.width / part.height
    counts = [k for k in range(2, 7) if 0.4 <= ratio / k <= 1.2]
    shares = sorted({round(part.width * i / k) for k in counts for i in range(1, k)})
    # A straight cut or one along the least ink; those between holes are the surest.
    chosen: dict[int, npt.NDArray[np.intp] | bool] = {}
    ways: list[tuple[int, npt.NDArray[np.intp] | bool]] = []
    ways += [(int(path[middle]), path) for path in _beside_holes(own, part.thickness)]
    ways += [(int(x), False) for x in sorted(low, key=lambda x: ink[x])]
    ways += [(x, True) for x in shares]
    for x, way in ways:
        if len(chosen) < _MAX_PLACES and all(abs(x - other) >= _APART * part.height for other in chosen):
            chosen[x] = way
    paths = []
    for x, way in sorted(chosen.items()):
        if way is not False:
            paths.append(np.full(part.height, x) if way is True else way)
            continue
        path = np.empty(part.height, dtype=np.intp)
        for came_from, rows in ((up, range(middle, -1, -1)), (down, range(middle, part.height))):
            column = x
            for row in rows:
                path[row] = column
                column += came_from[abs(row - middle) if came_from is up else row - middle, column]
        paths.append(path)
    return paths


def _beside_holes(own: Mask, thickness: float) -> list[npt.NDArray[np.intp]]:
    """Slanted cuts along high holes, as zeros have them: in the middle of the stroke between two, and outside of all.

    Args:
        own: Ink of a part, bool `(height, width)`.
        thickness: Thickness of its strokes in pixels.

    Returns:
        A column for each row, for each cut.
    """
    height, width = own.shape
    labels, _ = ndimage.label(~np.pad(own, 1))
    holes = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        if number != labels[0, 0] and rows.stop - rows.start >= _HOLE * height:
            holes.append((columns.start + columns.stop, labels[1:-1, 1:-1] == number))
    sides = []
    for _, hole in sorted(holes, key=lambda hole: hole[0]):
        rows = np.flatnonzero(hole.any(axis=1))
        sides.append((rows, hole[rows].argmax(axis=1), width - 1 - hole[rows][:, ::-1].argmax(axis=1)))
    lines = []
    for (rows, _, ends), (others, starts, _) in pairwise(sides):
        shared, mine, theirs = np.intersect1d(rows, others, return_indices=True)
        lines.append((shared, (ends[mine] + starts[theirs]) / 2))
    if sides:
        lines.append((sides[0][0], sides[0][1] - thickness - 0.5))
        lines.append((sides[-1][0], sides[-1][2] + thickness + 1.5))
    paths = []
    for rows, columns in lines:
        if len(rows) >= _HOLE * height / 2:
            slope, start = np.polyfit(rows, columns, 1)
            path = np.round(start + slope * np.arange(height)).astype(np.intp)
            if _HOLE * width / 4 < path[height // 2] < width * (1 - _HOLE / 4):
                paths.append(np.clip(path, 1, width - 1))
    return paths


def _cheapest(own: Mask) -> tuple[Floats, npt.NDArray[np.intp]]:
    """The least ink on the way from the first row to each column of the last, and the steps back."""
    cost = own.astype(np.float64)
    total = cost[0].copy()
    steps_back = np.zeros(own.shape, dtype=np.intp)
    for row in range(1, len(own)):
        steps = np.stack([np.append(np.inf, total[:-1]) + 0.01, total, np.append(total[1:], np.inf) + 0.01])
        steps_back[len(own) - 1 - row] = steps.argmin(axis=0) - 1  # row 0 leads back from the last row
        total = steps.min(axis=0) + cost[row]
    return total, steps_back


def _is_wide(part: Part, usual: int) -> bool:
    return part.width > _WIDE * part.height and part.width > _WIDER * usual


def _piece(side: Mask, numbers: tuple[int, ...], part: Part) -> Part:
    rows, columns = np.flatnonzero(side.any(axis=1)), np.flatnonzero(side.any(axis=0))
    return Part(
        numbers,
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
    own = own_ink(labels[part.window], part.numbers)
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
