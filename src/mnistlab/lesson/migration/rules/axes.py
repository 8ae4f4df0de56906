"""Images whose channel comes first, as Theano had them: put last where the whole way of the images is in sight."""

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.layers import layer_name
from mnistlab.lesson.migration.rules.sources import is_model
from mnistlab.lesson.migration.rules.spelling import keras_name
from mnistlab.lesson.migration.syntax import find_argument, keywords, literal, method, positionals

LAST = (
    "These images had their channel first, as Theano wanted. Keras 3 on TensorFlow has it last, and "
    "TensorFlow trains "
    "no convolution with the channel first on most CPUs; so shapes and data are turned, (1, 28, 28) to (28, 28, 1)."
)
FIRST = (
    "These images have their channel first, as Theano wanted, and not every use of them is in sight, "
    "so they are kept "
    "as they are and Keras is told so. On many CPUs TensorFlow cannot train that (Conv2D... only supports "
    "NHWC): then put "
    "the channel last in every shape, (28, 28, 1), and leave data_format out."
)
FIRST_TRAINED = (
    "These images have their channel first, which TensorFlow cannot train on many CPUs (InvalidArgumentError: Conv2D "
    "... only supports NHWC). The mark where the model gets its shape says what to do."
)
CHANNELS = (1, 3)


def rewrite_axes(code: Code) -> None:
    """Turns images with the channel first, or says that they are so."""
    if b"# MIGRATE: These images have their channel first" in code.text:
        return  # it was said by an earlier migration
    shapes = [shape for call in code.calls if (shape := _shape(code, call)) is not None and not _is_choice(code, shape)]
    first = [shape for shape in shapes if _is_first(shape)]
    convolves = any("Conv" in layer_name(code, call) or "Pooling2D" in layer_name(code, call) for call in code.calls)
    if not first or not convolves:
        return
    if len(first) == len(shapes) and _is_in_sight(code):
        _turn(code, first)
        return
    for shape in first:
        code.mark(shape, FIRST)
    for call in code.calls:
        owner = call.func.value if isinstance(call.func, cst.Attribute) else None
        if method(call) in ("fit", "fit_generator", "train_on_batch") and owner is not None and is_model(code, owner):
            code.mark(call, FIRST_TRAINED)
    if not any(_says_first(code, call) for call in code.calls):
        told = f"{keras_name(code, first[0])}.config.set_image_data_format('channels_first')"
        code.insert_line(first[0], told, FIRST)


def _shape(code: Code, call: cst.Call) -> cst.Tuple | None:
    """The shape of images that a layer or an Input is given, three numbers without the batch."""
    layer = layer_name(code, call)
    if not layer:
        return None
    given = keywords(call)
    found = given.get("input_shape") or given.get("shape")
    if found is None and layer == "Input" and positionals(call):
        found = positionals(call)[0]
    value = code.value_of(found.value) if found is not None else None
    return value if isinstance(value, cst.Tuple) and len(value.elements) == 3 else None


def _is_first(shape: cst.Tuple) -> bool:
    channel, *size = (literal(element.value) for element in shape.elements)
    return channel in CHANNELS and not isinstance(channel, bool) and all(one is None or one > 4 for one in size)


def _is_choice(code: Code, node: cst.CSTNode) -> bool:
    """Whether a node stands in a branch for one order of the axes, so that the right branch is taken anyway."""
    for place in code.parents(node):
        if isinstance(place, cst.If | cst.IfExp) and any(
            word in code.source(place.test) for word in ("image_d", "data_format", "dim_ordering", "channels_first")
        ):
            return True
    return False


def _says_first(code: Code, call: cst.Call) -> bool:
    path = code.means(call.func)
    setter = path.endswith((".set_image_dim_ordering", ".set_image_data_format"))
    return setter and bool(call.args) and literal(call.args[0].value) in ("th", "channels_first")


def _is_in_sight(code: Code) -> bool:
    """Whether nothing looks into an image, and all images come from a reshape with one channel."""
    for call in code.calls:
        name = method(call) or code.source(call.func)
        if name in ("transpose", "rollaxis", "moveaxis", "swapaxes", "img_to_array", "load_img", "flow_from_directory"):
            return False
        row = _reshaped(call)
        if row is not None and len(row) == 4 and literal(row[1]) == 3:
            return False
        if layer_name(code, call) == "Permute":
            return False
    for node in code.all_of(cst.Subscript):
        indices = [element.slice for element in node.slice]
        numbers = [index for index in indices if isinstance(index, cst.Index)]
        is_first = bool(numbers) and isinstance(indices[0], cst.Index) and literal(numbers[0].value) == 0
        if is_first and isinstance(node.value, cst.Subscript) and not _is_text(node.value):
            return False  # images[i][0]
        is_new = any(_is_new_axis(code, index.value) for index in numbers)
        if len(indices) >= 2 and not is_new and not _is_shape(node) and any(literal(n.value) == 0 for n in numbers[1:]):
            return False  # images[i, 0]
    return True


