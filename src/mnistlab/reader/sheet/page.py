"""Straightens the page on a photo: seen from above, evenly lit and the right way up."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from PIL import Image
from scipy import ndimage

from mnistlab.exceptions import DataError
from mnistlab.reader.perspective import homography
from mnistlab.reader.sheet import layout
from mnistlab.reader.sheet.marks import Floats, Grey, Mark, choose_corners, find_marks, frame_area, missing_corner

PAPER_LEVEL: Final = 230  # grey level of paper on a straightened page; noise has room on either side
MIN_PIXELS_PER_MM: Final = 2.5  # below it a digit of 8 mm has fewer than MNIST's 20 pixels
MAX_PIXELS_PER_MM: Final = 8.0  # of the straightened page; more takes longer and is no better
MAX_BLUR_MM: Final = 1.1  # width of an edge from a tenth to nine tenths of its height; at 1.35 a fifth was misread
MARGIN_MM: Final = 9.0  # of paper around the frame; marks reach 6 beyond it

_PAPER_WINDOW_MM: Final = 15
_PAPER_PERCENT: Final = 80  # percent of the pixels in a window that are not brighter than paper
_SURE: Final = 0.3  # of paper's brightness; least difference between black and white cells of the strip
_MAX_PAGES: Final = 5  # sets of four marks that are tried


@dataclass(frozen=True, eq=False)
class Page:
    """A straightened page.

    Attributes:
        grey: Grey levels of the frame and `MARGIN_MM` around it, uint8, with paper at `PAPER_LEVEL`.
        pixels_per_mm: Pixels per millimetre.
        black: Grey level of printed black.
    """

    grey: Grey
    pixels_per_mm: float
    black: float

    def cut(self, left: float, top: float, width: float, height: float) -> Grey:
        """Cuts out a rectangle, in the layout's millimetres."""
        scale = self.pixels_per_mm
        x, y = round((left + MARGIN_MM) * scale), round((top + MARGIN_MM) * scale)
        return self.grey[max(y, 0) : y + round(height * scale), max(x, 0) : x + round(width * scale)]

    def around(self, x: float, y: float, width: float, height: float) -> Grey:
        """Cuts out a rectangle around a point, in millimetres."""
        return self.cut(x - width / 2, y - height / 2, width, height)


def find_page(photo: Grey, name: str) -> Page:
    """Finds the page on a photo, turned in any way, and straightens it.

    Args:
        photo: Photo, uint8 `(height, width)`, from `load_photo`.
        name: Name of the photo for messages.

    Raises:
        DataError: there is no page, a mark is missing, or the photo is too small or too blurred.
    """
    marks = find_marks(photo)
    pages = choose_corners(marks)[:_MAX_PAGES]
    if not pages:
        raise DataError(_explain_missing(marks, photo, name))
    for corners in pages:
        scale = sqrt(frame_area(corners) / (layout.FRAME_WIDTH * layout.FRAME_HEIGHT))
        for turn in range(4):
            page = _straighten(photo, np.roll(corners, -turn, axis=0), scale)
            if not _has_strip(page):
                continue
            _check(page, scale, name)
            return page
    raise DataError(
        f"{name} shows corner marks, but not the black strip between the upper two, which says which way is up. "
        "Photograph the whole page, with nothing on it and not in a mirror."
    )


def _explain_missing(marks: list[Mark], photo: Grey, name: str) -> str:
    corner = missing_corner(marks)
    if corner is None:
        return (
            f"{name} shows no page of `mnistlab sheet make`: {len(marks)} of its 4 corner marks were found. "
            "Photograph the whole page from above, sharp, in even light, filling the picture."
        )
    height, width = photo.shape
    place = f"{'upper' if corner[1] < height / 2 else 'lower'} {'left' if corner[0] < width / 2 else 'right'}"
    is_outside = not (0 <= corner[0] < width and 0 <= corner[1] < height)
    reason = "it lies outside of the photo" if is_outside else "it is covered, cut off, or in a hard shadow"
    return (
        f"{name} shows 3 of the 4 corner marks; the one at the {place} of the photo is missing: {reason}. "
        "Take a photo with all four."
    )


