"""Networks as plain data: what they consist of, and what they do."""

import math
from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np

from mnistlab.lesson.checks.compile_evidence import CompilationDescription, describe_compilation
from mnistlab.lesson.checks.objects import MAX_TEXT, changed_settings, config_of, finite, keras_class

MAX_LAYERS = 100  # layers of a model that are described; the others are only counted
NUM_PROBES = 8
_PREPARING = ("InputLayer", "Rescaling", "Reshape", "Identity")  # of no interest before the first weights
_ACTIVATION_LAYERS = ("Activation", "Softmax", "ReLU", "LeakyReLU", "PReLU", "ELU")


class ModelDescription(TypedDict):
    """What a network consists of, and what it does."""

    kind: str  # "model"
    operations: list[dict[str, Any]]  # each with its kind, `op`, its settings and its output shape
    num_layers: int
    input_shape: list[int | None] | None
    compiled: CompilationDescription | None  # None if it was not compiled
    outputs: list[list[float | None]] | None  # of a few images of noise, a row for each; None if it cannot take them
    ends_in_softmax: bool  # measured: whatever follows the last dense layer's sums makes a softmax of them


def describe_model(model: Any) -> ModelDescription:
    """What a network consists of, as a list of operations, and what it does on a few images."""
    operations, num_layers = _operations(model)
    return {
        "kind": "model",
        "operations": operations[:MAX_LAYERS],
        "num_layers": num_layers,
        "input_shape": _shape(getattr(model, "input_shape", None)),
        "compiled": describe_compilation(model),
        "outputs": _probe(model),
        "ends_in_softmax": _ends_in_softmax(model),
    }


def is_model(value: Any) -> bool:
    """Whether an object is a Keras model, without importing Keras; a class of models is none."""
    is_class = isinstance(value, type)
    return not is_class and all(hasattr(value, name) for name in ("layers", "compile", "predict"))


def network_name(model: Any) -> str:
    """`cnn` for a network with convolutions, `mlp` for others with dense layers, empty for what is neither."""
    kinds = [operation["op"] for operation in _operations(model)[0]]
    return "cnn" if "conv" in kinds else "mlp" if "dense" in kinds else ""


def _operations(model: Any) -> tuple[list[dict[str, Any]], int]:
    """The operations of all layers in order, and the number of layers; an activation is an operation of its own."""
    operations: list[dict[str, Any]] = []
    num_layers = 0
    for layer in model.layers[: 2 * MAX_LAYERS]:
        if is_model(layer):
            inner, count = _operations(layer)
            operations += inner
            num_layers += count
            continue
        num_layers += 1
        name = keras_class(layer)
        has_weights = any(operation["op"] in ("dense", "conv") for operation in operations)
        if name in _PREPARING[:1] or (name in _PREPARING and not has_weights):
            continue
        config = config_of(layer)
        operation = _operation(name, config, layer)
        if operation["op"] == "nothing":
            continue
        operation["output_shape"] = _output_shape(layer)
        settings = changed_settings(layer, config) if operation["op"] in _WITH_SETTINGS else {}
        if settings:
            operation["settings"] = settings
        operations.append(operation)
        activation = "" if name in _ACTIVATION_LAYERS else _activation(config, layer)
        if activation:
            operations.append({"op": "activation", "name": activation, "output_shape": operation["output_shape"]})
    return operations, num_layers


_STUDENTS_OWN = ("Lambda", "Layer")
_WITH_SETTINGS = ("dense", "conv", "norm", "dropout", "pool")


def _operation(name: str, config: Mapping[str, Any], layer: Any) -> dict[str, Any]:
    if name == "Dense":
        return {"op": "dense", "size": config.get("units")}
    if "Conv" in name and isinstance(config.get("kernel_size"), list | tuple):
        return {
            "op": "conv",
            "class": name[:MAX_TEXT],
            "size": config.get("filters"),
            "kernel": list(config.get("kernel_size") or ()),
            "padding": config.get("padding"),
            "strides": list(config.get("strides") or ()),
        }
    if name == "BatchNormalization":
        axis, rank = config.get("axis", -1), len(_output_shape(layer) or [None] * 4)
        axis = axis[0] if isinstance(axis, list | tuple) and axis else axis
        return {"op": "norm", "is_channel_axis": axis in (-1, rank - 1)}
    if name in ("MaxPooling2D", "AveragePooling2D"):
        return {
            "op": "pool" if name == "MaxPooling2D" else "average",
            "size": list(config.get("pool_size") or ()),
            "strides": list(config.get("strides") or ()),
        }
    if name == "Dropout":
        return {"op": "dropout", "rate": config.get("rate")}
    if name == "Identity" or (name in ("Flatten", "Reshape") and _changes_nothing(layer)):
        return {"op": "nothing"}
    if name == "Flatten" or (name == "Reshape" and len(_output_shape(layer) or []) == 2):
        return {"op": "flatten"}
    if name == "Activation":
        return {"op": "activation", "name": _activation(config, layer) or "linear"}
    if name == "LeakyReLU" and config.get("negative_slope") == 0:
        return {"op": "activation", "name": "relu"}
    if name in _ACTIVATION_LAYERS:
        return {"op": "activation", "name": _named(layer)}
    known = _recognized(layer) if name in _STUDENTS_OWN and not getattr(layer, "weights", True) else None
    if known is not None:  # what it computes counts, not what it is called
        return {"op": "activation", "name": known} if known else {"op": "nothing"}
    other = {"op": "other", "class": (type(layer).__name__ if name == "Layer" else name)[:MAX_TEXT]}
    if getattr(layer, "weights", None):
        return other | {"has_weights": True}
    return other | ({"is_function": True} if name in _STUDENTS_OWN else {})


