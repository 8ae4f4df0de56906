"""`mnistlab site`: the page as a folder of plain files. Keras is not imported."""

from pathlib import Path

import click

from mnistlab.cli.options import PATH, debug_option
from mnistlab.system.text import plural


@click.group()
@debug_option
def site() -> None:
    """The page as a folder. It runs from any web server, with nothing to install."""


@site.command()
@click.argument("folder", metavar="DIR", type=PATH)
@click.option("--run", "runs", metavar="RUN", multiple=True, type=PATH, help="A run to show; may be given repeatedly.")
@debug_option
def build(folder: Path, runs: tuple[Path, ...]) -> None:
    """Write the page as plain files to the folder DIR. An earlier page in DIR is replaced."""
    from mnistlab.server.site import build_site

    built = build_site(folder, runs)
    size = f"{built.num_bytes / 1e6:.1f} MB, of which a first visit loads {built.first_visit_bytes / 1e6:.1f} MB"
    print(f"{folder}  {plural(built.networks, 'network', 'networks')}, {built.num_files} files, {size}")
    print("Put the whole folder on any web server; over HTTPS the page also works offline once it was loaded.")
    print(f"To see it here: python -m http.server 8029 --bind 127.0.0.1 --directory {folder}")
    print("Then open http://127.0.0.1:8029 in a browser.")
