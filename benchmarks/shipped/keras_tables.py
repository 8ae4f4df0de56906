"""Writes the tables of today's Keras that `mnistlab lesson migrate` holds old code against.

    python benchmarks/shipped/keras_tables.py

A migration imports neither Keras nor TensorFlow; it reads `lesson/migration/today.json`, which this program makes from
the installed packages: every public name, the arguments of everything that can be called (`inspect.signature`, with the
keywords that a class hands to its bases), and the attributes that models, layers, optimizers and the like have (`dir`,
and what their classes assign to `self`).
"""

import ast
import importlib
import inspect
import json
import pkgutil
import sys
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mnistlab.models.backend import keras, tensorflow

TARGET = Path(importlib.import_module("mnistlab.lesson.migration").__file__ or "").with_name("today.json")
LEFT_OUT = {"compat", "raw_ops", "keras", "src", "version", "initializers", "losses", "metrics", "optimizers"}
"""Parts of TensorFlow that no old notebook names, or that are Keras again."""
POPPED = {"Layer": ("input_shape=", "input_dim="), "Functional": ("trainable=",)}
"""Keywords that a class takes out of its `**kwargs` without naming them in a signature."""
KINDS = ("Layer", "Model", "Sequential", "Optimizer", "Callback", "Metric", "Loss")


def main() -> None:
    """Writes the file."""
    TARGET.write_text(as_text(make_tables()), "utf-8")
    print(f"{TARGET} has {TARGET.stat().st_size:,} bytes")


def as_text(tables: dict[str, Any]) -> str:
    """The tables as JSON, an entry on each line so that differences can be read."""
    return json.dumps(tables, indent=0, sort_keys=True) + "\n"


def make_tables() -> dict[str, Any]:
    """The tables of the installed packages."""
    modules = dict(_public_modules("keras"))
    old = dict(_public_modules("keras._tf_keras.keras"))
    names = {name: _names(module) for name, module in modules.items()}
    extra = {
        place: found - names.get(place, set())
        for name, module in old.items()
        if (found := _names(module)) is not None and (place := name.replace("keras._tf_keras.keras", "keras"))
    }
    calls: dict[str, str] = {}
    attributes: dict[str, str] = {}
    canonical: dict[str, str] = {}
    seen: dict[int, str] = {}
    for place, module in sorted(modules.items(), key=lambda item: (item[0].count("."), item[0])):
        for name in sorted(names[place]):
            value = getattr(module, name, None)
            if isinstance(value, types.ModuleType) or not callable(value):
                continue
            path = f"{place}.{name}"
            first = seen.setdefault(id(value), path)
            if first != path:
                canonical[path] = first
                continue
            if (arguments := _arguments(value)) is not None:
                calls[path] = arguments
            if inspect.isclass(value) and not place.startswith("keras.ops"):
                kind = _kind(value)
                own = {found for found in _attributes(value) if not found.startswith("_")} - _kind_attributes(kind)
                attributes[path] = " ".join([kind or "-", *sorted(own)])
    return {
        "versions": {"keras": keras.__version__, "tensorflow": tensorflow.__version__},
        "names": {name: " ".join(sorted(found)) for name, found in names.items()},
        "tensorflow_keras_names": {name: " ".join(sorted(found)) for name, found in extra.items() if found},
        "same": canonical,
        "calls": calls,
        "attributes": attributes,
        "kinds": {kind: " ".join(sorted(_kind_attributes(kind))) for kind in (*KINDS, "KerasTensor", "Variable")},
        "methods": {kind: _methods(_class(kind)) for kind in KINDS},
        "texts": _texts(),
        "tensorflow": {name: " ".join(sorted(found)) for name, found in _tensorflow_names()},
    }


def _texts() -> dict[str, str]:
    """The texts that stand for losses, metrics and the like."""
    rooms = ("losses", "metrics", "optimizers", "activations", "initializers", "regularizers", "constraints")
    return {room: " ".join(sorted(_known_texts(importlib.import_module(f"keras.src.{room}")))) for room in rooms}


def _known_texts(module: Any) -> set[str]:
    known = module.ALL_OBJECTS_DICT
    lowered = {name.lower() for name in known} if module.__name__.endswith("optimizers") else set()
    return {name for name in set(known) | lowered if isinstance(name, str)}


