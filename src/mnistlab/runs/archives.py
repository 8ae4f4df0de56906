"""Reads `.keras` files as numbers: nothing in them is ever executed, imported, unpickled or followed elsewhere.

Keras rebuilds the objects that a file names, and `safe_mode` is no boundary: more than ten ways past it became known
in 2025 and 2026. mnistlab needs only the name of one of its own networks and the numbers. So a file is read member by
member within fixed limits, and whatever does not look like a network of ours is rejected. The HDF5 member is read in a
sandbox: `weights`. This needs neither Keras nor TensorFlow.
"""

import dataclasses
import io
import json
import stat
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from mnistlab.exceptions import RunError
from mnistlab.recipes import RECIPES, ModelName
from mnistlab.runs.weights import RefusalError, quoted, read_weights

MAX_FILE_BYTES = 64 * 2**20  # eight times the largest network here, optimizer state included
MAX_CONFIG_BYTES = 2**20
MAX_MEMBERS = 1_000  # marks of one, which may also occur by chance within numbers
MEMBERS = frozenset({"metadata.json", "config.json", "model.weights.h5"})
NETWORKS = frozenset(get_args(ModelName)) | {name for name, recipe in RECIPES.items() if recipe.test_shifts}

_MEMBER_MARK = b"PK\x01\x02"  # begins each entry of a zip archive's directory

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
        path: Path of the file.
        name: Name of the network, one of ours.
        layers: Name and class of each layer, in order, as the file gives them.
        arrays: Arrays by their place in the file.
    """

    path: Path
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
            are not finite, or if this system starts no process to read them.
    """
    try:
        members = _read_members(_read(path))
        name, layers = _read_config(members["config.json"], names)
        arrays = read_weights(members["model.weights.h5"])
        for place, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise RefusalError(f"{quoted(place)} has numbers that are not finite")
        return NetworkFile(path, name, layers, arrays)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or 'it is damaged'}.") from error
    except RefusalError as refusal:
        raise RunError(
            f"{path} is not a network that mnistlab can use: {refusal}. "
            "Expected a .keras file that mnistlab wrote, or one of the same layers."
        ) from refusal


def _read(path: Path) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe or a device would never end
        raise RefusalError("it is no file")
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise RefusalError(f"it has {path.stat().st_size:,} bytes; at most {MAX_FILE_BYTES:,} were expected")
    return content


def _read_members(content: bytes) -> dict[str, bytes]:
    if content.count(_MEMBER_MARK) > MAX_MEMBERS:  # each would become an object of half a kilobyte
        raise RefusalError("it has too many members")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            _check_names([info.filename for info in infos])
            for info in infos:
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise RefusalError(f"{info.filename} is compressed in another way than Keras does")
                limit = MAX_FILE_BYTES if info.filename.endswith(".h5") else MAX_CONFIG_BYTES
                if info.file_size > limit:
                    raise RefusalError(
                        f"{info.filename} would have {info.file_size:,} bytes; at most {limit:,} were expected"
                    )
            members = {}
            for info in infos:
                with archive.open(info) as file:
                    members[info.filename] = file.read(info.file_size + 1)
                if len(members[info.filename]) != info.file_size:
                    raise RefusalError(f"{info.filename} has another size than it says")
            return members
    except RefusalError:
        raise
    except Exception as error:  # what zipfile does not expect it leaves to struct, zlib and others
        raise RefusalError("it is not a complete zip archive") from error


def _check_names(names: list[str]) -> None:
    """Refuses an archive of other members than a `.keras` file's, and says which."""
    expected = f"{', '.join(sorted(MEMBERS))} were expected"
    if foreign := sorted(set(names) - MEMBERS):
        more = f" and {len(foreign) - 3:,} more" if len(foreign) > 3 else ""
        listed = ", ".join(map(quoted, foreign[:3]))
        raise RefusalError(f"it has the foreign member{'s' * (len(foreign) > 1)} {listed}{more}; only {expected}")
    if doubled := sorted(name for name in set(names) if names.count(name) > 1):
        raise RefusalError(f"it has the member {doubled[0]} {names.count(doubled[0])} times; {expected}, once each")
    if missing := sorted(MEMBERS - set(names)):
        raise RefusalError(f"it lacks the member{'s' * (len(missing) > 1)} {', '.join(missing)}; {expected}")


def _read_config(content: bytes, names: Collection[str]) -> tuple[str, list[tuple[str, str]]]:
    try:
        config = json.loads(content)
        name = config["config"]["name"]
        layers = [(layer["config"]["name"], layer["class_name"]) for layer in config["config"]["layers"]]
        if not all(isinstance(part, str) for part in (name, *(part for layer in layers for part in layer))):
            raise TypeError("a name that is no text")
    except Exception as error:  # whatever else JSON can hold
        raise RefusalError("its config.json describes no network") from error
    if name not in names:
        raise RefusalError(f"its network is called {quoted(name)}; one of {', '.join(sorted(names))} was expected")
    for layer, kind in layers:
        if kind not in LAYERS:
            raise RefusalError(f"its layer {quoted(layer)} is of the kind {quoted(kind)}, which no network here has")
    return name, layers
