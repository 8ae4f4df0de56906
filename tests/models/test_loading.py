"""Networks from `.keras` files of unknown origin: what passes every check of numbers must also give probabilities."""

import io
import zipfile

import h5py
import numpy as np
import pytest

from mnistlab.evaluation import evaluate
from mnistlab.exceptions import RunError
from mnistlab.models import load_network, network_from, small_cnn, standard_network
from mnistlab.models.networks import mlp
from mnistlab.recipes import Recipe
from mnistlab.runs.archives import read_network_file
from processes import run_mnistlab

NO_PROBABILITIES = (
    "{} has weights that give no probabilities. "
    "Expected a network whose ten answers to an image lie from 0 to 1 and sum to 1."
)


def with_weights(path, change):
    """Changes every float array of a `.keras` file."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    buffer = io.BytesIO(members["model.weights.h5"])
    with h5py.File(buffer, "r+") as file:

        def visit(place, item):
            if isinstance(item, h5py.Dataset) and item.dtype.kind == "f" and item.shape:
                item[()] = change(item[()])

        file.visititems(visit)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | {"model.weights.h5": buffer.getvalue()}).items():
            archive.writestr(name, content)
    return path


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "mlp.keras"
    mlp().save(path)
    return path


@pytest.fixture
def network_file(sound, tmp_path):
    path = tmp_path / "network.keras"
    path.write_bytes(sound.read_bytes())
    return path


def test_the_largest_finite_weights_are_an_error_with_the_name_of_the_file(network_file):
    with_weights(network_file, lambda values: np.full_like(values, 1e20))
    with pytest.raises(RunError) as raised:
        load_network(network_file)
    assert str(raised.value) == NO_PROBABILITIES.format(network_file)


@pytest.mark.parametrize("ending", ["keras", "onnx"])
def test_the_command_line_says_which_file_it_is(network_file, ending, tmp_path):
    """In one sentence and with exit code 1: the file is at fault, not the command."""
    with_weights(network_file, lambda values: np.full_like(values, 1e20))
    if ending == "onnx":
        from mnistlab.models.backend import keras
        from mnistlab.models.export import export_onnx

        network_file = tmp_path / "network.onnx"
        export_onnx(keras.saving.load_model(tmp_path / "network.keras"), network_file)
    finished = run_mnistlab("evaluate", network_file)
    assert (finished.returncode, finished.stdout) == (1, "")
    expected = {"keras": NO_PROBABILITIES.format(network_file), "onnx": "its outputs are not finite numbers"}[ending]
    assert expected in finished.stderr
    assert str(network_file) in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_weights_that_only_some_images_are_too_much_for(network_file, tiny_mnist):
    """Blank paper and ink everywhere give probabilities; a digit does not."""
    overflowing = evaluate(lambda images: np.full((len(images), 10), np.nan, np.float32), tiny_mnist.test)
    with pytest.raises(RunError, match=r"network\.keras has weights that give no probabilities"):
        overflowing.require_probabilities(network_file)
    sound = evaluate(load_network(network_file), tiny_mnist.test)
    assert sound.require_probabilities(network_file) is sound


def test_a_file_is_read_once(network_file):
    """And what was read becomes the network, also where somebody changes the file meanwhile."""
    found = read_network_file(network_file)
    assert found.path == network_file
    network_file.write_bytes(b"")
    assert network_from(found).name == "mlp"


def test_every_network_of_ours_gives_probabilities_for_paper_and_ink(tmp_path):
    recipe = Recipe(name="small", model="small_cnn")
    standard_network(recipe, small_cnn().get_weights()).save(tmp_path / "small.keras")
    assert load_network(tmp_path / "small.keras").name == "small_cnn"
