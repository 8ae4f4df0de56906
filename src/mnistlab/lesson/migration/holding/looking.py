"""The last look at a migrated notebook: every call and every attribute is held against what Keras has today.

The rules change what they know. What is left and would fail is marked here, whether or not a rule has ever heard of
it: a name that does not exist, an argument that a call refuses, an attribute that models, layers, optimizers or
histories do not have, a text that stands for nothing.
"""

import libcst as cst

from mnistlab.lesson.migration import homes
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.holding.attributes import hold_attribute, is_stored
from mnistlab.lesson.migration.holding.calls import hold_call, hold_texts
from mnistlab.lesson.migration.holding.tensors import hold_loss, hold_tensors
from mnistlab.lesson.migration.rules.gone import explain_gone
from mnistlab.lesson.migration.syntax import dotted, imported_names
from mnistlab.lesson.migration.values import Values


def hold(code: Code) -> None:
    """Marks what would fail."""
    values = Values(code)
    _hold_names(code)
    stored = {node.attr.value for node in code.all_of(cst.Attribute) if is_stored(code, node)}
    for call in code.calls:
        hold_call(code, values, call)
        hold_texts(code, values, call)
        hold_tensors(code, values, call)
        hold_loss(code, values, call)
    for attribute in code.all_of(cst.Attribute):
        hold_attribute(code, values, attribute, stored)


def _hold_names(code: Code) -> None:
    for node in code.all_of(cst.ImportFrom):
        module = dotted(node.module)
        if node.relative or _may_fail(code, node):
            continue
        for alias in imported_names(node):
            _hold_name(code, node, f"{module}.{dotted(alias.name)}")
        if isinstance(node.names, cst.ImportStar):
            _hold_name(code, node, module)
    for statement in code.all_of(cst.Import):
        for alias in statement.names:
            if not _may_fail(code, statement):
                _hold_name(code, statement, dotted(alias.name))
    uses: list[cst.Attribute | cst.Name] = [*code.all_of(cst.Attribute), *code.all_of(cst.Name)]
    for use in uses:
        above = code.parent(use)
        if isinstance(above, cst.Attribute | cst.ImportAlias | cst.AsName | cst.ImportFrom):
            continue
        path = code.keras_path(use)
        if path is not None:
            _hold_name(code, use, path[0] + path[1].removeprefix("keras"))


def _may_fail(code: Code, node: cst.CSTNode) -> bool:
    """Whether an import stands in a `try`, for machines on which it fails."""
    return any(isinstance(place, cst.Try) for place in code.parents(node))


def _hold_name(code: Code, node: cst.CSTNode, name: str) -> None:
    split = homes.split_root(name)
    if split is not None and not homes.exists(split[1], split[0]):
        code.mark(node, explain_gone(split[1]))
