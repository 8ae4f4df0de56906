"""Labels that do not fit the loss, and lists where Keras wants arrays."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.sources import MAX_DEPTH, label_kinds
from mnistlab.lesson.migration.rules.spelling import numpy_name
from mnistlab.lesson.migration.syntax import keywords, literal, method, positionals

SPARSE = (
    "The labels of this model are the integers of the data set and are never made one-hot, which categorical_"
    "crossentropy refuses (target and output must have the same rank). For integers it is sparse_categorical_"
    "crossentropy."
)
SPARSE_UNCLEAR = (
    "Some labels here are integers, and categorical_crossentropy wants one-hot rows (target and output must have the "
    "same rank). Use keras.utils.to_categorical for all labels, or sparse_categorical_crossentropy and integers."
)
LIST = (
    "Keras 3 takes a list for several arrays, one for each input or output, and not for a row of numbers (ValueError: "
    "... have different structures), so it is made an array."
)
TAKERS = frozenset({"fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"})


def rewrite_lists(code: Code) -> None:
    """Writes np.array(...) around plain lists of numbers that stand for images or labels."""
    for call in code.calls:
        if method(call) not in TAKERS:
            continue
        given = keywords(call)
        parts = [one.value for one in positionals(call)[:2]] + [
            given[name].value for name in ("x", "y") if name in given
        ]
        for part in parts:
            if _is_row_of_numbers(code, part):
                code.insert(code.start(part), f"{numpy_name(code, call)}.array(", LIST)
                code.insert(code.end(part), ")", LIST)


def _is_row_of_numbers(code: Code, node: cst.BaseExpression, depth: int = 0) -> bool:
    """Whether an expression is a list of numbers, such as `[1] * 32 + [0] * 32`, or a name for one alone."""
    if depth > MAX_DEPTH:
        return False
    if isinstance(node, cst.List):
        return bool(node.elements) and all(
            isinstance(number := literal(one.value), int | float) or isinstance(number, tuple) for one in node.elements
        )
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add | cst.Multiply):
        return _is_row_of_numbers(code, node.left, depth + 1) or _is_row_of_numbers(code, node.right, depth + 1)
    if isinstance(node, cst.Name):
        values = code.assigned(node.value)
        return bool(values) and all(
            value is not None and _is_row_of_numbers(code, value, depth + 1) for value in values
        )
    return False


def rewrite_losses(code: Code) -> None:
    """Rewrites a categorical loss whose labels are known to be integers."""
    compiles = [call for call in code.calls if method(call) == "compile"]
    for position, call in enumerate(compiles):
        loss = keywords(call).get("loss")
        if loss is None and len(positionals(call)) > 1:
            loss = positionals(call)[1]
        if loss is None or literal(loss.value) != "categorical_crossentropy":
            continue
        owner = code.source(call.func.value) if isinstance(call.func, cst.Attribute) else ""
        later = [other for other in compiles[position + 1 :] if code.source(other.func) == code.source(call.func)]
        end = code.start(later[0]) if later else len(code.text)
        kinds = [label_kinds(code, labels) for labels in _labels(code, owner, code.end(call), end)]
        if kinds and all(kind == {"integers"} for kind in kinds):
            quote = code.source(loss.value)[0]
            code.replace(loss.value, f"{quote}sparse_categorical_crossentropy{quote}", SPARSE)
        elif {"integers"} in kinds:
            code.mark(call, SPARSE_UNCLEAR)


def _labels(code: Code, owner: str, start: int, end: int) -> list[cst.BaseExpression]:
    """The labels that a model is trained and scored with between two positions."""
    found: list[cst.BaseExpression] = []
    for call in code.calls:
        if not start < code.start(call) < end or method(call) not in ("fit", "evaluate"):
            continue
        if not isinstance(call.func, cst.Attribute) or code.source(call.func.value) != owner:
            continue
        given, values = keywords(call), positionals(call)
        if "y" in given or len(values) > 1:
            found.append((given.get("y") or values[1]).value)
        validation = given.get("validation_data")
        if validation is not None and isinstance(validation.value, cst.Tuple) and len(validation.value.elements) > 1:
            found.append(validation.value.elements[1].value)
    return found
