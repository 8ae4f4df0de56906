"""Sentences of results in the language of the request.

Results hold their sentences in English, with the numbers in them. Each is recognized by the catalogue's English, and
said again by the catalogue's sentence in the other language; what it does not recognize stays as it is.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from mnistlab.server.http.sentences import FIRST, catalogues, current_language, say

ROOM = "found."  # how the keys of sentences in results begin
_BRACES = re.compile(r"\\{(\w+)\\}")  # after re.escape
_SENTENCE_END = re.compile(r"(?<=\.) (?=[A-Z])")
_FIGURES = re.compile(r"(?:\d[\d,]*\.?\d*|[-+=<%, ]|p |s\b|and )+")
_FIGURE = re.compile(r"\d(?:[\d,]*\d)?(?:\.\d+)?")
_MOST = 2000  # letters of a sentence; longer ones are none of ours
_PARTS = "; "  # between the parts of a sentence that gives figures


def translated_result(text: str, language: str | None = None) -> str:
    """A text of some results in another language.

    Args:
        text: One or more sentences, a title, or the name of a line.
        language: Code of the language; by default that of the request.

    Example:
        >>> translated_result("Rotation alone: no evidence of a difference (+0.04 points, p = 0.92).", "de")
        'Drehung allein: kein Beleg für einen Unterschied (+0,04 Prozentpunkte, p\xa0=\xa00,92).'
        >>> translated_result("mlp", "de")
        'mlp'
    """
    wanted = language or current_language()
    return text if wanted == FIRST or len(text) > _MOST else _all_translated(text, wanted)


@lru_cache(1024)
def _all_translated(text: str, language: str) -> str:
    """Kept, because a hundred patterns take a millisecond."""
    return " ".join(_translated(sentence, language) for sentence in _SENTENCE_END.split(text))


def _translated(text: str, language: str) -> str:
    for key, pattern in _patterns().items():
        found = pattern.fullmatch(text)
        if found:
            values = {name: _value(value, language) for name, value in found.groupdict().items()}
            return say(key, values, language)
    return text


def _value(text: str, language: str) -> str:
    """What stands in a sentence: figures, or again something that the catalogue has."""
    if _PARTS in text:
        return _PARTS.join(_value(part, language) for part in text.split(_PARTS))
    if not _FIGURES.fullmatch(text):
        return _translated(text, language)
    marks = str.maketrans({",": say("number.group", None, language), ".": say("number.point", None, language)})
    figures = _FIGURE.sub(lambda found: found[0].translate(marks), text)
    return re.sub(r"\band\b", say("list.and", None, language), figures).replace("-", "−")


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    """What each sentence of results looks like, those with the most words of their own first."""
    english = {key: text for key, text in catalogues()[FIRST].items() if key.startswith(ROOM)}
    order = sorted(english, key=lambda key: -len(re.sub(r"\{\w+\}", "", english[key])))
    return {key: _pattern(english[key]) for key in order}


def _pattern(sentence: str) -> re.Pattern[str]:
    named = set[str]()

    def group(found: re.Match[str]) -> str:
        name = found[1]
        if name in named:
            return f"(?P={name})"
        named.add(name)
        return rf"(?P<{name}>[\d,. and]+?)" if name == "figures" else f"(?P<{name}>.+?)"

    return re.compile(_BRACES.sub(group, re.escape(sentence)))
