"""The checks of what is read off, counted and drawn; evidence that is forged; steps and their hints."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lesson_bank as bank
from lesson_feedback import expect, judge, said_of
from mnistlab import datasets
from mnistlab.evaluation import metrics
from mnistlab.exceptions import UsageError
from mnistlab.lesson import hint
from mnistlab.lesson.checks.verdicts import StepState
from mnistlab.lesson.hints import hint_text
from mnistlab.lesson.steps import STEP_BY_KEY, STEPS, find_step

MEASURED = {128: (10.0, 0.98), 10_000: (5.0, 0.935), 32: (20.0, 0.979)}
READ = {10_000: ("shorter", "lower"), 32: ("longer", "same")}


@pytest.mark.parametrize(
    ("problem", "answer", "measured"),
    [
        ("time-misread", READ | {32: ("shorter", "same")}, MEASURED),
        ("accuracy-misread", READ | {10_000: ("shorter", "higher")}, MEASURED),
        ("not-measured", READ, {}),
        ("incomplete", {32: ("longer", "same")}, MEASURED),
        ("synonym", READ | {32: ("slower", "same")}, MEASURED),
        ("words", READ | {32: ("endless", "same")}, MEASURED),
    ],
)
def test_each_wrong_reading_of_the_batch_sizes_gets_its_own_hint(problem, answer, measured):
    expect(said_of("batch.answer", answer, measured), problem)


def test_readings_and_predictions_of_the_batch_sizes():
    assert said_of("batch.answer", READ, MEASURED)
    assert said_of("batch.predict", {"10,000": ("longer", "higher"), "32": ("same", "same")})
    unanswered = {10_000: ("?", "?"), 32: ("?", "?")}
    assert said_of("batch.predict", unanswered).state is StepState.NOT_STARTED
    assert said_of("batch.answer", unanswered, {}).state is StepState.NOT_STARTED


@pytest.fixture(scope="module")
def confused():
    """Predictions with known mistakes, and their matrix by another program."""
    labels = datasets.load_mnist().test.labels
    predictions = labels.astype(int)
    predictions[np.flatnonzero(labels == 4)[:30]] = 9
    predictions[np.flatnonzero(labels == 9)[:10]] = 4
    return metrics.confusion_matrix(labels, predictions), predictions


def test_each_wrong_confusion_matrix_gets_its_own_hint(confused):
    matrix, predictions = confused
    assert said_of("confusion", matrix, (4, 9), predictions)
    for problem, wrong in {
        "matrix-transposed": matrix.T,
        "matrix-shares": matrix / matrix.sum(axis=1, keepdims=True),
        "matrix-of-training": matrix * 6,
        "matrix-diagonal-only": np.diag(matrix.diagonal()),
        "matrix-other": matrix // 2,
        "matrix-order": np.roll(matrix, 1, axis=0),
        "matrix-shape": matrix[:9],
        "matrix-empty": matrix * 0,
    }.items():
        expect(said_of("confusion", wrong, (4, 9), predictions), problem)
    for problem, pair in {
        "mistake-diagonal": (1, 1),
        "mistake-reversed": (9, 4),
        "mistake-other": (3, 5),
        "mistake-form": (4, 9, 30),
    }.items():
        expect(said_of("confusion", matrix, pair, predictions), problem)
    expect(said_of("confusion", matrix, (4, 9), predictions[:100]), "no-predictions")
    expect(said_of("confusion", None, (4, 9), predictions), "matrix-missing")
    mistakes = matrix - np.diag(matrix.diagonal())
    assert said_of("confusion", matrix, np.unravel_index(mistakes.argmax(), (10, 10)), predictions)
    assert said_of("confusion", matrix.tolist(), np.array([4, 9]), predictions)
    assert said_of("confusion", None, None, None).state is StepState.NOT_STARTED


def test_each_wrong_use_of_the_drawing_gets_its_own_hint():
    from mnistlab.lesson import draw_strokes

    drawing = draw_strokes([[(14, 4), (14, 24), (18, 24)]])
    model = bank.cnn()
    picture = drawing.reshape(1, 28, 28, 1) / 255
    probabilities = np.asarray(model(picture.astype("float32")))
    digit = int(probabilities[0].argmax())
    assert said_of("drawing", picture, digit, model, drawing)
    assert said_of("drawing", picture, probabilities.argmax(axis=1), model, drawing)
    assert said_of("drawing", picture, probabilities.argmax(), model, drawing)
    for problem, wrong in {
        "batch-axis-missing": picture[0],
        "channel-missing": picture[..., 0],
        "flattened": picture.reshape(1, 784),
        "shape": picture.reshape(1, 1, 28, 28),
        "not-scaled": picture * 255,
        "inverted": 1 - picture,
        "other-scale": picture / 2,
        "other-picture": picture**0.5,
        "picture-transposed": picture.transpose(0, 2, 1, 3),
        "picture-moved": np.roll(picture, 3, axis=1),
        "no-array": "drawing",
    }.items():
        expect(said_of("drawing", wrong, digit, model, drawing), problem)
    for problem, answer in {
        "probabilities-for-digit": probabilities,
        "digit-form": [digit, digit],
        "digit-probability": 0.5,
        "digit-other": (digit + 1) % 10,
    }.items():
        expect(said_of("drawing", picture, answer, model, drawing), problem)
    expect(said_of("drawing", picture, digit, model, drawing * 0), "blank")
    expect(said_of("drawing", None, digit, model, drawing), "picture-missing")
    expect(said_of("drawing", picture, None, model, drawing), "digit-missing")
    assert said_of("drawing", None, None, model, drawing).state is StepState.NOT_STARTED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from(["model", "array", "history", "mapping", "sequence", "number", "text", "nothing"])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(STEP_BY_KEY)), KINDS, JSON)
def test_forged_evidence_never_fails_and_never_passes(step, kind, rubbish):
    keys = ("operations", "compiled", "shape", "images", "curves", "items", "values", "value", "outputs", "labels")
    evidence = {name: {"kind": kind} | dict.fromkeys(keys, rubbish) for name in find_step(step).arguments}
    assert not judge(step, json.loads(json.dumps(evidence)))


def test_evidence_that_cannot_be_read_is_not_yet():
    expect(judge("mlp.train", {"history": {"kind": "history"}}), "unreadable")


def test_steps_checks_and_hints_belong_together():
    assert sum(step.is_gap for step in STEPS) == 11
    for step in STEPS:
        levels = [hint_text(step.key, level) for level in (1, 2, 3)]
        assert all(levels) and len(set(levels[:2])) == 2
    assert "validation_data=(x_held, y_held)" in hint_text("cnn.train", 3)
    assert "Conv2D(64" in hint_text("cnn.conv3", 3) and "MaxPooling2D" in hint_text("cnn.conv4", 3)
    with pytest.raises(UsageError, match=r"no step 'mlp.hidden3'"):
        hint("mlp.hidden3")
    with pytest.raises(UsageError, match="level is 4"):
        hint_text("mlp.hidden2", 4)


def test_hints_get_clearer_each_time(capsys):
    for _ in range(4):
        hint("cnn.dense5")
    said = capsys.readouterr().out
    assert [said.count(f"hint {level} of 3") for level in (1, 2, 3)] == [1, 1, 2]
    assert "cnn.add(keras.layers.Dropout(0.2))" in said
