"""Where a training stands, in memory and on disk: enough to go on as if nothing had happened."""

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
from mnistlab.files import write_bytes
from mnistlab.runs import HistoryRow

Arrays = list[NDArray[Any]]
EpochFunction = Callable[[list[HistoryRow]], object]

_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)  # what a damaged checkpoint causes


class Journal:
    """History, times, finished networks and state of a training, over all its interruptions.

    A journal that finds a checkpoint takes the training up from there.

    Args:
        path: of the checkpoint, one NumPy archive.
        interval: seconds of work between checkpoints.
        on_epoch: called after every epoch with the `rows` until then.

    Attributes:
        history: a row for every finished epoch, of all networks.
        epoch_seconds: how long each of them took, validation included.
        finished: the weights of the networks that are trained.
        num_calls: calls of the training function that the network in training has behind it, over all its epochs.
        state: of the network in training at that point: weights, dropout's random states, metrics and optimizer; empty
            before its first call.

    Raises:
        RunError: if the checkpoint is damaged.
    """

    def __init__(self, path: Path, interval: float, on_epoch: EpochFunction | None = None) -> None:
        self.path = path
        self.interval = interval
        self._on_epoch = on_epoch
        self.history: list[HistoryRow] = []
        self.epoch_seconds: list[float] = []
        self.finished: list[Arrays] = []
        self.num_calls = 0
        self.state: Arrays = []
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

    def begin_next_network(self, weights: Arrays) -> None:
        """Keeps the weights of a network that is trained; the next one begins."""
        self.finished.append(weights)
        self.num_calls = 0
        self.save([])

    @property
    def is_due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return _since(self._saved_at) >= self.interval

    def save(self, state: Arrays) -> None:
        """Writes a checkpoint, whole or not at all.

        Raises:
            RunError: if it cannot be written; the one before is untouched.
        """
        self.state = state
        position = {
            "num_calls": self.num_calls,
            "history": self.history,
            "epoch_seconds": self.epoch_seconds,
            "seconds_in_epoch": self._seconds_in_epoch + _since(self._epoch_started),
            "train_seconds": self.train_seconds,
        }
        arrays = {f"state.{index}": array for index, array in enumerate(state)}
        for number, weights in enumerate(self.finished):
            arrays |= {f"finished.{number}.{index}": array for index, array in enumerate(weights)}
        buffer = io.BytesIO()
        np.savez(buffer, position=np.frombuffer(json.dumps(position).encode(), np.uint8), **arrays)  # type: ignore[arg-type]
        write_bytes(self.path, buffer.getvalue())
        self._saved_at = time.perf_counter()

    def _load(self) -> None:
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            position = json.loads(arrays["position"].tobytes())
            self.num_calls, self.history = position["num_calls"], position["history"]
            self.epoch_seconds = position["epoch_seconds"]
            self._seconds_in_epoch, self._train_seconds = position["seconds_in_epoch"], position["train_seconds"]
        except _DAMAGE as error:
            raise _damaged(self.path) from error
        self.state = _numbered(arrays, "state.")
        num_finished = len({name.split(".")[1] for name in arrays if name.startswith("finished.")})
        self.finished = [_numbered(arrays, f"finished.{number}.") for number in range(num_finished)]


def count_epochs(path: Path) -> int:
    """How many epochs a training has behind it, of all its networks; reads a few kilobytes of the checkpoint.

    Args:
        path: of the checkpoint; where there is none, no epoch is finished.

    Raises:
        RunError: if the checkpoint is damaged.
    """
    if not path.exists():
        return 0
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return len(json.loads(archive["position"].tobytes())["history"])
    except _DAMAGE as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> RunError:
    return RunError(f"{path} is damaged, so the training cannot go on from it. Delete it to train from the beginning.")


def _since(moment: float | None) -> float:
    return 0.0 if moment is None else time.perf_counter() - moment


def _numbered(arrays: Mapping[str, NDArray[Any]], prefix: str) -> Arrays:
    count = sum(name.startswith(prefix) for name in arrays)
    return [arrays[f"{prefix}{index}"] for index in range(count)]


def state_of(model: Any) -> Sequence[Any]:
    """The variables that decide how a training goes on, each once, in an order that depends on the model alone."""
    variables = [*model.variables, *model.metrics_variables, *model.optimizer.variables]
    return list({id(variable): variable for variable in variables}.values())
