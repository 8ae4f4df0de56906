"""What the page says of layers is what the networks do: held against perturbed images and plain NumPy."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from mnistlab.inference import Classifier
from mnistlab.inference.anatomy import dissect
from mnistlab.inference.pretrained import PRETRAINED_PATH
from mnistlab.server.networks import Network, NetworkEntry
from mnistlab.server.run_ids import run_id

NETWORKS = sorted(PRETRAINED_PATH.parent.glob("*.onnx"))


@pytest.fixture(scope="module", params=NETWORKS, ids=lambda path: path.stem)
def network(request, mnist):
    classifier = Classifier(request.param)
    shapes = {name: values.shape for name, values in classifier.activations(mnist.test.images[0]).items()}
    return classifier, dissect(request.param, shapes)


def test_layers_have_kinds_and_titles(network):
    classifier, anatomy = network
    kinds = [layer.kind for layer in anatomy.layers]
    assert kinds[0] == "input" and kinds[-2:] == ["dense", "softmax"]
    assert {layer.name for layer in anatomy.layers} <= set(classifier.layers)
    assert len({layer.title for layer in anatomy.layers}) == len(anatomy.layers)
    for layer in anatomy.layers:
        if layer.name.endswith("_relu"):
            assert layer.kind == "activation"
        if layer.name.endswith("_norm"):
            assert layer.kind == "normalisation"
        if layer.name.startswith("pool"):
            assert layer.kind == "pool"
        assert (layer.field is None) == (len(layer.shape) == 1)


def test_a_cell_sees_its_field_and_nothing_else(network, mnist):
    """Noise outside of the field changes nothing in a cell; noise in the field's corner rows and columns does."""
    classifier, anatomy = network
    rng = np.random.default_rng(0)
    image = mnist.test.images[0]
    before = classifier.activations(image)
    placed = [layer for layer in anatomy.layers if layer.field is not None]
    for layer in placed:
        rows, columns = layer.shape[:2]
        for row, column in {(0, 0), (rows // 2, columns // 2), (rows - 1, columns - 1), (rows // 3, columns - 1)}:
            seen = np.zeros((28, 28), bool)
            field = layer.field
            top, left = field.offset[0] + row * field.stride[0], field.offset[1] + column * field.stride[1]
            seen[max(top, 0) : top + field.size[0], max(left, 0) : left + field.size[1]] = True
            noise = rng.integers(0, 256, (40, 28, 28), np.uint8)
            outside = classifier.activations(np.where(seen, image, noise))[layer.name][:, row, column]
            np.testing.assert_allclose(
                outside, np.broadcast_to(before[layer.name][row, column], outside.shape), 1e-3, 1e-3
            )
            if layer.kind not in ("convolution", "input"):
                continue  # a maximum and a ReLU may pass nothing on
            for edge in ((max(top, 0), None), (min(top + field.size[0], 28) - 1, None), (None, max(left, 0))):
                line = np.zeros((28, 28), bool)
                line[
                    edge[0] if edge[0] is not None else slice(None), edge[1] if edge[1] is not None else slice(None)
                ] = True
                inside = classifier.activations(np.where(seen & line, noise, image))[layer.name][:, row, column]
                assert np.abs(inside - before[layer.name][row, column]).max() > 1e-3, (layer.name, edge)


def test_filters_are_what_the_first_layer_computes_with(network, mnist):
    classifier, anatomy = network
    image = mnist.test.images[1]
    activations = classifier.activations(image)
    layer = next(layer for layer in anatomy.layers if layer.name == anatomy.filter_layer)
    filters = anatomy.filters[..., 0]
    assert anatomy.filters.shape[3] == 1, "the first layer looks at pixels"
    scaled = image.astype(np.float32) / 255
    if layer.field is None:
        sums = (filters * scaled).sum(axis=(1, 2))
        offsets = activations[layer.name] - sums
        other = mnist.test.images[2]
        expected = (filters * (other.astype(np.float32) / 255)).sum(axis=(1, 2)) + offsets
        np.testing.assert_allclose(classifier.activations(other)[layer.name], expected, atol=1e-3)
        return
    assert filters.shape[1:] == layer.field.size
    row, column = 5, 6
    top, left = (layer.field.offset[at] + (row, column)[at] * layer.field.stride[at] for at in (0, 1))
    seen = scaled[top : top + filters.shape[1], left : left + filters.shape[2]]
    ground = classifier.activations(np.zeros((28, 28), np.uint8))[layer.name][row, column]  # the offsets
    np.testing.assert_allclose(
        (filters * seen).sum(axis=(1, 2)) + ground, activations[layer.name][row, column], atol=1e-4
    )


def test_parameters_are_counted(network):
    classifier, anatomy = network
    assert {"digits": 173_770, "mlp": 669_706, "cnn": 596_330}[classifier.path.stem] == pytest.approx(
        anatomy.num_parameters, rel=0.01
    )


def test_a_network_without_layers_has_logits_all_the_same(tmp_path, mnist):
    """An average of several networks gives nothing but probabilities."""
    network = onnx.load(PRETRAINED_PATH)
    outputs = [one for one in network.graph.output if one.name in ("probabilities", "kinds")]
    del network.graph.output[:]
    network.graph.output.extend(outputs)
    path = tmp_path / "model.onnx"
    onnx.save(network, path)
    lone = Network(NetworkEntry("lone", "Lone", "cnn", path), Classifier(path))
    (layer,) = lone.anatomy.layers
    assert (layer.name, layer.kind, layer.shape, layer.field) == ("probabilities", "softmax", (10,), None)
    answer, whole = lone.answer(mnist.test.images[:5]), Classifier(PRETRAINED_PATH)
    np.testing.assert_allclose(answer.probabilities, whole(mnist.test.images[:5]), atol=1e-6)
    np.testing.assert_allclose(np.exp(answer.logits), answer.probabilities, atol=1e-6)


def test_ids_are_short_safe_and_different():
    names = [
        "mlp-seed0",
        "MLP-seed0",
        "mlp seed0",
        "shipped",
        "shipped-cnn",
        "a/b",
        "a-b",
        "é",
        "x" * 64,
        "x" * 65,
        "☃",
    ]
    ids = [run_id(Path(name)) for name in names]
    assert len(set(ids)) == len(names)
    assert all(set(one) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and 1 <= len(one) <= 64 for one in ids)
    assert ids[0] == "mlp-seed0" and ids[6] == "a-b" and ids[8] == "x" * 64
    assert not any(one in ("shipped", "shipped-cnn", "shipped-mlp") for one in ids)
