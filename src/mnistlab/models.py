"""The notebook's two networks in Keras, its gaps filled.

Both take images as they lie on disk, `(num_images, 28, 28)` with pixels 0 to 255: dividing by 255 is their first layer,
so nothing outside can forget it or do it twice. Both give `(num_images, 10)` probabilities.
"""

from collections.abc import Callable, Iterator
from typing import Any

from mnistlab.acceleration import Parts, accelerated_parts, policy_name, standard_parts
from mnistlab.backend import keras
from mnistlab.recipes import Precision, Recipe

NUM_CLASSES = 10
DROPOUT_RATE = 0.2  # fraction of the activations set to zero in each training step


def mlp(*, precision: Precision = "float32", seed: int = 0, parts: Parts | None = None) -> Any:
    """The fully connected network: 784-512-512-10, ReLU, dropout, softmax; 669,706 parameters.

    Args:
        precision: of the layers' arithmetic; the softmax is always float32.
        seed: of the initial weights (Glorot uniform) and of dropout.
        parts: what to build from; Keras' own classes by default.

    Returns:
        An uncompiled Keras model.

    Example:
        >>> mlp().count_params()
        669706
    """
    layers, seeds, options = keras.layers, _layer_seeds(seed), {"dtype": policy_name(precision)}

    def dense(units: int, name: str) -> Any:
        return layers.Dense(units, kernel_initializer=_glorot(next(seeds)), name=name, **options)

    return (parts or standard_parts()).model(
        [
            keras.Input((28, 28), name="images"),
            layers.Rescaling(1 / 255, name="scale", **options),
            layers.Flatten(name="flatten", **options),
            dense(512, "hidden1"),
            layers.Activation("relu", name="hidden1_relu", **options),
            layers.Dropout(DROPOUT_RATE, seed=next(seeds), name="hidden1_dropout", **options),
            dense(512, "hidden2"),
            layers.Activation("relu", name="hidden2_relu", **options),
            layers.Dropout(DROPOUT_RATE, seed=next(seeds), name="hidden2_dropout", **options),
            dense(NUM_CLASSES, "output"),
            layers.Activation("softmax", name="probabilities", dtype="float32"),
        ],
        name="mlp",
    )


def cnn(*, precision: Precision = "float32", seed: int = 0, parts: Parts | None = None) -> Any:
    """The convolutional network: conv 32-32-pool-64-64-pool, dense 512, softmax; 597,738 parameters.

    Every convolution is 3×3 without padding and is followed by batch normalization and ReLU, as is the dense layer,
    which also has dropout. Arguments and result are those of `mlp`.

    Example:
        >>> cnn().count_params()
        597738
    """
    parts = parts or standard_parts()
    layers, seeds, options = keras.layers, _layer_seeds(seed), {"dtype": policy_name(precision)}

    def convolution(filters: int, name: str) -> list[Any]:
        return [
            layers.Conv2D(filters, (3, 3), kernel_initializer=_glorot(next(seeds)), name=name, **options),
            parts.batch_normalization(axis=-1, name=f"{name}_norm", **options),
            layers.Activation("relu", name=f"{name}_relu", **options),
        ]

    return parts.model(
        [
            keras.Input((28, 28), name="images"),
            layers.Rescaling(1 / 255, name="scale", **options),
            layers.Reshape((28, 28, 1), name="channel", **options),
            *convolution(32, "conv1"),
            *convolution(32, "conv2"),
            layers.MaxPooling2D((2, 2), name="pool1", **options),
            *convolution(64, "conv3"),
            *convolution(64, "conv4"),
            layers.MaxPooling2D((2, 2), name="pool2", **options),
            layers.Flatten(name="flatten", **options),
            layers.Dense(512, kernel_initializer=_glorot(next(seeds)), name="hidden", **options),
            parts.batch_normalization(name="hidden_norm", **options),
            layers.Activation("relu", name="hidden_relu", **options),
            layers.Dropout(DROPOUT_RATE, seed=next(seeds), name="hidden_dropout", **options),
            layers.Dense(NUM_CLASSES, kernel_initializer=_glorot(next(seeds)), name="output", **options),
            layers.Activation("softmax", name="probabilities", dtype="float32"),
        ],
        name="cnn",
    )


MODELS: dict[str, Callable[..., Any]] = {"mlp": mlp, "cnn": cnn}
"""The networks by name, as recipes name them."""


def build_for_training(recipe: Recipe) -> Any:
    """The recipe's network from accelerated parts, compiled: categorical cross-entropy, Adam, accuracy."""
    parts = accelerated_parts()
    model = MODELS[recipe.model](precision=recipe.precision, seed=recipe.seed, parts=parts)
    model.compile(
        loss="categorical_crossentropy",
        optimizer=parts.optimizer(learning_rate=recipe.learning_rate),
        metrics=["accuracy"],
        jit_compile="auto",  # XLA on JAX and on GPUs; on a CPU TensorFlow without it is the faster one
    )
    return model


def to_standard(model: Any, recipe: Recipe) -> Any:
    """The same network from Keras' own float32 layers, compiled alike, with the same weights and optimizer state.

    This is the form that is saved and exported: it loads in any Keras, without mnistlab.
    """
    parts = standard_parts()
    standard = MODELS[recipe.model](precision="float32", seed=recipe.seed, parts=parts)
    standard.set_weights(model.get_weights())
    optimizer = parts.optimizer(learning_rate=recipe.learning_rate)
    standard.compile(loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    optimizer.build(standard.trainable_variables)
    if model.optimizer.built:
        for target, source in zip(optimizer.variables, model.optimizer.variables, strict=True):
            target.assign(source)
    return standard


def summary_text(model: Any) -> str:
    """Keras' own summary of a model as text."""
    lines: list[str] = []
    model.summary(print_fn=lambda line, line_break=True: lines.append(line), line_length=78)  # noqa: ARG005
    return "\n".join(lines).rstrip()


def _layer_seeds(seed: int) -> Iterator[int]:
    """A seed for each random part of a network, all different, without touching Keras' global state."""
    first = seed * 1000
    while True:
        yield first
        first += 1


def _glorot(seed: int) -> Any:
    return keras.initializers.GlorotUniform(seed=seed)
