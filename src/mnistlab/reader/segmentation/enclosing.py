"""What belongs to a shape though it is apart: what its outline holds, specks of its strokes, a dot below it."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from mnistlab.reader.segmentation.parts import Labels, Part, boxes_of

_LEAST_SIZE: Final = 0.05  # of the outline's; smaller specks are the paper's
_LEAST_THICKNESS: Final = 0.4  # of the outline's strokes
_DOT: Final = 0.04, 0.3  # of the height of a mark, the size of its dot, from and to
_DOT_WIDTH: Final = 2.5  # of the thickness of the mark's strokes, the size of its dot at most
_FILLED: Final = 0.6  # of its box, the ink of a dot; that of small digits below is less
_BELOW: Final = 0.6  # of its height, the gap to its dot at most
_INSIDE: Final = 0.9  # of a part's ink that lies within the outline
_AROUND: Final = 0.35  # of a part's size, within which specks may be its pieces
_LARGEST_SPECK: Final = 0.3  # of a part's ink
_MOST_SPECKS: Final = 0.8  # of a part's ink; more is something else


class Surroundings:
    """All parts of a page, to be asked what stands in or below one of them.

    Args:
        parts: All parts of the page.
        labels: Numbers of the connected ink.
    """

    def __init__(self, parts: list[Part], labels: Labels) -> None:
        self._parts, self._labels, self._boxes = parts, labels, boxes_of(parts)

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
        own = np.isin(numbers, part.numbers)
        reach = max(1, round(0.7 * part.thickness))
        grown = ndimage.binary_dilation(np.pad(own, reach), iterations=reach)
        whole = ndimage.binary_fill_holes(grown)[reach:-reach, reach:-reach]
        holes = whole & ~own
        inside = []
        for other in near:
            ink = np.isin(numbers, other.numbers)
            if np.count_nonzero(ink & holes) >= _INSIDE * np.count_nonzero(ink):
                inside.append(other)
        return inside

    def has_dot_below(self, part: Part) -> bool:
        """Whether a round dot lies close below a part, under it and apart from it."""
        least, most = (share * part.height for share in _DOT)
        aside, below = 0.1 * part.height, (_BELOW + _DOT[1]) * part.height
        return any(
            max(least, 2) <= other.size <= min(most, _DOT_WIDTH * part.thickness)
            and min(other.height, other.width) >= 0.5 * other.size
            and other.area >= _FILLED * other.height * other.width
            and other.top - part.bottom <= _BELOW * part.height
            for other in self._within(part, part.bottom + 1, part.left - aside, part.bottom + below, part.right + aside)
        )


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
