"""Grain: how many pixels wide the finest detail of a picture is, where a small one was enlarged or is out of focus."""

from __future__ import annotations

from itertools import takewhile
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnistlab.reader.photos import reduced

Grey = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_SIDE: Final = 1000  # pixels of the copy that is looked at
_LEAST_SIDE: Final = 12  # pixels that are left of the shorter side
_LEAST_CONTRAST: Final = 40  # grey levels
_BETWEEN: Final = 0.12, 0.88  # of the range of grey levels: neither ground nor full ink
_LEAST_SQUARE: Final = 4  # pixels; the edges of smooth strokes have narrower steps
_SQUARES: Final = 0.8  # of those pixels, that lie in runs of whole squares
_UNEVEN: Final = 0.25  # of a square, by which its neighbours may be larger
_ALIKE: Final = 4  # neighbouring squares of the same level, at most
_STEP: Final = 1  # grey level by which neighbours within a square may differ
_EACH: Final = 2  # pixels that are left of a square
_REDUCTIONS: Final = (2, 3, 4, 6, 8, 12, 16)
_LOSS: Final = 0.03  # of a picture's deviation, by which it may differ when reduced and enlarged again


def grain(photo: Grey) -> int:
    """By how much a picture can be reduced before anything is lost of what it shows.

    Args:
        photo: Photo, uint8 `(height, width)`.

    Returns:
        A whole number: half the side of its squares if its ink consists of squares of one grey level each; otherwise
        the largest factor by which it is the same again after reducing and enlarging, 1 for sharp pictures.

    Example:
        >>> dots = np.random.default_rng(0).integers(0, 256, (16, 16)).astype(np.uint8)
        >>> grain(np.kron(dots, np.ones((8, 8), np.uint8))), grain(dots)
        (4, 1)
    """
    small, factor = reduced(photo, _SIDE)
    if np.ptp(small) < _LEAST_CONTRAST:
        return 1
    most = max(int(min(small.shape)) // _LEAST_SIDE, 1)
    side = _square_side(small)
    if side:
        return factor * max(min(round(side / _EACH), most), 1)
    smooth = max(takewhile(lambda by: by <= most and _loss(small, by) <= _LOSS, _REDUCTIONS), default=1)
    return factor * smooth if smooth > 1 else 1


def _square_side(photo: Grey) -> int:
    """The side of the squares that a picture consists of; 0 if it does not."""
    low, high = float(photo.min()), float(photo.max())
    least, most = (low + share * (high - low) for share in _BETWEEN)
    sides = []
    for levels in (photo, photo.T):
        runs, middles = _runs(levels)
        runs = runs[(middles > least) & (middles < most)]
        long = np.sort(runs[runs >= _LEAST_SQUARE])
        if not long.size:
            return 0
        side = int(long[np.searchsorted(np.cumsum(long), 0.25 * long.sum())])
        squares = np.round(long / side)  # neighbours may be alike
        is_whole = (np.abs(long - squares * side) <= np.minimum(squares, _UNEVEN * side)) & (squares <= _ALIKE)
        if long[is_whole].sum() < _SQUARES * runs.sum():
            return 0
        sides.append(side)
    return min(sides) if max(sides) <= min(sides) + max(1, _UNEVEN * min(sides)) else 0


def _runs(levels: Grey) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int16]]:
    """The lengths of all runs of one grey level along the rows, and their levels."""
    starts = np.ones(levels.shape, bool)
    starts[:, 1:] = np.abs(np.diff(levels.astype(np.int16), axis=1)) > _STEP
    places = np.flatnonzero(starts)
    return np.diff(np.append(places, levels.size)), levels.ravel()[places].astype(np.int16)


def _loss(photo: Grey, by: int) -> float:
    """The root mean square of what a picture loses when reduced and enlarged again, for its deviation."""
    height, width = (by * (side // by) for side in photo.shape)
    whole = Image.fromarray(photo[:height, :width])
    again = np.asarray(whole.reduce(by).resize(whole.size, Image.Resampling.BICUBIC), np.float32)
    difference = again - photo[:height, :width]
    return float(np.sqrt((difference**2).mean()) / max(float(photo[:height, :width].std()), 1.0))
