"""Every accelerated part against the standard part that it replaces."""

import numpy as np
import pytest
import tensorflow as tf

from mnistlab.models.backend import keras
from mnistlab.models.fused import FastDropout, FusedAdam, FusedBatchNormalization
from mnistlab.models.parts import accelerated_parts, standard_parts
from mnistlab.models.precision import has_native_bfloat16, policy_name, resolve_precision

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


def test_batch_normalization_leaves_other_dtypes_to_keras():
    standard, fused = paired_layers((8, 4), "float64")
    inputs = random.normal(size=(8, 4))
    assert np.array_equal(np.asarray(standard(inputs, training=True)), np.asarray(fused(inputs, training=True)))


def test_frozen_batch_normalization_keeps_its_statistics():
    layer = FusedBatchNormalization()
    layer.build((None, 4))
    layer.trainable = False
    before = layer.get_weights()
    layer(random.normal(3, 2, (8, 4)).astype("float32"), training=True)
    assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True))


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("rate", [0.2, 0.5, 0.999])
def test_dropout_drops_at_its_rate_and_keeps_the_mean(rate, dtype):
    layer = FastDropout(rate, seed=3, dtype=dtype)
    ones = tf.ones((999, 1001), layer.compute_dtype)
    outputs = np.asarray(tf.cast(layer(ones, training=True), "float64"))
    sigma = np.sqrt(rate * (1 - rate) / outputs.size)
    assert abs((outputs == 0).mean() - rate) < 4 * sigma + 1e-5
    survivors = np.unique(outputs[outputs != 0])
    assert survivors == pytest.approx([1 / (1 - rate)], rel=0.016)  # one value only; a threshold of 16 bits
    assert layer(ones, training=True).dtype == ones.dtype
    assert np.array_equal(np.asarray(layer(ones, training=False)), np.asarray(ones))


def test_dropout_is_independent_over_places_and_steps_and_repeats_with_its_seed():
    ones = tf.ones((500, 1000))
    first, again, other = (FastDropout(0.5, seed=seed) for seed in (7, 7, 8))
    steps = [np.asarray(first(ones, training=True)) > 0 for _ in range(2)]
    assert np.array_equal(steps[0], np.asarray(again(ones, training=True)) > 0)
    assert np.array_equal(steps[1], np.asarray(again(ones, training=True)) > 0)
    pairs = [
        (steps[0], steps[1]),
        (steps[0], np.asarray(other(ones, training=True)) > 0),
        (steps[0][:, :-1], steps[0][:, 1:]),
        (steps[0][:-1], steps[0][1:]),
    ]
    for left, right in pairs:
        assert abs(np.corrcoef(left.ravel(), right.ravel())[0, 1]) < 4 / np.sqrt(left.size)


def test_dropout_passes_gradients_where_it_kept_the_activation():
    layer, inputs = FastDropout(0.3, seed=0), tf.constant(random.normal(size=(20, 30)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=True)
    expected = np.where(np.asarray(outputs) != 0, 1 / 0.7, 0)
    assert np.asarray(tape.gradient(outputs, inputs)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("options", [{"rate": 0.0}, {"rate": 1.0}, {"rate": 0.5, "noise_shape": (None, 1)}])
def test_dropout_leaves_special_cases_to_keras(options):
    inputs = np.ones((6, 5), "float32")
    results = [
        np.asarray(kind(seed=1, **options)(inputs, training=True)) for kind in (keras.layers.Dropout, FastDropout)
    ]
    assert np.array_equal(*results)


def test_dropout_goes_on_from_a_saved_state():
    layer, other = FastDropout(0.5, seed=1), FastDropout(0.5, seed=99)
    ones = tf.ones((10, 10))
    for _ in range(3):
        layer(ones, training=True)
    other.seed_generator.state.assign(layer.seed_generator.state.value)
    assert np.array_equal(np.asarray(layer(ones, training=True)), np.asarray(other(ones, training=True)))


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
    "options",
    [
        {},
        {"amsgrad": True},
        {"clipnorm": 0.5},
        {"weight_decay": 0.01},
        {"use_ema": True},
        {"gradient_accumulation_steps": 4},
    ],
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


def test_precision_names():
    assert policy_name("float32") == "float32"
    assert policy_name("bfloat16") == "mixed_bfloat16"
    assert resolve_precision("auto") == ("bfloat16" if has_native_bfloat16() else "float32")


def test_parts_stand_for_keras_classes():
    for standard, accelerated in zip(standard_parts(), accelerated_parts(), strict=True):
        assert issubclass(accelerated, standard)


def test_dropout_of_many_batches_is_drawn_at_once():
    layer, alone = (FastDropout(0.2, seed=4) for _ in range(2))
    ones = tf.ones((300, 64))
    factors = layer.draw((300, 64))
    assert np.array_equal(np.asarray(factors), np.asarray(alone(ones, training=True)))  # the same draws
    layer.drawn = factors[100:200]
    assert np.array_equal(np.asarray(layer(ones[:100], training=True)), np.asarray(factors[100:200]))
    assert np.array_equal(np.asarray(layer(ones[:100], training=False)), np.asarray(ones[:100]))
    layer.drawn = None
    assert not np.array_equal(np.asarray(layer(ones, training=True)), np.asarray(factors))  # it goes on
