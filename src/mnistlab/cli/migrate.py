"""`mnistlab lesson migrate`. Keras is not imported."""

import textwrap
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnistlab.cli.options import PATH, debug_option
from mnistlab.exceptions import UsageError
from mnistlab.system.console import Console
from mnistlab.system.text import plural

if TYPE_CHECKING:
    from mnistlab.lesson.migration import Change, Migration

WIDTH = 100


@click.command()
@click.argument("old", metavar="OLD", type=PATH)
@click.option("--out", type=PATH, help="The new file; OLD-keras3.ipynb beside OLD by default. It must not exist.")
@click.option("--diff-only", is_flag=True, help="Print the changes as a unified diff and write nothing.")
@click.option(
    "--try",
    "is_tried",
    is_flag=True,
    help="Run the new notebook in a sandbox, training cut short, and say how far it comes.",
)
@debug_option
def migrate(old: Path, out: Path | None, diff_only: bool, is_tried: bool) -> None:
    """Bring a notebook for Keras 1 or 2 to today's Keras. OLD is .ipynb or .py; the result is a new file.

    Every change is printed with its reason. What would fail and cannot be changed safely gets a comment in the new
    file. OLD is only read. Nothing is run unless you say --try.
    """
    if diff_only and is_tried:
        raise UsageError("--diff-only prints the changes and --try runs them; give one of the two.")
    try:
        from mnistlab.lesson.migration import default_path, migrate_file
    except ImportError as error:
        raise UsageError(
            f"migrate needs packages that are not installed: {error}. Run: pip install 'mnistlab[lesson]'"
        ) from error
    new = out or default_path(old)
    migration = migrate_file(old, new, write=not diff_only)
    if diff_only:
        print(migration.diff(str(old), str(new)), end="")
        return
    print(format_migration(migration))
    if not migration.is_changed:
        print(f"{old} has nothing that today's Keras would not run as it is; no file was written.")
    else:
        changes = plural(len(migration.changes), "change", spec="d")
        print(f"{changes}, {plural(len(migration.notes), 'mark', spec='d')}. {old} is untouched.")
        print(f"The new notebook is {new}")
        print(f"See the difference with: mnistlab lesson migrate --diff-only {old}")
    if is_tried:
        _try(migration, old)


def _try(migration: "Migration", old: Path) -> None:
    """Runs the migrated notebook and prints how far it came."""
    from mnistlab.lesson.trying import SECONDS, format_trial, try_migration

    with Console(stderr=True).status(f"Trying the new notebook, at most {SECONDS:.0f} seconds ..."):
        trial = try_migration(migration, old)
    print(format_trial(trial))


def format_migration(migration: "Migration") -> str:
    """Changes and notes in words: lines of a cell before and after, and the reasons below them."""
    blocks = []
    for (cell, old, new), changes in groupby(
        migration.changes, key=lambda change: (change.cell, change.old, change.new)
    ):
        blocks.append(_format_change(cell, old, new, list(changes)))
    for note in migration.notes:
        blocks.append(f"cell {note.cell}, for you to look at\n  ? {note.line}\n{_indented(note.reason)}")
    return "".join(f"{block}\n\n" for block in blocks).rstrip("\n") + ("\n" if blocks else "")


def _format_change(cell: int, old: str, new: str, changes: "list[Change]") -> str:
    place = f"cell {cell}" if cell else "notebook"
    lines = [f"  - {line}" for line in old.splitlines()] + [f"  + {line}" for line in _shortened(new.splitlines())]
    return "\n".join([place, *lines, *(_indented(change.reason) for change in changes)])


def _shortened(lines: list[str]) -> list[str]:
    """The first and the last of many lines; all of them are in the new file."""
    return lines if len(lines) <= 12 else [*lines[:5], f"… {len(lines) - 6} lines", lines[-1]]


def _indented(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
