"""What a check looks at, as plain data: objects are described here, and judged elsewhere.

A description is JSON: numbers, texts, lists and dictionaries. So it can be sent to another process, which judges it
without trusting the one that the student's code ran in. Nothing here imports Keras; a model brings its own methods.
"""

import hashlib
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from mnistlab.lesson.checks.compile_evidence import learning_rate
from mnistlab.lesson.checks.model_evidence import MAX_LAYERS, describe_model, is_model, network_name, score_on_test
from mnistlab.lesson.checks.objects import MAX_TEXT, finite

MAX_ITEMS = 8  # longest list or tuple that is described item by item
MAX_AXES = 5  # of an array that is written as lists in lists
MAX_DEPTH = 3  # lists in lists that are described
MAX_NUMBERS = 400_000_000  # an array with more is described by its shape alone
PROBED_IMAGES = 5

Description = Mapping[str, Any]
"""An object as plain data, with its `kind`. Checks trust none of it: it may have been forged."""

Evidence = Mapping[str, Description]
"""The descriptions of a step's arguments by name."""


class ArrayDescription(TypedDict, total=False):
    """An array of numbers; keys that do not apply to its shape and type are left out."""

    kind: str  # "array"
    shape: list[int]
    dtype: str
    low: float | None
    high: float | None
    sum: float | None
    is_whole: bool  # integers or booleans
    is_finite: bool  # no number is infinite or not a number
    values: list[float | None]  # all numbers in order, of up to 784
    row_sums: list[float | None]  # different sums of the rows of a matrix, at most five
    labels: str  # digest of the labels that the array holds or that its one-hot rows stand for
    as_uint8: str  # the labels as a text of digits
    sample_labels: list[int]  # the first ten of the labels and the last ten
    images: list[list[float | None]]  # three sums for each of a few images, see `image_statistics`
    samples: list[list[float | None]]  # the 784 pixels of the first and of the last image


class HistoryDescription(TypedDict):
    """What `fit` returned."""

    kind: str  # "history"
    curves: dict[str, list[float | None]]  # a number for each epoch, by the name of the metric
    steps: float | None  # steps in an epoch
    epochs: float | None  # epochs that were asked for
    network: str  # `cnn` if the network that was trained has convolutions, otherwise `mlp`; empty if it is not known
    learning_rate: float | None
    test_loss: float | None  # of the network on the test images, where it was validated
    test_accuracy: float | None


def describe(value: Any, depth: int = 0) -> Description:
    """Any object that a check is given, as plain data with its `kind`; whatever the object does when it is asked.

    Args:
        value: The object.
        depth: Number of lists and dictionaries that it lies in.
    """
    try:
        return _describe(value, depth)
    except Exception:  # a student's object may raise anything when it is looked at
        return {"kind": "other", "class": type(value).__name__[:MAX_TEXT]}


def _describe(value: Any, depth: int) -> Description:
    if value is None or value is Ellipsis:
        return {"kind": "nothing"}
    if isinstance(value, type):
        return {"kind": "class", "class": value.__name__[:MAX_TEXT]}
    if isinstance(value, bool | int | float | str):
        return _describe_value(value)
    if is_model(value):
        return describe_model(value)
    if _is_history(value):
        return describe_history(value)
    if callable(value) and isinstance(getattr(value, "__name__", None), str):
        return {"kind": "function", "class": value.__name__[:MAX_TEXT]}
    if isinstance(value, Mapping):
        num_items = MAX_LAYERS if depth == 0 else MAX_ITEMS if depth < MAX_DEPTH else 0
        items = list(itertools.islice(value.items(), num_items))
        return {
            "kind": "mapping",
            "items": [[describe(key, depth + 1), describe(one, depth + 1)] for key, one in items],
        }
    if isinstance(value, tuple | list) and not _is_grid(value):
        items = list(value[:MAX_ITEMS]) if depth < MAX_DEPTH else []
        return {"kind": "sequence", "items": [describe(item, depth + 1) for item in items]}
    if not isinstance(value, tuple | list | range) and not hasattr(value, "__array__"):
        return {"kind": "other", "class": type(value).__name__[:MAX_TEXT]}  # such as a sequence without an end
    array = np.asarray(value)
    if array.dtype.kind in "buif":
        return _describe_value(array.item()) if array.ndim == 0 else describe_array(array)
    return {"kind": "other", "class": type(value).__name__[:MAX_TEXT]}


def _is_grid(value: Sequence[Any]) -> bool:
    """Whether a list is meant as an array: a long one, or lists in a list, as far as their first items show."""
    inner, number, depth = value, 1, 0
    while isinstance(inner, tuple | list) and inner and depth <= MAX_AXES:
        number, depth = number * len(inner), depth + 1
        inner = inner[0]
    return depth <= MAX_AXES and number <= MAX_NUMBERS and (len(value) > MAX_ITEMS or depth > 2)


def _describe_value(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"kind": "text", "value": value[:MAX_TEXT]}
    number = float(value) if abs(value) < 2**63 else math.inf
    return {"kind": "number", "value": finite(number), "is_whole": isinstance(value, int)}


