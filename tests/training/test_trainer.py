"""Training, export, inference and evaluation of small runs on real images."""

import dataclasses
import json
import math
import sys

import numpy as np
import onnxruntime
import pytest

from mnistlab import datasets, evaluation, training
from mnistlab.evaluation.calibration import Calibration
from mnistlab.exceptions import RunError, TrainingError, UsageError
from mnistlab.inference import Classifier
from mnistlab.models import MODELS
from mnistlab.models.backend import keras
from mnistlab.models.export import export_litert
from mnistlab.recipes import RECIPES, AffineRanges
from mnistlab.runs import Run
from mnistlab.runs.progress import PROGRESS_FILE
from mnistlab.runs.run import RUN_FILES
from mnistlab.runs.snapshots import SNAPSHOT_FILE
from mnistlab.training.augmentation import RandomAffine
from training_helpers import allow_any_learning_rate

SMALL = {
    "mlp": dataclasses.replace(RECIPES["mlp"], epochs=3, batch_size=32),
    "cnn": dataclasses.replace(RECIPES["cnn"], epochs=2, batch_size=32, num_validation=100),
}


@pytest.fixture(scope="module")
def runs(tiny_mnist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {name: training.train(recipe, tiny_mnist, folder / name, progress=False) for name, recipe in SMALL.items()}


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_a_run_folder_is_complete(runs, name):
    run = Run(runs[name].folder)
    assert run.recipe == SMALL[name]
    assert {path.name for path in run.folder.iterdir()} == {*RUN_FILES, "manifest.json", PROGRESS_FILE, SNAPSHOT_FILE}
    metrics = json.loads((run.folder / "metrics.json").read_text())
    promised = "recipe model seed epochs batch_size num_parameters train_seconds test_accuracy test_loss test_errors"
    assert set(promised.split()) <= set(metrics)
    assert metrics["num_parameters"] == {"mlp": 669_706, "cnn": 597_738}[name]
    assert len(run.history) == SMALL[name].epochs
    assert ("val_accuracy" in run.history[0]) == (name == "cnn")
    assert str(run.environment["precision"]) in ("float32", "bfloat16")


def test_the_mlp_learns_from_few_images(runs):
    assert runs["mlp"].metrics["test_accuracy"] > 0.7
    losses = [row["loss"] for row in runs["mlp"].history]
    assert losses == sorted(losses, reverse=True)


def test_steps_cover_every_image(runs):
    assert runs["mlp"].metrics["steps"] == 3 * math.ceil(600 / 32)
    assert runs["cnn"].metrics["num_train_images"] == 500
    assert runs["cnn"].metrics["num_validation_images"] == 100
    assert int(runs["mlp"].model.optimizer.iterations) == runs["mlp"].metrics["steps"]


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_metrics_are_those_of_the_saved_model(runs, name, tiny_mnist):
    """Keras' own evaluation of the saved file is the reference."""
    model = keras.saving.load_model(runs[name].model_path)
    one_hot = keras.utils.to_categorical(tiny_mnist.test.labels, 10)
    loss, accuracy = model.evaluate(tiny_mnist.test.images, one_hot, verbose=0)
    assert runs[name].metrics["test_loss"] == pytest.approx(loss, rel=1e-4)
    assert runs[name].metrics["test_accuracy"] == pytest.approx(accuracy, abs=1e-6)
    assert runs[name].metrics["test_errors"] == round((1 - accuracy) * 200)


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_onnx_gives_keras_probabilities(runs, name, tiny_mnist):
    images = tiny_mnist.test.images
    expected = runs[name].model.predict(images, verbose=0)
    assert np.abs(Classifier(runs[name].onnx_path, calibrated=False)(images) - expected).max() < 1e-5


def test_a_run_with_held_back_images_is_calibrated(runs, tiny_mnist):
    """Before and after, by Keras' own loss."""
    assert Classifier(runs["mlp"].onnx_path).calibration == Calibration()
    assert "temperature" not in runs["mlp"].metrics
    metrics = runs["cnn"].metrics
    calibrated, own = (Classifier(runs["cnn"].onnx_path, calibrated=answer) for answer in (True, False))
    assert calibrated.calibration.temperature == metrics["temperature"] != 1
    one_hot = keras.utils.to_categorical(tiny_mnist.test.labels, 10)
    for classifier, name in ((own, "test_loss"), (calibrated, "calibrated_test_loss")):
        loss = keras.losses.CategoricalCrossentropy()(one_hot, classifier(tiny_mnist.test.images))
        assert metrics[name] == pytest.approx(float(loss), rel=1e-4)
    validation = tiny_mnist.train.take(datasets.validation_indices(tiny_mnist.train, 100, 0))
    losses = [evaluation.evaluate(classifier, validation).loss for classifier in (calibrated, own)]
    assert losses[0] < losses[1]


@pytest.mark.parametrize("name", ["mlp", pytest.param("cnn", marks=pytest.mark.slow)])
def test_onnx_answers_as_keras_on_all_test_images(runs, mnist, name):
    expected = runs[name].model.predict(mnist.test.images, batch_size=500, verbose=0)
    by_onnx = evaluation.evaluate(Classifier(runs[name].onnx_path, calibrated=False), mnist.test)
    assert np.abs(by_onnx.probabilities - expected).max() < 1e-5
    assert (by_onnx.predictions == expected.argmax(axis=1)).all()


@pytest.mark.parametrize("name", ["mlp", pytest.param("cnn", marks=pytest.mark.slow)])
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning")
def test_litert_gives_keras_probabilities(runs, name, tiny_mnist, tmp_path):
    import tensorflow

    export_litert(runs[name].model, tmp_path / "model")
    network = tensorflow.lite.Interpreter(str(tmp_path / "model")).get_signature_runner()
    for images in (tiny_mnist.test.images, tiny_mnist.test.images[:3]):
        expected = runs[name].model.predict(images, verbose=0)
        assert np.abs(network(images=images)["probabilities"] - expected).max() < 1e-5


def test_onnx_names_every_layer(runs, tiny_mnist):
    session = onnxruntime.InferenceSession(runs["cnn"].onnx_path)
    names = [layer.name for layer in MODELS["cnn"]().layers]
    assert [output.name for output in session.get_outputs()] == names
    assert [(i.name, i.type, i.shape) for i in session.get_inputs()] == [
        ("images", "tensor(uint8)", ["num_images", 28, 28])
    ]
    outputs = dict(zip(names, session.run(names, {"images": tiny_mnist.test.images[:3]}), strict=True))
    probe = keras.Model(runs["cnn"].model.inputs, [layer.output for layer in runs["cnn"].model.layers])
    for got, expected in zip(outputs.values(), probe(tiny_mnist.test.images[:3].astype("float32")), strict=True):
        assert np.abs(got - np.asarray(expected)).max() < 1e-4


def test_a_finished_run_is_returned_untouched(runs, tiny_mnist):
    before = {path: path.stat().st_mtime_ns for path in runs["mlp"].folder.iterdir()}
    again = training.train(SMALL["mlp"], tiny_mnist, runs["mlp"].folder, progress=False)
    assert again.metrics == runs["mlp"].metrics
    assert before == {path: path.stat().st_mtime_ns for path in runs["mlp"].folder.iterdir()}


def test_another_recipe_is_refused(runs, tiny_mnist):
    other = dataclasses.replace(SMALL["mlp"], seed=9)
    with pytest.raises(UsageError, match="seed 0, not 9"):
        training.train(other, tiny_mnist, runs["mlp"].folder, progress=False)


def test_same_seed_same_weights(runs, tiny_mnist, tmp_path):
    for name, recipe in SMALL.items():
        again = training.train(recipe, tiny_mnist, tmp_path / name, progress=False)
        for a, b in zip(runs[name].model.get_weights(), again.model.get_weights(), strict=True):
            assert np.array_equal(a, b)
        rows = zip(runs[name].history, again.history, strict=True)
        assert all(a | {"seconds": 0} == b | {"seconds": 0} for a, b in rows)


def test_validation_holds_training_images_back(tiny_mnist):
    held_back, validation = training.hold_back(SMALL["cnn"], tiny_mnist)
    assert (len(held_back), len(validation)) == (100, 100)
    assert np.array_equal(validation.images, tiny_mnist.train.images[held_back])
    held_back, validation = training.hold_back(SMALL["mlp"], tiny_mnist)
    assert (held_back.tolist(), validation) == ([], None)
    asked = dataclasses.replace(SMALL["cnn"], validation="test")
    assert training.hold_back(asked, tiny_mnist)[1] is tiny_mnist.test


def test_too_few_images_to_hold_back(tiny_mnist, tmp_path):
    recipe = dataclasses.replace(RECIPES["cnn"], epochs=1)
    with pytest.raises(UsageError, match="holds back 5,000 validation images, but tiny MNIST has only 600"):
        training.train(recipe, tiny_mnist, tmp_path / "run", progress=False)


def test_a_diverging_loss_stops_the_training(tiny_mnist, tmp_path, monkeypatch):
    allow_any_learning_rate(monkeypatch)
    recipe = dataclasses.replace(SMALL["mlp"], learning_rate=1e38)
    with pytest.raises(TrainingError, match=r"The loss became (nan|inf) in step \d+;.*Try a smaller learning rate"):
        training.train(recipe, tiny_mnist, tmp_path / "run", progress=False)
    assert not (tmp_path / "run" / "model.keras").exists()
    assert not Run(tmp_path / "run").is_complete


def test_a_line_an_epoch_when_piped(tiny_mnist, tmp_path, capsys):
    training.train(dataclasses.replace(SMALL["cnn"], seed=3), tiny_mnist, tmp_path / "run")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("  epoch 1/2 ")
    assert "loss" in lines[0]
    assert "validation" in lines[0]


def test_training_splits_of_real_size(mnist):
    held_back, validation = training.hold_back(RECIPES["cnn"], mnist)
    assert (len(held_back), len(validation)) == (5_000, 5_000)


def test_other_data_in_the_same_folder_is_refused(runs, tiny_mnist):
    other = datasets.Dataset("other", tiny_mnist.train.take(np.arange(300)), tiny_mnist.test)
    with pytest.raises(UsageError, match=r"holds a run with data tiny MNIST \w{8}, not other \w{8}"):
        training.train(SMALL["mlp"], other, runs["mlp"].folder, progress=False)


def test_the_recipe_decides_augmentation_and_what_is_held_back(tiny_mnist, tmp_path, monkeypatch):
    streams = []
    trainer = sys.modules["mnistlab.training.trainer"]
    monkeypatch.setattr(trainer, "warm_up", lambda: None)
    fit = trainer.fit_stream

    def noting_fit(model, plan, **options):
        streams.append(plan.stream)
        fit(model, plan, **options)

    monkeypatch.setattr(trainer, "fit_stream", noting_fit)
    for name in ("cnn", "mlp"):
        training.train(dataclasses.replace(SMALL[name], epochs=1, seed=5), tiny_mnist, tmp_path / name, progress=False)
    augmented, plain = streams
    assert augmented.augmentation == RandomAffine(AffineRanges(), 5)
    assert plain.augmentation is None
    assert (augmented.num_images, plain.num_images) == (500, 600)
    assert augmented.images is tiny_mnist.train.images  # nothing is copied
    assert augmented.batch_size == 32


def test_evaluation_takes_models_and_classifiers(runs, tiny_mnist):
    run = runs["mlp"]
    by_keras, by_onnx = (
        evaluation.evaluate(model, tiny_mnist.test) for model in (run.model, Classifier(run.onnx_path))
    )
    assert by_keras.errors == by_onnx.errors == run.metrics["test_errors"]


def test_classifiers_refuse_what_they_cannot_read(runs, tmp_path):
    classifier = Classifier(runs["mlp"].onnx_path)
    with pytest.raises(ValueError, match=r"came as float64 \(2, 28, 28\); expected uint8"):
        classifier(np.zeros((2, 28, 28)))
    with pytest.raises(ValueError, match=r"came as uint8 \(28,\)"):
        classifier(np.zeros(28, np.uint8))
    with pytest.raises(RunError, match="There is no file"):
        Classifier(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(runs["mlp"].onnx_path.read_bytes()[:5000])
    with pytest.raises(RunError, match="is not a network that mnistlab can use: it is damaged"):
        Classifier(tmp_path / "bad.onnx")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("mlp", 0.978), ("cnn", 0.990)])
