"""Keras on JAX and PyTorch, in processes of their own; TensorFlow, ONNX Runtime and SciPy judge what they leave.

PyTorch is not in the lock, because its wheel is too large; its tests run where it is installed. JAX is in the lock.
"""

import dataclasses
import importlib.metadata
import importlib.util
import json
import math
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest
from scipy import ndimage

from idx_files import write_folder
from mnistlab.datasets import load_idx
from mnistlab.exceptions import MnistlabError
from mnistlab.models import export
from mnistlab.models.backend import keras
from mnistlab.models.precision import has_native_bfloat16
from mnistlab.recipes import RECIPES, AffineRanges
from mnistlab.runs import Run
from mnistlab.runs.progress import PROGRESS_FILE
from mnistlab.runs.run import MANIFEST, RUN_FILES
from mnistlab.runs.snapshots import SNAPSHOT_FILE
from mnistlab.training.augmentation import RandomAffine
from processes import run_mnistlab, run_python

NEEDS_TORCH = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
BACKENDS = ["jax", pytest.param("torch", marks=NEEDS_TORCH)]
TRANSFORMS = RandomAffine(AffineRanges(), seed=3).draw_transforms(40, step=7)

# Trains recipes, and writes beside each run what the backend itself makes of the test images and of 40 transforms.
TRAIN = """
import sys
from pathlib import Path

import numpy as np
from mnistlab import datasets, training
from mnistlab.training.augmentation import transform_images
from mnistlab.models.backend import keras
from mnistlab.recipes import Recipe

dataset = datasets.load_idx(Path(sys.argv[1]))
for path in map(Path, sys.argv[2:]):
    run = training.train(Recipe.from_toml(path.read_text()), dataset, path.with_suffix(""), progress=False)
    np.save(path.with_suffix(".npy"), run.model.predict(dataset.test.images, verbose=0))
    transforms = path.parent / "transforms.npy"
    if transforms.exists():
        moved = transform_images(dataset.train.images[:40], np.load(transforms))
        np.save(path.parent / "moved.npy", keras.ops.convert_to_numpy(moved))
"""


def train_on(backend, data_folder, *recipes):
    finished = run_python(TRAIN, data_folder, *recipes, KERAS_BACKEND=backend)
    assert (finished.returncode, finished.stderr) == (0, "")


@pytest.fixture(scope="module")
def data_folder(mnist, tmp_path_factory):
    """2,000 training and 500 test images of the real MNIST."""
    return write_folder(tmp_path_factory.mktemp("part"), mnist, 2000, 500)


@dataclasses.dataclass
class OnTensorflow:
    """What Keras on TensorFlow makes of a network that another backend saved."""

    model: object
    loss: float
    accuracy: float
    probabilities: np.ndarray


def on_tensorflow(run, data_folder):
    assert keras.backend.backend() == "tensorflow"
    model, test = keras.saving.load_model(run.model_path), load_idx(data_folder).test
    probabilities = model.predict(test.images, verbose=0)
    one_hot = keras.utils.to_categorical(test.labels, 10)
    return OnTensorflow(
        model,
        float(keras.losses.CategoricalCrossentropy()(one_hot, probabilities)),
        float(np.mean(keras.metrics.categorical_accuracy(one_hot, probabilities))),
        probabilities,
    )


@dataclasses.dataclass
class Trained:
    """What one backend left, and what TensorFlow makes of it."""

    backend: str
    output: str
    runs: dict[str, Run]
    on_tensorflow: dict[str, OnTensorflow]
    probabilities: np.ndarray
    moved: np.ndarray


@pytest.fixture(scope="module", params=BACKENDS)
def trained(request, data_folder, tmp_path_factory):
    """An `mlp` from the command line and a small network of convolutions from Python, both trained at the same time."""
    backend, folder = request.param, tmp_path_factory.mktemp(request.param)
    recipe = dataclasses.replace(RECIPES["fast"], epochs=2, batch_size=40, augmentation=AffineRanges())
    (folder / "convolutions.toml").write_text(recipe.to_toml())
    np.save(folder / "transforms.npy", TRANSFORMS)
    with ThreadPoolExecutor() as executor:
        by_python = executor.submit(train_on, backend, data_folder, folder / "convolutions.toml")
        command = ("train", "mlp", "--epochs", "2", "--data", data_folder, "--out", folder / "mlp")
        by_command = run_mnistlab(*command, KERAS_BACKEND=backend)
        by_python.result()
    assert by_command.returncode == 0, by_command.stderr
    assert by_command.stderr == ""
    runs = {name: Run(folder / name).require() for name in ("mlp", "convolutions")}
    return Trained(
        backend,
        by_command.stdout,
        runs,
        {name: on_tensorflow(run, data_folder) for name, run in runs.items()},
        np.load(folder / "convolutions.npy"),
        np.load(folder / "moved.npy"),
    )


