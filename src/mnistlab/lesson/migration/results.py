"""The result of a migration: the new notebook, each change with its reason, and what only a person can decide."""

import dataclasses
import difflib


@dataclasses.dataclass(frozen=True)
class Change:
    """One change.

    Args:
        cell: Number of the cell, counted from 1 over all cells; 0 stands for the notebook's own description.
        old: The line or lines before the migration.
        new: The same lines after all changes to them.
        reason: What broke, and what replaces it.
    """

    cell: int
    old: str
    new: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Note:
    """One place that a person has to look at.

    Args:
        cell: Number of the cell, counted from 1 over all cells.
        line: The line as it is in the old notebook.
        reason: What is wrong with the line and what to do. The new notebook has it as a comment above the line.
    """

    cell: int
    line: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Migration:
    """An old notebook and the new one.

    Args:
        old_text: Text of the old file.
        new_text: Text of the new file; the same if there was nothing to do.
        changes: All changes, in the order of the notebook.
        notes: All places for a person to look at, in the order of the notebook.
        old_cells: Number and source of every code cell before the migration.
        new_cells: The same cells after it.
    """

    old_text: str
    new_text: str
    changes: tuple[Change, ...]
    notes: tuple[Note, ...]
    old_cells: tuple[tuple[int, str], ...]
    new_cells: tuple[tuple[int, str], ...]

    @property
    def is_changed(self) -> bool:
        """Whether the new notebook differs from the old one."""
        return self.new_text != self.old_text

    def diff(self, old_name: str = "old", new_name: str = "new") -> str:
        """A unified diff of the code cells, each under a line with its number; outputs and JSON are left out.

        Args:
            old_name: Name of the old notebook in the first line.
            new_name: Name of the new notebook in the second line.
        """
        lines = difflib.unified_diff(
            _as_lines(self.old_cells), _as_lines(self.new_cells), old_name, new_name, lineterm=""
        )
        return "".join(f"{line}\n" for line in lines)


def _as_lines(cells: tuple[tuple[int, str], ...]) -> list[str]:
    return [line for number, source in cells for line in (f"# %% cell {number}", *source.splitlines())]
