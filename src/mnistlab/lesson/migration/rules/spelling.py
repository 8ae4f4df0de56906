"""The names under which a notebook imports Keras and NumPy, for use in its new lines."""

import libcst as cst

from mnistlab.lesson.migration import homes
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import dotted, imported_names


def is_mixed(code: Code) -> bool:
    """Whether the notebook imports or uses both `keras` and `tensorflow.keras`."""
    return len({"keras" if root == "keras" else "tensorflow" for root in find_roots(code)}) == 2


def find_roots(code: Code) -> set[str]:
    """All roots under which the notebook imports or uses Keras, such as `tensorflow.keras`."""
    roots = set()
    for node in code.all_of(cst.ImportFrom):
        module, names = dotted(node.module), [dotted(alias.name) for alias in imported_names(node)]
        roots |= {
            split[0] for name in [module, *(f"{module}.{name}" for name in names)] if (split := homes.split_root(name))
        }
    for statement in code.all_of(cst.Import):
        roots |= {split[0] for alias in statement.names if (split := homes.split_root(dotted(alias.name)))}
    for attribute in code.all_of(cst.Attribute):
        if (path := code.keras_path(attribute)) is not None:
            roots.add(path[0])
    return roots


def new_root(root: str, path: str, *, mixed: bool) -> str:
    """The root under which the new notebook imports Keras in place of an old root.

    Args:
        root: Old root, such as `tensorflow.python.keras`.
        path: Full name of what is wanted, in today's `keras`.
        mixed: Whether the notebook has both roots, see `is_mixed`.
    """
    if root == "keras":
        return root
    return "keras" if mixed and homes.exists(path) else "tensorflow.keras"


def keras_name(code: Code, node: cst.CSTNode) -> str:
    """The name of `keras` at a place; asks for an import above if there is none yet."""
    says_keras = "keras" in find_roots(code)
    names = _imports_above(code, node)
    for name, meaning in names.items():
        if meaning in ("keras", "tensorflow.keras"):
            return name
        if meaning == "tensorflow" and not says_keras:
            return f"{name}.keras"
    way = "import keras" if says_keras else "from tensorflow import keras"
    code.insert_import(way, "The new lines say keras.Input and the like, so Keras itself is imported.")
    return "keras"


def numpy_name(code: Code, node: cst.CSTNode) -> str:
    """The name of NumPy at a place; asks for an import above if there is none yet."""
    for name, meaning in _imports_above(code, node).items():
        if meaning == "numpy":
            return name
    code.insert_import("import numpy as np", "The new lines use NumPy, so it is imported.")
    return "np"


def _imports_above(code: Code, node: cst.CSTNode) -> dict[str, str]:
    """The meaning of each name that the module imports above a place; the last import of a name counts."""
    found: dict[str, str] = {}
    for alias in code.all_of(cst.ImportAlias):
        statement = code.parent(alias)
        if code.start(alias) > code.start(node) or code.is_nested(alias):
            continue
        name = dotted(alias.name)
        bound = dotted(alias.asname.name) if alias.asname else name.split(".")[0]
        if isinstance(statement, cst.ImportFrom):
            found[bound] = f"{dotted(statement.module)}.{name}"
        else:
            found[bound] = name if alias.asname else bound
    return found