def test_the_notebooks_accuracy_over_three_seeds(name, least, mnist, tmp_path):
    seeds = [dataclasses.replace(RECIPES[name], seed=seed) for seed in range(3)]
    accuracies = [
        training.train(recipe, mnist, tmp_path / str(recipe.seed)).metrics["test_accuracy"] for recipe in seeds
    ]
    assert np.mean(accuracies) >= least


def test_fashion_like_folders_train(tiny_folder, tmp_path):
    dataset = datasets.load_idx(tiny_folder)
    recipe = dataclasses.replace(SMALL["mlp"], epochs=1)
    run = training.train(recipe, dataset, tmp_path / "run", progress=False)
    assert run.metrics["num_train_images"] == 600


def test_the_fast_recipe_learns_in_one_epoch(mnist, tmp_path):
    """On a quarter of the real training images; the whole of them give more than 99 %."""
    dataset = datasets.Dataset("part of MNIST", mnist.train.take(np.arange(15_000)), mnist.test)
    run = training.train(RECIPES["fast"], dataset, tmp_path / "run", progress=False)
    assert run.metrics["test_accuracy"] > 0.97
    assert run.metrics["steps"] == math.ceil(15_000 / 256)


@pytest.mark.slow
def test_the_fast_recipe_reaches_99_percent(mnist, tmp_path):
    run = training.train(RECIPES["fast"], mnist, tmp_path / "run", progress=False)
    assert run.metrics["test_accuracy"] >= 0.99


