"""`mnistlab lesson`: the exercise, its checks and hints, and its grading."""

import dataclasses
import hashlib
import sys
import time
from pathlib import Path
from typing import Any

import click

from mnistlab.cli.migrate import migrate
from mnistlab.cli.options import PATH, Choice, Number, WholeNumber, debug_option, print_json
from mnistlab.exceptions import DataError, InterruptionError, MnistlabError, UsageError, did_you_mean
from mnistlab.recipes import Limit
from mnistlab.system.extras import require_extra
from mnistlab.system.files import make_folder, write_text
from mnistlab.system.paths import absence, is_file, is_folder, require_room
from mnistlab.system.text import plural

QUICK_SECONDS, FULL_SECONDS = 300, 1800
CSV_NAME = "grades.csv"


@click.group()
def lesson() -> None:
    """The exercise: both networks with gaps, checked at once."""


lesson.add_command(migrate)


@lesson.command()
@click.argument("folder", metavar="DIR", type=PATH)
@click.option(
    "--format",
    "file_format",
    default="ipynb",
    show_default=True,
    type=Choice(["ipynb", "py"]),
    help="A notebook, or Python with cell marks.",
)
@debug_option
def start(folder: Path, file_format: str) -> None:
    """Copy the exercise into DIR. What is there is never overwritten."""
    from mnistlab.lesson.notebooks import building

    require_room(folder, "folder")
    target = folder / f"exercise.{file_format}"
    if target.exists() or target.is_symlink():
        raise UsageError(f"{target} exists and is left as it is. Go on with it, or choose another folder.")
    if file_format == "py":
        text = building.exercise_text(building.source_text())
    else:
        text = building.as_json(building.exercise_notebook())
    make_folder(folder)
    write_text(target, text)
    how = "in Jupyter or VS Code" if file_format == "ipynb" else "in an editor"
    print(f"{target}  Open it {how}. To see where you stand: mnistlab lesson check {target}")


@lesson.command()
@click.argument("file", metavar="FILE", type=PATH)
@click.option("--watch", is_flag=True, help="Check again whenever the file is saved, until Ctrl-C.")
@click.option("--full", is_flag=True, help="Train in full; otherwise training is cut to a few steps.")
@debug_option
def check(file: Path, watch: bool, full: bool) -> None:
    """Run a notebook and show which steps are done. FILE is .ipynb, or .py with cell marks."""
    from mnistlab.lesson.grading.showing import format_check

    grade = _check(file, full=full)
    print(format_check(grade), flush=True)
    if watch:
        _watch(file, grade, full=full)


def _check(file: Path, *, full: bool) -> Any:
    """The grade of a student's own notebook.

    Raises:
        DataError: the notebook cannot be run at all.
    """
    from mnistlab.lesson.grading.grading import grade_notebook
    from mnistlab.lesson.notebooks.reading import read_cells
    from mnistlab.system.sandbox.limits import Limits

    require_extra("lesson", "Running a notebook")
    read_cells(file)  # says at once what is wrong with the file
    limits = Limits(seconds=FULL_SECONDS if full else QUICK_SECONDS)
    try:
        grade = grade_notebook(file, limits, is_quick=not full, is_own=True)
    except KeyboardInterrupt as error:
        raise InterruptionError(f"Interrupted. {file} is as it was.") from error
    if not grade.in_force:
        raise DataError(grade.problems[0])
    return grade


def _watch(file: Path, grade: Any, *, full: bool) -> None:
    """Checks again whenever the code changes; a change of saved outputs alone, as by Jupyter, does not count."""
    from watchfiles import watch

    from mnistlab.lesson.grading.showing import format_check

    code = _code_digest(file)
    name = file.name
    try:
        for _ in watch(file.absolute().parent, watch_filter=lambda _, path: Path(path).name == name, recursive=False):
            found = _code_digest(file)
            if not found or found == code:
                continue
            code = found
            print(f"\n{time.strftime('%H:%M:%S')} saved, checking ...", flush=True)
            try:
                before, grade = grade, _check(file, full=full)
                print(format_check(grade, before), flush=True)
            except InterruptionError:
                raise
            except MnistlabError as error:
                print(error, flush=True)
    except KeyboardInterrupt as error:
        raise InterruptionError("Watching has ended.") from error


