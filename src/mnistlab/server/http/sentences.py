"""Sentences of the server and its page in every language of the catalogue, `page/words/LANGUAGE.json`.

`page/app/words.js` reads the same files by the same rules; what a sentence may hold between braces is written there.
"""

import contextvars
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from mnistlab.system.sentences import Sentence
from mnistlab.system.text import unbroken

WORDS_FOLDER: Final = Path(__file__).parents[1] / "page" / "words"
FIRST: Final = "en"
"""Language for those whom no other fits."""
MAX_ACCEPTED: Final = 500  # characters of Accept-Language that are read

_language: contextvars.ContextVar[str] = contextvars.ContextVar("language", default=FIRST)
_LEAST = 1e-12
_BRACES = re.compile(r"\{(\w+)(?::([^}]*))?\}")


@cache
def catalogues() -> Mapping[str, Mapping[str, str]]:
    """Every language's sentences by their keys."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(WORDS_FOLDER.glob("*.json"))}
    return {FIRST: found.pop(FIRST), **found}


def choose(accepted: str) -> str:
    """The language that a client prefers among those of the catalogue.

    Args:
        accepted: Value of its header `Accept-Language`; anything else than such a value means no preference.

    Example:
        >>> choose("fr, de-AT;q=0.8, en;q=0.5"), choose("fr"), choose("")
        ('de', 'en', 'en')
    """
    wanted = list[tuple[float, str]]()
    for part in accepted.split(","):
        code, _, weight = part.partition(";")
        found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight or "q=1")
        if found and float(found[1]) > 0:
            wanted.append((-float(found[1]), code.strip().lower().partition("-")[0]))
    return next((code for _, code in sorted(wanted, key=lambda one: one[0]) if code in catalogues()), FIRST)


def say(key: str, values: Mapping[str, Any] | None = None, language: str = FIRST) -> str:
    """A sentence of the catalogue.

    Args:
        key: Its name in the catalogue.
        values: What stands in for its braces: text, numbers, lists, or sentences as `{"key": ..., "values": ...}`.
        language: Code of the language.

    Raises:
        KeyError: if there is no such sentence, or a value is missing.

    Example:
        >>> say("answer.digit", {"thing": {"key": "thing.8"}, "share": 0.99971}).replace("\\xa0", " ")
        'It is an 8 (more than 99.9 %).'
        >>> say("answer.digit", {"thing": {"key": "thing.8"}, "share": 0.998}, "de").replace("\\xa0", " ")
        'Das ist eine 8 (99,8 %).'
    """
    given = values or {}
    sentence = _BRACES.sub(lambda found: _fill(given[found[1]], found[2] or "", language), catalogues()[language][key])
    return unbroken(sentence)


def tell(key: str, **values: Any) -> str:
    """A sentence of the catalogue in the language of the request that is being answered; in English outside of one."""
    return say(key, values, _language.get())


def current_language() -> str:
    """The language of the request that is being answered."""
    return _language.get()


def translated(text: str) -> str:
    """A text in the language of the request, if it is a `Sentence` that the catalogue has; otherwise as it is."""
    return tell(text.key, **text.values) if isinstance(text, Sentence) and text.key else text


class Languages:
    """Notes for each request which language its client prefers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        headers = scope.get("headers", [])
        accepted = ",".join(value.decode("latin-1") for name, value in headers if name == b"accept-language")
        token = _language.set(choose(accepted[:MAX_ACCEPTED]))
        try:
            await self._app(scope, receive, send)
        finally:
            _language.reset(token)


def _fill(value: Any, form: str, language: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return say(value["key"], value.get("values"), language)
    if isinstance(value, Sequence):
        items = [_fill(item, "", language) for item in value]
        word = say("list.or" if form == "or" else "list.and", None, language)
        return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"
    if "|" in form:
        one, *others = form.split("|")
        return one if value == 1 else others[-1]
    if form == "percent":
        return _percent(value, 1, language)
    if form in ("chance", "whole"):  # of a probability, which is never 0 or 1
        return _percent(min(max(value, _LEAST), 1 - _LEAST), 1 if form == "chance" else 0, language)
    return _number(value, int(form[1:]) if form.startswith(".") else None, language)


def _number(value: float, digits: int | None, language: str) -> str:
    text = f"{value:,.{12 if digits is None else digits}f}"
    if digits is None:
        text = text.rstrip("0").rstrip(".")
    marks = str.maketrans(
        {",": say("number.group", None, language), ".": say("number.point", None, language), "-": "−"}
    )
    return text.translate(marks)


def _percent(share: float, digits: int, language: str) -> str:
    least = 10.0**-digits  # per cent
    if 0 < share < least / 100:
        return say("number.less_than", {"value": f"{_number(least, digits, language)} %"}, language)
    if 1 - least / 100 < share < 1:
        return say("number.more_than", {"value": f"{_number(100 - least, digits, language)} %"}, language)
    return f"{_number(100 * share, 0 if share in (0, 1) else digits, language)} %"
