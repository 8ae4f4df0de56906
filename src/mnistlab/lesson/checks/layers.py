"""What each gap of the two networks is to be filled with."""

import dataclasses

DROPOUT_RATE = 0.2
Finding = tuple[str, str, str]
"""A mistake: its name, what was found, why it matters."""


@dataclasses.dataclass(frozen=True)
class Layer:
    """What a gap is to be filled with.

    Args:
        kind: `dense` or `conv`.
        size: units or filters.
        activation: its name in Keras.
        has_norm: whether batch normalization belongs to it.
        has_dropout: whether dropout does.
        has_pool: whether the network pools after it.
        gives_pool: whether that pooling layer is given, below the gap.
    """

    kind: str
    size: int
    activation: str = "relu"
    has_norm: bool = False
    has_dropout: bool = False
    has_pool: bool = False
    gives_pool: bool = False


LAYERS = {
    "mlp.hidden2": Layer("dense", 512, has_dropout=True),
    "mlp.output": Layer("dense", 10, "softmax"),
    "cnn.conv2": Layer("conv", 32, has_norm=True, has_pool=True, gives_pool=True),
    "cnn.conv3": Layer("conv", 64, has_norm=True),
    "cnn.conv4": Layer("conv", 64, has_norm=True, has_pool=True),
    "cnn.dense5": Layer("dense", 512, has_norm=True, has_dropout=True),
    "cnn.output": Layer("dense", 10, "softmax"),
}


def praise(step: str) -> str:
    """What is said of a layer that is right."""
    layer = LAYERS[step]
    what = f"{layer.size} units" if layer.kind == "dense" else f"{layer.size} filters of 3×3"
    parts = [what, "batch normalization" * layer.has_norm, "softmax" if layer.activation == "softmax" else "ReLU"]
    parts += [f"dropout {DROPOUT_RATE}" * layer.has_dropout, "pooling" * (layer.has_pool and not layer.gives_pool)]
    return f"Right: {', '.join(part for part in parts if part)}."
