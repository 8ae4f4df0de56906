"""What a gap of the two networks is to be filled with."""

import dataclasses

DROPOUT_RATE = 0.2


@dataclasses.dataclass(frozen=True)
class ExpectedLayer:
    """What a gap is to be filled with.

    Args:
        kind: Kind of the layer, `dense` or `conv`.
        size: Number of units or filters.
        activation: Name of the activation in Keras.
        has_norm: Whether batch normalization belongs to the layer.
        has_dropout: Whether dropout belongs to it.
        has_pool: Whether the network pools after it.
        gives_pool: Whether that pooling layer is given, below the gap.
    """

    kind: str
    size: int
    activation: str = "relu"
    has_norm: bool = False
    has_dropout: bool = False
    has_pool: bool = False
    gives_pool: bool = False

    def praise(self) -> str:
        """The sentence for a layer that is right."""
        what = f"{self.size} units" if self.kind == "dense" else f"{self.size} filters of 3×3"
        parts = [what, "batch normalization" * self.has_norm, "softmax" if self.activation == "softmax" else "ReLU"]
        parts += [f"dropout {DROPOUT_RATE}" * self.has_dropout, "pooling" * (self.has_pool and not self.gives_pool)]
        return f"Right: {', '.join(part for part in parts if part)}."
