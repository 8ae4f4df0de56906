"""Connected ink: finds the parts, drops specks and joins broken strokes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mnistlab.reader.segmentation.light import Floats, Mask
from mnistlab.reader.segmentation.windows import all_within, any_around

Labels = npt.NDArray[np.int32]

MAX_PARTS: Final = 3_000  # a page holds no more digits; more parts are texture, and only the largest are kept
_MIN_SIDE: Final = 6  # pixels of the longer side
_MIN_AREA: Final = 8
_MIN_PEAK: Final = 0.45  # ink at a part's strongest place, on ruled paper, whose lines leave crumbs; 1 is the usual ink
_MIN_PEAK_ON_PLAIN: Final = 0.2  # the same on plain paper: pencil beside a marker
_JOIN_GAP: Final = 0.7  # of the stroke's thickness, and a pixel
_JOIN_GAP_IN_LINE: Final = 1.6
_FLAT: Final = 4  # width to height of a base
_BASE_GAP: Final = 0.06  # of the height of a 1, that parts it from its base
_RULING_GAP: Final = 4  # pixels; the gap that a removed line leaves
_MIN_LIKENESS: Final = 0.5  # ratio of the thicknesses of strokes of one digit
_BESIDE: Final = 9  # pixels; the width of the strip along a removed line in which its crumbs lie
_MOSTLY, _ALL = 0.75, 0.92  # of a crumb's ink, that lies in the strip: of a narrow one, of a hair
_NARROW: Final = 5, 2.2  # pixels; the shorter side and the strokes of a narrow crumb; small digits have more
_PALE: Final = 0.6  # of the usual ink; darker rules cannot be told from writing by that
_DARKER: Final = 0.3  # of the difference of rules from the usual ink, by which writing beside them is darker than they
_HAIR: Final = 2.1  # pixels; the thickness of a crumb of any form
_EIGHT: Final = np.ones((3, 3), dtype=int)


@dataclass(frozen=True)
class Part:
    """Ink that is one digit, or several that touch.

    Attributes:
        numbers: Numbers of its pieces in the labels.
        top: First row of its box on the level page.
        left: First column of its box.
        bottom: Row below its box.
        right: Column to the right of its box.
        area: Area of its ink in pixels.
        thickness: Thickness of its strokes in pixels.
        marks: Remarks about it, such as "touching".
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
        """Height of the box."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Width of the box."""
        return self.right - self.left

    @property
    def size(self) -> int:
        """The longer side of the box."""
        return max(self.height, self.width)

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the box, as an index of arrays."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def find_parts(is_ink: Mask, ink: Floats, ruling: Mask) -> tuple[Labels, list[Part]]:
    """Numbers connected parts and drops specks: parts that are tiny, nowhere as strong as ink, or crumbs of a rule.

    Args:
        is_ink: Pixels of a level page that are ink.
        ink: Ink on the same page, 1 the usual ink.
        ruling: Pixels of the lines that were removed.
    """
    is_ruled = bool(ruling.any())
    labels, count = ndimage.label(is_ink, _EIGHT)
    if not count:
        return labels, []
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    inner = all_within(is_ink, 3, axis=0) & all_within(is_ink, 3, axis=1)
    edges = areas - np.bincount(labels[inner], minlength=count + 1)
    places = np.flatnonzero(is_ink)
    peaks = np.zeros(count + 1, np.float32)
    np.maximum.at(peaks, labels.ravel()[places], ink.ravel()[places])
    parts = []
    boxes = ndimage.find_objects(labels)
    beside, means, darkest = np.zeros(count + 1, dtype=np.intp), np.zeros(count + 1), 1.0
    if is_ruled:
        means = np.bincount(labels.ravel()[places], ink.ravel()[places], count + 1) / np.maximum(areas, 1)
        darkest = float(np.percentile(ink[ruling], 90))
        darkest = darkest + _DARKER * (1 - darkest) if darkest < _PALE else np.inf  # what is darker yet is writing
        near = any_around(ruling, _BESIDE)
        beside = np.bincount(labels[near & is_ink], minlength=count + 1)
    good = (areas >= _MIN_AREA) & (peaks >= (_MIN_PEAK if is_ruled else _MIN_PEAK_ON_PLAIN))
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
        share = beside[number] / part.area
        is_narrow = min(part.height, part.width) <= _NARROW[0] and part.thickness < _NARROW[1]
        is_hair = part.thickness < _HAIR and share >= _ALL
        is_crumb = means[number] < darkest and ((is_narrow and share >= _MOSTLY) or is_hair)
        if part.size >= 3 and not is_crumb:
            parts.append(part)
    parts.sort(key=lambda part: -part.area)
    return labels, parts[:MAX_PARTS]


def join_parts(labels: Labels, parts: list[Part]) -> list[Part]:
    """Joins pieces of one stroke: much nearer to each other than digits are, and one above the other or small."""
    return _join(labels, _join_bases(labels, parts), _is_piece, _JOIN_GAP)


