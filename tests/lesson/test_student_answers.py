"""The checks against answers as students write them: each mistake is named, and each right way is accepted."""

import collections
import re

import pytest

import student_answers
from mnistlab.lesson.checks import (
    activations,
    answers,
    compiling,
    confusion,
    data,
    images,
    networks,
    pictures,
    regularization,
    settings,
    training,
    weights,
)
from mnistlab.lesson.checks.verdicts import Finding, StepState

CHECKS = (
    activations,
    answers,
    compiling,
    confusion,
    data,
    images,
    networks,
    pictures,
    regularization,
    settings,
    training,
    weights,
)
ANSWERS = student_answers.read_answers()
WRONG = [answer for answer in ANSWERS if answer.words]
RIGHT = [answer for answer in ANSWERS if not answer.words]
SAID: dict[tuple[str, str], list[str]] = collections.defaultdict(list)


@pytest.mark.parametrize("answer", WRONG, ids=str)
def test_each_mistake_is_named(answer):
    feedback = student_answers.feedback_on(answer)
    assert feedback.state is StepState.NOT_YET, feedback
    for words in answer.words:
        assert re.search(words, str(feedback), re.IGNORECASE), f"{words!r} is not in: {feedback}"
    student_answers.SEEN.add((feedback.problem, feedback.message, feedback.reason))
    SAID[answer.step, feedback.message].append(answer.about)


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
@pytest.mark.parametrize("answer", RIGHT, ids=str)
def test_each_right_way_is_accepted(answer):
    feedback = student_answers.feedback_on(answer)
    assert feedback.state is StepState.DONE, feedback


def test_no_two_mistakes_of_a_step_get_the_same_message():
    if sum(map(len, SAID.values())) < len(WRONG):
        pytest.skip("only part of the answers was walked")
    assert len(WRONG) >= 150 and len(RIGHT) >= 60
    assert {key: about for key, about in SAID.items() if len(about) > 1} == {}


def is_seen(finding: Finding) -> bool:
    """Whether a wrong answer got the texts of a finding, whatever stood in place of the names in braces."""
    texts = (re.sub(r"\ba (?=\{)", "a@", text) for text in finding[1:])  # "a" or "an" before what is filled in
    message, reason = (re.sub(r"\\{.*?\\}", ".*", re.escape(text)).replace("a@", "an? ") for text in texts)
    return any(
        problem == finding.problem and re.fullmatch(message, found) and re.fullmatch(reason, why)
        for problem, found, why in student_answers.SEEN
    )


def test_every_message_of_the_checks_was_drawn_out():
    """Runs after the bank of `test_checks`: what no wrong answer has drawn out would never have been seen."""
    problems = {problem for problem, _, _ in student_answers.SEEN}
    if not {"arguments", "unreadable"} <= problems or len(student_answers.SEEN) < 250:
        pytest.skip("only part of the answers was walked")
    missed = {
        f"{check.__name__}: {name}" for check in CHECKS for name, found in check.FINDINGS.items() if not is_seen(found)
    }
    assert not missed
