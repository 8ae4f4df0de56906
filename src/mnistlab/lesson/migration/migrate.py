"""The migration itself: it reads, hides magics, asks every rule, applies the edits and writes a new file."""

import dataclasses
import re
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

from mnistlab.exceptions import DataError, UsageError
from mnistlab.lesson.migration import magics, python_2
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.documents import MAX_FILE_BYTES, CodeCell, Document, read_document
from mnistlab.lesson.migration.edits import Edit, apply, group_lines, without_overlaps
from mnistlab.lesson.migration.holding import hold
from mnistlab.lesson.migration.results import Change, Migration, Note
from mnistlab.lesson.migration.rules import (
    accuracies,
    attributes,
    axes,
    backend,
    batches,
    files,
    images,
    imports,
    inputs,
    layers,
    libraries,
    losses,
    merging,
    optimizers,
    others,
    own_layers,
    renamed,
    spelling,
    strangers,
    training,
    twins,
)
from mnistlab.lesson.migration.values import Values
from mnistlab.system.files import write_text
from mnistlab.system.paths import absence, require_new_file

SUFFIX = "-keras3"
_SIGNS = re.compile(r"keras|\b(nb_epoch|fit_generator|Sequential\(\[?)")  # of Keras, whatever imports it
COMMENT = "# MIGRATE: "
WIDTH = 110  # longest line of a comment, in characters
PYTHON_2 = "The notebook asks for a Python 2 kernel, which no longer exists; it gets the kernel of Python 3."
NOT_PYTHON = (
    "This cell is not Python 3 (line {line}: {text}), so nothing in it was changed. Mend it and migrate once "
    "more{hint}."
)
NOT_PYTHON_LINE = (
    "This line is not Python 3, so the cell cannot run. The line was left as it is and the rest of the cell was "
    "migrated. Mend it and migrate once more."
)
GAP = (
    "This is a gap of an exercise, so the cell cannot run yet. The rest of it was migrated. Fill the gap with code for "
    "today's Keras."
)
PRINT_HINT = "; in Python 3 print is a function: print(...)"


def migrate_text(text: str, kind: str = "ipynb") -> Migration:
    """Brings the text of a notebook to today's Keras. Nothing is run and no file is touched.

    Args:
        text: Text of the whole file.
        kind: `ipynb`, or `py` for a Python file, with or without `# %%` between cells.

    Returns:
        The new text with everything that was done. A notebook without old Keras comes back unchanged to the byte, and
        so does one that was migrated before.

    Raises:
        DataError: the text is not a notebook.
    """
    document = read_document(text, kind)
    old_cells = tuple((cell.number, cell.source) for cell in document.cells)
    if not any(_SIGNS.search(cell.source) for cell in document.cells):
        return Migration(text, text, (), (), old_cells, old_cells)
    sources, changes, notes = _migrate_cells(document)
    if document.is_python_2:
        changes = (Change(0, "kernel python2", "kernel python3", PYTHON_2), *changes)
    edited = {number: source for number, source in sources.items() if source != dict(old_cells)[number]}
    new_text = document.rebuild(edited) if edited or document.is_python_2 else text
    new_cells = tuple((number, sources.get(number, source)) for number, source in old_cells)
    return Migration(text, new_text, changes, notes, old_cells, new_cells)


def default_path(old: Path) -> Path:
    """The path of the new notebook if none is given.

    Example:
        >>> default_path(Path("lessons/mnist.ipynb")).name
        'mnist-keras3.ipynb'
    """
    return old.with_name(f"{old.stem}{SUFFIX}{old.suffix}")


def migrate_file(old: Path, new: Path | None = None, *, write: bool = True) -> Migration:
    """Migrates a file into another one; the old one is never touched.

    Args:
        old: Path of an .ipynb or .py file.
        new: Path of the new file, which must not exist; `default_path(old)` by default.
        write: Whether to write the new file; nothing is written for a notebook without old Keras.

    Raises:
        UsageError: the old file is of another kind, or something is already at the new path.
        DataError: the old file cannot be read or is not a notebook.
        RunError: the new file cannot be written.
    """
    new = default_path(old) if new is None else new
    kind = old.suffix.lower().lstrip(".")
    if kind not in ("ipynb", "py"):
        raise UsageError(f"{old} is no notebook by its name; a file that ends in .ipynb or .py was expected.")
    if write:
        require_new_file(new, argument="folder")
    try:
        migration = migrate_text(_read(old), kind)
    except DataError as error:
        raise DataError(f"{old} cannot be migrated. {error}") from error
    if write and migration.is_changed:
        write_text(new, migration.new_text)
    return migration


