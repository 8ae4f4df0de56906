"""The page's own files, read once at the start. An address is looked up in a table, never joined to a path."""

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mnistlab.datasets.packaged import MNIST_FOLDER
from mnistlab.server.http.errors import answer
from mnistlab.server.http.sentences import tell
from mnistlab.system.theme import css_variables

PAGE_FOLDER = Path(__file__).parents[1] / "page"
MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
"""Media types of the page's files by their suffix; files with other suffixes are not served."""
MNIST_FILES: Mapping[str, str] = {
    "data/test-images.bin": "t10k-images-idx3-ubyte.gz",
    "data/test-labels.bin": "t10k-labels-idx1-ubyte.gz",
    "data/train-images.bin": "train-images-idx3-ubyte.gz",
    "data/train-labels.bin": "train-labels-idx1-ubyte.gz",
}
"""The compressed IDX files of MNIST, by where the page fetches them: below its own address, when it learns."""


@dataclasses.dataclass(frozen=True)
class Asset:
    """One file of the page: its bytes and their media type."""

    content: bytes
    media_type: str

    @property
    def tag(self) -> str:
        """Its ETag, which changes with the bytes."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


def load_assets(folder: Path = PAGE_FOLDER) -> dict[str, Asset]:
    """Reads every file of the page.

    Args:
        folder: Folder that holds `index.html` and, in folders below it, everything else.

    Returns:
        The files by their address: `/` for `index.html`, `/web/FOLDER/NAME` for the others. `/web/css/tokens.css` is
        made from the theme.
    """
    assets = {"/web/css/tokens.css": Asset(css_variables().encode(), MEDIA_TYPES[".css"])}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and path.suffix in MEDIA_TYPES and not any(part.startswith(".") for part in name.parts):
            address = "/" if name == Path("index.html") else f"/web/{name.as_posix()}"
            assets.setdefault(address, Asset(path.read_bytes(), MEDIA_TYPES[path.suffix]))
    return assets


def load_mnist_files() -> dict[str, Asset]:
    """Reads the compressed images and labels that a browser trains on, 11.6 MB, by their addresses."""
    return {
        f"/{address}": Asset((MNIST_FOLDER / name).read_bytes(), "application/octet-stream")
        for address, name in MNIST_FILES.items()
    }


class PageFiles:
    """Answers requests for the page's files and passes everything else on."""

    def __init__(self, app: ASGIApp, assets: Mapping[str, Asset]) -> None:
        self._app = app
        self._assets = {address: (asset, asset.tag) for address, asset in assets.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        known = self._assets.get(scope["path"]) if scope["type"] == "http" else None
        await (self._app if known is None else _response(scope, *known))(scope, receive, send)


def _response(scope: Scope, asset: Asset, tag: str) -> Response:
    if scope["method"] not in ("GET", "HEAD"):
        return answer(405, tell("server.status_405"), {"Allow": "GET, HEAD"})
    # The browser asks each time and gets a 304 while the file is the same, so a new release is seen at once.
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if any(value.decode("latin-1") == tag for name, value in scope["headers"] if name == b"if-none-match"):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers=headers, media_type=asset.media_type)
