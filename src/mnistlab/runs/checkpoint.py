"""Where a training stands, in memory and on disk: enough to go on as if nothing had happened."""

import hashlib
import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.exceptions import RunError
from mnistlab.runs.progress import ProgressLog
from mnistlab.runs.run import HistoryRow
from mnistlab.system.files import write_bytes
from mnistlab.system.locks import require_lock

Arrays = list[NDArray[Any]]
EpochFunction = Callable[[list[HistoryRow]], object]


class Checkpoint:
    """History, times, finished networks and state of a training, over all its interruptions.

    A checkpoint that finds a checkpoint takes the training up from there.

    Args:
        path: of the checkpoint, one NumPy archive.
        interval: seconds of work between checkpoints.
        on_epoch: called after every epoch with the `rows` until then.
        identity: of recipe, data and whatever else a checkpoint must have been written for; not looked at by default.

    Attributes:
        history: a row for every finished epoch, of all networks.
        epoch_seconds: how long each of them took, validation included.
        finished: the weights of the networks that are trained.
        optimizer_state: of the last of them, if it is kept.
        num_calls: calls of the training function that the network in training has behind it, over all its epochs.
        state: of the network in training at that point: weights, dropout's random states, metrics and optimizer; empty
            before its first call.
        log: where those who watch can follow the training, or `None`.

    Raises:
        RunError: if the checkpoint is damaged, or of another training.
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
        self._seconds_in_epoch = self._train_seconds = 0.0  # when a clock was last stopped
        if path.exists():
            self._load()
        self._fit_started: float | None = None
        self._epoch_started: float | None = None
        self._saved_at = time.perf_counter()

    @property
    def rows(self) -> list[HistoryRow]:
        """A row for every finished epoch, with the `seconds` that it took, as `Run.history` has them."""
        return [row | {"seconds": seconds} for row, seconds in zip(self.history, self.epoch_seconds, strict=True)]

    @property
    def train_seconds(self) -> float:
        """How long training has taken, graph building and validation included."""
        return self._train_seconds + _since(self._fit_started)

    def begin_fit(self) -> None:
        """Starts the clock of the training."""
        self._fit_started = self._saved_at = time.perf_counter()

    def end_fit(self) -> None:
        """Stops it."""
        self._train_seconds, self._fit_started = self.train_seconds, None

    def begin_epoch(self) -> None:
        """Starts the clock of an epoch; of one that was interrupted, where it stood."""
        self._epoch_started = time.perf_counter()

    def end_epoch(self, row: HistoryRow) -> None:
        """Stops the clock of an epoch, keeps its row and tells whoever wants to know."""
        self.history.append(row)
        self.epoch_seconds.append(round(self._seconds_in_epoch + _since(self._epoch_started), 3))
        self._seconds_in_epoch, self._epoch_started = 0.0, None
        if self._on_epoch is not None:
            self._on_epoch(self.rows)

    def finish_network(self, weights: Arrays, optimizer_state: Arrays) -> None:
        """Keeps what a network that is trained leaves; the next one begins, if there is one."""
        self.finished.append(weights)
        self.optimizer_state = optimizer_state
        self.num_calls = 0
        self.save([])

    def take_over(
        self, history: list[HistoryRow], epoch_seconds: list[float], train_seconds: float, num_calls: int
    ) -> None:
        """Goes on from the end of a training that is finished.

        Args:
            history: A row for each of its epochs.
            epoch_seconds: Duration of each epoch in seconds.
            train_seconds: Duration of the training in seconds.
            num_calls: Calls of the training function in it.
        """
        self.history, self.epoch_seconds = list(history), list(epoch_seconds)
        self._train_seconds, self.num_calls = train_seconds, num_calls

    @property
    def is_due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return _since(self._saved_at) >= self.interval

    def save(self, state: Arrays) -> None:
        """Writes a checkpoint, whole or not at all.

        Raises:
            RunError: if it cannot be written, or the run's folder belongs to another process now; the one before is
                untouched.
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
    """Where a training stands, and its arrays.

    Raises:
        RunError: if a single bit of them is another than was written.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        position = json.loads(arrays.pop("position").tobytes())
        if position["sha256"] != _digest(arrays):
            raise ValueError("the arrays are not those that were written")
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
    """How many epochs a training has behind it, of all its networks.

    Args:
        path: of the checkpoint; where there is none, no epoch is finished.

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
    """The variables that decide how a training goes on, each once, in an order that depends on the model alone."""
    variables = [*model.variables, *model.metrics_variables, *model.optimizer.variables]
    return list({id(variable): variable for variable in variables}.values())
