"""The last look at a migrated notebook: every call and every attribute is held against what Keras has today.

The rules change what they know. What is left and would fail is marked here, whether or not a rule has ever heard of
it: a name that does not exist, an argument that a call refuses, an attribute that models, layers, optimizers or
histories do not have, a text that stands for nothing.
"""

import libcst as cst

from mnistlab.lesson.migration import homes, today
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.gone import explain_gone
from mnistlab.lesson.migration.syntax import dotted, imported_names, keywords, literal, method, positionals
from mnistlab.lesson.migration.values import Values, is_layer, is_model

KEYWORD = "{call} has no argument called {name} today, so this line fails. {hint}"
TOO_MANY = "{call} takes {limit} without names today, and {given} are given, so this line fails. {hint}"
MISSING = "{call} cannot be called without {name} today, so this line fails."
ATTRIBUTE = "{what} has no {name} today, so this line fails (AttributeError).{advice}"
READ_ONLY = "{what} works out its own {name} today, so nothing can be assigned to it (AttributeError).{advice}"
TEXT = "Keras knows no {what} called {text!r} today, so this fails (ValueError). {hint}"
ON_TENSOR = (
    "A function of {library} cannot take a tensor of Keras (ValueError: A KerasTensor cannot be used as input ...). "
    "keras.ops has the same functions, under the names that NumPy has for them."
)
OUTER_TENSOR = (
    "This loss uses {name}, a tensor of the model, and Keras 3 gives a loss nothing but the labels and the predictions "
    "(ValueError: A KerasTensor cannot be used as input ...). Write a layer that takes {name} as its input and calls "
    "self.add_loss(...) with the term, and put it into the model."
)
ADD_LOSS = (
    "add_loss of a model takes no tensors in Keras 3 (NotImplementedError). Write a layer that takes the "
    "tensors as its "
    "input and calls self.add_loss(...) in its call method, and put it into the model."
)
LOGS = (
    "This history has no {text!r}: it holds {names}, each also with val_ if there is validation data. Reading another "
    "key fails (KeyError)."
)
ADVICE = {
    "W": " Its weights are in kernel.",
    "b": " Its weights are in bias.",
    "validation_data": (
        " A callback is not given the validation data any more: hand them to it when it is made, and keep them."
    ),
    "to_yaml": " Use to_json.",
    "get_output_at": " Keep the tensor that the layer returned.",
    "get_input_at": " Keep the tensor that was given to the layer.",
    "total_loss": " The loss is made within the step of training.",
    "trainable_weights": " What add_weight(...) returns is found by itself.",
    "non_trainable_weights": " What add_weight(..., trainable=False) returns is found by itself.",
    "inbound_nodes": " Build the model again with the functional API instead of moving its nodes.",
    "outbound_nodes": " Build the model again with the functional API instead of moving its nodes.",
    "model": " Keras sets it before training starts; give your own another name.",
    "updates": " A layer changes its variables with assign(...) in its call method.",
    "add_update": " A layer changes its variables with assign(...) in its call method.",
    "get_gradients": " Record the calculation with tf.GradientTape and ask the tape for the gradient.",
    "get_updates": " An optimizer of your own has an update_step(gradient, variable, learning_rate).",
    "predict_classes": " Use np.argmax(model.predict(images), axis=-1).",
    "uses_learning_phase": " Say training=True or training=False in the call of the model.",
    "_keras_shape": " Use shape.",
    "get_shape": " Use shape.",
}
READ_ONLY_NAMES = {
    "Layer": frozenset(
        {"trainable_weights", "non_trainable_weights", "weights", "losses", "input", "output", "variables"}
    ),
    "Callback": frozenset({"model"}),
}
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


def hold(code: Code) -> None:
    """Marks what would fail."""
    values = Values(code)
    _hold_names(code)
    stored = {node.attr.value for node in code.all_of(cst.Attribute) if _is_stored(code, node)}
    for call in code.calls:
        _hold_call(code, values, call)
        _hold_texts(code, values, call)
        _hold_tensors(code, values, call)
        _hold_loss(code, values, call)
    for attribute in code.all_of(cst.Attribute):
        _hold_attribute(code, values, attribute, stored)


def _is_stored(code: Code, node: cst.Attribute) -> bool:
    above = code.parent(node)
    if isinstance(above, cst.AnnAssign | cst.AugAssign):
        return above.target is node
    return isinstance(above, cst.AssignTarget)


