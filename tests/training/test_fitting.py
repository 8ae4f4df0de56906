"""Training by blocks of batches gives what training batch by batch gives, and leaves nothing behind."""

import gc

import numpy as np
import pytest
import tensorflow as tf

from mnistlab.datasets import preprocessing
from mnistlab.models.backend import keras
from mnistlab.models.fused import FusedAdam
from mnistlab.recipes import AffineRanges
from mnistlab.training.augmentation import RandomAffine
from mnistlab.training.batches import BlockStream
from mnistlab.training.fitting import BlockSequential


def small_model(kind, optimizer, **options):
    model = kind([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(
        "sgd" if optimizer is None else optimizer, "categorical_crossentropy", metrics=["accuracy"], **options
    )
    model.set_weights([weight * 0 + 0.001 for weight in model.get_weights()])
    return model


@pytest.mark.parametrize("num_images", [256, 250, 31])
def test_a_block_equals_its_batches_one_by_one(tiny_mnist, num_images, monkeypatch):
    monkeypatch.setattr("mnistlab.training.batches.BLOCK_IMAGES", 100)
    split = tiny_mnist.train.take(np.arange(num_images))
    stream = BlockStream(split.images, preprocessing.one_hot(split.labels), batch_size=32, seed=0)
    standard, blocks = small_model(keras.Sequential, None), small_model(BlockSequential, None)
    history = {"loss": [], "accuracy": []}
    for epoch in range(2):
        order = stream.order(epoch)
        logs = standard.fit(
            stream.images[order], stream.targets[order], batch_size=32, shuffle=False, verbose=0
        ).history
        history = {name: history[name] + logs[name] for name in history}
    blocks.fit_blocks(stream, epochs=2, verbose=0)
    got = blocks.history.history
    for expected, weights in zip(standard.get_weights(), blocks.get_weights(), strict=True):
        assert np.abs(expected - weights).max() < 1e-6
    assert got["loss"] == pytest.approx(history["loss"], rel=1e-5)
    assert got["accuracy"] == pytest.approx(history["accuracy"], rel=1e-6)


def test_fit_on_arrays_still_works(tiny_mnist):
    images, targets = tiny_mnist.train.images[:64], preprocessing.one_hot(tiny_mnist.train.labels[:64])
    standard, blocks = small_model(keras.Sequential, None), small_model(BlockSequential, None)
    for model in (standard, blocks):
        model.fit(images, targets, batch_size=32, shuffle=False, verbose=0)
    for expected, got in zip(standard.get_weights(), blocks.get_weights(), strict=True):
        assert np.array_equal(expected, got)


def test_blocks_train_on_the_same_augmented_images_as_batches(tiny_mnist):
    split, augmentation = tiny_mnist.train, RandomAffine(AffineRanges(), seed=2)
    stream = BlockStream(split.images, split.labels, batch_size=64, seed=0, augmentation=augmentation)
    standard, blocks = small_model(keras.Sequential, None), small_model(BlockSequential, None)
    standard.fit(stream.batches(epochs=1), steps_per_epoch=stream.steps_per_epoch, shuffle=False, verbose=0)
    blocks.fit_blocks(stream, epochs=1, verbose=0)
    for expected, got in zip(standard.get_weights(), blocks.get_weights(), strict=True):
        assert np.abs(expected - got).max() < 1e-5 * np.abs(expected).max()


def test_a_training_leaves_no_graph_behind():
    """Keras' Adam leaves one for each training, with all variables in it: experiments make hundreds."""

    def count_graphs():
        gc.collect()
        return sum(isinstance(each, tf.__internal__.FuncGraph) for each in gc.get_objects())

    images = np.zeros((40, 28, 28), np.uint8)
    counts = []
    for optimizer in (FusedAdam(), FusedAdam(), keras.optimizers.Adam(), keras.optimizers.Adam()):
        layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
        model = BlockSequential(layers)
        model.compile(optimizer, "categorical_crossentropy")
        model.fit_blocks(BlockStream(images, np.arange(40) % 10, batch_size=20, seed=0), epochs=1, verbose=0)
        del model, layers, optimizer
        counts.append(count_graphs())
    assert counts[0] == counts[1]
    assert counts[2] < counts[3]  # Keras' own shows that the count sees what stays
