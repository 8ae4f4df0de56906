"""The exercise with its gaps and the solution, both made from one source."""

import functools
import re
from importlib import resources
from typing import Any

from mnistlab.exceptions import UsageError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = "...  # your lines"


@functools.cache
def source_text() -> str:
    """The source of the lesson in percent format, with the solutions between nbgrader's marks."""
    return resources.files("mnistlab.lesson").joinpath("source/lesson.py").read_text(encoding="utf-8")


def exercise_text(source: str) -> str:
    """The source with every solution replaced by a stub that is valid Python.

    If the line above a solution is code, that line is the stub, and the solution is only taken out.

    Example:
        >>> print(exercise_text("# TODO\\n### BEGIN SOLUTION\\nx = 1\\n### END SOLUTION\\ny = 2"))
        # TODO
        ...  # your lines
        y = 2
    """
    pattern = re.compile(rf"^(?P<above>[^\n]*\n)(?P<indent>[ \t]*){BEGIN}\n.*?^[ \t]*{END}\n", re.DOTALL | re.MULTILINE)

    def stub(match: re.Match[str]) -> str:
        above = match["above"]
        return above + (f"{match['indent']}{STUB}\n" if above.lstrip().startswith("#") else "")

    return pattern.sub(stub, source)


def solution_text(source: str) -> str:
    """The source without the marks."""
    return re.sub(rf"^[ \t]*(?:{BEGIN}|{END})\n", "", source, flags=re.MULTILINE)


def solution_lines(source: str) -> dict[str, str]:
    """The lines that fill each gap, by step: those between the marks below `TODO step:`."""
    pattern = re.compile(rf"TODO ([a-z0-9.]+):.*?^([ \t]*){BEGIN}\n(.*?)^[ \t]*{END}$", re.DOTALL | re.MULTILINE)
    return {
        match[1]: "\n".join(line.removeprefix(match[2]) for line in match[3].splitlines())
        for match in pattern.finditer(source)
    }


def given_cells(source: str) -> dict[str, str]:
    """The cell of code that checks each step, by step; for a given step it holds the correct lines."""
    cells = re.split(r"^# %%.*\n", source, flags=re.MULTILINE)
    return {match[1]: cell.strip() for cell in cells for match in re.finditer(r'check\("([a-z0-9.]+)"', cell)}


def notebook(text: str) -> Any:
    """A notebook without outputs from a percent-format text.

    Raises:
        UsageError: the packages for notebooks are not installed.
    """
    try:
        import jupytext
        import nbformat
    except ImportError as error:
        raise UsageError(
            f"Notebooks need packages that are not installed: {error}. Run pip install 'mnistlab[lesson]', or take "
            "another format.",
            argument="file_format",
        ) from error
    made = jupytext.reads(text, fmt="py:percent")
    made.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number:03d}"  # jupytext draws one; the same source gives the same bytes
        cell.metadata.pop("lines_to_next_cell", None)
    return made


def exercise_notebook() -> Any:
    """The exercise as a notebook: gaps are stubs, and nothing was run."""
    return notebook(exercise_text(source_text()))


def solution_notebook() -> Any:
    """The solution as a notebook, not run."""
    return notebook(solution_text(source_text()))


def as_json(notebook: Any) -> str:
    """A notebook as the text of its file."""
    import nbformat

    return str(nbformat.writes(notebook)).rstrip("\n") + "\n"