def _hold_names(code: Code) -> None:
    for node in code.all_of(cst.ImportFrom):
        module = dotted(node.module)
        if node.relative or _may_fail(code, node):
            continue
        for alias in imported_names(node):
            _hold_name(code, node, f"{module}.{dotted(alias.name)}")
        if isinstance(node.names, cst.ImportStar):
            _hold_name(code, node, module)
    for statement in code.all_of(cst.Import):
        for alias in statement.names:
            if not _may_fail(code, statement):
                _hold_name(code, statement, dotted(alias.name))
    uses: list[cst.Attribute | cst.Name] = [*code.all_of(cst.Attribute), *code.all_of(cst.Name)]
    for use in uses:
        above = code.parent(use)
        if isinstance(above, cst.Attribute | cst.ImportAlias | cst.AsName | cst.ImportFrom):
            continue
        path = code.keras_path(use)
        if path is not None:
            _hold_name(code, use, path[0] + path[1].removeprefix("keras"))


def _may_fail(code: Code, node: cst.CSTNode) -> bool:
    """Whether an import stands in a `try`, for machines on which it fails."""
    return any(isinstance(place, cst.Try) for place in code.parents(node))


def _hold_name(code: Code, node: cst.CSTNode, name: str) -> None:
    split = homes.split_root(name)
    if split is not None and not homes.exists(split[1], split[0]):
        code.mark(node, explain_gone(split[1]))


def _hold_call(code: Code, values: Values, call: cst.Call) -> None:
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
        signature = today.method_signature(base, called) if not _is_overridden(values, kind, called) else None
        if signature is not None:
            _hold_arguments(code, call, called, signature)
            return


def _is_overridden(values: Values, kind: str, name: str) -> bool:
    """Whether a class of the notebook, or one that it is made from, has a method of its own with this name."""
    node = values.classes.get(kind.removeprefix("own:")) if kind.startswith("own:") else None
    if node is None:
        return False
    if any(isinstance(line, cst.FunctionDef) and line.name.value == name for line in node.body.body):
        return True
    inner = [base.value.value for base in node.bases if isinstance(base.value, cst.Name)]
    return any(_is_overridden(values, f"own:{one}", name) for one in inner if f"own:{one}" != kind)


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


def _hold_attribute(code: Code, values: Values, node: cst.Attribute, stored: set[str]) -> None:
    name = node.attr.value
    kinds = values.kinds(node.value)
    for kind in sorted(kinds):
        known = _attributes(values, kind)
        if not known or (kind.endswith("?") and name not in ADVICE):
            continue
        what = _what(values, kind)
        if _is_stored(code, node):
            readonly = READ_ONLY_NAMES.get(
                "Layer" if values.base(kind) in ("Model", "Sequential") else values.base(kind)
            )
            if readonly and name in readonly and not _has_setter(values, kind, name):
                code.mark(node, READ_ONLY.format(what=what, name=name, advice=ADVICE.get(name, "")))
            continue
        if name in known or name in stored or name.startswith("__") or name in OWN_NAMES:
            continue
        if any(isinstance(place, cst.Try) for place in code.parents(node)):
            continue
        code.mark(node, ATTRIBUTE.format(what=what, name=name, advice=ADVICE.get(name, "")))
        return


OWN_NAMES = frozenset({"shape", "numpy"})


def _has_setter(values: Values, kind: str, name: str) -> bool:
    return _is_overridden(values, kind, name)


def _attributes(values: Values, kind: str) -> frozenset[str]:
    """The attributes of a kind; none if anything may be among them."""
    if kind in ("model", "model?"):
        return today.kind_attributes("Model") | today.kind_attributes("Sequential")
    if kind in ("layer", "optimizer"):
        return today.any_attributes({"layer": "Layer", "optimizer": "Optimizer"}[kind])
    if kind == "history":
        return today.attributes("keras.callbacks.History")
    if kind == "tensor":
        return today.kind_attributes("KerasTensor")
    if kind == "history.history":
        return frozenset(dir(dict))
    if kind.startswith("own:"):
        return _own_attributes(values, kind)
    return today.attributes(kind) if values.base(kind) else frozenset()


