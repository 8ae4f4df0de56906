"""What a class got wrong most: steps and messages, each with the number of notebooks."""

import collections
import csv
import io
from collections.abc import Sequence
from typing import NamedTuple

from mnistlab.lesson.checks.verdicts import StepState
from mnistlab.lesson.grading.grading import Grade
from mnistlab.lesson.steps import STEPS
from mnistlab.system.text import plural, spreadsheet_cell, table

MAX_ROWS = 10  # of the table on the terminal


class Mistake(NamedTuple):
    """A mistake of one step, as the class made it.

    Args:
        step: Key of the step.
        problem: Name of the mistake; where nothing was judged, where the step stands instead.
        message: The message that the check gave most often; its numbers may differ from notebook to notebook.
        num_notebooks: Number of notebooks that have it.
    """

    step: str
    problem: str
    message: str
    num_notebooks: int


def find_mistakes(grades: Sequence[Grade]) -> list[Mistake]:
    """The mistakes of all notebooks, the most frequent first; of equal ones in the order of the steps."""
    found: dict[tuple[str, str], collections.Counter[str]] = {}
    order = {step.key: place for place, step in enumerate(STEPS)}
    for grade in grades:
        for step in grade.steps:
            if step.mark in (StepState.DONE, StepState.NOT_CHECKED):
                continue
            name = step.problem if step.mark is StepState.NOT_YET else str(step.mark)
            found.setdefault((step.key, name), collections.Counter())[
                step.message or f"{step.mark}".capitalize() + "."
            ] += 1
    mistakes = [Mistake(step, name, texts.most_common(1)[0][0], texts.total()) for (step, name), texts in found.items()]
    return sorted(mistakes, key=lambda one: (-one.num_notebooks, order[one.step], one.problem))


def format_mistakes(grades: Sequence[Grade]) -> str:
    """The steps with how many notebooks did them, and the most frequent messages, as text; empty without a mistake."""
    mistakes = find_mistakes(grades)
    if not mistakes:
        return ""
    rows = [["step", "done", "not yet", "not started", "other"]]
    for place, step in enumerate(STEPS):
        marks = collections.Counter(grade.steps[place].mark for grade in grades)
        main = [marks[state] for state in (StepState.DONE, StepState.NOT_YET, StepState.NOT_STARTED)]
        rows.append([step.key, *map(str, main), str(len(grades) - sum(main))])
    judged = [one for one in mistakes if one.problem not in [str(state) for state in StepState]]
    lines = [f"Steps in {plural(len(grades), 'notebook')}:", *table(rows)]
    if judged:
        shown = [[str(one.num_notebooks), one.step, one.message] for one in judged[:MAX_ROWS]]
        lines += ["", "Most frequent mistakes:", *(f"{number:>4}×  {step:<14} {text}" for number, step, text in shown)]
    if len(judged) > MAX_ROWS:
        lines.append(f"and {len(judged) - MAX_ROWS} more")
    return "\n".join(lines)


def mistakes_csv(grades: Sequence[Grade]) -> str:
    """All mistakes as a table: step, name of the mistake, number of notebooks, message."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(["step", "mistake", "notebooks", "message"])
    for one in find_mistakes(grades):
        writer.writerow([one.step, one.problem, one.num_notebooks, spreadsheet_cell(one.message)])
    return buffer.getvalue()
