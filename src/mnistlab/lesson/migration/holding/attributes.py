"""Attributes held against those that models, layers, optimizers and histories have today."""

import libcst as cst

from mnistlab.lesson.migration import today
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.holding.calls import is_overridden
from mnistlab.lesson.migration.kinds import is_layer, is_model
from mnistlab.lesson.migration.syntax import dotted
from mnistlab.lesson.migration.values import Values

ATTRIBUTE = "{what} has no {name} today, so this line fails (AttributeError).{advice}"
READ_ONLY = "{what} works out its own {name} today, so nothing can be assigned to it (AttributeError).{advice}"
ADVICE = {
    "W": " Its weights are in kernel.",
    "b": " Its weights are in bias.",
    "outputs": " Make another model from the tensors: keras.Model(model.inputs, outputs).",
    "inputs": " Make another model from the tensors: keras.Model(inputs, outputs).",
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
    "decay": " A falling learning rate is a schedule today: keras.optimizers.schedules.InverseTimeDecay.",
    "eval": " keras.ops.convert_to_numpy(...) gives its numbers.",
    "get_value": " keras.ops.convert_to_numpy(...) gives its numbers.",
    "set_value": " Use assign(...).",
    "updates": " A layer changes its variables with assign(...) in its call method.",
    "add_update": " A layer changes its variables with assign(...) in its call method.",
    "get_gradients": " Record the calculation with tf.GradientTape and ask the tape for the gradient.",
    "reset_states": " Call reset_states() of each layer that keeps its state, such as an LSTM with stateful=True.",
    "get_updates": " An optimizer of your own has an update_step(gradient, variable, learning_rate).",
    "predict_classes": " Use np.argmax(model.predict(images), axis=-1).",
    "uses_learning_phase": " Say training=True or training=False in the call of the model.",
    "_keras_shape": " Use shape.",
    "get_shape": " Use shape.",
}
COPY = (
    "The layers of a model are a new list each time today, so {name} changes nothing in the model. Make another one of "
    "the part that is wanted: keras.Model(model.inputs, model.layers[-2].output)."
)
READ_ONLY_NAMES = {
    "Layer": frozenset(
        {"trainable_weights", "non_trainable_weights", "weights", "losses", "input", "output", "variables"}
    ),
    "Model": frozenset({"inputs", "outputs", "input_shape", "output_shape", "metrics", "metrics_names"}),
    "Callback": frozenset({"model"}),
}


def is_stored(code: Code, node: cst.Attribute) -> bool:
    """Whether a value is assigned to an attribute."""
    above = code.parent(node)
    if isinstance(above, cst.AnnAssign | cst.AugAssign):
        return above.target is node
    return isinstance(above, cst.AssignTarget)


def hold_attribute(code: Code, values: Values, node: cst.Attribute, stored: set[str]) -> None:
    """Marks an attribute that what stands before it does not have, or that nothing can be assigned to."""
    name = node.attr.value
    kinds = values.kinds(node.value)
    if name in ("pop", "append", "insert", "remove", "clear") and _is_layers_of_model(values, node.value):
        code.mark(node, COPY.format(name=name))
    for kind in sorted(kinds):
        known = _attributes(values, kind)
        if not known or (kind.endswith("?") and name not in ADVICE):
            continue
        what = _what(values, kind)
        if is_stored(code, node):
            base = values.base(kind)
            is_model_of_keras = base in ("Model", "Sequential")
            readonly = READ_ONLY_NAMES.get("Layer" if is_model_of_keras else base, frozenset())
            if is_model_of_keras and not kind.startswith("own:"):
                readonly |= READ_ONLY_NAMES["Model"]
            if name in readonly and not _has_setter(values, kind, name):
                code.mark(node, READ_ONLY.format(what=what, name=name, advice=ADVICE.get(name, "")))
            continue
        if name in TRAINED_NAMES and values.base(kind) in ("Model", "Sequential"):
            continue
        if name in known or name in stored or name.startswith("__") or name in OWN_NAMES:
            continue
        if any(isinstance(place, cst.Try) for place in code.parents(node)) or _is_asked_for(code, node):
            continue
        code.mark(node, ATTRIBUTE.format(what=what, name=name, advice=ADVICE.get(name, "")))
        return


def _is_asked_for(code: Code, node: cst.Attribute) -> bool:
    """Whether `hasattr` is asked for the attribute in a condition that the line stands under."""
    conditions = [place.test for place in code.parents(node) if isinstance(place, cst.If | cst.IfExp)]
    return any("hasattr(" in (text := code.source(test)) and node.attr.value in text for test in conditions)


def _is_layers_of_model(values: Values, node: cst.BaseExpression) -> bool:
    if not isinstance(node, cst.Attribute) or node.attr.value != "layers":
        return False
    return any(values.base(kind) in ("Model", "Sequential") and "own:" not in kind for kind in values.kinds(node.value))


OWN_NAMES = frozenset({"shape", "numpy"})
TRAINED_NAMES = frozenset({"history", "stop_training"})
"""What a model has once it was trained."""


def _has_setter(values: Values, kind: str, name: str) -> bool:
    return is_overridden(values, kind, name)


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
    if kind == "variable":
        return today.kind_attributes("Variable")
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
        "variable": "A variable of Keras",
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