def describe_array(array: Any) -> ArrayDescription:
    """Shape, dtype and range of numbers; all numbers of a small array; what tells labels and images apart."""
    shape = [int(length) for length in array.shape]
    description: ArrayDescription = {"kind": "array", "shape": shape, "dtype": str(array.dtype)}
    if array.size == 0 or array.size > MAX_NUMBERS:
        return description
    description |= {
        "low": finite(array.min()),
        "high": finite(array.max()),
        "sum": finite(array.sum(dtype=np.float64)),
        "is_whole": array.dtype.kind in "bui",
        "is_finite": bool(np.isfinite(array).all()) if array.dtype.kind == "f" else True,
    }
    if array.size <= 784:  # up to a drawing
        description["values"] = [finite(number) for number in array.reshape(-1)]
    if array.ndim == 2 and array.shape[1] <= 256 and len(array) > PROBED_IMAGES:
        # The sums of what may be one-hot rows, and the labels that they stand for.
        description["row_sums"] = sorted({finite(total) for total in array[:1000].sum(axis=1, dtype=np.float64)})[:5]
        labels = array.argmax(axis=1)
        description["labels"] = digest_labels(labels)
        description["sample_labels"] = [int(label) for label in (*labels[:10], *labels[-10:])]
    if array.ndim == 1 and array.dtype.kind in "bui":
        description["labels"] = digest_labels(array)
        description["as_uint8"] = bytes_of_labels(array)
    if array.ndim >= 2 and len(array) > PROBED_IMAGES:
        description["images"] = [[finite(pixel) for pixel in row] for row in image_statistics(array)]
    if array.ndim >= 2 and len(array) > PROBED_IMAGES and math.prod(shape[1:]) == 784:
        description["samples"] = [[finite(pixel) for pixel in array[place].reshape(-1)] for place in (0, -1)]
    return description


def digest_labels(labels: Any) -> str:
    """A digest of integer labels, in order."""
    return hashlib.sha256(np.ascontiguousarray(labels, dtype=np.int64).tobytes()).hexdigest()[:16]


def bytes_of_labels(labels: Any) -> str:
    """Up to 10,000 labels as a text of digits; a label that is not a digit becomes `?`."""
    if len(labels) > 10_000:
        return ""
    return "".join(str(int(label)) if 0 <= label <= 9 else "?" for label in labels)


def image_statistics(array: Any) -> list[list[float]]:
    """The sum of pixels of each of a few images, and the same weighted by row and by column, which turning changes."""
    chosen = np.asarray(array[:: max(1, len(array) // PROBED_IMAGES)][:PROBED_IMAGES], dtype=np.float64)
    pixels = chosen.reshape(len(chosen), -1)
    places = np.arange(pixels.shape[1])
    with np.errstate(invalid="ignore"):  # what is infinite is told elsewhere
        return [[float(image.sum()), float(image @ (places // 28)), float(image @ (places % 28))] for image in pixels]


def describe_history(history: Any) -> HistoryDescription:
    """What `fit` returned: the curves, and the number of steps in an epoch."""
    curves = {
        str(name)[:MAX_TEXT]: [finite(value) for value in values][:1000] for name, values in history.history.items()
    }
    parameters = history.params or {}
    model = getattr(history, "model", None)
    return {
        "kind": "history",
        "curves": curves,
        "steps": finite(parameters.get("steps") or 0),
        "epochs": finite(parameters.get("epochs") or 0),
        "network": network_name(model) if is_model(model) else "",
        "learning_rate": learning_rate(getattr(model, "optimizer", None)),
        "test_loss": None,
        "test_accuracy": None,
    }


def _is_history(value: Any) -> bool:
    return isinstance(getattr(value, "history", None), Mapping) and hasattr(value, "params")


def measure_score(evidence: dict[str, Description], given: Mapping[str, Any]) -> None:
    """Adds the score of the model on the test images to its description.

    Args:
        evidence: Descriptions of the objects by argument name.
        given: The objects themselves.
    """
    if evidence.get("model", {}).get("kind") == "model":
        evidence["model"] = {**evidence["model"], **score_on_test(given["model"])}


def measure_validated(evidence: dict[str, Description], given: Mapping[str, Any]) -> None:
    """Adds the score on the test images to the description of a history, if its network was validated."""
    if evidence.get("history", {}).get("curves", {}).get("val_loss"):
        score = score_on_test(getattr(given["history"], "model", None))
        evidence["history"] = {**evidence["history"], **score}


def measure_drawing(evidence: dict[str, Description], given: Mapping[str, Any]) -> None:
    """Replaces the model's description by its answer to the drawing, prepared correctly, and the drawing's ink."""
    if "drawing" not in given:
        return
    # What was not described as an array may take all memory, or never end, when it is asked for its numbers.
    if evidence["drawing"].get("shape") != [28, 28]:
        evidence["model"] = {"kind": "other"}
        return
    image = np.asarray(given["drawing"], dtype=np.float32)
    model = given["model"]
    try:
        picture = image.reshape(1, *model.input_shape[1:]) / 255  # (28, 28) -> (1, 28, 28, 1)
        digit = int(np.asarray(model(picture, training=False))[0].argmax())
    except Exception:  # a network that is not finished yet may fail on its own layers
        digit = None
    evidence["model"] = {"kind": "model", "drawing_sum": float(image.sum() / 255), "drawing_digit": digit}
