"""What the students of a class are told: a page for each notebook."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from mnistlab import __version__
from mnistlab.lesson.checks.verdicts import SYMBOLS, StepState
from mnistlab.lesson.grading.grading import FINISHED, SAME_FILE, TAMPERED, UNREAD, Grade, StepGrade
from mnistlab.lesson.steps import STEP_BY_KEY
from mnistlab.reports import render_feedback
from mnistlab.reports.results import FeedbackResults, StepFeedback
from mnistlab.system.files import make_folder, write_text

_OPEN = (StepState.NOT_STARTED, StepState.NOT_YET, StepState.NO_CHECK, StepState.NOT_REACHED)
_ENDED = {
    FINISHED: "",
    UNREAD: "The file could not be read, so nothing was run.",
    TAMPERED: "While the notebook ran, files of mnistlab changed, so it gets no points.",
}


def feedback_page(grade: Grade) -> str:
    """The page for the student who handed a notebook in: HTML in one file, which asks nobody for anything."""
    results: FeedbackResults = {
        "mnistlab": __version__,
        "environment": {},
        "file": grade.file,
        "points": grade.points,
        "out_of": grade.out_of,
        "num_done": sum(step.mark is StepState.DONE for step in grade.steps),
        "ended": _ENDED.get(grade.ended, f"The notebook {grade.ended}."),
        "steps": [_step(step) for step in grade.steps],
        "problems": list(grade.problems),
    }
    return render_feedback(results)


def _step(step: StepGrade) -> StepFeedback:
    return {
        "key": step.key,
        "title": STEP_BY_KEY[step.key].title,
        "symbol": SYMBOLS[step.mark],
        "mark": str(step.mark),
        "points": step.points,
        "out_of": step.out_of,
        "message": step.message,
        "reason": step.reason,
        "is_open": step.mark in _OPEN,
    }


def write_feedback(grades: Sequence[Grade], notebooks: Sequence[Path], folder: Path, target: Path) -> None:
    """Writes a page for each notebook, into folders like those that the notebooks lie in.

    Args:
        grades: Grades of the notebooks, in order.
        notebooks: Paths of the notebooks.
        folder: Folder that the notebooks lie in, at any depth.
        target: Folder to write to; `ann/exercise.ipynb` becomes `ann/exercise.ipynb.html`.

    Raises:
        RunError: a page cannot be written.
    """
    for grade, path in zip(grades, notebooks, strict=True):
        place = target / path.relative_to(folder)
        make_folder(place.parent)
        write_text(place.with_name(f"{place.name}.html"), feedback_page(_without_others(grade)))


def _without_others(grade: Grade) -> Grade:
    """The grade without the names of other students' files, which are for the teacher alone."""
    problems = tuple(problem for problem in grade.problems if not problem.startswith(SAME_FILE))
    return dataclasses.replace(grade, problems=problems)
