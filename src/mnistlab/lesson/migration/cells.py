"""The cells of a notebook on their way: read as far as they are Python, changed by the rules, held and commented."""

import dataclasses
import re
from collections.abc import Sequence

from mnistlab.exceptions import DataError
from mnistlab.lesson.migration import magics, python_2
from mnistlab.lesson.migration.asking import ask_rules
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.comments import COMMENT, by_line, comment_above, line_at, words_above
from mnistlab.lesson.migration.documents import CodeCell, Document
from mnistlab.lesson.migration.edits import Edit, apply, group_lines, without_overlaps
from mnistlab.lesson.migration.holding import hold
from mnistlab.lesson.migration.results import Change, Note
from mnistlab.lesson.migration.rules import others, spelling

NOT_PYTHON = (
    "This cell is not Python 3 (line {line}: {text}), so nothing in it was changed. Fix it and migrate again{hint}."
)
NOT_PYTHON_LINE = (
    "This line is not Python 3, so the cell cannot run. The line was left as it is, and the rest of the cell was "
    "migrated. Fix it and migrate again."
)
GAP = (
    "This is a gap of an exercise, so the cell cannot run yet. The rest of it was migrated. Fill the gap with code for "
    "today's Keras."
)
PRINT_HINT = "; in Python 3 print is a function: print(...)"


@dataclasses.dataclass(frozen=True)
class _Mended:
    """One cell after the migration."""

    source: str
    changes: tuple[Change, ...]
    notes: tuple[Note, ...]


@dataclasses.dataclass(frozen=True)
class _Readable:
    """One cell that can be read, as far as it can.

    Args:
        cell: The cell, with lines of Python 2 written as Python 3.
        hidden: Its text as Python of the same length.
        unread: Numbers, from 0, of the lines that cannot be read.
        changes: The lines of Python 2 that were changed.
    """

    cell: CodeCell
    hidden: bytes
    unread: tuple[int, ...] = ()
    changes: tuple[Change, ...] = ()


def migrate_cells(document: Document) -> tuple[dict[int, str], tuple[Change, ...], tuple[Note, ...]]:
    """The new source of each cell that has one, by number, with all changes and all notes.

    Raises:
        DataError: the code is nested too deeply.
    """
    readable, mended = [], {}
    for cell in document.cells:
        found = _read_cell(cell)
        if found is not None:
            readable.append(found)
        else:
            mended[cell.number] = _mark_unreadable(cell)
    try:
        mended |= _hold(_mend(readable))
    except RecursionError:
        raise DataError("has code that is nested too deeply to be read.") from None
    numbers = sorted(mended)
    changes = tuple(change for number in numbers for change in mended[number].changes)
    notes = tuple(note for number in numbers for note in mended[number].notes)
    return {number: mended[number].source for number in numbers}, changes, notes


def _read_cell(cell: CodeCell) -> _Readable | None:
    """A cell with as much of it as is Python 3, or can be written so; `None` if that is little or nothing."""
    hidden = magics.hide(cell.source)
    if hidden is not None:
        return _Readable(cell, hidden)
    if magics.is_foreign(cell.source) or not cell.source.strip():
        return None
    source, mended = python_2.mend(cell.source)
    found = magics.hide_all(source)
    if found is None:
        return None
    changes = tuple(Change(cell.number, old, new, reason) for old, new, reason in mended)
    return _Readable(dataclasses.replace(cell, source=source), found[0], tuple(found[1]), changes)


def _mend(cells: Sequence[_Readable]) -> dict[int, _Mended]:
    """Applies the rules to all cells that are Python; the cells by number."""
    code = Code([(found.cell, found.hidden) for found in cells])
    if not spelling.find_roots(code) and not code.taken_for_keras:
        return {found.cell.number: _mend_cell(found, [], []) for found in cells if found.unread or found.changes}
    ask_rules(code)
    edits = without_overlaps(_merge_reasons([*code.edits, *code.removal_edits()]))
    mended = {}
    for (start, cell), found in zip(code.starts, cells, strict=True):
        end = start + len(found.hidden)
        own = [_moved(edit, -start) for edit in edits if start <= edit.start and edit.end <= end]
        mended[cell.number] = _mend_cell(found, own, _places(code, start, end))
    return mended


def _places(code: Code, start: int, end: int) -> list[tuple[int, int, str]]:
    """The marked places of one cell: first byte of the line, first byte of the line for the comment, and the reason."""
    found = {
        (code.text.rfind(b"\n", 0, mark.start) + 1 - start, mark.line - start, mark.reason)
        for mark in code.marks
        if start <= mark.start < end
    }
    return sorted(found)


