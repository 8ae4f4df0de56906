"""The names of accuracies: what `compile` calls a metric is what histories, logs and monitors call it."""

import re

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.sources import metrics_names
from mnistlab.lesson.migration.syntax import keywords, literal, method, positionals

ACCURACY = (
    "A history calls a metric what compile calls it: with metrics=['{name}'] the keys are {name} and val_{name}. "
    "Keras 1 and early versions of Keras 2 always said acc and val_acc; any other key gives a KeyError today."
)
UNCLEAR = (
    "With metrics=['accuracy'] the history says accuracy and val_accuracy, with metrics=['acc'] acc and val_acc. "
    "This notebook does not show which of them its model has."
)
BOTH = (
    "This notebook compiles models with metrics=['accuracy'] and others with metrics=['acc']; the history of each says "
    "what its own compile says, and any other key gives a KeyError. Use one of the two names throughout."
)
NONE = (
    "No model of this notebook is compiled with metrics=['accuracy'], so there is no accuracy in any history "
    "(KeyError). Add metrics=['accuracy'] to compile."
)
PLAIN = frozenset(
    {"print", "len", "str", "format", "set_title", "title", "xlabel", "ylabel", "legend", "text", "suptitle"}
)
"""Functions for which the text is only something to read."""
NAMES = ("acc", "accuracy")
_PLACEHOLDER = re.compile(r"\{(val_)?(acc|accuracy)(?=[:}!])")


def rewrite_accuracies(code: Code) -> None:
    """Rewrites every text that names an accuracy, or marks it where the notebook does not show its name."""
    metrics = metrics_names(code)
    known = {name for name in NAMES if name in metrics}
    wanted = known.pop() if len(known) == 1 else ""
    both = {"acc", "accuracy"} <= metrics
    seen = any(method(call) == "compile" for call in code.calls)
    for text in code.all_of(cst.SimpleString):
        value = text.evaluated_value
        if not isinstance(value, str) or value.removeprefix("val_") not in NAMES or not _names_metric(code, text):
            continue
        if wanted:
            if value.removeprefix("val_") != wanted:
                _rename(code, text, wanted)
        elif both:
            code.mark(text, BOTH)
        elif seen and not metrics:
            code.mark(text, NONE)
        elif value.removeprefix("val_") == "acc":
            code.mark(text, UNCLEAR)
    if wanted:
        _rewrite_files(code, wanted)
        _rewrite_tables(code, wanted)


def _rename(code: Code, text: cst.SimpleString, wanted: str) -> None:
    """Writes the wanted name, by an edit of its own for each, as a rule for files may change the rest."""
    source, old = code.source(text), "acc" if wanted == "accuracy" else "accuracy"
    for match in re.finditer(rf"\b(val_)?{old}\b", source):
        start = code.start(text) + len(source[: match.start() + len(match[1] or "")].encode())
        if wanted == "accuracy":
            code.insert(start + len("acc"), "uracy", ACCURACY.format(name=wanted))
        else:
            code.replace_between(start + len("acc"), start + len("accuracy"), "", ACCURACY.format(name=wanted))


def _rewrite_files(code: Code, wanted: str) -> None:
    for call in code.calls:
        path = keywords(call).get("filepath") or next(iter(positionals(call)), None)
        if code.means(call.func) != "keras.callbacks.ModelCheckpoint" or path is None:
            continue
        name = code.value_of(path.value)
        parts = [name]
        if isinstance(name, cst.BinaryOperation):
            parts = [name.left, name.right]
        for part in parts:
            if isinstance(part, cst.SimpleString):
                source = code.source(part)
                for match in _PLACEHOLDER.finditer(source):
                    if match[2] == wanted:
                        continue
                    start = code.start(part) + len(source[: match.start(2)].encode())
                    code.replace_between(start + 3, start + len(match[2]), wanted[3:], ACCURACY.format(name=wanted))


