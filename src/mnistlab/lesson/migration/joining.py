"""The cells of a notebook as one module: its nodes, what is around each, and where it stands in the text."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeVar

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, ParentNodeProvider, ScopeProvider

from mnistlab.lesson.migration.documents import CodeCell

_SEPARATOR = b"\n\n"  # an empty line: a backslash at the end of a cell reaches no further
_Node = TypeVar("_Node", bound=cst.CSTNode)


class JoinedCells:
    """The joined module. Positions are of bytes in its text.

    Args:
        cells: Code cells, each with its text as Python of the same length (`magics.hide`).

    Attributes:
        text: The joined text, with magics hidden.
        starts: Position of each cell in it.
    """

    def __init__(self, cells: Sequence[tuple[CodeCell, bytes]]) -> None:
        self.starts: list[tuple[int, CodeCell]] = []
        text = b""
        for cell, hidden in cells:
            self.starts.append((len(text), cell))
            text += hidden + _SEPARATOR
        self.text = text
        # A tree that comes from the parser has no node twice, so it need not be copied.
        self.wrapper = MetadataWrapper(cst.parse_module(text.decode()), unsafe_skip_copy=True)
        # Asked for together: each further question walks the whole tree once more, whatever it is about.
        self.wrapper.resolve_many([ByteSpanPositionProvider, ParentNodeProvider, ScopeProvider])
        self._spans = self.wrapper.resolve(ByteSpanPositionProvider)
        self._parents = self.wrapper.resolve(ParentNodeProvider)
        self._nodes = self._collect()

    def _collect(self) -> dict[type[cst.CSTNode], list[cst.CSTNode]]:
        found: dict[type[cst.CSTNode], list[cst.CSTNode]] = defaultdict(list)
        for node in self._spans:
            found[type(node)].append(node)
        for nodes in found.values():
            nodes.sort(key=self.start)
        return found

    def all_of(self, kind: type[_Node]) -> list[_Node]:
        """Every node of one kind, in the order of the text."""
        return self._nodes.get(kind, [])  # type: ignore[return-value]

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node; `None` for the module."""
        return self._parents.get(node)

    def parents(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, from the nearest outwards."""
        while (above := self.parent(node)) is not None:
            yield above
            node = above

    def start(self, node: cst.CSTNode) -> int:
        """Position of the first byte of a node, including brackets around it."""
        brackets = node.lpar if isinstance(node, cst.BaseExpression) else ()
        return int(self._spans[brackets[0] if brackets else node].start)

    def end(self, node: cst.CSTNode) -> int:
        """Position after the last byte of a node, including brackets around it."""
        brackets = node.rpar if isinstance(node, cst.BaseExpression) else ()
        span = self._spans[brackets[-1] if brackets else node]
        return int(span.start + span.length)

    def source(self, node: cst.CSTNode) -> str:
        """The text of a node."""
        return self.text[self.start(node) : self.end(node)].decode()

    def line_start(self, node: cst.CSTNode) -> int:
        """Start of the line above which a comment about the node can stand: the line begins with a statement."""
        for place in (node, *self.parents(node)):
            if isinstance(place, cst.SimpleStatementLine | cst.BaseCompoundStatement) and place in self._spans:
                first = self.text.rfind(b"\n", 0, self.start(place)) + 1
                if not self.text[first : self.start(place)].strip():
                    return first
        return self.text.rfind(b"\n", 0, self.start(node)) + 1

    def statement(self, node: cst.CSTNode) -> cst.SimpleStatementLine | None:
        """The simple statement around a node, if it is the only one on its line."""
        for place in (node, *self.parents(node)):
            if isinstance(place, cst.SimpleStatementLine):
                return place if len(place.body) == 1 else None
        return None

    def is_nested(self, node: cst.CSTNode) -> bool:
        """Whether a node stands in a loop, a condition, a function or a class."""
        return any(
            isinstance(place, cst.BaseCompoundStatement | cst.IfExp | cst.BaseComp | cst.Lambda)
            for place in self.parents(node)
        )
