"""`mnistlab runs`."""

from pathlib import Path
from typing import Literal

import click

from mnistlab.cli.options import PATH, debug_option
from mnistlab.system.files import json_text


@click.command()
@click.argument("folders", metavar="[FOLDER]...", nargs=-1, type=PATH)
@click.option(
    "--sort",
    type=click.Choice(["accuracy", "name", "time", "date"]),
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
    """List the runs in and below each FOLDER, by default runs: recipe, accuracy, time.

    Numbers are checked against the manifest of their run; networks are not read, `evaluate` checks those.
    """
    from mnistlab.runs import list_runs
    from mnistlab.runs.listing import format_table, write_csv

    searched = folders or (Path("runs"),)
    found = list_runs(searched, sort)
    if csv_path is not None:
        write_csv(found, csv_path)
    if as_json:
        print(json_text([summary.row() for summary in found]))
    else:
        print(format_table(found) if found else f"No run lies in {' or '.join(map(str, searched))}.")
