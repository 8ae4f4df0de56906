"""The notebook's two networks in Keras, its gaps filled, and the networks of our own recipes.

All take images as they are stored, `(num_images, 28, 28)` with pixels 0 to 255: dividing by 255 is their first layer,
so no caller can forget it or do it twice. All return probabilities, `(num_images, 10)`.
"""

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.exceptions import require_type
from mnistlab.models.backend import keras
from mnistlab.models.parts import Parts, standard_parts
from mnistlab.models.precision import policy_name
from mnistlab.recipes import Precision

DROPOUT_RATE = 0.2  # fraction of the activations set to zero in each training step


@dataclasses.dataclass(frozen=True)
class Build:
    """How a network is built.

    Args:
        precision: Precision of the layers' arithmetic; the softmax is always float32.
        seed: Seed of the initial weights (Glorot uniform) and of dropout.
        parts: Classes to build from; Keras' own by default.
        norm_momentum: Decay of batch normalization's moving statistics, 0 to 1, where the network has any.
        sequential: Class of the network; `keras.Sequential` by default, or one derived from it.
    """

    precision: Precision = "float32"
    seed: int = 0
    parts: Parts = dataclasses.field(default_factory=standard_parts)
    norm_momentum: float = 0.99
    sequential: Any = keras.Sequential


def mlp(build: Build | None = None) -> Any:
    """The fully connected network: 784-512-512-10, ReLU, dropout, softmax; 669,706 parameters.

    Args:
        build: How to build it; float32, seed 0 and Keras' own classes by default.

    Returns:
        An uncompiled Keras model.

    Example:
        >>> mlp().count_params()
        669706
    """
    new = _Layers(build)
    hidden = [
        layer
        for name in ("hidden1", "hidden2")
        for layer in (new.dense(512, name), new.relu(name), new.dropout(DROPOUT_RATE, f"{name}_dropout"))
    ]
    return new.network("mlp", [new.flatten(), *hidden])  # flatten: (n, 28, 28) -> (n, 784)


def softmax(build: Build | None = None) -> Any:
    """Softmax regression: each digit's logit is a weighted sum of the pixels; 7,850 parameters, no hidden layer.

    Argument and result are as for `mlp`.

    Example:
        >>> softmax().count_params()
        7850
    """
    new = _Layers(build)
    return new.network("softmax", [new.flatten()])  # (n, 28, 28) -> (n, 784)


def cnn(build: Build | None = None) -> Any:
    """The convolutional network: conv 32-32-pool-64-64-pool, dense 512, softmax; 597,738 parameters.

    Every convolution is 3×3 without padding and is followed by batch normalization and ReLU, as is the dense layer,
    which also has dropout. Argument and result are as for `mlp`.

    Example:
        >>> cnn().count_params()
        597738
    """
    new = _Layers(build)

    def convolution(filters: int, name: str) -> list[Any]:
        return [new.convolution(filters, name), new.normalization(f"{name}_norm", axis=-1), new.relu(name)]

    def pooled(filters: int, name: str, pool: str) -> list[Any]:
        *linear, relu = convolution(filters, name)
        # The largest of four ReLUs is the ReLU of the largest, and so are the gradients; but that is one ReLU for four.
        return [*linear, new.pooling(pool), relu] if new.is_accelerated else [*linear, relu, new.pooling(pool)]

    return new.network(
        "cnn",
        [
            new.layer("Reshape", (*IMAGE_SHAPE, 1), name="channel"),  # (n, 28, 28) -> (n, 28, 28, 1)
            *convolution(32, "conv1"),  # -> (n, 26, 26, 32)
            *pooled(32, "conv2", "pool1"),  # -> (n, 24, 24, 32) -> (n, 12, 12, 32)
            *convolution(64, "conv3"),  # -> (n, 10, 10, 64)
            *pooled(64, "conv4", "pool2"),  # -> (n, 8, 8, 64) -> (n, 4, 4, 64)
            new.flatten(),  # -> (n, 1024)
            new.dense(512, "hidden"),  # -> (n, 512)
            new.normalization("hidden_norm"),
            new.relu("hidden"),
            new.dropout(DROPOUT_RATE, "hidden_dropout"),
        ],
    )


def small_cnn(build: Build | None = None) -> Any:
    """A convolutional network for the first seconds: 30,218 parameters and a twentieth of the `cnn`'s arithmetic.

    The image is folded to 14×14×4, so that no convolution works on a single channel, which processors are slow at; and
    pooling comes before normalization and ReLU, which then have a quarter of the work. Argument and result are as for
    `mlp`.

    Example:
        >>> small_cnn().count_params()
        30218
    """
    return _folded_cnn("small_cnn", [(32, "valid", True), (64, "valid", False)], build)


def deep_cnn(build: Build | None = None) -> Any:
    """A convolutional network with wide layers throughout: three convolutions, 134,410 parameters, on the folded image.

    Argument and result are as for `mlp`.

    Example:
        >>> deep_cnn().count_params()
        134410
    """
    return _folded_cnn("deep_cnn", [(64, "same", False), (64, "valid", True), (128, "valid", False)], build)