def _read(path: Path) -> str:
    try:
        if not path.is_file():
            raise DataError(f"{absence(path, 'file')}.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DataError(f"It has {path.stat().st_size:,} bytes; at most {MAX_FILE_BYTES:,} were expected.")
        return path.read_bytes().decode()
    except OSError as error:
        raise DataError(f"It cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError("It is no text in UTF-8, which notebooks are written in.") from error


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


def _migrate_cells(document: Document) -> tuple[dict[int, str], tuple[Change, ...], tuple[Note, ...]]:
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
        raise DataError("Its code is nested too deeply to be read.") from None
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


def _ask_rules(code: Code) -> None:
    """Asks every rule for its edits, those that replace much before those that replace little."""
    mixed = spelling.is_mixed(code)
    values = Values(code)
    axes.rewrite_axes(code)
    images.rewrite_image_generators(code, mixed=mixed)
    backend.rewrite_backend(code, values)
    twins.rewrite_twins(code)
    merging.rewrite_merges(code)
    others.rewrite_exports(code)
    strangers.rewrite_strangers(code)
    imports.rewrite_imports(code, mixed=mixed)
    imports.rewrite_uses(code, mixed=mixed)
    with_values: Sequence[Callable[[Code, Values], None]] = (
        attributes.rewrite_attributes,
        renamed.rewrite_renamed,
        batches.rewrite_batches,
        libraries.rewrite_libraries,
        own_layers.rewrite_own_layers,
    )
    rules: Sequence[Callable[[Code], None]] = (
        accuracies.rewrite_accuracies,
        layers.rewrite_arguments,
        inputs.rewrite_inputs,
        optimizers.rewrite_optimizers,
        training.rewrite_training,
        losses.rewrite_losses,
        files.rewrite_files,
    )
    for rule in with_values:
        rule(code, values)
    for plain_rule in rules:
        plain_rule(code)
    others.rewrite_random_index(code)
    if code.edits or code.has_removals:  # only an old notebook can mean by these what Keras 2 meant
        layers.mark_kernels(code)
        optimizers.mark_default_rates(code)


def _mend(cells: Sequence[_Readable]) -> dict[int, _Mended]:
    """Applies the rules to all cells that are Python; the cells by number."""
    code = Code([(found.cell, found.hidden) for found in cells])
    if not spelling.find_roots(code) and not code.taken_for_keras:
        return {found.cell.number: _mend_cell(found, [], []) for found in cells if found.unread or found.changes}
    _ask_rules(code)
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
        by_line: dict[int, list[tuple[int, str]]] = {}
        for line, place, reason in _places(code, start, start + len(hidden)):
            by_line.setdefault(place, []).append((line, reason))
        comments, notes = [], list(one.notes)
        for place, found_here in sorted(by_line.items()):
            reason = " ".join(dict.fromkeys(reason for _, reason in found_here))
            comment = _comment(text, place, reason)
            if comment is not None and COMMENT.strip() in _comments_above(text, place):
                continue  # a rule has said what is wrong with this line
            note = Note(cell.number, _line_at(text, found_here[0][0]), reason)
            is_known = comment is None and any(reason in known.reason or known.reason in reason for known in notes)
            notes += [] if is_known else [note]
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
    places = sorted([*places, *_shell_places(text, found)])
    notes = tuple(Note(cell.number, _line_at(text, start), reason) for start, _, reason in places)
    comments = [_comment(text, place, reason) for _, place, reason in places]
    every = sorted([*(comment for comment in comments if comment), *edits], key=_in_order)
    source = apply(text, every).decode()
    if magics.hide_all(source) is None:  # whatever went wrong, a notebook that ran must not become one that does not
        reason = "The changes to this cell do not fit together, so it was left as it is."
        return _Mended(cell.source, (), (*notes, Note(cell.number, _line_at(text, 0), reason)))
    return _Mended(source, tuple(changes), notes)


def _in_order(edit: Edit) -> tuple[int, int, int]:
    """The order of edits at one place: whole lines, the comment on the line that follows, what is within it."""
    is_line = edit.start == edit.end and edit.text.endswith("\n")
    return edit.start, edit.end, (1 if not edit.reasons else 0) if is_line else 2


def _shell_places(text: bytes, found: _Readable) -> list[tuple[int, int, str]]:
    """Lines for the shell or for no program at all: their first byte, twice, and what a person has to do."""
    places, start = [], 0
    for number, (line, shown) in enumerate(zip(text.split(b"\n"), found.hidden.split(b"\n"), strict=True)):
        if number in found.unread:
            places.append((start, start, _explain_unread(line.decode())))
        elif line != shown and (explanation := others.explain_shell_line(line.decode())) is not None:
            places.append((start, start, explanation))
        start += len(line) + 1
    return places


def _explain_unread(line: str) -> str:
    """What is wrong with a line that is not Python 3: an exercise left it open, or it is something else."""
    open_value = re.search(r"[=(\[,]\s*(#.*)?$", line) or line.lstrip().startswith("#")
    is_gap = re.search(r"your (code|answer)|to ?do|fill|complete|\?\?\?|___|insert", line, re.IGNORECASE)
    if is_gap or (open_value and "#" in line):
        return GAP
    return NOT_PYTHON_LINE


def _line_at(text: bytes, start: int) -> str:
    end = text.find(b"\n", start)
    return text[start : end if end >= 0 else len(text)].decode().strip()


def _comment(text: bytes, place: int, reason: str) -> Edit | None:
    """The edit that puts a comment above a line; `None` if it is there already."""
    line = text[place:]
    indent = line[: len(line) - len(line.lstrip(b" \t"))].decode()
    lines = textwrap.wrap(
        COMMENT + reason, WIDTH, subsequent_indent="# ", break_long_words=False, break_on_hyphens=False
    )
    block = "".join(f"{indent}{one}\n" for one in lines)
    return None if block in _comments_above(text, place) else Edit(place, place, block)


def _comments_above(text: bytes, place: int) -> str:
    """The lines of comment directly above a position."""
    above = text[:place].decode().splitlines(keepends=True)
    comments: list[str] = []
    while above and above[-1].lstrip().startswith("#"):
        comments.insert(0, above.pop())
    return "".join(comments)


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
    comment = _comment(text, place, reason)
    already = f"{COMMENT}This cell is not Python 3" in cell.source
    source = cell.source if already or comment is None else apply(text, [comment]).decode()
    return _Mended(source, (), (Note(cell.number, line.strip(), reason),))
