"""The numbers of an HDF5 file, in a process that may die of it: the only place where mnistlab reads foreign HDF5.

HDF5 promises nothing for damaged files. One changed byte can make it gather names for ever before it gives the first,
and it then answers neither Ctrl-C nor a request to end. So `weights.read_weights` runs this module in a sandbox, with
limits that the system keeps.
"""

import base64
import json
import math
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mnistlab.runs.weights import MAX_ADDED_BYTES, MAX_CPU_SECONDS, NOT_WHOLE, TOO_LARGE, RefusalError, quoted

MAX_DATASETS = 4_000  # and groups
MAX_DEPTH = 12
MAX_PLACE = 1_000  # characters of all names on the way to a data set
PART_BYTES = 3 * 2**16  # of numbers in a line of the report; no rest in Base64

_HDF5_MARK = b"\x89HDF\r\n\x1a\n"


def main(pipe: int, arguments: Sequence[str]) -> None:
    """Reports the numbers of a file on a pipe: for each array a line that describes it, then lines of Base64.

    Args:
        pipe: Descriptor of the pipe.
        arguments: Path of the file.
    """
    with os.fdopen(pipe, "wb") as report:
        _tell(report, ready=True)
        limit()
        try:
            for place, array in read_arrays(Path(arguments[0])):
                _tell(report, place=place, dtype=array.dtype.str, shape=array.shape)
                content: Any = np.ascontiguousarray(array).reshape(-1).view(np.uint8)  # a view: no copy
                for first in range(0, len(content), PART_BYTES):
                    report.write(base64.b64encode(content[first : first + PART_BYTES]) + b"\n")
        except RefusalError as refusal:
            _tell(report, refusal=str(refusal))
            return
        _tell(report, done=True)


def _tell(report: Any, **entry: Any) -> None:
    report.write(json.dumps(entry).encode() + b"\n")
    report.flush()


def limit() -> None:
    """Limits what this process may still use, from now on: the system ends it, or refuses it memory."""
    if os.name != "posix":  # there the watcher alone ends it
        return
    import resource

    signal.setitimer(signal.ITIMER_PROF, MAX_CPU_SECONDS)  # not RLIMIT_CPU, which counts whole seconds from the start
    if sys.platform == "linux":
        used = int(Path("/proc/self/status").read_text().partition("VmData:")[2].split()[0]) * 1024
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        most = used + MAX_ADDED_BYTES if hard == resource.RLIM_INFINITY else min(used + MAX_ADDED_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def read_arrays(path: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    """The data sets of an HDF5 file that stand in it plainly: no link, no other file, no filter, no promise of size.

    Args:
        path: File that may be anybody's, but for its size.

    Returns:
        Place and numbers of each.

    Raises:
        RefusalError: If it holds anything else.
    """
    with path.open("rb") as file:
        if file.read(len(_HDF5_MARK)) != _HDF5_MARK:  # it may also follow other content
            raise RefusalError(NOT_WHOLE)
    try:
        with h5py.File(path, "r", locking=False) as file:
            found = list(_walk(file))
            total, size = 0, path.stat().st_size
            for place, dataset in found:
                # Not dataset.size, which is cut off at 64 bits: a product of huge axes may seem small there.
                total += math.prod(dataset.shape) * dataset.dtype.itemsize
                if total > size:
                    raise RefusalError(f"{quoted(place)} has the shape {dataset.shape}, which the file cannot hold")
            for place, dataset in found:
                yield place, np.asarray(dataset[()])
    except RefusalError:
        raise
    except MemoryError as error:
        raise RefusalError(TOO_LARGE) from error
    except Exception as error:  # a damaged file makes h5py raise nearly everything
        raise RefusalError(NOT_WHOLE) from error


def _walk(file: Any) -> Iterator[tuple[str, Any]]:
    """All data sets with their places. A group may hold itself many times over, so the count is of all steps."""
    todo, count = [("", file)], 0
    while todo:
        place, group = todo.pop()
        if place.count("/") > MAX_DEPTH or len(place) > MAX_PLACE:
            raise RefusalError("its weights are nested too deeply")
        for name in group:
            count += 1
            if count > MAX_DATASETS:
                raise RefusalError("its weights have too many parts")
            here = f"{place}/{name}".lstrip("/")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise RefusalError(f"{quoted(here)} is a link to somewhere else")
            item = group[name]
            if isinstance(item, h5py.Group):
                todo.append((here, item))
                continue
            if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "fiu" or item.shape is None:
                raise RefusalError(f"{quoted(here)} does not hold numbers")
            if item.is_virtual or item.external or item.chunks is not None or item.compression is not None:
                raise RefusalError(f"{quoted(here)} is not stored plainly")
            yield here, item
