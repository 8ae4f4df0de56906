"""What a check looks at, as plain data: objects are described here, and judged elsewhere.

A description is JSON: numbers, texts, lists and dictionaries. So it can be sent to another process, which judges it
without trusting the one that the student's code ran in. Nothing here imports Keras; a model brings its own methods.
"""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mnistlab.lesson.checks.model_evidence import MAX_LAYERS, MAX_TEXT, describe_model, finite, is_model

MAX_ITEMS = 8  # of a list or tuple
PROBED_IMAGES = 5


def describe(value: Any) -> dict[str, Any]:
    """Any object that a check is given, as plain data with its `kind`."""
    if value is None or value is Ellipsis:
        return {"kind": "nothing"}
    if isinstance(value, bool | int | float | str):
        return _describe_plain(value)
    if is_model(value):
        return describe_model(value)
    if _is_history(value):
        return describe_history(value)
    if isinstance(value, Mapping):
        items = list(value.items())[:MAX_LAYERS]
        return {"kind": "mapping", "items": [[describe(key), describe(item)] for key, item in items]}
    if isinstance(value, tuple | list) and len(value) <= MAX_ITEMS:
        return {"kind": "sequence", "items": [describe(item) for item in value]}
    try:
        array = np.asarray(value)
    except Exception:  # whatever a student's object raises when asked for numbers
        array = np.asarray(None)
    if array.dtype.kind in "buif":
        return _describe_plain(array.item()) if array.ndim == 0 else describe_array(array)
    return {"kind": "other", "class": type(value).__name__[:MAX_TEXT]}


def _describe_plain(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"kind": "text", "value": value[:MAX_TEXT]}
    number = float(value) if abs(value) < 2**63 else math.inf
    return {"kind": "number", "value": finite(number), "is_whole": isinstance(value, int)}


def describe_array(array: Any) -> dict[str, Any]:
    """Shape, dtype and range of numbers; small arrays whole; of labels and images what tells them apart."""
    description: dict[str, Any] = {
        "kind": "array",
        "shape": [int(length) for length in array.shape],
        "dtype": str(array.dtype),
    }
    if array.size == 0:
        return description
    description |= {
        "low": finite(array.min()),
        "high": finite(array.max()),
        "sum": finite(array.sum(dtype=np.float64)),
        "is_whole": array.dtype.kind in "bui",
    }
    if array.size <= 784:  # up to a drawing
        description["values"] = [finite(number) for number in array.reshape(-1)]
    if array.ndim == 2 and array.shape[1] <= 256 and len(array) > PROBED_IMAGES:
        # The sums of what may be one-hot rows, and the labels that they stand for.
        description["row_sums"] = sorted({finite(total) for total in array[:1000].sum(axis=1, dtype=np.float64)})[:5]
        description["labels"] = digest_labels(array.argmax(axis=1))
    if array.ndim == 1 and array.dtype.kind in "bui":
        description["labels"] = digest_labels(array)
        description["as_uint8"] = bytes_of_labels(array)
    if array.ndim >= 2 and len(array) > PROBED_IMAGES:
        description["images"] = [[finite(pixel) for pixel in row] for row in _image_statistics(array)]
    return description


def digest_labels(labels: Any) -> str:
    """A digest of integer labels, in order."""
    return hashlib.sha256(np.ascontiguousarray(labels, dtype=np.int64).tobytes()).hexdigest()[:16]


def bytes_of_labels(labels: Any) -> str:
    """Up to 10,000 labels as a text of digits; a label that is no digit is a `?`."""
    if len(labels) > 10_000:
        return ""
    return "".join(str(int(label)) if 0 <= label <= 9 else "?" for label in labels)


def _image_statistics(array: Any) -> list[list[float]]:
    """For a few images: the sum of pixels, and two sums weighted by row and by column, which turning them changes."""
    chosen = np.asarray(array[:: max(1, len(array) // PROBED_IMAGES)][:PROBED_IMAGES], dtype=np.float64)
    pixels = chosen.reshape(len(chosen), -1)
    places = np.arange(pixels.shape[1])
    return [[float(image.sum()), float(image @ (places // 28)), float(image @ (places % 28))] for image in pixels]


def image_statistics(images: Any) -> list[list[float]]:
    """The numbers that `describe_array` gives of images, for the images that they should be."""
    return _image_statistics(images)


def describe_history(history: Any) -> dict[str, Any]:
    """What `fit` returned: the curves, and how many steps an epoch had."""
    curves = {
        str(name)[:MAX_TEXT]: [finite(value) for value in values][:1000] for name, values in history.history.items()
    }
    parameters = history.params or {}
    return {
        "kind": "history",
        "curves": curves,
        "steps": finite(parameters.get("steps") or 0),
        "epochs": finite(parameters.get("epochs") or 0),
        "test_loss": None,
        "test_accuracy": None,
    }


def _is_history(value: Any) -> bool:
    return isinstance(getattr(value, "history", None), Mapping) and hasattr(value, "params")
