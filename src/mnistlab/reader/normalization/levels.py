"""Ground and ink among the grey levels of a crop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Ink = Literal["auto", "light", "dark"]
Floats = npt.NDArray[np.float64]

MIN_CONTRAST: Final = 20  # grey levels; photographed paper is uneven by a few
MIN_CONTRAST_TO_NOISE: Final = 6.0  # noise alone comes to 4.5, an even slope of light to 3.9
_MIN_INK: Final = 32.0  # of 255; no image of MNIST has less at the edge of its digit's box


@dataclass(frozen=True, eq=False)
class Levels:
    """New grey levels for the old ones.

    Attributes:
        new: New level for each level of the crop, float64 `(256,)`, 0 ground to 255 ink; if `is_flipped`, for each
            flipped level.
        least: Level above which there is ink and not noise.
        is_flipped: Whether each level is first replaced by 255 - level.
    """

    new: Floats
    least: float
    is_flipped: bool


def find_levels(crop: npt.NDArray[np.uint8], ink: Ink, contrast: bool) -> Levels | None:
    """Finds ground and ink.

    Args:
        crop: Crop of a digit, uint8 `(height, width)`.
        ink: Whether the ink is light or dark, or `"auto"` to find out.
        contrast: Whether ground and ink are brought to 0 and 255.

    Returns:
        The levels; `None` if there is no ink: one level only, or nothing that stands out from noise.
    """
    histogram = np.bincount(crop.ravel(), minlength=256)
    if np.count_nonzero(histogram) == 1:
        return None
    threshold = _otsu(histogram)
    is_flipped = ink == "dark" or (ink == "auto" and _is_ground_light(crop, histogram, threshold))
    if is_flipped:
        histogram, threshold = histogram[::-1], 254 - threshold
    ground, noise, strength = _measure_levels(histogram, threshold)
    if strength < MIN_CONTRAST or strength < MIN_CONTRAST_TO_NOISE * noise:
        return None
    if not contrast:
        ground, noise, strength = 0, 0.0, 255
    floor = ground + 2 * noise
    height = ground + strength - floor
    new = np.clip((np.arange(256) - floor) * 255 / height, 0.0, 255.0)
    return Levels(new, max(_MIN_INK, 255 * 3 * noise / height), is_flipped)


def _otsu(histogram: npt.NDArray[np.int64]) -> int:
    """The level t that best separates the levels up to t from those above (N. Otsu, 1979); the first if several do."""
    below = np.cumsum(histogram)[:-1].astype(np.float64)
    sums = np.cumsum(histogram * np.arange(256))
    total, sum_below = float(histogram.sum()), sums[:-1].astype(np.float64)
    difference = float(sums[-1]) * below - sum_below * total
    parts = below * (total - below)
    return int(np.argmax(np.where(parts > 0, difference * difference / np.where(parts > 0, parts, 1), 0)))


def _is_ground_light(crop: npt.NDArray[np.uint8], histogram: npt.NDArray[np.int64], threshold: int) -> bool:
    """Whether most of the border is lighter than the threshold; if exactly half is, most of the crop."""
    border = np.concatenate([crop[0], crop[-1], crop[1:-1, 0], crop[1:-1, -1]])
    light, dark = (int(np.count_nonzero(side)) for side in (border > threshold, border <= threshold))
    if light == dark:
        dark = int(histogram[: threshold + 1].sum())
        light = int(histogram.sum()) - dark
    return light > dark


def _measure_levels(histogram: npt.NDArray[np.int64], threshold: int) -> tuple[int, float, int]:
    """Level of the ground, its noise (standard deviation), and the distance of the ink above it."""
    dark = histogram[: threshold + 1]
    ground = _quantile(dark, 50)
    deviations = np.bincount(np.abs(np.arange(len(dark)) - ground), weights=dark, minlength=256).astype(np.int64)
    ink = threshold + 1 + _quantile(histogram[threshold + 1 :], 95)
    return ground, 1.4826 * _quantile(deviations, 50), ink - ground


def _quantile(histogram: npt.NDArray[np.int64], percent: int) -> int:
    """The first level at or below which `percent` of the pixels lie."""
    counts = np.cumsum(histogram)
    return int(np.argmax(100 * counts >= percent * counts[-1]))
