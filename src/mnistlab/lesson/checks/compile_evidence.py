"""How a model was compiled, as plain data: loss, optimizer and metrics, and what was set in them."""

from collections.abc import Mapping
from typing import Any, TypedDict

from mnistlab.lesson.checks.objects import MAX_TEXT, changed_settings, config_of, finite, keras_class


class CompilationDescription(TypedDict):
    """How a model was compiled."""

    loss: str
    loss_settings: dict[str, str]  # what differs from the defaults of its class
    is_own_loss: bool  # a function that is not Keras' own
    has_loss_weights: bool
    from_logits: bool
    optimizer: str
    optimizer_settings: dict[str, str]
    learning_rate: float | None  # of the first step
    metrics: list[str]


def describe_compilation(model: Any) -> CompilationDescription | None:
    """How a model was compiled; `None` if it was not."""
    if not getattr(model, "compiled", False) or getattr(model, "optimizer", None) is None:
        return None
    loss, optimizer = _only(getattr(model, "loss", None)), model.optimizer
    settings = config_of(loss)
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    return {
        "loss": _snake(name),
        "loss_settings": changed_settings(loss, settings),
        "is_own_loss": not isinstance(loss, str) and not _is_of_keras(loss),
        "has_loss_weights": bool(getattr(model, "loss_weights", None) or _compiled_with(model, "loss_weights")),
        "from_logits": bool(getattr(loss, "from_logits", False) or settings.get("from_logits", False)),
        "optimizer": keras_class(optimizer)[:MAX_TEXT],
        "optimizer_settings": changed_settings(optimizer, config_of(optimizer)),
        "learning_rate": learning_rate(optimizer),
        "metrics": [_metric(metric) for metric in _flatten(_compiled_with(model, "metrics"))],
    }


def _only(loss: Any) -> Any:
    """A loss itself; the only one of a list or dictionary, which means the same for a model of one output."""
    while isinstance(loss, list | tuple | Mapping) and len(loss) == 1:
        loss = next(iter(loss.values() if isinstance(loss, Mapping) else loss))
    return loss


def learning_rate(optimizer: Any) -> float | None:
    """The learning rate of an optimizer's first step; `None` if it has none that can be told."""
    given = config_of(optimizer).get("learning_rate")
    if isinstance(given, Mapping):  # a schedule
        inner = given.get("config") or {}
        given = inner.get("initial_learning_rate", inner.get("values", [None])[:1] and inner.get("values", [None])[0])
    return finite(given) if isinstance(given, int | float) else None


def _compiled_with(model: Any, name: str) -> Any:
    try:
        return (model.get_compile_config() or {}).get(name)
    except Exception:  # Keras fails on a metric whose parentheses were forgotten, and on a student's own loss
        return getattr(getattr(model, "_compile_config", None), "config", {}).get(name)


def _is_of_keras(thing: Any) -> bool:
    places = (getattr(thing, "__module__", ""), *(base.__module__ for base in type(thing).__mro__))
    return any(str(place).startswith(("keras.", "tensorflow.keras", "tf_keras")) for place in places)


def _metric(given: Any) -> str:
    """A metric's name; the class `Accuracy` is another one than the text, which Keras fits to the labels."""
    name = given.get("class_name", "") if isinstance(given, Mapping) else given
    name = name if isinstance(name, str) else getattr(name, "__name__", type(name).__name__)
    if name == "Accuracy" and not isinstance(given, str):
        return "keras.metrics.Accuracy"
    return _snake(name)


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
