"""The state of a training run, in memory and on disk: enough to go on as if nothing had happened."""

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.exceptions import RunError
from mnistlab.runs.progress import ProgressLog
from mnistlab.runs.run import HistoryRow
from mnistlab.runs.snapshot_log import SnapshotLog
from mnistlab.system.files import write_bytes
from mnistlab.system.foreign import read_limited
from mnistlab.system.locks import require_lock

Arrays = list[NDArray[Any]]
MAX_FILE_BYTES = 512 * 2**20  # twenty times that of the largest training here
_POSITION = {"identity", "num_calls", "history", "epoch_seconds", "seconds_in_epoch", "train_seconds"}
EpochFunction = Callable[[list[HistoryRow]], object]


class Checkpoint:
    """History, times, finished networks and state of a training run, over all its interruptions.

    If the file exists, everything is read from it, and the training run goes on from there.

    Args:
        path: Path of the file, one NumPy archive.
        interval: Time between two writes in seconds.
        on_epoch: Function that is called after every epoch with the `rows` up to then.
        identity: Digest of recipe, data and whatever else the file must have been written for; not compared by
            default.

    Attributes:
        history: A row for every finished epoch, of all networks.
        epoch_seconds: Duration of each of these epochs in seconds, validation included.
        finished: Weights of the networks whose training is finished.
        optimizer_state: State of the last finished network's optimizer, if it is kept.
        num_calls: Calls of the training function for the current network so far, over all its epochs.
        state: State of the current network at that point: weights, dropout's random states, metrics and optimizer;
            empty before its first call.
        log: Progress file for those who watch, or `None`.
        snapshots: File with how the network looked on the way, for those who watch, or `None`.

    Raises:
        RunError: if the file is damaged, or belongs to another training run.
    """

    def __init__(
        self, path: Path, interval: float, on_epoch: EpochFunction | None = None, identity: str | None = None
    ) -> None:
        self.path = path
        self.interval = interval
        self._on_epoch = on_epoch
        self._identity = identity
        self.history: list[HistoryRow] = []
        self.epoch_seconds: list[float] = []
        self.finished: list[Arrays] = []
        self.optimizer_state: Arrays = []
        self.num_calls = 0
        self.state: Arrays = []
        self.log: ProgressLog | None = None
        self.snapshots: SnapshotLog | None = None
        self._seconds_in_epoch = self._train_seconds = 0.0  # at the moment a clock was last stopped
        if path.exists():
            self._load()
        self._fit_started: float | None = None
        self._epoch_started: float | None = None
        self._saved_at = time.perf_counter()

    @property
    def rows(self) -> list[HistoryRow]:
        """A row for every finished epoch, with its duration as `seconds`, as in `Run.history`."""
        return [row | {"seconds": seconds} for row, seconds in zip(self.history, self.epoch_seconds, strict=True)]

    @property
    def train_seconds(self) -> float:
        """Duration of training so far in seconds, graph building and validation included."""
        return self._train_seconds + _since(self._fit_started)

    def begin_fit(self) -> None:
        """Starts the clock of the training run."""
        self._fit_started = self._saved_at = time.perf_counter()

    def end_fit(self) -> None:
        """Stops the clock of the training run."""
        self._train_seconds, self._fit_started = self.train_seconds, None

    def begin_epoch(self) -> None:
        """Starts the clock of an epoch; after an interruption it goes on from where it stopped."""
        self._epoch_started = time.perf_counter()

    def end_epoch(self, row: HistoryRow) -> None:
        """Stops the clock of an epoch, keeps its row and calls `on_epoch`."""
        self.history.append(row)
        self.epoch_seconds.append(round(self._seconds_in_epoch + _since(self._epoch_started), 3))
        self._seconds_in_epoch, self._epoch_started = 0.0, None
        if self._on_epoch is not None:
            self._on_epoch(self.rows)

    def finish_network(self, weights: Arrays, optimizer_state: Arrays) -> None:
        """Keeps weights and optimizer of a network whose training is finished, and gets ready for the next network."""
        self.finished.append(weights)
        self.optimizer_state = optimizer_state
        self.num_calls = 0
        self.save([])

    def take_over(
        self, history: list[HistoryRow], epoch_seconds: list[float], train_seconds: float, num_calls: int
    ) -> None:
        """Goes on from the end of a finished training run.

        Args:
            history: A row for each of its epochs.
            epoch_seconds: Duration of each epoch in seconds.
            train_seconds: Duration of training in seconds.
            num_calls: Calls of the training function.
        """
        self.history, self.epoch_seconds = list(history), list(epoch_seconds)
        self._train_seconds, self.num_calls = train_seconds, num_calls

    @property
    def is_due(self) -> bool:
        """Whether it is time to write the file."""
        return _since(self._saved_at) >= self.interval

    def save(self, state: Arrays) -> None:
        """Writes the file, whole or not at all.

        Args:
            state: State of the current network.

        Raises:
            RunError: if the file cannot be written, or the run folder belongs to another process now; an earlier file
                is untouched.
        """
        require_lock(self.path.parent.parent)
        self.state = state
        arrays = {f"state.{index}": array for index, array in enumerate(state)}
        arrays |= {f"optimizer.{index}": array for index, array in enumerate(self.optimizer_state)}
        for number, weights in enumerate(self.finished):
            arrays |= {f"finished.{number}.{index}": array for index, array in enumerate(weights)}
        position = {
            "identity": self._identity,
            "sha256": _digest(arrays),
            "num_calls": self.num_calls,
            "history": self.history,
            "epoch_seconds": self.epoch_seconds,
            "seconds_in_epoch": self._seconds_in_epoch + _since(self._epoch_started),
            "train_seconds": self.train_seconds,
        }
        buffer = io.BytesIO()
        np.savez(buffer, position=np.frombuffer(json.dumps(position).encode(), np.uint8), **arrays)  # type: ignore[arg-type]
        write_bytes(self.path, buffer.getvalue())
        self._saved_at = time.perf_counter()

    def _load(self) -> None:
        position, arrays = _read(self.path)
        if self._identity not in (None, position["identity"]):
            raise RunError(
                f"{self.path} belongs to a training of another recipe, other data or another backend. Delete it to "
                "train from the beginning, or choose another folder.",
                argument="folder",
            )
        self.num_calls, self.history = position["num_calls"], position["history"]
        self.epoch_seconds = position["epoch_seconds"]
        self._seconds_in_epoch, self._train_seconds = position["seconds_in_epoch"], position["train_seconds"]
        self.state, self.optimizer_state = _numbered(arrays, "state."), _numbered(arrays, "optimizer.")
        num_finished = len({name.split(".")[1] for name in arrays if name.startswith("finished.")})
        self.finished = [_numbered(arrays, f"finished.{number}.") for number in range(num_finished)]


