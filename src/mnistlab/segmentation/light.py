"""Uneven light removed: how much ink is on each place, whatever paper, pen and lamp."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage
from skimage.filters import threshold_otsu, threshold_sauvola

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

WORK_PIXELS: Final = 2_100_000  # of the reduced copy on which digits are looked for
CELL: Final = 16  # pixels of that copy; paper is taken to be even across one
_PAPER_CELLS: Final = 15  # a window of 240 pixels, of which strokes of 40 cover less than half
_DARKEST_PAPER: Final = 8  # grey level; below it ratios are noise
_MIN_STRENGTH: Final = 0.06  # of ink, as a fraction of the paper's brightness; fainter is JPEG and texture
_STRENGTH_TO_NOISE: Final = 4.0
_WINDOW: Final = 75  # pixels of Sauvola's local statistics
_K: Final = 0.2  # Sauvola's, and the range R that standard deviations are compared with
_R: Final = 100.0
_PAPER_LEVEL, _INK_RANGE = 230.0, 200.0  # grey levels that Sauvola's threshold is given


@dataclass(frozen=True, eq=False)
class Lit:
    """A photo with its light known.

    Attributes:
        photo: as it came.
        copy: of the photo, reduced.
        factor: pixels of the photo for a pixel of the reduced copy.
        ink: of the reduced copy, float32; 0 paper, 1 the usual ink of this page.
        paper: brightness of the paper, float32, one value for a cell of the reduced copy.
        sign: -1 for ink darker than paper, 1 for lighter.
        strength: brightness of the usual ink, as a difference from the paper's and a fraction of it.
        noise: standard deviation of `ink` on bare paper.
    """

    photo: Grey
    copy: Grey
    factor: int
    ink: Floats
    paper: Floats
    sign: int
    strength: float
    noise: float


def remove_light(photo: Grey) -> Lit | None:
    """Measures light, polarity, noise and the strength of the ink.

    Args:
        photo: uint8 `(height, width)`.

    Returns:
        None if nothing stands out from the paper.
    """
    factor = max(1, ceil(sqrt(photo.size / WORK_PIXELS)))
    picture = Image.fromarray(photo)
    work = picture.reduce(factor) if factor > 1 else picture
    cells = np.asarray(work.reduce(CELL), dtype=np.float32)
    paper = ndimage.median_filter(cells, min(_PAPER_CELLS, 2 * max(cells.shape) + 1), mode="nearest")
    paper = np.maximum(ndimage.gaussian_filter(paper, 2, mode="nearest"), _DARKEST_PAPER)
    spread = Image.fromarray(paper).transform(
        work.size, Image.Transform.AFFINE, (1 / CELL, 0, 0, 0, 1 / CELL, 0), Image.Resampling.BILINEAR
    )
    ratio = np.asarray(work, dtype=np.float32) / np.maximum(np.asarray(spread), _DARKEST_PAPER) - 1
    sample = ratio[::2, ::2]
    middle = float(np.median(sample))
    noise = 1.4826 * float(np.median(np.abs(sample - middle)))
    sign = 1 if float(((sample - middle) ** 3).sum(dtype=np.float64)) > 0 else -1
    ink = sign * (ratio - middle)
    strength = _strength(ink[::2, ::2], noise)
    if strength is None:
        return None
    return Lit(photo, np.asarray(work), factor, ink / np.float32(strength), paper, sign, strength, noise / strength)


def _strength(ink: Floats, noise: float) -> float | None:
    """How much the strongest of what stands out does so: digits, not the fainter lines of the paper."""
    standing = ink[ink > max(_MIN_STRENGTH, _STRENGTH_TO_NOISE * noise)]
    if standing.size < 4:
        return None
    low, high = np.percentile(standing, [1, 99])
    if high - low < _MIN_STRENGTH / 2:
        return float(high)
    return float(np.median(standing[standing > threshold_otsu(standing)]))


def find_ink(ink: Floats, noise: float) -> Mask:
    """Which pixels are ink, by J. Sauvola's threshold of 2000, and above the noise.

    A solid stroke as wide as the window's half is ink too: what is nearly as dark as the usual ink needs no contrast
    to its surroundings.
    """
    levels = np.clip(_PAPER_LEVEL - _INK_RANGE * ink, 0, 255).astype(np.uint8)
    window = min(_WINDOW, 2 * (min(ink.shape) // 2) - 1)
    threshold = threshold_sauvola(levels, max(window, 3), k=_K, r=_R)
    is_ink: Mask = ((levels < threshold) & (ink > _STRENGTH_TO_NOISE * noise)) | (ink > 0.6)
    return is_ink
