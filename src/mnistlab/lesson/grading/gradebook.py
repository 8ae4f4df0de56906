"""The grades of a whole class: notebooks one after the other, a table that grows with each, nothing done twice.

Beside the table, `grades.csv`, lies `grades.json`: the same grades with every message. It is also what a second call
reads to know which notebooks are graded. A third file, `grades-mistakes.csv`, counts what the class got wrong.
"""

import codecs
import csv
import dataclasses
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mnistlab.exceptions import MnistlabError, RunError, UsageError
from mnistlab.lesson.grading.grading import (
    FINISHED,
    SAME_FILE,
    TAMPERED,
    UNREAD,
    Grade,
    changed_files,
    grade_notebook,
    package_digests,
    tampered,
)
from mnistlab.lesson.grading.mistakes import mistakes_csv
from mnistlab.lesson.notebooks.reading import read_bytes
from mnistlab.lesson.steps import STEPS
from mnistlab.system.console import Console
from mnistlab.system.files import write_json, write_text
from mnistlab.system.paths import require_room
from mnistlab.system.sandbox.limits import Limits
from mnistlab.system.text import printable, spreadsheet_cell

KIND = "mnistlab lesson grades"
BYTE_ORDER_MARK = (
    codecs.BOM_UTF8.decode()
)  # without it Excel takes the file for the encoding of the system, and spoils every umlaut


@dataclasses.dataclass(frozen=True)
class Gradebook:
    """The place where the grades of a class are kept, and what they depend on.

    Args:
        path: Path of the table; the other file has the same name and ends in .json.
        limits: Limits for each notebook.
        digests: SHA-256 of each of mnistlab's own files, by its path within the package.
    """

    path: Path
    limits: Limits
    digests: dict[str, str]

    @property
    def details_path(self) -> Path:
        """The file with every message."""
        return self.path.with_suffix(".json")

    @property
    def mistakes_path(self) -> Path:
        """The table of what the class got wrong most."""
        return self.path.with_name(f"{self.path.stem}-mistakes.csv")

    @property
    def checks(self) -> str:
        """A digest of mnistlab's own files: with other checks there would be other grades."""
        return hashlib.sha256(json.dumps(self.digests, sort_keys=True).encode()).hexdigest()

    def read(self) -> list[Grade]:
        """The grades that are still valid.

        Raises:
            UsageError: one of the two files is there and was not written by a grader.
        """
        require_room(self.path, "file")
        require_room(self.details_path, "file")
        require_room(self.mistakes_path, "file")
        if not any(path.exists() for path in (self.details_path, self.path, self.mistakes_path)):
            return []
        try:
            content = json.loads(self.details_path.read_bytes())
            if content["kind"] != KIND:
                raise ValueError
            grades = [Grade.from_dict(grade) for grade in content["grades"]]
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            raise UsageError(
                f"{printable(self.path)} or {printable(self.details_path)} exists, and they are not grades of this "
                "program. Delete them, or choose another name.",
                argument="csv_path",
            ) from None
        if content.get("checks") != self.checks:
            return []
        same_limits = content.get("limits") == dataclasses.asdict(self.limits)
        return [grade for grade in grades if same_limits or grade.ended in (FINISHED, TAMPERED, UNREAD)]

    def write(self, grades: Iterable[Grade]) -> None:
        """Writes all three files, each whole.

        Raises:
            RunError: they cannot be written.
        """
        ordered = sorted(grades, key=lambda grade: grade.file)
        content: dict[str, Any] = {"kind": KIND, "checks": self.checks, "limits": dataclasses.asdict(self.limits)}
        write_json(self.details_path, content | {"grades": [dataclasses.asdict(grade) for grade in ordered]})
        write_text(self.path, BYTE_ORDER_MARK + to_csv(with_copies(ordered)))
        write_text(self.mistakes_path, BYTE_ORDER_MARK + mistakes_csv(ordered))


def grade_all(
    notebooks: Sequence[Path], folder: Path, book: Gradebook | None, limits: Limits, *, quiet: bool = False
) -> list[Grade]:
    """Grades notebooks one after the other; those whose grade is kept and still valid are not run again.

    Args:
        notebooks: Paths of the notebooks.
        folder: Folder that the shown names are relative to.
        book: Gradebook that is written after each notebook; `None` to keep no grades.
        limits: Limits for each notebook.
        quiet: Whether no progress is shown.

    Returns:
        A grade for each notebook, in order.

    Raises:
        RunError: a notebook changed files of mnistlab (it is kept with 0 points), or the table cannot be written.
        UsageError: the table's name belongs to another file.
        KeyboardInterrupt: grades of finished notebooks are kept.
    """
    digests = package_digests() if book is None else book.digests
    names = {path: printable(path.relative_to(folder)) for path in notebooks}
    earlier = {} if book is None else {(grade.file, grade.digest): grade for grade in book.read()}
    grades: dict[Path, Grade] = {}
    for path in notebooks:
        kept = earlier.get((names[path], _digest(path)))
        if kept is not None:
            grades[path] = kept
    console = Console(quiet=quiet, stderr=True)
    with console.bar("notebooks", len(notebooks), len(grades), earlier="graded") as bar:
        for path in notebooks:
            if path in grades:
                continue
            grade = grade_notebook(path, limits, name=names[path])
            changed = changed_files(digests)
            grades[path] = tampered(grade, changed) if changed else grade
            bar.count(_told(grades[path]))
            if book is not None:
                book.write(grades.values())
            if changed:
                raise RunError(_explain_changes(names[path], changed))
    if book is not None:
        book.write(grades.values())
    return with_copies([grades[path] for path in notebooks])


def _told(grade: Grade) -> str:
    """A line with a notebook's points, and with how it ended if it did not finish."""
    ended = "" if grade.ended == FINISHED else f"  {grade.ended}"
    return f"{grade.file}  {grade.points} of {grade.out_of}  {grade.seconds:.1f} s{ended}"


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except MnistlabError:
        return ""


def _explain_changes(name: str, changed: Sequence[str]) -> str:
    shown = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
    return (
        f"Files of mnistlab changed while {name} was graded: {printable(shown)}. It got 0 points, and grading stopped. "
        "Install mnistlab again and give the same command: it goes on with the others."
    )


def with_copies(grades: Sequence[Grade]) -> list[Grade]:
    """The grades, in which notebooks with equal bytes name each other."""
    same: dict[str, list[str]] = {}
    for grade in grades:
        same.setdefault(grade.digest, []).append(grade.file)
    marked = []
    for grade in grades:
        others = [name for name in same[grade.digest] if name != grade.file] if grade.digest else []
        note = (f"{SAME_FILE} {printable(', '.join(others))}",) if others else ()
        marked.append(dataclasses.replace(grade, problems=(*grade.problems, *note)))
    return marked


def to_csv(grades: Iterable[Grade]) -> str:
    """A table with a line per notebook: file, points, points of each step, how it ended, seconds, problems, SHA-256.

    No cell begins like a formula, whatever a student calls a file, and no number has a decimal point, which a
    spreadsheet in many languages would take for part of a date. Lines end as RFC 4180 says.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    keys = [step.key for step in STEPS]
    writer.writerow(["file", "points", "out_of", *keys, "ended", "seconds", "problems", "sha256"])
    for grade in grades:
        file, ended, problems = map(spreadsheet_cell, (grade.file, grade.ended, "; ".join(grade.problems)))
        points = [step.points for step in grade.steps]
        row = [file, grade.points, grade.out_of, *points, ended, round(grade.seconds), problems, grade.digest]
        writer.writerow(row)
    return buffer.getvalue()
