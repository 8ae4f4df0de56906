"""Names that nothing in the notebook gives: they came from a star, or from a file of the author's."""

import importlib.util
import sys

import libcst as cst

from mnistlab.lesson.migration import homes
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.rules.imports import can_say_to_categorical
from mnistlab.lesson.migration.rules.spelling import find_roots
from mnistlab.lesson.migration.syntax import dotted

STRANGER = (
    "{module} is not part of Keras but the author's own file, which was not migrated; without it this line fails "
    "(ModuleNotFoundError). Migrate {module}.py as well. The notebook takes {names} from it, and here "
    "they were read as "
    "the names of Keras that they most likely are."
)
FILE = (
    "{module} is the author's own file; without it this line fails (ModuleNotFoundError). Migrate {module}.py as well."
)
UNBOUND = "Nothing in this notebook imports {name}, which Keras has as {path}; so it is imported."
FROM_STAR = "The star import of an old Keras module also provided {name}; today's does not, so it is imported."
OTHERS = {
    "np": "import numpy as np",
    "plt": "import matplotlib.pyplot as plt",
    "os": "import os",
    "json": "import json",
}
KNOWN = frozenset(
    {"pylab", "numpy", "matplotlib", "scipy", "sklearn", "pandas", "tensorflow", "torch", "theano", "keras"}
)


def rewrite_strangers(code: Code) -> None:
    """Says where names come from that only a star can give, and imports those that none gives."""
    strangers = [
        node for node in code.all_of(cst.ImportFrom) if isinstance(node.names, cst.ImportStar) and is_stranger(node)
    ]
    names = [name for name, path in code.taken_for_keras.items() if path != "numpy"]
    if strangers:
        for node in strangers:
            shown = ", ".join(names[:8]) + (" and others" if len(names) > 8 else "")
            code.mark(node, STRANGER.format(module=dotted(node.module) or ".", names=shown or "its names"))
        modules = {dotted(node.module) for node in strangers}
        for statement in code.all_of(cst.Import):
            for alias in statement.names:
                if dotted(alias.name) in modules:
                    code.mark(statement, FILE.format(module=dotted(alias.name)))
        return
    root = "keras" if "keras" in find_roots(code) or not find_roots(code) else "tensorflow.keras"
    for name in names:
        path = "keras.utils.to_categorical" if name == "np_utils" else homes.find_home(code.taken_for_keras[name])
        module, _, leaf = path.rpartition(".")
        if name == "ImageDataGenerator" or not homes.exists(path, root):
            continue
        if name == "np_utils" and not can_say_to_categorical(code):  # something else has that name
            code.insert_import(f"from {root} import utils as np_utils", UNBOUND.format(name=name, path="keras.utils"))
            continue
        where = root + module.removeprefix("keras")
        line = f"from {where} import {leaf}" + (f" as {name}" if leaf != name and name != "np_utils" else "")
        line = f"import {root}" if path == "keras" and root == "keras" else line
        code.insert_import(line, UNBOUND.format(name=name, path=path))
    if any(homes.split_root(module) for module in code.stars):
        for name, line in OTHERS.items():
            uses = code.uses_of.get(name, [])
            if uses and not any(code.binds(use) for use in uses):
                code.insert_import(line, FROM_STAR.format(name=name))


def is_stranger(node: cst.ImportFrom) -> bool:
    """Whether a module is neither of Python nor of a library that is known or installed."""
    first = dotted(node.module).partition(".")[0]
    if node.relative:
        return True
    if first in sys.stdlib_module_names or first in KNOWN:
        return False
    try:
        return importlib.util.find_spec(first) is None
    except (ImportError, ValueError):
        return True