def test_several_members_train_one_after_the_other_into_one_model(tiny_mnist, tmp_path, capsys):
    recipe = dataclasses.replace(RECIPES["fast"], epochs=2, batch_size=32, members=2, test_shifts=True)
    run = training.train(recipe, tiny_mnist, tmp_path / "run")
    assert [(row["member"], row["epoch"]) for row in run.history] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert run.metrics["steps"] == 2 * 2 * math.ceil(600 / 32)
    assert run.metrics["num_parameters"] == 2 * 30_218
    assert "network 2/2, epoch 2/2" in capsys.readouterr().out
    alone = training.train(recipe.member_recipes()[1], tiny_mnist, tmp_path / "alone", progress=False)
    weights = run.model.get_layer("member2").get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(weights, alone.model.get_weights(), strict=True))
    assert run.metrics["test_accuracy"] == evaluation.evaluate(Classifier(run.onnx_path), tiny_mnist.test).accuracy


@pytest.mark.parametrize("max_steps", [7, 19, 30])
def test_a_training_ends_after_its_steps(max_steps, tiny_mnist, tmp_path):
    """600 images in batches of 32 make 19 steps an epoch: within the first, at its end, within the second."""
    recipe = dataclasses.replace(SMALL["mlp"], epochs=4, batch_size=32, max_steps=max_steps)
    run = training.train(recipe, tiny_mnist, tmp_path / "run", progress=False)
    assert run.metrics["steps"] == max_steps
    assert int(run.model.optimizer.iterations.numpy()) == max_steps
    assert len(run.history) == -(-max_steps // 19)


def test_the_steps_of_a_short_training_are_the_first_of_a_long_one(tiny_mnist, tmp_path):
    recipe = dataclasses.replace(SMALL["mlp"], epochs=1, batch_size=32)
    whole = training.train(recipe, tiny_mnist, tmp_path / "whole", progress=False)
    limited = dataclasses.replace(recipe, epochs=3, max_steps=19)
    same = training.train(limited, tiny_mnist, tmp_path / "limited", progress=False)
    for one, other in zip(whole.model.get_weights(), same.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
