"""Sources of batches of the notebook's own: iterators that Keras no longer takes, and lists where it wants tuples."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import keywords, literal, method, positionals
from mnistlab.lesson.migration.values import Values

ITERATOR = (
    "fit takes a generator, but no other object with __next__ (ValueError: Unrecognized data type). The expression "
    "in brackets is a generator that hands the batches on."
)
LISTS = (
    "A batch is a tuple today, (inputs, labels); Keras 3 refuses lists here, and also a list of several inputs "
    "(TypeError: `output_signature` must contain objects that are subclass of `tf.TypeSpec`)."
)
TRAINABLE = (
    "trainable counts when a step of training is made, and no longer when compile is called: with trainable = False "
    "train_on_batch would change no weight of {name} any more (a warning, The model does not have any trainable "
    "weights). So it is switched on before {name} is trained, and off before the model around it is."
)
TRAINERS = ("fit", "fit_generator", "train_on_batch")
TAKERS = ("fit", "fit_generator", "evaluate", "evaluate_generator", "predict", "predict_generator")


def rewrite_batches(code: Code, values: Values) -> None:
    """Rewrites what is handed to `fit` and its like, and what generators of the notebook yield."""
    for call in code.calls:
        if method(call) not in TAKERS:
            continue
        given, places = keywords(call), positionals(call)
        sources = [given[name].value for name in ("x", "generator", "validation_data") if name in given]
        for source in [*sources, *(argument.value for argument in places[:1])]:
            _wrap_iterator(code, values, source)
    _rewrite_lists(code, values)
    _rewrite_trainable(code, values)


def _wrap_iterator(code: Code, values: Values, source: cst.BaseExpression) -> None:
    made = code.value_of(source)
    text = ""
    if isinstance(made, cst.Call) and isinstance(made.func, cst.Name) and made.func.value == "zip":
        text = code.source(source)
    for kind in values.kinds(source):
        owner = values.classes.get(kind.removeprefix("own:")) if kind.startswith("own:") else None
        if owner is None or values.base(kind):
            continue
        names = {line.name.value for line in owner.body.body if isinstance(line, cst.FunctionDef)}
        if "__next__" in names and "__iter__" in names:
            text = code.source(source)
        elif "__next__" in names or "next" in names:
            called = "__next__" if "__next__" in names else "next"
            text = f"iter({code.source(source)}.{called}, None)"
    if text:
        code.rewrite(source, f"(batch for batch in {text})", ITERATOR)


def _rewrite_lists(code: Code, values: Values) -> None:
    """Writes tuples for the lists that a source of batches gives."""
    for node in code.all_of(cst.Yield):
        if isinstance(node.value, cst.BaseExpression) and _is_source(code, node):
            _as_tuple(code, values, node.value)
    for returned in code.all_of(cst.Return):
        function = next((place for place in code.parents(returned) if isinstance(place, cst.FunctionDef)), None)
        owner = values.class_around(returned)
        if owner is None or function is None or function.name.value != "__getitem__" or returned.value is None:
            continue
        if values.base(f"own:{owner.name.value}") == "PyDataset":
            _as_tuple(code, values, returned.value)


def _is_source(code: Code, node: cst.CSTNode) -> bool:
    """Whether a yield stands in a function whose name is given to `fit`, or that goes on for ever."""
    function = next((place for place in code.parents(node) if isinstance(place, cst.FunctionDef)), None)
    for place in code.parents(node):
        if isinstance(place, cst.While) and code.source(place.test).strip("()") in ("True", "1"):
            return True
    name = function.name.value if function is not None else ""
    given = [argument.value for call in code.calls if method(call) in TAKERS for argument in call.args]
    made = [code.value_of(one) for one in given]
    return any(isinstance(one, cst.Call) and code.source(one.func).rpartition(".")[2] == name for one in made)


def _as_tuple(code: Code, values: Values, value: cst.BaseExpression) -> None:
    """Writes round brackets for those of a list, and of lists in it."""
    if isinstance(value, cst.List) and 2 <= len(value.elements) <= 3:
        _change_brackets(code, value)
    if isinstance(value, cst.List | cst.Tuple):
        for element in value.elements:
            inner = element.value
            if isinstance(inner, cst.Name):
                found = [one for one in values.values(inner) if one is not None]
                inner = found[0] if len(found) == 1 and isinstance(found[0], cst.List) else inner
            if isinstance(inner, cst.List) and inner.elements and not _is_numbers(inner):
                _change_brackets(code, inner)


def _is_numbers(node: cst.List) -> bool:
    return literal(node) is not None


def _change_brackets(code: Code, node: cst.List) -> None:
    start, end = code.start(node), code.end(node)
    comma = "," if len(node.elements) == 1 else ""
    code.replace_between(start, start + 1, "(", LISTS)
    code.replace_between(end - 1, end, f"{comma})", LISTS)


def _rewrite_trainable(code: Code, values: Values) -> None:
    """Switches `trainable` on and off around the steps of training of two models that share layers."""
    frozen: dict[str, cst.CSTNode] = {}
    thawed: set[str] = set()
    for assignment in code.all_of(cst.Assign):
        target = assignment.targets[0].target
        if isinstance(target, cst.Attribute) and target.attr.value == "trainable":
            name = code.source(target.value)
            if literal(assignment.value) is False and values.is_model(target.value):
                frozen.setdefault(name, assignment)
            elif literal(assignment.value) is not False:
                thawed.add(name)
    for name, place in frozen.items():
        if name in thawed:
            continue
        own = [call for call in code.calls if _trains(code, call) == name]
        compiled = [
            call for call in code.calls if method(call) == "compile" and code.source(call.func) == f"{name}.compile"
        ]
        if not compiled or not any(code.is_nested(call) for call in own):
            continue
        if not any(code.start(call) < code.start(place) for call in compiled):
            continue
        others = [call for call in code.calls if _trains(code, call) not in ("", name)]
        reason = TRAINABLE.format(name=name)
        for call in own:
            if code.statement(call) is not None:
                code.insert_line(call, f"{name}.trainable = True", reason)
        for call in others:
            if code.statement(call) is not None and code.is_nested(call):
                code.insert_line(call, f"{name}.trainable = False", reason)


def _trains(code: Code, call: cst.Call) -> str:
    """The model that a call trains by one batch or more; empty for other calls."""
    if method(call) not in TRAINERS or not isinstance(call.func, cst.Attribute):
        return ""
    return code.source(call.func.value)
