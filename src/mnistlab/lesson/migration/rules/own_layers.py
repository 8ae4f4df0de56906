"""Layers of the notebook's own: methods and arguments that Keras 1 and 2 called otherwise."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import literal, method, positionals
from mnistlab.lesson.migration.values import Values

OUTPUT_SHAPE = "get_output_shape_for has been called compute_output_shape since Keras 2; the old name is never called."
WEIGHT = "add_weight has its arguments in another order today (shape, initializer, ...), so {name} needs its name."
ORDER = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")


def rewrite_own_layers(code: Code, values: Values) -> None:
    """Rewrites methods of the notebook's own layers and what they call."""
    for function in code.all_of(cst.FunctionDef):
        owner = values.class_around(function)
        if owner is None or function.name.value != "get_output_shape_for":
            continue
        if values.base(f"own:{owner.name.value}") == "Layer":
            code.replace(function.name, "compute_output_shape", OUTPUT_SHAPE)
    for call in code.calls:
        places = positionals(call)
        if method(call) != "add_weight" or not places or not isinstance(literal(places[0].value), str):
            continue
        for argument, name in zip(places, ORDER, strict=False):
            code.insert(code.start(argument), f"{name}=", WEIGHT.format(name=name))
