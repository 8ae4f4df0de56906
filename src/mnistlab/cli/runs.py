"""`mnistlab runs`."""

from pathlib import Path
from typing import Literal

import click

from mnistlab.cli.options import PATH, Choice, debug_option, print_json
from mnistlab.system.paths import is_folder


@click.command()
@click.argument("folders", metavar="[FOLDER]...", nargs=-1, type=PATH)
@click.option(
    "--sort",
    type=Choice(["accuracy", "name", "time", "date"]),
    default="accuracy",
    show_default=True,
    help="Highest accuracy, quickest training or latest run first, or by name.",
)
@click.option("--csv", "csv_path", type=PATH, help="File to write the list to as well, with plain numbers.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@debug_option
def runs(
    folders: tuple[Path, ...], sort: Literal["accuracy", "name", "time", "date"], csv_path: Path | None, as_json: bool
) -> None:
    """List runs: recipe, accuracy, time. They lie in or below each FOLDER, by default runs.

    Numbers are checked against the manifest of their run; networks are not read, `evaluate` checks those.
    """
    from mnistlab.runs import list_runs
    from mnistlab.runs.listing import format_table, write_csv

    searched = folders or (Path("runs"),)
    missing = [folder for folder in searched if not is_folder(folder)]
    found = list_runs([folder for folder in searched if folder not in missing] or searched, sort)
    if csv_path is not None:
        write_csv(found, csv_path)
    if as_json:
        print_json([summary.row() for summary in found])
    else:
        print(format_table(found) if found else f"No run lies in {' or '.join(map(str, searched))}.")
    if missing:
        list_runs(missing)  # says what is wrong with the first
