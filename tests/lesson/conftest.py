"""What the tests of the lesson share: a writer of notebooks."""

import nbformat
import pytest

from hand_ins import percent


@pytest.fixture
def write(tmp_path):
    def write(*cells, name="student.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".ipynb"):
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
            notebook.cells.insert(0, nbformat.v4.new_markdown_cell("# Not code"))
            nbformat.write(notebook, path)
        else:
            path.write_text(percent(*cells))
        return path

    return write
