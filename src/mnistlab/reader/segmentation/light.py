"""Removes uneven light: measures the ink at each place, whatever the paper, pen and lamp."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from mnistlab.reader.segmentation.thresholds import otsu_threshold, sauvola_threshold

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

WORK_PIXELS: Final = 2_100_000  # of the reduced copy on which digits are looked for
CELL: Final = 8  # pixels of that copy; paper is taken to be even across one
_PAPER_CELLS: Final = 31  # a window of 248 pixels; strokes are narrower, sheets and shadows wider
_EDGE_CELLS: Final = 5  # to either side of an edge of sheet or shadow go 16 pixels
_TILES: Final = (64, 256)  # pixels, in which ink is the lesser part and paper the larger
_CLEAR_VOTE: Final = 0.2  # of the tiles' votes, 0 to 1
_DARKEST_PAPER: Final = 8  # grey level; below it ratios are noise
_BLACK: Final = 0.1  # of the brightest pixel; darker ground beneath light ink is black
_DEEPEST_SHADOW: Final = (
    0.25  # of the paper's usual brightness; below it is a table or a scanner's lid, whose noise is no ink
)
_SHADE: Final = 0.45  # of the paper's usual brightness; shadows and tables are darker
_MIN_STRENGTH: Final = 0.06  # of ink, as a fraction of the paper's brightness; fainter is JPEG and texture
_STRENGTH_TO_NOISE: Final = 4.0
_WINDOW: Final = 75  # pixels of Sauvola's local statistics
_K: Final = 0.2  # Sauvola's, and the range R that standard deviations are compared with
_R: Final = 100.0
_PAPER_LEVEL, _INK_RANGE = 230.0, 200.0  # grey levels that Sauvola's threshold is given


@dataclass(frozen=True, eq=False)
class Lit:
    """A photo whose light is known.

    Attributes:
        photo: The original photo.
        copy: Reduced copy of the photo.
        factor: Pixels of the photo for a pixel of the reduced copy.
        ink: Ink on the reduced copy, float32; 0 paper, 1 the usual ink of this page.
        paper: Brightness of the paper, float32, one value for each cell of the reduced copy.
        sign: Polarity: -1 for ink darker than paper, 1 for lighter.
        strength: Difference in brightness of the usual ink from the paper, as a fraction of the paper's.
        noise: Standard deviation of `ink` on bare paper.
    """

    photo: Grey
    copy: Grey
    factor: int
    ink: Floats
    paper: Floats
    sign: int
    strength: float
    noise: float


def remove_light(photo: Grey, sign: int | None = None) -> Lit | None:
    """Measures light, polarity, noise and the strength of the ink.

    Args:
        photo: Photo, uint8 `(height, width)`.
        sign: Polarity if it is known: -1 for ink darker than paper, 1 for lighter.

    Returns:
        The photo with its light; `None` if nothing stands out from the paper.
    """
    factor = max(1, ceil(sqrt(photo.size / WORK_PIXELS)))
    picture = Image.fromarray(photo)
    work = picture.reduce(factor) if factor > 1 else picture
    copy = np.asarray(work)  # a copy each time
    sign = sign or _polarity(copy)
    paper = _paper(np.asarray(work.reduce(CELL), dtype=np.float32), sign)
    spread = Image.fromarray(paper).transform(
        work.size, Image.Transform.AFFINE, (1 / CELL, 0, 0, 0, 1 / CELL, 0), Image.Resampling.BILINEAR
    )
    paper_there = np.asarray(spread)
    if sign > 0:  # light ink on nearly black ground, whose small differences are none
        least = max(_DARKEST_PAPER, _BLACK * float(copy.max()))
        paper, paper_there = np.maximum(paper, least), np.maximum(paper_there, least)
    usual = float(np.percentile(paper, 90))
    difference = copy.astype(np.float32) - paper_there
    ratio = difference / np.maximum(paper_there, _DEEPEST_SHADOW * usual)
    middle = float(np.median(ratio[::2, ::2]))
    noise = _deviation(ratio[::2, ::2])
    ink = sign * (ratio - middle)
    is_faint = sign * difference < _STRENGTH_TO_NOISE * _deviation(difference[::2, ::2])
    ink[is_faint & (paper_there < _SHADE * usual)] = 0  # in poor light, noise is relatively stronger
    strength = _strength(ink[::2, ::2], noise)
    if strength is None:
        return None
    return Lit(photo, copy, factor, ink / np.float32(strength), paper, sign, strength, noise / strength)


def _deviation(values: Floats) -> float:
    """Standard deviation of the majority of the values, which are bare paper."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def _polarity(grey: Grey) -> int:
    """-1 if ink is darker than paper, 1 if lighter: ink is the smaller part of nearly every place that has some.

    A place on the edge of a sheet or a shadow may mislead, so many small places vote, and larger ones only if strokes
    are too wide for those.
    """
    for side in (*_TILES, max(grey.shape)):
        # From four grids, so that a straight edge crosses tiles at all places.
        votes = [_vote(grey[start:, start:], side) for start in range(0, min(side, *grey.shape), -(-side // 4))]
        vote = sum(votes) / len(votes)
        if abs(vote) > _CLEAR_VOTE:
            break
    return 1 if vote > 0 else -1


def _vote(grey: Grey, side: int) -> float:
    """Mean skewness of tiles of about this side, each within -1 and 1 and weighted by its contrast."""
    rows, columns = (max(length // side, 1) for length in grey.shape)
    thinned = grey[::2, ::2].astype(np.float32)
    high, wide = max(thinned.shape[0] // rows, 1), max(thinned.shape[1] // columns, 1)
    tiles = thinned[: rows * high, : columns * wide].reshape(rows, high, columns, wide)
    levels = tiles.swapaxes(1, 2).reshape(-1, high * wide)
    levels = levels - levels.mean(axis=1, keepdims=True)
    squares = levels**2
    spread = np.sqrt(squares.mean(axis=1))
    skewness = (squares * levels).mean(axis=1) / np.maximum(spread, 1.0) ** 3
    weight = np.minimum(spread, np.percentile(spread, 90))
    return float((weight * np.clip(skewness, -1, 1)).sum() / max(float(weight.sum()), 1e-6))


def _paper(cells: Floats, sign: int) -> Floats:
    """The brightness of bare paper in each cell: narrow marks are filled in, and edges stay sharp.

    Around an edge the side closer in brightness to ink counts, so that the edge itself is not taken for ink.
    """
    window = min(_PAPER_CELLS, 2 * max(cells.shape) + 1)
    lighter = np.pad(
        -sign * cells, window, mode="edge"
    )  # so that a broad area at the edge of the photo counts as broad
    filled = ndimage.grey_closing(lighter, window)[window:-window, window:-window]
    paper: Floats = -sign * ndimage.minimum_filter(filled, _EDGE_CELLS, mode="nearest")
    return np.maximum(paper, _DARKEST_PAPER)


def _strength(ink: Floats, noise: float) -> float | None:
    """The strength of the strongest ink that stands out: digits, not the fainter lines of the paper."""
    standing = ink[ink > max(_MIN_STRENGTH, _STRENGTH_TO_NOISE * noise)]
    if standing.size < 4:
        return None
    low, high = np.percentile(standing, [1, 99])
    if high - low < _MIN_STRENGTH / 2:
        return float(high)
    return float(np.median(standing[standing > otsu_threshold(standing)]))


def find_ink(ink: Floats, noise: float) -> Mask:
    """The pixels that are ink, by J. Sauvola's threshold of 2000, and above the noise.

    A solid stroke as wide as half the window is ink too: pixels nearly as dark as the usual ink need no contrast to
    their surroundings.
    """
    levels = np.clip(_PAPER_LEVEL - _INK_RANGE * ink, 0, 255).astype(np.uint8)
    window = min(_WINDOW, 2 * (min(ink.shape) // 2) - 1)
    threshold = sauvola_threshold(levels, max(window, 3), k=_K, r=_R)
    is_ink: Mask = ((levels < threshold) & (ink > _STRENGTH_TO_NOISE * noise)) | (ink > 0.6)
    return is_ink
