"""The progress of a training run, step by step, in one file of the run folder that others can follow while it grows.

The file is a convenience for those who watch: training never reads it, and losing it loses no result. So no manifest
lists it, and nothing that goes wrong with it stops a training run.
"""

import json
import math
import os
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnistlab.exceptions import RunError
from mnistlab.system.files import append_bytes
from mnistlab.system.foreign import parse_json, read_limited

PROGRESS_FILE = "progress.jsonl"
MAX_FILE_BYTES = 64 * 2**20  # a week of training
STEP_SECONDS = 0.5  # between two steps that are recorded
FLUSH_SECONDS = 0.25  # between two writes: with quick epochs several lines go together
RATE_STEPS = 40  # number of recorded steps, the last ones, from which the time left is estimated

Line = dict[str, Any]


class ProgressLog:
    """Records the progress of a training run, a line of JSON for each event, and only ever adds to the file.

    After an interruption, `begin` opens a new part: lines of later steps than its own were undone by the interruption.
    So a reader that follows the file never has to read a line twice.

    Args:
        folder: Path of the run folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / PROGRESS_FILE
        self._waiting = b""
        self._flushed_at = self._step_at = -math.inf
        self._begun = self._broken = False

    def begin(self, step: int, num_steps: int, history: Iterable[Mapping[str, Any]], seconds: float) -> None:
        """Records where the training run begins or goes on, in its first call; the calls of later networks do nothing.

        Args:
            step: Weight updates so far, of all networks.
            num_steps: Weight updates of the whole training run.
            history: A row for every finished epoch.
            seconds: Duration of training so far in seconds.
        """
        if self._begun:
            return
        self._begun = True
        unfinished = _lacks_newline(self.path)  # a process that died in the middle of a line
        line = {"event": "begin", "step": step, "num_steps": num_steps, "seconds": round(seconds, 3)}
        self._add(line | {"process": os.getpid(), "history": list(history)}, prefix=b"\n" if unfinished else b"")
        self.flush()

    def is_step_due(self) -> bool:
        """Whether the last recorded step is long enough ago."""
        return time.monotonic() - self._step_at >= STEP_SECONDS

    def step(self, step: int, figures: Mapping[str, Any]) -> None:
        """Records a step, with `epoch`, `loss`, `accuracy` and `seconds`."""
        self._step_at = time.monotonic()
        self._add({"event": "step", "step": step, **figures})

    def epoch(self, step: int, row: Mapping[str, Any]) -> None:
        """Records the row of an epoch that ended with a step."""
        self._add({"event": "epoch", "step": step, **row})

    def flush(self) -> None:
        """Writes the collected lines into the file."""
        if self._waiting and not self._broken:
            try:
                append_bytes(self.path, self._waiting)
            except RunError:
                self._broken = True  # a full disk also stops the checkpoint, which says so
        self._waiting, self._flushed_at = b"", time.monotonic()

    def _add(self, line: Line, prefix: bytes = b"") -> None:
        try:
            text = json.dumps(line, separators=(",", ":"), allow_nan=False)
        except ValueError:  # the loss is not a number, which is about to end the training run
            return
        self._waiting += prefix + text.encode() + b"\n"
        if time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self.flush()


def _lacks_newline(path: Path) -> bool:
    try:
        return path.read_bytes()[-1:] not in (b"", b"\n")
    except OSError:
        return False


@dataclass
class Progress:
    """The progress of a training run according to the lines of its file.

    Args:
        num_steps: Weight updates of the whole training run; 0 if nothing was written yet.
        seconds: Duration of training up to the last line, in seconds.
        done: Weight updates up to the last line.
        process: Id of the process that wrote the last part; 0 if nothing was written yet.
        steps: `step`, `epoch`, `loss`, `accuracy` and `seconds` of each step that was recorded and not undone.
        history: A row for every finished epoch.
        num_earlier: Number of `steps` from before the last resumption.

    Example:
        >>> progress = Progress()
        >>> for text in (
        ...     b'{"event":"begin","step":0,"num_steps":9,"seconds":0,"process":7,"history":[]}',
        ...     b'{"event":"step","step":5,"epoch":1,"loss":0.5,"accuracy":0.8,"seconds":1.5}',
        ... ):
        ...     progress.add(parse_line(text))
        >>> progress.steps[-1]["loss"], progress.done
        (0.5, 5)
    """

    num_steps: int = 0
    seconds: float = 0.0
    done: int = 0
    process: int = 0
    steps: list[Line] = field(default_factory=list)
    history: list[Line] = field(default_factory=list)
    num_earlier: int = 0

    @property
    def left_seconds(self) -> float | None:
        """Duration of the rest in seconds if it goes on at the speed of the last steps; `None` if that is unknown."""
        last = self.steps[max(self.num_earlier, len(self.steps) - RATE_STEPS) :]
        if len(last) < 2 or not self.num_steps:
            return None
        num_steps, seconds = (last[-1][name] - last[0][name] for name in ("step", "seconds"))
        return float(seconds / num_steps * max(0, self.num_steps - self.done)) if num_steps else None

    def add(self, line: Line | None) -> None:
        """Takes the next line into account; `None`, as `parse_line` returns for other text, changes nothing."""
        if line is None:
            return
        content = {key: value for key, value in line.items() if key != "event"}
        if line["event"] == "begin":
            self.steps = [row for row in self.steps if row["step"] <= line["step"]]
            self.num_earlier = len(self.steps)
            self.history, self.num_steps = list(line["history"]), line["num_steps"]
            self.seconds, self.process = line["seconds"], line["process"]
        elif line["event"] == "step":
            self.steps.append(content)
            self.seconds = line["seconds"]
        else:
            self.history.append({key: value for key, value in content.items() if key != "step"})
        self.done = line["step"]


def parse_line(text: bytes) -> Line | None:
    """A line of a progress file, or `None` for other text, such as half a line that a dying process left behind."""
    try:
        line = parse_json(text)
        return line if _is_sound(line) else None
    except ValueError:
        return None


def _is_sound(line: Any) -> bool:
    if not isinstance(line, dict) or not is_count(line.get("step")):
        return False
    numbers = {"begin": ("seconds",), "step": ("epoch", "loss", "accuracy", "seconds"), "epoch": ("epoch", "loss")}
    wanted = numbers.get(str(line.get("event")))
    if wanted is None or not all(is_number(line.get(name)) for name in wanted):
        return False
    history = line.get("history")
    is_history = isinstance(history, list) and all(isinstance(row, dict) for row in history)
    return line["event"] != "begin" or (is_history and all(is_count(line.get(key)) for key in ("num_steps", "process")))


def is_count(value: object) -> bool:
    """Whether something that was read from a file is a whole number, 0 or more, that a float can hold."""
    return isinstance(value, int) and is_number(value) and value >= 0


def is_number(value: object) -> bool:
    """Whether something that was read from a file is a number that a float can hold: neither NaN nor 10**400."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def read_progress(folder: Path) -> Progress:
    """The progress of the training run in a folder, from its progress file; none if there is no such file."""
    progress = Progress()
    try:
        content = read_limited(folder / PROGRESS_FILE, MAX_FILE_BYTES)
    except OSError:
        return progress
    for text in content.split(b"\n")[:-1]:
        progress.add(parse_line(text))
    return progress
