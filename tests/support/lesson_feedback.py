"""What the checks say of objects."""

import student_answers
from mnistlab.lesson import checking
from mnistlab.lesson.checks import judging
from mnistlab.lesson.checks.verdicts import Feedback, StepState
from mnistlab.lesson.steps import find_step


def judge(step: str, evidence: dict[str, object]) -> Feedback:
    return judging.judge(find_step(step), evidence)


def said_of(step: str, *objects: object) -> Feedback:
    return judge(step, checking.collect(find_step(step), *objects))


def expect(feedback: Feedback, problem: str) -> None:
    assert (feedback.state, feedback.problem) == (StepState.NOT_YET, problem), feedback
    assert feedback.message and feedback.reason
    student_answers.SEEN.add((problem, feedback.message, feedback.reason))
