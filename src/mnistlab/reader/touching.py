"""Parts digits that touch, and joins one in pieces: of all ways, the one that is most like digits."""

from __future__ import annotations

import dataclasses
from math import exp, inf, log
from typing import Final

from mnistlab.inference import Judge
from mnistlab.reader.judging import Judged, judge_all
from mnistlab.reader.segmentation import Search

_CLEAR: Final = 0.9  # likeness of one whole digit above which nothing is cut, unless it is too wide for one
_WIDE: Final = 1.3  # ratio of width to height above which a find may be several digits, whatever it looks like
_MAX_CUT: Final = 60  # finds of one photo that are cut up; a page full of touching digits has as many
_MAX_BROKEN: Final = 6  # pieces of one broken digit
_JOINED: Final = 0.5  # least score of a digit that is put together from pieces
_APART: Final = 2.0  # of the thickness of their strokes, the gap between two pieces that look like digits themselves
_ABOVE: Final = 0.4  # of the narrower one's width, that lies above or below the other
_PRICE: Final = 0.25  # of each further piece, in logarithms of scores: most finds are one digit
_LEAST: Final = log(0.3)  # logarithm of the mean score of pieces worth showing
_MARGIN: Final = 2.0  # logarithm of how much likelier the best way must be than one with other digits

Way = tuple[float, tuple[Judged, ...]]


def part_touching(search: Search, judged: list[Judged], judge: Judge) -> list[Judged]:
    """Replaces each find that is rather several digits by its pieces.

    Pieces have the mark "parted". Where another way to cut is nearly as good and has other digits, they have the mark
    "touching" too, and are not sure; a find that is too wide for one digit and cannot be cut has the mark "touching".

    Args:
        search: Search that found them.
        judged: Finds with their verdicts, in reading order.
        judge: Judge of the pieces.

    Returns:
        Finds in reading order, with new positions in their lines.
    """
    suspects = [one for one in judged if _is_suspect(one, search)][:_MAX_CUT]
    cut = [search.pieces(one.found) for one in suspects]
    pieces = iter(judge_all([found for rows in cut for row in rows for _, found in row], judge))
    ways = {
        id(one): _best_pieces(one, [[(last, next(pieces)) for last, _ in row] for row in rows], search.ratio(one.found))
        for one, rows in zip(suspects, cut, strict=True)
    }
    parted = [piece for one in judged for piece in ways.get(id(one), [one])]
    counts: dict[int, int] = {}
    numbered = []
    for one in parted:
        position = counts.get(one.found.line, 0)
        counts[one.found.line] = position + 1
        numbered.append(dataclasses.replace(one, found=dataclasses.replace(one.found, position=position)))
    return numbered


def join_broken(search: Search, judged: list[Judged], judge: Judge) -> list[Judged]:
    """Takes a picture's few finds for the pieces of one broken digit, if they are that rather than digits themselves.

    Two that look like digits are one broken digit if one is close above the other; then nothing is sure.

    Args:
        search: Search that found them.
        judged: All finds of the picture with their verdicts.
        judge: Judge of the whole.

    Returns:
        The whole with the specks around it, alone and with the mark "joined", and "stacked" if its pieces look like
        digits; otherwise the finds as they were.
    """
    are_digits = all(one.verdict.kind == "digit" for one in judged)
    if not 1 <= len(judged) <= _MAX_BROKEN or (are_digits and not _are_stacked(judged)):
        return judged
    found = search.whole()
    if found is None:
        return judged
    (whole,) = judge_all([found], judge)
    if are_digits:
        return [whole.marked("joined").marked("stacked")] if whole.score > _JOINED else judged
    apart = exp(sum(log(one.score) for one in judged) / len(judged))
    return [whole.marked("joined")] if whole.score > max(_JOINED, apart) else judged


def _are_stacked(judged: list[Judged]) -> bool:
    """Whether there are two finds, one above the other with a gap hardly wider than a stroke."""
    if len(judged) != 2 or judged[1].found.position:
        return False
    (_, left, above, right), (below, start, _, end) = (one.found.box for one in judged)
    thickness = max(one.normalized.thickness_before * max(_sides(one)) / 20 for one in judged)
    shared = min(right, end) - max(left, start)
    return below - above <= _APART * thickness and shared >= _ABOVE * min(right - left, end - start)


def _sides(one: Judged) -> tuple[int, int]:
    top, left, bottom, right = one.found.box
    return bottom - top, right - left


def _is_suspect(one: Judged, search: Search) -> bool:
    """Whether a find may be several digits: it is wide enough, and not clearly one."""
    is_clear = one.verdict.kind == "digit" and (one.verdict.likeness or 0.0) >= _CLEAR
    return search.may_be_several(one.found) and not (is_clear and search.ratio(one.found) <= _WIDE)


def _best_pieces(whole: Judged, pieces: list[list[tuple[int, Judged]]], width: float) -> list[Judged]:
    """The pieces of the best way from the left end to the right, by first and last cut; the whole if that is best."""
    ways: list[list[Way]] = [[] for _ in range(len(pieces) + 1)]
    ways[0] = [(0.0, ())]
    for first, row in enumerate(pieces):
        for last, piece in row:
            is_whole = first == 0 and last == len(pieces)
            cost = log(piece.score) - (0 if first == 0 else _PRICE)
            chosen = whole if is_whole else piece
            ways[last] = _best(ways[last] + [(total + cost, (*before, chosen)) for total, before in ways[first]])
    best = ways[-1]
    if not best:
        return [whole]
    total, found = best[0]
    if len(found) == 1 or total < _LEAST * len(found):
        is_doubtful = len(found) > 1 or (len(best) > 1 and total - best[1][0] < _MARGIN)
        return [whole.marked("touching")] if width > _WIDE and is_doubtful else [whole]
    is_doubtful = total - (best[1][0] if len(best) > 1 else -inf) < _MARGIN
    if (whole.verdict.kind == "no digit" and width <= _WIDE) or any(one.verdict.kind != "digit" for one in found):
        is_doubtful = True  # an m is not three sure ones, an H no sure one beside something else
    cut = [dataclasses.replace(piece, whole=whole.verdict) for piece in found]
    return [piece.marked("touching") if is_doubtful else piece for piece in cut]


def _best(ways: list[Way]) -> list[Way]:
    """The best way for each text, the best two or three texts."""
    texts: dict[tuple[int | None, ...], Way] = {}
    for way in ways:
        text = tuple(piece.verdict.digit for piece in way[1])
        if text not in texts or way[0] > texts[text][0]:
            texts[text] = way
    return sorted(texts.values(), key=lambda way: -way[0])[:4]
