"""Models with several outputs: what `compile` says once for all of them, Keras 3 wants once for each."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import find_argument, keywords, literal, method

METRICS = (
    "This model has {number} outputs. Keras 2 gave each of them every metric of a plain list; Keras 3 wants a list for "
    "each output (ValueError: ... tuple arity mismatch)."
)
LOSS = (
    "This model has {number} outputs and loss_weights has a number for each, so Keras 3 wants a loss for each as well "
    "(ValueError: `loss_weights` must match the number of losses)."
)
ACCURACY = (
    "A history calls a metric what compile calls it, after the name of its output: with metrics=['{wanted}'] the key "
    "is {new}. Early versions of Keras 2 said acc; any other key gives a KeyError today."
)


_SEVERAL = cst.List | cst.Tuple | cst.Dict | cst.BinaryOperation


def num_outputs(code: Code, model: cst.BaseExpression) -> int:
    """The number of outputs of a functional model whose making is in sight; 0 if it is not."""
    made = code.value_of(model)
    if not isinstance(made, cst.Call) or code.means(made.func) not in ("keras.Model", "keras.models.Model"):
        return 0
    argument = find_argument(made, 1, "outputs", "output")
    outputs = code.value_of(argument.value) if argument is not None else None
    return len(outputs.elements) if isinstance(outputs, cst.List | cst.Tuple) else 1 if outputs is not None else 0


def rewrite_outputs(code: Code) -> None:
    """Rewrites what is said once for several outputs, and the keys of their accuracies."""
    is_any = False
    for call in code.calls:
        if method(call) != "compile" or not isinstance(call.func, cst.Attribute):
            continue
        number, given = num_outputs(code, call.func.value), keywords(call)
        if number < 2:
            continue
        is_any = True
        metrics, weights, loss = given.get("metrics"), given.get("loss_weights"), given.get("loss")
        if metrics is not None and isinstance(metrics.value, cst.List) and _is_flat(metrics.value):
            code.insert(code.start(metrics.value), "[", METRICS.format(number=number))
            code.insert(code.end(metrics.value), f"] * {number}", METRICS.format(number=number))
        is_one = loss is not None and not isinstance(code.value_of(loss.value), _SEVERAL)
        if loss is not None and is_one and weights is not None and isinstance(weights.value, cst.List):
            code.insert(code.start(loss.value), "[", LOSS.format(number=number))
            code.insert(code.end(loss.value), f"] * {number}", LOSS.format(number=number))
    if is_any:
        _rewrite_keys(code)


def _is_flat(metrics: cst.List) -> bool:
    parts = [element.value for element in metrics.elements]
    return bool(parts) and not any(isinstance(part, cst.List | cst.Tuple | cst.Dict) for part in parts)


def _rewrite_keys(code: Code) -> None:
    """Rewrites `history['digit_acc']` where the only name of accuracies that is compiled is the other one."""
    texts = [(text, str(text.evaluated_value)) for text in code.all_of(cst.SimpleString)]
    said = {value for _, value in texts if value in ("acc", "accuracy")}
    names = {literal(name.value) for call in code.calls for word, name in keywords(call).items() if word == "name"}
    if len(said) != 1:
        return
    wanted = said.pop()
    other = "acc" if wanted == "accuracy" else "accuracy"
    for text, value in texts:
        output = value.removeprefix("val_").removesuffix(f"_{other}")
        if not value.endswith(f"_{other}") or output not in names:
            continue
        new = value.removesuffix(other) + wanted
        source = code.source(text)
        code.replace(text, source.replace(value, new), ACCURACY.format(wanted=wanted, new=new))
