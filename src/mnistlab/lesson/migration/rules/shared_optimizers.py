"""One optimizer for several models: Keras 3 builds an optimizer for the variables of one model alone."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import find_argument, method
from mnistlab.lesson.migration.values import Values

SHARED = (
    "An optimizer belongs to the variables of one model today (ValueError: ... This optimizer can only be called for "
    "the variables it was originally built with), so each further model gets a copy with the same settings."
)
_AROUND = cst.FunctionDef | cst.For | cst.While


def rewrite_shared_optimizers(code: Code, values: Values) -> None:
    """Gives a copy of an optimizer to every model but the first that is compiled with it."""
    seen: set[str] = set()
    for call in code.calls:
        argument = find_argument(call, 0, "optimizer")
        if method(call) != "compile" or argument is None:
            continue
        optimizer = argument.value
        if not isinstance(optimizer, cst.Name | cst.Attribute):
            continue
        if not all(values.base(kind) == "Optimizer" for kind in values.kinds(optimizer)):
            continue
        if code.imported(optimizer):
            continue
        text = code.source(optimizer)
        if text in seen or _comes_from_outside(code, call, optimizer):
            code.insert(code.end(optimizer), f".from_config({text}.get_config())", SHARED)
        seen.add(text)


def _comes_from_outside(code: Code, call: cst.Call, optimizer: cst.BaseExpression) -> bool:
    """Whether a function or a loop around a compile can run more than once with the same optimizer."""
    if not isinstance(optimizer, cst.Name):
        return False
    around = next((place for place in code.parents(call) if isinstance(place, _AROUND)), None)
    if around is None:
        return False
    start, end = code.start(around), code.end(around)
    made = [use for use in code.uses_of[optimizer.value] if code.binds(use)]
    return bool(made) and not any(start <= code.start(use) < end for use in made)
