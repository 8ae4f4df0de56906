"""Other libraries of the time: TensorFlow 1, old NumPy, SciPy and scikit-learn, and Python 2 that can be read."""

import builtins
import importlib
import re

import libcst as cst

from mnistlab.lesson.migration import homes
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.tensorflow_1 import (
    MOVED,
    TENSORFLOW_1,
    advice_on,
    is_import_of,
    mark_iterators,
    missing_in_tensorflow,
    rewrite_tensorflow,
)
from mnistlab.lesson.migration.syntax import dotted, imported_names, method
from mnistlab.lesson.migration.values import Values

GONE = "{name} is gone from {library}, so this line fails. {advice}"
PYTHON_2 = "{old} is Python 2; Python 3 has {new}."
DIVISION = (
    "In Python 3 / gives a float even for whole numbers, and range and the like take no floats (TypeError); // does "
    "what / did."
)

NUMPY = {
    **{name: name for name in ("float", "int", "bool", "object", "str", "complex")},
    "product": "{np}.prod",
    "cumproduct": "{np}.cumprod",
    "alltrue": "{np}.all",
    "sometrue": "{np}.any",
    "Inf": "{np}.inf",
    "Infinity": "{np}.inf",
    "PINF": "{np}.inf",
    "NaN": "{np}.nan",
    "NAN": "{np}.nan",
    "float_": "{np}.float64",
    "string_": "{np}.bytes_",
    "unicode_": "{np}.str_",
    "row_stack": "{np}.vstack",
    "trapz": "{np}.trapezoid",
    "in1d": "{np}.isin",
}
MODULES = {
    "scipy.misc": ("SciPy", "For images use Pillow: PIL.Image.open, resize and save, with np.asarray."),
    "scipy.ndimage.imread": ("SciPy", "For images use Pillow: np.asarray(PIL.Image.open(path))."),
    "sklearn.datasets.fetch_mldata": (
        "scikit-learn",
        "The site that it read from is closed. Use fetch_openml('mnist_784', as_frame=False) or keras.datasets.mnist.",
    ),
    "sklearn.externals": ("scikit-learn", "Use the packages themselves, such as import joblib."),
    "sklearn.cross_validation": ("scikit-learn", "Its classes are in sklearn.model_selection, with other arguments."),
    "sklearn.grid_search": ("scikit-learn", "Its classes are in sklearn.model_selection."),
    "sklearn.learning_curve": ("scikit-learn", "Its functions are in sklearn.model_selection."),
    "sklearn.preprocessing.Imputer": ("scikit-learn", "Use sklearn.impute.SimpleImputer."),
    "sklearn.utils.linear_assignment_": ("scikit-learn", "Use scipy.optimize.linear_sum_assignment."),
    "matplotlib.pyplot.hold": ("Matplotlib", "Plots are always added to the axes. Take the line out."),
    "PIL.Image.ANTIALIAS": ("Pillow", "It is called PIL.Image.LANCZOS."),
    "time.clock": ("Python", "Use time.perf_counter()."),
    "collections.Iterable": ("Python", "It is collections.abc.Iterable."),
    "itertools.izip": ("Python", "Python 3's own zip does what izip did."),
    "itertools.imap": ("Python", "Python 3's own map does what imap did."),
    "string.letters": ("Python", "It is string.ascii_letters."),
    "sys.maxint": ("Python", "It is sys.maxsize."),
    "urllib.urlretrieve": ("Python", "It is urllib.request.urlretrieve."),
    "urllib.urlopen": ("Python", "It is urllib.request.urlopen."),
    "urllib2": ("Python", "It is urllib.request."),
    "StringIO": ("Python", "It is io.StringIO or io.BytesIO."),
    "keras_contrib": ("Keras", "keras-contrib was written for Keras 2 and does not run with Keras 3."),
    "theano": ("the libraries that Keras runs on", "What it did can be written with keras.ops."),
    "keras_applications": ("Keras", "Use keras.applications."),
    "keras_vggface": ("Keras", "It was written for Keras 2 and does not run with Keras 3."),
    "vis": ("Keras", "keras-vis was written for Keras 2 and does not run with Keras 3."),
}
RENAMED_MODULES = {
    ("sklearn.cross_validation", "train_test_split"): "sklearn.model_selection",
    ("sklearn.cross_validation", "cross_val_score"): "sklearn.model_selection",
    ("sklearn.grid_search", "GridSearchCV"): "sklearn.model_selection",
    ("sklearn.learning_curve", "learning_curve"): "sklearn.model_selection",
}
PYTHON = {
    "xrange": "range",
    "unicode": "str",
    "raw_input": "input",
    "basestring": "str",
    "long": "int",
    "unichr": "chr",
}
METHODS = {"iteritems": "items", "itervalues": "values", "iterkeys": "keys"}


def rewrite_libraries(code: Code, values: Values) -> None:
    """Rewrites what has an exact counterpart, and says what the rest is."""
    uses: list[cst.Attribute | cst.Name] = [*code.all_of(cst.Attribute), *code.all_of(cst.Name)]
    for use in uses:
        above = code.parent(use)
        if isinstance(above, cst.ImportAlias | cst.AsName | cst.ImportFrom):
            continue
        if isinstance(above, cst.Attribute) and (above.attr is use or code.imported(above)):
            continue  # the longest dotted name is looked at
        for name in code.imported(use):
            _rewrite_use(code, use, name)
    for node in code.all_of(cst.ImportFrom):
        if not node.relative:
            _rewrite_from(code, node)
    for statement in code.all_of(cst.Import):
        for alias in statement.names:
            if not _in_try(code, statement):
                _rewrite_import(code, statement, alias)
    mark_iterators(code)
    _rewrite_python(code, values)


