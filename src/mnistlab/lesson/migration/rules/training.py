"""`fit_generator` and its relatives, arguments of `fit`, and numbers of steps for sources that end."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.sources import MAX_DEPTH, is_finite, is_model, is_whole_pass
from mnistlab.lesson.migration.rules.spelling import numpy_name
from mnistlab.lesson.migration.syntax import find_argument, keywords, literal, method, positionals

GENERATOR = "{old} was removed in Keras 3 (AttributeError: no attribute '{old}'); {new} takes arrays and batches alike."
POSITION = "{new} has its arguments in another order than {old} had, so this one needs its name."
EPOCHS = "nb_epoch has been called epochs since Keras 2; Keras 3 refuses the old name."
RENAMED = "{old} has been called {new} since Keras 2; Keras 3 refuses the old name."
STEPS = (
    "The source of the batches has a length, and Keras takes all of it in every epoch. With {name} Keras 3 stops in "
    "the middle of an epoch (Your input ran out of data) wherever the division left a remainder, and images are "
    "skipped."
)
STEPS_KEPT = (
    "{name} is kept, as it need not be one pass over the images. The source ends: once its batches are used up, "
    "Keras 3 ends the epoch early (Your input ran out of data). Leave {name} out for one whole pass per epoch."
)
SAMPLES = (
    "{name} counted images, whereas Keras 3 counts batches: divide it by the batch size and call it {new}, or leave it "
    "out if the source of the batches has a length."
)
WORKERS = (
    "{name} is no argument of {call} any more; a keras.utils.PyDataset takes workers, use_multiprocessing and "
    "max_queue_size."
)
SHOW_ACCURACY = "show_accuracy ended with Keras 1; metrics=['accuracy'] in compile shows the accuracy."
PASS = (
    "In Keras 1 {name} counted images, one pass over all of them; a source of batches that has a length "
    "needs no number, "
    "and Keras takes all of it in every epoch."
)
DIVIDED = (
    "In Keras 1 {name} counted images; today it is {new}, a number of batches, so it is divided by the batch size."
)
WHOLE = "The number of steps must be a whole number today, and / gives a float."
CLASS_MODE = "class_mode ended with Keras 1; the loss says what kind of labels there are."
CLASSES = (
    "predict_classes is gone (AttributeError); the class is the position of the highest probability in each row of "
    "predict."
)
CLASSES_UNCLEAR = (
    "predict_classes is gone (AttributeError). For a softmax write np.argmax(model.predict(images), axis=-1), for one "
    "sigmoid output (model.predict(images) > 0.5).astype('int32'); this notebook has a layer of one unit, so it is "
    "not clear which is meant."
)
PROBABILITIES = "predict_proba is gone (AttributeError); predict has always returned the same probabilities."
PROBABILITIES_UNCLEAR = "If this is a Keras model, predict_proba is gone (AttributeError): write predict."

_FIT = (
    "steps_per_epoch",
    "epochs",
    "verbose",
    "callbacks",
    "validation_data",
    "validation_steps",
    "class_weight",
    "max_queue_size",
    "workers",
    "use_multiprocessing",
    "shuffle",
    "initial_epoch",
)
_COUNTED = (
    "samples_per_epoch",
    "nb_epoch",
    "verbose",
    "callbacks",
    "validation_data",
    "nb_val_samples",
    "class_weight",
    "max_q_size",
    "nb_worker",
    "pickle_safe",
)
"""The arguments of fit_generator after the first, in the order of Keras 1."""
_EVALUATE = ("steps", "max_queue_size", "workers", "use_multiprocessing", "verbose")
GENERATORS = {
    "fit_generator": ("fit", _FIT),
    "evaluate_generator": ("evaluate", _EVALUATE),
    "predict_generator": ("predict", _EVALUATE),
}
OLD_NAMES = {
    "nb_epoch": "epochs",
    "nb_val_samples": "validation_steps",
    "val_samples": "steps",
    "samples_per_epoch": "steps_per_epoch",
    "max_q_size": "max_queue_size",
    "nb_worker": "workers",
    "pickle_safe": "use_multiprocessing",
}
COUNTS_IMAGES = frozenset({"samples_per_epoch", "nb_val_samples", "val_samples"})
LOADING = frozenset({"max_queue_size", "workers", "use_multiprocessing"})


def rewrite_training(code: Code) -> None:
    """Rewrites calls that train, score and predict."""
    shown = any(literal(given.value) is True for call in code.calls if (given := keywords(call).get("show_accuracy")))
    for call in code.calls:
        name = method(call)
        if not isinstance(call.func, cst.Attribute):
            continue
        if name == "compile" and shown and "metrics" not in keywords(call) and call.args:
            code.add_argument(call, "metrics=['accuracy']", SHOW_ACCURACY)
        if name in GENERATORS:
            _rewrite_generator(code, call, call.func)
        elif name in ("fit", "evaluate", "predict"):
            _rewrite_arguments(code, call, name)
        elif name == "compile" and "class_mode" in keywords(call):
            code.remove_argument(call, keywords(call)["class_mode"], CLASS_MODE)
        elif name == "predict_classes":
            _rewrite_classes(code, call, call.func)
        elif name == "predict_proba":
            _rewrite_probabilities(code, call, call.func)


def _rewrite_generator(code: Code, call: cst.Call, called: cst.Attribute) -> None:
    name = called.attr.value
    new, order = GENERATORS[name]
    code.replace(called.attr, new, GENERATOR.format(old=name, new=new))
    given = keywords(call)
    if "generator" in given and given["generator"].keyword is not None:
        code.replace(given["generator"].keyword, "x", GENERATOR.format(old=name, new=new))
    if counts_images(code, call):
        order = _COUNTED if name == "fit_generator" else ("val_samples", *order[1:])
    for argument, meaning in zip(positionals(call)[1:], order, strict=False):
        if _rewrite_argument(code, call, new, meaning, argument):
            today = OLD_NAMES.get(meaning, meaning)
            code.insert(code.start(argument), f"{today}=", POSITION.format(old=name, new=new))
    _rewrite_arguments(code, call, new)


def _rewrite_arguments(code: Code, call: cst.Call, new: str) -> None:
    """Rewrites the arguments that have a name."""
    for name, argument in keywords(call).items():
        if name == "show_accuracy":
            code.remove_argument(call, argument, SHOW_ACCURACY)
        elif _rewrite_argument(code, call, new, name, argument) and name in OLD_NAMES and argument.keyword is not None:
            reason = EPOCHS if name == "nb_epoch" else RENAMED.format(old=name, new=OLD_NAMES[name])
            code.replace(argument.keyword, OLD_NAMES[name], reason)


def _rewrite_argument(code: Code, call: cst.Call, new: str, name: str, argument: cst.Arg) -> bool:
    """Removes, divides or marks one argument; returns whether it stays and may get its new name."""
    today = OLD_NAMES.get(name, name)
    if today in LOADING:
        code.remove_argument(call, argument, WORKERS.format(name=name, call=new))
        return False
    if today not in ("steps_per_epoch", "validation_steps", "steps"):
        return True
    source = _source(call, today)
    finite = source is not None and (is_finite(code, source) or _is_length_of(code, argument.value, source))
    if finite and name in COUNTS_IMAGES:
        code.remove_argument(call, argument, PASS.format(name=name))
        return False
    if finite and is_whole_pass(code, argument.value):
        code.remove_argument(call, argument, STEPS.format(name=name))
        return False
    if finite:
        code.mark(argument, STEPS_KEPT.format(name=name))
    elif name in COUNTS_IMAGES:
        return _divide(code, argument, name, today)
    _count_whole(code, argument.value)
    return True


def _is_length_of(code: Code, node: cst.BaseExpression, source: cst.BaseExpression) -> bool:
    """Whether a number is `batches.N` or the like of the source itself: an image iterator, which has a length."""
    if not isinstance(node, cst.Attribute) or node.attr.value not in ("N", "n", "nb_sample", "samples"):
        return False
    return code.source(node.value) == code.source(source)


def counts_images(code: Code, call: cst.Call) -> bool:
    """Whether a call of `fit_generator` and the like comes from Keras 1, in which it counted images."""
    given, places = keywords(call), positionals(call)
    if given.keys() & {"steps_per_epoch", "epochs", "validation_steps", "steps", "workers", "max_queue_size"}:
        return False
    if given.keys() & OLD_NAMES.keys():
        return True
    if len(places) > 1 and isinstance(places[1].value, cst.Attribute):
        return places[1].value.attr.value in ("N", "nb_sample", "samples", "n")
    others = {name for other in code.calls for name in keywords(other)}
    return bool(others & (OLD_NAMES.keys() | {"border_mode", "nb_filter", "output_dim", "show_accuracy"}))


def _divide(code: Code, argument: cst.Arg, name: str, today: str) -> bool:
    """Divides a number of images by the batch size, if the notebook has one; returns whether it did."""
    batch_size = code.assigned("batch_size")
    if len(batch_size) != 1 or batch_size[0] is None:
        code.mark(argument, SAMPLES.format(name=name, new=today))
        return False
    reason = DIVIDED.format(name=name, new=today)
    simple = isinstance(argument.value, cst.Name | cst.Attribute | cst.Integer | cst.Subscript | cst.Call)
    if not simple:
        code.insert(code.start(argument.value), "(", reason)
    code.insert(code.end(argument.value), f"{'' if simple else ')'} // batch_size", reason)
    return True


def _count_whole(code: Code, value: cst.BaseExpression) -> None:
    """Writes // for / in a number of steps, and int(...) around NumPy's ceil."""
    value = code.value_of(value)
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Divide):
        start, end = code.end(value.left), code.start(value.right)
        code.replace_between(start, end, code.text[start:end].decode().replace("/", "//"), WHOLE)
    elif isinstance(value, cst.Call) and code.source(value.func) in ("np.ceil", "numpy.ceil", "np.floor"):
        code.insert(code.start(value), "int(", WHOLE)
        code.insert(code.end(value), ")", WHOLE)


