"""The boxes of a straightened page: the exact place of each, and the digit in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.reader.normalization import normalize_digit
from mnistlab.reader.sheet.layout import BOX_HEIGHT, BOX_WIDTH, BOXES, NUM_ROWS, Box
from mnistlab.reader.sheet.marks import Floats, Grey
from mnistlab.reader.sheet.page import PAPER_LEVEL, Page

State = Literal["digit", "empty", "blackened"]

SEARCH_MM: Final = 2.0  # on bent paper, boxes lie up to this far from the places that the four corners give
INSET_MM: Final = 0.7  # cut off inside of the printed line
_EDGE_MM: Final = 1.1  # ink that reaches no further in from the cut's edge is the printed line
_FAINTEST: Final = 0.18  # ink, where printed black is 1; a pencil has about 0.4
_MIN_STROKE: Final = 0.3  # square millimetres; less is a speck
_MIN_INK: Final = 1.0  # square millimetres of a digit; a small 1 in pencil has 1.5
_MIN_HEIGHT: Final = 2.5  # millimetres, or width
_BLACKENED: Final = 0.55  # share of a box


@dataclass(frozen=True, eq=False)
class Cell:
    """A box and its content.

    Attributes:
        box: Box of the layout.
        crop: Inside of the box without lines and specks, uint8 `(height, width)`, with light paper.
        state: Whether the box holds a digit, is empty or is blackened.
        image: Digit in MNIST's form, uint8 `(28, 28)`; zeros if there is none.
    """

    box: Box
    crop: Grey
    state: State
    image: Grey


def read_boxes(page: Page) -> list[Cell]:
    """Cuts every box and brings its digit into MNIST's form, in reading order."""
    return [_read(page, box, offset) for box, offset in zip(BOXES, locate(page), strict=True)]


def locate(page: Page) -> Floats:
    """The distance of each box from its place in the layout, x and y in millimetres: float64 `(100, 2)`.

    Each box is found by its printed lines; the median with its neighbours corrects boxes whose lines writing hides.
    """
    offsets = np.array([_offset(page, box) for box in BOXES]).reshape(NUM_ROWS, NUM_CLASSES, 2)
    smooth = [ndimage.median_filter(offsets[..., axis], 3, mode="nearest") for axis in (0, 1)]
    return np.stack(smooth, axis=-1).reshape(-1, 2)


def _offset(page: Page, box: Box) -> tuple[float, float]:
    """The offset at which both lines of each pair, left and right, top and bottom, are darkest at once."""
    width, height = BOX_WIDTH + 2 * SEARCH_MM, BOX_HEIGHT + 2 * SEARCH_MM
    ink = PAPER_LEVEL - page.cut(box.left - SEARCH_MM, box.top - SEARCH_MM, width, height).astype(np.float32)
    inside = [round(2 * SEARCH_MM * page.pixels_per_mm), round(SEARCH_MM * page.pixels_per_mm)]
    across = np.median(ink[inside[0] : -inside[0]], axis=0)
    down = np.median(ink[:, inside[0] : -inside[0]], axis=1)
    return _shift(across, BOX_WIDTH, page.pixels_per_mm), _shift(down, BOX_HEIGHT, page.pixels_per_mm)


def _shift(profile: npt.NDArray[np.float32], distance_mm: float, scale: float) -> float:
    """The shift of two lines at a known distance from their place, in millimetres; 0 if there are no lines."""
    smooth = ndimage.gaussian_filter1d(profile, 0.15 * scale, mode="nearest")
    distance = round(distance_mm * scale)
    both = np.minimum(smooth[: len(smooth) - distance], smooth[distance:])
    if not len(both) or float(both.max()) < 0.05 * PAPER_LEVEL:
        return 0.0
    return float((np.argmax(both) + 0.5) / scale - SEARCH_MM)


def _read(page: Page, box: Box, offset: Floats) -> Cell:
    left, top = box.left + offset[0] + INSET_MM, box.top + offset[1] + INSET_MM
    crop = page.cut(left, top, BOX_WIDTH - 2 * INSET_MM, BOX_HEIGHT - 2 * INSET_MM)
    nothing = np.zeros(IMAGE_SHAPE, np.uint8)
    contrast = max(PAPER_LEVEL - page.black, 1.0)
    if np.mean(PAPER_LEVEL - crop.astype(np.float32) > 0.5 * contrast) > _BLACKENED:
        return Cell(box, crop, "blackened", nothing)
    ground = float(np.median(crop))
    is_ink = ground - crop.astype(np.float32) > _FAINTEST * contrast
    kept, dropped = _strokes(is_ink, page.pixels_per_mm)
    reach = 2 * round(0.3 * page.pixels_per_mm) + 1
    near_kept, near_dropped = (
        ndimage.maximum_filter(mask.view(np.uint8), reach).view(bool) for mask in (kept, dropped)
    )
    clean = np.where(near_dropped & ~near_kept, np.uint8(ground), crop)
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    extent = max((int(np.ptp(places)) + 1 for places in (rows, columns) if len(places)), default=0)
    if np.count_nonzero(kept) < _MIN_INK * page.pixels_per_mm**2 or extent < _MIN_HEIGHT * page.pixels_per_mm:
        return Cell(box, clean, "empty", nothing)
    normalized = normalize_digit(clean, ink="dark")
    return Cell(box, clean, "empty" if normalized.is_blank else "digit", normalized.image)


def _strokes(is_ink: npt.NDArray[np.bool_], scale: float) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The pixels of writing, and those of specks and of pieces of the printed line along an edge."""
    labels, _ = ndimage.label(is_ink, np.ones((3, 3)))
    edge, (height, width) = _EDGE_MM * scale, is_ink.shape
    areas = np.bincount(labels.ravel())
    is_stroke = areas >= _MIN_STROKE * scale**2
    is_stroke[0] = False
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        if min(rows.stop, columns.stop, height - rows.start, width - columns.start) <= edge:
            is_stroke[number] = False
    kept = is_stroke[labels]
    return kept, is_ink & ~kept
