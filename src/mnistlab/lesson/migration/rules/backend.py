"""`keras.backend`: functions on tensors, the order of axes, and shapes of layers."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.spelling import keras_name
from mnistlab.lesson.migration.syntax import literal
from mnistlab.lesson.migration.values import Values

FUNCTION = (
    "K.function and K.learning_phase were removed in Keras 3 (AttributeError). A keras.Model from the same input to "
    "the same outputs gives the same numbers, and predict runs it as learning phase 0 did: without dropout."
)
ORDERING = (
    "set_image_dim_ordering became set_image_data_format with Keras 2: 'th' is 'channels_first' and 'tf' is "
    "'channels_last'."
)
ORDERINGS = {"th": "channels_first", "tf": "channels_last"}


def rewrite_backend(code: Code, values: Values) -> None:
    """Rewrites calls of the backend that have an exact counterpart; the rule for imports marks all others."""
    for call in code.calls:
        meaning = code.means(call.func)
        if meaning == "keras.backend.set_image_dim_ordering" and isinstance(call.func, cst.Attribute) and call.args:
            new = ORDERINGS.get(str(literal(call.args[0].value)))
            if new is not None:
                code.replace(call.func.attr, "set_image_data_format", ORDERING)
                code.replace(call.args[0].value, f'"{new}"', ORDERING)
        elif meaning == "keras.backend.function":
            _rewrite_function(code, values, call)
    for comparison in code.all_of(cst.Comparison):
        _rewrite_comparison(code, comparison)


def _rewrite_comparison(code: Code, node: cst.Comparison) -> None:
    """Rewrites `K.image_dim_ordering() == 'th'`."""
    call = node.left
    if not isinstance(call, cst.Call) or code.means(call.func) != "keras.backend.image_dim_ordering":
        return
    other = node.comparisons[0].comparator
    new = ORDERINGS.get(str(literal(other)))
    if new is not None and isinstance(call.func, cst.Attribute):
        code.replace(call.func.attr, "image_data_format", ORDERING)
        code.replace(other, f'"{new}"', ORDERING)


def is_rewritten(code: Code, node: cst.CSTNode) -> bool:
    """Whether an edit replaces a node, or a part of it."""
    return any(
        edit.start <= code.start(node) and code.end(node) <= edit.end and edit.start < edit.end for edit in code.edits
    ) or any(
        code.start(node) <= edit.start and edit.end <= code.end(node) and edit.start < edit.end for edit in code.edits
    )


def _rewrite_function(code: Code, values: Values, call: cst.Call) -> None:
    """Rewrites `f = K.function([input, K.learning_phase()], [output])` where every use is `f([images, 0])`."""
    assignment = code.parent(call)
    inputs, outputs = [argument.value for argument in call.args] if len(call.args) == 2 else (None, None)
    if not isinstance(inputs, cst.List | cst.Tuple) or outputs is None:
        return
    tensors = [element.value for element in inputs.elements]
    phases = [tensor for tensor in tensors if _is_phase(code, tensor)]
    if not isinstance(assignment, cst.Assign) or len(assignment.targets) != 1:
        return
    target = assignment.targets[0].target
    if not isinstance(target, cst.Name) or len(code.assigned(target.value)) != 1:
        return
    if phases and tensors[-1] is not phases[0]:
        return
    uses = [use for use in code.uses_of[target.value] if use is not target]
    images = [_call_without_dropout(code, use, len(tensors), phase=bool(phases)) for use in uses]
    wanted = [tensor for tensor in tensors if tensor not in phases]
    if not all(images) or len(wanted) != 1 or not _is_input(values, wanted[0]):
        return
    single = isinstance(outputs, cst.List | cst.Tuple) and len(outputs.elements) == 1
    code.replace_between(code.start(call), code.start(inputs), f"{keras_name(code, call)}.Model(", FUNCTION)
    first, last = wanted[0], tensors[-1]
    code.replace_between(code.start(inputs), code.start(first), "", FUNCTION)
    if (layer := first_layers(first)) is not None:
        code.replace_between(code.end(layer.value), code.end(first), ".inputs[0]", FUNCTION)
    code.replace_between(code.end(first), max(code.end(last), code.end(inputs)), "", FUNCTION)
    for use, argument in zip(uses, images, strict=True):
        _rewrite_use(code, use, target.value, argument, single=single)


def first_layers(node: cst.CSTNode) -> cst.Attribute | None:
    """`model.layers` in `model.layers[0].input`; the first layer may be an Input, which has no input of its own."""
    layer = node.value if isinstance(node, cst.Attribute) and node.attr.value == "input" else None
    if not isinstance(layer, cst.Subscript) or not isinstance(layer.value, cst.Attribute) or len(layer.slice) != 1:
        return None
    index = layer.slice[0].slice
    is_first = isinstance(index, cst.Index) and literal(index.value) == 0
    return layer.value if is_first and layer.value.attr.value == "layers" else None


def _is_input(values: Values, node: cst.BaseExpression) -> bool:
    """Whether a tensor is one that a model can begin with: the input of a model or a layer, or a keras.Input."""
    if isinstance(node, cst.Attribute | cst.Subscript):
        return True
    return "tensor" in values.kinds(node)


def _rewrite_use(code: Code, use: cst.Name, name: str, argument: str, *, single: bool) -> None:
    """Rewrites `f([images])`, which was a list of arrays; predict gives a single output without a list."""
    called = code.parent(use)
    above = code.parent(called) if called is not None else None
    text = f"{name}.predict({argument}, verbose=0)"
    if called is None or not single:
        code.replace(called or use, text, FUNCTION)
        return
    is_first = isinstance(above, cst.Subscript) and code.source(above) == f"{code.source(called)}[0]"
    code.replace(above if is_first and above is not None else called, text if is_first else f"[{text}]", FUNCTION)


def _is_phase(code: Code, tensor: cst.BaseExpression) -> bool:
    return isinstance(tensor, cst.Call) and code.means(tensor.func) == "keras.backend.learning_phase"


def _call_without_dropout(code: Code, use: cst.Name, num_inputs: int, *, phase: bool) -> str:
    """The images of `f([images, 0])` or `f([images])`; empty for any other use."""
    call = code.parent(use)
    if not isinstance(call, cst.Call) or call.func is not use or len(call.args) != 1:
        return ""
    values = call.args[0].value
    if not isinstance(values, cst.List | cst.Tuple) or len(values.elements) != num_inputs:
        return ""
    if phase and (num_inputs != 2 or literal(values.elements[-1].value) not in (0, False)):
        return ""
    return code.source(values.elements[0].value)
