"""The two notebooks, run from top to bottom in a real kernel."""

import json
from pathlib import Path

import nbclient
import nbformat
import pytest

from mnistlab.lesson.notebooks import building
from mnistlab.lesson.steps import STEPS

FOLDER = Path(__file__).parents[2] / "notebooks"
SHORTEN = "from mnistlab.lesson.grading.shortening import shorten_training\nshorten_training()"


def read(name):
    return nbformat.read(FOLDER / name, as_version=4)


def run(notebook, before=""):
    """Runs a notebook; a cell that raises fails the test. Returns everything that the cells said as text."""
    if before:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(before))
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    return "\n".join(said(cell) for cell in notebook.cells if cell.cell_type == "code")


def said(cell):
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "\n".join(texts)


def marks(text):
    """The last list of steps that the notebook showed."""
    lines = text.splitlines()[-len(STEPS) - 1 : -1]
    return {line.split()[1]: line[0] for line in lines}


def test_both_are_built_from_the_source():
    kept = json.loads((FOLDER / "exercise.ipynb").read_text(encoding="utf-8"))
    assert nbformat.writes(building.exercise_notebook()) == nbformat.writes(nbformat.from_dict(kept))
    solution, built = read("solution.ipynb"), building.solution_notebook()
    assert [cell.source for cell in solution.cells] == [cell.source for cell in built.cells]
    assert [cell.id for cell in solution.cells] == [cell.id for cell in built.cells]


def test_the_exercise_has_gaps_and_no_outputs_and_the_solution_neither_gaps_nor_marks():
    exercise, solution = read("exercise.ipynb"), read("solution.ipynb")
    text = "\n".join(cell.source for cell in exercise.cells)
    assert all(not cell.outputs and cell.execution_count is None for cell in exercise.cells if cell.cell_type == "code")
    assert "SOLUTION" not in text and "keras.layers.Dense(10)" not in text and text.count("# TODO") == 11
    solved = "\n".join(cell.source for cell in solution.cells)
    assert "SOLUTION" not in solved and building.STUB not in solved
    assert "19 of 19 steps done." in "\n".join(said(cell) for cell in solution.cells if cell.cell_type == "code")
    for cell in [*exercise.cells, *solution.cells]:
        if cell.cell_type == "code":
            compile(cell.source, "cell", "exec")


def test_the_untouched_exercise_runs_and_is_not_started():
    text = run(read("exercise.ipynb"))
    found = marks(text)
    assert {step for step, mark in found.items() if mark == "✓"} == {"data.prepare", "cnn.prepare"}
    assert set(found.values()) == {"✓", "○"}
    assert "This cell waits for mlp.output." in text and "Traceback" not in text


def test_the_solution_runs_with_trainings_cut_short():
    solution = read("solution.ipynb")
    text = run(solution, before=SHORTEN)
    found = marks(text)
    unchecked = {step.key for step in STEPS if step.needs_training}
    assert {step for step, mark in found.items() if mark != "✓"} <= unchecked
    assert "✗" not in found.values() and "○" not in found.values()


@pytest.mark.slow
def test_the_solution_runs_in_full():
    text = run(read("solution.ipynb"))
    assert set(marks(text).values()) == {"✓"}


def test_the_documentation_lists_every_step():
    text = (FOLDER.parent / "docs" / "lesson.md").read_text(encoding="utf-8")
    for step in STEPS:
        assert f"| `{step.key}` | {step.title}{'' if step.is_gap else ' (given)'} | {step.points} |" in text
