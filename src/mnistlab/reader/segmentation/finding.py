"""The digits of a photo, one step after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mnistlab.exceptions import UsageError
from mnistlab.reader.segmentation.cutting import MARGIN, box_of, cut_out
from mnistlab.reader.segmentation.enclosing import Surroundings, is_near, with_specks
from mnistlab.reader.segmentation.light import Grey, find_ink, remove_light
from mnistlab.reader.segmentation.lines import drop_edges, drop_small, group_lines
from mnistlab.reader.segmentation.parting import cut_up, may_be_several, part_touching
from mnistlab.reader.segmentation.parts import (
    Part,
    find_parts,
    is_digit_sized,
    join_in_lines,
    join_parts,
    merge,
)
from mnistlab.reader.segmentation.ruling import remove_ruling
from mnistlab.reader.segmentation.skew import level, measure_skew, turn_ink
from mnistlab.reader.segmentation.views import view_of

_WIDEST: Final = 1.2  # width to height of a digit in pieces
_SOLID: Final = 0.6  # of its box, the ink of a finger or a shadow
_THICKER: Final = 1.3  # times the thickness of the strokes
_AT_BORDER: Final = 0.03  # of a picture's shorter side; what comes as near to the border reaches it


@dataclass(frozen=True, eq=False)
class Found:
    """A place on a photo where a digit may be.

    Attributes:
        box: Top, left, bottom, right in pixels of the photo, the last two one past the ink.
        line: Number of the line of writing, from 0 at the top.
        position: Position in its line, from 0 at the left.
        crop: Crop of this digit alone, uint8 `(height, width)`, turned level; 0 ground to 255 ink, whatever it was on
            the photo. A digit of less than 64 pixels has as many pixels as on the photo.
        marks: Remarks: "ruled" if a line of the paper, a box or a table was removed beside or through it; "touching" if
            it is as wide as several digits and cannot be parted with certainty; "parted" if it was parted from another;
            "joined" if it was put together from pieces; and by the reader, "astray" if the page looks like digits in
            none of four ways, "faint" if its ink hardly stands out, "letters" if it is in a word, "print" if it is in a
            line of small print, "short" if it is a thick stroke alone on a photo, "dotted" if it has a dot below,
            "percent" if it is a piece of a percent sign, "slash" if it is one and "long" if it may be, "dollar" if it
            may be such a sign, "stray" if it may be an edge or a piece of something, "filled" if other marks stand
            inside it, "stacked" if it is in pieces that look like digits, "piece" if it may be a piece of a digit,
            "cut" if it reaches the border of the photo.
    """

    box: tuple[int, int, int, int]
    line: int
    position: int
    crop: Grey
    marks: tuple[str, ...]


class Search:
    """Everything on a photo that may be a digit, and how it may be parted where digits touch.

    The ink may be light or dark, on paper, slate or screen, evenly lit or not, ruled or squared, in boxes and tables,
    turned by up to 12 degrees; a light sheet on something darker may be seen at an angle. Digits should be at least 12
    pixels high; on photos of more than 2 million pixels, which are reduced for the search, proportionally more.

    Args:
        photo: Photo, uint8 `(height, width)`, from `load_photo`.
        with_rings: Whether closed lines around digits are looked at too.

    Attributes:
        found: All of it, in reading order. Digits that touch are one.
        is_straightened: Whether a sheet in perspective was straightened.
        has_rules: Whether rules, boxes or a table were removed.
        has_rings: Whether there are closed lines around digits.
        strength: Difference in brightness of the usual ink from its ground, as a fraction of the ground's; 0 if
            nothing stands out.
        noise: Standard deviation of the bare ground, as a fraction of that difference.

    Raises:
        UsageError: (a `ValueError`) the photo has another shape or type.
    """

    def __init__(self, photo: npt.NDArray[np.uint8], with_rings: bool = True) -> None:
        photo = np.asarray(photo)
        if photo.dtype != np.uint8 or photo.ndim != 2 or not photo.size:
            raise UsageError(
                f"find_digits got {photo.dtype} {photo.shape}, but grey levels uint8 (height, width) were expected. "
                "Load the photo with load_photo."
            )
        self.found: list[Found] = []
        self.has_rules, self.has_rings, self.strength, self.noise = False, False, 0.0, 0.0
        self._view = view_of(photo)
        self.is_straightened = self._view.is_straightened
        if (lit := remove_light(self._view.photo, self._view.sign)) is None:
            return
        self._lit, self.strength, self.noise = lit, lit.strength, lit.noise
        self._turn = level(lit.ink.shape, measure_skew(lit.ink > 0.4))
        self._ink = turn_ink(lit.ink, self._turn)
        is_ink, self._ruling = remove_ruling(find_ink(self._ink, lit.noise), self._ink, self._view.margin // lit.factor)
        self.has_rules = bool(self._ruling.any())
        self._labels, parts = find_parts(is_ink, self._ink, self._ruling)
        rings = Surroundings(parts, self._labels, self._ruling).rings()
        self.has_rings = bool(rings)
        parts = parts if with_rings else [part for part in parts if part not in rings]
        parts = join_in_lines(self._labels, group_lines(join_parts(self._labels, parts)), self.has_rules)
        self._surroundings = Surroundings(parts, self._labels, self._ruling)
        lines = [drop_small(line) for line in group_lines([part for part in parts if is_digit_sized(part)])]
        self._lines = drop_edges(lines, self._ink.shape)
        self.found = self._found(self._lines)

    def _found(self, lines: list[list[Part]]) -> list[Found]:
        return [
            self._one(part, number, position) for number, line in enumerate(lines) for position, part in enumerate(line)
        ]

    def _one(self, part: Part, line: int, position: int) -> Found:
        labels, lit = self._labels, self._lit
        box = box_of(part, labels, self._ink, self._turn, lit, self._view)
        top, left = max(part.top - MARGIN, 0), max(part.left - MARGIN, 0)
        is_ruled = self._ruling[top : part.bottom + MARGIN, left : part.right + MARGIN].any()
        marks = tuple(sorted({*part.marks, "ruled"})) if is_ruled else part.marks
        return Found(box, line, position, cut_out(part, labels, self._ruling, self._turn, lit), marks)

    def parted(self) -> list[Found]:
        """Everything that may be a digit, with parts as wide as several digits parted where a short cut does it."""
        return self._found(part_touching(self._labels, self._lines)) if self.found else []

    def whole(self) -> Found | None:
        """Everything that was found and the specks around it, as one digit in pieces.

        What reaches the border of the picture, where other things do not, is no piece but a finger or an edge.

        Returns:
            The whole; `None` if it is too wide for one digit, not all near, or no more than was found.
        """
        parts = [part for line in self._lines for part in line]
        stroke = min(part.thickness for part in parts)
        parts = [part for part in parts if not (self._is_at_border(part) or self._is_finger(part, stroke))] or parts
        largest = max(parts, key=lambda part: part.area)
        if not all(is_near(part, largest) for part in parts):
            return None
        part = with_specks(merge(parts), self._labels)
        if self._is_at_border(part) and not self._is_at_border(merge(parts)):
            part = merge(parts)
        is_more = len(parts) > 1 or len(part.numbers) > len(parts[0].numbers)
        return self._one(part, 0, 0) if is_more and part.width <= _WIDEST * part.height else None

    def with_enclosed(self, found: Found) -> tuple[Found, list[tuple[tuple[int, ...], int]]] | None:
        """A find together with everything within its outline; `None` if there is nothing.

        Returns:
            The whole, and for each thing within it the numbers of its ink and its size in pixels of the level page.
        """
        part = self._part(found)
        inner = self._surroundings.enclosed_by(part)
        if not inner:
            return None
        whole = self._one(merge([part, *inner]), found.line, found.position)
        return whole, [(one.numbers, one.size) for one in inner]

    def is_part_of(self, found: Found, numbers: tuple[int, ...]) -> bool:
        """Whether the ink of a find has one of these numbers."""
        return bool({*self._part(found).numbers} & {*numbers})

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the photo."""
        height, width = self._view.shape
        return height, width

    def size(self, found: Found) -> int:
        """The longer side of a find on the level page, in its pixels."""
        return self._part(found).size

    def is_at_border(self, found: Found) -> bool:
        """Whether a find reaches the border of the photo; a digit alone on its picture may be painted up to it."""
        return len(self.found) > 1 and _reaches_edge(found.box, self._view.shape)

    def dots_below(self, found: Found) -> list[tuple[int, ...]]:
        """The numbers of the ink of each dot close below a find, as below a question mark and an exclamation mark."""
        return [dot.numbers for dot in self._surroundings.dots_below(self._part(found))]

    def labels_of_plots(self, digits: Sequence[Found]) -> list[bool]:
        """For each find, whether it is far smaller than digits with rules on all sides, and outside of these."""
        parts, large = ([*map(self._part, found)] for found in (self.found, digits))
        return self._surroundings.are_labels(parts, large) if parts else []

    def ratio(self, found: Found) -> float:
        """Width to height of a find on the level page."""
        part = self._part(found)
        return part.width / part.height

    def may_be_several(self, found: Found) -> bool:
        """Whether a find is wide enough for two digits that touch."""
        return may_be_several(self._part(found))

    def _is_at_border(self, part: Part) -> bool:
        """The same for a part of the level page, except that a picture with ground added around it has no border."""
        box = part.top, part.left, part.bottom, part.right
        return not self._view.margin and _reaches_edge(box, self._ink.shape)

    def _is_finger(self, part: Part, stroke: float) -> bool:
        """Whether a part is solid, thicker than a stroke, and reaches the border, without ground added around it."""
        added = self._view.margin // self._lit.factor
        box = part.top - added, part.left - added, part.bottom - added, part.right - added
        height, width = (side - 2 * added for side in self._ink.shape)
        is_solid = part.area > _SOLID * part.height * part.width and part.thickness > _THICKER * stroke
        return is_solid and _reaches_edge(box, (height, width))

    def _part(self, found: Found) -> Part:
        return self._lines[found.line][found.position]

    def pieces(self, found: Found) -> list[list[tuple[int, Found]]]:
        """Cuts a find up wherever it may consist of several digits that touch.

        Args:
            found: One of `found`.

        Returns:
            Pieces by their first cut: row `i` holds those that begin at cut `i`, each with the number of the cut where
            it ends. The left end is cut 0, the right end the number of rows.
        """
        rows = cut_up(self._labels, self._part(found))
        return [[(last, self._one(piece, found.line, found.position)) for last, piece in row] for row in rows]


def _reaches_edge(box: tuple[int, int, int, int], shape: tuple[int, ...]) -> bool:
    """Whether a box comes near to the edge of its picture."""
    (top, left, bottom, right), (height, width) = box, shape
    edge = max(1.0, _AT_BORDER * min(height, width))
    return top <= edge or left <= edge or bottom >= height - edge or right >= width - edge


def find_digits(photo: npt.NDArray[np.uint8]) -> list[Found]:
    """Finds the digits on a photo or scan, in reading order, by their geometry alone.

    Args:
        photo: Photo, uint8 `(height, width)`, from `load_photo`; what it may show is said of `Search`.

    Returns:
        Everything that may be a digit, line after line; empty if nothing stands out from the ground. Letters and
        drawings of a digit's size are among it: telling them apart is left to the classifier.

    Raises:
        UsageError: (a `ValueError`) the photo has another shape or type.

    Example:
        >>> photo = np.full((100, 200), 230, dtype=np.uint8)
        >>> photo[30:70, 50:56] = photo[30:70, 130:136] = 40
        >>> [(found.line, found.position, found.box) for found in find_digits(photo)]
        [(0, 0, (30, 50, 70, 56)), (0, 1, (30, 130, 70, 136))]
    """
    return Search(photo).parted()
