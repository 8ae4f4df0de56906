"""All code cells of a notebook as one module: what names mean, who calls whom, and the edits that rules ask for.

The cells of a notebook share one namespace, so an import in one cell is seen by a use in another only if they are
read together. Rules never rebuild code from the tree: they replace spans of the text, and what they do not name stays
as it was, to the byte.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence

import libcst as cst
from libcst.metadata import QualifiedName, QualifiedNameSource, ScopeProvider

from mnistlab.lesson.migration import homes
from mnistlab.lesson.migration.documents import CodeCell
from mnistlab.lesson.migration.edits import Edit, MarkedPlace
from mnistlab.lesson.migration.joining import JoinedCells
from mnistlab.lesson.migration.syntax import dotted


class Code(JoinedCells):
    """The joined module and the edits that rules ask for.

    Args:
        cells: Code cells, each with its text as Python of the same length (`magics.hide`).

    Attributes:
        calls: All calls, in the order of the text.
        edits: The edits that rules have asked for.
        marks: The places that rules could not change safely.
        texts: New texts of nodes that another rule moves elsewhere.
    """

    def __init__(self, cells: Sequence[tuple[CodeCell, bytes]]) -> None:
        super().__init__(cells)
        self._scopes = self.wrapper.resolve(ScopeProvider)
        self._full_names: dict[cst.CSTNode, Collection[QualifiedName]] = {}
        self.edits: list[Edit] = []
        self.marks: list[MarkedPlace] = []
        self.texts: dict[cst.CSTNode, str] = {}
        self._new_imports: dict[str, str] = {}
        self._removed: dict[cst.Call, dict[cst.Arg, str]] = defaultdict(dict)
        self.calls = self.all_of(cst.Call)
        self.stars = [
            name
            for node in self.all_of(cst.ImportFrom)
            if isinstance(node.names, cst.ImportStar) and (name := dotted(node.module))
        ]
        self.uses_of = self._uses()
        self.taken_for_keras = self._taken_for_keras()

    def _taken_for_keras(self) -> dict[str, str]:
        """Names that nothing in the notebook binds and that everybody knows from Keras, each with its full name."""
        found = {}
        imported = {
            dotted(alias.name).partition(".")[0]
            for node in self.all_of(cst.Import)
            for alias in node.names
            if not alias.asname
        }
        for name, path in sorted(homes.WELL_KNOWN.items()):
            uses = [use for use in self.uses_of.get(name, ()) if not self._is_in_import(use)]
            stars = [module for module in self.stars if homes.split_root(module) and _is_offered(f"{module}.{name}")]
            if uses and not stars and name not in imported and not any(self.binds(use) for use in self.uses_of[name]):
                found[name] = path
        if not self.stars:  # a star of old Keras gave NumPy as well
            found.pop("np", None)
        return found

    def _is_in_import(self, node: cst.CSTNode) -> bool:
        return any(isinstance(place, cst.Import | cst.ImportFrom) for place in self.parents(node))

    def _uses(self) -> dict[str, list[cst.Name]]:
        found: dict[str, list[cst.Name]] = defaultdict(list)
        for name in self.all_of(cst.Name):
            parent = self.parent(name)
            if isinstance(parent, cst.Attribute) and parent.attr is name:
                continue
            if isinstance(parent, cst.Arg) and parent.keyword is name:
                continue
            found[name.value].append(name)
        return found

    # --- names

    def keras_path(self, node: cst.CSTNode | None) -> tuple[str, str] | None:
        """The name of old Keras that an expression stands for; `None` if it is not of Keras or not clear.

        Returns:
            The way in which the code says Keras (`keras`, `tensorflow.keras`), and the name as if it had said `keras`.
        """
        names = self.imported(node)
        found = {split for name in names if (split := homes.split_root(name)) is not None}
        return min(found) if found and len({homes.find_home(path) for _, path in found}) == 1 else None

    def imported(self, node: cst.CSTNode | None) -> set[str]:
        """The full names that an expression stands for if they come from imports alone; otherwise none."""
        if node is None or not _is_dotted(node):
            return set()
        if node not in self._full_names:
            scope = self._scopes.get(node)
            self._full_names[node] = scope.get_qualified_names_for(node) if scope else ()
        names = self._full_names[node]
        if not names and isinstance(node, cst.Attribute):  # of a name that only a star can give
            return {f"{owner}.{node.attr.value}" for owner in self.imported(node.value)}
        if not names and isinstance(node, cst.Name):
            if node.value in self.taken_for_keras:
                return {self.taken_for_keras[node.value]}
            candidates = {f"{module}.{node.value}" for module in self.stars}
            return {name for name in candidates if _is_offered(name)}
        if any(name.source is not QualifiedNameSource.IMPORT for name in names):
            return set()
        return {name.name for name in names}

    def means(self, node: cst.CSTNode | None) -> str:
        """The name of today's Keras that an expression stands for; empty if it is not of Keras."""
        path = self.keras_path(node)
        return homes.find_home(path[1]) if path else ""

    def value_of(self, node: cst.BaseExpression) -> cst.BaseExpression:
        """An expression itself; for a name that is assigned once in the notebook, the assigned expression."""
        if isinstance(node, cst.Name):
            values = self.assigned(node.value)
            if len(values) == 1 and values[0] is not None:
                return values[0]
        return node

    def assigned(self, name: str) -> list[cst.BaseExpression | None]:
        """The expressions that a variable is assigned, in order; `None` for a value from a tuple, loop or import."""
        values: list[cst.BaseExpression | None] = []
        for use in self.uses_of.get(name, []):
            target = self.parent(use)
            if isinstance(target, cst.AssignTarget):
                assignment = self.parent(target)
                values.append(assignment.value if isinstance(assignment, cst.Assign) else None)
            elif isinstance(target, cst.AnnAssign | cst.AugAssign) and target.target is use:
                values.append(target.value if isinstance(target, cst.AnnAssign) else None)
            elif self.binds(use):
                values.append(None)
        return values

    def binds(self, use: cst.Name) -> bool:
        """Whether a use of a name gives it a value."""
        inner: cst.CSTNode = use
        for place in self.parents(use):
            if isinstance(place, cst.AssignTarget | cst.Param | cst.ImportAlias | cst.AsName):
                return True
            if isinstance(place, cst.For | cst.CompFor):
                return place.target is inner
            if isinstance(place, cst.FunctionDef | cst.ClassDef):
                return place.name is use
            if not isinstance(place, cst.Tuple | cst.List | cst.Element | cst.StarredElement):
                return False
            inner = place
        return False

    # --- asking for changes

    def replace(self, node: cst.CSTNode, text: str, reason: str) -> None:
        """Asks for a text in place of a node."""
        self.edits.append(Edit(self.start(node), self.end(node), text, (reason,)))

    def replace_between(self, start: int, end: int, text: str, reason: str) -> None:
        """Asks for a text in place of what lies between two positions."""
        self.edits.append(Edit(start, end, text, (reason,)))

    def rewrite(self, node: cst.CSTNode, text: str, reason: str) -> None:
        """Asks for a text in place of a node, touching only what differs, so that other rules can change the rest."""
        old, new, start = self.source(node), text, self.start(node)
        while old and new and old[0] == new[0]:
            start += len(old[0].encode())
            old, new = old[1:], new[1:]
        while old and new and old[-1] == new[-1]:
            old, new = old[:-1], new[:-1]
        if old or new:
            self.edits.append(Edit(start, start + len(old.encode()), new, (reason,)))

    def insert(self, place: int, text: str, reason: str) -> None:
        """Asks for more text at a position."""
        self.edits.append(Edit(place, place, text, (reason,)))

    def remove_argument(self, call: cst.Call, argument: cst.Arg, reason: str) -> None:
        """Asks for the removal of an argument from a call; a call may lose several."""
        self._removed[call].setdefault(argument, reason)

    def is_removed(self, call: cst.Call, argument: cst.Arg) -> bool:
        """Whether a call is to lose an argument."""
        return argument in self._removed.get(call, {})

    def add_argument(self, call: cst.Call, text: str, reason: str) -> None:
        """Asks for one more argument at the end of a call that has arguments."""
        self.insert(self.end(call.args[-1]), f", {text}", reason)

    def mark(self, node: cst.CSTNode, reason: str) -> None:
        """Marks a place that cannot be changed safely."""
        self.marks.append(MarkedPlace(self.start(node), self.line_start(node), reason))

    def insert_line(self, node: cst.CSTNode, text: str, reason: str) -> None:
        """Asks for lines above the statement around a node, with its indentation."""
        place = self.line_start(node)
        indent = re.match(rb"[ \t]*", self.text[place:])
        spaces = indent.group().decode() if indent else ""
        self.insert(place, "".join(f"{spaces}{line}\n" if line else "\n" for line in text.splitlines()), reason)

    def insert_import(self, statement: str, reason: str) -> None:
        """Asks for an import above the first one of Keras; one that is asked for twice is inserted once."""
        if statement in self._new_imports:
            return
        self._new_imports[statement] = reason
        body = self.wrapper.module.body
        imports = [line for line in body if re.match(r"(from|import)\b.*\b(keras|tensorflow)\b", self.source(line))]
        others = [line for line in body if not re.match(r"[rRuU]?['\"]|from __future__\b", self.source(line))]
        self.insert(self.line_start((imports or others)[0]), f"{statement}\n", reason)

    @property
    def has_removals(self) -> bool:
        """Whether any call is to lose an argument."""
        return bool(self._removed)

    def removal_edits(self) -> list[Edit]:
        """The edits that take the removed arguments out of their calls, including commas."""
        edits = []
        for call, removed in self._removed.items():
            run: list[cst.Arg] = []
            for position, argument in enumerate([*call.args, None]):
                if argument is not None and argument in removed:
                    run.append(argument)
                elif run:
                    before = call.args[position - len(run) - 1] if position > len(run) else None
                    start, end = self._gap(call, before, run, argument)
                    edits.append(Edit(start, end, "", tuple(dict.fromkeys(removed[gone] for gone in run))))
                    run = []
        return edits

    def _gap(
        self, call: cst.Call, before: cst.Arg | None, run: list[cst.Arg], after: cst.Arg | None
    ) -> tuple[int, int]:
        if after is not None:
            return self.start(run[0]), self.start(after)
        if before is not None:
            return self.end(before), self.end(run[-1])
        end = self.end(run[-1])
        comma = re.compile(rb"\s*,").match(self.text, end, self.end(call))
        return self.start(run[0]), comma.end() if comma else end


def _is_dotted(node: cst.CSTNode | None) -> bool:
    """Whether an expression is a name, or a name with dots."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name)


def _is_offered(name: str) -> bool:
    """Whether `from module import *` gives a name; true for modules that are not of Keras."""
    split = homes.split_root(name)
    return split is None or homes.exists(homes.find_home(split[1]), split[0])
