"""The steps from a crop to an image, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.exceptions import UsageError
from mnistlab.reader.normalization.levels import Floats, Ink, find_levels
from mnistlab.reader.normalization.strokes import (
    FINE,
    FINEST,
    HALF,
    USUAL_THICKNESS,
    Box,
    change_thickness,
    ink_box,
    keep_thin,
    measure_thickness,
    resample,
)

Pair = tuple[float, float]

SIDE: Final = IMAGE_SHAPE[0]
BOX_SIDE: Final = 20  # of the box that MNIST fits its digits into


@dataclass(frozen=True, eq=False)
class Normalized:
    """A digit in MNIST's form, and what was done to bring it there.

    Attributes:
        image: Image, uint8 `(28, 28)`, 0 ground to 255 ink; zeros if there was no ink.
        is_blank: Whether nothing stood out from the ground. Then the other fields have no meaning.
        is_flipped: Whether the ink was darker than the ground.
        box: Box of the ink in the crop: top, left, bottom, right; the last two are one past it.
        scale: Pixels of the image for a pixel of the crop.
        off_centre: Distance of the centre of mass from the middle of the crop, (down, right), in pixels of an image
            that the whole crop would fill.
        shift: Distance by which the centre of mass moved the box from the middle of the image, (down, right), in
            pixels.
        thickness_before: Thickness of the strokes if it were not changed, in pixels of the image.
        thickness: Thickness of the strokes in the image, in pixels.
    """

    image: npt.NDArray[np.uint8]
    is_blank: bool
    is_flipped: bool = False
    box: Box = (0, 0, 0, 0)
    scale: float = 1.0
    off_centre: Pair = (0.0, 0.0)
    shift: tuple[int, int] = (0, 0)
    thickness_before: float = 0.0
    thickness: float = 0.0


def normalize_digit(
    crop: npt.NDArray[np.uint8],
    *,
    ink: Ink = "auto",
    contrast: bool = True,
    crop_to_ink: bool = True,
    thickness: bool = True,
    centre: bool = True,
) -> Normalized:
    """Brings one digit into the form that MNIST's images have, so that a network trained on them can read it.

    An image of MNIST comes back as it was, but for the last grey levels of its contrast. Each step can be left out, to
    see its effect.

    Args:
        crop: Crop of one digit on even ground, uint8 `(height, width)`, any size from 1x1 on.
        ink: `"light"` for light ink on dark ground as in MNIST, `"dark"` for dark ink on light ground, or `"auto"`,
            which takes most of the border for ground.
        contrast: Whether ground and ink are brought to 0 and 255.
        crop_to_ink: Whether the box of the ink is scaled to 20 pixels; otherwise the whole crop is scaled to 28.
        thickness: Whether strokes far thinner or thicker than MNIST's are changed towards them.
        centre: Whether the centre of mass goes to the middle; otherwise the middle of the box does.

    Returns:
        The image and what was done. A crop of one grey level, or in which nothing stands out from noise, is blank.

    Raises:
        UsageError: (a `ValueError`) the crop has another shape or type, or no pixels.

    Example:
        >>> crop = np.full((90, 60), 200, dtype=np.uint8)  # light paper
        >>> crop[10:80, 30:40] = 40  # and a dark one
        >>> normalized = normalize_digit(crop)
        >>> normalized.is_flipped, normalized.box, normalized.image.max()
        (True, (10, 30, 80, 40), np.uint8(255))

    Source:
        The steps of Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits": size-normalized to
        20x20 with the aspect kept, centred in 28x28 by the centre of mass.
    """
    crop = _check(crop)
    levels = find_levels(crop, ink, contrast)
    if levels is not None and levels.is_flipped:
        crop = 255 - crop
    box = None if levels is None else ink_box((levels.new > levels.least)[crop])
    if levels is None or box is None:
        return Normalized(np.zeros(IMAGE_SHAPE, np.uint8), is_blank=True)
    values = levels.new[crop[box[0] : box[2], box[1] : box[3]]]
    off_centre = _off_centre(values, box, crop.shape)
    side = BOX_SIDE
    if not crop_to_ink:
        box, values, side = (0, 0, *crop.shape), levels.new[crop], SIDE
    scale = side / max(values.shape)

    grid, fine = FINE, resample(values, max(values.shape), FINE * side)
    before = measure_thickness(fine) / FINE
    is_usual = USUAL_THICKNESS[0] <= before <= USUAL_THICKNESS[1]
    if before < USUAL_THICKNESS[0]:
        kept = keep_thin(values, FINEST * side)
        grid, fine = FINEST, resample(kept, max(kept.shape), FINEST * side)
        before = min(measure_thickness(fine) / FINEST, USUAL_THICKNESS[0])
    after = before
    if thickness and not is_usual:
        values = change_thickness(fine, grid * before, grid * side, crop_to_ink, grid)
        after = measure_thickness(resample(values, max(values.shape), FINE * side)) / FINE
    small = np.floor(resample(values, max(values.shape), side) + HALF).astype(np.uint8)
    shift, (top, left) = _place(small, centre)
    image = np.zeros(IMAGE_SHAPE, np.uint8)
    image[top : top + small.shape[0], left : left + small.shape[1]] = small
    return Normalized(image, False, levels.is_flipped, box, scale, off_centre, shift, before, after)


def _check(crop: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    crop = np.asarray(crop)
    if crop.dtype != np.uint8 or crop.ndim != 2 or not crop.size:
        raise UsageError(
            f"normalize_digit got {crop.dtype} {crop.shape}, but grey levels uint8 (height, width) were expected. "
            "Pass one crop of a photo, as load_photo gives it."
        )
    return crop


def centre_of_mass(values: npt.NDArray[np.uint8] | Floats) -> Pair:
    """Row and column of the centre of mass, whole numbers in the middle of a pixel; the middle if there is no mass."""
    rows, columns = values.sum(axis=1, dtype=np.float64), values.sum(axis=0, dtype=np.float64)
    total = float(rows.sum())
    if not total:
        return (len(rows) - 1) / 2, (len(columns) - 1) / 2
    return float(rows @ np.arange(len(rows))) / total, float(columns @ np.arange(len(columns))) / total


def _off_centre(values: Floats, box: Box, shape: tuple[int, ...]) -> Pair:
    (row, column), (height, width) = centre_of_mass(values), shape
    scale = SIDE / max(height, width)
    return (box[0] + row + 0.5 - height / 2) * scale, (box[1] + column + 0.5 - width / 2) * scale


def _place(small: npt.NDArray[np.uint8], centre: bool) -> tuple[tuple[int, int], tuple[int, int]]:
    """The distance by which the centre of mass moves the digit from the middle, and the place of its corner."""
    shifts, corners = [], []
    for length, mass in zip(small.shape, centre_of_mass(small), strict=True):
        middle = (SIDE - length + 1) // 2
        corner = int(np.floor(SIDE / 2 - mass + HALF)) if centre else middle
        corner = min(max(corner, 0), SIDE - length)
        shifts.append(corner - middle)
        corners.append(corner)
    return (shifts[0], shifts[1]), (corners[0], corners[1])
