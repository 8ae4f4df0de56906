"""The numbers of an HDF5 file of unknown origin: a sandboxed process reads them, and its report is checked again."""

import base64
import errno
import json
import math
import re
import signal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.system.sandbox import scratch
from mnistlab.system.sandbox.limits import MIB, Limits
from mnistlab.system.sandbox.supervisor import ExitReport, run_sandboxed

MAX_CPU_SECONDS = 1.5  # and with the start of the process less than 2; the largest file takes a tenth
MAX_ADDED_BYTES = 160 * MIB  # of memory, beside what Python and the libraries take: twice the largest file, and some
NOT_WHOLE = "its weights are not a complete HDF5 file"
TOO_SLOW = f"its weights take more than {MAX_CPU_SECONDS:g} seconds to read"
TOO_LARGE = "its weights take too much memory to read"

_LIMITS = Limits(
    seconds=60,  # by the clock, for a machine that has much else to do, and for systems that keep no limits
    memory_bytes=256 * MIB,
    output_bytes=MIB,
    report_bytes=128 * MIB,  # half as much again as the largest file in Base64
    folder_bytes=128 * MIB,
    written_bytes=256 * MIB,
    num_files=100,
    file_bytes=128 * MIB,
    num_threads=64,
)
_DTYPE = re.compile(r"[<>|](?:f[248]|[iu][1248])")
_MAX_AXES = 32  # as many as HDF5 and NumPy can have


class RefusalError(Exception):
    """Why a file is refused."""


def quoted(name: str) -> str:
    """A name from a file in a message: short, and without what would move the cursor or end the line."""
    return ascii(name if len(name) <= 60 else name[:60] + "...")


def read_weights(content: bytes) -> dict[str, NDArray[Any]]:
    """The data sets of an HDF5 file by their places; `hdf5.read_arrays` says what it may consist of.

    Args:
        content: The file.

    Raises:
        RefusalError: If it consists of anything else, or is too costly to read.
        OSError: If there is no room for a temporary file, or no process can be started.
    """
    report = _Report()
    with scratch.scratch_folder() as folder:
        (folder / "weights.h5").write_bytes(content)
        try:
            # One thread: a process that multiplies no matrices needs no more, and each would take memory.
            variables = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            ending = run_sandboxed("mnistlab.runs.hdf5", ["weights.h5"], folder, _LIMITS, report.listen, variables)
        except OSError as error:
            raise _not_started(error.strerror or str(error)) from error
    return report.arrays(ending)


class _Report:
    """What the process tells, line by line. A hostile file may have taken the process over, so anything may come."""

    def __init__(self) -> None:
        self._found: list[tuple[str, np.dtype[Any], tuple[int, ...], bytearray]] = []
        self._is_ready = self._is_done = self._is_wrong = False
        self._refusal = ""

    def listen(self, line: bytes) -> None:
        """Takes a line."""
        if self._is_wrong or self._is_done:
            return
        try:
            self._take(line)
        except Exception:  # whatever a line may hold
            self._is_wrong = True

    def _take(self, line: bytes) -> None:
        if not line.startswith(b"{"):
            self._found[-1][-1].extend(base64.b64decode(line, validate=True))
            return
        entry = json.loads(line)
        if "place" in entry:
            dtype, shape = entry["dtype"], tuple(map(int, entry["shape"]))
            if not _DTYPE.fullmatch(dtype) or len(shape) > _MAX_AXES or any(size < 0 for size in shape):
                raise ValueError(dtype, shape)
            self._found.append((str(entry["place"]), np.dtype(dtype), shape, bytearray()))
        self._is_ready |= "ready" in entry
        self._is_done = "done" in entry or "refusal" in entry
        self._refusal = str(entry.get("refusal", ""))

    def arrays(self, ending: ExitReport) -> dict[str, NDArray[Any]]:
        """The numbers, once the process has ended."""
        if not self._is_ready:
            raise _not_started(_plain((ending.tail.strip().splitlines() or [ending.message])[-1]))
        if self._refusal:
            raise RefusalError(_plain(self._refusal))
        if ending.reason == "time" or ending.exit_code in _OUT_OF_TIME:
            raise RefusalError(TOO_SLOW)
        if ending.reason == "memory":
            raise RefusalError(TOO_LARGE)
        if self._is_wrong or not self._is_done or ending.reason != "ended":
            raise RefusalError(NOT_WHOLE)
        found = {}
        for place, dtype, shape, content in self._found:
            if math.prod(shape) * dtype.itemsize != len(content):
                raise RefusalError(NOT_WHOLE)
            found[place] = np.frombuffer(content, dtype).reshape(shape)
        return found


_OUT_OF_TIME = tuple(-number for name in ("SIGPROF", "SIGXCPU") if (number := getattr(signal, name, 0)))


def _not_started(reason: str) -> OSError:
    return OSError(errno.ECHILD, f"no process could be started that reads the weights: {reason}")


def _plain(text: str) -> str:
    """Text of the process in a message: short, in one line."""
    return "".join(character if character.isprintable() else "?" for character in text)[:300].rstrip(".")
