"""Sentences in English that also say how the catalogue of the page names them, so that it can say them in others."""

from collections.abc import Mapping
from typing import Any, Self


class Sentence(str):
    """A sentence in English, used as any other text.

    Args:
        text: The sentence.
        key: Its name in the catalogue of the page, `server/page/words/LANGUAGE.json`; empty if it has none.
        values: What stands in for the braces there: text, numbers, lists, or sentences made by `said`.

    Example:
        >>> reason = Sentence("It is a 3 (99.8 %).", "answer.digit", {"thing": said("thing.3"), "share": 0.998})
        >>> reason, reason.key
        ('It is a 3 (99.8 %).', 'answer.digit')
    """

    key: str
    values: Mapping[str, Any]

    def __new__(cls, text: str, key: str = "", values: Mapping[str, Any] | None = None) -> Self:
        """A text with what the catalogue needs."""
        made = super().__new__(cls, text)
        made.key, made.values = key, values or {}
        return made

    def to_dict(self) -> dict[str, Any] | None:
        """Key and values as plain data, as the page takes them; `None` without a key."""
        return said(self.key, **self.values) if self.key else None


def said(key: str, **values: Any) -> dict[str, Any]:
    """A sentence of the catalogue as plain data.

    Example:
        >>> said("thing.3"), said("thing.class", number=3)
        ({'key': 'thing.3'}, {'key': 'thing.class', 'values': {'number': 3}})
    """
    return {"key": key, "values": values} if values else {"key": key}


def said_by(text: str) -> dict[str, Any] | None:
    """Key and values of a text that is a `Sentence`; `None` of others."""
    return text.to_dict() if isinstance(text, Sentence) else None
