"""The kinds of values that `values` tells apart: what is known of each from its class, its name or a table."""

import re

from mnistlab.lesson.migration import today

Kinds = frozenset[str]
UNKNOWN: Kinds = frozenset({"?"})
LOADERS = (
    "keras.models.load_model",
    "keras.saving.load_model",
    "keras.models.model_from_json",
    "keras.models.clone_model",
)
_MODEL_NAME = re.compile(
    r"(\w*_)?(model|autoencoder|encoder|decoder|generator|discriminator|gan|vae|combined|classifier|cnn|mlp|net|network)"
    r"\d*|model_\w+"
)
_HISTORY_NAME = re.compile(r"(\w*_)?(history|hist)\d*")


def is_model(kind: str) -> bool:
    """Whether a kind is that of a model."""
    return kind in ("model", "model?") or today.kind_of(kind) in ("Model", "Sequential")


def is_layer(kind: str) -> bool:
    """Whether a kind is that of a layer which is not a model."""
    return kind == "layer" or today.kind_of(kind) == "Layer"


def item(kind: str) -> str:
    """The kind of each element of several values."""
    return {"layers": "layer", "tensors": "tensor", "variables": "variable"}.get(kind, "?")


def guess(name: str) -> Kinds:
    """What a variable whose value is not in sight is most likely to be, by its name."""
    if _MODEL_NAME.fullmatch(name):
        return frozenset({"model?"})
    return frozenset({"history?"}) if _HISTORY_NAME.fullmatch(name) else UNKNOWN


_MODEL_ATTRIBUTES = {
    "layers": "layers",
    "optimizer": "optimizer",
    "input": "tensor",
    "output": "tensor",
    "inputs": "tensors",
    "outputs": "tensors",
    "history": "history",
    "metrics_names": "metrics_names",
    "weights": "variables",
    "trainable_weights": "variables",
    "non_trainable_weights": "variables",
}
ATTRIBUTES = {
    **{("Model", name): kind for name, kind in _MODEL_ATTRIBUTES.items()},
    **{("Sequential", name): kind for name, kind in _MODEL_ATTRIBUTES.items()},
    **{("Layer", name): "variable" for name in ("kernel", "bias", "recurrent_kernel", "embeddings", "gamma", "beta")},
    **{("Layer", name): "variables" for name in ("weights", "trainable_weights", "non_trainable_weights")},
    ("Optimizer", "iterations"): "variable",
    ("Layer", "input"): "tensor",
    ("Layer", "output"): "tensor",
    ("Callback", "model"): "model",
    ("Callback", "params"): "params",
    ("history", "history"): "history.history",
    ("history?", "history"): "history.history",
    ("history", "params"): "params",
    ("history", "model"): "model",
}
METHODS = {
    ("Model", "fit"): "history",
    ("Model", "fit_generator"): "history",
    ("Model", "get_layer"): "layer",
    ("Model", "evaluate"): "score",
    ("Model", "evaluate_generator"): "score",
    ("Model", "train_on_batch"): "score",
    ("Sequential", "fit"): "history",
    ("Sequential", "fit_generator"): "history",
    ("Sequential", "get_layer"): "layer",
    ("Sequential", "evaluate"): "score",
    ("Sequential", "evaluate_generator"): "score",
    ("Sequential", "train_on_batch"): "score",
}
