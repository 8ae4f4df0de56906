"""Arguments of layers that Keras 2 or Keras 3 renamed."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import find_argument, keywords, literal, positionals

RENAMED = "The argument {old} of {layer} has been called {new} since Keras 2; Keras 3 refuses the old name."
KERNEL = (
    "Keras 1 took the kernel's height and width as two numbers. Keras 3 takes the second for the stride and says "
    "nothing, so the size is one tuple now."
)
STRIDE_OR_SIZE = (
    "Keras 2 read {layer}(…, {rows}, {columns}) as a kernel of {rows} x {columns}; Keras 3 reads a kernel of "
    "{rows} x {rows} with a stride of {columns}. Write ({rows}, {columns}) if the kernel is meant."
)
DATA_FORMAT = "dim_ordering became data_format with Keras 2: 'th' is 'channels_first' and 'tf' is 'channels_last'."
DROPPED = "{layer} has had no argument {name} since Keras 2, and the value given here is what happens anyway."
UNCLEAR = "{layer} has no argument {name} any more, and it is not clear what should replace it: {advice}"

UNITS = "Keras 3 takes a Python number for the units and refuses a NumPy one (ValueError: invalid value for `units`)."
INPUT_LENGTH = "Embedding takes rows of any length; Keras 3 warns about input_length and ignores it."

COMMON = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "pool_length": "pool_size",
    "stride": "strides",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "beta_init": "beta_initializer",
    "gamma_init": "gamma_initializer",
    "output_dim": "units",
    "p": "rate",
    "sigma": "stddev",
    "batch_input_shape": "batch_shape",
}
ONLY_OF = {
    "Embedding": {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer", "output_dim": ""},
    "LeakyReLU": {"alpha": "negative_slope"},
    "PReLU": {"init": "alpha_initializer"},
    "Conv1D": {"atrous_rate": "dilation_rate"},
    "Conv2D": {"atrous_rate": "dilation_rate"},
    "InputLayer": {"input_shape": "shape", "batch_input_shape": "batch_shape"},
    "Input": {"batch_shape": ""},
}
"""Layers for which a name stands for something else than `COMMON` says; empty: it is still called that."""

CONVOLUTIONS = {
    **{"Convolution1D": 1, "Convolution2D": 2, "Convolution3D": 3, "SeparableConvolution2D": 2},
    **{"Deconvolution2D": 2, "AtrousConvolution1D": 1, "AtrousConvolution2D": 2},
}
"""Names of Keras 1 and the axes of their kernels."""
KERAS_1_ARGUMENTS = frozenset(
    {"border_mode", "subsample", "init", "W_regularizer", "nb_filter", "nb_row", "nb_col", "dim_ordering", "bias"}
)
MEANINGLESS = {
    "mode": (
        0,
        "leave it out, and the layer uses the mean and deviation of each batch in training, and those that it has "
        "gathered when it predicts.",
    ),
    "consume_less": (None, "implementation=1 or 2 chooses the arithmetic now."),
    "weights": (None, "call layer.set_weights([...]) once the model is built."),
}
OUTPUT_SHAPE = "Conv2DTranspose works out the shape of its output by itself and refuses output_shape."
POOLS = {"AveragePooling1D": "2", "AveragePooling2D": "(2, 2)", "AveragePooling3D": "(2, 2, 2)"}
POOL_SIZE = "{layer} has no default for pool_size today (TypeError), so the one of Keras 2 is written out."
NUMBERS = (
    "The second argument of Dense is its activation, so a number fails. The first versions of Keras took the number "
    "of inputs and then that of units: write Dense({units}), and keras.Input(shape=({inputs},)) in front of the first "
    "layer."
)


def layer_name(code: Code, call: cst.Call) -> str:
    """The class of the layer that a call makes, such as `Dense`; empty for other calls."""
    path = code.means(call.func)
    if not path.startswith("keras.layers."):
        return "Input" if path == "keras.Input" else ""
    return path.removeprefix("keras.layers.")


def rewrite_arguments(code: Code) -> None:
    """Rewrites old names of arguments in every layer that the notebook makes."""
    for call in code.calls:
        layer = layer_name(code, call)
        if not layer or not layer[0].isupper():
            continue
        renamed = COMMON | ONLY_OF.get(layer, {})
        for name, argument in keywords(call).items():
            if (layer, name) == ("Embedding", "input_length"):
                code.remove_argument(call, argument, INPUT_LENGTH)
            elif name == "dim_ordering":
                _rewrite_ordering(code, call, argument)
            elif name in MEANINGLESS and layer != "Wrapper":
                _drop(code, call, layer, argument, name)
            elif name == "batch_input_shape" and layer != "InputLayer":
                continue  # becomes a keras.Input
            elif renamed.get(name) and argument.keyword is not None:
                code.replace(argument.keyword, renamed[name], RENAMED.format(old=name, new=renamed[name], layer=layer))
        if "Conv" in layer:
            _rewrite_kernel(code, call, old_name(code, call) or layer)
        if layer in POOLS:
            _add_pool_size(code, call, layer)
        if layer == "Dense":
            _make_whole(code, call)


def _add_pool_size(code: Code, call: cst.Call, layer: str) -> None:
    """Says the size of a pooling that Keras 2 had by default."""
    if {"pool_length", "pool_size"} & keywords(call).keys() or any(not one.keyword for one in call.args):
        return
    text, reason = f"pool_size={POOLS[layer]}", POOL_SIZE.format(layer=layer)
    if call.args:
        code.add_argument(call, text, reason)
    else:
        code.insert(code.end(call) - 1, text, reason)


def old_name(code: Code, call: cst.Call) -> str:
    """The name by which the notebook calls a convolution of Keras 1, such as `Deconvolution2D`; empty for others."""
    path = code.keras_path(call.func)
    name = path[1].rpartition(".")[2] if path is not None else ""
    return name if name in CONVOLUTIONS else ""


def _make_whole(code: Code, call: cst.Call) -> None:
    """Writes int(...) around NumPy's product where it says how many units a layer has, and marks two numbers."""
    places = positionals(call)
    if len(places) > 1 and isinstance(literal(code.value_of(places[1].value)), int):
        numbers = {"units": code.source(places[1].value), "inputs": code.source(places[0].value)}
        code.mark(call, NUMBERS.format(**numbers))
    units = find_argument(call, 0, "units", "output_dim")
    product = units.value if units is not None else None
    if isinstance(product, cst.Call) and code.imported(product.func) & {"numpy.prod", "numpy.product"}:
        code.insert(code.start(product), "int(", UNITS)
        code.insert(code.end(product), ")", UNITS)


