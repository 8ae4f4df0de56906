"""The string literals of the page's modules, without comments and regular expressions."""

import re
from collections.abc import Iterator

# In the order in which they are tried; what else there is passes letter by letter.
_TOKENS = re.compile(
    r"""
    (?P<comment>/\*.*?\*/|//[^\n]*)
    |(?P<regex>(?<=[=(,:?!&|\s])/(?![*/\s])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*)
    |"(?P<double>(?:\\.|[^"\\\n])*)"
    |'(?P<single>(?:\\.|[^'\\\n])*)'
    |(?P<template>`)
    """,
    re.VERBOSE | re.DOTALL,
)


def literals(source: str) -> Iterator[tuple[str, str]]:
    """Each string literal with the code before it on its line; a template gives its parts one by one."""
    for before, text, _ in _literals(source, 0, nested=False)[0]:
        yield before, text


def _literals(source: str, at: int, *, nested: bool) -> tuple[list[tuple[str, str, int]], int]:
    """All literals from a place on; within a template's braces up to the brace that closes them."""
    found: list[tuple[str, str, int]] = []
    depth = 0
    while at < len(source):
        match = _TOKENS.match(source, at)
        if match is None:
            depth += {"{": 1, "}": -1}.get(source[at], 0)
            at += 1
            if nested and depth < 0:
                return found, at
            continue
        before = source[source.rfind("\n", 0, at) + 1 : at]
        at = match.end()
        if match["template"]:
            inner, at = _template(source, at, before)
            found += inner
        elif match["double"] is not None or match["single"] is not None:
            found.append((before, match["double"] if match["double"] is not None else match["single"], at))
    return found, at


def _template(source: str, at: int, before: str) -> tuple[list[tuple[str, str, int]], int]:
    found: list[tuple[str, str, int]] = []
    text = ""
    while source[at] != "`":
        if source.startswith("${", at):
            inner, at = _literals(source, at + 2, nested=True)
            found += [(before, text, at), *inner]
            text = ""
        elif source[at] == "\\":
            text += source[at : at + 2]
            at += 2
        else:
            text += source[at]
            at += 1
    return [*found, (before, text, at)], at + 1
