"""Today's Keras as tables: its names, the arguments of its calls, the attributes of its objects.

`today.json` is made by `benchmarks/shipped/keras_tables.py` from the installed Keras, so that a migration imports
neither Keras nor TensorFlow.
"""

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

_PATH = Path(__file__).with_name("today.json")


@dataclasses.dataclass(frozen=True)
class Signature:
    """The arguments that a call takes.

    Args:
        places: Names of the arguments that can be given without a name, in order.
        keywords: Names of all arguments.
        required: Names of those without a default.
        takes_any_place: Whether any number of further arguments without names is taken.
        takes_any_keyword: Whether any other name is taken.
    """

    places: tuple[str, ...]
    keywords: frozenset[str]
    required: tuple[str, ...]
    takes_any_place: bool
    takes_any_keyword: bool


@functools.cache
def tables() -> dict[str, Any]:
    """The content of the file."""
    content: dict[str, Any] = json.loads(_PATH.read_text("utf-8"))
    return content


@functools.cache
def names(module: str, root: str = "keras") -> frozenset[str] | None:
    """The names that a public module of Keras offers; `None` if there is no such module.

    Args:
        module: Name of the module, such as `keras.layers`.
        root: `keras`, or another way to say it: `tensorflow.keras` also offers a few names that Keras has dropped.
    """
    found = tables()["names"].get(module)
    extra = tables()["tensorflow_keras_names"].get(module) if root != "keras" else None
    return None if found is None and extra is None else frozenset(f"{found or ''} {extra or ''}".split())


def canonical(path: str) -> str:
    """The first name of what has several.

    Example:
        >>> canonical("keras.models.Model"), canonical("keras.layers.MaxPool2D")
        ('keras.Model', 'keras.layers.MaxPool2D')
    """
    return str(tables()["same"].get(path, path))


@functools.cache
def signature(path: str) -> Signature | None:
    """The arguments of a public function or class; `None` if they are not known.

    Example:
        >>> signature("keras.utils.to_categorical").places
        ('x', 'num_classes')
    """
    text = tables()["calls"].get(canonical(path))
    return None if text is None else _parsed(text)


@functools.cache
def method_signature(kind: str, name: str) -> Signature | None:
    """The arguments of a method of models, layers, optimizers and the like; `None` if they are not known.

    Args:
        kind: A kind of `kind_of`.
        name: Name of the method.
    """
    text = tables()["methods"].get(kind, {}).get(name)
    return None if text is None else _parsed(text)


def kind_of(path: str) -> str:
    """What a public class makes: `Layer`, `Model`, `Sequential`, `Optimizer`, `Callback`, `Metric`, `Loss`, or nothing.

    Example:
        >>> kind_of("keras.layers.Dense"), kind_of("keras.utils.to_categorical")
        ('Layer', '')
    """
    kind = str(tables()["attributes"].get(canonical(path), "-")).partition(" ")[0]
    return "" if kind == "-" else kind


@functools.cache
def attributes(path: str) -> frozenset[str]:
    """The attributes of the objects that a public class makes; none if they are not known."""
    text = tables()["attributes"].get(canonical(path))
    if text is None:
        return frozenset()
    kind, _, own = text.partition(" ")
    return frozenset(own.split()) | kind_attributes(kind)


@functools.cache
def kind_attributes(kind: str) -> frozenset[str]:
    """The attributes that all objects of a kind have."""
    return frozenset(tables()["kinds"].get(kind, "").split())


@functools.cache
def any_attributes(kind: str) -> frozenset[str]:
    """The attributes that at least one class of a kind has; a model may stand wherever a layer does."""
    kinds = {"Layer": ("Layer", "Model", "Sequential")}.get(kind, (kind,))
    found = set[str]()
    for path, text in tables()["attributes"].items():
        if text.partition(" ")[0] in kinds:
            found |= attributes(path)
    return frozenset(found)


@functools.cache
def tensorflow_names(module: str) -> frozenset[str] | None:
    """The names that a public module of TensorFlow 2 offers; `None` if it is not known."""
    text = tables()["tensorflow"].get(module)
    return None if text is None else frozenset(text.split())


@functools.cache
def texts(room: str) -> frozenset[str]:
    """The texts that stand for the objects of a module, such as `mse` for `losses`."""
    return frozenset(tables()["texts"][room].split())


def _parsed(text: str) -> Signature:
    places: list[str] = []
    keywords: list[str] = []
    required: list[str] = []
    by_name_only = takes_any_place = False
    for word in text.split():
        if word in ("*", "*any"):
            by_name_only, takes_any_place = True, word == "*any"
        elif word != "**":
            name = word.removesuffix("=")
            keywords.append(name)
            if not by_name_only:
                places.append(name)
            if name == word:
                required.append(name)
    return Signature(tuple(places), frozenset(keywords), tuple(required), takes_any_place, "**" in text.split())