def _source(call: cst.Call, steps: str) -> cst.BaseExpression | None:
    """The source of the batches that an argument gives the number of."""
    if steps != "validation_steps":
        found = find_argument(call, 0, "x", "generator")
    elif method(call) == "fit_generator":
        found = find_argument(call, 1 + _FIT.index("validation_data"), "validation_data")
    else:
        found = keywords(call).get("validation_data")
    return found.value if found is not None else None


def _rewrite_classes(code: Code, call: cst.Call, called: cst.Attribute) -> None:
    dense = [positionals(other) for other in code.calls if code.means(other.func) == "keras.layers.Dense"]
    units = [literal(arguments[0].value) for arguments in dense if arguments]
    if 1 in units:
        code.mark(call, CLASSES_UNCLEAR)
        return
    code.insert(code.start(call), f"{numpy_name(code, call)}.argmax(", CLASSES)
    code.replace(called.attr, "predict", CLASSES)
    code.insert(code.end(call), ", axis=-1)", CLASSES)


def _rewrite_probabilities(code: Code, call: cst.Call, called: cst.Attribute) -> None:
    if is_model(code, called.value):
        code.replace(called.attr, "predict", PROBABILITIES)
    elif not _is_foreign(code, called.value):
        code.mark(call, PROBABILITIES_UNCLEAR)


def _is_foreign(code: Code, node: cst.BaseExpression, depth: int = 0) -> bool:
    """Whether an expression begins with an object of another library, such as `SVC().fit(x, y)`."""
    while isinstance(node, cst.Call | cst.Attribute | cst.Subscript):
        node = node.func if isinstance(node, cst.Call) else node.value
    if not isinstance(node, cst.Name):
        return False
    if code.imported(node):
        return not code.means(node)
    values = code.assigned(node.value)
    if depth > MAX_DEPTH or not values:
        return False
    return all(value is not None and _is_foreign(code, value, depth + 1) for value in values)
