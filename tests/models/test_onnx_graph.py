"""Every kind of layer, also with settings that no network of ours has, gives in ONNX what it gives in Keras."""

import numpy as np
import onnxruntime
import pytest

from mnistlab.exceptions import MnistlabError
from mnistlab.inference import Classifier
from mnistlab.models.backend import keras
from mnistlab.models.export import export_onnx

layers = keras.layers
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)


def written(model, path):
    """What ONNX Runtime gives for the images, by output, and what Keras gives."""
    random = np.random.default_rng(1)
    model.set_weights([random.uniform(0.1, 0.5, weight.shape) for weight in model.get_weights()])
    export_onnx(model, path)
    session = onnxruntime.InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"images": IMAGES}), strict=True)), model.predict(IMAGES, verbose=0)


STACKS = {
    "same padding, even kernel": [layers.Conv2D(3, (4, 2), padding="same")],
    "strides": [layers.Conv2D(3, 3, strides=(2, 3), padding="same"), layers.MaxPooling2D(3, strides=2, padding="same")],
    "dilation": [layers.Conv2D(4, 3, dilation_rate=(2, 3)), layers.Conv2D(2, 2, dilation_rate=2, padding="same")],
    "groups": [layers.Conv2D(4, 3, use_bias=False), layers.Conv2D(6, 3, groups=2, activation="relu")],
    "pooling that leaves a rest": [layers.MaxPooling2D((3, 5)), layers.MaxPooling2D((2, 2), padding="same")],
    "normalization without factor": [layers.Conv2D(3, 3), layers.BatchNormalization(scale=False)],
    "normalization without offset": [layers.BatchNormalization(center=False, epsilon=0.1)],
    "rescaling with an offset": [layers.Rescaling(1 / 127.5, offset=-1), layers.Conv2D(2, 3), layers.Rescaling(2.0)],
    "frame and window": [layers.ZeroPadding2D(((1, 2), (0, 3))), layers.Cropping2D(((0, 4), (5, 0)))],
    "axes after a convolution": [layers.Conv2D(3, 3), layers.Permute((3, 1, 2)), layers.Reshape((6, -1))],
    "dense on rows": [layers.Conv2D(4, 3), layers.Dense(3, use_bias=False, activation="relu")],
    "softmax over channels": [layers.Conv2D(4, 3, activation="softmax"), layers.Activation("linear")],
    "dropout": [layers.Dropout(0.9), layers.Conv2D(2, 3), layers.Dropout(0.5)],
}


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_a_kind_of_layer(stack, tmp_path):
    scaled = [layers.Rescaling(1 / 255), layers.Reshape((28, 28, 1))]
    stack = [type(layer).from_config(layer.get_config()) for layer in stack]
    model = keras.Sequential([keras.Input((28, 28)), *scaled, *stack])
    outputs, expected = written(model, tmp_path / "model.onnx")
    assert [*outputs] == [layer.name for layer in model.layers]
    assert outputs[model.layers[-1].name].shape == expected.shape
    assert outputs[model.layers[-1].name] == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_networks_within_networks(tmp_path):
    """Branches that meet again, a network that is used twice, and one inside another."""
    inner = keras.Sequential([keras.Input((28, 28)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(7)])
    image = keras.Input((28, 28))
    middle = keras.Model(image, layers.Add()([inner(image), layers.Dense(7)(layers.Flatten()(image))]))
    images = keras.Input((28, 28))
    turned = layers.Permute((2, 1))(images)
    both = layers.Average()([middle(images), middle(turned), inner(images)])
    model = keras.Model(images, layers.Dense(10, activation="softmax")(both))
    outputs, expected = written(model, tmp_path / "model.onnx")
    assert [*outputs] == ["probabilities"]
    assert outputs["probabilities"] == pytest.approx(expected, abs=1e-5)
    assert (tmp_path / "model.onnx").stat().st_size < 4 * model.count_params() + 5_000  # shared weights are stored once
    assert Classifier(tmp_path / "model.onnx")(IMAGES) == pytest.approx(expected, abs=1e-5)


class Doubling(layers.Flatten):
    """A class derived from one of Keras', which computes something else."""

    def call(self, inputs):
        return 2 * super().call(inputs)


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (layers.LSTM(3, name="memory"), "The layer memory is a LSTM, which mnistlab cannot write as ONNX. Build the"),
        (Doubling(name="twice"), "The layer twice is a Doubling, which mnistlab cannot write as ONNX. Build the"),
        (layers.Dense(3, activation="gelu", name="bent"), "The layer bent has the activation gelu, which mnistlab"),
        (layers.BatchNormalization(axis=1, name="rows"), "The layer rows has another axis than the last"),
    ],
)
def test_what_cannot_be_written_is_named(layer, sentence, tmp_path):
    model = keras.Sequential([keras.Input((28, 28)), layer])
    with pytest.raises(MnistlabError, match=sentence):
        export_onnx(model, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()
