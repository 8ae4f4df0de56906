"""What a migration tells: the new notebook, each change with its reason, and what only a person can decide."""

import dataclasses
import difflib


@dataclasses.dataclass(frozen=True)
class Change:
    """One change.

    Args:
        cell: number of the cell in the notebook, counted from 1 over all cells; 0 is the notebook's own description.
        old: the line or lines before.
        new: the same lines after all changes to them.
        reason: what broke, and what stands there now.
    """

    cell: int
    old: str
    new: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Mark:
    """One place that a person has to look at.

    Args:
        cell: number of the cell, counted from 1 over all cells.
        line: the line as it is in the old notebook.
        reason: what is wrong with it and what to do. The new notebook has it as a comment above the line.
    """

    cell: int
    line: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Migration:
    """An old notebook and the new one.

    Args:
        old_text: the old file.
        new_text: the new file; equal to the old one if there was nothing to do.
        changes: in the order of the notebook.
        marks: in the order of the notebook.
        old_cells: number and source of every code cell before.
        new_cells: the same cells after.
    """

    old_text: str
    new_text: str
    changes: tuple[Change, ...]
    marks: tuple[Mark, ...]
    old_cells: tuple[tuple[int, str], ...]
    new_cells: tuple[tuple[int, str], ...]

    @property
    def is_changed(self) -> bool:
        """Whether the new notebook differs from the old one."""
        return self.new_text != self.old_text

    def diff(self, old_name: str = "old", new_name: str = "new") -> str:
        """A unified diff of the code cells, each under a line with its number; nothing of outputs and JSON.

        Args:
            old_name: what to call the old notebook in the first line.
            new_name: what to call the new one.
        """
        lines = difflib.unified_diff(
            _as_lines(self.old_cells), _as_lines(self.new_cells), old_name, new_name, lineterm=""
        )
        return "".join(f"{line}\n" for line in lines)


def _as_lines(cells: tuple[tuple[int, str], ...]) -> list[str]:
    return [line for number, source in cells for line in (f"# %% cell {number}", *source.splitlines())]
