"""The notebook's two networks in Keras, its gaps filled, and those of our own recipes.

All take images as they lie on disk, `(num_images, 28, 28)` with pixels 0 to 255: dividing by 255 is their first layer,
so nothing outside can forget it or do it twice. All give `(num_images, 10)` probabilities.
"""

from collections.abc import Callable, Iterator
from typing import Any

from mnistlab.acceleration import Parts, policy_name, standard_parts
from mnistlab.backend import keras
from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.recipes import Precision

DROPOUT_RATE = 0.2  # fraction of the activations set to zero in each training step


def mlp(
    *,
    precision: Precision = "float32",
    seed: int = 0,
    parts: Parts | None = None,
    norm_momentum: float = 0.99,  # noqa: ARG001  (every network takes the same arguments; this one has no normalization)
) -> Any:
    """The fully connected network: 784-512-512-10, ReLU, dropout, softmax; 669,706 parameters.

    Args:
        precision: of the layers' arithmetic; the softmax is always float32.
        seed: of the initial weights (Glorot uniform) and of dropout.
        parts: what to build from; Keras' own classes by default.
        norm_momentum: decay of batch normalization's moving statistics, 0 to 1, where the network has any.

    Returns:
        An uncompiled Keras model.

    Example:
        >>> mlp().count_params()
        669706
    """
    parts = parts or standard_parts()
    layers, seeds, options = keras.layers, _layer_seeds(seed), {"dtype": policy_name(precision)}

    def dense(units: int, name: str) -> Any:
        return layers.Dense(units, kernel_initializer=_glorot(next(seeds)), name=name, **options)

    return parts.model(
        [
            keras.Input(IMAGE_SHAPE, name="images"),
            layers.Rescaling(1 / 255, name="scale", **options),
            layers.Flatten(name="flatten", **options),
            dense(512, "hidden1"),
            layers.Activation("relu", name="hidden1_relu", **options),
            parts.dropout(DROPOUT_RATE, seed=next(seeds), name="hidden1_dropout", **options),
            dense(512, "hidden2"),
            layers.Activation("relu", name="hidden2_relu", **options),
            parts.dropout(DROPOUT_RATE, seed=next(seeds), name="hidden2_dropout", **options),
            dense(NUM_CLASSES, "output"),
            layers.Activation("softmax", name="probabilities", dtype="float32"),
        ],
        name="mlp",
    )


def softmax(
    *,
    precision: Precision = "float32",
    seed: int = 0,
    parts: Parts | None = None,
    norm_momentum: float = 0.99,  # noqa: ARG001  (as above)
) -> Any:
    """Softmax regression: each digit's logit is a weighted sum of the pixels; 7,850 parameters, no hidden layer.

    Arguments and result are those of `mlp`.

    Example:
        >>> softmax().count_params()
        7850
    """
    parts = parts or standard_parts()
    layers, seeds, options = keras.layers, _layer_seeds(seed), {"dtype": policy_name(precision)}
    return parts.model(
        [
            keras.Input(IMAGE_SHAPE, name="images"),
            layers.Rescaling(1 / 255, name="scale", **options),
            layers.Flatten(name="flatten", **options),
            layers.Dense(NUM_CLASSES, kernel_initializer=_glorot(next(seeds)), name="output", **options),
            layers.Activation("softmax", name="probabilities", dtype="float32"),
        ],
        name="softmax",
    )


def cnn(
    *, precision: Precision = "float32", seed: int = 0, parts: Parts | None = None, norm_momentum: float = 0.99
) -> Any:
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
            parts.batch_normalization(axis=-1, momentum=norm_momentum, name=f"{name}_norm", **options),
            layers.Activation("relu", name=f"{name}_relu", **options),
        ]

    return parts.model(
        [
            keras.Input(IMAGE_SHAPE, name="images"),
            layers.Rescaling(1 / 255, name="scale", **options),
            layers.Reshape((*IMAGE_SHAPE, 1), name="channel", **options),
            *convolution(32, "conv1"),
            *convolution(32, "conv2"),
            layers.MaxPooling2D((2, 2), name="pool1", **options),
            *convolution(64, "conv3"),
            *convolution(64, "conv4"),
            layers.MaxPooling2D((2, 2), name="pool2", **options),
            layers.Flatten(name="flatten", **options),
            layers.Dense(512, kernel_initializer=_glorot(next(seeds)), name="hidden", **options),
            parts.batch_normalization(momentum=norm_momentum, name="hidden_norm", **options),
            layers.Activation("relu", name="hidden_relu", **options),
            parts.dropout(DROPOUT_RATE, seed=next(seeds), name="hidden_dropout", **options),
            layers.Dense(NUM_CLASSES, kernel_initializer=_glorot(next(seeds)), name="output", **options),
            layers.Activation("softmax", name="probabilities", dtype="float32"),
        ],
        name="cnn",
    )


