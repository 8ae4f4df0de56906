"""Changes to a text as spans of bytes: gathered from all rules, checked against each other, applied at once."""

import dataclasses
from collections.abc import Iterable, Sequence


@dataclasses.dataclass(frozen=True)
class Edit:
    """A replacement for the bytes from `start` to `end` of the old text.

    Args:
        start: Position of the first byte.
        end: Position after the last byte; equal to `start` for an insertion.
        text: The new text.
        reasons: A sentence or two from each rule that asked for the edit; none for the comment at a marked place.
    """

    start: int
    end: int
    text: str
    reasons: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class MarkedPlace:
    """A place that a rule could not change safely.

    Args:
        start: Position of its first byte in the joined text.
        line: Position of the first byte of the line above which a comment can stand.
        reason: What is wrong and what to do.
    """

    start: int
    line: int
    reason: str


def without_overlaps(edits: Iterable[Edit]) -> list[Edit]:
    """The edits in the order of the text; of two that overlap, the one that comes first in the sequence.

    Insertions at one place keep their order, and an edit that comes twice is made once.
    """
    kept: list[Edit] = []
    for edit in edits:
        if edit in kept or any(_overlap(edit, other) for other in kept):
            continue
        kept.append(edit)
    return sorted(kept, key=lambda edit: (edit.start, edit.end))


def _overlap(one: Edit, other: Edit) -> bool:
    if one.start == one.end or other.start == other.end:  # an insertion fits at both ends of another edit
        inner, outer = (one, other) if one.start == one.end else (other, one)
        return outer.start < inner.start < outer.end
    return one.start < other.end and other.start < one.end


def apply(text: bytes, edits: Sequence[Edit], start: int = 0, end: int | None = None) -> bytes:
    """The text between two positions after the edits, which lie between them and are in order.

    Example:
        >>> apply(b"fit_generator(x)", [Edit(0, 13, "fit")])
        b'fit(x)'
    """
    end = len(text) if end is None else end
    parts, position = [], start
    for edit in edits:
        parts += [text[position : edit.start], edit.text.encode()]
        position = edit.end
    return b"".join([*parts, text[position:end]])


def group_lines(text: bytes, edits: Sequence[Edit]) -> list[tuple[int, int, list[Edit]]]:
    """The edits in groups that share lines: start and end of each group's lines, and its edits in order."""
    groups: list[tuple[int, int, list[Edit]]] = []
    for edit in edits:
        first = text.rfind(b"\n", 0, edit.start) + 1
        last = text.find(b"\n", max(edit.start, edit.end - 1) if edit.end > edit.start else edit.end)
        last = len(text) if last < 0 else last
        if groups and first <= groups[-1][1]:
            start, end, members = groups[-1]
            groups[-1] = (start, max(end, last), [*members, edit])
        else:
            groups.append((first, last, [edit]))
    return groups
