"""Networks as plain data: what they consist of, and what they do."""

import math
from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np

MAX_LAYERS = 100  # layers of a model that are described; the others are only counted
MAX_TEXT = 200
NUM_PROBES = 8
_PREPARING = ("InputLayer", "Rescaling", "Reshape", "Identity")
_ACTIVATION_LAYERS = ("Activation", "Softmax", "ReLU", "LeakyReLU", "PReLU", "ELU")


class ModelDescription(TypedDict):
    """What a network consists of, and what it does."""

    kind: str  # "model"
    operations: list[dict[str, Any]]  # each with its kind, `op`, its settings and its output shape
    num_layers: int
    input_shape: list[int | None] | None
    compiled: dict[str, Any] | None  # loss, from_logits, optimizer and metrics; None if it was not compiled
    outputs: list[list[float | None]] | None  # of a few images of noise, a row for each; None if it cannot take them


def describe_model(model: Any) -> ModelDescription:
    """What a network consists of, as a list of operations, and what it does on a few images."""
    operations, num_layers = _operations(model)
    return {
        "kind": "model",
        "operations": operations[:MAX_LAYERS],
        "num_layers": num_layers,
        "input_shape": _shape(getattr(model, "input_shape", None)),
        "compiled": _compilation(model),
        "outputs": _probe(model),
    }


def is_model(value: Any) -> bool:
    """Whether an object is a Keras model, without importing Keras."""
    return hasattr(value, "layers") and hasattr(value, "compile") and hasattr(value, "predict")


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
        name = _keras_class(layer)
        if name in _PREPARING:
            continue
        config = _config(layer)
        operation = _operation(name, config, layer)
        operation["output_shape"] = _output_shape(layer)
        operations.append(operation)
        activation = "" if name in _ACTIVATION_LAYERS else _activation(config, layer)
        if activation:
            operations.append({"op": "activation", "name": activation, "output_shape": operation["output_shape"]})
    return operations, num_layers


def _operation(name: str, config: Mapping[str, Any], layer: Any) -> dict[str, Any]:
    if name == "Dense":
        return {"op": "dense", "size": config.get("units")}
    if name == "Conv2D":
        return {
            "op": "conv",
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
    if name == "Flatten":
        return {"op": "flatten"}
    if name in _ACTIVATION_LAYERS:
        return {"op": "activation", "name": _activation(config, layer) if name == "Activation" else _named(layer)}
    return {"op": "other", "class": name[:MAX_TEXT]}


def _keras_class(layer: Any) -> str:
    """The name of the layer's class, or of the class of Keras that it is derived from."""
    for base in type(layer).__mro__:
        if base.__module__.startswith(("keras.", "tensorflow.keras", "tf_keras")):
            return str(base.__name__)
    return str(type(layer).__name__)


def _config(layer: Any) -> Mapping[str, Any]:
    try:
        config = layer.get_config()
    except Exception:  # a student's own layer may not know how
        return {}
    return config if isinstance(config, Mapping) else {}


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
    name, config = _keras_class(layer), _config(layer)
    if name == "ReLU" and (config.get("max_value") is not None or config.get("threshold")):
        return "ReLU with a limit"
    if name == "ReLU" and config.get("negative_slope"):
        return "ReLU with a slope"
    return name.lower() if name in ("ReLU", "Softmax") else name[:MAX_TEXT]


def _recognized(function: Any) -> str | None:
    """The name of a function by its values: `relu`, `softmax`, empty if it changes nothing, `None` for others."""
    numbers = np.array([[-9.0, -2.0, -0.5, 0.0, 0.25, 3.0, 9.0]], dtype=np.float32)
    powers = np.exp(numbers - numbers.max())
    known = {"relu": np.maximum(numbers, 0), "softmax": powers / powers.sum(), "": numbers}
    try:
        found = np.asarray(function(numbers))
    except Exception:  # a student's own function may do anything
        return None
    return next((name for name, values in known.items() if _is_close(found, values)), None)


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


def _compilation(model: Any) -> dict[str, Any] | None:
    if not getattr(model, "compiled", False) or getattr(model, "optimizer", None) is None:
        return None
    loss = getattr(model, "loss", None)
    from_logits = bool(getattr(loss, "from_logits", False) or (_config(loss).get("from_logits", False)))
    given = (model.get_compile_config() or {}).get("metrics") if hasattr(model, "get_compile_config") else None
    metrics = [metric.get("class_name", "") if isinstance(metric, Mapping) else metric for metric in _flatten(given)]
    return {
        "loss": _snake(loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)),
        "from_logits": from_logits,
        "optimizer": _keras_class(model.optimizer)[:MAX_TEXT],
        "metrics": [_snake(str(metric)) for metric in metrics],
    }


def _flatten(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [one for item in value for one in _flatten(item)]
    return [value]


def _snake(name: str) -> str:
    """`CategoricalCrossentropy` as `categorical_crossentropy`."""
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.strip("_")[:MAX_TEXT]


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


def finite(number: Any) -> Any:
    """A Python number that JSON can hold; `None` for infinities and for what is not a number."""
    value = float(number)
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def score_on_test(model: Any) -> dict[str, float | None]:
    """Accuracy and cross-entropy of a network on MNIST's test images, prepared as its input shape asks."""
    from mnistlab.datasets import load_mnist

    nothing: dict[str, float | None] = {"test_accuracy": None, "test_loss": None}
    try:
        test = load_mnist().test
        images = np.asarray(test.images, dtype=np.float32).reshape(-1, *model.input_shape[1:]) / 255
        outputs = np.asarray(model.predict(images, batch_size=1000, verbose=0), dtype=np.float64)
        chosen = np.clip(outputs[np.arange(len(outputs)), test.labels], 1e-7, 1)
    except Exception:  # a network that takes or gives something else cannot be scored
        return nothing
    return {
        "test_accuracy": float((outputs.argmax(axis=1) == test.labels).mean()),
        "test_loss": float(-np.log(chosen).mean()),
    }
