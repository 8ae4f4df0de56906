"""Notebook files: .ipynb, and .py with `# %%` between the cells."""

import dataclasses
import json
import re
import warnings
from collections.abc import Mapping
from typing import Any

import nbformat as _nbformat

from mnistlab.exceptions import DataError
from mnistlab.lesson.notebooks.decoding import require_notebook

nbformat: Any = _nbformat  # has a marker of types, but no types
_CELL_LINE = re.compile(r"^#[ \t]*%%.*$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class CodeCell:
    """One code cell.

    Args:
        number: Number of the cell among all cells of the notebook, from 1.
        source: Text of the cell.
    """

    number: int
    source: str


@dataclasses.dataclass(frozen=True)
class Document:
    """The code cells of a notebook file, and what is needed to write it again.

    Args:
        text: Text of the file.
        cells: Code cells of the file, in order.
        notebook: The notebook as nbformat read it; `None` for a .py file.
    """

    text: str
    cells: tuple[CodeCell, ...]
    notebook: Any = None

    @property
    def is_python_2(self) -> bool:
        """Whether the notebook asks for a Python 2 kernel, which no longer starts."""
        if self.notebook is None:
            return False
        kernel = self.notebook.metadata.get("kernelspec", {})
        return isinstance(kernel, Mapping) and kernel.get("name") == "python2"

    def rebuild(self, sources: Mapping[int, str]) -> str:
        """The file with other sources in some cells.

        Outputs and execution counts of all cells are removed: they belong to code that is no longer there. A Python 2
        kernel becomes Python 3.

        Args:
            sources: New sources by the number of their cell.
        """
        if self.notebook is None:
            return "".join(sources.get(cell.number, cell.source) for cell in self.cells)
        notebook = nbformat.from_dict(json.loads(json.dumps(self.notebook)))
        for number, cell in enumerate(notebook.cells, start=1):
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
                cell.source = sources.get(number, cell.source)
        if self.is_python_2:
            notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
            notebook.metadata.pop("language_info", None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbformat's advice on ids of cells
            return str(nbformat.writes(notebook)) + "\n"


def read_document(text: str, kind: str) -> Document:
    """Reads a notebook's text.

    Args:
        text: Text of the whole file.
        kind: `ipynb` or `py`.

    Raises:
        DataError: the text is not a notebook; the sentence goes on after the file's name.
    """
    if kind == "py":
        starts = sorted({0, *(match.start() for match in _CELL_LINE.finditer(text))})
        parts = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
        return Document(text, tuple(CodeCell(number, part) for number, part in enumerate(parts, start=1)))
    require_notebook(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook = nbformat.reads(text, as_version=4)
        cells = tuple(
            CodeCell(number, cell.source)
            for number, cell in enumerate(notebook.cells, start=1)
            if cell.cell_type == "code" and isinstance(cell.source, str)
        )
    except Exception as error:  # nbformat raises whatever its code stumbles over
        raise DataError(
            f"is a damaged notebook: {type(error).__name__} while its cells were read. "
            "Open it in Jupyter and save it again."
        ) from error
    return Document(text, cells, notebook)
