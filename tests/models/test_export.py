"""What the trainings write, their own readers accept; and one network is one file, in every process."""

import shutil

import numpy as np
import onnxruntime
import pytest

from mnistlab import models
from mnistlab.inference import Classifier
from mnistlab.inference.onnx_files import store_halves
from mnistlab.models.export import export_onnx, join_kinds, save_keras
from mnistlab.recipes import RECIPES, Recipe
from mnistlab.runs.archives import read_network_file
from mnistlab.training.compiling import build_for_training
from processes import run_python

ARCHITECTURES = [
    "mlp",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("cnn", "small_cnn", "deep_cnn", "deeper_cnn", "widening_cnn", "fast", "best", "record")
    ),
]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_our_own_files_are_accepted(name, tmp_path, mnist):
    """A network of each kind is written, read back number by number, and gives the same probabilities as in Keras."""
    recipe = RECIPES[name] if name in RECIPES else Recipe(name=name, model=name)
    members = [models.to_standard(build_for_training(one, 1), one) for one in recipe.member_recipes()]
    model = models.finished_model(members, recipe)
    save_keras(model, tmp_path / "model.keras")
    export_onnx(model, tmp_path / "model.onnx")
    found = read_network_file(tmp_path / "model.keras")
    assert found.name == model.name
    assert (
        sum(array.size for place, array in found.arrays.items() if not place.startswith("optimizer/"))
        >= model.count_params()
    )
    classifier = Classifier(tmp_path / "model.onnx")
    images = mnist.test.images[:300]
    for num_images in (0, 1, 7, 300):
        probabilities = classifier(images[:num_images])
        assert probabilities.shape == (num_images, 10)
        assert np.allclose(probabilities, model.predict(images[: num_images or 1], verbose=0)[:num_images], atol=1e-5)


EXPORT = """
import sys
from pathlib import Path
from mnistlab.models.backend import keras
from mnistlab.models.export import export_onnx

for path in sys.argv[2:]:
    model = keras.saving.load_model(path, compile=False)
    export_onnx(model, Path(sys.argv[1]) / (Path(path).stem + ".onnx"))
"""


def made(name, seed=0):
    """A network whose weights all differ, as a trained one's do."""
    recipe = RECIPES[name] if name in RECIPES else Recipe(name=name, model=name)
    members = [models.to_standard(build_for_training(one, 1), one) for one in recipe.member_recipes()]
    random = np.random.default_rng(seed)
    for member in members:
        member.set_weights([random.uniform(0.01, 0.1, weight.shape) for weight in member.get_weights()])
    return models.finished_model(members, recipe)


@pytest.mark.parametrize(
    ("names", "backends"),
    [
        (["mlp", "small_cnn"], ["tensorflow"]),
        pytest.param(
            ["softmax", "mlp", "cnn", "small_cnn", "deep_cnn", "deeper_cnn", "widening_cnn", "fast", "best", "record"],
            ["tensorflow", "jax"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_every_process_writes_the_same_onnx_file(names, backends, tmp_path):
    """Processes with other hashes that made other networks before, on every backend."""
    paths = [tmp_path / f"{name}.keras" for name in names]
    for name, path in zip(names, paths, strict=True):
        model = made(name)
        model.save(path)
        export_onnx(model, path.with_suffix(".onnx"))
    for seed, backend in enumerate(backends):
        folder = tmp_path / backend
        folder.mkdir()
        result = run_python(EXPORT, folder, *paths[::-1], PYTHONHASHSEED=str(seed), KERAS_BACKEND=backend)
        assert result.returncode == 0, result.stderr
        for name in names:
            assert (folder / f"{name}.onnx").read_bytes() == (tmp_path / f"{name}.onnx").read_bytes(), name


def test_a_joined_network_is_one_file_with_the_answers_of_both(tmp_path, mnist):
    """Whatever was exported before in this process; also with weights in half precision."""
    files = set()
    for attempt in range(2):
        for name, seed in (("digits", 1), ("kinds", 2)):
            export_onnx(made("small_cnn", seed), tmp_path / f"{name}.onnx")
        joined, halves = tmp_path / f"joined{attempt}.onnx", tmp_path / f"halves{attempt}.onnx"
        join_kinds(tmp_path / "digits.onnx", tmp_path / "kinds.onnx", joined)
        shutil.copyfile(joined, halves)
        store_halves(halves)
        files.add((joined.read_bytes(), halves.read_bytes()))
    assert len(files) == 1
    paths = [*(tmp_path / f"{name}.onnx" for name in ("digits", "kinds")), joined, halves]
    digits, kinds, both, rounded = (onnxruntime.InferenceSession(path) for path in paths)
    given = {"images": mnist.test.images[:100]}
    probabilities, likeness = both.run(["probabilities", "kinds"], given)
    assert np.array_equal(probabilities, digits.run(["probabilities"], given)[0])
    # Fewer outputs let ONNX Runtime unite operations, which rounds differently.
    assert np.abs(likeness - kinds.run(["probabilities"], given)[0]).max() < 1e-5
    assert np.abs(rounded.run(["kinds"], given)[0] - likeness).max() < 0.01
