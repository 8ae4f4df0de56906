"""The checks against answers that were written from the exercise's text alone: each mistake is named, each way accepted."""

import collections
import re

import pytest

import student_answers
from mnistlab.lesson.checks.verdicts import StepState

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
