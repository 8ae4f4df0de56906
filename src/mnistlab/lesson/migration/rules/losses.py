"""Labels that do not fit the loss, and the names of accuracies in a history."""

import re

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.sources import label_kinds, metrics_names
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
ACCURACY = (
    "A history calls a metric what compile calls it: with metrics=['accuracy'] the keys are accuracy and "
    "val_accuracy. Keras up to 2.2 said acc and val_acc, and those are a KeyError now."
)
ACCURACY_UNCLEAR = (
    "With metrics=['accuracy'] the history says accuracy and val_accuracy, with metrics=['acc'] acc and val_acc. "
    "This notebook does not show which of them its model has."
)
_KEY = re.compile(r"\b(val_)?acc\b")
_PLACEHOLDER = re.compile(r"\{(val_)?acc\b")


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


def rewrite_accuracy_names(code: Code) -> None:
    """Rewrites `history.history['acc']`, `monitor='val_acc'` and `{val_acc:.3f}` in the name of a file."""
    names = metrics_names(code)
    if "acc" in names and "accuracy" not in names:
        return
    clear = "accuracy" in names and "acc" not in names
    for text in code.all_of(cst.SimpleString):
        if not _names_metric(code, text):
            continue
        if clear:
            _rename(code, text, _KEY)
        else:
            code.mark(text, ACCURACY_UNCLEAR)
    for call in code.calls:
        path = keywords(call).get("filepath") or next(iter(positionals(call)), None)
        if clear and code.means(call.func) == "keras.callbacks.ModelCheckpoint" and path is not None:
            name = code.value_of(path.value)
            if isinstance(name, cst.SimpleString):
                _rename(code, name, _PLACEHOLDER)


def _rename(code: Code, text: cst.SimpleString, key: re.Pattern[str]) -> None:
    """Writes accuracy wherever a text says acc, each by its own edit, as a rule for files may change the rest."""
    source = code.source(text)
    for match in key.finditer(source):
        place = code.start(text) + len(source[: match.end()].encode())
        code.insert(place, "uracy", ACCURACY)


def _names_metric(code: Code, text: cst.SimpleString) -> bool:
    """Whether a text names an accuracy: as a key of a history, or as what a callback monitors."""
    if text.evaluated_value not in ("acc", "val_acc"):
        return False
    parents = list(code.parents(text))
    if isinstance(parents[0], cst.Index):
        subscript = next(place for place in parents if isinstance(place, cst.Subscript))
        return _is_history(code, subscript.value)
    argument, call = parents[0], parents[1]
    if not isinstance(argument, cst.Arg) or not isinstance(call, cst.Call):
        return False
    if code.means(call.func).startswith("keras.callbacks."):
        return argument.keyword is None or argument.keyword.value == "monitor"
    owner = call.func.value if isinstance(call.func, cst.Attribute) else None
    return method(call) == "get" and owner is not None and _is_history(code, owner)


def _is_history(code: Code, node: cst.BaseExpression) -> bool:
    """Whether an expression is the dictionary of a history, or the logs of a callback."""
    made = code.value_of(node)
    if isinstance(made, cst.Attribute) and made.attr.value == "history":
        return True
    return isinstance(node, cst.Name) and node.value == "logs"