def _class(kind: str) -> Any:
    return {
        "Layer": keras.Layer,
        "Model": keras.Model,
        "Sequential": keras.Sequential,
        "Optimizer": keras.Optimizer,
        "Callback": keras.callbacks.Callback,
        "Metric": keras.Metric,
        "Loss": keras.Loss,
        "KerasTensor": keras.KerasTensor,
        "Variable": keras.Variable,
    }[kind]


def _kind(value: Any) -> str:
    """The most special kind that a class belongs to; empty if it belongs to none."""
    found = [kind for kind in KINDS if issubclass(value, _class(kind))]
    return max(found, key=lambda kind: len(_class(kind).__mro__)) if found else ""


def _kind_attributes(kind: str) -> set[str]:
    if not kind:
        return set()
    if kind == "Model":  # `Model(inputs, outputs)` makes one of these
        functional = importlib.import_module("keras.src.models.functional").Functional
        return _attributes(keras.Model) | _attributes(functional)
    return _attributes(_class(kind))


def _public_modules(root: str) -> Iterator[tuple[str, types.ModuleType]]:
    """The public modules below one, by name."""
    module = importlib.import_module(root)
    yield root, module
    for info in pkgutil.iter_modules(module.__path__):
        if info.ispkg and info.name not in ("src", "_tf_keras"):
            yield from _public_modules(f"{root}.{info.name}")


def _names(module: types.ModuleType) -> set[str]:
    return {name for name in vars(module) if not name.startswith("_") and name != "src"}


def _arguments(value: Any) -> str | None:
    """The arguments of a function or class: `units activation= * name= **`; `None` if Python cannot tell."""
    if inspect.isclass(value):
        return _class_arguments(value)
    try:
        return " ".join(_spelled(inspect.signature(value)))
    except (TypeError, ValueError):
        return None


def _spelled(signature: inspect.Signature) -> list[str]:
    words = []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in words and "*any" not in words:
            words.append("*")
        if parameter.kind is parameter.VAR_POSITIONAL:
            words.append("*any")
        elif parameter.kind is parameter.VAR_KEYWORD:
            words.append("**")
        else:
            words.append(parameter.name + ("" if parameter.default is parameter.empty else "="))
    return words


def _class_arguments(value: Any) -> str | None:
    """The arguments of a class, with those that its `**kwargs` carry to its bases."""
    if value is keras.Model:
        value = importlib.import_module("keras.src.models.functional").Functional
    words: list[str] = []
    for place in value.__mro__:
        if "__init__" not in vars(place) or place is object:
            continue
        own = _spelled(inspect.signature(place.__init__))[1:]
        if not words:
            words = own
        else:
            words.remove("**")
            known = {word.rstrip("=") for word in words}
            more = [word for word in own if word.rstrip("=") not in known and word.endswith("=")]
            words += ([] if "*" in words or "*any" in words or not more else ["*"]) + more
            words += ["**"] if "**" in own else []
        if place.__name__ in POPPED and "**" in words:
            words.remove("**")
            words += [] if "*" in words else ["*"]
            words += POPPED[place.__name__]
        if "**" not in words:
            break
    if "**" in words and issubclass(value, keras.Optimizer):
        words.remove("**")  # it refuses what it does not know
    return " ".join(words)


def _attributes(value: Any) -> set[str]:
    """The attributes of a class and those that its methods assign to `self`."""
    found = {name for name in dir(value) if not name.startswith("__")}
    for place in value.__mro__:
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(place)))
        except (OSError, TypeError):
            continue
        found |= {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        }
    return found


def _methods(value: Any) -> dict[str, str]:
    """The arguments of the public methods of a class."""
    found = {}
    for name, method in inspect.getmembers(value, inspect.isfunction):
        if name.startswith("_"):
            continue
        words = _spelled(inspect.signature(method))
        found[name] = " ".join(words[1:] if words[:1] == ["self"] else words)
    return found


def _tensorflow_names(name: str = "tensorflow", module: Any = tensorflow) -> Iterator[tuple[str, set[str]]]:
    """The public names of TensorFlow's modules; Keras is left out."""
    names = {attribute for attribute in dir(module) if not attribute.startswith("_")}
    yield name, names
    for attribute in sorted(names - LEFT_OUT):
        value = getattr(module, attribute, None)
        if isinstance(value, types.ModuleType) and value.__name__.startswith("tensorflow._api.v2"):
            yield from _tensorflow_names(f"{name}.{attribute}", value)


if __name__ == "__main__":
    sys.exit(main())