def by_onnx(path, images):
    return onnxruntime.InferenceSession(path).run(["probabilities"], {"images": images})[0]


def test_the_command_line_trains(trained):
    run = trained.runs["mlp"]
    lines = trained.output.splitlines()
    assert lines[0] == "mlp: 2 epochs, batch size 128, seed 0"
    assert [line.split()[:2] for line in lines[2:4]] == [["epoch", "1/2"], ["epoch", "2/2"]]  # after the arithmetic
    assert {path.name for path in run.folder.iterdir()} == {
        *RUN_FILES,
        MANIFEST,
        PROGRESS_FILE,
        SNAPSHOT_FILE,
        "figures",
        "report.html",
    }
    assert run.environment["backend"] == trained.backend
    fast_bfloat16 = trained.backend == "torch" and has_native_bfloat16()  # TensorFlow and PyTorch use the same kernels
    assert run.environment["precision"] == ("bfloat16" if fast_bfloat16 else "float32")
    assert run.environment[trained.backend] == importlib.metadata.version(trained.backend)
    assert run.metrics["steps"] == 2 * math.ceil(2000 / 128)
    assert run.history[1]["loss"] < run.history[0]["loss"] < math.log(10)  # guessing costs ln 10
    assert run.metrics["test_accuracy"] > 0.75


def test_convolutions_learn_from_augmented_images(trained):
    run = trained.runs["convolutions"]
    assert {path.name for path in run.folder.iterdir()} == {*RUN_FILES, MANIFEST, PROGRESS_FILE, SNAPSHOT_FILE}
    assert run.recipe.augmentation == AffineRanges()
    assert run.environment["backend"] == trained.backend
    assert run.history[1]["loss"] < run.history[0]["loss"]
    assert run.metrics["test_accuracy"] > 0.9


@pytest.mark.parametrize("name", ["mlp", "convolutions"])
def test_saved_models_and_their_metrics_hold_on_tensorflow(trained, name):
    metrics, reference = trained.runs[name].metrics, trained.on_tensorflow[name]
    assert metrics["test_loss"] == pytest.approx(reference.loss, rel=1e-4)
    assert metrics["test_accuracy"] == pytest.approx(reference.accuracy, abs=1e-6)
    optimizer = reference.model.optimizer
    assert int(optimizer.iterations) == metrics["steps"]
    assert all(np.abs(variable.numpy()).max() > 0 for variable in optimizer.variables)  # Adam's state came along


def test_the_same_weights_give_the_same_probabilities(trained, data_folder):
    images, run = load_idx(data_folder).test.images, trained.runs["convolutions"]
    assert trained.probabilities.shape == (500, 10)
    assert np.abs(trained.probabilities - trained.on_tensorflow["convolutions"].probabilities).max() < 1e-4
    assert np.abs(trained.probabilities - by_onnx(run.onnx_path, images)).max() < 1e-4


@pytest.mark.parametrize("name", ["mlp", "convolutions"])
def test_onnx_names_every_layer_and_takes_any_number_of_images(trained, name, data_folder):
    path, reference = trained.runs[name].onnx_path, trained.on_tensorflow[name]
    outputs = onnxruntime.InferenceSession(path).get_outputs()
    assert [output.name for output in outputs] == [layer.name for layer in reference.model.layers]
    images = load_idx(data_folder).test.images
    for count in (1, 7, 500):
        assert np.abs(by_onnx(path, images[:count]) - reference.probabilities[:count]).max() < 1e-4


def test_augmentation_equals_scipy(trained, data_folder):
    images = load_idx(data_folder).train.images[:40].astype("float64")
    y, x = np.mgrid[:28, :28]
    expected = [
        ndimage.map_coordinates(
            image, [b0 * x + b1 * y + b2, a0 * x + a1 * y + a2], order=1, mode="nearest", prefilter=False
        )
        for image, (a0, a1, a2, b0, b1, b2, _, _) in zip(images, TRANSFORMS.astype("float64"), strict=True)
    ]
    assert np.abs(np.stack(expected) - images).max() > 100  # the images did move
    assert np.abs(trained.moved - np.stack(expected)).max() < 0.02  # of 255


def test_the_command_line_evaluates_and_exports(trained, data_folder, tmp_path):
    run, reference = trained.runs["mlp"], trained.on_tensorflow["mlp"]
    result = run_mnistlab("evaluate", run.folder, "--data", data_folder, "--json", KERAS_BACKEND=trained.backend)
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert figures["accuracy"] == pytest.approx(reference.accuracy, abs=1e-6)
    assert figures["loss"] == pytest.approx(reference.loss, rel=1e-4)
    command = ("export", run.folder, "--format", "onnx", "--out", tmp_path / "mlp.onnx")
    result = run_mnistlab(*command, KERAS_BACKEND=trained.backend)
    assert result.returncode == 0, result.stderr
    probabilities = by_onnx(tmp_path / "mlp.onnx", load_idx(data_folder).test.images)
    assert np.abs(probabilities - reference.probabilities).max() < 1e-4