def _is_text(node: cst.Subscript) -> bool:
    index = node.slice[0].slice
    return isinstance(index, cst.Index) and isinstance(literal(index.value), str)


def _is_shape(node: cst.Subscript) -> bool:
    return isinstance(node.value, cst.Attribute) and node.value.attr.value == "shape"


def _is_new_axis(code: Code, node: cst.BaseExpression) -> bool:
    return code.source(node) in ("None", "np.newaxis", "numpy.newaxis", "newaxis")


def _reshaped(call: cst.Call) -> list[cst.BaseExpression] | None:
    """The sizes that an array is reshaped to; `None` for other calls."""
    if method(call) != "reshape":
        return None
    values = [argument.value for argument in positionals(call)]
    rows = [value for value in values if isinstance(value, cst.Tuple | cst.List)]
    if rows:
        return [element.value for element in rows[-1].elements]
    return values


def _turn(code: Code, shapes: list[cst.Tuple]) -> None:
    for shape in dict.fromkeys(shapes):
        sizes = [element.value for element in shape.elements]
        argument = code.parent(shape)
        if isinstance(argument, cst.Arg) and argument.keyword is not None and argument.keyword.value == "input_shape":
            code.texts[shape] = (
                f"({', '.join(code.source(one) for one in [*sizes[1:], sizes[0]])})"  # becomes a keras.Input
            )
        else:
            _turn_row(code, sizes, 0)
    for call in code.calls:
        row = _reshaped(call)
        if row is not None and len(row) == 4 and literal(row[1]) in CHANNELS and not _is_choice(code, call):
            _turn_row(code, row, 1)
        layer, given = layer_name(code, call), keywords(call)
        if layer == "Reshape" and positionals(call):
            _turn_reshape(code, positionals(call)[0].value)
        if (
            layer in ("BatchNormalization", "Concatenate")
            and literal(given["axis"].value if "axis" in given else None) == 1
        ):
            code.replace(given["axis"].value, "-1", LAST)
        for name in ("dim_ordering", "data_format"):
            if layer and name in given and literal(given[name].value) in ("th", "channels_first"):
                code.remove_argument(call, given[name], LAST)
        if _says_first(code, call):
            called = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
            code.replace(called, "set_image_data_format", LAST)
            code.replace(call.args[0].value, '"channels_last"', LAST)
        if method(call) == "expand_dims":
            _turn_axis(code, call)
    for node in code.all_of(cst.Subscript):
        elements = list(node.slice)
        if len(elements) < 2 or not isinstance(index := elements[1].slice, cst.Index):
            continue
        if _is_new_axis(code, index.value) and len(elements) in (2, 4):
            text = code.source(index.value)
            rest = ", :, :" if len(elements) == 2 else "".join(f", {code.source(one.slice)}" for one in elements[2:])
            start, end = code.start(elements[1].slice), code.end(elements[-1].slice)
            code.replace_between(start, end, f"{rest.removeprefix(', ')}, {text}", LAST)


def _turn_axis(code: Code, call: cst.Call) -> None:
    axis = find_argument(call, 1, "axis")
    if axis is not None and literal(axis.value) == 1:
        code.replace(axis.value, "-1", LAST)


def _turn_reshape(code: Code, value: cst.BaseExpression) -> None:
    """Turns the shape of a Reshape layer, such as (128, 7, 7)."""
    row = [element.value for element in value.elements] if isinstance(value, cst.Tuple | cst.List) else []
    if len(row) == 3 and code.source(row[1]) == code.source(row[2]) != code.source(row[0]):
        _turn_row(code, row, 0)


def _turn_row(code: Code, row: list[cst.BaseExpression], place: int) -> None:
    """Moves one number to the end of a row."""
    new = [*row[:place], *row[place + 1 :], row[place]]
    for old, value in zip(row, new, strict=True):
        if code.source(old) != code.source(value):
            code.replace(old, code.source(value), LAST)
