import dataclasses

import numpy as np
import pytest

from mnistlab import models
from mnistlab.datasets import preprocessing
from mnistlab.inference import Classifier
from mnistlab.models.backend import keras
from mnistlab.models.backend import tensorflow as tf
from mnistlab.models.export import export_onnx
from mnistlab.models.parts import standard_parts
from mnistlab.recipes import RECIPES
from mnistlab.training.compiling import build_for_training
from processes import run_python


@pytest.mark.parametrize(("name", "parameters"), [("mlp", 669_706), ("cnn", 597_738)])
def test_parameters_are_the_notebooks(name, parameters):
    assert models.MODELS[name]().count_params() == parameters


def test_layers_of_the_mlp_are_the_notebooks():
    kinds = [type(layer).__name__ for layer in models.mlp().layers]
    assert kinds == ["Rescaling", "Flatten", *["Dense", "Activation", "Dropout"] * 2, "Dense", "Activation"]


def test_dropout_is_the_notebooks():
    rates = [layer.rate for name in ("mlp", "cnn") for layer in models.MODELS[name]().layers if "dropout" in layer.name]
    assert rates == [0.2, 0.2, 0.2]


def test_layers_of_the_cnn_are_the_notebooks():
    convolution = ["Conv2D", "BatchNormalization", "Activation"]
    kinds = [type(layer).__name__ for layer in models.cnn().layers]
    assert kinds == [
        *["Rescaling", "Reshape"],
        *convolution * 2,
        "MaxPooling2D",
        *convolution * 2,
        "MaxPooling2D",
        *["Flatten", "Dense", "BatchNormalization", "Activation", "Dropout", "Dense", "Activation"],
    ]


