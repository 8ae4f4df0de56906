"""Lines of writing on a level page, in reading order."""

from __future__ import annotations

from statistics import median
from typing import Final

from mnistlab.reader.segmentation.parts import Part, usual_size

_MIN_OVERLAP: Final = 0.45  # of the lower of two heights, that neighbours in a line share
_MAX_RATIO: Final = 8.0  # of heights in a line; pieces of digits are among them
_ALONG: Final = 0.75  # of a side of the picture, that a bar along it is long at least
_BAR: Final = 0.15  # width to length of a bar
_OUTER: Final = 0.2  # of the picture's width or height, in which such a bar lies
_TALLER: Final = 1.3  # times the size of everything else; digits of a tight cut are of one height
_RECENT: Final = 4  # digits from which the course of a line is continued; lines on a curved page do not stay level


def group_lines(parts: list[Part]) -> list[list[Part]]:
    """Groups parts into lines from top to bottom, each from left to right.

    A part continues the line whose last digits share most of its height.
    """
    lines: list[list[Part]] = []
    for part in sorted(parts, key=lambda part: part.left + part.right):
        best, best_overlap = None, _MIN_OVERLAP
        for line in lines:
            overlap = _overlap(part, line[-_RECENT:])
            if overlap > best_overlap:
                best, best_overlap = line, overlap
        if best is None:
            lines.append([part])
        else:
            best.append(part)
    return sorted(lines, key=lambda line: median(part.top + part.bottom for part in line))


def _overlap(part: Part, recent: list[Part]) -> float:
    """The share of the lower height that a part has in common with the middle of a line's last digits."""
    top = median(other.top for other in recent)
    bottom = median(other.bottom for other in recent)
    if part.height > _MAX_RATIO * (bottom - top) or bottom - top > _MAX_RATIO * part.height:
        return 0.0
    shared = min(part.bottom, bottom) - max(part.top, top)
    return shared / max(min(part.height, bottom - top), 1)


def drop_small(line: list[Part]) -> list[Part]:
    """Leaves out dots, commas and specks: parts far smaller than the digits of their line."""
    return [part for part in line if part.size >= 0.35 * usual_size(line)]


def drop_edges(lines: list[list[Part]], shape: tuple[int, ...]) -> list[list[Part]]:
    """Leaves out bars along an edge of the picture, far longer than anything else on it: edges of cells and sheets."""
    parts = [part for line in lines for part in line]
    rest = [part for part in parts if not _is_edge(part, shape)]
    largest = max((part.size for part in rest), default=0)
    kept = [[part for part in line if part in rest or part.size < _TALLER * largest] for line in lines]
    return [line for line in kept if line] if rest else lines


def _is_edge(part: Part, shape: tuple[int, ...]) -> bool:
    height, width = shape
    if part.height >= _ALONG * height and part.width <= _BAR * part.height:
        return part.left <= _OUTER * width or part.right >= (1 - _OUTER) * width
    if part.width >= _ALONG * width and part.height <= _BAR * part.width:
        return part.top <= _OUTER * height or part.bottom >= (1 - _OUTER) * height
    return False
