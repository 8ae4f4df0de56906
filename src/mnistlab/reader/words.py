"""What stands in a word of letters is hardly a digit: the O of "AMOUNT" is no 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from mnistlab.reader.judging import Judged

_GAP: Final = 0.5  # of the height, between the letters of one word at most
_LEAST: Final = 3  # letters of a word
_MOST_LETTERS: Final = 0.6  # of a word's finds, that are no digits


def mark_words(judged: Sequence[Judged]) -> list[Judged]:
    """Gives the mark "letters" to every find in a word of which most are no digits; nothing is sure with it.

    Args:
        judged: Finds with their verdicts, in reading order, whose boxes are on the page as it was read.
    """
    return [one for word in _words(judged) for one in (_marked(word) if _is_word(word) else word)]


def _words(judged: Sequence[Judged]) -> Iterator[list[Judged]]:
    for _, line in groupby(judged, key=lambda one: one.found.line):
        word: list[Judged] = []
        for one in line:
            if word and one.found.box[1] - word[-1].found.box[3] > _GAP * max(_height(one), _height(word[-1])):
                yield word
                word = []
            word.append(one)
        yield word


def _height(one: Judged) -> int:
    return one.found.box[2] - one.found.box[0]


def _is_word(word: list[Judged]) -> bool:
    letters = sum(one.verdict.kind == "no digit" for one in word)
    return len(word) >= _LEAST and letters >= _MOST_LETTERS * len(word)


def _marked(word: list[Judged]) -> list[Judged]:
    return [one.marked("letters") for one in word]
