"""The trial of a migrated notebook: a sandboxed process runs it and reports each cell; this is what that means."""

import ast
import dataclasses
import importlib.util
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mnistlab.exceptions import UsageError
from mnistlab.lesson.migration import Migration, magics
from mnistlab.lesson.notebooks.reading import companions
from mnistlab.system.sandbox.limits import Limits
from mnistlab.system.sandbox.scratch import scratch_folder
from mnistlab.system.sandbox.supervisor import ExitReport, run_sandboxed
from mnistlab.system.text import plural, printable

MARK = "# MIGRATE: "
SECONDS = 300.0
NO_BACKEND = (
    "--try runs the notebook, and that needs {name}, which is not installed here. Install it, or leave --try out: the "
    "migration itself does not need it."
)


@dataclasses.dataclass(frozen=True)
class Trial:
    """How far a migrated notebook came.

    Args:
        num_cells: Number of cells of code.
        num_ran: Number of cells that ran without an error.
        failed: Number of the first cell that failed, counted over all cells; 0 if none did.
        line: The line at which it failed.
        error: The error in a line.
        mark: The reason of the mark that foretold it; empty if none did.
        missing: Package or download that the cell needs and that is not there; empty if it failed for another reason.
        seconds: Duration in seconds.
    """

    num_cells: int
    num_ran: int
    failed: int = 0
    line: str = ""
    error: str = ""
    mark: str = ""
    missing: str = ""
    seconds: float = 0.0

    @property
    def is_through(self) -> bool:
        """Whether every cell ran."""
        return not self.failed

    @property
    def is_foretold(self) -> bool:
        """Whether the notebook came to its end, to a mark, or to something that this machine does not have."""
        return self.is_through or bool(self.mark or self.missing)


def try_migration(migration: Migration, path: Path | None = None, limits: Limits | None = None) -> Trial:
    """Runs a migrated notebook with training cut to a few steps and the package's MNIST in place of downloads.

    Args:
        migration: The migration; its new cells are run.
        path: Path of the old notebook; pictures and the like that lie beside it are copied.
        limits: How much time, memory and output it may use; 300 seconds by default.

    Raises:
        UsageError: Keras, or the library that it computes with, is not installed.
    """
    _require_backend()
    cells = [{"number": number, "source": source} for number, source in migration.new_cells]
    reports: list[dict[str, Any]] = []

    def listen(line: bytes) -> None:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            return
        if isinstance(entry, dict):
            reports.append(entry)

    with scratch_folder() as folder:
        (folder / "cells.json").write_text(json.dumps(cells), "utf-8")
        for other in companions(path, is_shared=False) if path is not None else ():
            shutil.copyfile(other, folder / other.name)
        limits = Limits(seconds=SECONDS) if limits is None else limits
        ending = run_sandboxed("mnistlab.lesson.trying.worker", [], folder, limits, listen, _variables(folder))
    return _understood(migration, reports, ending)