def _read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The position of a training run and its arrays, from the file.

    Raises:
        RunError: if a single bit differs from what was written.
    """
    try:
        content = io.BytesIO(read_limited(path, MAX_FILE_BYTES))
        with zipfile.ZipFile(content) as archive:  # NumPy would unfold whatever is compressed, or in it twice
            if sum(info.file_size for info in archive.infolist()) > len(content.getbuffer()):
                raise ValueError("it unfolds")
        with np.load(content, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        position = json.loads(arrays.pop("position").tobytes())
        if position["sha256"] != _digest(arrays):
            raise ValueError("the arrays are not those that were written")
        if missing := _POSITION - set(position):
            raise ValueError(f"it lacks {min(missing)}")
        return position, arrays
    except Exception as error:  # a damaged archive makes zipfile and NumPy raise nearly everything
        raise RunError(
            f"{path} is damaged, so the training cannot go on from it. Delete it to train from the beginning."
        ) from error


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def count_epochs(path: Path) -> int:
    """The number of finished epochs of a training run, over all its networks.

    Args:
        path: Path of the checkpoint; without such a file no epoch is finished.

    Raises:
        RunError: if the checkpoint is damaged.
    """
    return len(_read(path)[0]["history"]) if path.exists() else 0


def _since(moment: float | None) -> float:
    return 0.0 if moment is None else time.perf_counter() - moment


def _numbered(arrays: Mapping[str, NDArray[Any]], prefix: str) -> Arrays:
    count = sum(name.startswith(prefix) for name in arrays)
    return [arrays[f"{prefix}{index}"] for index in range(count)]


def state_of(model: Any) -> Sequence[Any]:
    """The variables that decide how a training run goes on, each once, in an order that depends on the model alone."""
    variables = [*model.variables, *model.metrics_variables, *model.optimizer.variables]
    return list({id(variable): variable for variable in variables}.values())
