"""How a notebook says Keras and NumPy, and how its new lines say them."""

import libcst as cst

from mnistlab.lesson.migration import homes
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.syntax import dotted


def is_mixed(code: Code) -> bool:
    """Whether the notebook says both `keras` and `tensorflow.keras`."""
    return len({"keras" if root == "keras" else "tensorflow" for root in find_roots(code)}) == 2


def find_roots(code: Code) -> set[str]:
    """All ways in which the notebook says Keras."""
    roots = set()
    for node in code.all_of(cst.ImportFrom):
        module = dotted(node.module)
        names = [] if isinstance(node.names, cst.ImportStar) else [dotted(alias.name) for alias in node.names]
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
    """How the new notebook says Keras where the old one said it in some way.

    Args:
        root: the old way, such as `tensorflow.python.keras`.
        path: the name wanted, as today's `keras` would have it.
        mixed: whether the notebook has two ways.
    """
    if root == "keras":
        return root
    return "keras" if mixed and homes.exists(path) else "tensorflow.keras"


def keras_name(code: Code, node: cst.CSTNode) -> str:
    """How to say `keras` at a place, with an import above if nothing there says it yet."""
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
    """How to say NumPy at a place, with an import above if nothing there says it yet."""
    for name, meaning in _imports_above(code, node).items():
        if meaning == "numpy":
            return name
    code.insert_import("import numpy as np", "The new lines use NumPy, so it is imported.")
    return "np"


def _imports_above(code: Code, node: cst.CSTNode) -> dict[str, str]:
    """What each name means that the module imports above a place, the last import of a name counting."""
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
