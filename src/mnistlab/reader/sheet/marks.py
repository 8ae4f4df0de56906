"""Finds the four corner marks of the page on a photo, where it may be turned, tilted and anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mnistlab.reader.photos import reduced
from mnistlab.reader.sheet.layout import FRAME_HEIGHT, FRAME_WIDTH, MARK_SIDES

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

WORK_SIDE: Final = 2000  # pixels of the longer side of the copy on which marks are looked for
_WINDOWS: Final = (12, 30)  # parts of the longer side that brightness is averaged over: near and far pages
_DARK: Final = 0.75  # of that average
_MIN_PIXELS: Final = 9  # a mark's side on the copy
_MAX_CANDIDATES: Final = 12

# Areas as fractions of a whole mark's, with room for blur and thresholds.
_RING: Final = (0.7 * (1 - (MARK_SIDES[1] / MARK_SIDES[0]) ** 2), 1.3 * (1 - (MARK_SIDES[1] / MARK_SIDES[0]) ** 2))
_MIDDLE: Final = (0.4 * (MARK_SIDES[2] / MARK_SIDES[0]) ** 2, 2.2 * (MARK_SIDES[2] / MARK_SIDES[0]) ** 2)
_MARK_OF_FRAME: Final = MARK_SIDES[0] ** 2 / (FRAME_WIDTH * FRAME_HEIGHT)
_MAX_OFF_CENTRE: Final = 0.1  # of the middle, as a fraction of the side of the mark
_MAX_AREA_RATIO: Final = 6.0  # of the nearest mark to the farthest


@dataclass(frozen=True)
class Mark:
    """Something that looks like a corner mark; x, y and area in pixels of the photo."""

    x: float
    y: float
    area: float


def find_marks(photo: Grey) -> list[Mark]:
    """Everything on a photo that looks like a mark, the largest first."""
    copy, factor = reduced(photo, WORK_SIDE)
    work = copy.astype(np.float32)
    found: list[Mark] = []
    for part in _WINDOWS:
        local = ndimage.uniform_filter(work, max(work.shape) // part | 1, mode="nearest")
        for mark in _rings_with_middle(work < _DARK * local):
            scaled = Mark(mark.x * factor, mark.y * factor, mark.area * factor**2)
            if all((mark.x * factor - other.x) ** 2 + (mark.y * factor - other.y) ** 2 > other.area for other in found):
                found.append(scaled)
    return sorted(found, key=lambda mark: -mark.area)[:_MAX_CANDIDATES]


def _rings_with_middle(is_dark: npt.NDArray[np.bool_]) -> Iterator[Mark]:
    """Each ring of dark pixels that has a dark blob in its middle, in pixels of the copy."""
    labels, _ = ndimage.label(is_dark, np.ones((3, 3)))  # pixels that touch at a corner are one thing, too
    for number, window in enumerate(ndimage.find_objects(labels), 1):
        height, width = (side.stop - side.start for side in window)
        if min(height, width) < _MIN_PIXELS or max(height, width) > 3 * min(height, width):
            continue
        ring = labels[window] == number
        whole = ndimage.binary_fill_holes(ring)
        area = float(np.count_nonzero(whole))
        if not _RING[0] * area <= np.count_nonzero(ring) <= _RING[1] * area or 2.5 * area < height * width:
            continue
        middle = is_dark[window] & whole & ~ring
        if not _MIDDLE[0] * area <= np.count_nonzero(middle) <= _MIDDLE[1] * area:
            continue
        (row, column), (inner_row, inner_column) = (ndimage.center_of_mass(part) for part in (whole, middle))
        if (row - inner_row) ** 2 + (column - inner_column) ** 2 > _MAX_OFF_CENTRE**2 * area:
            continue
        x, y = window[1].start + (column + inner_column) / 2 + 0.5, window[0].start + (row + inner_row) / 2 + 0.5
        yield Mark(float(x), float(y), area)


def choose_corners(marks: list[Mark]) -> list[Floats]:
    """Sets of four marks that can be the corners of a page, the largest page first.

    Returns:
        Arrays `(4, 2)` of x and y, clockwise on the photo from any of the four.
    """
    found: list[tuple[float, Floats]] = []
    for four in combinations(marks, 4):
        points = np.array([(mark.x, mark.y) for mark in four])
        from_middle = points - points.mean(axis=0)
        points = points[np.argsort(np.arctan2(from_middle[:, 1], from_middle[:, 0]))]
        sides = np.roll(points, -1, axis=0) - points
        turns = sides[:, 0] * np.roll(sides[:, 1], -1) - sides[:, 1] * np.roll(sides[:, 0], -1)
        areas = [mark.area for mark in four]
        share = float(np.mean(areas)) / frame_area(points)
        is_page = (turns > 0).all() and max(areas) < _MAX_AREA_RATIO * min(areas)
        if is_page and 0.4 * _MARK_OF_FRAME < share < 2.5 * _MARK_OF_FRAME:
            found.append((frame_area(points), points))
    return [points for _, points in sorted(found, key=lambda page: -page[0])]


def frame_area(corners: Floats) -> float:
    """Area of the quadrilateral of four corners, in square pixels."""
    x, y = corners[:, 0], corners[:, 1]
    return max(abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2, 1.0)


def missing_corner(marks: list[Mark]) -> tuple[float, float] | None:
    """The place of the fourth mark, x and y, if exactly three marks of similar size were found."""
    if len(marks) != 3 or marks[0].area > _MAX_AREA_RATIO * marks[2].area:
        return None
    points = np.array([(mark.x, mark.y) for mark in marks])
    sides = [float(np.hypot(*(points[(i + 1) % 3] - points[(i + 2) % 3]))) for i in range(3)]
    between = int(np.argmax(sides))  # opposite the diagonal
    x, y = points.sum(axis=0) - 2 * points[between]
    return float(x), float(y)