def test_a_failing_export_says_why(monkeypatch, tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    monkeypatch.setattr(export.keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(MnistlabError, match="TensorFlow could not write the trained network as LiteRT: no message"):
        export.export_litert(model, tmp_path / "model.tflite")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_recipe_trains(backend, name, mnist, data_folder, tmp_path):
    """Ten steps a network, from each recipe's own settings but for length."""
    data = write_folder(tmp_path / "data", mnist, 500, 200)
    recipe = dataclasses.replace(
        RECIPES[name], epochs=1, batch_size=40, num_validation=100, members=min(2, RECIPES[name].members)
    )
    (tmp_path / "run.toml").write_text(recipe.to_toml())
    train_on(backend, data, tmp_path / "run.toml")
    run = Run(tmp_path / "run").require()
    reference = on_tensorflow(run, data)
    assert run.metrics["test_loss"] == pytest.approx(reference.loss, rel=1e-4)
    assert run.metrics["test_accuracy"] == pytest.approx(reference.accuracy, abs=1e-6)
    assert ("val_accuracy" in run.history[0]) == (recipe.validation != "none")
    probabilities = np.load(tmp_path / "run.npy")
    assert np.abs(probabilities - reference.probabilities).max() < 1e-4
    assert np.abs(by_onnx(run.onnx_path, load_idx(data).test.images) - probabilities).max() < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_same_seed_same_weights(backend, data_folder, tmp_path):
    for name in ("first", "again"):
        recipe = dataclasses.replace(RECIPES["fast"], augmentation=AffineRanges())
        (tmp_path / f"{name}.toml").write_text(recipe.to_toml())
    train_on(backend, data_folder, tmp_path / "first.toml", tmp_path / "again.toml")
    first, again = (Run(tmp_path / name).model.get_weights() for name in ("first", "again"))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_bfloat16_learns(backend, data_folder, tmp_path):
    command = ("train", "fast", "--epochs", "4", "--batch-size", "40", "--precision", "bfloat16")
    result = run_mnistlab(*command, "--data", data_folder, "--out", tmp_path / "run", KERAS_BACKEND=backend)
    assert result.returncode == 0, result.stderr
    run = Run(tmp_path / "run")
    assert run.environment["precision"] == "bfloat16"
    assert on_tensorflow(run, data_folder).accuracy > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_diverging_loss_stops_the_training(backend, data_folder, tmp_path):
    program = (
        "from mnistlab.recipes.limits import LIMITS, Limit\n"
        "LIMITS['learning_rate'] = Limit(0, 1e39, is_whole=False)  # else so large a step is refused\n"
        "from mnistlab.cli.main import main\n"
        f"main(['train', 'mlp', '--learning-rate', '1e38', '--data', {str(data_folder)!r}, '--out', 'run'])"
    )
    result = run_python(program, cwd=tmp_path, KERAS_BACKEND=backend)
    assert result.returncode == 1
    assert "Try a smaller learning rate" in result.stderr
    assert not (tmp_path / "run" / "model.keras").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "called"), [("jax", "JAX"), pytest.param("torch", "PyTorch", marks=NEEDS_TORCH)])
def test_the_whole_notebook(backend, called, mnist, tmp_path):
    data = write_folder(tmp_path / "data", mnist, 6000, 500)  # the cnn holds 5,000 back
    command = ("run", "--epochs", "1", "--data", data, "--out", tmp_path / "report")
    result = run_mnistlab(*command, KERAS_BACKEND=backend)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert f"here it was {called}" in (tmp_path / "report" / "report.html").read_text()


SETTINGS = """
import os
from mnistlab.models.backend import keras
from keras.src.backend import config

print(config.keras_home(), keras.config.epsilon(), os.environ.get("KERAS_HOME"))
"""


@pytest.mark.parametrize("named", [False, True], ids=["home", "KERAS_HOME"])
@pytest.mark.parametrize("there", [False, True], ids=["none", "settings"])
def test_the_settings_of_keras_are_read_and_not_made(named, there, tmp_path, monkeypatch):
    """And its folder is the user's afterwards, where data sets may lie that Keras has fetched."""
    monkeypatch.delenv("KERAS_HOME", raising=False)
    folder = tmp_path / ("elsewhere" if named else ".keras")
    environment = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)} | ({"KERAS_HOME": str(folder)} if named else {})
    if there:
        folder.mkdir()
        settings = {"floatx": "float32", "epsilon": 0.001, "backend": "jax", "image_data_format": "channels_last"}
        (folder / "keras.json").write_text(json.dumps(settings))
    result = run_python(SETTINGS, **environment)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split() == [str(folder), "0.001" if there else "1e-07", str(folder) if named else "None"]
    assert folder.exists() == there
