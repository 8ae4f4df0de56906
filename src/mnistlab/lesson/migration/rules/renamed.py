"""Arguments of functions, models and callbacks that have another name today, or none."""

import libcst as cst

from mnistlab.lesson.migration import today
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import find_argument, keywords, literal, positionals
from mnistlab.lesson.migration.values import Values

RENAMED = "{call} calls its argument {old} {new} today and refuses the old name."
DROPPED = "{call} has no argument {old} today and refuses it; {why}."
GRAYSCALE = "load_img has no argument grayscale today; color_mode='grayscale' gives an image with one channel."
PARAMS = "In the params of a callback the number of epochs is called epochs since Keras 2."
PARAMS_GONE = (
    "The params of a callback hold verbose, epochs and steps today; {name!r} is no longer among them (KeyError)."
)
AUTO = (
    "class_weight='auto' has been gone since Keras 1; a dictionary of weights is expected, and equal ones are the "
    "default."
)
METRICS = "metrics is a list today; a single text is refused (ValueError)."
ORDER = "compile has its arguments in another order today, so {name} needs its name."
TEXTS = "Keras calls this {what} {new} today and no longer knows the old name."
IMAGES = ("keras.utils.load_img", "keras.preprocessing.image.load_img")

NAMES = {
    "keras.Model": {"input": "inputs", "output": "outputs"},
    "keras.utils.to_categorical": {"nb_classes": "num_classes", "y": "x"},
    "keras.callbacks.ReduceLROnPlateau": {"epsilon": "min_delta"},
    "keras.regularizers.L2": {"l": "l2"},
    "keras.regularizers.L1": {"l": "l1"},
    "keras.constraints.MaxNorm": {"m": "max_value"},
    "keras.utils.img_to_array": {"dim_ordering": "data_format"},
    "keras.initializers.RandomNormal": {"scale": "stddev"},
}
GONE = {
    "keras.callbacks.TensorBoard": {
        "write_grads": "gradients are not written any more",
        "batch_size": "it takes the batches of the training",
        "embeddings_layer_names": "embeddings_freq decides whether embeddings are written",
        "embeddings_data": "embeddings_freq decides whether embeddings are written",
    },
    "keras.callbacks.EarlyStopping": {},
}
TODAY = {
    "loss": {
        "kullback_leibler_divergence": "kl_divergence",
        "cosine_proximity": "cosine_similarity",
        "cosine": "cosine_similarity",
        "logcosh": "log_cosh",
    },
    "metrics": {
        "kullback_leibler_divergence": "kl_divergence",
        "cosine_proximity": "cosine_similarity",
        "cosine": "cosine_similarity",
        "logcosh": "log_cosh",
    },
}


def rewrite_renamed(code: Code, values: Values) -> None:
    """Rewrites old names of arguments outside layers, and texts that stand for losses under another name."""
    for call in code.calls:
        meaning = code.means(call.func)
        path = today.canonical(meaning) if meaning else ""
        short, given = path.rpartition(".")[2], keywords(call)
        for old, new in NAMES.get(path, {}).items():
            if old in given and new not in given and (keyword := given[old].keyword) is not None:
                code.replace(keyword, new, RENAMED.format(call=short, old=old, new=new))
        for old, why in GONE.get(path, {}).items():
            if old in given:
                code.remove_argument(call, given[old], DROPPED.format(call=short, old=old, why=why))
        if meaning in IMAGES:
            _rewrite_image(code, call)
        if isinstance(call.func, cst.Attribute):
            _rewrite_method(code, call, call.func, given)
    for subscript in code.all_of(cst.Subscript):
        if "params" in values.kinds(subscript.value):
            _rewrite_params(code, subscript)


def _rewrite_image(code: Code, call: cst.Call) -> None:
    gray = find_argument(call, 1, "grayscale")
    value = literal(gray.value) if gray is not None else None
    if gray is None or not isinstance(value, bool):
        return
    if value:
        code.replace(gray, 'color_mode="grayscale"', GRAYSCALE)
    else:
        code.remove_argument(call, gray, GRAYSCALE)


def _rewrite_method(code: Code, call: cst.Call, called: cst.Attribute, given: dict[str, cst.Arg]) -> None:
    name = called.attr.value
    if name == "fit" and "class_weight" in given and literal(given["class_weight"].value) == "auto":
        code.remove_argument(call, given["class_weight"], AUTO)
    if name != "compile":
        return
    for argument, meaning in zip(positionals(call)[2:], ("metrics", "loss_weights"), strict=False):
        code.insert(code.start(argument), f"{meaning}=", ORDER.format(name=meaning))
    metrics = given.get("metrics")
    if metrics is not None and isinstance(literal(metrics.value), str):
        code.insert(code.start(metrics.value), "[", METRICS)
        code.insert(code.end(metrics.value), "]", METRICS)
    parts: list[tuple[str, cst.BaseExpression]] = [
        (what, given[what].value) for what in ("loss", "metrics") if what in given
    ]
    parts += [("loss", argument.value) for argument in positionals(call)[1:2]]
    for what, value in parts:
        inner = [one.value for one in value.elements] if isinstance(value, cst.List | cst.Tuple) else [value]
        for one in inner:
            new = TODAY[what].get(str(literal(one)))
            if new is not None:
                code.replace(one, f'"{new}"', TEXTS.format(what=what.removesuffix("s"), new=new))


def _rewrite_params(code: Code, subscript: cst.Subscript) -> None:
    index = subscript.slice[0].slice
    text = literal(index.value) if isinstance(index, cst.Index) else None
    if not isinstance(index, cst.Index) or not isinstance(text, str):
        return
    if text == "nb_epoch":
        code.replace(index.value, "'epochs'", PARAMS)
    elif text not in ("epochs", "steps", "verbose"):
        code.mark(subscript, PARAMS_GONE.format(name=text))