def _require_backend() -> None:
    for name in ("keras", os.environ.get("KERAS_BACKEND", "tensorflow")):
        if importlib.util.find_spec(name) is None:
            shown = {"keras": "Keras", "tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}.get(name, name)
            raise UsageError(NO_BACKEND.format(name=shown))


def _variables(folder: Path) -> dict[str, str]:
    caches = folder / ".caches"
    caches.mkdir()
    places = dict.fromkeys(("KERAS_HOME", "IPYTHONDIR", "MPLCONFIGDIR"), str(caches))
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    return {**places, "KERAS_BACKEND": backend, "MPLBACKEND": "Agg", "TF_CPP_MIN_LOG_LEVEL": "3"}


def _understood(migration: Migration, reports: Sequence[dict[str, Any]], ending: ExitReport) -> Trial:
    """What the reports mean; lines that no worker of ours writes are passed over."""
    numbers = {number for number, _ in migration.new_cells}
    started = [entry["cell"] for entry in reports if entry.get("cell") in numbers]
    failures = [entry for entry in reports if entry.get("failed") in numbers]
    seconds = round(ending.seconds, 1)
    if failures:
        return _failed(migration, failures[0], len(started) - 1, seconds)
    if any(entry.get("end") is True for entry in reports):
        return Trial(len(numbers), len(started), seconds=seconds)
    last = printable(ending.tail.strip().rpartition("\n")[2])
    message = ending.message or last or "the process ended itself"
    failed = started[-1] if started else (min(numbers) if numbers else 0)
    return Trial(len(numbers), max(len(started) - 1, 0), failed, "", message, seconds=seconds)


def _failed(migration: Migration, report: dict[str, Any], num_ran: int, seconds: float) -> Trial:
    sources = dict(migration.new_cells)
    places = [
        (place[0], place[1])
        for place in report.get("places", [])
        if isinstance(place, list) and len(place) == 2 and place[0] in sources and isinstance(place[1], int)
    ]
    marks = [mark for cell, line in places if (mark := find_mark(sources[cell], line))]
    own = [line for cell, line in places if cell == report["failed"]]
    lines = sources[report["failed"]].splitlines()
    shown = lines[own[0] - 1].strip() if own and 0 < own[0] <= len(lines) else ""
    return Trial(
        len(sources),
        num_ran,
        report["failed"],
        printable(shown, 100),
        printable(str(report.get("error", "")), 200),
        printable(marks[0], 1000) if marks else "",
        printable(str(report.get("missing", "")), 100),
        seconds,
    )


def find_mark(source: str, line: int) -> str:
    """The mark that stands above the statement which a line belongs to; empty if none does.

    Args:
        source: Text of a cell.
        line: Number of the line, from 1.

    Example:
        >>> find_mark("x = 1\\n# MIGRATE: This is gone.\\ny = old(\\n    2)", 4)
        'This is gone.'
    """
    lines = source.splitlines()
    for first, last in _statements(source, line):
        mark = _mark_above(lines, first)
        if mark and first <= line <= last:
            return mark
    return _mark_above(lines, line) or _mark_of_cell(lines)


def _statements(source: str, line: int) -> list[tuple[int, int]]:
    """First and last line of the statements that a line belongs to; of those with a body, the lines before it."""
    found = magics.hide_all(source)
    if found is None:
        return []
    places = []
    for node in ast.walk(ast.parse(found[0])):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else (node.end_lineno or node.lineno)
            places.append((node.lineno, max(last, node.lineno)))
    return [(first, last) for first, last in places if first <= line <= last]


def _mark_above(lines: Sequence[str], line: int) -> str:
    """The text of the mark directly above a line."""
    texts: list[str] = []
    for above in range(line - 2, -1, -1):
        text = lines[above].strip()
        if not text.startswith("#"):
            break
        texts.insert(0, text)
        if text.startswith(MARK):
            return " ".join([text.removeprefix(MARK), *(one.removeprefix("# ") for one in texts[1:])])
    return ""


def _mark_of_cell(lines: Sequence[str]) -> str:
    first = next(
        (number for number, text in enumerate(lines) if text.startswith(f"{MARK}This cell is not Python 3")), None
    )
    return _mark_above(lines, first + 2) if first is not None else ""


def format_trial(trial: Trial) -> str:
    """A trial in words."""
    cells = plural(trial.num_cells, "cell", spec="d")
    if trial.is_through:
        return f"Tried in {trial.seconds:.0f} s, training cut short: it runs to its end, {cells} of code."
    lines = [f"Tried in {trial.seconds:.0f} s, training cut short: {trial.num_ran} of {cells} of code ran."]
    where = f"Cell {trial.failed} stops" + (f" at  {trial.line}" if trial.line else "")
    lines += [where, f"  {trial.error}"]
    if trial.missing:
        lines.append(f"  It needs {trial.missing}, which is not here.")
    elif trial.mark:
        lines.append(f"  A mark says why: {trial.mark}")
    else:
        lines.append("  No mark foretold it.")
    return "\n".join(lines)
