"""A hundred random labels an image, as one soft label."""

import dataclasses

import numpy as np
import pytest

from mnistlab import training
from mnistlab.models import Build, mlp
from mnistlab.models.backend import keras
from mnistlab.recipes import RECIPES
from mnistlab.training.soft_labels import CONFUSING_DIGITS, label_counts, soft_labels


def gradients(model, images, targets):
    """Loss and gradient of one batch, by Keras' own training step with a step size that makes them visible."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = keras.losses.CategoricalCrossentropy()(targets, model(images, training=False))
    return float(loss), [
        np.asarray(slope) for slope in tape.gradient(loss, [each.value for each in model.trainable_variables])
    ]


@pytest.mark.parametrize(("alpha", "bias"), [(1, 0.0), (20, 0.0), (100, 0.0), (20, 0.3)])
def test_label_counts_give_the_gradient_of_literal_copies(mnist, alpha, bias):
    """All alpha + 1 copies of 30 images in one batch, each with one label, against 30 images with soft labels."""
    images, labels = mnist.train.images[:30], mnist.train.labels[:30]
    counts = label_counts(labels, alpha, seed=0, bias=bias)
    copied_labels = np.concatenate([np.repeat(np.arange(10), row) for row in counts])
    assert len(copied_labels) == 30 * (alpha + 1)
    copies = np.repeat(images, alpha + 1, axis=0)
    model = mlp(Build(seed=1))
    loss, slopes = gradients(model, images, soft_labels(labels, alpha, seed=0, bias=bias))
    copied_loss, copied_slopes = gradients(model, copies, np.eye(10, dtype=np.float32)[copied_labels])
    assert loss == pytest.approx(copied_loss, abs=1e-5)
    for one, other in zip(slopes, copied_slopes, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_noise_is_fixed_uniform_and_joined_by_the_own_label(mnist):
    labels = mnist.train.labels
    counts = label_counts(labels, 100, seed=3)
    np.testing.assert_array_equal(counts, label_counts(labels, 100, seed=3))
    assert (counts != label_counts(labels, 100, seed=4)).any()
    assert (counts.sum(axis=1) == 101).all()
    own = counts[np.arange(len(labels)), labels]
    assert own.mean() == pytest.approx(11, abs=0.05)  # one and a tenth of a hundred
    assert (counts.sum() - own.sum()) / (9 * len(labels)) == pytest.approx(10, abs=0.05)


def test_no_noise_is_one_hot():
    np.testing.assert_array_equal(soft_labels([3, 0], 0, seed=0), np.eye(10, dtype=np.float32)[[3, 0]])


def test_biased_noise_favours_the_confusing_digit(mnist):
    labels = mnist.train.labels
    counts = label_counts(labels, 20, seed=0, bias=0.5)
    favoured = counts[np.arange(len(labels)), np.asarray(CONFUSING_DIGITS)[labels]]
    assert favoured.mean() == pytest.approx(11, abs=0.05)  # half of twenty, and a tenth of the other half
    assert all(digit != confusing for digit, confusing in enumerate(CONFUSING_DIGITS))


def test_a_noisy_training_learns_the_own_labels(tiny_mnist, tmp_path):
    """Two random labels for each own one: after 600 images, most test images are still read right."""
    recipe = dataclasses.replace(RECIPES["mlp"], epochs=10, batch_size=32, label_noise=2)
    run = training.train(recipe, tiny_mnist, tmp_path / "run", progress=False)
    assert run.metrics["test_accuracy"] > 0.5
    assert run.recipe.label_noise == 2
    assert run.history[-1]["loss"] > 1  # nobody can predict random labels
