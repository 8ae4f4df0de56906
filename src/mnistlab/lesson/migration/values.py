"""What a variable holds, as far as the code shows it: a model, a layer, a history, a tensor, an object of the notebook.

Kinds are texts: the full name of a class of Keras (`keras.layers.Dense`), `own:Name` for a class of the notebook, or
one of `model`, `layer`, `layers`, `optimizer`, `history`, `history.history`, `logs`, `params`, `tensor`, `tensors`,
`score` and `?` for what is not known. `model?` and `history?` are guessed from the name of a variable.
"""

import libcst as cst

from mnistlab.lesson.migration import today
from mnistlab.lesson.migration.bindings import Binding, Bindings
from mnistlab.lesson.migration.code import Code
from mnistlab.lesson.migration.kinds import (
    ATTRIBUTES,
    LOADERS,
    METHODS,
    UNKNOWN,
    Kinds,
    guess,
    is_layer,
    is_model,
    item,
)
from mnistlab.lesson.migration.syntax import keywords, method, positionals

MAX_DEPTH = 25


class Values(Bindings):
    """The kinds of values in a notebook.

    Args:
        code: Code of the notebook.
    """

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self._kinds: dict[cst.CSTNode, Kinds] = {}

    def kinds(self, node: cst.CSTNode | None, depth: int = 0) -> Kinds:
        """The kinds of values that an expression may have; more than one if a variable is assigned several."""
        if node is None or depth > MAX_DEPTH:
            return UNKNOWN
        if node not in self._kinds:
            self._kinds[node] = UNKNOWN  # for names that refer to each other in a circle
            self._kinds[node] = self._find(node, depth) or UNKNOWN
        return self._kinds[node]

    def is_model(self, node: cst.CSTNode | None) -> bool:
        """Whether an expression is known to be a Keras model."""
        return all(is_model(kind) or self.base(kind) in ("Model", "Sequential") for kind in self.kinds(node))

    def base(self, kind: str) -> str:
        """What a class of Keras or the notebook makes: `Layer`, `Model`, `Optimizer`, …; empty if not known."""
        if not kind.startswith("own:"):
            plain = {"model": "Model", "model?": "Model", "layer": "Layer", "optimizer": "Optimizer"}
            return plain.get(kind) or today.kind_of(kind)
        node = self.classes.get(kind.removeprefix("own:"))
        for argument in node.bases if node is not None else ():
            path = self.code.means(argument.value)
            if path.endswith(("utils.Sequence", "utils.PyDataset")):
                return "PyDataset"
            if found := today.kind_of(path):
                return found
            if isinstance(argument.value, cst.Name) and argument.value.value in self.classes:
                inner = f"own:{argument.value.value}"
                return self.base(inner) if inner != kind else ""
        return ""

    def values(self, name: cst.Name) -> list[cst.BaseExpression | None]:
        """The expressions that a name may stand for where it is used; `None` for what is not an assigned value."""
        return [
            found.node
            if found.how == "value" and not found.path and isinstance(found.node, cst.BaseExpression)
            else None
            for found in self._bindings_of(name)
        ]

    def _find(self, node: cst.CSTNode, depth: int) -> Kinds:
        depth += 1
        if isinstance(node, cst.Name):
            return self._of_name(node, depth)
        if isinstance(node, cst.Attribute):
            return self._of_attribute(node, depth)
        if isinstance(node, cst.Call):
            return self._of_call(node, depth)
        if isinstance(node, cst.Subscript):
            inner = self.kinds(node.value, depth)
            is_slice = any(isinstance(element.slice, cst.Slice) for element in node.slice)
            return frozenset(kind if is_slice else item(kind) for kind in inner)
        if isinstance(node, cst.BinaryOperation | cst.UnaryOperation):
            sides = [node.left, node.right] if isinstance(node, cst.BinaryOperation) else [node.expression]
            return frozenset({"tensor"}) if any("tensor" in self.kinds(side, depth) for side in sides) else UNKNOWN
        if isinstance(node, cst.IfExp):
            return self.kinds(node.body, depth) | self.kinds(node.orelse, depth)
        if isinstance(node, cst.List | cst.Tuple) and node.elements:
            inner = frozenset().union(*(self.kinds(element.value, depth) for element in node.elements))
            return frozenset(_several(self, kind) for kind in inner)
        return UNKNOWN

    def _of_name(self, name: cst.Name, depth: int) -> Kinds:
        found: set[str] = set()
        for binding in self._bindings_of(name):
            found |= self._of_binding(binding, name.value, depth)
        if not found:
            return UNKNOWN if self.code.imported(name) else guess(name.value)
        return frozenset(found)

    def _of_binding(self, binding: Binding, name: str, depth: int) -> Kinds:
        if binding.how == "parameter":
            return self._of_parameter(binding.node, depth)
        if binding.how == "item":
            return self._of_item(binding.node, binding.path, depth)
        if binding.how != "value":
            return UNKNOWN
        kinds = self._inside(binding.node, binding.path, depth)
        if kinds == UNKNOWN and isinstance(binding.node, cst.Call) and not self.code.imported(binding.node.func):
            return guess(name) if self._is_unbound(binding.node.func) else UNKNOWN
        return kinds

    def _is_unbound(self, node: cst.BaseExpression) -> bool:
        return isinstance(node, cst.Name) and not self._bindings_of(node)

    def _inside(self, node: cst.CSTNode, path: tuple[int, ...], depth: int) -> Kinds:
        """The kinds of one element of a value; of the value itself for an empty path."""
        if not path:
            return self.kinds(node, depth)
        if isinstance(node, cst.Tuple | cst.List) and path[0] < len(node.elements):
            return self._inside(node.elements[path[0]].value, path[1:], depth)
        if isinstance(node, cst.Call):
            function = self._function(node.func)
            if function is not None:
                return frozenset().union(*(self._inside(made, path, depth) for made in self._returned(function)))
        return frozenset(item(kind) for kind in self.kinds(node, depth))

    def _of_item(self, node: cst.CSTNode, path: tuple[int, ...], depth: int) -> Kinds:
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.args:
            called = node.func.value
            if called == "enumerate" and path and path[0] == 1:
                return self._of_item(node.args[0].value, path[1:], depth)
            if called == "zip" and path and path[0] < len(node.args):
                return self._of_item(node.args[path[0]].value, path[1:], depth)
            if called in ("reversed", "list", "sorted") and not path:
                return self._of_item(node.args[0].value, (), depth)
        if isinstance(node, cst.List | cst.Tuple) and node.elements:
            parts = [self._inside(element.value, path, depth) for element in node.elements]
            return frozenset().union(*parts)
        return UNKNOWN if path else frozenset(item(kind) for kind in self.kinds(node, depth))

    def _of_parameter(self, node: cst.CSTNode, depth: int) -> Kinds:
        if not isinstance(node, cst.Param):
            return UNKNOWN
        name = node.name.value
        owner = self.class_around(node)
        if name == "self" and owner is not None:
            return frozenset({f"own:{owner.name.value}"})
        if name == "logs" and owner is not None:
            return frozenset({"logs"})
        function = next((place for place in self.code.parents(node) if isinstance(place, cst.FunctionDef)), None)
        given = self._given(function, node, depth) if function is not None else UNKNOWN
        return guess(name) if given == UNKNOWN else given

    def _given(self, function: cst.FunctionDef, parameter: cst.Param, depth: int) -> Kinds:
        """The kinds of what calls of the notebook give a parameter."""
        order = [one.name.value for one in function.params.params]
        name, found = parameter.name.value, set[str]()
        if name not in order:
            return UNKNOWN
        place = order.index(name)
        for call in self.code.calls:
            if self._function(call.func) is not function:
                continue
            here = place - (1 if isinstance(call.func, cst.Attribute) and order[:1] == ["self"] else 0)
            values, given = positionals(call), keywords(call)
            if name in given:
                found |= self.kinds(given[name].value, depth)
            elif 0 <= here < len(values):
                found |= self.kinds(values[here].value, depth)
        return frozenset(found - {"?"}) or UNKNOWN

    def _of_attribute(self, node: cst.Attribute, depth: int) -> Kinds:
        name, found = node.attr.value, set[str]()
        for kind in self.kinds(node.value, depth):
            base = self.base(kind)
            own = self._own.get((kind.removeprefix("own:"), name)) if kind.startswith("own:") else None
            if own:
                found |= frozenset().union(*(self.kinds(value, depth) for value in own))
            elif (base or kind, name) in ATTRIBUTES:
                found.add(ATTRIBUTES[base or kind, name])
            elif kind.startswith("own:") and not base:
                found |= guess(name)
            elif kind == "?" and name in ("layers", "optimizer"):
                found.add(name)
            else:
                found.add("?")
        return frozenset(found)

    def _function(self, node: cst.BaseExpression) -> cst.FunctionDef | None:
        """The function of the notebook that an expression calls."""
        if isinstance(node, cst.Name):
            bound = self._bindings_of(node)
            made = [binding.node for binding in bound if isinstance(binding.node, cst.FunctionDef)]
            return made[-1] if made else None
        if isinstance(node, cst.Attribute):
            owners = [self.classes.get(kind.removeprefix("own:")) for kind in self.kinds(node.value) if "own:" in kind]
            for owner in owners:
                for line in owner.body.body if owner is not None else ():
                    if isinstance(line, cst.FunctionDef) and line.name.value == node.attr.value:
                        return line
        return None

    def _returned(self, function: cst.FunctionDef) -> list[cst.BaseExpression]:
        return [
            node.value
            for node in self.code.all_of(cst.Return)
            if node.value is not None
            and next((place for place in self.code.parents(node) if isinstance(place, cst.FunctionDef)), None)
            is function
        ]

    def _of_call(self, call: cst.Call, depth: int) -> Kinds:
        path = self.code.means(call.func)
        if path:
            return self._of_keras_call(path, call, depth)
        if isinstance(call.func, cst.Name) and call.func.value in self.classes:
            return frozenset({f"own:{call.func.value}"})
        function = self._function(call.func)
        if function is not None:
            return frozenset().union(*(self.kinds(made, depth) for made in self._returned(function)))
        callee = self.kinds(call.func, depth)
        if any(is_layer(kind) or self.base(kind) in ("Layer", "Model", "Sequential") for kind in callee):
            return self._tensor_if_any(call, depth)
        if isinstance(call.func, cst.Attribute):
            owners = self.kinds(call.func.value, depth)
            found = {METHODS.get((self.base(kind) or kind, method(call)), "?") for kind in owners}
            if method(call) == "fit" and owners == UNKNOWN:
                return UNKNOWN
            return frozenset(found)
        return UNKNOWN

    def _tensor_if_any(self, call: cst.Call, depth: int) -> Kinds:
        given = frozenset().union(*(self.kinds(argument.value, depth) for argument in call.args))
        return frozenset({"tensor"}) if {"tensor", "tensors"} & given else UNKNOWN

    def _of_keras_call(self, path: str, call: cst.Call, depth: int) -> Kinds:
        if path in LOADERS:
            return frozenset({"model"})
        if path in ("keras.Input", "keras.layers.Input"):
            return frozenset({"tensor"})
        if path.startswith("keras.applications."):
            return frozenset({"keras.Model"}) if path.rpartition(".")[2][:1].isupper() else UNKNOWN
        if today.kind_of(path):
            return frozenset({today.canonical(path)})
        if path.startswith(("keras.ops.", "keras.backend.", "keras.layers.", "keras.activations.")):
            return self._tensor_if_any(call, depth)
        return UNKNOWN


def _several(values: Values, kind: str) -> str:
    if kind == "tensor":
        return "tensors"
    return "layers" if is_layer(kind) or values.base(kind) == "Layer" else "?"
