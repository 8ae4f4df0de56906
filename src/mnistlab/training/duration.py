"""How long a training run is going to take, said after its first steps.

No table of processors could say it: a recipe that takes a minute on one takes five on the next. The first steps are the
trial, so it costs nothing.
"""

import time
from collections.abc import Callable
from typing import Any

from mnistlab.models.backend import keras
from mnistlab.runs.checkpoint import Checkpoint
from mnistlab.system.text import duration
from mnistlab.training.fitting import FitPlan

TRIAL_SECONDS = 2.0  # of weight updates, after the first call, which also builds the graph
MIN_SECONDS = 30.0  # a shorter training run needs no announcement


class DurationCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Measures the first weight updates and says once how long all of them are going to take.

    Args:
        checkpoint: The state of the training run; `CheckpointCallback` must come first and count its calls.
        plan: The calls and steps in the training of each network.
        members: Number of networks that are trained one after the other.
        say: Function that shows a line.
        clock: Function that gives the seconds since some moment.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        plan: FitPlan,
        *,
        members: int,
        say: Callable[[str], object],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__()
        self._checkpoint = checkpoint
        self._plan = plan
        self._members = members
        self._say = say
        self._clock = clock
        self._started = clock()
        self._steps_before = plan.steps_after(checkpoint.num_calls)  # of this network, before an interruption
        self._goes_on = bool(self._steps_before or checkpoint.finished)
        self._first: tuple[float, int] | None = None  # moment and steps at the end of the first call
        self._is_said = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Says it as soon as the trial was long enough."""
        now, steps = self._clock(), self._plan.steps_after(self._checkpoint.num_calls)
        if self._first is None:
            self._first = now, steps
        elif not self._is_said and now - self._first[0] >= TRIAL_SECONDS:
            self._is_said = True
            seconds = now - self._started + self._seconds_left(now, steps)
            if seconds >= MIN_SECONDS:
                takes = "the rest takes" if self._goes_on else "takes"
                self._say(f"  {takes} about {duration(seconds)} on this machine")

    def _seconds_left(self, now: float, steps: int) -> float:
        """The time for the other steps, and for building the graph of each network that is still to come."""
        began, first_steps = self._first or (self._started, self._steps_before)
        seconds_per_step = (now - began) / (steps - first_steps)
        building = max(0.0, began - self._started - seconds_per_step * (first_steps - self._steps_before))
        networks = self._members - len(self._checkpoint.finished)  # this one and those to come
        return (networks * self._plan.num_steps - steps) * seconds_per_step + (networks - 1) * building
