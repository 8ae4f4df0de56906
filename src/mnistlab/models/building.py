"""Builds the network of a recipe for training, and the network that is kept from those that were trained."""

import math
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.exceptions import require_type
from mnistlab.models.backend import keras
from mnistlab.models.networks import MODELS, Build
from mnistlab.models.parts import Parts, standard_parts
from mnistlab.recipes import Precision, Recipe

SHIFTS = {"down": ((0, 2), (1, 1)), "up": ((2, 0), (1, 1)), "right": ((1, 1), (0, 2)), "left": ((1, 1), (2, 0))}
"""What to cut off an image with a frame of one pixel, (top, bottom) and (left, right), to move the digit by one."""


def build(recipe: Recipe, parts: Parts, *, precision: Precision, sequential: Any = keras.Sequential) -> Any:
    """The recipe's network, uncompiled, as an instance of `keras.Sequential` or of a class derived from it."""
    return MODELS[recipe.model](Build(precision, recipe.seed, parts, recipe.norm_momentum, sequential))


def compile_network(model: Any, recipe: Recipe, parts: Parts, learning_rate: Any) -> None:
    """Gives a network its loss, optimizer and metric, as its recipe says; the learning rate may be a schedule."""
    model.compile(
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        # With a name: Keras would number it, and the bytes of the saved model would depend on earlier optimizers.
        optimizer=parts.optimizer(learning_rate, recipe.beta_1, recipe.beta_2, name="adam"),
        metrics=["accuracy"],
        jit_compile="auto",  # on JAX; TensorFlow's block loop runs without XLA, which is slower on a CPU
    )


def to_standard(model: Any, recipe: Recipe) -> Any:
    """The same network from Keras' own float32 layers, with the same weights and optimizer state.

    This is the form that is saved and exported: it loads in any Keras, without mnistlab. Its learning rate is the
    recipe's, constant.
    """
    return standard_network(recipe, model.get_weights(), optimizer_state(model))


def optimizer_state(model: Any) -> list[NDArray[Any]]:
    """Step count and moments of a model's optimizer, without the learning rate; nothing before its first step."""
    if not model.optimizer.built:
        return []
    # As arrays of this process: the variables may lie on devices of several.
    return [keras.ops.convert_to_numpy(variable.value) for variable in optimizer_variables(model.optimizer)]


def standard_network(recipe: Recipe, weights: Sequence[Any], state: Sequence[Any] = ()) -> Any:
    """The recipe's network from Keras' own float32 layers, compiled, with given weights and optimizer state."""
    network = build(recipe, standard_parts(), precision="float32")
    network.set_weights(weights)
    compile_network(network, recipe, standard_parts(), recipe.learning_rate)
    network.optimizer.build(network.trainable_variables)
    for variable, value in zip(optimizer_variables(network.optimizer) if state else [], state, strict=True):
        variable.assign(value)
    return network


def finished_model(members: Sequence[Any], recipe: Recipe) -> Any:
    """The result of a training run: its one network, or the average that the recipe asks for, as one network.

    Args:
        members: Trained networks in standard form, from `to_standard`.
        recipe: Recipe of the training run, which decides whether images are also shifted by a pixel.

    Returns:
        A compiled Keras model from `(num_images, 28, 28)` images to `(num_images, 10)` probabilities: the mean over
        all members and shifts, which again sums to 1. All layers are Keras' own.
    """
    if len(members) == 1 and not recipe.test_shifts:
        return members[0]
    layers = keras.layers
    images = keras.Input(IMAGE_SHAPE, name="images")
    views = [images]
    if recipe.test_shifts:
        framed = layers.ZeroPadding2D(1, name="frame")(layers.Reshape((*IMAGE_SHAPE, 1), name="channel")(images))
        for direction, (rows, columns) in SHIFTS.items():
            cut = layers.Cropping2D((rows, columns), name=f"shift_{direction}")(framed)
            views.append(layers.Reshape(IMAGE_SHAPE, name=f"shifted_{direction}")(cut))
    networks = [
        keras.Model(member.inputs[0], member.outputs[0], name=f"member{number}")
        for number, member in enumerate(members, 1)
    ]
    outputs = [network(view) for network in networks for view in views]
    model = keras.Model(images, layers.Average(name="probabilities")(outputs), name=recipe.name)
    # An average is not trained further, so it is kept with the smallest optimizer with which Keras loads and scores it.
    optimizer = keras.optimizers.SGD(name="sgd")
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    return model


def member_weights(model: Any, recipe: Recipe) -> list[list[NDArray[Any]]]:
    """The weights of each network in the result of `finished_model`."""
    if recipe.members == 1 and not recipe.test_shifts:
        return [model.get_weights()]
    return [model.get_layer(f"member{number}").get_weights() for number in range(1, recipe.members + 1)]


def optimizer_variables(optimizer: Any) -> list[Any]:
    """Step count and moments, without the learning rate, which is a variable only if it is constant."""
    return [variable for variable in optimizer.variables if not variable.path.endswith("learning_rate")]


def count_multiply_adds(model: Any) -> int:
    """The number of multiplications, each with an addition, in dense and convolutional layers for one image.

    Example:
        >>> from mnistlab.models import mlp
        >>> count_multiply_adds(mlp()) == 784 * 512 + 512 * 512 + 512 * 10
        True
    """
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):  # a member of an average, run once for each view of the image
            total += count_multiply_adds(layer) * len(layer._inbound_nodes)
        elif isinstance(layer, keras.layers.Dense | keras.layers.Conv2D):
            places = math.prod(layer.output.shape[1:-1]) if isinstance(layer, keras.layers.Conv2D) else 1
            total += places * math.prod(layer.kernel.shape)
    return total


def summary_text(model: Any) -> str:
    """Keras' own summary of a model as text."""
    require_type(model, keras.Model, "The model", "Give a Keras model such as models.mlp().")
    lines: list[str] = []
    model.summary(print_fn=lambda line, line_break=True: lines.append(line), line_length=78)  # noqa: ARG005
    return "\n".join(lines).rstrip()
