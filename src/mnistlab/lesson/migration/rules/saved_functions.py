"""Lambda layers in models that the notebook itself saves, copies or loads."""

import builtins

import libcst as cst

from mnistlab.lesson.migration import today
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.kinds import LOADERS
from mnistlab.lesson.migration.rules.files import is_written_elsewhere
from mnistlab.lesson.migration.rules.spelling import keras_name
from mnistlab.lesson.migration.syntax import keywords, method, positionals
from mnistlab.lesson.migration.values import Values

REGISTERED = (
    "A Lambda layer is saved with the name of its function, and Keras 3 finds the function again only if it is "
    "registered (TypeError: Could not locate function ...)."
)
COMPILED = (
    "The JSON of a model tells how it was compiled as well, and Keras 3 finds a loss or metric of "
    "yours again only if it is registered (TypeError: Could not locate function ...)."
)
ACTIVATION = (
    "Keras 3 does not find a function of TensorFlow again when it loads the model (TypeError: ... could not be "
    "deserialized properly); {text!r} is the same function, by its name in Keras."
)
TRUSTED = (
    "Keras 3 does not load a saved lambda unless it is told that the file can be trusted (ValueError: Requested "
    "the deserialization of a `Lambda` layer ...)."
)
LOST = (
    "A model here has a Lambda layer with a lambda that uses names of the notebook, even if only keras. Keras 3 saves "
    "the lambda alone, and the copy does not find them (NameError). Write it as a function with def, and put "
    "@keras.saving.register_keras_serializable() above it."
)


def rewrite_saved_functions(code: Code, values: Values) -> None:
    """Registers functions of Lambda layers, lets lambdas be loaded, and marks those that cannot be."""
    if any(code.means(call.func).endswith(".model_from_json") for call in code.calls):
        for function in _of_compile(code, values):
            _register(code, function, COMPILED)
    loads = [call for call in code.calls if code.means(call.func) in LOADERS and not is_written_elsewhere(code, call)]
    if not loads:
        return
    for call in code.calls:
        _name_activation(code, call)
    lambdas, functions = _of_layers(code, values)
    for function in functions:
        _register(code, function, REGISTERED)
    for call in loads:
        before = [function for function in lambdas if code.start(function) < code.start(call)]
        if not before:
            continue
        if any(_outer_names(code, function) for function in before):
            code.mark(call, LOST)
        elif code.means(call.func).endswith(".load_model"):
            if "safe_mode" not in keywords(call) and call.args:
                code.add_argument(call, "safe_mode=False", TRUSTED)
        elif not _is_trusting(code):
            code.insert_line(call, f"{keras_name(code, call)}.config.enable_unsafe_deserialization()", TRUSTED)


def _of_layers(code: Code, values: Values) -> tuple[list[cst.Lambda], list[cst.FunctionDef]]:
    """The lambdas and the functions of the notebook that Lambda layers call."""
    lambdas: list[cst.Lambda] = []
    functions: list[cst.FunctionDef] = []
    for call in code.calls:
        if code.means(call.func) != "keras.layers.Lambda":
            continue
        given = keywords(call)
        parts = [one.value for one in positionals(call)[:2]]
        parts += [given[name].value for name in ("function", "output_shape") if name in given]
        for part in parts:
            found = code.value_of(part)
            if isinstance(found, cst.Lambda):
                lambdas.append(found)
            elif isinstance(found, cst.Name) and (function := values.functions.get(found.value)) is not None:
                functions += [] if function in functions else [function]
    return lambdas, functions


def _name_activation(code: Code, call: cst.Call) -> None:
    """Writes "relu" for `tf.nn.relu` where a layer of a saved model is given it."""
    path = code.means(call.func)
    if not path.startswith("keras.layers."):
        return
    given, places = keywords(call), positionals(call)
    parts = [given[name].value for name in ("activation", "recurrent_activation") if name in given]
    parts += [one.value for one in places[:1]] if path.endswith(".Activation") else []
    for part in parts:
        names = [name for name in code.imported(part) if name.startswith(("tensorflow.nn.", "tensorflow.math."))]
        text = names[0].rpartition(".")[2] if names else ""
        if text in today.texts("activations") and text != "leaky_relu":  # its slope is another one
            code.replace(part, f'"{text}"', ACTIVATION.format(text=text))


def _of_compile(code: Code, values: Values) -> list[cst.FunctionDef]:
    """The functions of the notebook that `compile` is given as losses and metrics."""
    functions: list[cst.FunctionDef] = []
    for call in code.calls:
        if method(call) != "compile":
            continue
        given, places = keywords(call), positionals(call)
        parts = [one.value for one in places[1:3]] + [
            given[name].value for name in ("loss", "metrics") if name in given
        ]
        for part in parts:
            row = code.value_of(part)
            inner = [one.value for one in row.elements] if isinstance(row, cst.List | cst.Tuple) else [row]
            for one in inner:
                function = values.functions.get(one.value) if isinstance(one, cst.Name) else None
                functions += [function] if function is not None and function not in functions else []
    return functions


def _register(code: Code, function: cst.FunctionDef, reason: str) -> None:
    first = function.decorators[0] if function.decorators else function
    if any("register_keras_serializable" in code.source(one.decorator) for one in function.decorators):
        return
    if code.is_nested(function):
        return
    code.insert_line(first, f"@{keras_name(code, function)}.saving.register_keras_serializable()", reason)


def _outer_names(code: Code, function: cst.Lambda) -> set[str]:
    """The names that a lambda takes from the notebook."""
    start, end = code.start(function), code.end(function)
    found, bound = set[str](), set[str]()
    for name, uses in code.uses_of.items():
        for use in uses:
            if start <= code.start(use) < end:
                (bound if code.binds(use) else found).add(name)
    return {name for name in found - bound if not hasattr(builtins, name)}


def _is_trusting(code: Code) -> bool:
    return "enable_unsafe_deserialization" in code.text.decode()
