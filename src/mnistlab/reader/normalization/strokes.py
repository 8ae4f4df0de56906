"""Scales digits, and measures and changes the thickness of their strokes."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from mnistlab.reader.normalization.levels import Floats

Box = tuple[int, int, int, int]

FINE: Final = 4  # strokes are measured and changed on a grid that is this many times as fine
FINEST: Final = 6  # the same for strokes thinner than usual, of which the coarser grid may lose a part
USUAL_THICKNESS: Final = (1.1, 6.0)  # pixels; 999 of 1,000 training images of MNIST are between
NEARER_THICKNESS: Final = (1.6, 3.7)  # pixels; thinner and thicker strokes are brought to these: 9 of 10 are between
HALF: Final = 0.5 + 1e-6  # added before rounding down; ties must not depend on the last bit of a sum


def resample(values: Floats, side: int, new_side: int) -> Floats:
    """Enlarges or reduces by `new_side / side`: area averages to reduce, straight lines between pixels to enlarge.

    Args:
        values: Grey levels `(height, width)`, taken to be 0 beyond the edges.
        side: A length in pixels, most often the longer side of `values`.
        new_side: The new length of `side`.

    Returns:
        Grey levels `(height · new_side / side, width · new_side / side)`, both rounded up; the same array if both
        lengths are equal.

    Example:
        >>> resample(np.array([[0.0, 255.0, 255.0, 0.0, 100.0]]), 2, 1)
        array([[63.75, 63.75, 25.  ]])
    """
    if side == new_side:
        return values
    rows, columns = (_weights(length, side, new_side) for length in values.shape)
    resampled: Floats = rows @ (values @ columns.T)  # (h, w) -> (h, new_w) -> (new_h, new_w)
    return resampled


def _weights(length: int, side: int, new_side: int) -> Floats:
    """Weight of each old pixel of one axis in each new one: `(new_length, length)`."""
    new_length = -(-length * new_side // side)
    new, old = np.arange(new_length)[:, None], np.arange(length)[None]  # (new_length, 1), (1, length)
    if new_side < side:  # the part of the new pixel that the old one covers
        overlap = np.minimum((new + 1) * side / new_side, old + 1) - np.maximum(new * side / new_side, old)
        covered: Floats = np.maximum(overlap, 0.0) * (new_side / side)
        return covered
    distance = np.abs((new + 0.5) * side / new_side - 0.5 - old)
    straight: Floats = np.maximum(1.0 - distance, 0.0)
    return straight


def measure_thickness(values: Floats) -> float:
    """The mean width of strokes in pixels: twice their area divided by the length of their outline.

    Both are integrals over grey levels, so that a smooth edge counts as the sharp one in its middle. A stroke of
    width w and length l has the area w · l and, without its ends, the outline 2 · l.

    Args:
        values: Grey levels `(height, width)`, 0 ground to any level of ink.

    Example:
        >>> stroke = np.zeros((60, 60))
        >>> stroke[5:55, 20:26] = 255
        >>> round(measure_thickness(stroke), 2)
        5.41
    """
    sharp = np.pad(_sharpen(values), 1)  # (h, w) -> (h + 2, w + 2)
    # From four neighbours, so that an outline is equally long in all directions.
    rising, falling = sharp[1:, 1:] - sharp[:-1, :-1], sharp[1:, :-1] - sharp[:-1, 1:]
    outline = float(np.sqrt((rising * rising + falling * falling) / 2).sum())
    return 2 * float(sharp.sum()) / outline if outline else 0.0


def _sharpen(values: Floats) -> Floats:
    """Makes edges steep, about half of the strongest ink; 0 to 1."""
    strongest = float(values.max())
    if not strongest:
        return np.zeros_like(values)
    return np.clip((values - 0.375 * strongest) / (0.25 * strongest), 0.0, 1.0)


def keep_thin(values: Floats, most: int) -> Floats:
    """Reduces a digit by a whole number, to the strongest ink of each square, so that no hairline fades on the way.

    Args:
        values: Grey levels `(height, width)`.
        most: Length that the longer side may have twice; nothing changes below that.

    Example:
        >>> keep_thin(np.array([[0.0, 9.0, 0.0, 0.0, 5.0]]), 1)
        array([[9., 0., 5.]])
    """
    factor = max(values.shape) // (2 * most)
    if factor < 2:
        return values
    height, width = (-(-length // factor) * factor for length in values.shape)
    padded = np.zeros((height, width))
    padded[: values.shape[0], : values.shape[1]] = values
    strongest: Floats = padded.reshape(height // factor, factor, width // factor, factor).max(axis=(1, 3))
    return strongest


def change_thickness(fine: Floats, measured: float, side: int, cut: bool = True, grid: int = FINE) -> Floats:
    """Makes strokes that are far too thin thicker, and far too thick ones thinner, with a round brush.

    The digit grows by the brush's radius on either side and is scaled back afterwards, which the radius allows for.

    Args:
        fine: Digit that fills the fine grid.
        measured: Thickness of its strokes on that grid, outside the usual range.
        side: Side of the fine grid in pixels.
        grid: Pixels of the fine grid for a pixel of the image.
        cut: Whether to cut the result to its ink; otherwise it stays as large as `fine`, with the ink in its place.

    Returns:
        Grey levels, 0 to 255; if cut, by up to two radii larger or smaller than `fine`.
    """
    wanted = grid * NEARER_THICKNESS[0 if measured < grid * USUAL_THICKNESS[0] else 1]
    radius = (wanted - measured) / (2 * (1 - wanted / side))
    radius = max(radius, -measured / 4)  # at least half of the stroke is left
    whole = int(abs(radius))
    part = abs(radius) - whole
    padded = np.pad(_sharpen(fine), 2 * whole + 2)  # (h, w) -> (h + 4 · whole + 4, w + 4 · whole + 4)
    changed = (1 - part) * _brush(padded, whole, radius > 0) + part * _brush(padded, whole + 1, radius > 0)
    frame = (2 * whole + 2, 2 * whole + 2, 2 * whole + 2 + fine.shape[0], 2 * whole + 2 + fine.shape[1])
    top, left, bottom, right = (ink_box(changed >= 0.5) if cut else None) or frame
    kept: Floats = 255 * changed[top:bottom, left:right]
    return kept


def _brush(values: Floats, radius: int, grows: bool) -> Floats:
    """The highest value within the radius if strokes grow, else the lowest; the frame of zeros is wider than it."""
    changed, combine = values.copy(), np.maximum if grows else np.minimum
    height, width = values.shape
    for down in range(-radius, radius + 1):
        for right in range(-radius, radius + 1):
            if 0 < down * down + right * right <= radius * radius:
                rows = slice(max(down, 0), height + min(down, 0)), slice(max(-down, 0), height + min(-down, 0))
                columns = slice(max(right, 0), width + min(right, 0)), slice(max(-right, 0), width + min(-right, 0))
                place = changed[rows[0], columns[0]]
                combine(place, values[rows[1], columns[1]], out=place)
    return changed


def ink_box(is_ink: npt.NDArray[np.bool_]) -> Box | None:
    """Top, left, bottom and right of the ink, the last two one past it; `None` if there is none."""
    rows, columns = np.flatnonzero(is_ink.any(axis=1)), np.flatnonzero(is_ink.any(axis=0))
    if not len(rows):
        return None
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
