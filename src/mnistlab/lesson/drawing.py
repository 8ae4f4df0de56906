"""A pen for notebooks: strokes become an image like those of MNIST."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.exceptions import UsageError

PEN_WIDTH = 2.6  # pixels: about that of MNIST's strokes
Stroke = Sequence[tuple[float, float]]


def draw_strokes(strokes: Sequence[Stroke], width: float = PEN_WIDTH) -> NDArray[np.uint8]:
    """Draws lines through points with a round pen, and moves the ink's centre of mass to the middle.

    Args:
        strokes: Lists of points `(x, y)` in pixels, x to the right and y downwards, 0 to 27; the pen is lifted between
            strokes. A stroke of one point is a dot.
        width: Width of the pen in pixels.

    Returns:
        uint8 `(28, 28)`, 0 ground to 255 ink, softened at the edges.

    Raises:
        UsageError: (a `ValueError`) a point is not a pair of numbers, or the width is not above 0.

    Example:
        >>> one = draw_strokes([[(14, 5), (14, 23)]])
        >>> one.shape, int(one[14, 13]) > 200, int(one[14, 3])
        ((28, 28), True, 0)
    """
    if not width > 0:
        raise UsageError(f"The pen's width is {width}; a number of pixels above 0 was expected.")
    rows, columns = np.indices(IMAGE_SHAPE, dtype=float)
    ink = np.zeros(IMAGE_SHAPE)
    for stroke in strokes:
        points = np.asarray(stroke, dtype=float)
        if points.ndim != 2 or points.shape[1:] != (2,) or not np.isfinite(points).all():
            raise UsageError(f"A stroke is {stroke!r}; points (x, y) in pixels were expected.")
        for start, end in zip(points, points[1:] if len(points) > 1 else points, strict=False):
            distance = _distance_to_segment(columns, rows, start, end)
            ink = np.maximum(ink, np.clip((width + 1) / 2 - distance, 0, 1))  # an edge one pixel soft
    return _centred(np.rint(ink * 255).astype(np.uint8))


def _distance_to_segment(
    x: NDArray[np.float64], y: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    direction = end - start
    length = float(direction @ direction)
    along = np.clip(((x - start[0]) * direction[0] + (y - start[1]) * direction[1]) / (length or 1), 0, 1)
    distance: NDArray[np.float64] = np.hypot(x - start[0] - along * direction[0], y - start[1] - along * direction[1])
    return distance


def _centred(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image moved by whole pixels so that the ink's centre of mass is in the middle, as MNIST's images are."""
    # The reader takes most of a second to import, and a notebook that draws nothing can do without it.
    from mnistlab.reader.normalization.digits import centre_of_mass

    height, width = image.shape
    down, right = (round((side - 1) / 2 - mass) for side, mass in zip(image.shape, centre_of_mass(image), strict=True))
    wide = np.pad(image, ((height, height), (width, width)))  # (28, 28) -> (84, 84)
    return wide[height - down : 2 * height - down, width - right : 2 * width - right]
