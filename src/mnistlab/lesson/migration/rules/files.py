"""Files of models and weights: `.keras` and `.weights.h5` in place of `.h5`."""

import re

import libcst as cst

from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.backend import is_rewritten
from mnistlab.lesson.migration.rules.sources import MAX_DEPTH, is_model
from mnistlab.lesson.migration.syntax import keywords, literal, method, positionals

SAVED = (
    "Keras 3 saves models as .keras files. It calls .h5 legacy and refuses names without .keras or .h5, "
    "such as a folder (Invalid filepath extension for saving)."
)
WEIGHTS = "Keras 3 saves weights only under names that end in .weights.h5 (ValueError: The filename must end in ...)."
LOADED = "The cell that writes this file gives it another name now, because {why}"
OLD_FILE = (
    "This file was written by older code. Keras 3 still reads most .h5 files of models: try it, then save the model "
    "as .keras and load that from then on. Files of other versions with Lambda layers need custom_objects."
)
OLD_WEIGHTS = (
    "These weights were written by older code. Keras 3 reads an older .h5 file into a model of the same layers; save "
    "them again under a name that ends in .weights.h5."
)
COMPUTED = (
    "The name of this file is put together while the notebook runs. {why}, so make sure that it ends in {suffix}."
)
ZIP = (
    "A .keras file is a zip archive, which h5py cannot read (OSError). The weights are in the "
    "layers of the model that load_model returns."
)
BY_NAME = (
    "by_name is only for .h5 files of older Keras, and a .weights.h5 file refuses it (ValueError). Without it the "
    "weights "
    "go into a model of the same layers; skip_mismatch=True leaves out those of another shape."
)
PERIOD = "ModelCheckpoint has no period any more; save_freq='epoch' saves after every epoch."

_JOINS = ("os.path.join", "path.join", "join", "str", "Path", "pathlib.Path", "os.path.abspath", "os.path.expanduser")
_OLD_END = re.compile(r"\.(h5|hdf5|hdf|keras|ckpt|model)$")


def rewrite_files(code: Code) -> None:
    """Rewrites every call that writes or reads a model or its weights."""
    written: dict[str, str] = {}
    reads: list[tuple[cst.Call, cst.Arg, bool]] = []
    for call in code.calls:
        use = _use_of_file(code, call)
        if use is None:
            continue
        kind, weights = use
        path = _path(call)
        if path is None:
            continue
        if kind == "read":
            reads.append((call, path, weights))
            continue
        _rewrite_name(code, call, path, written, weights=weights)
        if "period" in keywords(call):
            period = keywords(call)["period"]
            if literal(period.value) == 1:
                code.remove_argument(call, period, PERIOD)
            else:
                code.mark(period, PERIOD)
    for call, path, weights in reads:
        _rewrite_read(code, call, path, written, weights=weights)
    _rewrite_others(code, written)


def _rewrite_others(code: Code, written: dict[str, str]) -> None:
    """Rewrites the names of these files where other libraries are given them, and marks what reads them as HDF5."""
    for call in code.calls:
        if _use_of_file(code, call) is not None or code.means(call.func) or code.source(call.func) == "print":
            continue
        for argument in call.args:
            text = _text(code, argument)
            old = str(text.evaluated_value) if text is not None else ""
            if text is None or old not in written:
                continue
            why = WEIGHTS if written[old].endswith(".weights.h5") else SAVED
            if written[old] != old and not is_rewritten(code, text):
                _replace_text(code, text, old, written[old], LOADED.format(why=why))
            if why is SAVED and "h5py.File" in code.imported(call.func):
                code.mark(call, ZIP)


def is_written_elsewhere(code: Code, call: cst.Call) -> bool:
    """Whether a call reads a model from a file whose name is plain to see, and that the notebook does not write."""
    path = _path(call) if (_use_of_file(code, call) or ("", False))[0] == "read" else None
    text = _text(code, path) if path is not None else None
    if text is None:
        return False
    writes = [one for one in code.calls if (_use_of_file(code, one) or ("", False))[0] == "write"]
    names = [_text(code, one) for write in writes if (one := _path(write)) is not None]
    return all(one is not None and one.evaluated_value != text.evaluated_value for one in names)


