"""A run and two checkpoints of version 0.1.0 still load, and end as they would have ended then."""

import json
import shutil

import numpy as np
import pytest

from mnistlab import training
from mnistlab.evaluation import evaluate
from mnistlab.inference import Classifier
from mnistlab.models import load_run
from mnistlab.models.backend import keras
from mnistlab.runs import Run
from mnistlab.runs.progress import PROGRESS_FILE
from repository import DATA

STORED = DATA / "stored"
EXPECTED = json.loads((STORED / "expected.json").read_text(encoding="utf-8"))


def copied(name, folder):
    return Run(shutil.copytree(STORED / name, folder / name))


def finish(run, dataset):
    """Goes on with a training, by the recipe that lies in its folder."""
    return training.train(run.recipe, dataset, run.folder, progress=False)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return copied("run", tmp_path_factory.mktemp("stored")).require()


@pytest.fixture(scope="module")
def undisturbed(stored, tiny_mnist, tmp_path_factory):
    """The same training, made here and now."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    return training.train(stored.recipe, tiny_mnist, folder, progress=False).digests()


@pytest.fixture(scope="module")
def is_the_same_machine(undisturbed):
    """Whether the recipe gives the stored bytes here; another processor may add up in another order."""
    return without_onnx(undisturbed) == EXPECTED["digests"]


def without_onnx(digests):
    """The sums that version 0.1.0 compared; its `model.onnx` had its parts in another order in every process."""
    return {name: digest for name, digest in digests.items() if name != "model.onnx"}


def steps_begun_at(run):
    """At which step each process began that trained the run."""
    events = [json.loads(line) for line in (run.folder / PROGRESS_FILE).read_text(encoding="utf-8").splitlines()]
    return [event["step"] for event in events if event["event"] == "begin"]


def largest_difference(one, other):
    pairs = zip(*(load_run(run).get_weights() for run in (one, other)), strict=True)
    return max(np.abs(weight - weight_of_other).max() for weight, weight_of_other in pairs)


def test_the_stored_run_is_what_was_written(stored, tiny_mnist):
    assert without_onnx(stored.digests()) == EXPECTED["digests"]
    assert (stored.recipe.model, stored.recipe.epochs, len(stored.history)) == ("softmax", 2, 2)
    assert stored.dataset == tiny_mnist.identity()


def test_its_networks_answer_as_they_did(stored, tiny_mnist):
    metrics, images = stored.metrics, tiny_mnist.test.images
    by_keras, own, calibrated = (
        load_run(stored),
        *(Classifier(stored.onnx_path, calibrated=way) for way in (False, True)),
    )
    for network, loss in ((by_keras, "test_loss"), (own, "test_loss"), (calibrated, "calibrated_test_loss")):
        scored = evaluate(network, tiny_mnist.test)
        assert (scored.errors, scored.accuracy) == (metrics["test_errors"], metrics["test_accuracy"])
        assert scored.loss == pytest.approx(metrics[loss], rel=1e-5)
    assert calibrated.calibration.temperature == pytest.approx(metrics["temperature"], rel=1e-6)
    assert np.abs(own(images) - by_keras.predict(images, verbose=0)).max() < 1e-5


def test_a_checkpoint_after_the_last_step_becomes_the_run(
    stored, tiny_mnist, tmp_path, undisturbed, is_the_same_machine
):
    """Nothing is left to train, so the weights are those bytes; what else the files hold depends on Keras' version."""
    run = finish(copied("checkpoint-at-end", tmp_path), tiny_mnist)
    assert steps_begun_at(run) == [0]
    assert largest_difference(run, stored) == 0
    assert run.metrics["test_errors"] == stored.metrics["test_errors"]
    assert run.metrics["test_loss"] == pytest.approx(stored.metrics["test_loss"], rel=1e-5)
    digests, expected = run.digests(), dict(EXPECTED["digests"]) | {"model.onnx": undisturbed["model.onnx"]}
    if not is_the_same_machine:  # nor is the last digit of a loss that of the machine that it was stored on
        for name in ("metrics", "model.onnx"):
            del digests[name], expected[name]
    if keras.__version__ == EXPECTED["keras"]:
        assert digests == expected
    for name in ("recipe.toml", "dataset.json", "history.csv"):
        assert digests[name] == expected[name]


def test_a_checkpoint_within_the_training_goes_on_to_the_run(
    stored, tiny_mnist, tmp_path, undisturbed, is_the_same_machine
):
    """Interrupted after the first of two epochs; the second is trained here."""
    begun = copied("checkpoint", tmp_path)
    assert begun.checkpoint_path.is_file()
    run = finish(begun, tiny_mnist)
    assert steps_begun_at(run) == [0, 16] and not run.checkpoint_path.exists()
    assert [row["epoch"] for row in run.history] == [1, 2]
    assert run.history[0] | {"seconds": 0} == stored.history[0] | {"seconds": 0}  # came with the checkpoint
    assert largest_difference(run, stored) < (1e-5 if is_the_same_machine else 1e-4)
    if is_the_same_machine:
        assert without_onnx(run.digests()) == EXPECTED["digests"]
        assert run.digests() == undisturbed
