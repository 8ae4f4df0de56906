"""The photo as it is searched: a sheet in perspective seen from above, and ground around a digit that fills it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from mnistlab.reader.perspective import homography
from mnistlab.reader.photos import reduced
from mnistlab.reader.segmentation.outlines import between, outline, simplified
from mnistlab.reader.segmentation.thresholds import otsu_threshold

Grey = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.float64]

_SMALL_SIDE: Final = 400  # pixels of the copy on which the edges of a sheet are looked for
_MIN_SHEET, _MAX_SHEET = 0.12, 0.97  # fractions of the photo that a sheet covers
_DESK: Final = 0.7  # of the sheet's brightness; what lies around a clear sheet is darker
_MIN_AGREEMENT: Final = 0.95  # of the bright area with the area between four corners, as intersection over union
_MIN_TILT: Final = 1.5  # degrees by which corners differ from right angles; a sheet seen from above needs no help
_INSET: Final = 0.006  # of the sheet's sides; its edge is cut off
_CUT_OFF: Final = 0.04  # of the root of its area, that may lie at the edge of the photo: a corner that just fits

_MAX_PADDED_SIDE: Final = 1024  # pixels; larger photos are not of one digit, painted and cropped
_SMALL_PICTURE: Final = 160  # pixels; a larger picture may be of a page, and its dark edge a desk, a lid or a shadow
_EVEN: Final = 0.15, 0.03  # deviation of the ground from a plane, as a fraction of the ink's; the latter in larger ones
_MAX_ALONG: Final = 0.6  # of one side of a larger picture, that ink covers


@dataclass(frozen=True, eq=False)
class View:
    """The picture on which digits are looked for, and the way back to the photo.

    Attributes:
        photo: Picture, uint8 `(height, width)`.
        shape: Height and width of the photo.
        matrix: Homography `(3, 3)` from (right, down, 1) on the picture to the photo.
        margin: Pixels of ground that were added around the photo.
        sign: Polarity if it is known: -1 for dark ink, 1 for light ink.
        is_straightened: Whether a sheet was straightened.
    """

    photo: Grey
    shape: tuple[int, int]
    matrix: Matrix
    margin: int = 0
    sign: int | None = None
    is_straightened: bool = False

    def on_photo(self, right: Matrix, down: Matrix) -> tuple[Matrix, Matrix]:
        """Places of the picture as places of the photo, in pixels to the right and down."""
        places = self.matrix @ np.stack([right, down, np.ones_like(right)])
        return places[0] / places[2], places[1] / places[2]


def view_of(photo: Grey) -> View:
    """The view on which digits of a photo are looked for; mostly the photo itself."""
    corners = find_sheet(photo)
    if corners is not None:
        return straighten(photo, corners)
    padded = pad_with_ground(photo)
    return View(photo, photo.shape, np.eye(3)) if padded is None else padded


def find_sheet(photo: Grey) -> Matrix | None:
    """The corners of a light sheet that lies, seen at an angle, on something darker.

    Returns:
        Places `(4, 2)` in pixels to the right and down: top left, top right, bottom right, bottom left; `None` if there
        is no sheet that is wholly in the photo, or it is seen from straight above.
    """
    copy, factor = reduced(photo, _SMALL_SIDE)
    small = copy.astype(np.float32)
    if min(small.shape) < 60:
        return None
    paper = ndimage.grey_closing(small, 7)  # writing is narrower
    if np.ptp(paper) < 20:
        return None
    labels, count = ndimage.label(paper > otsu_threshold(paper))
    if not count:
        return None
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    sheet = ndimage.binary_fill_holes(labels == int(areas.argmax()))
    area, desk = np.count_nonzero(sheet), ~ndimage.binary_dilation(sheet, iterations=2)
    border = np.concatenate([sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]])
    if not _MIN_SHEET * sheet.size <= area <= _MAX_SHEET * sheet.size or border.sum() > _CUT_OFF * area**0.5:
        return None
    if not desk.any() or np.median(small[desk]) > _DESK * np.median(small[sheet]):
        return None
    corners = _four_corners(sheet)
    if corners is None or _tilt(corners) < _MIN_TILT:
        return None
    inside = between(corners, sheet.shape)
    if np.count_nonzero(inside & sheet) < _MIN_AGREEMENT * np.count_nonzero(inside | sheet):
        return None
    places: Matrix = factor * (corners + 0.5)
    return places


def _four_corners(sheet: npt.NDArray[np.bool_]) -> Matrix | None:
    """The corners of an area with four straight sides: lines are fitted to the sides, and meet in the corners."""
    points = outline(sheet)
    first = int(np.argmax(np.hypot(*(points - points.mean(axis=0)).T)))  # a corner; the first point is always kept
    points = np.vstack([points[first:], points[: first + 1]])
    for tolerance in np.geomspace(2, 0.1 * max(sheet.shape), 12):
        rough = simplified(points, tolerance)[:-1]
        if len(rough) <= 4:
            break
    if len(rough) != 4:
        return None
    lines = []
    for start, end in zip(rough, np.roll(rough, -1, axis=0), strict=True):
        side = end - start
        length = float(np.hypot(*side))
        along = (points - start) @ side / length**2
        across = np.abs((points - start) @ np.array([-side[1], side[0]])) / length
        own = points[(along > 0.08) & (along < 0.92) & (across < 0.04 * length + 2)]
        if len(own) < 10:
            return None
        middle = own.mean(axis=0)
        direction = np.linalg.svd(own - middle, full_matrices=False)[2][0]
        lines.append((middle, direction))
    corners = []
    for (one, ahead), (other, aside) in zip([lines[-1], *lines[:-1]], lines, strict=True):
        matrix = np.column_stack([ahead, -aside])
        if abs(np.linalg.det(matrix)) < 0.3:
            return None
        corners.append(one + ahead * np.linalg.solve(matrix, other - one)[0])
    found = np.array(corners)
    around = found - found.mean(axis=0)
    found = found[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]  # clockwise on the photo
    return np.roll(found, -int(np.argmin(found.sum(axis=1))), axis=0)


def _tilt(corners: Matrix) -> float:
    """The largest difference of a corner's angle from a right one, in degrees."""
    ahead = np.roll(corners, -1, axis=0) - corners
    back = np.roll(corners, 1, axis=0) - corners
    cosine = (ahead * back).sum(axis=1) / (np.hypot(*ahead.T) * np.hypot(*back.T))
    return float(np.abs(np.degrees(np.arccos(np.clip(cosine, -1, 1))) - 90).max())


