"""Every accelerated part against the standard part that it replaces."""

import numpy as np
import pytest
import tensorflow as tf

from mnistlab import preprocessing
from mnistlab.acceleration import BlockStream, accelerated_parts, standard_parts
from mnistlab.acceleration.fused import BlockSequential, FusedAdam, FusedBatchNormalization
from mnistlab.acceleration.pipeline import prefetched
from mnistlab.acceleration.precision import has_native_bfloat16, policy_name, resolve_precision
from mnistlab.augmentation import RandomAffine
from mnistlab.backend import keras
from mnistlab.recipes import AffineRanges

random = np.random.default_rng(0)


def paired_layers(shape, dtype, **options):
    layers = [kind(dtype=dtype, **options) for kind in (keras.layers.BatchNormalization, FusedBatchNormalization)]
    weights = None
    for layer in layers:
        layer.build((None, *shape[1:]))
        if weights is None:
            weights = [random.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()]
        layer.set_weights(weights)
    return layers


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("shape", [(32, 16), (8, 5, 16), (4, 6, 7, 16), (3, 4, 2, 5, 8)], ids=["2d", "3d", "4d", "5d"])
@pytest.mark.parametrize("training", [True, False])
def test_batch_normalization_equals_keras(shape, dtype, training):
    standard, fused = paired_layers(shape, dtype)
    inputs = tf.constant(random.normal(2, 3, shape), "bfloat16" if dtype == "mixed_bfloat16" else "float32")
    direction = tf.cast(tf.constant(random.normal(size=shape)), inputs.dtype)
    tolerance = 0.06 if dtype == "mixed_bfloat16" else 2e-5
    results = []
    for layer in (standard, fused):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=training)
            value = tf.reduce_sum(tf.cast(outputs * direction, "float32"))
        gradients = tape.gradient(value, [inputs, layer.gamma.value, layer.beta.value])
        results.append([outputs, *gradients, layer.moving_mean.value, layer.moving_variance.value])
    for expected, got in zip(*results, strict=True):
        assert expected.dtype == got.dtype
        expected, got = (np.asarray(tf.cast(value, "float64")) for value in (expected, got))
        assert np.abs(expected - got).max() <= tolerance * max(1, np.abs(expected).max())


def test_batch_normalization_of_a_single_row_stays_finite():
    layer = FusedBatchNormalization()
    layer(tf.ones((1, 4)), training=True)
    assert np.isfinite(layer.moving_variance.numpy()).all()


@pytest.mark.parametrize("options", [{"axis": 1}, {"center": False}, {"scale": False}, {"renorm": True}])
def test_batch_normalization_with_options_equals_keras(options):
    standard, fused = paired_layers((4, 6, 7, 16), "float32", **options)
    inputs = random.normal(size=(4, 6, 7, 16)).astype("float32")
    assert np.abs(np.asarray(standard(inputs, training=True)) - np.asarray(fused(inputs, training=True))).max() < 1e-5


def test_frozen_batch_normalization_keeps_its_statistics():
    layer = FusedBatchNormalization()
    layer.build((None, 4))
    layer.trainable = False
    before = layer.get_weights()
    layer(random.normal(3, 2, (8, 4)).astype("float32"), training=True)
    assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True))


def adam_after(kind, steps, start, gradients, **options):
    variables = [keras.Variable(value, name=f"weight{index}") for index, value in enumerate(start)]
    optimizer = kind(**options)  # the notebook's learning rate, 0.001
    optimizer.build(variables)

    @tf.function
    def step(*values):
        optimizer.apply_gradients(zip(values, variables, strict=True))

    for index in range(steps):
        step(*gradients[index])
    return variables, optimizer


@pytest.mark.parametrize(
    "options", [{}, {"amsgrad": True}, {"clipnorm": 0.5}, {"weight_decay": 0.01}, {"use_ema": True}]
)
def test_adam_equals_keras_over_100_steps(options):
    start = [random.normal(size=shape).astype("float32") for shape in ((5, 4), (4,), (3, 3, 2, 2))]
    gradients = [[random.normal(size=value.shape).astype("float32") for value in start] for _ in range(100)]
    expected, standard = adam_after(keras.optimizers.Adam, 100, start, gradients, **options)
    got, fused = adam_after(FusedAdam, 100, start, gradients, **options)
    for a, b in zip(expected, got, strict=True):
        assert np.abs(a.numpy() - b.numpy()).max() < 1e-6
    assert [v.path.split("/", 1)[1] for v in standard.variables] == [v.path.split("/", 1)[1] for v in fused.variables]
    for a, b in zip(standard.variables, fused.variables, strict=True):
        # In float32, 1 - 0.999 is 1.3e-5 off; the kernel subtracts in float32, Keras in float64. The bias correction
        # takes the difference out of the update again, but the second moment itself keeps it.
        assert np.allclose(np.asarray(a), np.asarray(b), rtol=2e-5, atol=1e-6)


def test_adam_continues_from_a_keras_checkpoint():
    start = [random.normal(size=(6, 3)).astype("float32")]
    gradients = [[random.normal(size=(6, 3)).astype("float32")] for _ in range(20)]
    expected, _ = adam_after(keras.optimizers.Adam, 20, start, gradients)
    half, half_optimizer = adam_after(keras.optimizers.Adam, 10, start, gradients)
    fused = FusedAdam()
    fused.build(half)
    state = {}
    half_optimizer.save_own_variables(state)
    fused.load_own_variables(state)
    for index in range(10, 20):
        fused.apply_gradients(zip(gradients[index], half, strict=True))
    assert np.abs(expected[0].numpy() - half[0].numpy()).max() < 1e-6


