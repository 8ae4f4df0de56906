"""Takes an outline together with what is in it: a ring with eyes is no 0, and a 0 around a digit is a ring."""

from __future__ import annotations

from typing import Final

from mnistlab.inference import Judge
from mnistlab.reader.judging import Judged, judge_all
from mnistlab.reader.segmentation import Search

_SMALL: Final = 0.5  # of an outline's size; what is in it and no larger belongs to the drawing
_FACE: Final = 3  # things in an outline, such as eyes and a mouth


def join_enclosed(search: Search, judged: list[Judged], judge: Judge) -> list[Judged]:
    """Judges each find that may be a digit together with what it encloses, which decides unless both say the same.

    Args:
        search: Search that found them.
        judged: Finds with their verdicts, in reading order.
        judge: Judge of the whole.

    Returns:
        Finds in reading order, without the small things that belong to a drawing.
    """
    suspects = [one for one in judged if one.verdict.kind != "no digit"]
    pairs = [(one, search.with_enclosed(one.found)) for one in suspects]
    outlines = [(one, found) for one, found in pairs if found is not None]
    wholes = judge_all([found for _, (found, _) in outlines], judge)
    replaced: dict[int, Judged] = {}
    dropped: set[int] = set()
    for (one, (_, inner)), whole in zip(outlines, wholes, strict=True):
        if whole.verdict.kind == "digit" and whole.verdict.digit == one.verdict.digit:
            if len(inner) >= _FACE:
                replaced[id(one)] = one.marked("filled")
            continue
        replaced[id(one)] = whole
        if whole.verdict.kind == "no digit" and all(size <= _SMALL * search.size(one.found) for _, size in inner):
            dropped |= {id(other) for other in judged if any(search.is_part_of(other.found, at) for at, _ in inner)}
    return [replaced.get(id(one), one) for one in judged if id(one) not in dropped]