def _hold(mended: dict[int, _Mended]) -> dict[int, _Mended]:
    """Holds the new cells against today's Keras, and marks what would fail and has no mark yet."""
    cells = []
    for number, one in sorted(mended.items()):
        found = magics.hide_all(one.source)
        if found is not None:
            cells.append((CodeCell(number, one.source), found[0]))
    code = Code(cells)
    if not spelling.find_roots(code) and not code.taken_for_keras:
        return mended
    hold(code)
    held = dict(mended)
    for (start, cell), (_, hidden) in zip(code.starts, cells, strict=True):
        one, text = mended[cell.number], cell.source.encode()
        comments, notes = [], list(one.notes)
        for line, place, reasons in by_line(_places(code, start, start + len(hidden))):
            reason, comment = " ".join(reasons), comment_above(text, place, reasons)
            if comment is not None and COMMENT.strip("# ") in words_above(text, place):
                continue  # a rule has said what is wrong with this line
            is_known = comment is None and any(reason in known.reason or known.reason in reason for known in notes)
            notes += [] if is_known else [Note(cell.number, line_at(text, line), reason)]
            comments += [comment] if comment is not None else []
        source = apply(text, comments).decode() if comments else one.source
        held[cell.number] = dataclasses.replace(one, source=source, notes=tuple(notes))
    return held


def _merge_reasons(edits: Sequence[Edit]) -> list[Edit]:
    """The edits, of which those that put the same text into the same place become one with all their reasons."""
    merged: dict[tuple[int, int, str], Edit] = {}
    for edit in edits:
        key = (edit.start, edit.end, edit.text)
        known = merged.get(key)
        reasons = dict.fromkeys([*(known.reasons if known else ()), *edit.reasons])
        merged[key] = dataclasses.replace(edit, reasons=tuple(reasons))
    return list(merged.values())


def _moved(edit: Edit, distance: int) -> Edit:
    return dataclasses.replace(edit, start=edit.start + distance, end=edit.end + distance)


def _mend_cell(found: _Readable, edits: list[Edit], places: Sequence[tuple[int, int, str]]) -> _Mended:
    """Applies the edits of one cell and puts comments above what is marked."""
    cell, text = found.cell, found.cell.source.encode()
    changes = list(found.changes)
    for start, end, members in group_lines(text, edits):
        old, new = text[start:end].decode(), apply(text, members, start, end).decode()
        reasons = dict.fromkeys(reason for edit in members for reason in edit.reasons)
        changes += [Change(cell.number, old, new, reason) for reason in reasons]
    marked = by_line([*places, *_shell_places(text, found)])
    notes = tuple(Note(cell.number, line_at(text, start), " ".join(reasons)) for start, _, reasons in marked)
    comments = [comment_above(text, place, reasons) for _, place, reasons in marked]
    every = sorted([*(comment for comment in comments if comment), *edits], key=_in_order)
    source = apply(text, every).decode()
    if magics.hide_all(source) is None:  # whatever went wrong, a notebook that ran must not become one that does not
        reason = "The changes to this cell do not fit together, so it was left as it is."
        return _Mended(cell.source, (), (*notes, Note(cell.number, line_at(text, 0), reason)))
    return _Mended(source, tuple(changes), notes)


def _in_order(edit: Edit) -> tuple[int, int, int]:
    """The order of edits at one place: whole lines, the comment on the line that follows, what is within it."""
    is_line = edit.start == edit.end and edit.text.endswith("\n")
    return edit.start, edit.end, (1 if not edit.reasons else 0) if is_line else 2


def _shell_places(text: bytes, found: _Readable) -> list[tuple[int, int, str]]:
    """Lines for the shell or for no program at all: their first byte, twice, and what a person has to do."""
    places, start = [], 0
    # Lines as `magics` counts them: a carriage return alone ends one as well.
    lines, hidden = (one.splitlines(keepends=True) for one in (text, found.hidden))
    for number, (line, shown) in enumerate(zip(lines, hidden, strict=True)):
        words = line.rstrip(b"\r\n").decode()
        if number in found.unread:
            places.append((start, start, _explain_unread(words)))
        elif line != shown and (explanation := others.explain_shell_line(words)) is not None:
            places.append((start, start, explanation))
        start += len(line)
    return places


def _explain_unread(line: str) -> str:
    """What is wrong with a line that is not Python 3: an exercise left it open, or it is something else."""
    open_value = re.search(r"[=(\[,]\s*(#.*)?$", line) or line.lstrip().startswith("#")
    is_gap = re.search(r"your (code|answer)|to ?do|fill|complete|\?\?\?|___|insert", line, re.IGNORECASE)
    if is_gap or (open_value and "#" in line):
        return GAP
    return NOT_PYTHON_LINE


def _mark_unreadable(cell: CodeCell) -> _Mended:
    """A cell that cannot be read as Python 3: it is for another program, has a mistake, or is Python 2."""
    if magics.is_foreign(cell.source) or not cell.source.strip():
        explained = [(line, others.explain_shell_line(line)) for line in cell.source.splitlines()]
        notes = tuple(Note(cell.number, line.strip(), reason) for line, reason in explained if reason is not None)
        return _Mended(cell.source, (), notes)
    number, line = magics.first_mistake(cell.source)
    hint = PRINT_HINT if line.lstrip().startswith("print ") else ""
    reason = NOT_PYTHON.format(line=number, text=line.strip()[:60], hint=hint)
    text = cell.source.encode()
    place = text.find(b"\n") + 1 if cell.source.lstrip().startswith("%%") else 0
    comment = comment_above(text, place, [reason])
    already = f"{COMMENT}This cell is not Python 3" in cell.source
    source = cell.source if already or comment is None else apply(text, [comment]).decode()
    return _Mended(source, (), (Note(cell.number, line.strip(), reason),))