def _check(page: Page, scale: float, name: str) -> None:
    if scale < MIN_PIXELS_PER_MM:
        raise DataError(
            f"{name} is too small: a millimetre of the page has {scale:.1f} pixels, {MIN_PIXELS_PER_MM} or more were "
            "expected. Let the page fill the picture, and do not reduce it."
        )
    blur = _measure_blur(page)
    if blur > MAX_BLUR_MM:
        raise DataError(
            f"{name} is too blurred: from black to white it takes {blur:.1f} mm of the page, {MAX_BLUR_MM} or less was "
            "expected. Focus on the page, hold still, and take another photo."
        )


def _straighten(photo: Grey, corners: Floats, scale: float) -> Page:
    """The page whose upper left mark is the first corner."""
    out_scale = min(max(scale, MIN_PIXELS_PER_MM), MAX_PIXELS_PER_MM)
    size = [round((side + 2 * MARGIN_MM) * out_scale) for side in (layout.FRAME_WIDTH, layout.FRAME_HEIGHT)]
    factor = max(1, round(scale / out_scale))
    picture = Image.fromarray(photo)
    source = picture.reduce(factor) if factor > 1 else picture
    ours = (np.array(layout.MARKS) + MARGIN_MM) * out_scale
    coefficients = tuple(homography(ours, corners / factor).ravel()[:8].tolist())
    straight = source.transform(
        (size[0], size[1]), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC, fillcolor=PAPER_LEVEL
    )
    grey = _even_out(straight, out_scale)
    page = Page(grey, out_scale, 0.0)
    ring = (layout.MARK_SIDES[0] + layout.MARK_SIDES[1]) / 4
    sides = [(ring, 0.0), (-ring, 0.0), (0.0, ring), (0.0, -ring)]
    samples = [np.median(page.around(x + dx, y + dy, 1, 1)) for x, y in layout.MARKS for dx, dy in sides]
    return Page(grey, out_scale, float(np.median(samples)))


def _even_out(straight: Image.Image, scale: float) -> Grey:
    """Brings the paper of a picture to one level: divides by the brightness of the paper around each place."""
    per_mm = straight.resize((round(straight.width / scale), round(straight.height / scale)), Image.Resampling.BOX)
    levels = np.asarray(per_mm, dtype=np.float32)
    paper = ndimage.percentile_filter(levels, _PAPER_PERCENT, _PAPER_WINDOW_MM, mode="nearest")
    smooth = Image.fromarray(ndimage.gaussian_filter(paper, 3, mode="nearest"))
    light = np.maximum(np.asarray(smooth.resize(straight.size, Image.Resampling.BILINEAR)), 8)
    even: Grey = np.clip(np.asarray(straight, dtype=np.float32) * (PAPER_LEVEL / light), 0, 255).astype(np.uint8)
    return even


def _has_strip(page: Page) -> bool:
    cells = [
        (float(page.around(x, y, layout.STRIP_CELL / 2, layout.STRIP_HEIGHT / 2).mean()), bit)
        for x, y, bit in layout.strip_cells()
    ]
    black, white = (([level for level, bit in cells if bit == which]) for which in (1, 0))
    return min(white) - max(black) > _SURE * PAPER_LEVEL


def _measure_blur(page: Page) -> float:
    """Median width of the marks' edges in millimetres, from a tenth to nine tenths of the way from black to white."""
    widths = []
    for x, y in layout.MARKS:
        for across in (page.around(x, y, 16, 2).mean(axis=0), page.around(x, y, 2, 16).mean(axis=1)):
            steepest = float(np.abs(np.diff(across)).max())
            widths.append(0.8 * float(np.ptp(across)) / max(steepest, 0.1) / page.pixels_per_mm)
    return float(np.median(widths))
