"""Optimizers: `lr`, `decay`, and learning rates whose defaults have changed."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.spelling import keras_name
from mnistlab.lesson.migration.syntax import find_argument, keywords, literal, method, positionals

LEARNING_RATE = "lr is called learning_rate; Keras 3 refuses lr (Argument(s) not recognized: {'lr': ...})."
DECAY = (
    "Keras 3 ignores decay, with a warning. In Keras 2 it divided the learning rate by 1 + decay x steps, and that is "
    "what keras.optimizers.schedules.InverseTimeDecay does."
)
NO_DECAY = "Keras 3 has no argument decay any more, and a decay of 0 did nothing."
DECAY_UNCLEAR = (
    "Keras 3 ignores decay, with a warning. keras.optimizers.schedules.InverseTimeDecay(learning_rate, decay_steps=1, "
    "decay_rate=decay) is the same, but {why}."
)
TINY = 1e-6
TINY_DECAY = (
    "Keras 3 ignores decay, with a warning. A decay of {decay} lowered the learning rate by 1 % in 10,000 steps at "
    "most, so it is left out; the rest of the notebook sets the rate anyway."
)
EPSILON = "epsilon=None stood for the default of Keras 2; Keras 3 wants a number, and its default is 1e-7 as well."
ATTRIBUTE = "An optimizer's learning rate is called learning_rate; Keras 3 no longer has lr."
THEANO = "A learning rate is called learning_rate today: float(...) reads it, and a plain assignment sets it."
SETTING = "The config of an optimizer calls the learning rate learning_rate; the old key gives a KeyError."
NO_SETTING = "The config of an optimizer has no {name} any more, so this line fails (KeyError)."
DEFAULT = (
    "The default learning rate of {name} was {old} in Keras up to 2.3 and is 0.001 today, with which it hardly learns "
    "in a few epochs. Say which one is meant: keras.optimizers.{name}(learning_rate={old})."
)
OLD_DEFAULTS = {"Adadelta": "1.0", "Adagrad": "0.01", "Adamax": "0.002", "Nadam": "0.002"}
RATES = {"SGD": "0.01", "RMSprop": "0.001", "Adam": "0.001"}


def _optimizer(code: Code, call: cst.Call) -> str:
    path = code.means(call.func)
    name = path.rpartition(".")[2]
    return name if path.startswith("keras.optimizers.") and name in RATES | OLD_DEFAULTS else ""


def rewrite_optimizers(code: Code) -> None:
    """Rewrites arguments of optimizers, and `optimizer.lr`."""
    for call in code.calls:
        name = _optimizer(code, call)
        if not name:
            continue
        given = keywords(call)
        if "decay" in given:
            _rewrite_decay(code, call, name, given)
        if "lr" in given and (keyword := given["lr"].keyword) is not None:
            code.replace(keyword, "learning_rate", LEARNING_RATE)
        if "epsilon" in given and code.source(given["epsilon"].value) == "None":
            code.remove_argument(call, given["epsilon"], EPSILON)
    for attribute in code.all_of(cst.Attribute):
        if attribute.attr.value != "lr" or not isinstance(attribute.value, cst.Attribute | cst.Name):
            continue
        if _is_optimizer(code, attribute.value):
            _rewrite_rate(code, attribute)
    for subscript in code.all_of(cst.Subscript):
        _rewrite_setting(code, subscript)


def _is_optimizer(code: Code, node: cst.BaseExpression) -> bool:
    """Whether an expression is `model.optimizer`, an optimizer that is made here, or a name for one of them."""
    values = code.assigned(node.value) if isinstance(node, cst.Name) else [node]
    return bool(values) and all(
        (isinstance(made, cst.Attribute) and made.attr.value == "optimizer")
        or (isinstance(made, cst.Call) and bool(_optimizer(code, made)))
        for made in values
    )


def _rewrite_rate(code: Code, rate: cst.Attribute) -> None:
    """Rewrites `optimizer.lr`, also with the methods that Theano gave it."""
    code.replace(rate.attr, "learning_rate", ATTRIBUTE)
    above = code.parent(rate)
    call = code.parent(above) if isinstance(above, cst.Attribute) else None
    if not isinstance(above, cst.Attribute) or not isinstance(call, cst.Call) or call.func is not above:
        return
    if above.attr.value in ("get_value", "eval", "read_value") and not call.args:
        code.insert(code.start(call), "float(", THEANO)
        code.replace_between(code.end(rate), code.end(call), ")", THEANO)
    elif above.attr.value == "set_value" and len(call.args) == 1 and isinstance(code.parent(call), cst.Expr):
        code.replace_between(code.end(rate), code.start(call.args[0].value), " = ", THEANO)
        code.replace_between(code.end(call.args[0].value), code.end(call), "", THEANO)


def _rewrite_setting(code: Code, subscript: cst.Subscript) -> None:
    """Rewrites `optimizer.get_config()["lr"]`."""
    made, index = code.value_of(subscript.value), subscript.slice[0].slice
    if not isinstance(made, cst.Call) or method(made) != "get_config" or not isinstance(index, cst.Index):
        return
    owner = made.func.value if isinstance(made.func, cst.Attribute) else made.func
    name = literal(index.value)
    if not _is_optimizer(code, owner):
        return
    if name == "lr":
        code.replace(index.value, '"learning_rate"', SETTING)
    elif name in ("decay", "schedule_decay"):
        code.mark(subscript, NO_SETTING.format(name=name))


def _rewrite_decay(code: Code, call: cst.Call, name: str, given: dict[str, cst.Arg]) -> None:
    decay = given["decay"]
    rate = find_argument(call, 0, "lr", "learning_rate")
    if literal(decay.value) == 0:
        code.remove_argument(call, decay, NO_DECAY)
        return
    others = [code.means(other.func).rpartition(".")[2] for other in code.calls]
    changers = [other for other in others if other in ("ReduceLROnPlateau", "LearningRateScheduler")]
    changers += ["the line that sets the learning rate"] if _sets_rate(code) else []
    if changers and 0 < (literal(decay.value) or 1) <= TINY:
        code.remove_argument(call, decay, TINY_DECAY.format(decay=code.source(decay.value)))
        return
    if changers or (rate is None and name not in RATES):
        why = (
            f"{changers[0]} in this notebook cannot change a schedule (TypeError: ... is not settable)"
            if changers
            else (f"the default rate of {name} is another one today, so say the rate as well")
        )
        code.mark(decay, DECAY_UNCLEAR.format(why=why))
        return
    rate_text = code.source(rate.value) if rate is not None else RATES[name]
    schedule = (
        f"{keras_name(code, call)}.optimizers.schedules.InverseTimeDecay("
        f"{rate_text}, decay_steps=1, decay_rate={code.source(decay.value)})"
    )
    if rate is None:
        code.replace(decay, f"learning_rate={schedule}", DECAY)
        return
    code.remove_argument(call, decay, DECAY)
    code.replace(rate.value, schedule, DECAY)


def _sets_rate(code: Code) -> bool:
    """Whether the notebook assigns to the learning rate of a model's optimizer."""
    for attribute in code.all_of(cst.Attribute):
        owner = attribute.value
        if attribute.attr.value not in ("lr", "learning_rate") or not isinstance(owner, cst.Attribute):
            continue
        above = code.parent(attribute)
        call = code.parent(above) if isinstance(above, cst.Arg) else None
        is_set = isinstance(call, cst.Call) and call.args[0] is above and "set_value" in code.source(call.func)
        if owner.attr.value == "optimizer" and (is_set or isinstance(above, cst.AssignTarget | cst.AugAssign)):
            return True
    return False


def mark_default_rates(code: Code) -> None:
    """Marks optimizers whose default learning rate has changed, in notebooks that are old enough."""
    for call in code.calls:
        name = _optimizer(code, call)
        if name in OLD_DEFAULTS and not positionals(call) and not {"lr", "learning_rate"} & keywords(call).keys():
            code.mark(call, DEFAULT.format(name=name, old=OLD_DEFAULTS[name]))
        optimizer = keywords(call).get("optimizer")
        text = literal(optimizer.value) if optimizer is not None else None
        for known, rate in OLD_DEFAULTS.items():
            if isinstance(text, str) and text.lower() == known.lower():
                code.mark(call, DEFAULT.format(name=known, old=rate))
