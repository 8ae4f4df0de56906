"""What stands around a shape or in it: what its outline holds, specks of its strokes, a dot below it, a frame."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from mnistlab.reader.segmentation.light import Mask
from mnistlab.reader.segmentation.parts import Labels, Part, boxes_of, own_ink
from mnistlab.reader.segmentation.windows import any_within

Box = tuple[int, int, int, int]

_LEAST_SIZE: Final = 0.05  # of the outline's; smaller specks are the paper's
_LEAST_THICKNESS: Final = 0.4  # of the outline's strokes
_DOT: Final = 0.04, 0.3  # of the height of a mark, the size of its dot, from and to
_DOT_WIDTH: Final = 2.5  # of the thickness of the mark's strokes, the size of its dot at most
_FILLED: Final = 0.6  # of its box, the ink of a dot; that of small digits below is less
_BELOW: Final = 0.6  # of its height, the gap to its dot at most
LABEL: Final = 0.34  # of the height of a digit in a frame; what is smaller outside of it is no digit to be read
_RULED: Final = 0.6  # of a side of a digit, along which there is a rule; labels beside it leave gaps
_BEYOND, _GOES_ON = 0.2, 0.5  # of a side, what is looked at beyond its corners; of that, where the rule goes on
_DRIFT: Final = 5  # pixels, across which a rule may wander along it
_LEAST_RING: Final = 24  # pixels of a closed line around digits
_THICKEST: Final = 0.2  # of its size, the thickness of such a line at most
_HELD: Final = 0.33  # of its height, that of the digits in it at least
_MOSTLY: Final = 0.7  # of what is in it, the ink of such digits
_INSIDE: Final = 0.9  # of a part's ink that lies within the outline
_AROUND: Final = 0.35  # of a part's size, within which specks may be its pieces
_LARGEST_SPECK: Final = 0.3  # of a part's ink
_MOST_SPECKS: Final = 0.8  # of a part's ink; more is something else


class Surroundings:
    """All parts of a page, to be asked what stands in or below one of them.

    Args:
        parts: All parts of the page.
        labels: Numbers of the connected ink.
        ruling: Pixels of rules that were removed, bool `(height, width)`.
    """

    def __init__(self, parts: list[Part], labels: Labels, ruling: Mask) -> None:
        self._parts, self._labels, self._boxes = parts, labels, boxes_of(parts)
        self._ruling = ruling

    def _within(self, part: Part, top: float, left: float, bottom: float, right: float) -> list[Part]:
        """The parts whose boxes lie within a box, but for the part itself."""
        is_within = (self._boxes[:, :2] >= (top, left)).all(axis=1) & (self._boxes[:, 2:] <= (bottom, right)).all(
            axis=1
        )
        found = [self._parts[at] for at in np.flatnonzero(is_within)]
        return [other for other in found if not {*other.numbers} & {*part.numbers}]

    def enclosed_by(self, part: Part) -> list[Part]:
        """The parts that lie within the outline of another one, whose strokes may leave a small gap."""
        near = [
            other
            for other in self._within(part, part.top, part.left, part.bottom, part.right)
            if other.size >= max(3.0, _LEAST_SIZE * part.size) and other.thickness >= _LEAST_THICKNESS * part.thickness
        ]
        if not near:
            return []
        numbers = self._labels[part.window]
        own = own_ink(numbers, part.numbers)
        reach = max(1, round(0.7 * part.thickness))
        grown = ndimage.binary_dilation(np.pad(own, reach), iterations=reach)
        whole = ndimage.binary_fill_holes(grown)[reach:-reach, reach:-reach]
        holes = whole & ~own
        inside = []
        for other in near:
            ink = own_ink(numbers, other.numbers)
            if np.count_nonzero(ink & holes) >= _INSIDE * np.count_nonzero(ink):
                inside.append(other)
        return inside

    def rings(self) -> list[Part]:
        """The closed lines around digits, as around the number of a question; these are a third as high or more.

        The eyes and the mouth of a face are smaller.
        """
        found = []
        for part in self._parts:
            if part.size < _LEAST_RING or part.thickness > _THICKEST * part.size:
                continue
            least = _HELD * part.height
            if any(one.height >= least for one in self._within(part, part.top, part.left, part.bottom, part.right)):
                inner = self.enclosed_by(part)
                large = sum(one.area for one in inner if one.height >= least)
                if large > _MOSTLY * sum(one.area for one in inner):
                    found.append(part)
        return found

    def dots_below(self, part: Part) -> list[Part]:
        """The round dots close below a part, under it and apart from it, and alone: no printed numbers."""
        least, most = (share * part.height for share in _DOT)
        aside, below = 0.1 * part.height, (_BELOW + _DOT[1]) * part.height
        return [
            other
            for other in self._within(part, part.bottom + 1, part.left - aside, part.bottom + below, part.right + aside)
            if max(least, 2) <= other.size <= min(most, _DOT_WIDTH * part.thickness)
            and min(other.height, other.width) >= 0.5 * other.size
            and other.area >= _FILLED * other.height * other.width
            and other.top - part.bottom <= _BELOW * part.height
            and not self._has_neighbour(other)
        ]

    def are_labels(self, parts: list[Part], digits: list[Part]) -> list[bool]:
        """Which parts are far smaller than digits with rules on all sides, and outside these: the labels of plots."""
        heights, boxes = np.array([part.height for part in parts]), boxes_of(parts)
        large = [one for one in digits if heights.min() < LABEL * one.height] if self._ruling.any() else []
        frames = [(one.height, frame) for one in large if (frame := self._frame(one)) is not None]
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        are_small, are_inside = np.zeros((2, len(parts)), bool)
        for height, (top, left, bottom, right) in frames:
            are_smaller = heights < LABEL * height
            are_small |= are_smaller
            are_inside |= are_smaller & (middles >= (top, left)).all(axis=1) & (middles <= (bottom, right)).all(axis=1)
        return [bool(one) for one in are_small & ~are_inside]

    def _frame(self, part: Part) -> Box | None:
        """Top, left, bottom and right of the nearest rules around a part; `None` if a side has none, or they go on."""
        beside, above = self._ruling[part.top : part.bottom], self._ruling[:, part.left : part.right]
        right = any_within(beside, _DRIFT, axis=1).mean(axis=0) >= _RULED
        down = any_within(above, _DRIFT, axis=0).mean(axis=1) >= _RULED
        sides = down[: part.top][::-1], right[: part.left][::-1], down[part.bottom :], right[part.right :]
        if not all(side.any() for side in sides):
            return None
        up, back, on, ahead = (int(side.argmax()) for side in sides)
        frame = part.top - up, part.left - back, part.bottom + on, part.right + ahead
        return frame if self._ends_in_corners(frame) else None

    def _ends_in_corners(self, frame: Box) -> bool:
        """Whether the sides of a frame end in its corners; the rules of squared paper and of tables go on."""
        top, left, bottom, right = frame
        for ruling, (start, end), sides in (
            (self._ruling, (top, bottom), (left, right)),
            (self._ruling.T, (left, right), (top, bottom)),
        ):
            reach = max(8, round(_BEYOND * (end - start)))
            for side in sides:
                strip = np.asarray(ruling[:, max(side - _DRIFT, 0) : side + _DRIFT + 1].any(axis=1))
                for beyond in (
                    strip[max(start - reach, 0) : max(start - _DRIFT, 0)],
                    strip[end + _DRIFT : end + reach],
                ):
                    if beyond.size and beyond.mean() > _GOES_ON:
                        return False
        return True

    def _has_neighbour(self, dot: Part) -> bool:
        """Whether something of a dot's height stands beside it, as a further figure of its number does."""
        reach = dot.size
        beside = self._within(dot, dot.top - 1, dot.left - reach, dot.bottom + 1, dot.right + reach)
        return any(other.height >= 0.5 * dot.height for other in beside)


