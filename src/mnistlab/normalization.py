"""Any grey crop of a digit in MNIST's own form; `docs/normalization.md` is the specification, to the grey level.

All arithmetic is on 64-bit floats and integers, in few and plain steps, so that another implementation can give the
same bytes. `tests/data/normalize_digit.json` holds inputs with what must come out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.exceptions import UsageError

Ink = Literal["auto", "light", "dark"]
Pair = tuple[float, float]
Box = tuple[int, int, int, int]
Floats = npt.NDArray[np.float64]

SIDE: Final = IMAGE_SHAPE[0]
BOX_SIDE: Final = 20  # of the box that MNIST fits its digits into
FINE: Final = 4  # strokes are measured and changed on a grid so many times as fine
MIN_CONTRAST: Final = 20  # grey levels; paper that was photographed is less even than a few
MIN_CONTRAST_TO_NOISE: Final = 6.0  # noise alone comes to 4.5, an even slope of light to 3.9
USUAL_THICKNESS: Final = (1.1, 6.0)  # pixels; 998 of 1,000 training images of MNIST are between
NEARER_THICKNESS: Final = (1.6, 3.7)  # pixels; where strokes go that are thinner or thicker: 9 of 10 are between

_HALF: Final = 0.5 + 1e-6  # ties must not depend on the last bit of a sum
_NO_BOX: Final = (0, 0, 0, 0)


@dataclass(frozen=True, eq=False)
class Normalized:
    """A digit in MNIST's form, and what was done to bring it there.

    Attributes:
        image: uint8 `(28, 28)`, 0 ground to 255 ink; zeros if there was no ink.
        is_blank: whether nothing stood out from the ground. Then the rest has no meaning.
        is_flipped: whether the ink was darker than the ground.
        box: of the ink in the crop: top, left, bottom, right; the last two are one past it.
        scale: pixels of the image for a pixel of the crop.
        off_centre: how far the centre of mass was from the middle of the crop, (down, right), in pixels of an image
            that the whole crop would fill.
        shift: how far the centre of mass moved the box from the middle of the image, (down, right), in pixels.
        thickness_before: of the strokes, in pixels of the image, had it not been changed.
        thickness: of the strokes as they are, in pixels.
    """

    image: npt.NDArray[np.uint8]
    is_blank: bool
    is_flipped: bool = False
    box: Box = _NO_BOX
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
    see what it is good for.

    Args:
        crop: uint8 `(height, width)`, any size from 1x1 on, one digit on even ground.
        ink: `"light"` ink on dark ground as in MNIST, `"dark"` ink on light ground, or `"auto"`: the ground is what the
            border consists of.
        contrast: whether ground and ink are brought to 0 and 255.
        crop_to_ink: whether the ink's box is enlarged or reduced to 20 pixels; otherwise the whole crop to 28.
        thickness: whether strokes far thinner or thicker than MNIST's are brought nearer.
        centre: whether the centre of mass goes to the middle; otherwise the middle of the box.

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
    blank = Normalized(np.zeros(IMAGE_SHAPE, np.uint8), is_blank=True)
    histogram = np.bincount(crop.ravel(), minlength=256)
    if np.count_nonzero(histogram) == 1:
        return blank
    threshold = _otsu(histogram)
    is_flipped = ink == "dark" or (ink == "auto" and _is_ground_light(crop, histogram, threshold))
    if is_flipped:
        crop, histogram, threshold = 255 - crop, histogram[::-1], 254 - threshold
    ground, noise, strength = _levels(histogram, threshold)
    if strength < MIN_CONTRAST or strength < MIN_CONTRAST_TO_NOISE * noise:
        return blank
    if not contrast:
        ground, noise, strength = 0, 0.0, 255
    floor = ground + 2 * noise
    levels = np.clip((np.arange(256) - floor) * 255 / (ground + strength - floor), 0, 255)
    box = _ink_box(levels[crop] > max(32.0, 255 * 3 * noise / (ground + strength - floor)))
    if box is None:
        return blank
    off_centre = _off_centre(levels[crop])
    top, left, bottom, right = box if crop_to_ink else (0, 0, *crop.shape)
    values, side = levels[crop[top:bottom, left:right]], BOX_SIDE if crop_to_ink else SIDE
    longest = max(values.shape)

    fine = resample(values, longest, FINE * side)
    before = after = measure_thickness(fine) / FINE
    if thickness and not USUAL_THICKNESS[0] <= before <= USUAL_THICKNESS[1]:
        values = _change_thickness(fine, FINE * before, FINE * side)
        longest = max(values.shape)
        after = measure_thickness(resample(values, longest, FINE * side)) / FINE
    small = np.floor(resample(values, longest, side) + _HALF).astype(np.uint8)
    shift, corner = _place(small, centre)
    image = np.zeros(IMAGE_SHAPE, np.uint8)
    image[corner[0] : corner[0] + small.shape[0], corner[1] : corner[1] + small.shape[1]] = small
    scale = side / max(bottom - top, right - left)
    return Normalized(image, False, is_flipped, (top, left, bottom, right), scale, off_centre, shift, before, after)


def resample(values: Floats, side: int, new_side: int) -> Floats:
    """Enlarges or reduces by `new_side / side`: area averages to reduce, straight lines between pixels to enlarge.

    Args:
        values: `(height, width)`, 0 beyond the edges.
        side: a length in pixels, most often the longer side of `values`.
        new_side: what it becomes.

    Returns:
        `(height · new_side / side, width · new_side / side)`, both rounded up; the same array if both sides are equal.

    Example:
        >>> resample(np.array([[0.0, 255.0, 255.0, 0.0, 100.0]]), 2, 1)
        array([[63.75, 63.75, 50.  ]])
    """
    if side == new_side:
        return values
    rows, columns = (_weights(length, side, new_side) for length in values.shape)
    resampled: Floats = rows @ (values @ columns.T)
    # A row that lies beyond the ink in part only is an area average also across the other axis.
    return resampled


def measure_thickness(values: Floats) -> float:
    """The mean width of strokes in pixels: twice their area for the length of their outline.

    Both are integrals over grey levels, so that a smooth edge counts as the sharp one in its middle. A stroke of
    width w and length l has the area w · l and, its ends apart, the outline 2 · l.

    Args:
        values: `(height, width)`, 0 ground to any level of ink.

    Example:
        >>> stroke = np.zeros((60, 60))
        >>> stroke[5:55, 20:26] = 255
        >>> round(measure_thickness(stroke), 2)
        5.36
    """
    sharp = np.pad(_sharpen(values), 1)
    down, right = sharp[1:, 1:] - sharp[:-1, 1:], sharp[1:, 1:] - sharp[1:, :-1]
    outline = float(np.sqrt(down * down + right * right).sum())
    return 2 * float(sharp.sum()) / outline if outline else 0.0


def _check(crop: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    crop = np.asarray(crop)
    if crop.dtype != np.uint8 or crop.ndim != 2 or not crop.size:
        raise UsageError(
            f"normalize_digit got {crop.dtype} {crop.shape}, but grey levels uint8 (height, width) were expected. "
            "Pass one crop of a photo, as load_photo gives it."
        )
    return crop


def _otsu(histogram: npt.NDArray[np.int64]) -> int:
    """The level t that parts the levels up to t best from those above: N. Otsu's of 1979, the first one if several."""
    below = np.cumsum(histogram)[:-1].astype(np.float64)
    sums = np.cumsum(histogram * np.arange(256))
    total, sum_below = float(histogram.sum()), sums[:-1].astype(np.float64)
    difference = float(sums[-1]) * below - sum_below * total
    parts = below * (total - below)
    return int(np.argmax(np.where(parts > 0, difference * difference / np.where(parts > 0, parts, 1), 0)))


