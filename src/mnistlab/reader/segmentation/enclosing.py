"""What belongs to a shape though it is apart: what is within its outline, and the dot of a question mark."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from mnistlab.reader.segmentation.parts import Labels, Part

_LEAST_SIZE: Final = 0.05  # of the outline's; smaller specks are the paper's
_LEAST_THICKNESS: Final = 0.4  # of the outline's strokes
_DOT: Final = 0.04, 0.3  # of the height of a mark, the size of its dot, from and to
_BELOW: Final = 0.6  # of its height, the gap to its dot at most
_INSIDE: Final = 0.9  # of a part's ink that lies within the outline


def enclosed_by(part: Part, parts: list[Part], labels: Labels) -> list[Part]:
    """The parts that lie within the outline of another one, whose strokes may leave a small gap.

    Args:
        part: Part whose inside is looked at.
        parts: All parts of the page.
        labels: Numbers of the connected ink.
    """
    near = [
        other
        for other in parts
        if not {*other.numbers} & {*part.numbers}
        and other.top >= part.top
        and other.left >= part.left
        and other.bottom <= part.bottom
        and other.right <= part.right
        and other.size >= max(3.0, _LEAST_SIZE * part.size)
        and other.thickness >= _LEAST_THICKNESS * part.thickness
    ]
    if not near:
        return []
    numbers = labels[part.window]
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


def has_dot_below(part: Part, parts: list[Part]) -> bool:
    """Whether a round dot lies close below a part, under it and apart from it."""
    least, most = (share * part.height for share in _DOT)
    return any(
        max(least, 2) <= other.size <= most
        and min(other.height, other.width) >= 0.5 * other.size
        and 0 < other.top - part.bottom <= _BELOW * part.height
        and other.left >= part.left - 0.1 * part.height
        and other.right <= part.right + 0.1 * part.height
        for other in parts
        if not {*other.numbers} & {*part.numbers}
    )
