"""Connected ink: specks dropped, broken strokes joined, digits that touch parted where it is clear."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mnistlab.segmentation.light import Floats, Mask

Labels = npt.NDArray[np.int32]

MAX_PARTS: Final = 3_000  # a page holds no more digits; more are texture, of which the largest stay
_MIN_SIDE: Final = 6  # pixels of the longer side
_MIN_AREA: Final = 8
_MIN_PEAK: Final = 0.45  # ink at its strongest place; 1 is the usual ink
_JOIN_GAP: Final = 0.7  # of the stroke's thickness, and a pixel
_EIGHT: Final = np.ones((3, 3), dtype=int)


@dataclass(frozen=True)
class Part:
    """Ink that is one digit, or several that touch.

    Attributes:
        numbers: of its pieces in the labels.
        top, left, bottom, right: of its box on the level page, the last two one past it.
        area: in pixels.
        thickness: of its strokes in pixels.
        marks: what is to be known about it, such as "touching".
    """

    numbers: tuple[int, ...]
    top: int
    left: int
    bottom: int
    right: int
    area: int
    thickness: float
    marks: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        """Of the box."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Of the box."""
        return self.right - self.left

    @property
    def size(self) -> int:
        """The longer side of the box."""
        return max(self.height, self.width)

    @property
    def window(self) -> tuple[slice, slice]:
        """Of the box."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def find_parts(is_ink: Mask, ink: Floats) -> tuple[Labels, list[Part]]:
    """Numbers what is connected and drops specks: what is tiny, or nowhere as strong as ink."""
    labels, count = ndimage.label(is_ink, _EIGHT)
    if not count:
        return labels, []
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    inner = ndimage.minimum_filter(is_ink.view(np.uint8), footprint=ndimage.generate_binary_structure(2, 1))
    edges = areas - np.bincount(labels[inner.view(bool)], minlength=count + 1)
    places = np.flatnonzero(is_ink)
    peaks = np.zeros(count + 1, np.float32)
    np.maximum.at(peaks, labels.ravel()[places], ink.ravel()[places])
    parts = []
    boxes = ndimage.find_objects(labels)
    good = (areas >= _MIN_AREA) & (peaks >= _MIN_PEAK)
    good[0] = False
    for number in np.flatnonzero(good).tolist():
        rows, columns = boxes[number - 1]
        part = Part(
            (number,),
            rows.start,
            columns.start,
            rows.stop,
            columns.stop,
            int(areas[number]),
            2 * float(areas[number]) / max(float(edges[number]), 1.0),
        )
        if part.size >= 3:
            parts.append(part)
    parts.sort(key=lambda part: -part.area)
    return labels, parts[:MAX_PARTS]


def join_parts(labels: Labels, parts: list[Part]) -> list[Part]:
    """Joins pieces of one stroke: much nearer to each other than digits are, and one above the other or small."""
    remaining = sorted(parts, key=lambda part: -part.size)
    boxes = np.array([(part.top, part.left, part.bottom, part.right) for part in remaining]).reshape(-1, 4)
    owner = list(range(len(remaining)))
    for large, part in enumerate(remaining):
        reach = 1 + _JOIN_GAP * part.thickness
        near = (
            (boxes[:, 0] < part.bottom + reach)
            & (boxes[:, 2] > part.top - reach)
            & (boxes[:, 1] < part.right + reach)
            & (boxes[:, 3] > part.left - reach)
        )
        for small in np.flatnonzero(near).tolist():
            if small > large and owner[small] == small and _belongs(labels, part, remaining[small], reach):
                owner[small] = owner[large]
    groups: dict[int, list[Part]] = {}
    for index, part in enumerate(remaining):
        groups.setdefault(_root(owner, index), []).append(part)
    return [merge(group) for group in groups.values()]


def _root(owner: list[int], index: int) -> int:
    while owner[index] != index:
        index = owner[index]
    return index


def _belongs(labels: Labels, large: Part, small: Part, reach: float) -> bool:
    """Whether the smaller of two parts that are near is a piece of the larger."""
    if small.thickness < 0.35 * large.thickness and small.size > 2 * large.thickness:
        return False  # another pen, or smaller writing
    shared = min(large.right, small.right) - max(large.left, small.left)
    is_stacked = shared >= 0.4 * min(large.width, small.width)
    height = max(large.bottom, small.bottom) - min(large.top, small.top)
    width = max(large.right, small.right) - min(large.left, small.left)
    if is_stacked and height > 1.6 * large.size:
        return False
    if not is_stacked and (small.size > 0.5 * large.size or width > 1.3 * large.size):
        return False
    margin = int(reach) + 1
    top, left = max(min(large.top, small.top) - margin, 0), max(min(large.left, small.left) - margin, 0)
    window = labels[top : max(large.bottom, small.bottom) + margin, left : max(large.right, small.right) + margin]
    distance = ndimage.distance_transform_edt(~np.isin(window, large.numbers))
    nearest: float = distance[np.isin(window, small.numbers)].min(initial=np.inf)
    return nearest <= (reach if is_stacked else 0.7 * reach)


def merge(parts: list[Part]) -> Part:
    """Several parts as one."""
    if len(parts) == 1:
        return parts[0]
    area = sum(part.area for part in parts)
    return Part(
        tuple(number for part in parts for number in part.numbers),
        min(part.top for part in parts),
        min(part.left for part in parts),
        max(part.bottom for part in parts),
        max(part.right for part in parts),
        area,
        sum(part.thickness * part.area for part in parts) / area,
        tuple(sorted({mark for part in parts for mark in part.marks})),
    )


def is_digit_sized(part: Part) -> bool:
    """Whether a part can be a digit at all; the dashes that a ruled line leaves are flatter than any."""
    return part.size >= _MIN_SIDE and not (part.height <= 4 and part.width > 2.5 * part.height)


def mark(part: Part, text: str) -> Part:
    """The part with one mark more."""
    return replace(part, marks=(*part.marks, text))