def _join_bases(labels: Labels, parts: list[Part]) -> list[Part]:
    """Joins a short level stroke to the narrow upright one that stands on it, or hangs over it: the base of a 1."""
    left = list(parts)
    for base in [part for part in parts if part.width > _FLAT * part.height and part.size >= _MIN_SIDE]:
        for stem in left:
            gap = base.top - stem.bottom
            reach = 1.5 * base.thickness + _BASE_GAP * stem.height
            if (
                stem is not base
                and -reach <= gap <= reach
                and _same_pen(stem, base)
                and 0.25 * stem.height <= base.width <= 1.1 * stem.height
                and stem.width <= 0.7 * stem.height
                and base.left - 0.1 * base.width <= _foot(labels, stem) <= base.right + 0.1 * base.width
            ):
                left = [part for part in left if part is not base and part is not stem] + [merge([stem, base])]
                break
    return left


def _foot(labels: Labels, part: Part) -> float:
    """The column in the middle of a part's lowest ink."""
    lowest = own_ink(labels[part.window], part.numbers)[-max(part.height // 6, 1) :]
    return part.left + float(np.nonzero(lowest)[1].mean())


def join_in_lines(labels: Labels, lines: list[list[Part]], is_ruled: bool) -> list[Part]:
    """Joins pieces of one digit by their line: each is lower than the digits there, and both together are not higher.

    On ruled paper, a line that was removed may have separated them.
    """
    usual = {part.numbers: usual_size(line) for line in lines for part in line}

    def is_piece(large: Part, small: Part) -> bool:
        size = max(usual[large.numbers], usual[small.numbers])
        is_stacked = _shared_width(large, small) >= 0.4 * min(large.width, small.width)
        lower = max(large.height, small.height) if is_stacked else small.height
        return lower < 0.8 * size and merge([large, small]).size <= 1.3 * size

    return _join(
        labels, [part for line in lines for part in line], is_piece, _JOIN_GAP_IN_LINE, _RULING_GAP if is_ruled else 1
    )


def usual_size(line: list[Part]) -> int:
    """The usual size of the digits in a line; most of its parts are digits, and the others are smaller."""
    return sorted(part.size for part in line)[(2 * len(line)) // 3]


def _join(
    labels: Labels, parts: list[Part], is_piece: Callable[[Part, Part], bool], gap: float, least: int = 1
) -> list[Part]:
    """Joins parts that are near and pieces of each other; near means a share of the thinner stroke, and some pixels."""
    ordered = sorted(parts, key=lambda part: -part.size)
    boxes = boxes_of(ordered)
    owner = list(range(len(ordered)))
    for large, part in enumerate(ordered):
        reach = least + gap * part.thickness
        near = (
            (boxes[:, 0] < part.bottom + reach)
            & (boxes[:, 2] > part.top - reach)
            & (boxes[:, 1] < part.right + reach)
            & (boxes[:, 3] > part.left - reach)
        )
        for small in np.flatnonzero(near).tolist():
            other = ordered[small]
            if small <= large or owner[small] != small or not (_same_pen(part, other) and is_piece(part, other)):
                continue
            if _distance(labels, part, other, reach) <= least + gap * min(part.thickness, 1.5 * other.thickness):
                owner[small] = owner[large]
    groups: dict[int, list[Part]] = {}
    for index, part in enumerate(ordered):
        groups.setdefault(_root(owner, index), []).append(part)
    return [merge(group) for group in groups.values()]


def boxes_of(parts: list[Part]) -> npt.NDArray[np.intp]:
    """The boxes of parts: top, left, bottom, right, int `(num_parts, 4)`."""
    return np.array([(part.top, part.left, part.bottom, part.right) for part in parts], np.intp).reshape(-1, 4)


def _root(owner: list[int], index: int) -> int:
    while owner[index] != index:
        index = owner[index]
    return index


def _same_pen(large: Part, small: Part) -> bool:
    """Whether the strokes of two parts are about equally thick; true for a dot, whose thickness says nothing."""
    return small.thickness >= _MIN_LIKENESS * large.thickness or small.size <= 1.5 * small.thickness


def _shared_width(one: Part, other: Part) -> int:
    return min(one.right, other.right) - max(one.left, other.left)


def _is_piece(large: Part, small: Part) -> bool:
    """Whether the smaller of two parts near each other may be a piece of the larger."""
    merged = merge([large, small])
    if _shared_width(large, small) >= 0.4 * min(large.width, small.width):
        return merged.height <= 1.6 * large.size
    return small.size <= 0.5 * large.size and merged.width <= 1.3 * large.size


def _distance(labels: Labels, one: Part, other: Part, reach: float) -> float:
    """The least distance between two parts in pixels, exact up to the reach."""
    margin = int(reach) + 1
    top, left = max(other.top - margin, 0), max(other.left - margin, 0)
    window = labels[top : other.bottom + margin, left : other.right + margin]
    is_one = own_ink(window, one.numbers)
    if not is_one.any():
        return float("inf")
    distance = ndimage.distance_transform_edt(~is_one)
    nearest: float = distance[own_ink(window, other.numbers)].min()
    return nearest


def own_ink(labels: Labels, numbers: tuple[int, ...]) -> Mask:
    """Where the labels are one of some numbers; of a single one, as nearly always, that is a comparison."""
    return labels == numbers[0] if len(numbers) == 1 else np.isin(labels, numbers)


def merge(parts: list[Part]) -> Part:
    """Merges several parts into one."""
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
    """Whether a part can be a digit at all; the dashes that a ruled line leaves are flatter than any digit."""
    return part.size >= _MIN_SIDE and not (part.height <= 4 and part.width > 2.5 * part.height)
