"""Grades as text for a terminal: the student's list of steps, and the teacher's points."""

from collections.abc import Sequence

from mnistlab.lesson.checks.verdicts import SYMBOLS, StepState
from mnistlab.lesson.grading.grading import FINISHED, Grade, StepGrade
from mnistlab.lesson.steps import STEP_BY_KEY
from mnistlab.system.sandbox.limits import PROTECTIONS

MAX_FAILURES = 3


def format_check(grade: Grade, before: Grade | None = None) -> str:
    """What a student is told: each step with its mark, cells that failed, and the first step to work on.

    Args:
        grade: Grade of the notebook.
        before: Grade of the notebook as it was; steps with the same mark and message are then left out.
    """
    earlier = {} if before is None else {step.key: step for step in before.steps}
    shown = [step for step in grade.steps if earlier.get(step.key) != step]
    lines = [_line(step) for step in shown]
    num_done = sum(step.mark is StepState.DONE for step in grade.steps)
    lines.append(f"{num_done} of {len(grade.steps)} steps done.")
    num_unchecked = sum(step.mark is StepState.NOT_CHECKED for step in grade.steps)
    if num_unchecked:
        lines.append(f"{num_unchecked} not checked, as training was shortened: run them in Jupyter, or add --full.")
    if grade.ended != FINISHED:
        lines.append(f"The notebook {grade.ended}.")
    lines += grade.problems[:MAX_FAILURES]
    if len(grade.problems) > MAX_FAILURES:
        lines.append(f"and {len(grade.problems) - MAX_FAILURES} more")
    settled = (StepState.DONE, StepState.NOT_CHECKED)
    next_step = next((step for step in grade.steps if step.mark not in settled), None)
    if next_step is not None:
        lines += ["", *_advice(next_step)]
    return "\n".join(lines)


def _line(step: StepGrade) -> str:
    return f"{SYMBOLS[step.mark]} {step.key:<14} {STEP_BY_KEY[step.key].title}"


def _advice(step: StepGrade) -> list[str]:
    is_missing = step.mark is StepState.NO_CHECK
    text = "no check was called for it. Is its cell still there?" if is_missing else f"{step.mark}."
    found = f"{step.key}: {step.message or text}"
    return [found, *([step.reason] if step.reason else []), f"mnistlab lesson hint {step.key}"]


def format_grade(grade: Grade) -> str:
    """What a teacher is told about one notebook: points of each step with what was found, and what went wrong."""
    lines = [f"{grade.file}: {grade.points} of {grade.out_of} points, {grade.seconds:.1f} s, {grade.ended}"]
    lines += [
        f"  {step.points}/{step.out_of}  {step.key:<14} {step.mark}" + (f": {step.message}" if step.message else "")
        for step in grade.steps
    ]
    return "\n".join([*lines, *(f"  {problem}" for problem in grade.problems)])


def format_missing(grades: Sequence[Grade]) -> str:
    """The protections that this system lacks, as text; empty if it has them all."""
    ran = [set(grade.in_force) for grade in grades if grade.in_force]
    missing = [name for name in PROTECTIONS if ran and not all(name in in_force for in_force in ran)]
    if not missing:
        return ""
    lines = [f"  {name}: {PROTECTIONS[name]}" for name in missing]
    return "\n".join(["Not in force on this system, so grade only notebooks that you trust this far:", *lines])
