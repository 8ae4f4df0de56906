"""What stands in a word of letters is hardly a digit, the O of "AMOUNT" no 0; nor are the pieces of a percent sign."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mnistlab.reader.judging import Judged

_GAP: Final = 0.5  # of the height, between the letters of one word at most
_LEAST: Final = 3  # letters of a word
_MOST_LETTERS: Final = 0.6  # of a word's finds, that are no digits
_SMALL: Final = 0.6  # of the height of a page's digits; lines below that may be headings
_MOST_SURE: Final = 0.6, 0.8  # of the finds of such a line, that look like digits: of print, of what may have letters
_RING: Final = 0.25, 0.62  # of the height of a percent sign's stroke, the size of its rings, from and to
_ASIDE: Final = 0.35  # of the stroke's height, by which its rings may stand beside it


def mark_words(judged: Sequence[Judged]) -> list[Judged]:
    """Marks what is in words: "letters" where nothing is sure, "print" where nothing is a digit.

    A word of which most finds are no digits has letters. A line much smaller than a page's digits is print, if much of
    it does not look like digits, and may have letters, if some of it does not. Pieces of what looked like two
    digits tell nothing of that, for where they were cut they look like none.

    Args:
        judged: Finds with their verdicts, in reading order, whose boxes are on the page as it was read.
    """
    lines = [list(found) for _, found in groupby(judged, key=lambda one: one.found.line)]
    heights = [median(one.height for one in found) for found in lines]
    apart = [[one for one in found if not _is_of_two(one)] for found in lines]
    num_sure = [sum(map(_is_sure, found)) for found in apart]
    usual = max((height for height, sure in zip(heights, num_sure, strict=True) if sure), default=0)
    marked = []
    for found, height, sure, clear in zip(lines, heights, num_sure, apart, strict=True):
        print_like, letter_like = (sure <= share * len(clear) for share in _MOST_SURE)
        if len(found) > 1 and height < _SMALL * usual and letter_like:
            print_like &= not sure or len(clear) > len(found) / 2
            mark = "print" if print_like else "letters"
            marked += [one.marked(mark) for one in found]
        else:
            marked += [one.marked("letters") if _is_word(word) else one for word in _words(found) for one in word]
    return marked


def mark_percent(judged: Sequence[Judged]) -> list[Judged]:
    """Marks the pieces of a percent sign: a stroke with a small ring at its upper left and another at its lower right.

    Args:
        judged: Finds with their verdicts, whose boxes are on the page as it was read.
    """
    boxes = np.array([one.found.box for one in judged], float).reshape(-1, 4)
    marked = set[int]()
    for at, one in enumerate(judged):
        # A ring that touches the stroke makes a 9 with it, or a 4 or 7; the lower one makes a 6.
        if one.verdict.digit in (1, 4, 6, 7, 9):
            upper, lower = _rings(boxes[at], boxes)
            upper[at] = lower[at] = False
            has_upper = one.verdict.digit in (4, 7, 9) or upper.any()
            has_lower = one.verdict.digit == 6 or lower.any()
            if has_lower and has_upper:
                marked |= {at, *np.flatnonzero(upper | lower).tolist()}
    return [one.marked("percent") if at in marked else one for at, one in enumerate(judged)]


def _rings(box: NDArray[np.float64], boxes: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which boxes may be the upper left, and which the lower right ring of a percent sign with its stroke in `box`."""
    top, left, bottom, right = box
    height, middle = bottom - top, (top + bottom) / 2
    least, most = (share * height for share in _RING)
    sizes = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    centres = (boxes[:, 1] + boxes[:, 3]) / 2
    near = (boxes[:, 3] > left - _ASIDE * height) & (boxes[:, 1] < right + _ASIDE * height)
    near &= (boxes[:, 0] > top - 0.3 * height) & (boxes[:, 2] < bottom + 0.3 * height)
    near &= (sizes >= least) & (sizes <= most)
    upper = near & (boxes[:, 2] <= middle + 0.2 * height) & (centres < (left + right) / 2)
    lower = near & (boxes[:, 0] >= middle - 0.2 * height) & (centres > (left + right) / 2)
    return upper, lower


def _is_of_two(one: Judged) -> bool:
    return one.whole is not None and one.whole.other == "two digits"


def _is_sure(one: Judged) -> bool:
    return one.verdict.kind == "digit" and "touching" not in one.found.marks


def _words(line: Sequence[Judged]) -> Iterator[list[Judged]]:
    word: list[Judged] = []
    for one in line:
        if word and one.found.box[1] - word[-1].found.box[3] > _GAP * max(one.height, word[-1].height):
            yield word
            word = []
        word.append(one)
    yield word


def _is_word(word: Sequence[Judged]) -> bool:
    letters = sum(one.verdict.kind == "no digit" for one in word)
    return len(word) >= _LEAST and letters >= _MOST_LETTERS * len(word)