def straighten(photo: Grey, corners: Matrix) -> View:
    """A sheet as seen from above, as fine as its nearest side on the photo.

    Args:
        photo: Photo, uint8 `(height, width)`.
        corners: Places `(4, 2)` of its corners, from `find_sheet`.
    """
    top, right, bottom, left = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    width, height = max(ceil(max(top, bottom)), 16), max(ceil(max(left, right)), 16)
    edge = _INSET * np.array([width, height]) + 1
    low, high = -edge, np.array([width, height]) + edge
    ours = np.array([low, (high[0], low[1]), high, (low[0], high[1])])
    matrix = homography(ours, corners)
    straight = Image.fromarray(photo).transform(
        (width, height), Image.Transform.PERSPECTIVE, tuple(matrix.ravel()[:8].tolist()), Image.Resampling.BICUBIC
    )
    return View(np.asarray(straight), photo.shape, matrix, is_straightened=True)


def pad_with_ground(photo: Grey) -> View | None:
    """A small picture whose ink reaches its border, with ground around it.

    Returns:
        The view, with known polarity; `None` if the picture is large, no ink reaches the border, or its ground is not
        even, so that what is at the border may be a desk or a shadow.
    """
    if max(photo.shape) > _MAX_PADDED_SIDE or min(photo.shape) < 8 or not np.ptp(photo):
        return None
    levels = photo.astype(np.float64)
    is_light = levels > otsu_threshold(photo.astype(np.float32))
    border = np.concatenate([is_light[0], is_light[-1], is_light[1:-1, 0], is_light[1:-1, -1]])
    share = float(is_light.mean())
    ground = is_light if (share if abs(share - 0.5) > 0.05 else border.mean()) > 0.5 else ~is_light
    if not (~ground)[[0, -1]].any() and not (~ground)[:, [0, -1]].any():
        return None
    is_large = max(photo.shape) > _SMALL_PICTURE
    sides = [(~ground)[0], (~ground)[-1], (~ground)[:, 0], (~ground)[:, -1]]
    if is_large and max(float(side.mean()) for side in sides) > _MAX_ALONG:
        return None
    inner = ndimage.binary_erosion(ground, border_value=1)
    if np.count_nonzero(inner) < 20:
        inner = ground
    plane = _plane(levels, inner)
    rows, columns = np.indices(photo.shape)
    away = (levels - (plane[0] + plane[1] * rows + plane[2] * columns))[inner]
    difference = float(levels[~ground].mean() - levels[ground].mean())
    if np.sqrt(np.mean(away**2)) > _EVEN[is_large] * abs(difference):
        return None
    margin = max(16, ceil(max(photo.shape) / 2))
    rows, columns = np.indices(np.add(photo.shape, 2 * margin)) - margin
    clipped = np.clip(rows, 0, photo.shape[0] - 1), np.clip(columns, 0, photo.shape[1] - 1)
    padded = plane[0] + plane[1] * clipped[0] + plane[2] * clipped[1]
    padded = np.clip(np.round(padded), 0, 255).astype(np.uint8)
    padded[margin:-margin, margin:-margin] = photo
    matrix = np.array([[1.0, 0, -margin], [0, 1, -margin], [0, 0, 1]])
    return View(padded, photo.shape, matrix, margin, 1 if difference > 0 else -1)


def _plane(levels: Matrix, where: npt.NDArray[np.bool_]) -> Matrix:
    """The plane through the levels of some pixels: its height at the first pixel, and its slopes down and right."""
    rows, columns = np.nonzero(where)
    system = np.column_stack([np.ones(len(rows)), rows, columns])
    return np.asarray(np.linalg.lstsq(system, levels[where], rcond=None)[0], dtype=np.float64)
