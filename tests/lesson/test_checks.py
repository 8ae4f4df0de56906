"""The checks of the exercise, walked through with typical wrong answers: each gets its own hint."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lesson_bank as bank
import student_answers
from mnistlab import datasets
from mnistlab.evaluation import metrics
from mnistlab.exceptions import UsageError
from mnistlab.lesson import checking, hint
from mnistlab.lesson.checks import judging
from mnistlab.lesson.checks.evidence import describe
from mnistlab.lesson.checks.verdicts import Feedback, StepState
from mnistlab.lesson.hints import hint_text
from mnistlab.lesson.steps import STEP_BY_KEY, STEPS, find_step
from mnistlab.models.backend import keras

NETWORK_STEPS = {
    network: [step.key for step in STEPS if step.arguments == ("model",) and network in step.key]
    for network in ("mlp", "cnn")
}


def judge(step: str, evidence: dict[str, object]) -> Feedback:
    return judging.judge(find_step(step), evidence)


def said_of(step: str, *objects: object) -> Feedback:
    return judge(step, checking.collect(find_step(step), *objects))


def expect(feedback: Feedback, problem: str) -> None:
    assert (feedback.state, feedback.problem) == (StepState.NOT_YET, problem), feedback
    assert feedback.message and feedback.reason
    student_answers.SEEN.add((problem, feedback.message, feedback.reason))


@pytest.mark.parametrize(
    ("step", "problem", "build"), [pytest.param(*one, id=f"{one[0]}-{one[1]}") for one in bank.wrong_networks()]
)
def test_each_wrong_layer_gets_its_own_hint(step, problem, build):
    expect(said_of(step, build()), problem)


@pytest.mark.parametrize(("network", "build"), list(bank.right_networks()))
def test_every_correct_way_is_accepted(network, build):
    model = build()
    for step in NETWORK_STEPS[network]:
        assert said_of(step, model), said_of(step, model)


def test_a_mistake_in_one_gap_leaves_the_others_done():
    model = bank.cnn(conv3=lambda: bank.convolution(32))
    states = {step: said_of(step, model).state for step in NETWORK_STEPS["cnn"]}
    assert states.pop("cnn.conv3") is StepState.NOT_YET
    assert set(states.values()) == {StepState.DONE}


@pytest.mark.parametrize("filled", range(6))
def test_gaps_that_are_still_empty_are_not_started(filled):
    gaps = ["conv2", "conv3", "conv4", "dense", "output"]
    model = bank.cnn(**dict.fromkeys(gaps[filled:], list))
    for number, gap in enumerate(gaps):
        step = f"cnn.{'dense5' if gap == 'dense' else gap}"
        feedback = said_of(step, model)
        if number >= filled:
            assert feedback.state is StepState.NOT_STARTED, feedback
        elif gap not in ("dense",):  # its flattening may not be what it should be yet
            assert feedback.state is StepState.DONE, feedback


def test_accelerated_networks_pass_like_those_they_were_made_from():
    from mnistlab.lesson.speed import accelerate

    for network, model in (("mlp", bank.mlp()), ("cnn", bank.cnn())):
        model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
        fast = accelerate(model)
        for step in NETWORK_STEPS[network]:
            assert said_of(step, fast)
        assert said_of(f"{network}.compile", fast, np.zeros((10, 10)))
        images = np.random.default_rng(0).random((8, *model.input_shape[1:]), dtype=np.float32)
        np.testing.assert_allclose(fast(images), model(images), atol=0.02)  # bfloat16 where the processor has it


def test_models_compiled_in_other_ways_are_accelerated_too():
    from mnistlab.lesson.speed import accelerate

    model = bank.compiled(metrics=[keras.metrics.CategoricalAccuracy()])
    images, labels = np.zeros((16, 784), "float32"), np.eye(10)[np.arange(16) % 10]
    assert "categorical_accuracy" in accelerate(model).fit(images, labels, verbose=0).history
    inputs = keras.Input((784,))
    functional = keras.Model(inputs, keras.layers.Dense(10, "softmax")(inputs))
    with pytest.raises(UsageError, match="not compiled"):
        accelerate(functional)
    functional.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    assert accelerate(functional) is functional
    fresh = accelerate(functional, fresh=True)
    assert "accuracy" in fresh.fit(images, labels, verbose=0).history
    assert not np.array_equal(fresh.get_weights()[0], functional.get_weights()[0])


@pytest.fixture(scope="module")
def vectors():
    return bank.prepared()


def test_prepared_data_pass(vectors):
    assert said_of("data.prepare", *vectors)
    images = [vectors[0].reshape(-1, 28, 28, 1), vectors[1], vectors[2].reshape(-1, 28, 28, 1), vectors[3]]
    assert said_of("cnn.prepare", *images)


@pytest.mark.parametrize("problem", bank.WRONG_DATA)
def test_each_wrong_preparation_gets_its_own_hint(vectors, problem):
    expect(said_of("data.prepare", *bank.WRONG_DATA[problem](vectors)), problem)


@pytest.mark.parametrize(
    ("problem", "change"),
    [("scaled-twice", lambda images: images / 255), ("other-scale", lambda images: images - 0.5)],
)
def test_the_array_that_is_wrong_is_named(vectors, problem, change):
    feedback = said_of("data.prepare", *vectors[:2], change(vectors[2]), vectors[3])
    expect(feedback, problem)
    assert "x_test" in feedback.message


@pytest.mark.parametrize("problem", bank.WRONG_IMAGES)
def test_each_wrong_shape_of_images_gets_its_own_hint(vectors, problem):
    images = [vectors[0].reshape(-1, 28, 28, 1), vectors[1], vectors[2].reshape(-1, 28, 28, 1), vectors[3]]
    expect(said_of("cnn.prepare", *bank.WRONG_IMAGES[problem](images)), problem)


@pytest.mark.parametrize("problem", bank.WRONG_COMPILING)
def test_each_wrong_compilation_gets_its_own_hint(problem):
    expect(said_of("mlp.compile", bank.WRONG_COMPILING[problem](), np.eye(10)), problem)


def test_the_loss_must_fit_the_labels():
    expect(said_of("mlp.compile", bank.compiled(), np.arange(10)), "categorical-with-integers")
    assert said_of("mlp.compile", bank.compiled(), np.eye(10))
    assert said_of("mlp.compile", bank.compiled(loss="sparse_categorical_crossentropy"), np.arange(10))
    assert said_of("mlp.compile", bank.compiled(loss=keras.losses.CategoricalCrossentropy()), np.eye(10))
    assert said_of("mlp.compile", bank.compiled(optimizer=keras.optimizers.Adam(1e-3)), np.eye(10))


def history(steps=469, **curves):
    rising = {"loss": [0.3, 0.1, 0.07, 0.05, 0.04], "accuracy": [0.91, 0.96, 0.975, 0.98, 0.985]}
    scores = {"test_loss": 0.06, "test_accuracy": 0.9812}
    return {"kind": "history", "curves": rising | curves, "steps": steps, "epochs": 5} | scores


@pytest.mark.parametrize(
    ("problem", "found"),
    [
        ("epochs", history(loss=[0.3], accuracy=[0.96])),
        ("no-epochs", history(loss=[], accuracy=[])),
        ("loss-not-finite", history(loss=[0.3, None, None, None, None])),
        ("metric-missing", history(accuracy=[])),
        ("nothing-learned", history(accuracy=[0.1, 0.11, 0.11, 0.1, 0.1])),
        ("too-low", history(accuracy=[0.3, 0.5, 0.6, 0.7, 0.8])),
        ("trained-before", history(accuracy=[0.985, 0.99, 0.99, 0.991, 0.992])),
        ("trained-on-test", history(79)),
        ("trained-on-test", history(547)),
        ("dropped-images", history(468)),
        ("batch-size", history(1875)),
        ("validated-on-test", history(val_loss=[0.2, 0.1, 0.08, 0.07, 0.06])),
        ("no-history", {"kind": "model", "operations": []}),
    ],
)
def test_each_wrong_training_gets_its_own_hint(problem, found):
    expect(judge("mlp.train", {"history": found}), problem)


def test_trainings_as_asked_for_pass():
    assert judge("mlp.train", {"history": history()})
    assert judge("cnn.train", {"history": history(430, val_loss=[0.2, 0.1, 0.08, 0.07, 0.05])})
    other_images = {"val_loss": [0.2, 0.1, 0.08, 0.07, 0.06], "val_accuracy": [0.95, 0.97, 0.97, 0.98, 0.9826]}
    assert judge("cnn.train", {"history": history(430, **other_images)})  # the loss of the test images, by chance
    renamed = history(accuracy=[], categorical_accuracy=[0.91, 0.96, 0.975, 0.98, 0.985])
    assert judge("mlp.train", {"history": renamed})


def test_images_left_over_are_counted_by_what_was_trained_on():
    feedback = judge("cnn.train", {"history": history(429)})
    expect(feedback, "dropped-images")
    assert "88 images" in feedback.message


def test_a_real_history_is_described(vectors):
    model = bank.compiled()
    fitted = model.fit(vectors[2], vectors[3], batch_size=128, epochs=5, verbose=0)
    expect(said_of("mlp.train", fitted), "trained-on-test")
    validated = model.fit(vectors[0][:1000], vectors[1][:1000], epochs=1, verbose=0, validation_data=vectors[2:])
    found = checking.collect(find_step("mlp.train"), validated)["history"]
    assert found["curves"]["val_loss"][-1] == pytest.approx(found["test_loss"], rel=1e-3)


@pytest.mark.parametrize(
    ("problem", "accuracy", "measured"),
    [
        ("percent", 98.1, 0.981),
        ("other-accuracy", 0.991, 0.981),
        ("too-low", 0.91, 0.91),
        ("loss-for-accuracy", 0.062, 0.981),
    ],
)
def test_each_wrong_score_gets_its_own_hint(problem, accuracy, measured):
    model = {"kind": "model", "test_accuracy": measured, "test_loss": 0.062}
    expect(judge("mlp.score", {"accuracy": describe(accuracy), "model": model}), problem)


def test_scores_are_those_of_the_model_on_the_test_images(vectors):
    model = bank.compiled()
    model.fit(vectors[0], vectors[1], epochs=1, batch_size=1000, verbose=0)
    loss, accuracy = model.evaluate(vectors[2], vectors[3], verbose=0)
    evidence = checking.collect(find_step("mlp.score"), accuracy, model)["model"]
    assert evidence["test_accuracy"] == pytest.approx(accuracy, abs=1e-6)
    assert evidence["test_loss"] == pytest.approx(loss, rel=1e-3)
    expect(said_of("mlp.score", [loss, accuracy], model), "loss-and-accuracy")
    expect(said_of("mlp.score", "97 %", model), "score-text")
    expect(said_of("mlp.score", 0.97, None), "no-score")


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
