"""The migration itself: it reads, hides magics, asks every rule, applies the edits and writes a new file."""

import dataclasses
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

from mnistlab.exceptions import DataError, UsageError
from mnistlab.lesson.migration import magics
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.documents import MAX_FILE_BYTES, CodeCell, Document, read_document
from mnistlab.lesson.migration.edits import Edit, apply, group_lines, without_overlaps
from mnistlab.lesson.migration.results import Change, Migration, Note
from mnistlab.lesson.migration.rules import (
    backend,
    files,
    images,
    imports,
    inputs,
    layers,
    losses,
    optimizers,
    others,
    spelling,
    training,
)
from mnistlab.system.files import write_text
from mnistlab.system.paths import absence, require_new_file

SUFFIX = "-keras3"
COMMENT = "# MIGRATE: "
WIDTH = 110  # longest line of a comment, in characters
PYTHON_2 = "The notebook asks for a Python 2 kernel, which no longer exists; it gets the kernel of Python 3."
NOT_PYTHON = (
    "This cell is no Python 3 (line {line}: {text}), so nothing in it was changed. Mend it and migrate once more{hint}."
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
    if not any("keras" in cell.source for cell in document.cells):
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


def _migrate_cells(document: Document) -> tuple[dict[int, str], tuple[Change, ...], tuple[Note, ...]]:
    readable, mended = [], {}
    for cell in document.cells:
        hidden = magics.hide(cell.source)
        if hidden is not None:
            readable.append((cell, hidden))
        else:
            mended[cell.number] = _mark_unreadable(cell)
    try:
        mended |= _mend(readable)
    except RecursionError:
        raise DataError("Its code is nested too deeply to be read.") from None
    numbers = sorted(mended)
    changes = tuple(change for number in numbers for change in mended[number].changes)
    notes = tuple(note for number in numbers for note in mended[number].notes)
    return {number: mended[number].source for number in numbers}, changes, notes


def _ask_rules(code: Code) -> None:
    """Asks every rule for its edits, those that replace much before those that replace little."""
    mixed = spelling.is_mixed(code)
    images.rewrite_image_generators(code, mixed=mixed)
    backend.rewrite_backend(code)
    others.rewrite_exports(code)
    imports.rewrite_imports(code, mixed=mixed)
    imports.rewrite_uses(code, mixed=mixed)
    rules: Sequence[Callable[[Code], None]] = (
        layers.rewrite_arguments,
        inputs.rewrite_inputs,
        optimizers.rewrite_optimizers,
        training.rewrite_training,
        losses.rewrite_losses,
        losses.rewrite_accuracy_names,
        files.rewrite_files,
    )
    for rule in rules:
        rule(code)
    others.mark_random_index(code)
    if code.edits or code.has_removals:  # only an old notebook can mean by these what Keras 2 meant
        layers.mark_kernels(code)
        optimizers.mark_default_rates(code)


def _mend(cells: Sequence[tuple[CodeCell, bytes]]) -> dict[int, _Mended]:
    """Applies the rules to all cells that are Python; the cells by number."""
    code = Code(cells)
    if not spelling.find_roots(code):
        return {}
    _ask_rules(code)
    edits = without_overlaps(_merge_reasons([*code.edits, *code.removal_edits()]))
    mended = {}
    for (start, cell), (_, hidden) in zip(code.starts, cells, strict=True):
        end = start + len(hidden)
        own = [_moved(edit, -start) for edit in edits if start <= edit.start and edit.end <= end]
        places = {
            (code.text.rfind(b"\n", 0, mark.start) + 1 - start, mark.line - start, mark.reason)
            for mark in code.marks
            if start <= mark.start < end
        }
        mended[cell.number] = _mend_cell(cell, hidden, own, sorted(places))
    return mended


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


def _mend_cell(cell: CodeCell, hidden: bytes, edits: list[Edit], places: Sequence[tuple[int, int, str]]) -> _Mended:
    """Applies the edits of one cell and puts comments above what is marked."""
    text = cell.source.encode()
    changes = []
    for start, end, members in group_lines(text, edits):
        old, new = text[start:end].decode(), apply(text, members, start, end).decode()
        reasons = dict.fromkeys(reason for edit in members for reason in edit.reasons)
        changes += [Change(cell.number, old, new, reason) for reason in reasons]
    places = sorted([*places, *_shell_places(text, hidden)])
    notes = tuple(Note(cell.number, _line_at(text, start), reason) for start, _, reason in places)
    comments = [_comment(text, place, reason) for _, place, reason in places]
    every = sorted([*(comment for comment in comments if comment), *edits], key=lambda edit: (edit.start, edit.end))
    source = apply(text, every).decode()
    if magics.hide(source) is None:  # whatever went wrong, a notebook that ran must not become one that does not
        reason = "The changes to this cell do not fit together, so it was left as it is."
        return _Mended(cell.source, (), (*notes, Note(cell.number, _line_at(text, 0), reason)))
    return _Mended(source, tuple(changes), notes)


def _shell_places(text: bytes, hidden: bytes) -> list[tuple[int, int, str]]:
    """Lines for the shell that a person has to look at: their first byte, twice, and the reason."""
    places, start = [], 0
    for line, shown in zip(text.split(b"\n"), hidden.split(b"\n"), strict=True):
        explanation = others.explain_shell_line(line.decode()) if line != shown else None
        if explanation is not None:
            places.append((start, start, explanation))
        start += len(line) + 1
    return places


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
    above = text[:place].decode().splitlines(keepends=True)
    comments: list[str] = []
    while above and above[-1].lstrip().startswith("#"):
        comments.insert(0, above.pop())
    return None if block in "".join(comments) else Edit(place, place, block)


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
    already = f"{COMMENT}This cell is no Python 3" in cell.source
    source = cell.source if already or comment is None else apply(text, [comment]).decode()
    return _Mended(source, (), (Note(cell.number, line.strip(), reason),))
