"""Keras callbacks that show, record and save a training run."""

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

from mnistlab.exceptions import InterruptionError, TrainingError
from mnistlab.models.backend import keras
from mnistlab.recipes import Recipe
from mnistlab.runs.checkpoint import Checkpoint, state_of
from mnistlab.runs.run import HistoryRow
from mnistlab.system.console import BAR_WIDTH, Console
from mnistlab.system.interruption import StopRequest
from mnistlab.system.text import percent
from mnistlab.training.fitting import FitPlan


class ProgressCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Shows the progress of a training run and keeps its history.

    Args:
        checkpoint: The checkpoint that history and times go into.
        recipe: The recipe of the whole training run.
        plan: The calls and steps in the training of one network.
        quiet: Whether to write nothing; otherwise a line for each epoch and, on a terminal, a live bar.
    """

    def __init__(self, checkpoint: Checkpoint, recipe: Recipe, plan: FitPlan, *, quiet: bool) -> None:
        super().__init__()
        self._checkpoint = checkpoint
        self._recipe = recipe
        self._num_calls = plan.num_calls
        self._console = Console(quiet=quiet)
        self._bar = self._console.progress(
            TextColumn("{task.description}"),
            BarColumn(BAR_WIDTH),
            TextColumn("{task.fields[result]}"),
            TimeRemainingColumn(),
        )

    def say(self, text: str) -> None:
        """Shows a line, above the bar if there is one."""
        self._console.line(text)

    def on_train_begin(self, logs: Any = None) -> None:
        """Opens the bar."""
        if not self._bar.task_ids:  # the rest of an epoch and the later ones are one training run
            done = self._checkpoint.num_calls
            self._task = self._bar.add_task("", completed=done, total=self._num_calls, result="")
            self._bar.start()

    def close(self) -> None:
        """Removes the bar and shows the cursor again; does nothing if there is no bar."""
        self._bar.stop()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the clock of an epoch."""
        self._checkpoint.begin_epoch()
        self._bar.update(self._task, description=self._title(epoch))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Moves the bar."""
        if self._console.is_live:  # else the figures would be fetched from the accelerator in vain
            result = f"loss {float(logs['loss']):.4f}  accuracy {percent(float(logs['accuracy']), unit='%')}"
            self._bar.update(self._task, advance=1, result=result)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keeps the epoch's row and shows it."""
        member = {"member": len(self._checkpoint.finished) + 1} if self._recipe.members > 1 else {}
        figures = {name: float(value) for name, value in logs.items()}
        row = cast(HistoryRow, member | {"epoch": epoch + 1} | figures)
        self._checkpoint.end_epoch(row)
        self._console.line(f"  {self._title(epoch)}  {_figures(self._checkpoint.epoch_seconds[-1], row)}")

    def _title(self, epoch: int) -> str:
        members = self._recipe.members
        of_members = f"network {len(self._checkpoint.finished) + 1}/{members}, " if members > 1 else ""
        return f"{of_members}epoch {epoch + 1}/{self._recipe.epochs}"


def _figures(seconds: float, row: HistoryRow) -> str:
    line = f"{seconds:6.1f} s  loss {row['loss']:.4f}  accuracy {percent(row['accuracy'])}"
    return line + (f"  validation {percent(row['val_accuracy'])}" if "val_accuracy" in row else "")


class RecordingCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Records loss and accuracy in the progress file, every half second and for every epoch.

    Keras' figures are means over the epoch so far. The file gets the means over the images since the last recorded
    step, which show what changed.

    Args:
        checkpoint: The state of the training run; `ProgressCallback` must come first and keep its history. Without a
            log in it nothing is recorded.
        plan: The calls and steps in the training of each network.
        members: Number of networks that are trained one after the other.
    """

    def __init__(self, checkpoint: Checkpoint, plan: FitPlan, *, members: int) -> None:
        super().__init__()
        self._checkpoint = checkpoint
        self._plan = plan
        self._members = members
        self._before: tuple[int, float, float] | None = None  # images in the epoch, their mean loss and accuracy

    def on_train_begin(self, logs: Any = None) -> None:
        """Records where the training run begins or goes on."""
        log, checkpoint = self._checkpoint.log, self._checkpoint
        if log:
            total = self._members * self._plan.num_steps
            log.begin(self._steps(checkpoint.num_calls), total, checkpoint.rows, checkpoint.train_seconds)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Begins the epoch's means; after an interruption within the epoch they are known only after the next call."""
        self._before = None if self._plan.steps_in_epoch(self._checkpoint.num_calls) else (0, 0.0, 0.0)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Records the step, if it is time."""
        log, checkpoint = self._checkpoint.log, self._checkpoint
        if log is None or (self._before is not None and not log.is_step_due()):
            return
        num_calls = checkpoint.num_calls + 1  # `CheckpointCallback` counts this call later
        now = self._plan.images_in_epoch(num_calls), float(logs["loss"]), float(logs["accuracy"])
        if self._before is not None:
            loss, accuracy = (_mean_since(self._before, now, column) for column in (1, 2))
            figures = {"epoch": self._epoch(num_calls), "loss": round(loss, 6), "accuracy": round(accuracy, 6)}
            log.step(self._steps(num_calls), figures | {"seconds": round(checkpoint.train_seconds, 3)})
        self._before = now

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Records the epoch's row."""
        if self._checkpoint.log:
            self._checkpoint.log.epoch(self._steps(self._checkpoint.num_calls), self._checkpoint.rows[-1])

    def close(self) -> None:
        """Writes the lines that are still collected."""
        if self._checkpoint.log:
            self._checkpoint.log.flush()

    def _steps(self, num_calls: int) -> int:
        """Weight updates of this network and those before it, after `num_calls` calls of the training function."""
        return len(self._checkpoint.finished) * self._plan.num_steps + self._plan.steps_after(num_calls)

    def _epoch(self, num_calls: int) -> int:
        """The epoch of a call, counted over all networks, from 1."""
        earlier = len(self._checkpoint.finished) * self._plan.epoch_of(self._plan.num_calls)
        return earlier + self._plan.epoch_of(num_calls)