def small_cnn(
    *, precision: Precision = "float32", seed: int = 0, parts: Parts | None = None, norm_momentum: float = 0.99
) -> Any:
    """A convolutional network for the first seconds: 30,218 parameters and a twentieth of the `cnn`'s arithmetic.

    The image is folded to 14×14×4, so that no convolution works on a single channel, which processors are slow at; and
    pooling comes before normalization and ReLU, which then have a quarter of the work. Arguments and result are those
    of `mlp`.

    Example:
        >>> small_cnn().count_params()
        30218
    """
    return _folded_cnn("small_cnn", [(32, "valid", True), (64, "valid", False)], precision, seed, parts, norm_momentum)


def deep_cnn(
    *, precision: Precision = "float32", seed: int = 0, parts: Parts | None = None, norm_momentum: float = 0.99
) -> Any:
    """A convolutional network for the best minute: three convolutions, 134,410 parameters, on the folded image.

    Arguments and result are those of `mlp`.

    Example:
        >>> deep_cnn().count_params()
        134410
    """
    convolutions = [(64, "same", False), (64, "valid", True), (128, "valid", False)]
    return _folded_cnn("deep_cnn", convolutions, precision, seed, parts, norm_momentum)


def deeper_cnn(
    *, precision: Precision = "float32", seed: int = 0, parts: Parts | None = None, norm_momentum: float = 0.99
) -> Any:
    """A convolutional network for the best quarter of an hour: four convolutions, dropout, 282,378 parameters.

    Arguments and result are those of `mlp`.

    Example:
        >>> deeper_cnn().count_params()
        282378
    """
    convolutions = [(64, "same", False), (64, "valid", True), (128, "same", False), (128, "valid", False)]
    return _folded_cnn("deeper_cnn", convolutions, precision, seed, parts, norm_momentum, dropout_rate=0.3)


def _folded_cnn(
    name: str,
    convolutions: list[tuple[int, str, bool]],  # filters, padding, whether to pool
    precision: Precision,
    seed: int,
    parts: Parts | None,
    norm_momentum: float,
    dropout_rate: float = 0.0,
) -> Any:
    parts = parts or standard_parts()
    layers, seeds, options = keras.layers, _layer_seeds(seed), {"dtype": policy_name(precision)}
    stack = [
        keras.Input(IMAGE_SHAPE, name="images"),
        layers.Rescaling(1 / 255, name="scale", **options),
        # Every 2×2 square of pixels becomes one place with four channels.
        layers.Reshape((14, 2, 14, 2), name="fold_rows_and_columns", **options),
        layers.Permute((1, 3, 2, 4), name="fold_order", **options),
        layers.Reshape((14, 14, 4), name="fold", **options),
    ]
    for number, (filters, padding, pools) in enumerate(convolutions, start=1):
        kernel = {"kernel_initializer": _glorot(next(seeds)), "use_bias": False}  # the normalization has an offset
        stack.append(layers.Conv2D(filters, (3, 3), padding=padding, name=f"conv{number}", **kernel, **options))
        if pools:
            stack.append(layers.MaxPooling2D((2, 2), name=f"pool{number}", **options))
        stack.append(parts.batch_normalization(momentum=norm_momentum, name=f"conv{number}_norm", **options))
        stack.append(layers.Activation("relu", name=f"conv{number}_relu", **options))
    stack.append(layers.Flatten(name="flatten", **options))
    if dropout_rate:
        stack.append(parts.dropout(dropout_rate, seed=next(seeds), name="dropout", **options))
    stack += [
        layers.Dense(NUM_CLASSES, kernel_initializer=_glorot(next(seeds)), name="output", **options),
        layers.Activation("softmax", name="probabilities", dtype="float32"),
    ]
    return parts.model(stack, name=name)


MODELS: dict[str, Callable[..., Any]] = {
    "mlp": mlp,
    "cnn": cnn,
    "softmax": softmax,
    "small_cnn": small_cnn,
    "deep_cnn": deep_cnn,
    "deeper_cnn": deeper_cnn,
}
"""The networks by name, as recipes name them; the first two are the notebook's."""


def _layer_seeds(seed: int) -> Iterator[int]:
    """A seed for each random part of a network, all different, without touching Keras' global state."""
    first = seed * 1000 % 2**31
    while True:
        yield first
        first += 1


def _glorot(seed: int) -> Any:
    return keras.initializers.GlorotUniform(seed=seed)
