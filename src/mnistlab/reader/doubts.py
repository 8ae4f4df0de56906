"""Marks with which nothing on a photo is sure, whatever the network says of it alone, and their reasons in words."""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mnistlab.reader.judging import Judged
from mnistlab.reader.segmentation import Search
from mnistlab.system.sentences import Sentence

FAINT: Final = 0.12  # of the ground's brightness, by which ink differs from it
NOISY: Final = 0.12  # of the ink's strength; the deviation of the bare ground
_SHORT: Final = 3.25  # thickness of a stroke 20 pixels long; alone on a photo, it has nothing to be measured by

_SMALL: Final = 0.5  # of the height of the tallest sure digit; a lone stroke below that may be anything
_BESIDE: Final = 0.6  # of a stroke's height, the gap to something that is no digit, and at least its size
_FEW: Final = 6  # finds of a picture that may be the pieces of one digit
_CLOSE: Final = 0.3  # of the taller one's height, the gap between two such pieces, one above the other
_THIN: Final = 0.1  # width to height of what may be the edge of something
_NEAR: Final = 0.08  # of the picture's width, the distance of such an edge from the picture's own
_FINGER: Final = 0.2  # and that of a finger's edge

REASONS: Final = {
    "astray": "It looks like {named}, but most of the page does not look like digits; the photo may be turned.",
    "parted": "It looks like {named}, but it touches its neighbours and may have been separated wrongly; "
    "leave some space.",
    "faint": "It looks like {named}, but the ink hardly stands out from the paper.",
    "short": "It looks like {named}, but alone it may be a comma or a dash as well.",
    "long": "It looks like {named}, but it is longer than the digits beside it, as a slash or a bar is.",
    "dotted": "It looks like {named}, but it has a dot below, as a question mark has.",
    "stacked": "It looks like {named}, but it is in two pieces, each of which looks like a digit.",
    "piece": "It looks like {named}, but with what stands close above or below, it may be one digit in pieces.",
    "stray": "It looks like {named}, but it may as well be an edge or part of something else.",
    "filled": "It looks like {named}, but other marks stand inside it, as in a face.",
    "percent": "It looks like {named}, but with its neighbours it looks like a percent sign.",
    "dollar": "It looks like {named}, but a stroke stands out above and below, as of a dollar sign.",
    "cut": "It looks like {named}, but it reaches the edge of the photo and may be cut off.",
    "letters": "It looks like {named}, but it stands among letters.",
    "touching": "It looks like {named}, but it is as wide as several digits; leave some space between them.",
}
"""A sentence for each mark, the first that fits; `parted` alone is no doubt, but says why something touches."""
REFUSALS: Final = {
    "print": Sentence("It stands in a line of small print.", "answer.print"),
    "slash": Sentence("It is longer than the digits beside it and leans, as a slash does.", "answer.slash"),
}
"""The marks of what is no digit, whatever the network says of it, and their reasons."""
DOUBTS: Final = frozenset({*REASONS} - {"parted"})


def is_faint(search: Search) -> bool:
    """Whether the ink hardly stands out from the ground or its unevenness, so that its form may not be its own."""
    return search.strength < FAINT or search.noise > NOISY


def mark_placed(judged: list[Judged], search: Search) -> list[Judged]:
    """Marks finds of the search: "dotted" with a dot below, "cut" at the border, and as "print" the labels of plots.

    What is surely a digit itself, such as a number below a plot, is no dot.
    """
    digits = [one.found for one in judged if one.verdict.kind == "digit"]
    marked = []
    for one, is_label in zip(judged, search.labels_of_plots(digits), strict=True):
        dots = search.dots_below(one.found)
        if any(not any(search.is_part_of(digit, dot) for digit in digits) for dot in dots):
            one = one.marked("dotted")
        if is_label:
            one = one.marked("print")
        marked.append(one.marked("cut") if search.is_at_border(one.found) else one)
    return marked


def mark_doubtful(judged: list[Judged], search: Search) -> list[Judged]:
    """Gives the marks "faint", "piece", "short" and "stray" to what they are true of."""
    if is_faint(search):
        judged = [one.marked("faint") for one in judged]
    if len(judged) <= _FEW:
        judged = [one.marked("piece") if _is_piece(one, judged) else one for one in judged]
    are_short = [one.verdict.digit == 1 and one.normalized.thickness_before >= _SHORT for one in judged]
    if all(are_short) and not any(one.found.position for one in judged):  # alone, or as a colon one above the other
        return [one.marked("short") for one in judged]
    tallest = max((one.height for one in judged if one.verdict.kind == "digit"), default=0)
    lengths = Counter(one.found.line for one in judged)
    others = np.array([one.found.box for one in judged if _is_other(one)], float).reshape(-1, 4)
    num_thick = sum(one.normalized.thickness_before >= _SHORT for one in judged if one.verdict.digit == 1)
    return [
        one.marked("stray")
        if one.verdict.digit == 1
        and (
            _is_edge(one, search.shape, num_thick)
            or (lengths[one.found.line] == 1 and one.height < _SMALL * tallest)
            or _is_beside(one, others)
        )
        else one
        for one in judged
    ]


def _is_other(one: Judged) -> bool:
    """Whether a find is no digit, or a piece of one; two digits that touch are none either, but mislead nobody."""
    return any(
        verdict.kind == "no digit" and verdict.other != "two digits"
        for verdict in (one.verdict, one.whole or one.verdict)
    )


def _is_beside(one: Judged, others: NDArray[np.float64]) -> bool:
    """Whether a stroke stands close to something that is no digit and not much smaller: it may belong to it."""
    box, reach = np.array(one.found.box), _BESIDE * one.height
    gaps = np.maximum(others[:, :2] - box[2:], box[:2] - others[:, 2:]).max(axis=1)
    sizes = (others[:, 2:] - others[:, :2]).max(axis=1)
    return bool(((gaps <= reach) & (sizes >= reach) & (others != box).any(axis=1)).any())


def _is_edge(one: Judged, shape: tuple[int, int], num_thick: int) -> bool:
    """Whether a stroke beside the picture's left or right edge is an edge's, or a finger's as the only thick one."""
    _, left, _, right = one.found.box
    gap = min(left, shape[1] - right) / shape[1]
    is_thin = right - left <= _THIN * one.height
    is_thick = num_thick == 1 and one.normalized.thickness_before >= _SHORT
    return (is_thin and gap <= _NEAR) or (is_thick and gap <= _FINGER)


def _is_piece(one: Judged, judged: list[Judged]) -> bool:
    """Whether something not much smaller stands so close above or below a find that both may be pieces of a digit."""
    top, left, bottom, right = one.found.box
    for other in judged:
        above, start, below, end = other.found.box
        gap = max(above - bottom, top - below)
        shared = min(right, end) - max(left, start)
        taller = max(bottom - top, below - above)
        is_above = shared >= 0.5 * min(right - left, end - start) and gap <= _CLOSE * taller
        if other is not one and is_above and min(bottom - top, below - above) >= 0.4 * taller:
            return True
    return False
