"""What single nodes of the tree mean: dotted names, literals, imported names, arguments of a call."""

from collections.abc import Sequence
from typing import Any

import libcst as cst


def dotted(node: cst.CSTNode | None) -> str:
    """The text of a dotted name in an import.

    Example:
        >>> dotted(cst.parse_expression("keras.layers"))
        'keras.layers'
    """
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    return ""


def literal(node: cst.CSTNode | None) -> Any:
    """The value of a literal string, number or tuple of numbers; `None` for everything else.

    Example:
        >>> literal(cst.parse_expression("(3, 3)")), literal(cst.parse_expression("'same'"))
        ((3, 3), 'same')
    """
    if isinstance(node, cst.SimpleString | cst.Integer | cst.Float | cst.ConcatenatedString):
        return node.evaluated_value
    if isinstance(node, cst.Tuple | cst.List):
        values = tuple(literal(element.value) for element in node.elements)
        return None if None in values else values
    if isinstance(node, cst.Name):
        return {"True": True, "False": False}.get(node.value)
    return None


def imported_names(node: cst.ImportFrom) -> Sequence[cst.ImportAlias]:
    """The names in a `from … import`; none for a star."""
    return () if isinstance(node.names, cst.ImportStar) else node.names


def keywords(call: cst.Call) -> dict[str, cst.Arg]:
    """The arguments of a call that have a name."""
    return {argument.keyword.value: argument for argument in call.args if argument.keyword is not None}


def positionals(call: cst.Call) -> list[cst.Arg]:
    """The arguments of a call that have none, up to the first `*` or `**`."""
    found = []
    for argument in call.args:
        if argument.keyword is not None or argument.star:
            break
        found.append(argument)
    return found


def find_argument(call: cst.Call, place: int, *names: str) -> cst.Arg | None:
    """The argument of a call that has one of some names, or else stands at a place; `None` if it is not given.

    Example:
        >>> find_argument(cst.parse_expression("merge(a, 'sum')"), 1, "mode").value.value
        "'sum'"
    """
    given, places = keywords(call), positionals(call)
    named = next((given[name] for name in names if name in given), None)
    return named or (places[place] if len(places) > place else None)


def method(call: cst.Call) -> str:
    """The name of a called method; empty for a plain function."""
    return call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
