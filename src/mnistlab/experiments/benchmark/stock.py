"""The notebook as it stands, on today's Keras: the reference that mnistlab is measured against.

Everything is Keras' own: arrays flattened and scaled beforehand, one-hot labels, `ImageDataGenerator`, defaults.
Two repairs: the imports are those of Keras 3, and `steps_per_epoch` is left out, because with `60000 // 128` steps a
finite generator runs dry and every second epoch trains on one batch.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from mnistlab.datasets import Dataset
from mnistlab.models.backend import keras
from mnistlab.recipes import ModelName


def train_stock(
    model_name: ModelName, dataset: Dataset, *, epochs: int = 5, seed: int = 0, callbacks: Sequence[Any] = ()
) -> dict[str, Any]:
    """Trains and scores one of the notebook's networks as the notebook does.

    Args:
        model_name: `"mlp"` or `"cnn"`.
        dataset: Train and test split.
        epochs: Passes over the training images.
        seed: Seed of everything random.
        callbacks: Keras callbacks that watch the training run.

    Returns:
        `train_seconds` (the call of `fit`, validation included), `epoch_seconds` and `test_accuracy`.
    """
    _warm_up()
    keras.utils.set_random_seed(seed)
    train_images, test_images = (_prepare(split.images, model_name) for split in (dataset.train, dataset.test))
    train_rows, test_rows = (keras.utils.to_categorical(split.labels, 10) for split in (dataset.train, dataset.test))
    model = {"mlp": _mlp, "cnn": _cnn}[model_name]()
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    clock = _EpochClock()
    if model_name == "mlp":
        started = time.perf_counter()
        model.fit(train_images, train_rows, batch_size=128, epochs=epochs, verbose=0, callbacks=[clock, *callbacks])
    else:
        from keras.src.legacy.preprocessing.image import ImageDataGenerator

        augmented = ImageDataGenerator(
            rotation_range=8, width_shift_range=0.08, shear_range=0.3, height_shift_range=0.08, zoom_range=0.08
        )
        training = augmented.flow(train_images, train_rows, batch_size=128)
        validation = ImageDataGenerator().flow(test_images, test_rows, batch_size=128)
        started = time.perf_counter()
        model.fit(training, epochs=epochs, validation_data=validation, verbose=0, callbacks=[clock, *callbacks])
    train_seconds = time.perf_counter() - started
    _, accuracy = model.evaluate(test_images, test_rows, verbose=0)
    return {"train_seconds": train_seconds, "epoch_seconds": clock.seconds, "test_accuracy": float(accuracy)}


class _EpochClock(keras.callbacks.Callback):  # type: ignore[misc]
    """Times the epochs, validation included."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self._started)


def _warm_up() -> None:
    """Lets TensorFlow start its threads before the clock runs, as mnistlab does."""
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(np.zeros((32, 784), np.float32), np.eye(10, dtype=np.float32)[np.arange(32) % 10], verbose=0)


def _prepare(images: Any, model_name: ModelName) -> Any:
    shape = (len(images), 784) if model_name == "mlp" else (len(images), 28, 28, 1)
    return images.reshape(shape).astype("float32") / 255


def _mlp() -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((784,)),
            *[layers.Dense(512), layers.Activation("relu"), layers.Dropout(0.2)],
            *[layers.Dense(512), layers.Activation("relu"), layers.Dropout(0.2)],
            *[layers.Dense(10), layers.Activation("softmax")],
        ]
    )


def _cnn() -> Any:
    layers = keras.layers
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in (32, 64):
        for _ in range(2):
            for layer in (layers.Conv2D(filters, (3, 3)), layers.BatchNormalization(), layers.Activation("relu")):
                model.add(layer)
        model.add(layers.MaxPooling2D((2, 2)))
    head = (layers.Flatten(), layers.Dense(512), layers.BatchNormalization(), layers.Activation("relu"))
    for layer in (*head, layers.Dropout(0.2), layers.Dense(10), layers.Activation("softmax")):
        model.add(layer)
    return model
