"""Code around Keras: converters, installers, and a random index that is one too high."""

import re

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import find_argument, keywords, literal, positionals

EXPORT = (
    "tf2onnx cannot read models of Keras 3 (AttributeError: 'Sequential' object has no attribute 'output_names'); "
    "model.export writes the same file."
)
EXPORT_UNCLEAR = (
    "tf2onnx cannot read models of Keras 3 (AttributeError: ... 'output_names'). Write the file with "
    "model.export(path, format='onnx') and load it with onnx.load(path) where its content is needed."
)
TFJS = (
    "The converter of TensorFlow.js does not read models of Keras 3 (An InputLayer should be passed either a "
    "batchInputShape or an inputShape). For a browser write model.export(path, format='onnx') and use ONNX Runtime Web."
)
RANDOM = (
    "random.randint includes its upper bound, so once in a while this was the index one past the end (IndexError); "
    "the last index is {text} - 1."
)
INSTALL = "This installs a version of Keras or TensorFlow that the new notebook is not written for. Take the line out."
NP_UTILS_PACKAGE = "Nothing here needs a package called np_utils: to_categorical is in keras.utils. Take the line out."
TENSORFLOW_VERSION = (
    "This asks Colab for TensorFlow 1, which it no longer has, and other notebooks do not know the "
    "command. Take the line "
    "out."
)
_INSTALL = re.compile(r"\binstall\b.*\b(keras|tensorflow(-gpu|-cpu)?)\s*(==|<=|<|~=)\s*[012]\.(?!2\d|1[6-9])")


def rewrite_exports(code: Code) -> None:
    """Rewrites `tf2onnx.convert.from_keras(model, output_path="cnn.onnx")` if its result is not used."""
    for call in code.calls:
        if "tf2onnx.convert.from_keras" in code.imported(call.func):
            _rewrite_export(code, call)
        elif any(name.startswith(("tensorflowjs.", "keras2onnx.")) for name in code.imported(call.func)):
            tfjs = any(name.startswith("tensorflowjs.") for name in code.imported(call.func))
            code.mark(call, TFJS if tfjs else EXPORT_UNCLEAR)


def _rewrite_export(code: Code, call: cst.Call) -> None:
    given, values = keywords(call), positionals(call)
    path = given.get("output_path")
    model = find_argument(call, 0, "model")
    above = code.parent(call)
    unused = isinstance(above, cst.Expr) or (isinstance(above, cst.Assign) and _is_unused(code, above))
    extra = set(given) - {"model", "output_path", "input_signature", "opset"}
    if path is None or model is None or not unused or extra or len(values) > 1 or above is None:
        code.mark(call, EXPORT_UNCLEAR)
        return
    opset = f", opset_version={code.source(given['opset'].value)}" if "opset" in given else ""
    text = f'{code.source(model.value)}.export({code.source(path.value)}, format="onnx"{opset})'
    code.replace(above, text, EXPORT)


def _is_unused(code: Code, assignment: cst.Assign) -> bool:
    start, end = code.start(assignment), code.end(assignment)
    names = [name for target in assignment.targets for name in _names(target.target)]
    return bool(names) and all(
        start <= code.start(use) < end for name in names if name != "_" for use in code.uses_of[name]
    )


def _names(target: cst.CSTNode) -> list[str]:
    if isinstance(target, cst.Name):
        return [target.value]
    if isinstance(target, cst.Tuple | cst.List):
        return [name for element in target.elements for name in _names(element.value)]
    return []


def rewrite_random_index(code: Code) -> None:
    """Rewrites `random.randint(0, len(images))`."""
    for call in code.calls:
        values = positionals(call)
        if "random.randint" not in code.imported(call.func) or len(values) != 2 or literal(values[0].value) != 0:
            continue
        bound = values[1].value
        text = code.source(bound)
        length = isinstance(bound, cst.Call) and text.startswith("len(")
        if length or text.endswith(".shape[0]"):
            code.insert(code.end(bound), " - 1", RANDOM.format(text=text))


def explain_shell_line(line: str) -> str | None:
    """What is wrong with a line for the shell; `None` if nothing is.

    Example:
        >>> explain_shell_line("!pip install keras==2.2.4") == INSTALL
        True
        >>> explain_shell_line("!pip install keras>=3") is None
        True
    """
    if re.match(r"\s*%tensorflow_version\s+1", line):
        return TENSORFLOW_VERSION
    if "tensorflowjs_converter" in line:
        return TFJS
    if re.search(r"\binstall\b.*\bnp[_-]utils\b", line):
        return NP_UTILS_PACKAGE
    return INSTALL if _INSTALL.search(line) else None
