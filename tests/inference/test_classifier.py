"""What a classifier gives besides a batch's probabilities: one image, every layer, calibration, kinds."""

import numpy as np
import onnx
import pytest

from mnistlab.evaluation.calibration import Calibration, temper
from mnistlab.exceptions import MnistlabError, RunError
from mnistlab.inference import Classifier
from mnistlab.inference.onnx_files import store_halves, widen_halves
from mnistlab.models import Build, small_cnn, softmax
from mnistlab.models.backend import keras
from mnistlab.models.export import export_onnx, join_kinds, note_calibration

CALIBRATION = Calibration(temperature=2.0, least_confidence=0.4)
KINDS = ("digit", *(f"thing {letter}" for letter in "abcdefghi"))


@pytest.fixture(scope="module")
def model():
    return small_cnn(Build(seed=3))


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    export_onnx(model, folder / "digits.onnx", CALIBRATION)
    export_onnx(softmax(Build(seed=5)), folder / "kinds.onnx")
    return folder


@pytest.fixture(scope="module")
def images(mnist):
    return mnist.test.images[:7]


def test_probabilities_are_brought_to_the_temperature_in_the_file(folder, model, images):
    own = model.predict(images, verbose=0)
    assert Classifier(folder / "digits.onnx").calibration == CALIBRATION
    assert np.abs(Classifier(folder / "digits.onnx", calibrated=False)(images) - own).max() < 1e-5
    assert np.abs(Classifier(folder / "digits.onnx")(images) - temper(own, 2.0)).max() < 1e-5


def test_one_image_is_a_batch_of_one(folder, images):
    classifier = Classifier(folder / "digits.onnx")
    assert classifier(images[0]).shape == (10,)
    assert np.abs(classifier(images[0]) - classifier(images)[0]).max() < 1e-6
    one, several = classifier.activations(images[0]), classifier.activations(images)
    assert all(np.abs(one[name] - several[name][0]).max() < 1e-4 for name in several)
    assert classifier(images[:0]).shape == (0, 10)


def test_activations_are_those_of_the_layers(folder, model, images):
    got = Classifier(folder / "digits.onnx", calibrated=False).activations(images)
    assert list(got) == [layer.name for layer in model.layers]
    probe = keras.Model(model.inputs, [layer.output for layer in model.layers])
    for (name, value), expected in zip(got.items(), probe(images.astype("float32")), strict=True):
        assert value.shape == expected.shape, name
        assert np.abs(value - np.asarray(expected)).max() < 1e-4, name
    assert got["conv1_relu"].shape[1:3] == (6, 6)  # maps stay maps


def test_wrong_images_are_refused_everywhere(folder):
    classifier = Classifier(folder / "digits.onnx")
    for call in (classifier, classifier.activations, classifier.with_kinds):
        for wrong in (np.zeros((28, 28)), np.zeros((1, 1, 28, 28), np.uint8), np.zeros((2, 28, 27), np.uint8)):
            with pytest.raises(ValueError, match="Images came as"):
                call(wrong)


def test_kinds_join_the_file_and_change_nothing_else(folder, images, tmp_path):
    path = tmp_path / "both.onnx"
    join_kinds(folder / "digits.onnx", folder / "kinds.onnx", path)
    note_calibration(path, Calibration(temperature=2.0, least_likeness=0.5, kinds=KINDS))
    both, digits = Classifier(path), Classifier(folder / "digits.onnx")
    assert both.layers == digits.layers
    probabilities, kinds = both.with_kinds(images)
    assert np.abs(probabilities - digits(images)).max() < 1e-6
    assert np.abs(kinds - Classifier(folder / "kinds.onnx")(images)).max() < 1e-6
    assert {prop.key for prop in onnx.load(path).metadata_props} == {
        f"mnistlab.{name}" for name in ("temperature", "least_confidence", "least_likeness", "kinds")
    }


def test_halves_take_half_the_room_and_change_little(model, folder, images, tmp_path):
    path = tmp_path / "halves.onnx"
    path.write_bytes((folder / "digits.onnx").read_bytes())
    store_halves(path)
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}
    large = [values for values in stored.values() if values.size >= 1000 and values.dtype.kind == "f"]
    assert large
    assert {values.dtype for values in large} == {np.dtype(np.float16)}
    assert {values.dtype for values in stored.values() if values.size < 1000} <= {
        np.dtype(kind) for kind in (np.float32, np.int32, np.int64)
    }
    assert path.stat().st_size < 0.6 * (folder / "digits.onnx").stat().st_size
    halves = Classifier(path, calibrated=False)
    assert halves.layers == tuple(layer.name for layer in model.layers)
    assert Classifier(path).calibration == CALIBRATION
    graph = onnx.load(path).graph
    widen_halves(graph)
    widened = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    original = onnx.load(folder / "digits.onnx").graph
    assert [node.name for node in graph.node] == [node.name for node in original.node]
    for tensor in original.initializer:
        assert np.allclose(widened.pop(tensor.name), onnx.numpy_helper.to_array(tensor), rtol=2**-11, atol=1e-6)
    assert not widened
    # The same network in Keras, its large weights rounded, is what the file computes.
    rounded = keras.models.clone_model(model)
    rounded.set_weights([w.astype(np.float16).astype(np.float32) if w.size >= 1000 else w for w in model.get_weights()])
    assert np.abs(halves(images) - rounded.predict(images, verbose=0)).max() < 1e-5
    assert 0 < np.abs(halves(images) - model.predict(images, verbose=0)).max() < 1e-2


def test_weights_that_halves_cannot_hold_are_refused(folder, tmp_path):
    network = onnx.load(folder / "kinds.onnx")
    large = next(tensor for tensor in network.graph.initializer if np.prod(tensor.dims) >= 1000)
    large.CopyFrom(onnx.numpy_helper.from_array(np.full(tuple(large.dims), 70_000, np.float32), large.name))
    onnx.save(network, tmp_path / "large.onnx")
    with pytest.raises(MnistlabError, match=r"has weights above 65,504; they cannot be stored"):
        store_halves(tmp_path / "large.onnx")


def test_without_kinds_there_is_no_column(folder, images):
    assert Classifier(folder / "digits.onnx").with_kinds(images)[1].shape == (7, 0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mnistlab.temperature", "nan"),
        ("mnistlab.kinds", "digit,letter"),  # without the output
        ("mnistlab.mood", "good"),
        ("ort_config", "{}"),
        ("mnistlab.temperature", "1." + "0" * 500),
    ],
)
def test_notes_of_others_are_refused(folder, tmp_path, key, value):
    network = onnx.load(folder / "kinds.onnx")
    network.metadata_props.add(key=key, value=value)
    onnx.save(network, tmp_path / "noted.onnx")
    with pytest.raises(RunError, match="is not a network that mnistlab can use"):
        Classifier(tmp_path / "noted.onnx")