def _rewrite_tables(code: Code, wanted: str) -> None:
    """Rewrites `frame.val_acc` of a table that was made of a history."""
    old = "acc" if wanted == "accuracy" else "accuracy"
    for attribute in code.all_of(cst.Attribute):
        name = attribute.attr.value
        if name.removeprefix("val_") != old or not isinstance(attribute.value, cst.Name):
            continue
        made = code.value_of(attribute.value)
        if isinstance(made, cst.Call) and code.source(made.func).endswith("DataFrame"):
            new = name.removesuffix(old) + wanted
            code.replace(attribute.attr, new, ACCURACY.format(name=wanted))


def _names_metric(code: Code, text: cst.SimpleString) -> bool:
    """Whether a text is used as the name of a metric: as a key, as what is monitored, or on the way there."""
    above = code.parent(text)
    if isinstance(above, cst.Index):
        subscript = next((place for place in code.parents(text) if isinstance(place, cst.Subscript)), None)
        return subscript is not None and not _is_own_dictionary(code, subscript.value)
    if isinstance(above, cst.Comparison | cst.ComparisonTarget):
        return True
    if isinstance(above, cst.BinaryOperation):
        return isinstance(above.operator, cst.Add) and _is_prefix(above)
    if isinstance(above, cst.Assign | cst.Param | cst.IfExp):
        return True
    if isinstance(above, cst.Element):
        return _names_metric_in_row(code, above)
    return isinstance(above, cst.Arg) and _is_asked_for(code, above)


def _is_prefix(node: cst.BinaryOperation) -> bool:
    return bool(literal(node.left) == "val_")


def _is_own_dictionary(code: Code, node: cst.BaseExpression) -> bool:
    made = code.value_of(node)
    if isinstance(made, cst.Dict):
        return True
    return isinstance(made, cst.Call) and isinstance(made.func, cst.Name) and made.func.value in ("dict", "defaultdict")


def _names_metric_in_row(code: Code, element: cst.Element) -> bool:
    """Whether the list or tuple that a text stands in is gone through, or chooses columns of a table."""
    row = code.parent(element)
    above = code.parent(row) if row is not None else None
    if isinstance(above, cst.For | cst.CompFor | cst.Index):
        return True
    if isinstance(above, cst.Element):
        return row is not None and _names_metric_in_row(code, above)
    if isinstance(above, cst.Arg):
        call = code.parent(above)
        name = code.source(call.func) if isinstance(call, cst.Call) else ""
        return name in ("zip", "enumerate") or (above.keyword is not None and above.keyword.value in ("columns", "y"))
    if isinstance(above, cst.Assign):
        target = above.targets[0].target
        return isinstance(target, cst.Name) and not _is_for_metrics(code, target.value)
    return False


def _is_for_metrics(code: Code, name: str) -> bool:
    """Whether a variable is what `compile` is given as its metrics, or a legend."""
    for use in code.uses_of.get(name, []):
        argument = code.parent(use)
        call = code.parent(argument) if isinstance(argument, cst.Arg) else None
        if isinstance(call, cst.Call) and method(call) in ("compile", "legend"):
            return True
    return False


def _is_asked_for(code: Code, argument: cst.Arg) -> bool:
    call = code.parent(argument)
    if not isinstance(call, cst.Call):
        return False
    if argument.keyword is not None and argument.keyword.value in ("monitor", "metric", "key"):
        return True
    path = code.means(call.func)
    if path.startswith("keras.callbacks."):
        return argument.keyword is None and call.args[0] is argument and not path.endswith("ModelCheckpoint")
    called = method(call) or code.source(call.func)
    if called in PLAIN or argument.keyword is not None:
        return False
    if called in ("get", "pop"):
        return not _is_own_dictionary(code, call.func.value if isinstance(call.func, cst.Attribute) else call.func)
    return isinstance(call.func, cst.Name) and not code.imported(call.func) and called not in ("getattr", "open")
