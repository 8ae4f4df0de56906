"""Typical wrong answers to the exercise, each with the hint that it should get; and right ones in several spellings."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mnistlab import datasets
from mnistlab.models.backend import keras

layers = keras.layers
Build = Callable[[], list[Any]]

HIDDEN: Build = lambda: [layers.Dense(512), layers.Activation("relu"), layers.Dropout(0.2)]  # noqa: E731
OUTPUT: Build = lambda: [layers.Dense(10), layers.Activation("softmax")]  # noqa: E731


def convolution(filters: int) -> list[Any]:
    return [layers.Conv2D(filters, (3, 3)), layers.BatchNormalization(), layers.Activation("relu")]


def pool() -> list[Any]:
    return [layers.MaxPooling2D((2, 2))]


def dense5() -> list[Any]:
    return [layers.Dense(512), layers.BatchNormalization(), layers.Activation("relu"), layers.Dropout(0.2)]


def mlp(hidden2: Build = HIDDEN, output: Build = OUTPUT) -> Any:
    return keras.Sequential([keras.Input((784,)), *HIDDEN(), *hidden2(), *output()])


def cnn(
    conv2: Build = lambda: convolution(32),
    conv3: Build = lambda: convolution(64),
    conv4: Build = lambda: [*convolution(64), *pool()],
    dense: Build = dense5,
    output: Build = OUTPUT,
    given_pool: Build = pool,
    flatten: Build = lambda: [layers.Flatten()],
) -> Any:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *convolution(32),
            *conv2(),
            *given_pool(),
            *conv3(),
            *conv4(),
            *flatten(),
            *dense(),
            *output(),
        ]
    )


WRONG_HIDDEN: dict[str, Build] = {
    "units": lambda: [layers.Dense(500, "relu"), layers.Dropout(0.2)],
    "units-of-output": lambda: [layers.Dense(10, "relu"), layers.Dropout(0.2)],
    "activation-missing": lambda: [layers.Dense(512), layers.Dropout(0.2)],
    "activation-other": lambda: [layers.Dense(512, "sigmoid"), layers.Dropout(0.2)],
    "activation-twice": lambda: [layers.Dense(512, "relu"), layers.Activation("relu"), layers.Dropout(0.2)],
    "softmax-hidden": lambda: [layers.Dense(512, "softmax"), layers.Dropout(0.2)],
    "dropout-missing": lambda: [layers.Dense(512, "relu")],
    "dropout-keep": lambda: [layers.Dense(512, "relu"), layers.Dropout(0.8)],
    "dropout-rate": lambda: [layers.Dense(512, "relu"), layers.Dropout(0.5)],
    "dropout-twice": lambda: [layers.Dense(512), layers.Dropout(0.2), layers.ReLU(), layers.Dropout(0.2)],
    "dropout-before-layer": lambda: [layers.Dropout(0.2), layers.Dense(512, "relu")],
    "dropout-other": lambda: [layers.Dense(512, "relu"), layers.GaussianDropout(0.2)],
    "norm-unasked": lambda: [layers.Dense(512), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.2)],
    "skipped": list,
    "added-twice": lambda: [*HIDDEN(), *HIDDEN()],
    "wrong-kind": lambda: [layers.Reshape((16, 32, 1)), layers.Conv2D(512, 3), layers.Flatten()],
    "other-layer": lambda: [layers.Dense(512, "relu"), layers.GaussianNoise(0.1), layers.Dropout(0.2)],
}
WRONG_OUTPUT: dict[str, Build] = {
    "units-nine": lambda: [layers.Dense(9, "softmax")],
    "units-one": lambda: [layers.Dense(1, "softmax")],
    "units-output": lambda: [layers.Dense(784, "softmax")],
    "softmax-missing": lambda: [layers.Dense(10)],
    "sigmoid-output": lambda: [layers.Dense(10, "sigmoid")],
    "relu-output": lambda: [layers.Dense(10, "relu")],
    "relu-after-softmax": lambda: [layers.Dense(10, "softmax"), layers.ReLU()],
    "activation-before-softmax": lambda: [layers.Dense(10, "relu"), layers.Softmax()],
    "softmax-twice": lambda: [layers.Dense(10, "softmax"), layers.Softmax()],
    "dropout-after-output": lambda: [layers.Dense(10, "softmax"), layers.Dropout(0.2)],
    "output-activation": lambda: [layers.Dense(10, "log_softmax")],
    "no-probabilities": lambda: [layers.Dense(10), layers.Softmax(axis=0)],
    "added-twice": lambda: [*OUTPUT(), *OUTPUT()],
}
NORM_LAST: Build = lambda: [layers.BatchNormalization(), layers.Activation("relu")]  # noqa: E731
WRONG_CONV2: dict[str, Build] = {
    "filters-swapped": lambda: convolution(64),
    "filters": lambda: convolution(16),
    "filters-and-kernel-swapped": lambda: [layers.Conv2D(3, (32, 32), padding="same"), *NORM_LAST()],
    "kernel": lambda: [layers.Conv2D(32, (5, 5)), *NORM_LAST()],
    "padding": lambda: [layers.Conv2D(32, (3, 3), padding="same"), *NORM_LAST()],
    "strides": lambda: [layers.Conv2D(32, (3, 3), strides=2), *NORM_LAST()],
    "norm-missing": lambda: [layers.Conv2D(32, (3, 3), activation="relu")],
    "norm-axis": lambda: [layers.Conv2D(32, (3, 3)), layers.BatchNormalization(axis=1), layers.ReLU()],
    "norm-twice": lambda: [layers.Conv2D(32, (3, 3)), layers.BatchNormalization(), *NORM_LAST()],
    "norm-other": lambda: [layers.Conv2D(32, (3, 3)), layers.LayerNormalization(), layers.ReLU()],
    "activation-missing": lambda: [layers.Conv2D(32, (3, 3)), layers.BatchNormalization()],
    "dropout-unasked": lambda: [*convolution(32), layers.Dropout(0.2)],
    "pool-twice": lambda: [*convolution(32), *pool()],
    "added-twice": lambda: [*convolution(32), *convolution(32), *convolution(32)],
}
WRONG_CONV3: dict[str, Build] = {
    "filters-swapped": lambda: convolution(32),
    "pool-unasked": lambda: [*convolution(64), layers.MaxPooling2D((2, 2), padding="same")],
}
WRONG_CONV4: dict[str, Build] = {
    "pool-missing": lambda: convolution(64),
    "pool-average": lambda: [*convolution(64), layers.AveragePooling2D((2, 2))],
    "pool-strides": lambda: [*convolution(64), layers.MaxPooling2D((2, 2), strides=1)],
    "pool-size": lambda: [*convolution(64), layers.MaxPooling2D((3, 3))],
    "pool-twice": lambda: [*convolution(64), *pool(), *pool()],
}
WRONG_DENSE5: dict[str, Build] = {
    "norm-missing": HIDDEN,
    "dropout-missing": lambda: dense5()[:3],
    "dropout-before-norm": lambda: [layers.Dense(512), layers.Dropout(0.2), layers.BatchNormalization(), layers.ReLU()],
    "units": lambda: [layers.Dense(1024), *dense5()[1:]],
}


def wrong_networks() -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """Step, the hint's name, and what builds the network."""
    for step, problems, place in (
        ("mlp.hidden2", WRONG_HIDDEN, "hidden2"),
        ("mlp.output", WRONG_OUTPUT, "output"),
    ):
        for problem, build in problems.items():
            yield step, problem, lambda place=place, build=build: mlp(**{place: build})
    for step, problems, place in (
        ("cnn.conv2", WRONG_CONV2, "conv2"),
        ("cnn.conv3", WRONG_CONV3, "conv3"),
        ("cnn.conv4", WRONG_CONV4, "conv4"),
        ("cnn.dense5", WRONG_DENSE5, "dense"),
        ("cnn.output", WRONG_OUTPUT, "output"),
    ):
        for problem, build in problems.items():
            yield step, problem, lambda place=place, build=build: cnn(**{place: build})
    for activation in (layers.LeakyReLU, lambda: layers.ReLU(max_value=6), lambda: layers.ReLU(negative_slope=0.1)):
        yield (
            "mlp.hidden2",
            "activation-other",
            lambda activation=activation: mlp(lambda: [layers.Dense(512), activation(), layers.Dropout(0.2)]),
        )
    for problem in ("units-of-output", "softmax-hidden", "dropout-missing"):  # before there is an output layer
        yield "mlp.hidden2", problem, lambda problem=problem: mlp(WRONG_HIDDEN[problem], list)
    yield "mlp.hidden2", "added-twice", lambda: mlp(lambda: [*HIDDEN(), *HIDDEN()], list)
    yield "mlp.output", "added-twice", lambda: mlp(list, lambda: [*OUTPUT(), *OUTPUT()])
    yield "cnn.conv2", "given-pool-removed", lambda: cnn(given_pool=list)
    yield "cnn.conv3", "given-pool-removed", lambda: cnn(given_pool=list, conv4=lambda: convolution(64))
    yield "cnn.dense5", "flatten-size", lambda: cnn(conv4=lambda: convolution(64))
    yield "cnn.dense5", "flatten-missing", lambda: cnn(flatten=list)
    yield "mlp.hidden2", "other-network", cnn
    yield "cnn.conv2", "other-network", mlp
    yield "mlp.hidden2", "no-model", lambda: "mlp"


