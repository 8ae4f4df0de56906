"""Comments in the new notebook: one above each line that a person has to look at, with all that is wrong with it."""

import textwrap
from collections.abc import Sequence

from mnistlab.lesson.migration.edits import Edit

COMMENT = "# MIGRATE: "
WIDTH = 110  # longest line of a comment, in characters


def comment_above(text: bytes, place: int, reasons: Sequence[str]) -> Edit | None:
    """The edit that puts a comment above a line; `None` if all of it is there already.

    Args:
        text: Text of a cell.
        place: Position of the first byte of the line.
        reasons: One or more sentences for each thing that is wrong with the line.
    """
    known = words_above(text, place)
    new = [reason for reason in dict.fromkeys(reasons) if reason not in known]
    if not new:
        return None
    line = text[place:]
    indent = line[: len(line) - len(line.lstrip(b" \t"))].decode()
    lines = textwrap.wrap(
        COMMENT + " ".join(new), WIDTH, subsequent_indent="# ", break_long_words=False, break_on_hyphens=False
    )
    return Edit(place, place, "".join(f"{indent}{one}\n" for one in lines))


def words_above(text: bytes, place: int) -> str:
    """The comments directly above a position as one line, without their hashes."""
    words: list[str] = []
    for line in reversed(text[:place].decode().splitlines()):
        if not line.lstrip().startswith("#"):
            break
        words.insert(0, line.strip().removeprefix("#").strip())
    return " ".join(words)


def line_at(text: bytes, start: int) -> str:
    """The line at a position, without the space around it."""
    end = text.find(b"\n", start)
    return text[start : end if end >= 0 else len(text)].decode().strip()


def by_line(places: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, list[str]]]:
    """Marked places, of which those under the same comment become one.

    Args:
        places: For each, the first byte of its line, the first byte of the line for the comment, and the reason.

    Returns:
        The same with all reasons of the line, each once, in the order of the text.
    """
    found: dict[int, tuple[int, list[str]]] = {}
    for line, place, reason in sorted(places):
        reasons = found.setdefault(place, (line, []))[1]
        if reason not in reasons:
            reasons.append(reason)
    return [(line, place, reasons) for place, (line, reasons) in sorted(found.items())]
