"""Notebooks that students hand in: found in a folder, read up to a limit of size, and split into cells of code."""

import os
import re
import stat
import warnings
from collections.abc import Iterable
from pathlib import Path

from mnistlab.exceptions import DataError, UsageError
from mnistlab.lesson.notebooks.decoding import declare_utf_8, decode, require_notebook
from mnistlab.system.paths import absence, shortened
from mnistlab.system.text import printable

MAX_NOTEBOOK_BYTES = 50 * 2**20
MAX_COMPANIONS, MAX_COMPANION_BYTES = 50, 20 * 2**20
SUFFIXES = (".ipynb", ".py")
_CELL_MARK = re.compile(rb"^# ?%%", re.MULTILINE)


def read_bytes(path: Path) -> bytes:
    """A notebook's bytes.

    Raises:
        UsageError: the name does not end in .ipynb or .py.
        DataError: the path is not a file, or the file is too large or cannot be read.
    """
    name = printable(shortened(path))
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{name} was given; a notebook that ends in .ipynb or .py was expected.")
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise DataError(f"{absence(path, 'file')}; a notebook was expected.")
        if found.st_size > MAX_NOTEBOOK_BYTES:
            raise DataError(
                f"{name} has {found.st_size / 2**20:,.0f} MB; at most {MAX_NOTEBOOK_BYTES / 2**20:.0f} MB are read. "
                "Clear its outputs and save it."
            )
        with path.open("rb") as file:
            content = file.read(MAX_NOTEBOOK_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"{absence(path, 'file')}.") from None
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_NOTEBOOK_BYTES:  # it has grown since
        raise DataError(f"{name} has more than {MAX_NOTEBOOK_BYTES / 2**20:.0f} MB. Clear its outputs and save it.")
    return content


def read_cells(path: Path) -> list[str]:
    """The source of each cell of code, in order.

    Args:
        path: Path of a notebook, or of a Python file in percent format; without marks, that is a single cell.

    Raises:
        DataError: the file is not what its name says.
    """
    return [source for _, source in read_numbered_cells(path)]


def read_numbered_cells(path: Path, name: str = "") -> list[tuple[int, str]]:
    """The cells of code in order, each with its number among all cells of the notebook, from 1.

    Args:
        path: Path of a notebook, or of a Python file in percent format; without marks, that is a single cell.
        name: Name to show instead of the path.

    Raises:
        DataError: the file is not what its name says.
    """
    shown = printable(name or path)
    content = read_bytes(path)
    is_notebook = path.suffix.lower() == ".ipynb"
    try:
        text = decode(content, is_python=not is_notebook)
        if is_notebook:
            require_notebook(text)
    except DataError as error:
        raise DataError(f"{shown} {error}") from None
    try:
        if is_notebook:
            import nbformat

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = nbformat.reads(text, as_version=4)
        else:
            import jupytext

            made = jupytext.reads(declare_utf_8(text), fmt="py:percent")
        offset = 0 if is_notebook else _num_unseen(text, len(made.cells))
        cells = enumerate(made.cells, 1 + offset)
        return [(number, str(cell.source)) for number, cell in cells if cell.cell_type == "code"]
    except ImportError as error:
        raise UsageError(
            f"Reading notebooks needs packages that are not installed: {error}. Run: pip install 'mnistlab[lesson]'"
        ) from error
    except Exception as error:  # the readers fail in many ways on what is not a notebook
        raise DataError(
            f"{shown} is not a notebook that Jupyter could open ({type(error).__name__}). "
            "Open it in Jupyter and save it again, or start over with a copy."
        ) from error


def _num_unseen(text: str, num_cells: int) -> int:
    """1 if a header stands before the first mark of a Python file and its reader makes no cell of it, otherwise 0."""
    num_marks = len(_CELL_MARK.findall(text.encode(errors="replace")))
    num_parts = num_marks + (not _CELL_MARK.match(text.encode(errors="replace")))
    return max(0, min(1, num_parts - num_cells)) if num_marks else 0


_OTHER_CALLS = re.compile(r"\b(?:ready|hint)\([^)]*\)")
_CHECK_CALL = re.compile(r"\bcheck\s*\(")


def checked_steps(sources: Iterable[str]) -> list[str]:
    """The names in quotes, such as `mlp.output`, in cells that call `check`: those of the steps that they check."""
    names: set[str] = set()
    for source in sources:
        rest = _OTHER_CALLS.sub("", source)
        if _CHECK_CALL.search(rest):
            names.update(re.findall(r"""["']([a-z0-9.]{1,40})["']""", rest))
    return sorted(names)


def find_notebooks(folder: Path) -> list[Path]:
    """Every notebook in and below a folder, in the order of their paths.

    Hidden folders and links are left out; a .py file counts if it has a cell mark, `# %%`.

    Raises:
        DataError: the folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise DataError(f"{printable(folder)} cannot be read: {error.strerror}.") from error

    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(place) / name
            if not name.startswith(".") and path.suffix.lower() in SUFFIXES and _is_notebook(path):
                found.append(path)
    return sorted(found)


def _is_notebook(path: Path) -> bool:
    if path.is_symlink():
        return False
    if path.suffix.lower() == ".ipynb":
        return True  # a broken one, or one that cannot be read, is to be reported
    try:
        return (
            path.is_file() and path.stat().st_size <= MAX_NOTEBOOK_BYTES and bool(_CELL_MARK.search(path.read_bytes()))
        )
    except OSError:
        return False


def companions(path: Path, *, is_shared: bool) -> list[Path]:
    """The files that lie beside a notebook and may belong to it, such as a picture.

    Args:
        path: Path of the notebook.
        is_shared: Whether a whole class may share the folder; files then belong only to a notebook that is alone there.

    Returns:
        Paths of the files, without links; none if the files are many or large.
    """
    try:
        beside = [
            one for one in sorted(path.parent.iterdir()) if one.name != path.name and not one.name.startswith(".")
        ]
        is_alone = not any(one.suffix.lower() in SUFFIXES for one in beside)
        files = [one for one in beside if stat.S_ISREG(one.lstat().st_mode) and one.suffix.lower() not in SUFFIXES]
        num_bytes = sum(one.stat().st_size for one in files)
    except OSError:
        return []
    fits = len(files) <= MAX_COMPANIONS and num_bytes <= MAX_COMPANION_BYTES
    return files if fits and (is_alone or not is_shared) else []
