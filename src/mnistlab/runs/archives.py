"""Reads `.keras` files as numbers: nothing in them is ever executed, imported, unpickled or followed elsewhere.

Keras rebuilds the objects that a file names, and `safe_mode` is no boundary: more than ten ways past it became known
in 2025 and 2026. mnistlab needs only the name of one of its own networks and the numbers. So a file is read member by
member within fixed limits, and whatever does not look like a network of ours is rejected. This needs neither Keras nor
TensorFlow.
"""

import dataclasses
import io
import json
import math
import stat
import zipfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, get_args

import h5py
import numpy as np
from numpy.typing import NDArray

from mnistlab.exceptions import RunError
from mnistlab.recipes import RECIPES, ModelName

MAX_FILE_BYTES = 64 * 2**20  # eight times the largest network here, optimizer state included
MAX_CONFIG_BYTES = 2**20
MAX_DATASETS = 4_000  # and groups
MAX_DEPTH = 12
MAX_MEMBERS = 1_000  # marks of one, which may also occur by chance within numbers
MEMBERS = frozenset({"metadata.json", "config.json", "model.weights.h5"})
NETWORKS = frozenset(get_args(ModelName)) | {name for name, recipe in RECIPES.items() if recipe.test_shifts}

_MEMBER_MARK = b"PK\x01\x02"  # begins each entry of a zip archive's directory
_HDF5_MARK = b"\x89HDF\r\n\x1a\n"

LAYERS = frozenset(
    (
        *("Activation", "Average", "BatchNormalization", "Conv2D", "Cropping2D", "Dense", "Dropout", "Flatten"),
        *("Functional", "InputLayer", "MaxPooling2D", "Permute", "Rescaling", "Reshape", "ZeroPadding2D"),
    )
)
"""The kinds of layers that networks of ours consist of: none of them holds code or reads files."""


@dataclasses.dataclass(frozen=True)
class NetworkFile:
    """The content of a `.keras` file as plain data.

    Args:
        name: Name of the network, one of ours.
        layers: Name and class of each layer, in order, as the file gives them.
        arrays: Arrays by their place in the file.
    """

    name: str
    layers: list[tuple[str, str]]
    arrays: dict[str, NDArray[Any]]


def read_network_file(path: Path, names: Collection[str] = NETWORKS) -> NetworkFile:
    """Reads a `.keras` file of one of mnistlab's networks.

    Args:
        path: Path of the file; it is read once, into memory.
        names: Names of the networks that the file may hold.

    Raises:
        RunError: if the file is missing, too large, damaged, or anything else than such a network; also if its weights
            are not finite.
    """
    try:
        members = _read_members(_read(path))
        name, layers = _read_config(members["config.json"], names)
        return NetworkFile(name, layers, dict(_read_arrays(members["model.weights.h5"])))
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or 'it is damaged'}.") from error
    except _RefusalError as refusal:
        raise RunError(
            f"{path} is not a network that mnistlab can use: {refusal}. "
            "Expected a .keras file that mnistlab wrote, or one of the same layers."
        ) from refusal


class _RefusalError(Exception):
    """The reason why a file is rejected."""


def _read(path: Path) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe or a device would never end
        raise _RefusalError("it is no file")
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise _RefusalError(f"it has {path.stat().st_size:,} bytes; at most {MAX_FILE_BYTES:,} were expected")
    return content


def _quoted(name: str) -> str:
    """A name from a file for a message: short, and without characters that move the cursor or end the line."""
    return ascii(name if len(name) <= 60 else name[:60] + "...")


def _read_members(content: bytes) -> dict[str, bytes]:
    if content.count(_MEMBER_MARK) > MAX_MEMBERS:  # each would become an object of half a kilobyte
        raise _RefusalError("it has too many members")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if sorted(names) != sorted(MEMBERS):
                raise _RefusalError(
                    f"its members are {', '.join(map(_quoted, names[:3])) or 'none'}; "
                    f"{', '.join(sorted(MEMBERS))} were expected"
                )
            for info in infos:
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise _RefusalError(f"{info.filename} is compressed in another way than Keras does")
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
    except (zipfile.BadZipFile, zlib.error, OverflowError, RuntimeError, EOFError, ValueError) as error:
        raise _RefusalError("it is no whole zip archive") from error


def _read_config(content: bytes, names: Collection[str]) -> tuple[str, list[tuple[str, str]]]:
    try:
        config = json.loads(content)
        name = config["config"]["name"]
        layers = [(layer["config"]["name"], layer["class_name"]) for layer in config["config"]["layers"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _RefusalError("its config.json describes no network") from error
    if not isinstance(name, str) or name not in names:
        raise _RefusalError(
            f"its network is called {_quoted(str(name))}; one of {', '.join(sorted(names))} was expected"
        )
    if not all(isinstance(part, str) for layer in layers for part in layer):
        raise _RefusalError("its config.json describes no network")
    for layer, kind in layers:
        if kind not in LAYERS:
            raise _RefusalError(f"its layer {_quoted(layer)} is of the kind {_quoted(kind)}, which no network here has")
    return name, layers


def _read_arrays(content: bytes) -> Iterator[tuple[str, NDArray[Any]]]:
    """The data sets of an HDF5 file, stored plainly: no links, other files, filters or sizes without content."""
    if not content.startswith(_HDF5_MARK):  # it may also follow other content
        raise _RefusalError("its weights are no whole HDF5 file")
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            found = list(_walk(file))
            total = 0
            for place, dataset in found:
                # Not dataset.size, which is cut off at 64 bits: a product of huge axes may seem small there.
                total += math.prod(dataset.shape) * dataset.dtype.itemsize
                if total > len(content):
                    raise _RefusalError(f"{_quoted(place)} has the shape {dataset.shape}, which the file cannot hold")
            for place, dataset in found:
                array = np.asarray(dataset[()])
                if array.dtype.kind == "f" and not np.isfinite(array).all():
                    raise _RefusalError(f"{_quoted(place)} has numbers that are not finite")
                yield place, array
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError, RecursionError) as error:
        raise _RefusalError("its weights are no whole HDF5 file") from error


def _walk(file: Any) -> Iterator[tuple[str, Any]]:
    """All data sets with their places. A group may hold itself many times over, so every step is counted."""
    todo, count = [("", file)], 0
    while todo:
        place, group = todo.pop()
        if place.count("/") > MAX_DEPTH:
            raise _RefusalError("its weights are nested too deeply")
        for name in group:
            count += 1
            if count > MAX_DATASETS:
                raise _RefusalError("its weights have too many parts")
            here = f"{place}/{name}".lstrip("/")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise _RefusalError(f"{_quoted(here)} is a link to somewhere else")
            item = group[name]
            if isinstance(item, h5py.Group):
                todo.append((here, item))
                continue
            if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "fiu" or item.shape is None:
                raise _RefusalError(f"{_quoted(here)} does not hold numbers")
            if item.is_virtual or item.external or item.chunks is not None or item.compression is not None:
                raise _RefusalError(f"{_quoted(here)} is not stored plainly")
            yield here, item