def deeper_cnn(build: Build | None = None) -> Any:
    """A convolutional network for the best quarter of an hour: four convolutions, dropout, 282,378 parameters.

    Argument and result are as for `mlp`.

    Example:
        >>> deeper_cnn().count_params()
        282378
    """
    convolutions = [(64, "same", False), (64, "valid", True), (128, "same", False), (128, "valid", False)]
    return _folded_cnn("deeper_cnn", convolutions, build, dropout_rate=0.3)


def widening_cnn(build: Build | None = None) -> Any:
    """A convolutional network for the best minute: four convolutions, 174,346 parameters, on the folded image.

    It widens as the image shrinks: half as many filters as in `deep_cnn` work at full size, where a filter costs most,
    and what that saves pays for a second convolution after pooling. Argument and result are as for `mlp`.

    Example:
        >>> widening_cnn().count_params()
        174346
    """
    convolutions = [(32, "same", False), (64, "valid", True), (96, "same", False), (96, "valid", False)]
    return _folded_cnn("widening_cnn", convolutions, build)


def _folded_cnn(
    name: str,
    convolutions: list[tuple[int, str, bool]],  # filters, padding, whether to pool
    build: Build | None,
    dropout_rate: float = 0.0,
) -> Any:
    new = _Layers(build)
    stack = [
        # Every 2×2 square of pixels becomes one place with four channels.
        new.layer("Reshape", (14, 2, 14, 2), name="fold_rows_and_columns"),  # (n, 28, 28) -> (n, 14, 2, 14, 2)
        new.layer("Permute", (1, 3, 2, 4), name="fold_order"),  # -> (n, 14, 14, 2, 2)
        new.layer("Reshape", (14, 14, 4), name="fold"),  # -> (n, 14, 14, 4)
    ]
    for number, (filters, padding, pools) in enumerate(convolutions, start=1):
        # No bias: the normalization has an offset.
        stack.append(new.convolution(filters, f"conv{number}", padding=padding, use_bias=False))
        if pools:
            stack.append(new.pooling(f"pool{number}"))
        stack += [new.normalization(f"conv{number}_norm"), new.relu(f"conv{number}")]
    stack.append(new.flatten())
    if dropout_rate:
        stack.append(new.dropout(dropout_rate, "dropout"))
    return new.network(name, stack)


MODELS: dict[str, Callable[..., Any]] = {
    each.__name__: each for each in (mlp, cnn, softmax, small_cnn, deep_cnn, deeper_cnn, widening_cnn)
}
"""The networks by name, as recipes name them; the first two are the notebook's."""


class _Layers:
    """Makes the layers of one network; each random one gets a seed of its own, without Keras' global state."""

    def __init__(self, build: Build | None) -> None:
        require_type(build, (Build, type(None)), "The build", "Leave it out, or give models.Build(seed=1).")
        self._build = build or Build()
        self._seeds = itertools.count(self._build.seed * 1000 % 2**31)
        self._options = {"dtype": policy_name(self._build.precision)}
        self.is_accelerated = self._build.parts != standard_parts()

    def layer(self, kind: str, *arguments: Any, **options: Any) -> Any:
        return getattr(keras.layers, kind)(*arguments, **options, **self._options)

    def flatten(self) -> Any:
        return self.layer("Flatten", name="flatten")

    def dense(self, units: int, name: str) -> Any:
        return self.layer("Dense", units, kernel_initializer=self._glorot(), name=name)

    def convolution(self, filters: int, name: str, **options: Any) -> Any:
        return self.layer("Conv2D", filters, (3, 3), kernel_initializer=self._glorot(), name=name, **options)

    def pooling(self, name: str) -> Any:
        return self.layer("MaxPooling2D", (2, 2), name=name)

    def relu(self, name: str) -> Any:
        return self.layer("Activation", "relu", name=f"{name}_relu")

    def normalization(self, name: str, **options: Any) -> Any:
        momentum = self._build.norm_momentum
        return self._build.parts.batch_normalization(momentum=momentum, name=name, **options, **self._options)

    def dropout(self, rate: float, name: str) -> Any:
        return self._build.parts.dropout(rate, seed=next(self._seeds), name=name, **self._options)

    def network(self, name: str, stack: list[Any]) -> Any:
        """The network of these layers, between the scaling that all begin with and the softmax that all end with."""
        first = [keras.Input(IMAGE_SHAPE, name="images"), self.layer("Rescaling", 1 / 255, name="scale")]
        last = [
            self.dense(NUM_CLASSES, "output"),
            keras.layers.Activation("softmax", name="probabilities", dtype="float32"),
        ]
        return self._build.sequential([*first, *stack, *last], name=name)

    def _glorot(self) -> Any:
        return keras.initializers.GlorotUniform(seed=next(self._seeds))