def _rewrite_ordering(code: Code, call: cst.Call, argument: cst.Arg) -> None:
    value = literal(argument.value)
    if code.is_removed(call, argument):
        return
    if value == "default":
        code.remove_argument(call, argument, DATA_FORMAT)
        return
    if argument.keyword is not None:
        code.replace(argument.keyword, "data_format", DATA_FORMAT)
    if value in ("th", "tf"):
        code.replace(argument.value, {"th": '"channels_first"', "tf": '"channels_last"'}[value], DATA_FORMAT)


def _drop(code: Code, call: cst.Call, layer: str, argument: cst.Arg, name: str) -> None:
    if name == "mode" and layer != "BatchNormalization":
        return
    harmless, advice = MEANINGLESS[name]
    if code.source(argument.value) == "None":
        code.remove_argument(call, argument, DROPPED.format(layer=layer, name=name))
    elif name == "consume_less":
        code.remove_argument(call, argument, DROPPED.format(layer=layer, name=name).partition(", and")[0] + ".")
    elif harmless is not None and literal(argument.value) == harmless:
        code.remove_argument(call, argument, DROPPED.format(layer=layer, name=name))
    else:
        code.mark(argument, UNCLEAR.format(layer=layer, name=name, advice=advice))


def _rewrite_kernel(code: Code, call: cst.Call, layer: str) -> None:
    """Rewrites `Convolution2D(32, 3, 3)`, also with nb_row and nb_col, as `Convolution2D(32, (3, 3))`."""
    names = keywords(call)
    if layer == "Deconvolution2D":
        shape = find_argument(call, 3, "output_shape")
        if shape is not None:
            code.remove_argument(call, shape, OUTPUT_SHAPE)
    if "nb_row" in names and "nb_col" in names:
        rows, columns = names["nb_row"], names["nb_col"]
        code.replace(rows, f"kernel_size=({code.source(rows.value)}, {code.source(columns.value)})", KERNEL)
        code.remove_argument(call, columns, KERNEL)
        return
    sizes = _separate_sizes(call, layer)
    if sizes and (layer in CONVOLUTIONS or KERAS_1_ARGUMENTS & names.keys()):
        code.replace(sizes[0], f"({', '.join(code.source(size.value) for size in sizes)})", KERNEL)
        for size in sizes[1:]:
            code.remove_argument(call, size, KERNEL)


def _separate_sizes(call: cst.Call, layer: str) -> list[cst.Arg]:
    """Numbers that stand one by one where the size of a kernel belongs; the second may be meant as a stride."""
    num_axes = CONVOLUTIONS.get(layer, 2 if layer in ("Conv2D", "SeparableConv2D", "Conv2DTranspose") else 1)
    sizes = positionals(call)[1 : 1 + num_axes]
    whole = len(sizes) == num_axes > 1 and all(isinstance(literal(size.value), int) for size in sizes)
    return sizes if whole else []


def mark_kernels(code: Code) -> None:
    """Marks `Conv2D(32, 3, 3)` in an old notebook, which Keras 2 and Keras 3 understand differently."""
    for call in code.calls:
        layer = old_name(code, call) or layer_name(code, call)
        sizes = _separate_sizes(call, layer)
        if not sizes or layer in CONVOLUTIONS or KERAS_1_ARGUMENTS & keywords(call).keys():
            continue
        rows, columns = (code.source(size.value) for size in sizes)
        code.mark(call, STRIDE_OR_SIZE.format(layer=layer, rows=rows, columns=columns))
