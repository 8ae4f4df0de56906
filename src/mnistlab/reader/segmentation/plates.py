"""Plates: boxes with light ink on dark ground on a light page, such as figures of MNIST, or the other way round."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mnistlab.reader.photos import reduced
from mnistlab.reader.segmentation.outlines import between
from mnistlab.reader.segmentation.thresholds import otsu_threshold

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_SIDE: Final = 800  # pixels of the copy on which plates are looked for
_LEAST_SIDE: Final = 20  # pixels of that copy; smaller ones hold no digit that could be read
_LEAST_CONTRAST: Final = 40  # grey levels between the ground of a plate and the page
_EDGE: Final = 5  # pixels; what is narrower, such as the ticks of an axis, is no part of a plate
_CLOSED: Final = 0.92  # of each side of the smallest box around it, that is its ground; letters have round corners
_DEPTH: Final = 0.01  # of a side, by which it may be bent
_INK: Final = 0.005, 0.5  # of a plate, that its ink covers
_TALL: Final = 0.12, 8  # of its height, and pixels: what at least one piece of its ink has
_AROUND: Final = 0.7  # of the pixels around a plate, that are page
_TILTS: Final = np.radians(np.arange(-12, 13))  # of that box


@dataclass(frozen=True, eq=False)
class Plate:
    """A box of its own ground.

    Attributes:
        corners: Its corners `(4, 2)`, clockwise, right and down in pixels of the photo.
        ground: Grey level of its ground.
        ink: Grey level of its ink.
    """

    corners: Floats
    ground: float
    ink: float

    def holds(self, box: tuple[int, int, int, int]) -> bool:
        """Whether the middle of a box, given as top, left, bottom and right, lies in it."""
        middle = np.array([box[1] + box[3], box[0] + box[2]]) / 2
        return bool((self.corners.min(axis=0) <= middle).all() and (middle <= self.corners.max(axis=0)).all())

    def grown(self, pixels: float) -> Floats:
        """Its corners with all sides moved outwards."""
        grown = self.corners.copy()
        for step in (-1, 1):
            side = np.roll(self.corners, step, axis=0) - self.corners
            grown -= pixels * side / np.hypot(*side.T)[:, None]
        return grown


def find_plates(photo: Grey) -> list[Plate]:
    """The plates of a photo.

    Args:
        photo: Photo, uint8 `(height, width)`.

    Returns:
        Boxes that stand out from the page on all sides, are filled but for what is written in them, and do not reach
        the border of the photo; empty if there is none.
    """
    small, factor = reduced(photo, _SIDE)
    if np.ptp(small) < _LEAST_CONTRAST:
        return []
    is_light = small > otsu_threshold(small.astype(np.float32))
    found = []
    for side in (~is_light, is_light):
        labels, _ = ndimage.label(side)
        for number, window in enumerate(ndimage.find_objects(labels), start=1):
            if min(one.stop - one.start for one in window) >= _LEAST_SIDE:
                plate = _plate(small, side, labels, number, window)
                if plate is not None:
                    found.append(dataclasses.replace(plate, corners=factor * (plate.corners + 0.5) - 0.5))
    return found


def _plate(
    small: Grey, side: Mask, labels: npt.NDArray[np.int32], number: int, window: tuple[slice, ...]
) -> Plate | None:
    """The plate whose ground is one connected part of a copy, in pixels of that copy."""
    rows, columns = (slice(max(one.start - 2, 0), one.stop + 2) for one in window)
    height, width = small.shape
    if window[0].start < 1 or window[1].start < 1 or window[0].stop >= height or window[1].stop >= width:
        return None
    own = labels[rows, columns] == number
    corners = _least_box(ndimage.binary_opening(own, np.ones((_EDGE, _EDGE))))
    if corners is None or min(_closed(own, one, other) for one, other in pairwise([*corners, corners[0]])) < _CLOSED:
        return None
    filled = between(corners, own.shape)
    area = np.count_nonzero(filled)
    is_ink = ndimage.binary_erosion(filled, iterations=2) & ~own
    if not _INK[0] * area <= np.count_nonzero(is_ink) <= _INK[1] * area:
        return None
    heights = [one[0].stop - one[0].start for one in ndimage.find_objects(ndimage.label(is_ink)[0])]
    if max(heights) < max(_TALL[0] * np.ptp(corners[:, 1]), _TALL[1]):
        return None
    around = ndimage.binary_dilation(filled, iterations=2) & ~ndimage.binary_dilation(filled)
    if not around.any() or np.mean(~side[rows, columns][around]) < _AROUND:
        return None
    levels = small[rows, columns]
    ground, page = float(np.median(levels[filled & own])), float(np.median(levels[around]))
    ink = float(np.percentile(levels[is_ink], 90 if page > ground else 10))
    if abs(page - ground) < _LEAST_CONTRAST:
        return None
    return Plate(np.add(corners, (columns.start, rows.start)), ground, ink)


def _least_box(own: Mask) -> Floats | None:
    """The corners `(4, 2)`, right and down, of the smallest box around what is set, turned by up to 12 degrees."""
    down, right = np.nonzero(own & ~ndimage.binary_erosion(own))
    if not len(down):
        return None
    cosines, sines = np.cos(_TILTS)[:, None], np.sin(_TILTS)[:, None]
    across, along = cosines * right + sines * down, cosines * down - sines * right
    at = int(((np.ptp(across, axis=1) + 1) * (np.ptp(along, axis=1) + 1)).argmin())
    (x, y), c, s = ((one[at].min(), one[at].max()) for one in (across, along)), cosines[at, 0], sines[at, 0]
    places = np.array([(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])])
    corners: Floats = places @ np.array([(c, s), (-s, c)])
    return corners


def _closed(own: Mask, start: Floats, end: Floats) -> float:
    """The fraction of a side, from one corner clockwise to the next, along which ground begins at once."""
    length = float(np.hypot(*(end - start)))
    ahead = (end - start) / length
    inwards = np.array([-ahead[1], ahead[0]])
    along, deep = np.arange(1, length), np.arange(0, 2 + _DEPTH * length)
    places = start + along[:, None, None] * ahead + deep[None, :, None] * inwards
    columns, rows = np.clip(np.round(places).astype(int), 0, np.subtract(own.shape[::-1], 1)).transpose(2, 0, 1)
    return float(own[rows, columns].any(axis=1).mean())


def blend(photo: Grey, plates: list[Plate]) -> Grey:
    """The photo with the ground of its plates as light as the page, and their ink as dark as that page's, or reversed.

    Args:
        photo: Photo, uint8 `(height, width)`.
        plates: Some of its plates, from `find_plates`.

    Returns:
        Photo of the same shape.
    """
    blended = photo.copy()
    scale = max(1.0, max(photo.shape) / _SIDE)
    for plate in plates:
        wide = round(2 * scale + _DEPTH * min(np.ptp(plate.corners, axis=0)))
        inner, outer, beyond = (plate.grown(pixels) for pixels in (-wide, wide, wide + 2 * scale))
        left, top = np.maximum(np.floor(beyond.min(axis=0)), 0).astype(int)
        right, bottom = np.ceil(beyond.max(axis=0)).astype(int) + 1
        levels, new = photo[top:bottom, left:right], blended[top:bottom, left:right]
        inside, edge, around = (between(one - (left, top), levels.shape) for one in (inner, outer, beyond))
        ring = around & ~edge
        page = float(np.median(levels[ring])) if ring.any() else 255.0 - plate.ground
        share = np.clip((levels[inside].astype(np.float32) - plate.ground) / (plate.ink - plate.ground), 0, 1)
        new[edge] = round(page)
        new[inside] = np.round(page + share * (plate.ground - page))
    return blended