def _use_of_file(code: Code, call: cst.Call) -> tuple[str, bool] | None:
    """Whether a call writes or reads, and whether only weights; `None` if it does neither."""
    name = method(call)
    meaning = code.means(call.func)
    if name in ("save_weights", "load_weights") and not meaning:
        return ("write" if name == "save_weights" else "read"), True
    if meaning in ("keras.models.load_model", "keras.saving.load_model"):
        return "read", False
    if meaning in ("keras.models.save_model", "keras.saving.save_model"):
        return "write", False
    if meaning == "keras.callbacks.ModelCheckpoint":
        only = keywords(call).get("save_weights_only")
        return "write", bool(literal(only.value)) if only is not None else False
    if name == "save" and isinstance(call.func, cst.Attribute):
        owner = call.func.value
        path = _path(call)
        text = literal(code.value_of(path.value)) if path is not None else None
        if is_model(code, owner) or (isinstance(text, str) and text.endswith((".h5", ".hdf5"))):
            return "write", False
    return None


def _path(call: cst.Call) -> cst.Arg | None:
    """The argument that names the file."""
    given = keywords(call)
    for name in ("filepath", "path"):
        if name in given:
            return given[name]
    values = positionals(call)
    called = call.func.value if isinstance(call.func, cst.Name) else method(call)
    place = 1 if called == "save_model" else 0
    return values[place] if len(values) > place else None


def _text(code: Code, path: cst.Arg) -> cst.SimpleString | None:
    """The literal that the file's name ends with, here or where its variable is assigned."""
    found = _end(code, path.value)
    return found if isinstance(found, cst.SimpleString) and isinstance(found.evaluated_value, str) else None


def _end(code: Code, node: cst.BaseExpression, depth: int = 0) -> cst.BaseExpression:
    """The last part of what a name is put together from, as in `os.path.join(folder, "cnn.h5")`."""
    node = code.value_of(node)
    inner: cst.BaseExpression | None = None
    if isinstance(node, cst.BinaryOperation):
        inner = node.left if isinstance(node.operator, cst.Modulo) else node.right
    elif isinstance(node, cst.Call) and method(node) == "format" and isinstance(node.func, cst.Attribute):
        inner = node.func.value
    elif isinstance(node, cst.Call) and node.args and code.source(node.func) in _JOINS:
        inner = node.args[-1].value
    return node if inner is None or depth > MAX_DEPTH else _end(code, inner, depth + 1)


def _new_name(name: str, *, weights: bool) -> str:
    """The name that a file has today; the same if it needs no change.

    Example:
        >>> _new_name("best.hdf5", weights=True), _new_name("cnn.h5", weights=False), _new_name("a/b", weights=False)
        ('best.weights.h5', 'cnn.keras', 'a/b.keras')
    """
    suffix = ".weights.h5" if weights else ".keras"
    if name.endswith(suffix) or not name.rpartition("/")[2]:
        return name
    stem = _OLD_END.sub("", name)
    return (stem.removesuffix(".weights") if weights else stem) + suffix


def _rewrite_name(code: Code, call: cst.Call, path: cst.Arg, written: dict[str, str], *, weights: bool) -> None:
    text = _text(code, path)
    if text is None:
        suffix = ".weights.h5" if weights else ".keras"
        source = code.source(_end(code, path.value))
        if suffix not in source and (weights or "h5" in source or "hdf5" in source):
            code.mark(call, COMPUTED.format(suffix=suffix, why=(WEIGHTS if weights else SAVED).split(" (")[0]))
        return
    old = str(text.evaluated_value)
    new = _new_name(old, weights=weights)
    written[old] = new
    written[new] = new
    if new != old:
        _replace_text(code, text, old, new, WEIGHTS if weights else SAVED)


def _replace_text(code: Code, text: cst.SimpleString, old: str, new: str, reason: str) -> None:
    tail = old.rpartition("/")[2] or old
    source = code.source(text)
    place = source.rfind(tail)
    if place < 0:  # written with escapes
        code.mark(text, COMPUTED.format(suffix=new.rpartition("/")[2], why=reason.split(" (")[0]))
        return
    code.rewrite(text, source[:place] + new.rpartition("/")[2] + source[place + len(tail) :], reason)


def _rewrite_read(code: Code, call: cst.Call, path: cst.Arg, written: dict[str, str], *, weights: bool) -> None:
    text = _text(code, path)
    old = str(text.evaluated_value) if text is not None else ""
    if text is not None and old in written:
        by_name = keywords(call).get("by_name")
        if by_name is not None and weights:
            if literal(by_name.value) is False:
                code.remove_argument(call, by_name, BY_NAME)
            else:
                code.mark(call, BY_NAME)
        if written[old] != old and not is_rewritten(code, text):
            why = WEIGHTS if written[old].endswith(".weights.h5") else SAVED
            _replace_text(code, text, old, written[old], LOADED.format(why=why))
        return
    if old.endswith((".h5", ".hdf5")) and not old.endswith(".weights.h5"):
        code.mark(call, OLD_WEIGHTS if weights else OLD_FILE)
