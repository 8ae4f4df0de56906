"""The outline of an area as points, the few corners that tell its form, and the area between corners."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage

Mask = npt.NDArray[np.bool_]
Points = npt.NDArray[np.float64]


def outline(area: Mask) -> Points:
    """The outline of an area without holes or deep bays, halfway between its pixels and those around it.

    Args:
        area: Pixels of the area, bool `(height, width)`; at least one.

    Returns:
        Points `(num_points, 2)`, right and down, in the order of their direction from the area's middle, clockwise on
        the screen.
    """
    padded = np.pad(area, 1)
    points = []
    for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        rows, columns = np.nonzero(padded & ~np.roll(padded, (-down, -right), axis=(0, 1)))
        points.append(np.column_stack([columns - 1 + right / 2, rows - 1 + down / 2]))
    found = np.concatenate(points)
    rows, columns = ndimage.center_of_mass(area)
    return found[np.argsort(np.arctan2(found[:, 1] - rows, found[:, 0] - columns), kind="stable")]


def simplified(points: Points, tolerance: float) -> Points:
    """The points of a line that are needed, so that no other is further from the line through them than a tolerance.

    Args:
        points: Points `(num_points, 2)`; the first and the last stay.
        tolerance: Largest distance, in the unit of the points.

    Returns:
        Points `(num_kept, 2)`.

    Source:
        D. Douglas and T. Peucker, Algorithms for the reduction of the number of points required to represent a
        digitized line or its caricature, Cartographica 10 (1973).
    """
    kept = np.zeros(len(points), bool)
    kept[[0, -1]] = True
    parts = [(0, len(points) - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        distances = _distances(points[first + 1 : last], points[first], points[last])
        furthest = int(np.argmax(distances))
        if distances[furthest] > tolerance:
            middle = first + 1 + furthest
            kept[middle] = True
            parts += [(first, middle), (middle, last)]
    return points[kept]


def _distances(points: Points, start: Points, end: Points) -> Points:
    """How far points are from the piece of a straight line between two others."""
    side = end - start
    length = float(side @ side)
    along = np.clip((points - start) @ side / length, 0, 1) if length else np.zeros(len(points))
    away: Points = np.hypot(*(points - start - along[:, None] * side).T)
    return away


def between(corners: Points, shape: tuple[int, ...]) -> Mask:
    """The pixels between corners, bool of a shape `(height, width)`; corners are `(num_corners, 2)`, right and down."""
    picture = Image.new("1", (shape[1], shape[0]))
    ImageDraw.Draw(picture).polygon([(float(right), float(down)) for right, down in corners], fill=1)
    return np.asarray(picture, bool)
