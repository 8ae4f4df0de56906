"""Reads `.keras` files as numbers: nothing in them is ever executed, imported, unpickled or followed elsewhere.

Keras rebuilds the objects that a file names, and `safe_mode` is no boundary: more than ten ways past it became known
in 2025 and 2026. mnistlab needs only the name of one of its own networks and the numbers. So a file is read member by
member within fixed limits, and whatever does not look like a network of ours is refused. Needs neither Keras nor
TensorFlow.
"""

import dataclasses
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import h5py
import numpy as np
from numpy.typing import NDArray

from mnistlab.exceptions import RunError
from mnistlab.recipes import RECIPES, ModelName

MAX_FILE_BYTES = 64 * 2**20  # twenty times the largest network here, optimizer state included
MAX_CONFIG_BYTES = 2**20
MAX_DATASETS = 10_000
MEMBERS = frozenset({"metadata.json", "config.json", "model.weights.h5"})
NETWORKS = frozenset(get_args(ModelName)) | {name for name, recipe in RECIPES.items() if recipe.test_shifts}


@dataclasses.dataclass(frozen=True)
class NetworkFile:
    """What a `.keras` file says, as plain data.

    Args:
        name: of the network, one of ours.
        layers: name and class of each layer, in order, as the file claims.
        arrays: the numbers by their place in the file.
    """

    name: str
    layers: list[tuple[str, str]]
    arrays: dict[str, NDArray[Any]]


def read_network_file(path: Path) -> NetworkFile:
    """Reads a `.keras` file of one of mnistlab's networks.

    Args:
        path: the file; it is read once, into memory.

    Raises:
        RunError: if it is missing, too large, damaged, or anything else than such a network.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _RefusalError(f"it has {path.stat().st_size:,} bytes; at most {MAX_FILE_BYTES:,} were expected")
        members = _read_members(path.read_bytes())
        name, layers = _read_config(members["config.json"])
        return NetworkFile(name, layers, dict(_read_arrays(members["model.weights.h5"])))
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or 'it is damaged'}.") from error
    except _RefusalError as refusal:
        raise RunError(
            f"{path} is not a network that mnistlab can use: {refusal}. "
            "Expected a .keras file that mnistlab wrote, or one of the same layers."
        ) from refusal


class _RefusalError(Exception):
    """Why a file is refused."""


def _read_members(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if sorted(names) != sorted(MEMBERS):
                raise _RefusalError(
                    f"its members are {', '.join(names[:5]) or 'none'}; {', '.join(sorted(MEMBERS))} were expected"
                )
            for info in infos:
                limit = MAX_FILE_BYTES if info.filename.endswith(".h5") else MAX_CONFIG_BYTES
                if info.file_size > limit:
                    raise _RefusalError(
                        f"{info.filename} would have {info.file_size:,} bytes; at most {limit:,} were expected"
                    )
            members = {}
            for info in infos:
                with archive.open(info) as file:
                    members[info.filename] = file.read(info.file_size + 1)
                if len(members[info.filename]) != info.file_size:
                    raise _RefusalError(f"{info.filename} has another size than it says")
            return members
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise _RefusalError("it is no whole zip archive") from error


def _read_config(content: bytes) -> tuple[str, list[tuple[str, str]]]:
    try:
        config = json.loads(content)
        name = config["config"]["name"]
        layers = [(layer["config"]["name"], layer["class_name"]) for layer in config["config"]["layers"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _RefusalError("its config.json describes no network") from error
    if not isinstance(name, str) or name not in NETWORKS:
        raise _RefusalError(
            f"its network is called {str(name)[:40]!r}; one of {', '.join(sorted(NETWORKS))} was expected"
        )
    if not all(isinstance(part, str) for layer in layers for part in layer):
        raise _RefusalError("its config.json describes no network")
    return name, layers


def _read_arrays(content: bytes) -> Iterator[tuple[str, NDArray[Any]]]:
    """The data sets of an HDF5 file that stand in it plainly: no link, no other file, no filter, no promise of size."""
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            found = list(_walk(file, ""))
            total = 0
            for place, dataset in found:
                total += dataset.size * dataset.dtype.itemsize
                if total > len(content):
                    raise _RefusalError(f"{place} has the shape {dataset.shape}, which the file cannot hold")
            for place, dataset in found:
                yield place, np.asarray(dataset[()])
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError, RecursionError) as error:
        raise _RefusalError("its weights are no whole HDF5 file") from error


def _walk(group: Any, place: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > 12:
        raise _RefusalError("its weights are nested too deeply")
    for count, name in enumerate(group):
        if count > MAX_DATASETS:
            raise _RefusalError("its weights have too many parts")
        here = f"{place}/{name}".lstrip("/")
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise _RefusalError(f"{here} is a link to somewhere else")
        item = group[name]
        if isinstance(item, h5py.Group):
            yield from _walk(item, here, depth + 1)
            continue
        if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "fiu":
            raise _RefusalError(f"{here} does not hold numbers")
        if item.is_virtual or item.external or item.chunks is not None or item.compression is not None:
            raise _RefusalError(f"{here} is not stored plainly")
        yield here, item