def _changes_nothing(layer: Any) -> bool:
    try:
        return bool(layer.input.shape == layer.output.shape)
    except Exception:  # not connected yet
        return False


def _activation(config: Mapping[str, Any], layer: Any) -> str:
    """The name of a layer's activation; a function that Keras has no name for is recognized by its values."""
    activation = config.get("activation")
    if isinstance(activation, Mapping) or activation not in ("relu", "softmax", "linear", None):
        function = getattr(layer, "activation", None)
        done = _recognized(function)
        if done is not None:
            return done
        if isinstance(activation, Mapping):
            activation = _named(function) if hasattr(function, "get_config") else activation.get("config", "")
            activation = activation if isinstance(activation, str) else "unknown"
    return "" if activation in (None, "linear") else str(activation)[:MAX_TEXT]


def _named(layer: Any) -> str:
    """The name of an activation layer; `relu` and `softmax` only if it has their default settings."""
    name, config = keras_class(layer), config_of(layer)
    for setting in ("max_value", "threshold", "negative_slope") if name == "ReLU" else ():
        if config.get(setting):
            return f"ReLU with {setting}={config[setting]:g}"
    return name.lower() if name in ("ReLU", "Softmax") else name[:MAX_TEXT]


def _recognized(function: Any) -> str | None:
    """The name of a function by its values: `relu`, `softmax`, empty if it changes nothing, `None` for others."""
    numbers = np.array([[-9.0, -2.0, -0.5, 0.0, 0.25, 3.0, 9.0]], dtype=np.float32)
    known = {"relu": np.maximum(numbers, 0), "softmax": _softmax(numbers), "": numbers}
    try:
        found = np.asarray(function(numbers))
    except Exception:  # a student's own function may do anything
        return None
    return next((name for name, values in known.items() if _is_close(found, values)), None)


def _softmax(numbers: Any) -> Any:
    powers = np.exp(numbers - numbers.max())
    return powers / powers.sum()


def _ends_in_softmax(model: Any) -> bool:
    """Whether what follows the sums of the last dense layer makes a softmax of them, however it is written."""
    try:
        layers = list(model.layers)
        place = max(number for number, layer in enumerate(layers) if keras_class(layer) == "Dense")
        numbers = np.linspace(-3, 3, int(layers[place].units), dtype=np.float32)[None]
        found = layers[place].activation(numbers)
        for layer in layers[place + 1 :]:
            found = layer(found)
        return _is_close(np.asarray(found), _softmax(numbers))
    except Exception:  # no such layer, or a student's own that may do anything
        return False


def _is_close(found: Any, values: Any) -> bool:
    return found.shape == values.shape and bool(np.allclose(found, values, rtol=1e-4, atol=1e-7))


def _output_shape(layer: Any) -> list[int | None] | None:
    try:
        return _shape(layer.output.shape)
    except Exception:  # not connected yet
        return None


def _shape(shape: Any) -> list[int | None] | None:
    if not isinstance(shape, tuple | list) or not all(one is None or isinstance(one, int) for one in shape):
        return None
    return list(shape)


def _probe(model: Any) -> list[list[float | None]] | None:
    """The network's outputs for a few images of noise; `None` if it cannot take them."""
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or not all(isinstance(one, int) for one in shape[1:]):
        return None
    if math.prod(shape[1:]) != 784:
        return None
    images = np.random.default_rng(0).random((NUM_PROBES, *shape[1:]), dtype=np.float32)
    try:
        outputs = np.asarray(model(images, training=False))
    except Exception:  # a network that is not finished yet may fail on its own layers
        return None
    if outputs.ndim != 2 or outputs.shape[1] > 1024:
        return None
    return [[finite(value) for value in row[:16]] for row in outputs]


def score_on_test(model: Any) -> dict[str, float | None]:
    """Accuracy and cross-entropy of a network on MNIST's test images, prepared as its input shape asks."""
    from mnistlab.lesson.checks.originals import original

    nothing: dict[str, float | None] = {"test_accuracy": None, "test_loss": None}
    try:
        images, labels = original("test")
        images = np.asarray(images, dtype=np.float32).reshape(-1, *model.input_shape[1:]) / 255
        outputs = np.asarray(model.predict(images, batch_size=1000, verbose=0), dtype=np.float64)
        chosen = np.clip(outputs[np.arange(len(outputs)), labels], 1e-7, 1)
    except Exception:  # a network that takes or gives something else cannot be scored
        return nothing
    return {
        "test_accuracy": float((outputs.argmax(axis=1) == labels).mean()),
        "test_loss": float(-np.log(chosen).mean()),
    }
