"""Functions of `keras.backend` that have a twin in `keras.ops`, `keras.random` or `keras.config` today."""

from collections.abc import Callable

import libcst as cst

from mnistlab.lesson.migration import homes
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.spelling import keras_name, numpy_name
from mnistlab.lesson.migration.syntax import keywords, positionals

TWIN = "keras.backend has no {old} any more (AttributeError); {new} does the same."
SET_RATE = (
    "keras.backend.set_value is gone (AttributeError); a learning rate is assigned to, and it is called learning_rate."
)
READ_RATE = (
    "keras.backend.get_value is gone (AttributeError); a learning rate is called learning_rate, and float reads it."
)
_SAME = (
    "mean sum prod max min std var any all square abs sqrt exp log round sign clip equal not_equal "
    "greater greater_equal "
    "less less_equal maximum minimum sin cos transpose reshape stack tile arange zeros ones zeros_like "
    "ones_like eye cast "
    "softmax sigmoid tanh softplus softsign elu hard_sigmoid binary_crossentropy categorical_crossentropy "
    "sparse_categorical_crossentropy shape logsumexp cumsum cumprod one_hot stop_gradient dot squeeze ndim relu"
)
TWINS = {
    **{name: f"keras.ops.{name}" for name in _SAME.split()},
    "pow": "keras.ops.power",
    "permute_dimensions": "keras.ops.transpose",
    "flatten": "keras.ops.ravel",
    "repeat_elements": "keras.ops.repeat",
    "switch": "keras.ops.where",
    "eval": "keras.ops.convert_to_numpy",
    "get_value": "keras.ops.convert_to_numpy",
    "constant": "keras.ops.convert_to_tensor",
    "map_fn": "keras.ops.map",
    "concatenate": "keras.ops.concatenate",
    "expand_dims": "keras.ops.expand_dims",
    "argmax": "keras.ops.argmax",
    "argmin": "keras.ops.argmin",
    "l2_normalize": "keras.ops.normalize",
    "random_normal": "keras.random.normal",
    "random_uniform": "keras.random.uniform",
    "truncated_normal": "keras.random.truncated_normal",
    "dropout": "keras.random.dropout",
}
"""The twin of each function; the arguments are the same, but for those in `_AXES` and `_NAMES`."""
_AXES = {"concatenate": 1, "expand_dims": 1, "argmax": 1, "argmin": 1}
"""Functions whose axis was the last one by default, and the place of that argument."""
_NAMES = {
    "pow": {"x": "x1", "a": "x2"},
    "permute_dimensions": {"x": "x", "pattern": "axes"},
    "repeat_elements": {"rep": "repeats"},
    "tile": {"n": "repeats"},
    "reshape": {"shape": "newshape"},
    "concatenate": {"tensors": "xs"},
    "clip": {"min_value": "x_min", "max_value": "x_max"},
    "random_normal": {"std": "stddev"},
    "random_uniform": {"low": "minval", "high": "maxval"},
    "relu": {"alpha": "negative_slope"},
}


def rewrite_twins(code: Code) -> None:
    """Rewrites every use of a function of the backend that is gone and has a twin."""
    called = {call.func: call for call in code.calls}
    uses: list[cst.Attribute | cst.Name] = [*code.all_of(cst.Attribute), *code.all_of(cst.Name)]
    for use in uses:
        above = code.parent(use)
        if isinstance(above, cst.ImportAlias | cst.AsName) or (isinstance(above, cst.Attribute) and above.attr is use):
            continue
        path = code.keras_path(use)
        if path is None or not path[1].startswith("keras.backend."):
            continue
        name = path[1].removeprefix("keras.backend.")
        if "." in name or (homes.exists(path[1]) and not path[1].endswith(("get_value", "set_value"))):
            continue
        _rewrite(code, use, name, called.get(use))


def _rewrite(code: Code, use: cst.Attribute | cst.Name, name: str, call: cst.Call | None) -> None:
    if call is not None and name in _SPECIAL:
        _SPECIAL[name](code, call)
        return
    twin = TWINS.get(name)
    if twin is None or (name == "relu" and call is not None and "max_value" in keywords(call)):
        return
    if call is None and name in _AXES:
        return
    if name == "switch" and call is not None and any(isinstance(one.value, cst.Lambda) for one in call.args):
        return
    reason = TWIN.format(old=name, new=twin)
    code.replace(use, keras_name(code, use) + twin.removeprefix("keras"), reason)
    if call is None:
        return
    given = keywords(call)
    for old, new in _NAMES.get(name, {}).items():
        if old in given and old != new and (keyword := given[old].keyword) is not None:
            code.replace(keyword, new, reason)
    if name in _AXES and "axis" not in given and len(positionals(call)) <= _AXES[name] and call.args:
        code.add_argument(call, "axis=-1", reason)