def notebook_mlp():
    """The notebook's network by itself, for images that were flattened and scaled before."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((784,)),
            *[layers.Dense(512), layers.Activation("relu"), layers.Dropout(0.2)],
            *[layers.Dense(512), layers.Activation("relu"), layers.Dropout(0.2)],
            *[layers.Dense(10), layers.Activation("softmax")],
        ]
    )


def notebook_cnn():
    layers = keras.layers
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in ((32, 32), (64, 64)):
        for count in filters:
            model.add(layers.Conv2D(count, (3, 3)))
            model.add(layers.BatchNormalization(axis=-1))
            model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D(pool_size=(2, 2)))
    model.add(layers.Flatten())
    for layer in (layers.Dense(512), layers.BatchNormalization(), layers.Activation("relu"), layers.Dropout(0.2)):
        model.add(layer)
    model.add(layers.Dense(10))
    model.add(layers.Activation("softmax"))
    return model


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_scaling_inside_the_model_equals_the_notebooks_preprocessing(name, mnist):
    images = mnist.test.images[:100]
    scaled = preprocessing.scale_pixels(images)
    ours = models.MODELS[name](models.Build(seed=4))
    theirs = {"mlp": notebook_mlp, "cnn": notebook_cnn}[name]()
    theirs.set_weights(ours.get_weights())
    prepared = preprocessing.flatten_images(scaled) if name == "mlp" else scaled[..., None]
    assert np.abs(ours.predict(images, verbose=0) - theirs.predict(prepared, verbose=0)).max() < 1e-6


def test_seeds_decide_the_initial_weights_and_leave_global_state_alone():
    keras.utils.set_random_seed(5)
    expected = np.random.random()
    keras.utils.set_random_seed(5)
    first, again, other = (models.cnn(models.Build(seed=seed)).get_weights() for seed in (1, 1, 2))
    assert np.random.random() == expected
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    kernels = [weight for weight in first if weight.ndim > 1]
    assert all(
        abs(kernel.std() / np.sqrt(2 / sum(_fans(kernel))) - 1) < 0.1 for kernel in kernels
    )  # Glorot's deviation


def _fans(kernel):
    receptive_field = int(np.prod(kernel.shape[:-2]))
    return kernel.shape[-2] * receptive_field, kernel.shape[-1] * receptive_field


def test_compiled_as_the_notebook_says():
    model = build_for_training(RECIPES["mlp"], num_steps=10)
    assert isinstance(model.loss, keras.losses.CategoricalCrossentropy)
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)


def test_standard_form_loads_in_plain_keras(tmp_path, mnist):
    model = build_for_training(RECIPES["cnn"], num_steps=10)
    standard = models.to_standard(model, RECIPES["cnn"])
    standard.save(tmp_path / "model.keras")
    config = (tmp_path / "model.keras").read_bytes()
    assert b"mnistlab" not in config
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    images = mnist.test.images[:10]
    assert np.array_equal(loaded.predict(images, verbose=0), standard.predict(images, verbose=0))


def test_summary_tells_layers_and_parameters():
    text = models.summary_text(models.mlp())
    assert "669,706" in text
    assert "hidden2" in text


@pytest.mark.parametrize("name", ["small_cnn", "widening_cnn"])
def test_folding_keeps_every_pixel_in_its_square(name, mnist):
    model = models.MODELS[name]()
    fold = keras.Model(model.inputs, model.get_layer("fold").output)
    image = mnist.test.images[:1]
    folded = np.asarray(fold(image.astype("float32")))[0] * 255
    for row, column in ((5, 6), (7, 9), (13, 0)):
        square = image[0, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        assert folded[row, column] == pytest.approx(square.ravel(), abs=1e-3)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_builds_and_converts(name, mnist):
    model = build_for_training(RECIPES[name], num_steps=10)
    standard = models.to_standard(model, RECIPES[name])
    images = mnist.test.images[:4]
    assert np.abs(standard.predict(images, verbose=0) - model.predict(images, verbose=0)).max() < 0.05  # bfloat16
    assert len(standard.optimizer.variables) == len(standard.trainable_variables) * 2 + 2


def test_an_average_looks_at_shifted_images_with_every_member(mnist, tmp_path):
    recipe = dataclasses.replace(RECIPES["fast"], members=2, test_shifts=True)
    members = [
        models.to_standard(build_for_training(member, num_steps=10), member) for member in recipe.member_recipes()
    ]
    average = models.finished_model(members, recipe)
    images = mnist.test.images[:20]
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    starts = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))  # where a 28×28 window begins: the middle, then each neighbour
    views = [framed[:, row : row + 28, column : column + 28] for row, column in starts]
    expected = np.mean([member.predict(view, verbose=0) for member in members for view in views], axis=0)
    assert average.predict(images, verbose=0) == pytest.approx(expected, abs=1e-6)
    assert average.count_params() == sum(member.count_params() for member in members)

    average.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.array_equal(loaded.predict(images, verbose=0), average.predict(images, verbose=0))
    export_onnx(average, tmp_path / "model.onnx")
    assert Classifier(tmp_path / "model.onnx")(images) == pytest.approx(expected, abs=1e-5)
    assert (tmp_path / "model.onnx").stat().st_size < 8 * average.count_params()  # each weight stored once, in 4 bytes


def test_one_network_alone_is_left_as_it_is():
    network = models.small_cnn()
    assert models.finished_model([network], RECIPES["fast"]) is network


def test_a_saved_average_loads_where_there_is_no_mnistlab(mnist, tmp_path):
    recipe = dataclasses.replace(RECIPES["fast"], test_shifts=True)
    model = models.finished_model([models.small_cnn()], recipe)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "images.npy", mnist.test.images[:5])
    program = (
        "import sys; sys.modules['mnistlab'] = None\n"
        "import keras, numpy as np\n"
        "model = keras.saving.load_model(sys.argv[1] + '/model.keras')\n"
        "np.save(sys.argv[1] + '/out.npy', model.predict(np.load(sys.argv[1] + '/images.npy'), verbose=0))\n"
    )
    assert run_python(program, tmp_path).returncode == 0
    expected = model.predict(mnist.test.images[:5], verbose=0)
    assert np.load(tmp_path / "out.npy") == pytest.approx(expected, abs=1e-6)


def test_pooling_before_relu_is_the_same_network_and_has_the_same_gradients():
    """Accelerated networks pool first; the same layers in Keras' order must compute the same, image by image."""
    other_parts = standard_parts()._replace(optimizer=None)  # same layers, not the standard parts
    standard, pooled_first = (
        models.cnn(models.Build(seed=3, parts=parts)) for parts in (standard_parts(), other_parts)
    )
    kinds = [[type(layer).__name__ for layer in network.layers] for network in (standard, pooled_first)]
    assert kinds[0] != kinds[1]
    assert sorted(kinds[0]) == sorted(kinds[1])
    images = np.random.default_rng(0).integers(0, 256, (16, 28, 28)).astype("float32")
    results = []
    for network in (standard, pooled_first):
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(network(images, training=True)[:, :5] ** 2)
        results.append([value, *tape.gradient(value, [variable.value for variable in network.trainable_variables])])
    # The largest of all: the gradients of biases before a normalization are zero but for rounding.
    scale = max(np.abs(np.asarray(value)).max() for value in results[0])
    for expected, got in zip(*results, strict=True):
        assert np.abs(np.asarray(expected) - np.asarray(got)).max() < 1e-5 * scale
