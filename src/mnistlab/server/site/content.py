"""The files of the folder, by their paths: the page's own, the networks, and what the server answers."""

import gzip
import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import NUM_CLASSES
from mnistlab.datasets.contested import CONTESTED_TEST_LABELS
from mnistlab.exceptions import RunError
from mnistlab.inference.pretrained import PRETRAINED, SHIPPED_NAMES
from mnistlab.inference.web import web_network
from mnistlab.recipes import RECIPES
from mnistlab.server.http.security import POLICY
from mnistlab.server.http.sentences import catalogues
from mnistlab.server.http.static import load_assets, load_mnist_files
from mnistlab.server.images import decode_image
from mnistlab.server.site.asking import Asker

SITE_MARK: Final = "web/site.json"
"""The file that says that the browser answers; a folder with it is one that may be built again."""
LEARNING: Final = ("data/train-images.bin", "data/train-labels.bin")
"""Files that are fetched only when a training run starts, and so are no part of the first visit."""
SNAPSHOTS: Final = "data/snapshots/"
"""Folder of what is fetched only when somebody looks at how the network of a run learned."""
MAX_EXPLAINED = 100  # mistakes of each network, the surest, whose nearest training images are there

_OFFLINE = Path(__file__).with_name("offline.js")

Files = dict[str, bytes]


def page_files() -> Files:
    """The page's own files, with the policy of the server in the page itself, and the images of MNIST."""
    assets = load_assets()
    files = {address.removeprefix("/"): asset.content for address, asset in assets.items() if address != "/"}
    policy = "; ".join(part for part in POLICY.split("; ") if not part.startswith("frame-ancestors"))
    meta = f'  <meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    head, mark, rest = assets["/"].content.decode().partition('  <meta charset="utf-8">\n')
    if not mark:
        raise RunError("The page has no place for its policy; its index.html has changed.")
    files["index.html"] = f"{head}{mark}{meta}{rest}".encode()
    files[SITE_MARK] = _json({"answers": "browser"})
    files |= {address.removeprefix("/"): asset.content for address, asset in load_mnist_files().items()}
    files["data/contested.json"] = _json({str(index): verdict for index, verdict in CONTESTED_TEST_LABELS.items()})
    return files


async def answered_files(ask: Asker, run_folders: Mapping[str, Path]) -> Files:
    """The networks, and everything that the server answers about them, in every language.

    Args:
        ask: Asker of a server that shows the runs.
        run_folders: Folders of the runs by their ids.

    Raises:
        RunError: if the network of a run cannot be used.
    """
    listed = await ask.get("/api/networks")
    if listed["damaged"]:
        raise RunError(listed["damaged"][0]["problem"])
    paths = {name: PRETRAINED[file] for name, file in SHIPPED_NAMES.items()}
    paths |= {run: folder / "model.onnx" for run, folder in run_folders.items()}
    networks = [one["id"] for one in listed["networks"]]
    files = {f"data/networks/{network}.weights": web_network(paths[network]) for network in networks}
    for language in catalogues():
        files |= {f"data/{language}/{name}.json": content async for name, content in _told(ask, language)}
    for run in [one["id"] for one in (await ask.get("/api/runs"))["runs"]]:
        if (await ask.get(f"/api/runs/{run}"))["has_snapshots"]:
            files[f"{SNAPSHOTS}{run}.json"] = _json(await ask.get(f"/api/runs/{run}/snapshots"))
    explained = {*CONTESTED_TEST_LABELS}
    for network in networks:
        mistakes = await ask.get(f"/api/mistakes/{network}")
        explained |= {one["index"] for one in mistakes["wrong"][:MAX_EXPLAINED]}
        files[f"data/mistakes/{network}.json"] = _json(mistakes)
        files[f"data/structures/{network}.json"] = _json(await ask.get(f"/api/networks/{network}/structure"))
        files[f"data/cells/{network}.json"] = _json(await _cells(ask, network, mistakes["matrix"]))
    return files | await _nearest(ask, explained)


async def _told(ask: Asker, language: str) -> AsyncIterator[tuple[str, bytes]]:
    """The server's answers to questions that have no image in them, by the ends of their addresses."""
    for name in ("networks", "recipes"):
        yield name, _json(await ask.get(f"/api/{name}", language))
    for name, key in (("runs", "runs"), ("experiments", "experiments")):
        listed = await ask.get(f"/api/{name}", language)
        yield name, _json(listed)
        for one in listed[key]:
            yield f"{name}/{one['id']}", _json(await ask.get(f"/api/{name}/{one['id']}", language))
    codes = {name: await ask.post("/api/recipes/code", {"recipe": name}, language) for name in RECIPES}
    yield "code", _json(codes)


async def _cells(ask: Asker, network: str, matrix: list[list[int]]) -> dict[str, Any]:
    """The test images of each cell of the confusion matrix that has any, by label and prediction in two digits."""
    pairs = itertools.product(range(NUM_CLASSES), repeat=2)
    return {
        f"{label}{digit}": await ask.get(f"/api/mistakes/{network}/cell", query=f"label={label}&prediction={digit}")
        for label, digit in pairs
        if matrix[label][digit]
    }


async def _nearest(ask: Asker, explained: Iterable[int]) -> Files:
    """The training images nearest to some test images: a list, and their pixels in one file, each image once."""
    places, images, found = dict[int, int](), list[NDArray[np.uint8]](), dict[str, list[dict[str, Any]]]()
    for index in sorted(explained):
        detail = await ask.get(f"/api/images/test/{index}")
        for near in detail["nearest"]:
            if near["index"] not in places:
                places[near["index"]] = len(images)
                images.append(decode_image(near["image"]))
        found[str(index)] = [
            {
                "place": places[near["index"]],
                "index": near["index"],
                "label": near["label"],
                "distance": round(near["distance"], 4),
            }
            for near in detail["nearest"]
        ]
    pixels = np.stack(images).tobytes()  # (num_images, 28, 28)
    return {"data/nearest.json": _json(found), "data/nearest.bin": gzip.compress(pixels, mtime=0)}


def is_first_visit(name: str) -> bool:
    """Whether a file belongs to a first visit; the others are fetched when they are needed."""
    return name not in LEARNING and not name.startswith(SNAPSHOTS)


def with_service_worker(files: Files) -> Files:
    """The files, and the service worker that knows all of those that belong to a first visit."""
    kept = sorted(filter(is_first_visit, files))
    checksum = hashlib.sha256()
    for name in kept:
        checksum.update(f"{name} {len(files[name])}\n".encode() + files[name])
    version = f'const VERSION = "{checksum.hexdigest()[:16]}";\n'
    listed = f"const FILES = {json.dumps(['./', *(name for name in kept if name != 'index.html')], indent=2)};\n"
    template = _OFFLINE.read_text(encoding="utf-8")
    made = template.replace('const VERSION = "";\n', version).replace("const FILES = [];\n", listed)
    return files | {"offline.js": made.encode()}


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
