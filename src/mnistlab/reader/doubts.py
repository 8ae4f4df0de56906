"""Marks with which nothing on a photo is sure, whatever the network says of it alone, and their reasons in words."""

from __future__ import annotations

from typing import Final

from mnistlab.reader.judging import Judged
from mnistlab.reader.segmentation import Search

FAINT: Final = 0.12  # of the ground's brightness, by which ink differs from it
NOISY: Final = 0.12  # of the ink's strength; the deviation of the bare ground
_SHORT: Final = 3.4  # thickness of a stroke 20 pixels long; alone on a photo, it has nothing to be measured by

REASONS: Final = {
    "astray": "It looks like {named}, but most of the page does not look like digits; the photo may be turned.",
    "parted": "It looks like {named}, but it touches its neighbours and may have been separated wrongly; "
    "leave some space.",
    "faint": "It looks like {named}, but the ink hardly stands out from the paper.",
    "short": "It looks like {named}, but alone it may be a comma or a dash as well.",
    "dotted": "It looks like {named}, but it has a dot below, as a question mark has.",
    "letters": "It looks like {named}, but it stands among letters.",
    "touching": "It looks like {named}, but it is as wide as several digits; leave some space between them.",
}
"""A sentence for each mark, the first that fits; `parted` alone is no doubt, but says why something touches."""
DOUBTS: Final = frozenset({*REASONS} - {"parted"})


def is_faint(search: Search) -> bool:
    """Whether the ink hardly stands out from the ground or its unevenness, so that its form may not be its own."""
    return search.strength < FAINT or search.noise > NOISY


def mark_dotted(judged: list[Judged], search: Search) -> list[Judged]:
    """Gives the mark "dotted" to each find with a dot below it; the finds are those of the search."""
    return [one.marked("dotted") if search.has_dot_below(one.found) else one for one in judged]


def mark_doubtful(judged: list[Judged], search: Search) -> list[Judged]:
    """Gives the marks "faint" and "short" to what they are true of."""
    if is_faint(search):
        judged = [one.marked("faint") for one in judged]
    if len(judged) == 1 and judged[0].verdict.digit == 1 and judged[0].normalized.thickness_before >= _SHORT:
        return [judged[0].marked("short")]
    return judged