def is_near(part: Part, large: Part) -> bool:
    """Whether a part lies in or around the box of a larger one, so that it may be a piece of it."""
    reach = max(2, round(_AROUND * large.size))
    return (
        part.top < large.bottom + reach
        and part.bottom > large.top - reach
        and part.left < large.right + reach
        and part.right > large.left - reach
    )


def with_specks(part: Part, labels: Labels) -> Part:
    """A part with all other ink in and around its box, if that is less: what a broken stroke leaves."""
    reach = max(2, round(_AROUND * part.size))
    top, left = max(part.top - reach, 0), max(part.left - reach, 0)
    window = labels[top : part.bottom + reach, left : part.right + reach]
    numbers, areas = np.unique(window[window > 0], return_counts=True)
    is_other = ~np.isin(numbers, part.numbers)
    is_much = areas[is_other].sum() > _MOST_SPECKS * part.area
    if not is_other.any() or is_much or areas[is_other].max() > _LARGEST_SPECK * part.area:
        return part
    rows, columns = np.nonzero(window)
    return Part(
        tuple(numbers.tolist()),
        top + int(rows.min()),
        left + int(columns.min()),
        top + int(rows.max()) + 1,
        left + int(columns.max()) + 1,
        int(areas.sum()),
        part.thickness,
        part.marks,
    )
