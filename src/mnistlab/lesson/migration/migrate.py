"""The migration of a text and of a file: the old one is read, and a new one is written."""

import re
from pathlib import Path

from mnistlab.exceptions import DataError
from mnistlab.lesson.migration.cells import migrate_cells
from mnistlab.lesson.migration.documents import read_document
from mnistlab.lesson.migration.results import Change, Migration
from mnistlab.lesson.notebooks.decoding import declare_utf_8, decode
from mnistlab.lesson.notebooks.reading import read_bytes
from mnistlab.system.files import write_text
from mnistlab.system.paths import require_new_file
from mnistlab.system.text import printable

SUFFIX = "-keras3"
_SIGNS = re.compile(r"keras|\b(nb_epoch|fit_generator|Sequential\(\[?)")  # of Keras, whatever imports it
PYTHON_2 = "The notebook asks for a Python 2 kernel, which no longer exists; it gets the kernel of Python 3."


def migrate_text(text: str, kind: str = "ipynb") -> Migration:
    """Brings the text of a notebook to today's Keras. Nothing is run and no file is touched.

    Args:
        text: Text of the whole file.
        kind: `ipynb`, or `py` for a Python file, with or without `# %%` between cells.

    Returns:
        The new text with everything that was done. A notebook without old Keras comes back unchanged to the byte, and
        so does one that was migrated before.

    Raises:
        DataError: the text is not a notebook; the sentence goes on after the file's name.
    """
    document = read_document(text, kind)
    old_cells = tuple((cell.number, cell.source) for cell in document.cells)
    if not any(_SIGNS.search(cell.source) for cell in document.cells):
        return Migration(text, text, (), (), old_cells, old_cells)
    sources, changes, notes = migrate_cells(document)
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
    content = read_bytes(old)
    if write:
        require_new_file(new, argument="folder")
    name = printable(old)
    try:
        text = decode(content, is_python=kind == "py")
        migration = migrate_text(declare_utf_8(text) if kind == "py" else text, kind)
    except DataError as error:
        raise DataError(f"{name} {error}") from error
    if write and migration.is_changed:
        write_text(new, migration.new_text)
    return migration