def _is_ground_light(crop: npt.NDArray[np.uint8], histogram: npt.NDArray[np.int64], threshold: int) -> bool:
    """Whether most of the border is lighter than the threshold; if it is even, most of the crop."""
    border = np.concatenate([crop[0], crop[-1], crop[1:-1, 0], crop[1:-1, -1]])
    light, dark = (int(np.count_nonzero(side)) for side in (border > threshold, border <= threshold))
    if light == dark:
        dark = int(histogram[: threshold + 1].sum())
        light = int(histogram.sum()) - dark
    return light > dark


def _levels(histogram: npt.NDArray[np.int64], threshold: int) -> tuple[int, float, int]:
    """Level of the ground, noise on it (standard deviation), and how far the ink is above it."""
    dark = histogram[: threshold + 1]
    ground = _quantile(dark, 50)
    deviations = np.bincount(np.abs(np.arange(len(dark)) - ground), weights=dark, minlength=256).astype(np.int64)
    ink = threshold + 1 + _quantile(histogram[threshold + 1 :], 95)
    return ground, 1.4826 * _quantile(deviations, 50), ink - ground


def _quantile(histogram: npt.NDArray[np.int64], percent: int) -> int:
    """The first level up to which so many percent of the pixels are."""
    counts = np.cumsum(histogram)
    return int(np.argmax(100 * counts >= percent * counts[-1]))


