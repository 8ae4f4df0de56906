"""Measures how far a page is turned, and turns it level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from mnistlab.reader.segmentation.light import WORK_PIXELS, Floats, Mask
from mnistlab.reader.segmentation.windows import all_within

MAX_DEGREES: Final = 12.0
_MAX_POINTS: Final = 60_000  # more would not make the angle better
_MIN_GAIN: Final = 1.1  # in sharpness; less can come from the shapes of a few digits
_MIN_CHARACTERS: Final = 4  # that make a line; the strokes of fewer, such as the flag of a 1, are no direction
_MIN_HEIGHT: Final = 0.4  # of a character, as a fraction of the tallest
_MIN_SOLID: Final = 0.06  # of its box, the ink of a character
_MIN_SHARE: Final = 0.3  # of the ink, that such characters have together
_MIN_RULE: Final = 0.6  # length of a rule as a fraction of the picture's width
_LEVEL: Final = 3.0  # degrees; a page with a rule along the pixels is not turned by more
_THIN, _RUN = 3, 100  # pixels: the thickness of such a rule at most, and its length at least
_MIN_DEGREES: Final = 0.3  # a smaller turn is not worth its blur

_MAX_PIXELS: Final = 4 * WORK_PIXELS  # of a level page; only strips far longer than wide would need more


@dataclass(frozen=True, eq=False)
class Turn:
    """The map from places on the level page to places on the reduced copy, both (right, down) from the top left corner.

    Attributes:
        matrix: Rotation matrix `(2, 2)`.
        offset: Offset `(2,)` in pixels.
        size: Width and height of the level page.
    """

    matrix: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]
    size: tuple[int, int]

    def coefficients(self, corner: tuple[float, float], scale: float) -> tuple[float, ...]:
        """The coefficients with which Pillow's affine transform cuts a window of the level page.

        Args:
            corner: Left and top of the window on the level page.
            scale: Pixels of the picture that is cut for a pixel of the reduced copy; the window is as fine as that
                picture, so a digit that is cut from the photo itself keeps its size.
        """
        start = scale * (self.matrix @ np.array(corner) + self.offset)
        matrix = self.matrix
        return (matrix[0, 0], matrix[0, 1], start[0], matrix[1, 0], matrix[1, 1], start[1])


def measure_skew(is_ink: Mask) -> float:
    """The angle of lines of writing or of ruled paper, in degrees; positive if their right ends are lower.

    The profile of ink along the true direction is sharpest. A few digits in a wavering line are not enough: then the
    page is taken to be level. So it is where there is neither a line of characters nor a rule: the top of a lone 7 and
    the flag of a lone 1 are what tells the two apart.
    """
    whole, is_ink = is_ink, is_ink[::2, ::2]
    rows, columns = np.nonzero(is_ink)
    if len(rows) < 50:
        return 0.0
    step = max(1, len(rows) // _MAX_POINTS)
    down, right = rows[::step].astype(np.float32), columns[::step].astype(np.float32)
    coarse, _, _ = _sharpest(down, right, np.arange(-MAX_DEGREES, MAX_DEGREES + 0.01, 0.5))
    degrees, sharpness, longest = _sharpest(down, right, coarse + np.arange(-0.5, 0.51, 0.1))
    _, sharpness_level, _ = _sharpest(down, right, np.zeros(1))
    if sharpness <= _MIN_GAIN * sharpness_level or (abs(degrees) > _LEVEL and _has_level_rule(whole)):
        return 0.0
    return degrees if longest * step >= _MIN_RULE * is_ink.shape[1] or _has_line(is_ink) else 0.0


def _sharpest(down: Floats, right: Floats, degrees: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """The angle at which the profile is sharpest, its sharpness there, and the most ink at one height."""
    found = []
    for angle in np.radians(degrees):
        height = down * np.float32(np.cos(angle)) - right * np.float32(np.sin(angle))
        profile = np.bincount((height - height.min()).astype(np.intp)).astype(np.float64)
        found.append((float((profile**2).sum()), float(profile.max())))
    best = int(np.argmax([sharpness for sharpness, _ in found]))
    return float(degrees[best]), *found[best]


def _has_level_rule(is_ink: Mask) -> bool:
    """Whether a thin line runs along the rows of pixels, as the frames that programs draw; a turned one has steps."""
    thin = is_ink.copy()
    thin[_THIN:] &= ~is_ink[:-_THIN]
    thin[:-_THIN] &= ~is_ink[_THIN:]
    return thin.shape[1] >= _RUN and bool(all_within(thin, _RUN, axis=1).any())


def _has_line(is_ink: Mask) -> bool:
    """Whether there are enough characters for a line: of about one height, with much of the ink that is no rule."""
    labels, count = ndimage.label(is_ink, np.ones((3, 3)))
    boxes = ndimage.find_objects(labels)
    sides = np.array([(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in boxes])
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    is_solid = areas >= _MIN_SOLID * sides.prod(axis=1)  # a grid of rules is mostly empty
    heights, areas = sides[is_solid, 0], areas[is_solid]
    if len(heights) < _MIN_CHARACTERS:
        return False
    order = np.argsort(-heights)
    heights, inked = heights[order], np.concatenate([[0], np.cumsum(areas[order])])
    ends = np.searchsorted(-heights, -_MIN_HEIGHT * heights, side="right")  # of those that are high enough beside each
    starts = np.arange(len(heights))
    return bool(((ends - starts >= _MIN_CHARACTERS) & (inked[ends] - inked[starts] >= _MIN_SHARE * inked[-1])).any())


def level(shape: tuple[int, int], degrees: float) -> Turn:
    """The turn that makes lines of a given angle level; the page grows so that nothing is cut off.

    A strip that would grow out of all proportion stays as it is: one of 50 by 40,000 pixels, turned by 12 degrees, is
    as large as 160 pages.
    """
    height, width = shape
    stays = Turn(np.eye(2), np.zeros(2), (width, height))
    if abs(degrees) < _MIN_DEGREES:
        return stays
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.array([[cosine, -sine], [sine, cosine]])
    size = np.ceil(np.abs(matrix) @ np.array([width, height])).astype(int)
    if size.prod() > _MAX_PIXELS:
        return stays
    offset = np.array([width, height]) / 2 - matrix @ size / 2
    return Turn(matrix, offset, (int(size[0]), int(size[1])))


def turn_ink(ink: Floats, turn: Turn) -> Floats:
    """The ink of the level page; 0 beyond the photo."""
    if ink.shape == turn.size[::-1] and not turn.offset.any():
        return ink
    coefficients = turn.coefficients((0, 0), 1)
    turned = Image.fromarray(ink).transform(turn.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
    return np.asarray(turned)
