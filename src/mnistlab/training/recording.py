"""What those who watch a training can follow: loss and accuracy of its steps, in the run's progress file."""

from typing import Any

from mnistlab.acceleration import BlockStream
from mnistlab.backend import keras
from mnistlab.journal import Journal


class RecordingCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes every half second how well the steps since the last time went, and every epoch.

    Keras' figures are means over the epoch so far. Written are the means over the images since the step that was
    written before, which show what a step changed.

    Args:
        journal: where the training stands; `ProgressCallback` must come first and keep its history. Without a log in
            it nothing is written.
        stream: what the network is trained on.
        num_steps: weight updates of each network.
        members: networks that are trained one after the other.
    """

    def __init__(self, journal: Journal, stream: BlockStream, *, num_steps: int, members: int) -> None:
        super().__init__()
        self._journal = journal
        self._stream = stream
        self._num_steps = num_steps
        self._members = members
        self._before: tuple[int, float, float] | None = None  # images in the epoch, their mean loss and accuracy

    def on_train_begin(self, logs: Any = None) -> None:
        """Says where the training begins or goes on."""
        log, journal = self._journal.log, self._journal
        if log:
            total = self._members * self._num_steps
            log.begin(self._steps(journal.num_calls), total, journal.rows, journal.train_seconds)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Begins the epoch's means, unless it was begun before an interruption: then they show after its next call."""
        self._before = None if self._steps_in_epoch(self._journal.num_calls) else (0, 0.0, 0.0)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Writes the step down, if it is time."""
        log, journal = self._journal.log, self._journal
        if log is None or (self._before is not None and not log.is_step_due()):
            return
        num_calls = journal.num_calls + 1  # the checkpoint's callback counts this one after us
        steps_in_epoch = self._steps_in_epoch(num_calls) or self._stream.steps_per_epoch
        num_images = min(steps_in_epoch * self._stream.batch_size, self._stream.num_images)
        now = num_images, float(logs["loss"]), float(logs["accuracy"])
        if self._before is not None:
            loss, accuracy = (_mean_since(self._before, now, column) for column in (1, 2))
            figures = {"epoch": self._epoch(num_calls), "loss": round(loss, 6), "accuracy": round(accuracy, 6)}
            log.step(self._steps(num_calls), figures | {"seconds": round(journal.train_seconds, 3)})
        self._before = now

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes the epoch's row down."""
        if self._journal.log:
            self._journal.log.epoch(self._steps(self._journal.num_calls), self._journal.rows[-1])

    def close(self) -> None:
        """Leaves nothing unwritten."""
        if self._journal.log:
            self._journal.log.flush()

    @property
    def _steps_per_call(self) -> int:
        return self._stream.steps_per_block if hasattr(self.model, "fit_blocks") else 1

    @property
    def _calls_per_epoch(self) -> int:
        return -(-self._stream.steps_per_epoch // self._steps_per_call)

    def _steps_in_epoch(self, num_calls: int) -> int:
        """Weight updates since the begin of the epoch under way, 0 at its end."""
        return num_calls % self._calls_per_epoch * self._steps_per_call

    def _steps(self, num_calls: int) -> int:
        """Weight updates of this network and those before it, after so many calls of the training function."""
        whole = num_calls // self._calls_per_epoch * self._stream.steps_per_epoch
        steps = min(whole + self._steps_in_epoch(num_calls), self._num_steps)
        return len(self._journal.finished) * self._num_steps + steps

    def _epoch(self, num_calls: int) -> int:
        """The epoch of a call, counted over all networks, from 1."""
        epochs = -(-self._num_steps // self._stream.steps_per_epoch)
        return len(self._journal.finished) * epochs + -(-num_calls // self._calls_per_epoch)


def _mean_since(before: tuple[int, float, float], now: tuple[int, float, float], column: int) -> float:
    """The mean over the images between two moments, from the means over all images until then."""
    mean = (now[0] * now[column] - before[0] * before[column]) / (now[0] - before[0])
    return max(0.0, mean)  # rounding