def _code_digest(file: Path) -> str:
    """A digest of a notebook's code; empty while the file is gone or half written."""
    from mnistlab.lesson.notebooks.reading import read_cells

    try:
        return hashlib.sha256("\0".join(read_cells(file)).encode(errors="replace")).hexdigest()
    except MnistlabError:
        return ""


@lesson.command()
@click.argument("step", metavar="STEP")
@click.option("--level", default=1, show_default=True, type=WholeNumber(1, 3), help="Idea, names in Keras, lines.")
@debug_option
def hint(step: str, level: int) -> None:
    """Show a hint for a step such as cnn.conv2."""
    from mnistlab.lesson.hints import hint_text
    from mnistlab.lesson.steps import STEP_BY_KEY

    if step not in STEP_BY_KEY:
        raise UsageError(
            f"There is no step {step!r}.{did_you_mean(step, STEP_BY_KEY)} The steps are {', '.join(STEP_BY_KEY)}."
        )
    print(hint_text(step, level))


@lesson.command()
@click.argument("path", metavar="FILE|DIR", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, or a list for a folder.")
@click.option(
    "--csv", "csv_path", type=PATH, help=f"Where to write the table for a folder; by default {CSV_NAME} in it."
)
@click.option(
    "--limit-seconds",
    default=600,
    show_default=True,
    type=WholeNumber(1, 86_400),
    help="Time limit for each notebook, in seconds.",
)
@click.option(
    "--memory",
    default=6.0,
    show_default=True,
    type=Number(Limit(0.25, 1024, is_whole=False)),
    help="Memory limit for each notebook, in GB.",
)
@click.option("--feedback", "feedback_path", metavar="DIR", type=PATH, help="Write a page for each student into DIR.")
@debug_option
def grade(
    path: Path, as_json: bool, csv_path: Path | None, limit_seconds: int, memory: float, feedback_path: Path | None
) -> None:
    """Points for each step of one notebook or of a whole class. Each notebook runs in a confined process.

    The same command goes on where it was interrupted.
    """
    is_class = is_folder(path)
    if not is_class and not is_file(path):
        raise UsageError(f"{absence(path, 'file')}; a notebook or a folder of notebooks was expected.")
    if csv_path is not None and not is_class:
        raise UsageError(
            f"--csv makes a table of a folder's notebooks, but {path} is one file. Give the folder, or --json."
        )
    require_extra("lesson", "Running a notebook")
    if feedback_path is not None:
        require_room(feedback_path, "folder")
    from mnistlab.lesson.grading.feedback import write_feedback
    from mnistlab.lesson.grading.gradebook import Gradebook, grade_all
    from mnistlab.lesson.grading.grading import package_digests
    from mnistlab.lesson.grading.mistakes import format_mistakes
    from mnistlab.lesson.grading.showing import format_grade, format_missing
    from mnistlab.lesson.notebooks.reading import find_notebooks
    from mnistlab.system.sandbox.limits import GIB, Limits

    limits = Limits(seconds=limit_seconds, memory_bytes=int(memory * GIB))
    notebooks, folder = (find_notebooks(path), path) if is_class else ([path], path.parent)
    if not notebooks:
        raise DataError(
            f"There is no notebook in {path}; files that end in .ipynb, or in .py with cell marks, were expected."
        )
    if csv_path is None and is_class:
        csv_path = path / CSV_NAME
    book = None if csv_path is None else Gradebook(csv_path, limits, package_digests())
    try:
        grades = grade_all(notebooks, folder, book, limits, quiet=not is_class)
    except KeyboardInterrupt as error:
        kept = f"{csv_path} keeps what was graded; the same command goes on." if book else "Nothing was kept."
        raise InterruptionError(f"Interrupted. {kept}") from error
    if feedback_path is not None:
        write_feedback(grades, notebooks, folder, feedback_path)
    if as_json:
        results = [dataclasses.asdict(one) for one in grades]
        print_json(results if is_class else results[0])
    elif not is_class:
        print(format_grade(grades[0]))
    missing = format_missing(grades)
    if missing:
        print(missing, file=sys.stderr)
    if book is not None and not as_json:
        print("\n\n".join(filter(None, [format_mistakes(grades), _where(len(grades), book, feedback_path)])))


def _where(num_grades: int, book: Any, feedback_path: Path | None) -> str:
    """The line that says where everything was written."""
    pages = "" if feedback_path is None else f"; pages for students in {feedback_path}"
    files = f"{book.path}, {book.details_path} and {book.mistakes_path}"
    return f"{plural(num_grades, 'notebook')} graded: {files}{pages}"