def right_networks() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Other ways to write the same networks: the steps that they finish, and what builds them."""
    yield "mlp", mlp
    yield "mlp", lambda: mlp(lambda: [layers.Dense(512, activation="relu"), layers.Dropout(0.2)])
    yield "mlp", lambda: mlp(lambda: [layers.Dense(512, keras.ops.relu, name="second"), layers.Dropout(0.2)])
    yield "mlp", lambda: mlp(lambda: [layers.Dense(512, activation=layers.ReLU()), layers.Dropout(0.2)])
    yield "mlp", lambda: mlp(lambda: [layers.Dense(512), layers.Activation(_bend), layers.Dropout(0.2)])
    yield "mlp", lambda: mlp(output=lambda: [layers.Dense(10, activation=layers.Softmax())])
    yield "mlp", lambda: mlp(output=lambda: [layers.Dense(10), layers.Softmax()])
    yield "mlp", lambda: mlp(lambda: [layers.Dense(512), layers.Dropout(0.2), layers.ReLU()])
    yield "mlp", _mlp_on_images
    yield "mlp", _mlp_functional
    yield "mlp", lambda: keras.Sequential([keras.Input((784,)), keras.Sequential(HIDDEN()), *HIDDEN(), *OUTPUT()])
    yield "cnn", cnn
    yield "cnn", lambda: cnn(lambda: [layers.Conv2D(32, 3, activation="relu"), layers.BatchNormalization()])
    yield "cnn", lambda: cnn(lambda: [layers.Conv2D(32, 3, use_bias=False), layers.BatchNormalization(axis=3), *relu()])
    yield "cnn", lambda: cnn(given_pool=lambda: [layers.MaxPool2D()])
    yield (
        "cnn",
        lambda: cnn(flatten=lambda: [layers.Flatten(name="flat")], output=lambda: [layers.Dense(10, "softmax")]),
    )


def relu() -> list[Any]:
    return [layers.ReLU()]


def _bend(numbers: Any) -> Any:
    return keras.ops.maximum(numbers, 0)


def _mlp_on_images() -> Any:
    first = [keras.Input((28, 28)), layers.Rescaling(1 / 255), layers.Flatten()]
    return keras.Sequential([*first, *HIDDEN(), *HIDDEN(), *OUTPUT()])


def _mlp_functional() -> Any:
    numbers = inputs = keras.Input((784,))
    for layer in [*HIDDEN(), *HIDDEN(), *OUTPUT()]:
        numbers = layer(numbers)
    return keras.Model(inputs, numbers)


def prepared(shape: tuple[int, ...] = (784,)) -> list[Any]:
    """The four arrays as they should be."""
    mnist = datasets.load_mnist()
    arrays: list[Any] = []
    for split in (mnist.train, mnist.test):
        arrays.append(split.images.reshape(-1, *shape).astype("float32") / 255)
        arrays.append(keras.utils.to_categorical(split.labels, 10))
    return arrays


def _change(place: int, function: Callable[[Any], Any]) -> Callable[[list[Any]], list[Any]]:
    return lambda arrays: [function(array) if number == place else array for number, array in enumerate(arrays)]


def _scale_both(factor: float) -> Callable[[list[Any]], list[Any]]:
    return lambda arrays: [arrays[0] * np.float32(factor), arrays[1], arrays[2] * np.float32(factor), arrays[3]]


X_TRAIN, Y_TRAIN, X_TEST, Y_TEST = range(4)
WRONG_DATA: dict[str, Callable[[list[Any]], list[Any]]] = {
    "not-scaled": _scale_both(255),
    "scaled-twice": _scale_both(1 / 255),
    "divided-by-256": _scale_both(255 / 256),
    "one-split-scaled": _change(X_TEST, lambda images: images * np.float32(255)),
    "minus-one": lambda arrays: [arrays[0] * 2 - 1, arrays[1], arrays[2] * 2 - 1, arrays[3]],
    "other-scale": _scale_both(2.55),
    "integer-pixels": lambda arrays: [arrays[0].astype("uint8"), arrays[1], arrays[2].astype("uint8"), arrays[3]],
    "fractions-lost": _change(X_TRAIN, np.floor),
    "not-flattened": _change(X_TRAIN, lambda images: images.reshape(-1, 28, 28)),
    "shape": _change(X_TRAIN, lambda images: images[:, :783]),
    "matrix-turned": _change(X_TRAIN, lambda images: images.T),
    "image-count": _change(X_TEST, lambda images: np.concatenate([images, images[:500]])),
    "few-images": _change(X_TEST, lambda images: images[:0]),
    "splits-swapped": lambda arrays: [arrays[2], arrays[3], arrays[0], arrays[1]],
    "images-transposed": _change(X_TEST, lambda images: images.reshape(-1, 28, 28).transpose(0, 2, 1).reshape(-1, 784)),
    "images-turned": _change(X_TEST, lambda images: images[:, ::-1]),
    "other-images": _change(X_TEST, lambda images: np.roll(images, 3, axis=1)),
    "greys-changed": _change(X_TEST, np.sqrt),
    "from-test": lambda arrays: [np.resize(arrays[2], arrays[0].shape), *arrays[1:]],
    "labels-not-one-hot": _change(Y_TRAIN, lambda labels: labels.argmax(axis=1)),
    "one-hot-twice": _change(Y_TRAIN, lambda labels: keras.utils.to_categorical(labels, 2)),
    "classes": _change(Y_TRAIN, lambda labels: labels[:, :9]),
    "label-count": _change(Y_TEST, lambda labels: labels[:5000]),
    "no-one-hot-rows": _change(Y_TRAIN, lambda labels: np.maximum(labels, np.roll(labels, 1, axis=1))),
    "labels-smoothed": _change(Y_TRAIN, lambda labels: labels * 0.9 + 0.01),
    "labels-scaled": _change(Y_TRAIN, lambda labels: labels / 255),
    "labels-reversed": _change(Y_TRAIN, lambda labels: labels[::-1]),
    "other-labels": _change(Y_TRAIN, lambda labels: np.roll(labels, 5, axis=0)),
    "no-array": _change(Y_TRAIN, lambda labels: "labels"),
    "arguments": lambda arrays: arrays[:2],
}
WRONG_IMAGES: dict[str, Callable[[list[Any]], list[Any]]] = {
    "channel-missing": _change(X_TRAIN, lambda images: images[..., 0]),
    "channel-first": _change(X_TRAIN, lambda images: images.reshape(-1, 1, 28, 28)),
    "still-flat": _change(X_TRAIN, lambda images: images.reshape(-1, 784)),
}


def compiled(**options: Any) -> Any:
    """A network, compiled as asked for unless told otherwise."""
    model = keras.Sequential([keras.Input((784,)), layers.Dense(10, "softmax")])
    model.compile(**({"loss": "categorical_crossentropy", "optimizer": "adam", "metrics": ["accuracy"]} | options))
    return model


WRONG_COMPILING: dict[str, Callable[[], Any]] = {
    "not-compiled": lambda: keras.Sequential([keras.Input((784,)), layers.Dense(10, "softmax")]),
    "sparse-with-one-hot": lambda: compiled(loss="sparse_categorical_crossentropy"),
    "binary-loss": lambda: compiled(loss="binary_crossentropy"),
    "squared-loss": lambda: compiled(loss="mse"),
    "loss": lambda: compiled(loss="hinge"),
    "from-logits": lambda: compiled(loss=keras.losses.CategoricalCrossentropy(from_logits=True)),
    "optimizer": lambda: compiled(optimizer="sgd"),
    "metric-missing": lambda: compiled(metrics=[]),
}
