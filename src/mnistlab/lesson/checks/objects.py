"""What an object of Keras says of itself, as plain data and without importing Keras."""

import inspect
import math
from collections.abc import Mapping
from typing import Any

MAX_TEXT = 200
MAX_SETTINGS, MAX_LENGTH = 12, 60
# Judged elsewhere, or without any influence on what the network learns.
_JUDGED = {
    "activation",
    "axis",
    "batch_input_shape",
    "build_config",
    "dtype",
    "filters",
    "kernel_size",
    "learning_rate",
    "lora_alpha",
    "lora_rank",
    "name",
    "padding",
    "pool_size",
    "rate",
    "seed",
    "strides",
    "synchronized",
    "units",
}


def keras_class(layer: Any) -> str:
    """The name of the layer's class, or of the class of Keras that it is derived from."""
    for base in type(layer).__mro__:
        if base.__module__.startswith(("keras.", "tensorflow.keras", "tf_keras")):
            return str(base.__name__)
    return str(type(layer).__name__)


def config_of(layer: Any) -> Mapping[str, Any]:
    """The settings that a layer, an optimizer or a loss reports; empty if it cannot."""
    try:
        config = layer.get_config()
    except Exception:  # a student's own layer may not know how, and a lambda in one of Keras cannot be written down
        return _plain_attributes(layer)
    return config if isinstance(config, Mapping) else {}


def _plain_attributes(thing: Any) -> Mapping[str, Any]:
    """The arguments of a class that its object keeps under their names, if they are plain values or functions."""
    found = {}
    for name in inspect.signature(type(thing).__init__).parameters:
        value = getattr(thing, name, None)
        if value is None or isinstance(value, bool | int | float | str | tuple | list):
            found[name] = value
        elif name == "activation":
            found[name] = getattr(value, "__name__", "unknown")
    return found


def changed_settings(thing: Any, config: Mapping[str, Any]) -> dict[str, str]:
    """The settings of a layer, optimizer or loss that are not its class's defaults, as text by name.

    Args:
        thing: The object itself; the defaults are those of the class of Keras that it is derived from.
        config: The settings that it reports.
    """
    defaults = {"trainable": True} | _defaults(type(thing))
    found = {}
    for name, default in defaults.items():
        if name in _JUDGED or name not in config:
            continue
        value = _plain(config[name])
        if not _is_same(value, _plain(default), name):
            found[name] = str(value)[:MAX_LENGTH]
    return dict(list(found.items())[:MAX_SETTINGS])


def _defaults(cls: type) -> dict[str, Any]:
    for base in cls.__mro__:
        if base.__module__.startswith(("keras.", "tensorflow.keras", "tf_keras")) and "__init__" in vars(base):
            parameters = inspect.signature(base.__init__).parameters.values()  # type: ignore[misc]
            return {one.name: one.default for one in parameters if one.default is not one.empty}
    return {}


def _plain(value: Any) -> Any:
    """A setting as a number, a text or a tuple: a serialized object becomes the name of its class."""
    if isinstance(value, Mapping):
        inner = value.get("config")
        return str(value.get("class_name") if isinstance(inner, Mapping) else inner)
    if isinstance(value, list | tuple):
        return tuple(value)
    return value


def _is_same(value: Any, default: Any, name: str) -> bool:
    if name == "data_format":
        return value in (None, "channels_last")
    if isinstance(value, str) and isinstance(default, str):
        return same_letters(value) == same_letters(default)
    if isinstance(default, tuple) and isinstance(value, int):
        return all(one == value for one in default)
    if isinstance(value, float) and isinstance(default, int | float):
        return abs(value - default) <= 1e-6 * max(abs(value), abs(default))
    return bool(value == default)


def same_letters(name: str) -> str:
    """`GlorotUniform` and `glorot_uniform` alike."""
    return name.replace("_", "").lower()


def finite(number: Any) -> Any:
    """A Python number that JSON can hold; `None` for infinities and for what is not a number."""
    value = float(number)
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
