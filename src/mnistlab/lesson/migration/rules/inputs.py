"""`input_shape=` on a layer, which becomes a `keras.Input` before it."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.layers import layer_name
from mnistlab.lesson.migration.rules.spelling import keras_name
from mnistlab.lesson.migration.syntax import keywords, literal, method

FIRST = (
    "Keras 3 warns about {name} on a layer (Do not pass an `input_shape`/`input_dim` argument to a layer). The shape "
    "of the input is a keras.Input in front of the first layer."
)
LATER = "{name} on a layer that is not the first has never had a meaning in a Sequential model; Keras 3 warns about it."
CALLED = "{name} on a layer that is called on a tensor adds nothing to what the tensor says; Keras 3 warns about it."
UNCLEAR = (
    "{name} on a layer still works, with a warning. Where the layer stands in its model cannot be seen here; put "
    "keras.Input(shape=...) in front of the first layer."
)
TURNED = "The channel comes last in the shape of an image."
OTHER_INPUTS = {"Embedding": {"input_dim"}, "InputLayer": {"input_shape", "batch_input_shape"}}
"""Layers for which one of the names means something else."""

_SHAPES = ("input_shape", "input_dim", "batch_input_shape")


def rewrite_inputs(code: Code) -> None:
    """Rewrites every layer that is given the shape of its input."""
    for call in code.calls:
        layer = layer_name(code, call)
        if not layer or not layer[0].isupper():
            continue
        given = keywords(call)
        names = [name for name in _SHAPES if name in given and name not in OTHER_INPUTS.get(layer, ())]
        if names:
            _rewrite(code, call, names[0], given)


def _rewrite(code: Code, call: cst.Call, name: str, given: dict[str, cst.Arg]) -> None:
    companions = [given[other] for other in ("input_length", "input_dtype") if other in given]
    above = code.parent(call)
    if isinstance(above, cst.Call) and above.func is call:
        for argument in [given[name], *companions]:
            code.remove_argument(call, argument, CALLED.format(name=name))
        return
    place = _place(code, call)
    if place is None or (companions and name == "input_shape"):
        code.mark(given[name], UNCLEAR.format(name=name))
        if (turned := code.texts.get(given[name].value)) is not None:
            code.replace(given[name].value, turned, TURNED)
        return
    reason = (FIRST if place == "first" or isinstance(place, cst.Element) else LATER).format(name=name)
    for argument in [given[name], *companions]:
        code.remove_argument(call, argument, reason)
    if place == "later":
        return
    text = f"{keras_name(code, call)}.Input({_shape(code, name, given)})"
    if isinstance(place, cst.Element):
        code.insert(code.start(place), f"{text}, ", reason)
        return
    outer = code.parent(call)
    add = code.parent(outer) if outer is not None else None
    if isinstance(add, cst.Call):
        code.insert_line(add, f"{code.source(add.func)}({text})", reason)


def _shape(code: Code, name: str, given: dict[str, cst.Arg]) -> str:
    value = code.texts.get(given[name].value) or code.source(given[name].value)
    if name == "batch_input_shape":
        shape = f"batch_shape={value}"
    elif name == "input_shape":
        shape = f"shape={value}"
    elif "input_length" in given:
        shape = f"shape=({code.source(given['input_length'].value)}, {value})"
    else:
        shape = f"shape=({value},)"
    return shape + (f", dtype={code.source(given['input_dtype'].value)}" if "input_dtype" in given else "")


def _place(code: Code, call: cst.Call) -> cst.Element | str | None:
    """The place of a layer: its element if it is first in a list, else `first` or `later`; `None` if unknown."""
    above = code.parent(call)
    if isinstance(above, cst.Element) and isinstance(row := code.parent(above), cst.List):
        argument = code.parent(row)
        model = code.parent(argument) if isinstance(argument, cst.Arg) else None
        if not isinstance(model, cst.Call) or not code.means(model.func).endswith(".Sequential"):
            return None
        return above if row.elements[0] is above else "later"
    add = code.parent(above) if isinstance(above, cst.Arg) else None
    if isinstance(add, cst.Call) and method(add) == "add" and isinstance(code.parent(add), cst.Expr):
        return _place_of_add(code, add)
    return None


def _place_of_add(code: Code, add: cst.Call) -> str | None:
    """`first` or `later` among the adds since the model was made in the same block of statements; `None` if unknown."""
    model = add.func.value if isinstance(add.func, cst.Attribute) else None
    if not isinstance(model, cst.Name) or code.statement(add) is None:
        return None
    block = _block(code, add)
    for use in reversed([use for use in code.uses_of[model.value] if code.start(use) < code.start(add)]):
        attribute = code.parent(use)
        above = code.parent(attribute) if attribute is not None else None
        if isinstance(attribute, cst.AssignTarget) and isinstance(above, cst.Assign):
            return _made_empty(code, above.value) if _block(code, above) is block else None
        if isinstance(attribute, cst.Attribute) and attribute.attr.value == "add" and isinstance(above, cst.Call):
            return "later" if _block(code, above) is block else None
    return None


def _made_empty(code: Code, value: cst.BaseExpression) -> str | None:
    if not isinstance(value, cst.Call) or not code.means(value.func).endswith(".Sequential"):
        return None
    empty = not value.args or literal(value.args[0].value) == () or "name" in keywords(value)
    return "first" if empty and len(value.args) <= 1 else "later"


def _block(code: Code, node: cst.CSTNode) -> cst.CSTNode | None:
    """The list of statements that a node belongs to."""
    return next((place for place in code.parents(node) if isinstance(place, cst.IndentedBlock | cst.Module)), None)
