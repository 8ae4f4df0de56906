"""What a worker has reported, read with care: any line may come from the student's code instead."""

import dataclasses
import json
from typing import Any

from mnistlab.lesson.steps import STEP_BY_KEY
from mnistlab.system.text import printable

MAX_FAILURES = 20
MAX_CELLS = 10_000
MAX_EVIDENCE = 8  # checks of one step that are kept: the first ones and the last


@dataclasses.dataclass
class Transcript:
    """The state of a notebook's run, line by line.

    Args:
        in_force: Names of the protections in force, reported before the student's code ran; `None` before that.
        cell: Number of the cell that is running, or ran last, from 1; 0 before the first one.
        num_cells: Number of cells; `None` until the notebook has been read.
        calls: Keys of the steps whose check the notebook calls somewhere; `None` until it has been read.
        evidence: The evidence for each step, by key, of each time that its check was called.
        failures: Numbers of cells that raised an error, each with the last line of its traceback.
        problem: Reason why the notebook could not be read; empty if it could.
        is_finished: Whether the worker has reported that it is through.
        num_unreadable: Number of lines that no worker of ours writes.
    """

    in_force: tuple[str, ...] | None = None
    cell: int = 0
    num_cells: int | None = None
    calls: frozenset[str] | None = None
    evidence: dict[str, list[dict[str, Any]]] = dataclasses.field(default_factory=dict)
    failures: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    problem: str = ""
    is_finished: bool = False
    num_unreadable: int = 0

    def add(self, line: bytes) -> None:
        """Adds a line. One that cannot be understood is counted and changes nothing else."""
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if not (isinstance(entry, dict) and self._take(entry)):
            self.num_unreadable += 1

    def _take(self, entry: dict[str, Any]) -> bool:
        match entry:
            case {"in_force": list(names)} if self.in_force is None:
                self.in_force = tuple(str(name) for name in names)
            case {"problem": str(text)} if self.num_cells is None:
                self.problem = printable(text)
            case {"calls": list(keys)} if self.calls is None and self.num_cells is None:
                self.calls = frozenset(key for key in STEP_BY_KEY if key in keys)
            case {"cells": int(number)} if self.num_cells is None:
                self.num_cells = number
            case {"cell": int(number)} if self.cell < number <= MAX_CELLS:
                self.cell = number
            case {"failed": int(number), "error": str(text)} if 0 < number <= MAX_CELLS:
                if len(self.failures) < MAX_FAILURES:
                    self.failures.append((number, printable(text)))
            case {"step": str(step), "evidence": dict(evidence)} if step in STEP_BY_KEY:
                kept = self.evidence.setdefault(step, [])
                kept[MAX_EVIDENCE - 1 :] = []
                kept.append(evidence)
            case {"end": True}:
                self.is_finished = True
            case _:
                return False
        return True
