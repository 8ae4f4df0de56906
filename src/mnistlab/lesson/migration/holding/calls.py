"""Calls held against the signatures that Keras has today, and texts against the lists that it knows."""

import libcst as cst

from mnistlab.lesson.migration import today
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import keywords, literal, method, positionals
from mnistlab.lesson.migration.values import Values

KEYWORD = "{call} has no argument called {name} today, so this line fails. {hint}"
TOO_MANY = "{call} takes {limit} without names today and is given {given}, so this line fails. {hint}"
MISSING = "{call} cannot be called without {name} today, so this line fails."
TEXT = "Keras has no {what} called {text!r} today, so this fails (ValueError). {hint}"
ROOMS = {
    "loss": ("losses", "loss"),
    "optimizer": ("optimizers", "optimizer"),
    "metrics": ("metrics", "metric"),
    "activation": ("activations", "activation"),
    "recurrent_activation": ("activations", "activation"),
    "kernel_initializer": ("initializers", "initializer"),
    "bias_initializer": ("initializers", "initializer"),
    "recurrent_initializer": ("initializers", "initializer"),
    "embeddings_initializer": ("initializers", "initializer"),
}
ALWAYS_METRICS = frozenset({"accuracy", "acc", "crossentropy", "ce"})


def hold_call(code: Code, values: Values, call: cst.Call) -> None:
    """Marks arguments that a function, a class or a method of Keras does not take."""
    path = code.keras_path(call.func)
    if path is not None:
        signature, name = today.signature(path[1]), path[1]
        if today.canonical(name) == "keras.Model" and not call.args:
            return
        if signature is not None:
            _hold_arguments(code, call, name, signature)
        return
    called = method(call)
    if not called or not isinstance(call.func, cst.Attribute):
        return
    for kind in sorted(values.kinds(call.func.value)):
        if kind.endswith("?"):
            continue
        base = values.base(kind)
        signature = today.method_signature(base, called) if not is_overridden(values, kind, called) else None
        if signature is not None:
            _hold_arguments(code, call, called, signature)
            return


def is_overridden(values: Values, kind: str, name: str) -> bool:
    """Whether a class of the notebook, or one that it is made from, has a method of its own with this name."""
    node = values.classes.get(kind.removeprefix("own:")) if kind.startswith("own:") else None
    if node is None:
        return False
    if any(isinstance(line, cst.FunctionDef) and line.name.value == name for line in node.body.body):
        return True
    inner = [base.value.value for base in node.bases if isinstance(base.value, cst.Name)]
    return any(is_overridden(values, f"own:{one}", name) for one in inner if f"own:{one}" != kind)


def _hold_arguments(code: Code, call: cst.Call, name: str, signature: today.Signature) -> None:
    short = name.rpartition(".")[2]
    given, places = keywords(call), positionals(call)
    has_stars = any(argument.star for argument in call.args)
    hint = (
        f"Its arguments are {', '.join(signature.places)}."
        if 0 < len(signature.places) <= 6
        else ("Leave the argument out, or see which one has taken its place.")
    )
    for keyword, argument in given.items():
        if not signature.takes_any_keyword and keyword not in signature.keywords:
            code.mark(argument, KEYWORD.format(call=short, name=keyword, hint=hint))
    if len(places) > len(signature.places) and not signature.takes_any_place:
        limit = {0: "no arguments", 1: "one argument"}.get(
            len(signature.places), f"at most {len(signature.places)} arguments"
        )
        code.mark(call, TOO_MANY.format(call=short, limit=limit, given=len(places), hint=hint))
    missing = [one for one in signature.required if one not in given and one not in signature.places[: len(places)]]
    if missing and not has_stars:
        code.mark(call, MISSING.format(call=short, name=" and ".join(missing)))


def hold_texts(code: Code, values: Values, call: cst.Call) -> None:
    """Marks `loss='cosine_proximity'` and the like."""
    is_compile = method(call) == "compile" and values.is_model(
        call.func.value if isinstance(call.func, cst.Attribute) else None
    )
    is_keras = code.means(call.func).startswith("keras.layers.")
    if not is_compile and not is_keras:
        return
    given = {name: argument.value for name, argument in keywords(call).items()}
    if is_compile:
        given |= dict(zip(("optimizer", "loss"), (one.value for one in positionals(call)), strict=False))
    for name, value in given.items():
        if name not in ROOMS or (name in ("loss", "metrics", "optimizer")) != is_compile:
            continue
        room, what = ROOMS[name]
        parts = [element.value for element in value.elements] if isinstance(value, cst.List | cst.Tuple) else [value]
        if name == "metrics" and isinstance(literal(code.value_of(value)), str):
            code.mark(value, "metrics is a list today, so this fails (ValueError): put the text into brackets.")
        for part in parts:
            text = literal(code.value_of(part))
            if isinstance(text, str) and not _is_known(room, text):
                code.mark(part, TEXT.format(what=what, text=text, hint=f"The list is in keras.{room}."))


def _is_known(room: str, text: str) -> bool:
    known = today.texts(room)
    return (
        text in known
        or (room == "metrics" and text in ALWAYS_METRICS)
        or (room == "optimizers" and text.lower() in known)
    )