def _in_try(code: Code, node: cst.CSTNode) -> bool:
    return any(isinstance(place, cst.Try) for place in code.parents(node))


def _rewrite_use(code: Code, use: cst.Attribute | cst.Name, name: str) -> None:
    if name.startswith("numpy.") and isinstance(use, cst.Attribute):
        _rewrite_numpy(code, use, name)
    elif name.startswith("tensorflow.") and homes.split_root(name) is None:
        rewrite_tensorflow(code, use, name)
    elif isinstance(use, cst.Attribute):
        for place, (library, advice) in MODULES.items():
            if (f"{name}.").startswith(f"{place}.") and not is_import_of(code, place):
                code.mark(use, GONE.format(name=place, library=library, advice=advice))


def _rewrite_numpy(code: Code, use: cst.Attribute, name: str) -> None:
    numpy = importlib.import_module("numpy")
    parts = name.split(".")
    if hasattr(numpy, parts[1]):
        return
    base: cst.BaseExpression = use
    for _ in parts[2:]:
        base = base.value if isinstance(base, cst.Attribute) else base
    new = NUMPY.get(parts[1])
    if new is None or not isinstance(base, cst.Attribute):
        code.mark(use, GONE.format(name=f"np.{parts[1]}", library="NumPy", advice="").rstrip())
        return
    text = new.format(np=code.source(base.value))
    code.replace(base, text, MOVED.format(old=f"np.{parts[1]}", new=text))


def _rewrite_from(code: Code, node: cst.ImportFrom) -> None:
    module = dotted(node.module)
    if _in_try(code, node):
        return
    aliases = imported_names(node)
    for alias in aliases:
        name = f"{module}.{dotted(alias.name)}"
        new = RENAMED_MODULES.get((module, dotted(alias.name)))
        if new is not None and len(aliases) == 1 and node.module is not None:
            code.replace(node.module, new, MOVED.format(old=module, new=new))
            return
        if name == "sklearn.externals.joblib" and len(aliases) == 1 and alias.asname is None:
            code.replace(node, "import joblib", MOVED.format(old=name, new="joblib"))
            return
        if _explain(code, node, name):
            return
    if not aliases:
        _explain(code, node, module)


def _rewrite_import(code: Code, statement: cst.Import, alias: cst.ImportAlias) -> None:
    name = dotted(alias.name)
    if name == "cPickle":
        bound = f" as {code.source(alias.asname.name)}" if alias.asname else " as cPickle"
        code.replace(alias, f"pickle{bound}", PYTHON_2.format(old="cPickle", new="pickle"))
        return
    _explain(code, statement, name)


def _explain(code: Code, node: cst.CSTNode, name: str) -> bool:
    """Marks an import of what is gone; returns whether it is."""
    if name.startswith("tensorflow.") and homes.split_root(name) is None:
        missing = missing_in_tensorflow(name)
        if missing:
            code.mark(node, TENSORFLOW_1.format(name=missing, advice=advice_on(missing)))
        return bool(missing)
    for place, (library, advice) in MODULES.items():
        if f"{name}.".startswith(f"{place}."):
            code.mark(node, GONE.format(name=place, library=library, advice=advice))
            return True
    return False


def _rewrite_python(code: Code, values: Values) -> None:
    for name, new in PYTHON.items():
        uses = code.uses_of.get(name, [])
        if not hasattr(builtins, name) and not any(code.binds(use) for use in uses):
            for use in uses:
                code.replace(use, new, PYTHON_2.format(old=name, new=new))
    for name, module in (("reduce", "functools"), ("reload", "importlib")):
        uses = code.uses_of.get(name, [])
        if uses and not any(code.binds(use) for use in uses):
            code.insert_import(f"from {module} import {name}", PYTHON_2.format(old=name, new=f"it in {module}"))
    for call in code.calls:
        if not isinstance(call.func, cst.Attribute):
            if isinstance(call.func, cst.Name) and call.func.value in ("range", "xrange"):
                for argument in call.args:
                    _divide_whole(code, argument.value)
            continue
        name = method(call)
        if name in METHODS and not call.args:
            code.replace(call.func.attr, METHODS[name], PYTHON_2.format(old=name, new=METHODS[name]))
        elif name == "next" and not call.args and _is_generator(code, values, call.func.value):
            code.replace(
                call, f"next({code.source(call.func.value)})", PYTHON_2.format(old="the method next", new="next(...)")
            )
    for index in code.all_of(cst.Index):
        _divide_whole(code, index.value)
    for piece in code.all_of(cst.Slice):
        for value in (piece.lower, piece.upper):
            if value is not None:
                _divide_whole(code, value)


def _divide_whole(code: Code, value: cst.BaseExpression) -> None:
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Divide):
        start, end = code.end(value.left), code.start(value.right)
        text = code.text[start:end].decode()
        if re.fullmatch(r"\s*/\s*", text):
            code.replace_between(start, end, text.replace("/", "//"), DIVISION)


def _is_generator(code: Code, values: Values, node: cst.BaseExpression) -> bool:
    """Whether an expression is a generator that a function of the notebook makes."""
    made = code.value_of(node)
    if not isinstance(made, cst.Call) or not isinstance(made.func, cst.Name):
        return False
    function = values.functions.get(made.func.value)
    return function is not None and any(
        any(place is function for place in code.parents(one)) for one in code.all_of(cst.Yield)
    )
