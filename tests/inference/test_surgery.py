"""Networks that are broken on purpose are what they would be with their weights set to zero by hand."""

import numpy as np
import onnx
import onnxruntime
import pytest

from mnistlab.inference import Classifier
from mnistlab.inference.onnx_files import checked_network, read_file, widen_halves
from mnistlab.inference.pretrained import PRETRAINED
from mnistlab.inference.surgery import Cut, Damage, MissingPartError, damaged, parts_of

NAMES = {  # of a layer with weights, and of the last of the layers that belong to it
    "digits": [("conv1", "conv1_relu"), ("conv2", "conv2_relu"), ("conv3", "conv3_relu"), ("conv4", "conv4_relu")],
    "cnn": [("conv1", "conv1_relu"), ("conv2", "pool1"), ("conv3", "conv3_relu"), ("conv4", "pool2")],
    "mlp": [("hidden1", "hidden1_dropout"), ("hidden2", "hidden2_dropout")],
}


def broken(name, damage, **options):
    path = PRETRAINED[name]
    layers = Classifier(path, num_threads=1).layers
    return Classifier(path, num_threads=1, edit=lambda content: damaged(content, damage, layers, **options))


def after_changing(name, change, images):
    """The probabilities of a network, uncalibrated, after a change to its arrays by hand, from ONNX Runtime itself."""
    model = onnx.load_model_from_string(checked_network(read_file(PRETRAINED[name]))[0])
    widen_halves(model.graph)
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        tensor.CopyFrom(onnx.numpy_helper.from_array(change(tensor.name, values.copy()), tensor.name))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["output"], {session.get_inputs()[0].name: images})[0]


@pytest.mark.parametrize("name", NAMES)
def test_the_parts_are_the_layers_with_weights(name):
    path = PRETRAINED[name]
    classifier = Classifier(path, num_threads=1)
    parts = parts_of(checked_network(read_file(path))[0], classifier.layers)
    hidden = ["hidden"] if name == "cnn" else []
    assert [part.layer for part in parts] == [*(first for first, _ in NAMES[name]), *hidden, "output"]
    shapes = {layer: values.shape for layer, values in classifier.activations(np.zeros((28, 28), np.uint8)).items()}
    assert [part.num_units for part in parts] == [shapes[part.layer][-1] for part in parts]
    assert [part.has_relu for part in parts] == [True] * (len(parts) - 1) + [False]
    assert all(part.adds for part in parts)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("at", [0, 1])
def test_a_filter_that_is_off_gives_nothing_and_the_others_of_its_layer_stay(name, at, mnist):
    images = mnist.test.images[:20]
    first, last = NAMES[name][at]
    sound = Classifier(PRETRAINED[name], num_threads=1).activations(images)
    values = broken(name, Damage((Cut(at + 1, (1, 7)),))).activations(images)
    for layer in (first, last):
        assert not values[layer][..., [0, 6]].any()
        rest = np.delete(np.arange(sound[layer].shape[-1]), [0, 6])
        np.testing.assert_allclose(values[layer][..., rest], sound[layer][..., rest], rtol=1e-4, atol=1e-4)
    assert sound[last][..., [0, 6]].any()
    assert not np.allclose(values["output"], sound["output"])


def test_filters_off_biases_off_and_noise_are_what_they_are_by_hand(mnist):
    images = mnist.test.images[:50]

    def off(array, values):
        if array in ("conv2_norm/array", "conv2_norm/array2"):
            values[[2, 5]] = 0
        return values

    def without_offset(array, values):
        return np.zeros_like(values) if array in ("conv3_norm/array2", "output/array2") else values

    weights = ["conv1/array", "conv2/array", "conv3/array", "conv4/array", "output/array"]

    def noisy(array, values):
        if array not in weights:
            return values
        rng = np.random.default_rng((7, weights.index(array) + 1))
        return (values + 0.5 * values.std() * rng.standard_normal(values.shape)).astype(np.float32)

    for damage, change in [
        (Damage((Cut(2, (3, 6)),)), off),
        (Damage((Cut(3, biases=True), Cut(5, biases=True))), without_offset),
        (Damage(noise=0.5, seed=7), noisy),
    ]:
        expected = after_changing("digits", change, images)
        np.testing.assert_allclose(
            broken("digits", damage).activations(images)["output"], expected, rtol=1e-3, atol=1e-3
        )
    assert not np.allclose(after_changing("digits", off, images), after_changing("digits", noisy, images))


def test_without_its_relu_a_layer_hands_on_what_is_below_zero(mnist):
    images = mnist.test.images[:5]
    values = broken("mlp", Damage((Cut(1, linear=True),))).activations(images)
    np.testing.assert_array_equal(values["hidden1_relu"], values["hidden1"])
    assert (values["hidden1"] < 0).any() and (values["hidden2_relu"] >= 0).all()


def test_a_layer_that_is_off_leaves_the_same_answer_to_everything(mnist):
    probabilities = broken("cnn", Damage((Cut(3, off=True),)))(mnist.test.images[:20])
    np.testing.assert_allclose(probabilities, np.broadcast_to(probabilities[0], probabilities.shape), atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_answers_alone_are_the_same(name, mnist):
    images, damage = mnist.test.images[:50], Damage((Cut(1, (2,)),), noise=0.3, seed=1)
    alone = broken(name, damage, only_answers=True)
    assert alone.layers == ("probabilities",)
    np.testing.assert_allclose(alone(images), broken(name, damage)(images), atol=1e-4)


def test_no_damage_is_no_difference(mnist):
    images = mnist.test.images[:20]
    for name, path in PRETRAINED.items():
        np.testing.assert_allclose(broken(name, Damage())(images), Classifier(path)(images), atol=1e-5)


def test_covered_pixels_are_ground():
    mask = np.zeros((28, 28), bool)
    mask[3, 4] = mask[27, 27] = True
    full = np.full((2, 28, 28), 200, np.uint8)
    covered = Damage(covered=np.packbits(mask.ravel()).tobytes()).cover(full)
    assert covered.dtype == np.uint8 and (covered == np.where(mask, 0, 200)).all()
    assert Damage().cover(full) is full


@pytest.mark.parametrize("cut, words", [(Cut(9, off=True), "no layer 9"), (Cut(1, (33,)), "no unit 33")])
def test_what_is_not_there_cannot_be_broken(cut, words):
    with pytest.raises(MissingPartError, match=words):
        broken("digits", Damage((cut,)))
