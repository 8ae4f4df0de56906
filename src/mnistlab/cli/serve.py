"""`mnistlab serve`: the page. Keras is never imported."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnistlab.cli.options import PATH, WholeNumber, debug_option
from mnistlab.exceptions import UsageError
from mnistlab.system.paths import require_room

if TYPE_CHECKING:
    from mnistlab.server.settings import Settings

TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")


@click.command()
@click.option("--runs", default="runs", show_default=True, type=PATH, help="Folder of the runs that the page shows.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; others need a token.")
@click.option("--port", default=8028, show_default=True, type=WholeNumber(0, 65535), help="Port to listen on; 0: any.")
@click.option("--token", metavar="TEXT", help="What requests must bring; made up if others can reach the address.")
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@debug_option
def serve(runs: Path, host: str, port: int, token: str | None, opens: bool) -> None:
    """Serve the page: draw, look inside, train, find the mistakes. Ctrl-C ends it."""
    if token is not None and not TOKEN.fullmatch(token):
        raise UsageError("A token has 16 to 128 characters of A-Z, a-z, 0-9, - and _. Leave it out to have one made.")
    require_room(runs, "folder")
    from mnistlab.server import serving
    from mnistlab.server.settings import Settings

    listener = serving.listen(host, port)
    if token is None and serving.needs_token(listener):
        import secrets

        token = secrets.token_urlsafe(24)

    def announce(settings: "Settings") -> None:
        url = serving.page_url(settings)
        print(f"{url}  Ctrl-C ends it.", flush=True)
        if opens:
            _open(url)

    serving.serve(Settings(runs=runs, host=host, port=port, token=token), listener, announce)


def _open(url: str) -> None:
    """Opens the browser without waiting for it."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
