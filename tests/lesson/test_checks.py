"""The checks of networks, data and training, walked through with typical wrong answers: each gets its own hint."""

import numpy as np
import pytest

import lesson_bank as bank
from lesson_feedback import expect, judge, said_of
from mnistlab.exceptions import UsageError
from mnistlab.lesson import checking
from mnistlab.lesson.checks.evidence import describe
from mnistlab.lesson.checks.verdicts import StepState
from mnistlab.lesson.steps import STEPS, find_step
from mnistlab.models.backend import keras

NETWORK_STEPS = {
    network: [step.key for step in STEPS if step.arguments == ("model",) and network in step.key]
    for network in ("mlp", "cnn")
}


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


def test_what_is_not_checked_after_a_shortened_training_run_is_not_scored(capsys):
    found = {}
    session = checking.Session(recorders=[lambda _, evidence: found.update(evidence)])
    for is_shortened in (True, False):
        session.is_shortened = is_shortened
        feedback = session.check("mlp.score", 0.99, bank.compiled())
        assert feedback.state is (StepState.NOT_CHECKED if is_shortened else StepState.NOT_YET)
        assert ("test_accuracy" in found["model"]) == (not is_shortened)
