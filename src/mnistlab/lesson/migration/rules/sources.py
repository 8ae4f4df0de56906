"""What a variable holds, as far as the code shows it: a model, a source of batches that ends, or labels."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import keywords, literal, method, positionals

MODELS = frozenset({"Sequential", "Model", "load_model", "model_from_json", "clone_model"})
MAX_DEPTH = 20  # assignments that are followed, as names can refer to each other in a circle


def is_model(code: Code, node: cst.BaseExpression) -> bool:
    """Whether an expression is a Keras model: every assignment of its name makes one."""
    if not isinstance(node, cst.Name):
        return isinstance(node, cst.Call) and _makes_model(code, node)
    values = code.assigned(node.value)
    return bool(values) and all(isinstance(value, cst.Call) and _makes_model(code, value) for value in values)


def _makes_model(code: Code, call: cst.Call) -> bool:
    if code.means(call.func).rpartition(".")[2] in MODELS:
        return True
    if not isinstance(call.func, cst.Name):
        return False
    made = [node for node in code.all_of(cst.FunctionDef) if node.name.value == call.func.value]
    return any(_returns_model(code, function) for function in made)


def _returns_model(code: Code, function: cst.FunctionDef) -> bool:
    for node in code.all_of(cst.Return):
        if any(place is function for place in code.parents(node)) and isinstance(node.value, cst.Name):
            values = code.assigned(node.value.value)
            if any(
                isinstance(made, cst.Call) and code.means(made.func).rpartition(".")[2] in MODELS for made in values
            ):
                return True
    return False


def is_finite(code: Code, node: cst.BaseExpression) -> bool:
    """Whether a source of batches is known to end after one pass over its images.

    The image iterators of old Keras never ended; today's do, and Keras starts them again for each epoch.
    """
    made = code.value_of(node)
    if not isinstance(made, cst.Call):
        return False
    name = method(made)
    if name in ("flow", "flow_from_directory", "flow_from_dataframe"):
        return True
    if isinstance(made.func, cst.Name):
        classes = [found for found in code.all_of(cst.ClassDef) if found.name.value == made.func.value]
        bases = [code.means(base.value) for found in classes for base in found.bases]
        return any(base in ("keras.utils.Sequence", "keras.utils.PyDataset") for base in bases)
    return _is_finite_pipeline(code, made)


def _is_finite_pipeline(code: Code, call: cst.Call) -> bool:
    """Whether a call is like `tf.data.Dataset.from_tensor_slices(...).batch(128)`, without `repeat`."""
    node: cst.BaseExpression = call
    while isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        if "tensorflow.data.Dataset.from_tensor_slices" in code.imported(node.func):
            return True
        if node.func.attr.value == "repeat":
            return False
        node = code.value_of(node.func.value)
    return False


def is_whole_pass(code: Code, node: cst.BaseExpression) -> bool:
    """Whether a number of steps is computed as images divided by batch size, or is the length of the source."""
    node = code.value_of(node)
    text = code.source(node)
    if isinstance(node, cst.Call) and text.startswith(("len(", "int(", "math.ceil(", "np.ceil(", "numpy.ceil(")):
        return True
    return isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.FloorDivide | cst.Divide)


def label_kinds(code: Code, node: cst.BaseExpression, depth: int = 0) -> set[str]:
    """The kinds of labels that an expression may be: `integers` of a data set, `one-hot` rows, or `unknown`."""
    if isinstance(node, cst.Subscript):
        return label_kinds(code, node.value, depth)
    if isinstance(node, cst.Call):
        return {"one-hot"} if code.means(node.func) == "keras.utils.to_categorical" else {"unknown"}
    if not isinstance(node, cst.Name) or depth > MAX_DEPTH:
        return {"unknown"}
    kinds: set[str] = set()
    for use in code.uses_of[node.value]:
        if code.binds(use):
            kinds |= _kind_bound_here(code, use, depth)
    return kinds or {"unknown"}


def _kind_bound_here(code: Code, use: cst.Name, depth: int) -> set[str]:
    """The kinds of labels that one assignment gives a name."""
    target = next((place for place in code.parents(use) if isinstance(place, cst.AssignTarget)), None)
    assignment = code.parent(target) if target is not None else None
    if not isinstance(assignment, cst.Assign):
        return {"unknown"}
    value, above = assignment.value, code.parent(use)
    if above is target:
        return (
            _kind_of_conversion(code, value)
            if _mentions(code, value, use.value)
            else (label_kinds(code, value, depth + 1))
        )
    pair = code.parent(above) if above is not None else None
    loaded = isinstance(value, cst.Call) and code.means(value.func).endswith(".load_data")
    is_second = isinstance(pair, cst.Tuple) and len(pair.elements) == 2 and pair.elements[1] is above
    return {"integers"} if loaded and is_second else {"unknown"}


def _kind_of_conversion(code: Code, value: cst.BaseExpression) -> set[str]:
    """The kind after `y = to_categorical(y)`; empty for `y = y.astype("int")` and the like, which keep the kind."""
    if isinstance(value, cst.Call) and code.means(value.func) == "keras.utils.to_categorical":
        return {"one-hot"}
    if (isinstance(value, cst.Call) and method(value) in ("astype", "ravel", "flatten")) or isinstance(
        value, cst.Subscript
    ):
        return set()
    return {"unknown"}


def _mentions(code: Code, node: cst.BaseExpression, name: str) -> bool:
    return any(code.start(node) <= code.start(use) < code.end(node) for use in code.uses_of[name])


def metrics_names(code: Code) -> set[str]:
    """The metrics that models are compiled with, if given as texts; `?` if they cannot be read."""
    names: set[str] = set()
    for call in code.calls:
        given = keywords(call)
        if literal(given["show_accuracy"].value if "show_accuracy" in given else None) is True:
            names.add("accuracy")
        if method(call) != "compile":
            continue
        if any(argument.star for argument in call.args):
            names.add("?")
        metrics = given.get("metrics")
        if metrics is None and len(positionals(call)) > 2:
            metrics = positionals(call)[2]  # after optimizer and loss; Keras 1 had nothing else there
        if metrics is None:
            continue
        value = code.value_of(metrics.value)
        parts = [one.value for one in value.elements] if isinstance(value, cst.List | cst.Tuple) else [value]
        for part in parts:
            text = literal(part)
            names.add(text if isinstance(text, str) else "?")
    return names