def _mean_since(before: tuple[int, float, float], now: tuple[int, float, float], column: int) -> float:
    """The mean over the images between two moments, from the means over all images up to each."""
    mean = (now[0] * now[column] - before[0] * before[column]) / (now[0] - before[0])
    return max(0.0, mean)  # rounding may take it below 0


class CheckpointCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Resumes a training run from its checkpoint, saves it, and ends the run if numbers overflow or the user asks.

    Args:
        checkpoint: The state of the training run; `ProgressCallback` must come first and keep its history.
        plan: The calls and steps in the training of one network.
        stop: The request of the user to stop, if there is one.
    """

    def __init__(self, checkpoint: Checkpoint, plan: FitPlan, *, stop: StopRequest) -> None:
        super().__init__()
        self._checkpoint = checkpoint
        self._num_calls = plan.num_calls
        self._to_restore = checkpoint.state
        self._calls_per_epoch = plan.calls_per_epoch
        self._stop = stop

    def on_train_begin(self, logs: Any = None) -> None:
        """Restores weights, random states and optimizer."""
        self._restore()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Restores the metrics of an unfinished epoch, which Keras has just set to zero."""
        if self._checkpoint.num_calls % self._calls_per_epoch:
            self._restore()
        self._to_restore = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Checks loss and weights, and saves when it is time, but not at the end of an epoch, which has no row yet."""
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            raise not_finite(f"The loss became {loss}", self._step)
        # A ReLU may turn NaN into 0, and then the loss does not show it.
        self._check(_values(self.model.weights))
        self._checkpoint.num_calls += 1
        if self._checkpoint.num_calls % self._calls_per_epoch and self._checkpoint.num_calls < self._num_calls:
            self._save_if_due()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Checks all numbers, and saves when it is time; after the last epoch `Checkpoint.finish_network` saves."""
        if not all(math.isfinite(value) for value in logs.values()):
            raise not_finite("The validation loss is not a finite number", self._step)
        state = _values(state_of(self.model))
        self._check(state)
        if self._checkpoint.num_calls < self._num_calls:
            self._save_if_due(state)

    def _save_if_due(self, state: list[NDArray[Any]] | None = None) -> None:
        """Saves the state when it is time; a state that is given has been checked before."""
        if self._checkpoint.is_due or self._stop.requested:
            if state is None:
                state = _values(state_of(self.model))
                self._check(state)
            self._checkpoint.save(state)
        if self._stop.requested:
            raise InterruptionError(
                f"Stopped after step {self._step:,}; {self._checkpoint.path} keeps everything up to there. "
                "The same command goes on from it."
            )

    def _check(self, state: list[NDArray[Any]]) -> None:
        if not all(np.isfinite(array).all() for array in state if array.dtype.kind == "f"):
            raise not_finite("A weight, or a moment of the optimizer, stopped being a finite number", self._step)

    @property
    def _step(self) -> int:
        return int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))

    def _restore(self) -> None:
        if self._to_restore:
            for variable, value in zip(state_of(self.model), self._to_restore, strict=True):
                variable.assign(value)


def _values(variables: Sequence[Any]) -> list[NDArray[Any]]:
    return [keras.ops.convert_to_numpy(variable.value) for variable in variables]


def not_finite(what: str, step: int) -> TrainingError:
    """The error that ends a training run whose numbers overflowed.

    Args:
        what: What happened, as the beginning of a sentence.
        step: Weight updates of the current network so far.
    """
    return TrainingError(
        f"{what} in step {step:,}; training stopped there, and no model was written. "
        "Try a smaller learning rate, a larger batch size or the precision float32, in another folder.",
        argument="folder",
    )
