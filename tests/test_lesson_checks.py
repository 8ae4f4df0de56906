"""The checks of the exercise, walked through with typical wrong answers: each gets its own hint."""

import ast
import inspect
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lesson_bank as bank
from mnistlab import datasets, metrics
from mnistlab.backend import keras
from mnistlab.exceptions import UsageError
from mnistlab.lesson import checking, hint
from mnistlab.lesson.checks import (
    activations,
    answers,
    data,
    judging,
    networks,
    pictures,
    regularization,
    training,
    weights,
)
from mnistlab.lesson.checks.evidence import describe
from mnistlab.lesson.checks.judging import ARGUMENTS, judge
from mnistlab.lesson.checks.verdicts import Mark, Verdict
from mnistlab.lesson.hints import HINTS, hint_text
from mnistlab.lesson.steps import STEP_BY_KEY, STEPS

NETWORK_STEPS = {
    network: [step for step in ARGUMENTS if ARGUMENTS[step] == ("model",) and network in step]
    for network in ("mlp", "cnn")
}
SEEN: set[tuple[str, str]] = set()


def said_of(step: str, *objects: object) -> Verdict:
    return judge(step, checking.collect(step, *objects))


def expect(verdict: Verdict, problem: str) -> None:
    assert (verdict.mark, verdict.problem) == (Mark.NOT_YET, problem), verdict
    assert verdict.message and verdict.reason
    SEEN.add((problem, verdict.message))


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
    marks = {step: said_of(step, model).mark for step in NETWORK_STEPS["cnn"]}
    assert marks.pop("cnn.conv3") is Mark.NOT_YET
    assert set(marks.values()) == {Mark.DONE}


@pytest.mark.parametrize("filled", range(6))
def test_gaps_that_are_still_empty_are_not_started(filled):
    gaps = ["conv2", "conv3", "conv4", "dense", "output"]
    model = bank.cnn(**dict.fromkeys(gaps[filled:], list))
    for number, gap in enumerate(gaps):
        step = f"cnn.{'dense5' if gap == 'dense' else gap}"
        verdict = said_of(step, model)
        if number >= filled:
            assert verdict.mark is Mark.NOT_STARTED, verdict
        elif gap not in ("dense",):  # its flattening may not be what it should be yet
            assert verdict.mark is Mark.DONE, verdict


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
    verdict = said_of("data.prepare", *vectors[:2], change(vectors[2]), vectors[3])
    expect(verdict, problem)
    assert "x_test" in verdict.message


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
    verdict = judge("cnn.train", {"history": history(429)})
    expect(verdict, "dropped-images")
    assert "88 images" in verdict.message


def test_a_real_history_is_described(vectors):
    model = bank.compiled()
    fitted = model.fit(vectors[2], vectors[3], batch_size=128, epochs=5, verbose=0)
    expect(said_of("mlp.train", fitted), "trained-on-test")
    validated = model.fit(vectors[0][:1000], vectors[1][:1000], epochs=1, verbose=0, validation_data=vectors[2:])
    found = checking.collect("mlp.train", validated)["history"]
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
    evidence = checking.collect("mlp.score", accuracy, model)["model"]
    assert evidence["test_accuracy"] == pytest.approx(accuracy, abs=1e-6)
    assert evidence["test_loss"] == pytest.approx(loss, rel=1e-3)
    expect(said_of("mlp.score", [loss, accuracy], model), "loss-and-accuracy")
    expect(said_of("mlp.score", "97 %", model), "no-score")


MEASURED = {128: (10.0, 0.98), 10_000: (5.0, 0.935), 32: (20.0, 0.979)}
READ = {10_000: ("shorter", "lower"), 32: ("longer", "same")}


@pytest.mark.parametrize(
    ("problem", "answer", "measured"),
    [
        ("time-misread", READ | {32: ("shorter", "same")}, MEASURED),
        ("accuracy-misread", READ | {10_000: ("shorter", "higher")}, MEASURED),
        ("not-measured", READ, {}),
        ("incomplete", {32: ("longer", "same")}, MEASURED),
        ("words", READ | {32: ("slower", "same")}, MEASURED),
    ],
)
def test_each_wrong_reading_of_the_batch_sizes_gets_its_own_hint(problem, answer, measured):
    expect(said_of("batch.answer", answer, measured), problem)


def test_readings_and_predictions_of_the_batch_sizes():
    assert said_of("batch.answer", READ, MEASURED)
    assert said_of("batch.predict", {"10,000": ("longer", "higher"), "32": ("same", "same")})
    unanswered = {10_000: ("?", "?"), 32: ("?", "?")}
    assert said_of("batch.predict", unanswered).mark is Mark.NOT_STARTED
    assert said_of("batch.answer", unanswered, {}).mark is Mark.NOT_STARTED


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
        "matrix-other": np.diag(matrix.diagonal()),
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
    mistakes = matrix - np.diag(matrix.diagonal())
    assert said_of("confusion", matrix, np.unravel_index(mistakes.argmax(), (10, 10)), predictions)
    assert said_of("confusion", matrix.tolist(), np.array([4, 9]), predictions)
    assert said_of("confusion", None, None, None).mark is Mark.NOT_STARTED


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
        "shape": picture.reshape(1, 784),
        "not-scaled": picture * 255,
        "inverted": 1 - picture,
        "other-picture": picture / 2,
        "picture-transposed": picture.transpose(0, 2, 1, 3),
        "picture-moved": np.roll(picture, 3, axis=1),
        "no-array": "drawing",
    }.items():
        expect(said_of("drawing", wrong, digit, model, drawing), problem)
    for problem, answer in {
        "probabilities-for-digit": probabilities,
        "digit-form": 0.5,
        "digit-other": (digit + 1) % 10,
    }.items():
        expect(said_of("drawing", picture, answer, model, drawing), problem)
    expect(said_of("drawing", picture, digit, model, drawing * 0), "blank")
    assert said_of("drawing", None, None, model, drawing).mark is Mark.NOT_STARTED


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
    evidence = {name: {"kind": kind} | dict.fromkeys(keys, rubbish) for name in ARGUMENTS[step]}
    assert not judge(step, json.loads(json.dumps(evidence)))


def test_evidence_that_cannot_be_read_is_not_yet():
    expect(judge("mlp.train", {"history": {"kind": "history"}}), "unreadable")


def test_steps_checks_and_hints_belong_together():
    assert set(ARGUMENTS) == set(STEP_BY_KEY) == set(HINTS)
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


def named_problems(source: str) -> set[str]:
    """The first of every three texts, which is how the checks write a mistake, and the second of `not_yet`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        first = None
        if isinstance(node, ast.Tuple) and len(node.elts) == 3:
            first, last = node.elts[0], node.elts[2]
            first = first if " " in ast.unparse(last) else None
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "not_yet" and len(node.args) == 4:
            first = node.args[1]
        if isinstance(first, ast.Constant):
            found.add(first.value)
    return found


def test_every_hint_in_the_checks_is_in_the_bank():
    """Runs last: what no wrong answer above has drawn out would never have been seen."""
    modules = (activations, answers, data, judging, networks, pictures, regularization, training, weights)
    problems = {problem for problem, _ in SEEN}
    if len(problems) < 40:
        pytest.skip("only part of the bank was walked")
    missed = set().union(*(named_problems(inspect.getsource(module)) for module in modules)) - problems
    assert not missed
    messages = [message for _, message in SEEN]
    assert len(problems) >= 100 and len(set(messages)) > 0.9 * len(messages)
