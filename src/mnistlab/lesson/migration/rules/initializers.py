"""Functions of the notebook that make the first values of weights."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.layers import layer_name
from mnistlab.lesson.migration.syntax import find_argument, keywords, method, positionals
from mnistlab.lesson.migration.values import Values

DTYPE = (
    "Keras 3 calls an initializer with the shape and dtype=... (TypeError: unexpected keyword argument 'dtype'), and "
    "gives it no name."
)
CALLED = (
    "The functions of keras.initializations took the shape first; today {name} is a class, and what it makes is called "
    "with the shape."
)
SCALES = {
    "RandomNormal": "stddev={scale}",
    "RandomUniform": "minval=-{scale}, maxval={scale}",
    "identity": "gain={scale}",
    "Identity": "gain={scale}",
    "orthogonal": "gain={scale}",
}
_NAMES = ("init", "inner_init", "beta_init", "gamma_init", "forget_bias_init", "initializer")


def rewrite_initializers(code: Code, values: Values) -> None:
    """Gives initializers of the notebook the argument that Keras calls them with."""
    seen: list[cst.CSTNode] = []
    for call in code.calls:
        _rewrite_call(code, call)
        if not layer_name(code, call) and method(call) != "add_weight":
            continue
        for name, argument in keywords(call).items():
            if name not in _NAMES and not name.endswith("_initializer"):
                continue
            found: cst.CSTNode | None = code.value_of(argument.value)
            if isinstance(found, cst.Name):
                found = values.functions.get(found.value)
            if isinstance(found, cst.Lambda | cst.FunctionDef) and found not in seen:
                seen.append(found)
                _take_dtype(code, found)


def _rewrite_call(code: Code, call: cst.Call) -> None:
    """Rewrites `normal(shape, scale=0.01, name=name)` of Keras 1 as `normal(stddev=0.01)(shape)`."""
    path = code.keras_path(call.func)
    if path is None or not path[1].startswith("keras.initializations.") or not positionals(call):
        return
    name = code.means(call.func).rpartition(".")[2]
    if name in ("get", "serialize", "deserialize"):
        return
    places, scale = positionals(call), find_argument(call, 1, "scale")
    settings = SCALES.get(name, "").format(scale=code.source(scale.value)) if scale is not None else ""
    text = f"({settings})({code.source(places[0].value)})"
    code.replace_between(code.end(call.func), code.end(call), text, CALLED.format(name=name))


def _take_dtype(code: Code, function: cst.Lambda | cst.FunctionDef) -> None:
    parameters = function.params
    places = list(parameters.params)
    known = {one.name.value for one in [*places, *parameters.kwonly_params]}
    if not places or parameters.star_kwarg is not None or parameters.kwonly_params or "dtype" in known:
        return
    for one in places[1:]:
        if one.default is None:
            code.insert(code.end(one.annotation or one.name), "=None", DTYPE)
    last = places[-1]
    code.insert(code.end(last.default or last.annotation or last.name), ", dtype=None", DTYPE)
