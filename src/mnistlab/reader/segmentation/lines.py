"""Lines of writing on a level page, in reading order."""

from __future__ import annotations

from statistics import median
from typing import Final

from mnistlab.reader.segmentation.parts import Part, usual_size

_MIN_OVERLAP: Final = 0.45  # of the lower of two heights, that neighbours in a line share
_MAX_RATIO: Final = 8.0  # of heights in a line; pieces of digits are among them
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
