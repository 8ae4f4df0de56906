"""Attributes of models, layers and optimizers that are gone, or that a Sequential model lacks."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.kinds import LOADERS, is_layer, is_model
from mnistlab.lesson.migration.rules.backend import first_layers, is_rewritten
from mnistlab.lesson.migration.rules.outputs import num_outputs
from mnistlab.lesson.migration.syntax import find_argument, keywords, literal, method
from mnistlab.lesson.migration.values import Values

SHAPE = "A layer has no {name} any more (AttributeError); its {new} knows its shape."
INPUT = (
    "A Sequential model has no {name} until it is called on a tensor (AttributeError: ... has never been called); its "
    "{name}s hold the same tensor from the start."
)
LABELS = (
    "metrics_names calls all metrics together compile_metrics today, so it no longer says what each number of "
    "evaluate is; get_metrics_result has the names in the order of these numbers."
)
NAMES = (
    "metrics_names calls all metrics together compile_metrics today, so it no longer says what each number of "
    "evaluate is; these are their names, in this order, as compile says."
)
LOADED = (
    "metrics_names calls all metrics together compile_metrics today, so it no longer says what each number of "
    "evaluate is. evaluate(..., return_dict=True) gives every number with its name."
)
SEVERAL = (
    "This model has several outputs, and metrics_names no longer says what each number of evaluate is. "
    "evaluate(..., return_dict=True) gives every number with its name."
)
FIRST = (
    "The first layer of a model may be its Input, which has no input of its own today (ValueError: `inputs` argument "
    "cannot be empty); the inputs of the model hold the tensor."
)
INPUT_LAYER = (
    "A layer has no input_shape any more (AttributeError); its input knows its shape. The input of a model is a layer "
    "as well, and has no input of its own."
)
SET = (
    "Variables of Keras cannot be put into a set today (TypeError: unhashable type); a model lists each of them once "
    "anyway."
)
SHAPES = ("input_shape", "output_shape")


def _model_of_first_layer(values: Values, node: cst.CSTNode) -> cst.BaseExpression | None:
    """The model in `model.layers[0].input`; `None` for other expressions."""
    layers = first_layers(node)
    return layers.value if layers is not None and all(is_model(kind) for kind in values.kinds(layers.value)) else None


def _names_of_numbers(code: Code) -> list[str]:
    """The names of what `evaluate` returns, in quotes, if every `compile` of the notebook says the same ones."""
    found: list[list[str]] = []
    for call in code.calls:
        if method(call) != "compile":
            continue
        metrics, given = find_argument(call, 2, "metrics"), keywords(call)
        row = code.value_of(metrics.value) if metrics is not None else None
        if literal(given["show_accuracy"].value if "show_accuracy" in given else None) or any(
            a.star for a in call.args
        ):
            return []
        if row is not None and not isinstance(row, cst.List | cst.Tuple):
            return []
        names = ['"loss"']
        for element in row.elements if row is not None else ():
            text = literal(element.value)
            if isinstance(element.value, cst.Name | cst.Attribute) and text is None:
                text = code.means(element.value).rpartition(".")[2] or code.source(element.value).rpartition(".")[2]
            if not isinstance(text, str) or text[:1].isupper():
                return []
            names.append(f'"{text}"')
        found.append(names)
    return found[0] if found and all(names == found[0] for names in found) else []


def _may_hold_inputs(code: Code) -> bool:
    """Whether the layers of a model may begin with its inputs, as those of all models but Sequential ones do."""
    return any(
        (name := code.means(call.func)).endswith((".Model", ".load_model", ".model_from_json", ".clone_model"))
        or name.startswith("keras.applications.")
        for call in code.calls
    )


def rewrite_attributes(code: Code, values: Values) -> None:
    """Rewrites attributes of models and layers."""
    for call in code.calls:
        is_set = isinstance(call.func, cst.Name) and call.func.value == "set" and len(call.args) == 1
        if is_set and "variables" in values.kinds(call.args[0].value):
            code.replace(call.func, "list", SET)
    for attribute in code.all_of(cst.Attribute):
        name, kinds = attribute.attr.value, values.kinds(attribute.value)
        if is_rewritten(code, attribute):
            continue
        if name in SHAPES and all(is_layer(kind) or values.base(kind) == "Layer" for kind in kinds):
            if not any(kind.startswith("own:") for kind in kinds):
                new = name.removesuffix("_shape")
                if new == "input" and "layer" in kinds and _may_hold_inputs(code):
                    owner = code.source(attribute.value)
                    code.replace(attribute, f'getattr({owner}.input, "shape", None)', INPUT_LAYER)
                else:
                    code.replace(attribute.attr, f"{new}.shape", SHAPE.format(name=name, new=new))
        elif name == "input" and (model := _model_of_first_layer(values, attribute)) is not None:
            code.replace(attribute, f"{code.source(model)}.inputs[0]", FIRST)
        elif name in ("input", "output") and all(is_model(kind) for kind in kinds):
            if kinds & {"keras.Sequential", "model", "model?"}:
                code.replace(attribute.attr, f"{name}s[0]", INPUT.format(name=name))
        elif name == "metrics_names" and (all(is_model(kind) for kind in kinds)):
            owner = code.source(attribute.value)
            if num_outputs(code, attribute.value) > 1:
                code.mark(attribute, SEVERAL)
                continue
            names = _names_of_numbers(code)
            if names:
                code.replace(attribute, f"[{', '.join(names)}]", NAMES)
            elif any(code.means(call.func) in LOADERS for call in code.calls):
                code.mark(attribute, LOADED)
            else:
                code.replace(attribute, f"list({owner}.get_metrics_result())", LABELS)
