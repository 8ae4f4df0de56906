"""Where the names of a notebook get their values."""

import dataclasses
from collections import defaultdict

import libcst as cst

from mnistlab.lesson.migration.code import Code

_Scope = cst.CSTNode | None


@dataclasses.dataclass(frozen=True)
class Binding:
    """One place that gives a name a value.

    Args:
        how: `value`, `item` of what a loop goes through, `parameter`, `class`, `function` or `other`.
        node: The value, or the place.
        path: Positions to follow within the value, for `a, b = value`.
    """

    how: str
    node: cst.CSTNode
    path: tuple[int, ...] = ()


class Bindings:
    """The places that give names of a notebook their values.

    Args:
        code: Code of the notebook.

    Attributes:
        classes: The classes of the notebook, by name.
        functions: The functions of the notebook, by name.
    """

    def __init__(self, code: Code) -> None:
        self.code = code
        self.classes = {node.name.value: node for node in code.all_of(cst.ClassDef)}
        self.functions = {node.name.value: node for node in code.all_of(cst.FunctionDef)}
        self._bindings: dict[str, list[tuple[_Scope, Binding]]] = defaultdict(list)
        self._own: dict[tuple[str, str], list[cst.BaseExpression]] = defaultdict(list)
        self._collect()

    def _collect(self) -> None:
        for assignment in self.code.all_of(cst.Assign):
            for target in assignment.targets:
                self._bind(target.target, Binding("value", assignment.value))
        for annotated in self.code.all_of(cst.AnnAssign):
            if annotated.value is not None:
                self._bind(annotated.target, Binding("value", annotated.value))
        loops: list[cst.For | cst.CompFor] = [*self.code.all_of(cst.For), *self.code.all_of(cst.CompFor)]
        for loop in loops:
            self._bind(loop.target, Binding("item", loop.iter))
        for parameter in self.code.all_of(cst.Param):
            self._bind(parameter.name, Binding("parameter", parameter))
        for function in self.code.all_of(cst.FunctionDef):
            self._bind(function.name, Binding("function", function), self.code.parent(function))
        for made in self.code.all_of(cst.ClassDef):
            self._bind(made.name, Binding("class", made), self.code.parent(made))
        for name in self.code.all_of(cst.AsName):
            self._bind(name.name, Binding("other", name))

    def _bind(self, target: cst.CSTNode, binding: Binding, inside: cst.CSTNode | None = None) -> None:
        if isinstance(target, cst.Name):
            self._bindings[target.value].append((self._scope(inside or target), binding))
        elif isinstance(target, cst.Tuple | cst.List):
            for position, element in enumerate(target.elements):
                path = (*binding.path, position)
                self._bind(element.value, dataclasses.replace(binding, path=path), inside)
        elif isinstance(target, cst.Attribute) and isinstance(target.value, cst.Name) and target.value.value == "self":
            owner = self.class_around(target)
            if owner is not None and binding.how == "value" and isinstance(binding.node, cst.BaseExpression):
                self._own[owner.name.value, target.attr.value].append(binding.node)

    def _scope(self, node: cst.CSTNode) -> _Scope:
        """The function, lambda or comprehension that a name belongs to; `None` for the notebook itself."""
        for place in (node, *self.code.parents(node)):
            if isinstance(place, cst.FunctionDef | cst.Lambda | cst.BaseComp):
                return place
        return None

    def class_around(self, node: cst.CSTNode) -> cst.ClassDef | None:
        """The class of the notebook whose code a node is in."""
        return next((place for place in self.code.parents(node) if isinstance(place, cst.ClassDef)), None)

    def _bindings_of(self, use: cst.Name) -> list[Binding]:
        known = self._bindings.get(use.value, [])
        scopes: list[_Scope] = [
            place for place in self.code.parents(use) if isinstance(place, cst.FunctionDef | cst.Lambda | cst.BaseComp)
        ]
        for scope in [*scopes, None]:
            found = [binding for where, binding in known if where is scope]
            if found:
                return found
        return []
