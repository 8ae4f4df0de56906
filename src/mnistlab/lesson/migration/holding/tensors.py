"""Tensors that a model is built from, in places where Keras takes none today."""

import libcst as cst

from mnistlab.lesson.migration import homes
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import keywords, method, positionals
from mnistlab.lesson.migration.values import Values

ON_TENSOR = (
    "A {library} function cannot take a Keras tensor (ValueError: A KerasTensor cannot be used as input ...). "
    "keras.ops has the same functions, under the names that NumPy has for them."
)
OUTER_TENSOR = (
    "This loss uses {name}, a tensor of the model, and Keras 3 gives a loss nothing but the labels and the predictions "
    "(ValueError: A KerasTensor cannot be used as input ...). Write a layer that takes {name} as its input and calls "
    "self.add_loss(...) with the term, and put it into the model."
)
ADD_LOSS = (
    "add_loss of a model takes no tensors in Keras 3 (NotImplementedError). Write a layer that takes the "
    "tensors as its "
    "input and calls self.add_loss(...) in its call method, and put it into the model."
)


def hold_tensors(code: Code, values: Values, call: cst.Call) -> None:
    """Marks `tf.nn.relu(x)` and `np.sqrt(x)` of a tensor that a model is built from."""
    names = code.imported(call.func)
    libraries = {name.partition(".")[0] for name in names if homes.split_root(name) is None}
    if not libraries & {"tensorflow", "numpy"} or any(".keras." in name for name in names):
        return
    if any({"tensor", "tensors"} & values.kinds(argument.value) for argument in call.args):
        library = "TensorFlow" if "tensorflow" in libraries else "NumPy"
        code.mark(call, ON_TENSOR.format(library=library))


def hold_loss(code: Code, values: Values, call: cst.Call) -> None:
    """Marks a loss that uses a tensor of the model, and `model.add_loss(tensor)`."""
    if not isinstance(call.func, cst.Attribute) or not values.is_model(call.func.value):
        return
    if method(call) == "add_loss":
        if any("tensor" in values.kinds(argument.value) for argument in call.args) or call.args:
            code.mark(call, ADD_LOSS)
        return
    if method(call) != "compile":
        return
    places, given = positionals(call), keywords(call)
    losses = [argument.value for argument in places[1:2]]
    losses += [given[name].value for name in ("loss", "metrics") if name in given]
    for value in losses:
        for part in [one.value for one in value.elements] if isinstance(value, cst.List) else [value]:
            _hold_outer_tensors(code, values, call, part)


def _hold_outer_tensors(code: Code, values: Values, call: cst.Call, loss: cst.BaseExpression) -> None:
    if isinstance(loss, cst.Call):
        loss = loss.func
    function: cst.CSTNode | None = loss if isinstance(loss, cst.Lambda) else None
    if isinstance(loss, cst.Name):
        function = values.functions.get(loss.value)
    if function is None:
        return
    start, end = code.start(function), code.end(function)
    for name, uses in code.uses_of.items():
        for use in uses:
            if not start <= code.start(use) < end or code.binds(use):
                continue
            if {"tensor", "tensors"} & values.kinds(use) and not _is_bound_within(values, use, function):
                code.mark(use, OUTER_TENSOR.format(name=name))
                code.mark(call, OUTER_TENSOR.format(name=name))
                for other in _trainings(code, call):
                    code.mark(other, OUTER_TENSOR.format(name=name))
                return


def _is_bound_within(values: Values, use: cst.Name, function: cst.CSTNode) -> bool:
    start, end = values.code.start(function), values.code.end(function)
    return any(
        start <= values.code.start(other) < end and values.code.binds(other) for other in values.code.uses_of[use.value]
    )


def _trainings(code: Code, compiled: cst.Call) -> list[cst.Call]:
    """The calls that train the model which another call compiles: there an error in the loss comes to light."""
    if not isinstance(compiled.func, cst.Attribute):
        return []
    owner = code.source(compiled.func.value)
    return [
        call
        for call in code.calls
        if method(call) in ("fit", "train_on_batch")
        and isinstance(call.func, cst.Attribute)
        and code.source(call.func.value) == owner
        and code.start(call) > code.start(compiled)
    ]