def _own_attributes(values: Values, kind: str) -> frozenset[str]:
    """The attributes of a class of the notebook that is made from one of Keras alone; none if more may be there."""
    node, base = values.classes.get(kind.removeprefix("own:")), values.base(kind)
    if node is None or base not in ("Layer", "Model", "Sequential", "Callback", "Optimizer") or len(node.bases) != 1:
        return frozenset()
    inner = node.bases[0].value
    if isinstance(inner, cst.Name) and inner.value in values.classes:
        known = _own_attributes(values, f"own:{inner.value}")
    else:
        known = today.attributes(values.code.means(inner)) | today.kind_attributes(base)
    if not known:
        return frozenset()
    here = {line.name.value for line in node.body.body if isinstance(line, cst.FunctionDef | cst.ClassDef)}
    for line in node.body.body:
        for small in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            if isinstance(small, cst.Assign):
                here |= {dotted(target.target) for target in small.targets}
            elif isinstance(small, cst.AnnAssign):
                here.add(dotted(small.target))
    return known | here


def _what(values: Values, kind: str) -> str:
    """A kind in words."""
    names = {
        "model": "A model",
        "model?": "A model",
        "layer": "A layer",
        "optimizer": "An optimizer",
        "history": "What fit returns",
        "history.history": "The dictionary of a history",
        "tensor": "A tensor of Keras",
    }
    if kind in names:
        return names[kind]
    if is_model(kind):
        return "A Sequential model" if today.kind_of(kind) == "Sequential" else "A model"
    if is_layer(kind):
        return f"A {kind.rpartition('.')[2]} layer"
    base = values.base(kind)
    return {"Layer": "A layer", "Model": "A model", "Callback": "A callback", "Optimizer": "An optimizer"}.get(
        base, f"A {kind.rpartition('.')[2]}"
    )


def _hold_texts(code: Code, values: Values, call: cst.Call) -> None:
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


def _hold_tensors(code: Code, values: Values, call: cst.Call) -> None:
    """Marks `tf.nn.relu(x)` and `np.sqrt(x)` of a tensor that a model is built from."""
    names = code.imported(call.func)
    libraries = {name.partition(".")[0] for name in names if homes.split_root(name) is None}
    if not libraries & {"tensorflow", "numpy"} or any(".keras." in name for name in names):
        return
    if any({"tensor", "tensors"} & values.kinds(argument.value) for argument in call.args):
        library = "TensorFlow" if "tensorflow" in libraries else "NumPy"
        code.mark(call, ON_TENSOR.format(library=library))


def _hold_loss(code: Code, values: Values, call: cst.Call) -> None:
    """Marks a loss that uses a tensor of the model, and `model.add_loss(tensor)`."""
    if not isinstance(call.func, cst.Attribute) or not values.is_model(call.func.value):
        return
    if method(call) == "add_loss":
        if any("tensor" in values.kinds(argument.value) for argument in call.args) or call.args:
            code.mark(call, ADD_LOSS)
        return
    if method(call) != "compile":
        return
    places, given = positionals(call), keywords(call)
    losses = [argument.value for argument in places[1:2]]
    losses += [given[name].value for name in ("loss", "metrics") if name in given]
    for value in losses:
        for part in [one.value for one in value.elements] if isinstance(value, cst.List) else [value]:
            _hold_outer_tensors(code, values, call, part)


def _hold_outer_tensors(code: Code, values: Values, call: cst.Call, loss: cst.BaseExpression) -> None:
    if isinstance(loss, cst.Call):
        loss = loss.func
    function: cst.CSTNode | None = loss if isinstance(loss, cst.Lambda) else None
    if isinstance(loss, cst.Name):
        function = values.functions.get(loss.value)
    if function is None:
        return
    start, end = code.start(function), code.end(function)
    for name, uses in code.uses_of.items():
        for use in uses:
            if not start <= code.start(use) < end or code.binds(use):
                continue
            if {"tensor", "tensors"} & values.kinds(use) and not _is_bound_within(values, use, function):
                code.mark(use, OUTER_TENSOR.format(name=name))
                code.mark(call, OUTER_TENSOR.format(name=name))
                for other in _trainings(code, call):
                    code.mark(other, OUTER_TENSOR.format(name=name))
                return


def _is_bound_within(values: Values, use: cst.Name, function: cst.CSTNode) -> bool:
    start, end = values.code.start(function), values.code.end(function)
    return any(
        start <= values.code.start(other) < end and values.code.binds(other) for other in values.code.uses_of[use.value]
    )


def _trainings(code: Code, compiled: cst.Call) -> list[cst.Call]:
    """The calls that train the model which another call compiles: there an error in the loss comes to light."""
    if not isinstance(compiled.func, cst.Attribute):
        return []
    owner = code.source(compiled.func.value)
    return [
        call
        for call in code.calls
        if method(call) in ("fit", "train_on_batch")
        and isinstance(call.func, cst.Attribute)
        and code.source(call.func.value) == owner
        and code.start(call) > code.start(compiled)
    ]