def _ink_box(is_ink: npt.NDArray[np.bool_]) -> Box | None:
    rows, columns = np.flatnonzero(is_ink.any(axis=1)), np.flatnonzero(is_ink.any(axis=0))
    if not len(rows):
        return None
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _centre_of_mass(values: npt.NDArray[np.uint8] | Floats) -> Pair:
    """Row and column; the middle of a pixel is a whole number."""
    rows, columns = values.sum(axis=1, dtype=np.float64), values.sum(axis=0, dtype=np.float64)
    total = float(rows.sum())
    return float(rows @ np.arange(len(rows))) / total, float(columns @ np.arange(len(columns))) / total


def _off_centre(values: Floats) -> Pair:
    row, column = _centre_of_mass(values)
    height, width = values.shape
    scale = SIDE / max(height, width)
    return (row + 0.5 - height / 2) * scale, (column + 0.5 - width / 2) * scale


def _weights(length: int, side: int, new_side: int) -> Floats:
    """What each old pixel of one axis counts for each new one: `(new_length, length)`."""
    new_length = -(-length * new_side // side)
    new, old = np.arange(new_length)[:, None], np.arange(length)[None]
    if new_side < side:  # the part of the new pixel that the old one covers
        overlap = np.minimum((new + 1) * side / new_side, old + 1) - np.maximum(new * side / new_side, old)
        covered: Floats = np.maximum(overlap, 0.0) * (new_side / side)
        return covered
    distance = np.abs((new + 0.5) * side / new_side - 0.5 - old)
    return np.maximum(1.0 - distance, 0.0)


def _sharpen(values: Floats) -> Floats:
    """Edges made steep about half of the strongest ink, 0 to 1."""
    strongest = float(values.max())
    if not strongest:
        return np.zeros_like(values)
    return np.clip((values - 0.375 * strongest) / (0.25 * strongest), 0.0, 1.0)


def _change_thickness(fine: Floats, measured: float, side: int) -> Floats:
    """Strokes of the fine grid made thicker or thinner by a round brush, cut to the ink, 0 to 255.

    What grows by the brush's radius on either side is scaled back to `side` afterwards, which the radius allows for.
    """
    wanted = FINE * NEARER_THICKNESS[0 if measured < FINE * USUAL_THICKNESS[0] else 1]
    radius = (wanted - measured) / (2 * (1 - wanted / side))
    radius = float(np.floor(4 * max(radius, -measured / 4) + _HALF)) / 4  # half of the stroke is left at the least
    reach = int(np.ceil(abs(radius)))
    padded = np.pad(_sharpen(fine), 2 * reach)
    changed = padded.copy()
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            if down * down + right * right <= radius * radius:
                moved = np.roll(padded, (down, right), axis=(0, 1))
                changed = np.maximum(changed, moved) if radius > 0 else np.minimum(changed, moved)
    top, left, bottom, right = _ink_box(changed >= 0.5) or (0, 0, *changed.shape)
    cut: Floats = 255 * changed[top:bottom, left:right]
    return cut


def _place(small: npt.NDArray[np.uint8], centre: bool) -> tuple[tuple[int, int], tuple[int, int]]:
    """How far the centre of mass moves the digit from the middle, and where its corner goes on the image."""
    shifts, corners = [], []
    for length, mass in zip(small.shape, _centre_of_mass(small), strict=True):
        middle = (SIDE - length + 1) // 2
        corner = int(np.floor(SIDE / 2 - mass + _HALF)) if centre else middle
        corner = min(max(corner, 0), SIDE - length)
        shifts.append(corner - middle)
        corners.append(corner)
    return (shifts[0], shifts[1]), (corners[0], corners[1])