def _only(call: cst.Call) -> cst.BaseExpression | None:
    return call.args[0].value if len(call.args) == 1 and not call.args[0].star else None


def _shape(code: Code, call: cst.Call) -> None:
    value = _only(call)
    if value is not None:
        _wrap(code, call, value, "", ".shape", TWIN.format(old="int_shape", new="the attribute shape"))


def _dtype(code: Code, call: cst.Call) -> None:
    value = _only(call)
    if value is not None:
        _wrap(code, call, value, "", ".dtype", TWIN.format(old="dtype", new="the attribute dtype"))


def _wrap(code: Code, call: cst.Call, value: cst.BaseExpression, before: str, after: str, reason: str) -> None:
    """Replaces what stands around a call's only argument, so that the argument itself can still be changed."""
    bare = isinstance(value, cst.Name | cst.Attribute | cst.Subscript | cst.Call)
    code.replace_between(code.start(call), code.start(value), before + ("" if bare else "("), reason)
    code.replace_between(code.end(value), code.end(call), ("" if bare else ")") + after, reason)


def _assign(code: Code, call: cst.Call) -> None:
    places = [argument.value for argument in positionals(call)]
    if len(places) != 2 or len(call.args) != 2:
        return
    target, value = places
    reason = TWIN.format(old="set_value", new="the method assign of the variable")
    between, after = ".assign(", ")"
    if isinstance(target, cst.Attribute) and target.attr.value in ("lr", "learning_rate"):
        reason = SET_RATE
        code.replace(target.attr, "learning_rate", reason)
        if isinstance(code.parent(call), cst.Expr):
            between, after = " = ", ""
    code.replace_between(code.start(call), code.start(target), "", reason)
    code.replace_between(code.end(target), code.start(value), between, reason)
    code.replace_between(code.end(value), code.end(call), after, reason)


def _read(code: Code, call: cst.Call) -> None:
    value = _only(call)
    if value is None:
        return
    if isinstance(value, cst.Attribute) and value.attr.value in ("lr", "learning_rate"):
        code.replace(value.attr, "learning_rate", READ_RATE)
        code.replace(call.func, "float", READ_RATE)
        return
    reason = TWIN.format(old="get_value", new="keras.ops.convert_to_numpy")
    code.replace(call.func, f"{keras_name(code, call)}.ops.convert_to_numpy", reason)


def _read_all(code: Code, call: cst.Call) -> None:
    value = _only(call)
    if value is not None:
        reason = TWIN.format(old="batch_get_value", new="keras.ops.convert_to_numpy, for each variable,")
        before = f"[{keras_name(code, call)}.ops.convert_to_numpy(one) for one in "
        code.replace_between(code.start(call), code.start(value), before, reason)
        code.replace_between(code.end(value), code.end(call), "]", reason)


def _variable(code: Code, call: cst.Call) -> None:
    if not call.args:
        return
    reason = TWIN.format(old="variable", new="keras.Variable")
    code.replace(call.func, f"{keras_name(code, call)}.Variable", reason)
    if "dtype" not in keywords(call) and len(positionals(call)) < 2:
        code.add_argument(call, 'dtype="float32"', reason)


def _gather(code: Code, call: cst.Call) -> None:
    if len(positionals(call)) == 2 == len(call.args):
        reason = TWIN.format(old="gather", new="keras.ops.take along the first axis")
        code.replace(call.func, f"{keras_name(code, call)}.ops.take", reason)
        code.add_argument(call, "axis=0", reason)


def _flatten_batch(code: Code, call: cst.Call) -> None:
    if _only(call) is not None:
        reason = TWIN.format(old="batch_flatten", new="the layer keras.layers.Flatten")
        code.replace(call.func, f"{keras_name(code, call)}.layers.Flatten()", reason)


def _to_floatx(code: Code, call: cst.Call) -> None:
    if _only(call) is not None:
        reason = TWIN.format(old="cast_to_floatx", new="keras.ops.cast")
        name = keras_name(code, call)
        code.replace(call.func, f"{name}.ops.cast", reason)
        code.add_argument(call, f"{name}.config.floatx()", reason)


def _count(code: Code, call: cst.Call) -> None:
    value = _only(call)
    if value is not None:
        reason = TWIN.format(old="count_params", new="the product of the variable's shape")
        code.replace_between(code.start(call), code.start(value), f"int({numpy_name(code, call)}.prod(", reason)
        code.replace_between(code.end(value), code.end(call), ".shape))", reason)


_SPECIAL: dict[str, Callable[[Code, cst.Call], None]] = {
    "int_shape": _shape,
    "dtype": _dtype,
    "set_value": _assign,
    "update": _assign,
    "get_value": _read,
    "eval": _read,
    "batch_get_value": _read_all,
    "variable": _variable,
    "gather": _gather,
    "count_params": _count,
    "batch_flatten": _flatten_batch,
    "cast_to_floatx": _to_floatx,
}
