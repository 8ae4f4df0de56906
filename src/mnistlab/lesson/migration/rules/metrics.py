"""Metrics of the notebook's own, which Keras 2 gave labels of the type of the predictions."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.spelling import keras_name
from mnistlab.lesson.migration.syntax import find_argument, method
from mnistlab.lesson.migration.values import Values

CAST = (
    "Keras 3 gives a metric the labels as they are, which may be whole numbers, and TensorFlow refuses to calculate "
    "with those and the predictions (TypeError: ... does not match type). Keras 2 had made them floats."
)


def rewrite_metrics(code: Code, values: Values) -> None:
    """Casts the labels in every function that `compile` is given as a metric and that calculates with them."""
    seen: list[cst.FunctionDef] = []
    for call in code.calls:
        if method(call) != "compile":
            continue
        metrics = find_argument(call, 2, "metrics")
        row = code.value_of(metrics.value) if metrics is not None else None
        for element in row.elements if isinstance(row, cst.List | cst.Tuple) else ():
            function = values.functions.get(element.value.value) if isinstance(element.value, cst.Name) else None
            if function is not None and function not in seen:
                seen.append(function)
                _cast(code, function)


def _cast(code: Code, function: cst.FunctionDef) -> None:
    names = [one.name.value for one in function.params.params]
    if len(names) != 2 or not isinstance(function.body, cst.IndentedBlock):
        return
    labels, predictions = names
    start, end = code.start(function), code.end(function)
    uses = [use for use in code.uses_of[labels] if start <= code.start(use) < end]
    calculates = any(isinstance(code.parent(use), cst.BinaryOperation) for use in uses)
    is_cast = any(code.parent(use) is not None and isinstance(code.parent(use), cst.AssignTarget) for use in uses)
    lines = [line for line in function.body.body if not _is_text(line)]
    if calculates and not is_cast and lines:
        text = f"{labels} = {keras_name(code, lines[0])}.ops.cast({labels}, {predictions}.dtype)"
        code.insert_line(lines[0], text, CAST)


def _is_text(line: cst.CSTNode) -> bool:
    small = line.body[0] if isinstance(line, cst.SimpleStatementLine) and line.body else None
    return isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString | cst.ConcatenatedString)
