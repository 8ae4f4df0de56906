"""What stands in a word of letters is hardly a digit: the O of "AMOUNT" is no 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import median
from typing import Final

from mnistlab.reader.judging import Judged

_GAP: Final = 0.5  # of the height, between the letters of one word at most
_LEAST: Final = 3  # letters of a word
_MOST_LETTERS: Final = 0.6  # of a word's finds, that are no digits
_SMALL: Final = 0.6  # of the height of a page's digits; lines below that may be headings
_MOST_SURE: Final = 0.6, 0.8  # of the finds of such a line, that look like digits: of print, of what may have letters


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