def small_model(kind, optimizer, **options):
    model = kind([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(
        "sgd" if optimizer is None else optimizer, "categorical_crossentropy", metrics=["accuracy"], **options
    )
    model.set_weights([weight * 0 + 0.001 for weight in model.get_weights()])
    return model


@pytest.mark.parametrize("num_images", [256, 250, 31])
def test_a_block_equals_its_batches_one_by_one(tiny_mnist, num_images, monkeypatch):
    monkeypatch.setattr("mnistlab.acceleration.pipeline.BLOCK_IMAGES", 100)
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
    got = blocks.fit_blocks(stream, epochs=2, verbose=0).history
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


def stream_of(dataset, batch_size=128, augmentation=None, seed=0):
    targets = preprocessing.one_hot(dataset.train.labels)
    return BlockStream(dataset.train.images, targets, batch_size=batch_size, seed=seed, augmentation=augmentation)


@pytest.mark.parametrize("batch_size", [1, 7, 128, 600, 10_000])
def test_every_image_is_in_every_epoch_once(tiny_mnist, batch_size):
    stream = stream_of(tiny_mnist, batch_size)
    blocks = list(stream.blocks(epochs=2))
    assert len(blocks) == 2 * stream.blocks_per_epoch
    for epoch in range(2):
        part = blocks[epoch * stream.blocks_per_epoch : (epoch + 1) * stream.blocks_per_epoch]
        seen = np.concatenate([images for images, _, _ in part])
        assert len(seen) == 600
        assert sorted(image.tobytes() for image in seen) == sorted(image.tobytes() for image in tiny_mnist.train.images)
        labels = np.concatenate([preprocessing.from_one_hot(targets) for _, _, targets in part])
        by_image = dict(zip([i.tobytes() for i in tiny_mnist.train.images], tiny_mnist.train.labels, strict=True))
        assert [by_image[image.tobytes()] for image in seen] == labels.tolist()


def test_epochs_are_shuffled_differently_and_repeatably(tiny_mnist):
    stream, other = stream_of(tiny_mnist), stream_of(tiny_mnist, seed=1)
    assert not np.array_equal(stream.order(0), stream.order(1))
    assert not np.array_equal(stream.order(0), other.order(0))
    assert np.array_equal(stream.order(1), stream_of(tiny_mnist).order(1))
    assert not np.array_equal(stream.order(0), np.arange(600))


@pytest.mark.parametrize("first_block", [0, 1, 4, 5, 7])
def test_a_stream_continues_at_any_block(tiny_mnist, first_block, monkeypatch):
    monkeypatch.setattr("mnistlab.acceleration.pipeline.BLOCK_IMAGES", 128)
    stream = stream_of(tiny_mnist, 64, RandomAffine(AffineRanges(), seed=2))
    whole = list(stream.blocks(epochs=2))
    rest = list(stream.blocks(epochs=2, first_block=first_block))
    assert len(whole) - first_block == len(rest)
    for expected, got in zip(whole[first_block:], rest, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(expected, got, strict=True))


def test_streamed_images_are_augmented_and_the_data_is_not_touched(tiny_mnist):
    before = tiny_mnist.train.images.tobytes()
    stream = stream_of(tiny_mnist, 100, RandomAffine(AffineRanges(), seed=2))
    batches = [images for images, _ in stream.batches(epochs=2)]
    first, second = np.concatenate(batches[:6]), np.concatenate(batches[6:])
    assert first.shape == (600, 28, 28)
    assert first.dtype == np.float32
    assert first.min() >= 0
    assert first.max() <= 255
    originals = {image.tobytes() for image in tiny_mnist.train.images}
    changed = sum(np.rint(image).astype(np.uint8).tobytes() not in originals for image in first)
    assert changed > 590
    assert not np.array_equal(np.sort(first.sum((1, 2))), np.sort(second.sum((1, 2))))  # fresh variants each epoch
    assert tiny_mnist.train.images.tobytes() == before


def test_blocks_train_on_the_same_augmented_images_as_batches(tiny_mnist):
    stream = stream_of(tiny_mnist, 64, RandomAffine(AffineRanges(), seed=2))
    standard, blocks = small_model(keras.Sequential, None), small_model(BlockSequential, None)
    standard.fit(stream.batches(epochs=1), steps_per_epoch=stream.steps_per_epoch, shuffle=False, verbose=0)
    blocks.fit_blocks(stream, epochs=1, verbose=0)
    for expected, got in zip(standard.get_weights(), blocks.get_weights(), strict=True):
        assert np.abs(expected - got).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("num_items", [0, 1, 5])
def test_prefetching_changes_nothing(num_items):
    assert list(prefetched(iter(range(1, num_items + 1)))) == list(range(1, num_items + 1))


def test_a_failure_while_prefetching_reaches_the_caller():
    def items():
        yield 1
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        list(prefetched(items()))


def test_precision_names():
    assert policy_name("float32") == "float32"
    assert policy_name("bfloat16") == "mixed_bfloat16"
    assert resolve_precision("auto") == ("bfloat16" if has_native_bfloat16() else "float32")


def test_parts_stand_for_keras_classes():
    for standard, accelerated in zip(standard_parts(), accelerated_parts(), strict=True):
        assert issubclass(accelerated, standard)
