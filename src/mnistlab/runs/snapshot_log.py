"""The file of a training run that keeps how the network looked while it learned, as the training writes it."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.exceptions import RunError
from mnistlab.runs.snapshots import SNAPSHOT_FILE, Snapshot, Watched, read_snapshots
from mnistlab.system.files import append_bytes, write_bytes
from mnistlab.system.foreign import read_limited

DRAWING_FILE = "drawing.bin"  # 784 bytes that a page may put beside it, to have them answered from then on
MAX_SNAPSHOTS = 40
MAX_FILTERS = 20  # units of 28×28 weights that are kept of a dense layer; filters of a convolution are small
_NUM_PIXELS = math.prod(IMAGE_SHAPE)


def quantized(weights: NDArray[np.floating]) -> tuple[NDArray[np.int8], tuple[float, ...]]:
    """Pictures of weights in a byte for each weight, and what 127 stands for in each picture.

    Args:
        weights: Finite weights `(num_shown, rows, columns)`.

    Example:
        >>> quantized(np.array([[[0.5, -0.25]]]))
        (array([[[127, -64]]], dtype=int8), (0.5,))
    """
    largest = np.abs(weights).max(axis=(1, 2))
    shares = weights / np.maximum(largest, np.finfo(np.float32).tiny)[:, None, None]
    return np.rint(127 * shares).astype(np.int8), tuple(float(f"{one:.6g}") for one in largest)


def seconds_between(seconds: float, least: float) -> float:
    """Duration between two moments that are kept, after some duration of training, so that they stay few.

    Args:
        seconds: Duration of training so far in seconds.
        least: Duration between two moments at the beginning.

    Example:
        >>> [seconds_between(seconds, 1.0) for seconds in (5, 39, 40, 3600)]
        [1.0, 1.0, 2.0, 128.0]
    """
    while least > 0 and seconds / least >= MAX_SNAPSHOTS:
        least *= 2
    return least


class SnapshotLog:
    """Records how a network looks while it learns; nothing that goes wrong with the file stops a training run.

    Args:
        folder: Path of the run folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / SNAPSHOT_FILE
        self._drawing_path = folder / DRAWING_FILE
        self._watched: Watched | None = None
        self._kept: list[Snapshot] = []
        self._broken = False

    def begin(self, watched: Watched, step: int) -> None:
        """Begins the file, or goes on with it without the moments that an interruption undid.

        Args:
            watched: What is watched from now on.
            step: Weight updates so far, of all networks.
        """
        if self._watched is not None:  # the networks of a run share the file
            return
        self._watched = watched
        try:
            found = read_snapshots(self.path.parent)
        except RunError:
            found = None
        if found is not None and found.watched.to_line() == watched.to_line():
            self._kept = [one for one in found.moments if one.step <= step]
        if self.path.exists():
            self._write(watched)
        else:  # without waiting for the disk, as for every moment after it
            self._append(watched)

    def add(self, snapshot: Snapshot) -> None:
        """Records a moment; of too many every second is dropped first."""
        if len(self._kept) >= MAX_SNAPSHOTS and self._watched is not None:
            self._kept = [*self._kept[::2], snapshot]
            self._write(self._watched)
            return
        self._kept.append(snapshot)
        self._append(snapshot)

    def drawing(self) -> NDArray[np.uint8] | None:
        """The drawing that somebody wants answered, uint8 `(28, 28)`, if there is one."""
        try:
            content = read_limited(self._drawing_path, _NUM_PIXELS)
        except OSError:
            return None
        return np.frombuffer(content, np.uint8).reshape(IMAGE_SHAPE) if len(content) == _NUM_PIXELS else None

    def _append(self, part: Watched | Snapshot) -> None:
        self._save(append_bytes, _bytes_of(part))

    def _write(self, watched: Watched) -> None:
        parts: list[Watched | Snapshot] = [watched, *self._kept]
        self._save(write_bytes, b"".join(map(_bytes_of, parts)))

    def _save(self, write: Callable[[Path, bytes], None], content: bytes) -> None:
        if not self._broken:
            try:
                write(self.path, content)
            except RunError:
                self._broken = True  # a full disk also stops the checkpoint, which says so


def write_drawing(folder: Path, image: NDArray[np.uint8]) -> None:
    """Leaves a drawing in the folder of a training run that is under way, which answers it from then on.

    Args:
        folder: The run folder.
        image: The drawing, uint8 `(28, 28)`.

    Raises:
        RunError: if it cannot be written.
    """
    write_bytes(folder / DRAWING_FILE, image.tobytes())


def _bytes_of(part: Watched | Snapshot) -> bytes:
    return json.dumps(part.to_line(), separators=(",", ":"), allow_nan=False).encode() + b"\n"
