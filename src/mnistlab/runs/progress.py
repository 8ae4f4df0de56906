"""How far a training is, step by step, in one file of a run folder that others can follow while it grows.

The file is a convenience for those who watch: no training reads it, and losing it loses no result. So it stands in no
manifest, and nothing that goes wrong with it stops a training.
"""

import json
import math
import os
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
STEP_SECONDS = 0.5  # between two steps that are written down
FLUSH_SECONDS = 0.25  # between two writes: with quick epochs several lines go together

Line = dict[str, Any]


class ProgressLog:
    """Writes how far a training is, a line of JSON an event, and only ever adds to the file.

    `begin` opens every part of a training that was interrupted: what the file says of later steps than its own was
    undone by the interruption. So whoever follows the file never has to read a line twice.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / PROGRESS_FILE
        self._waiting = b""
        self._flushed_at = self._step_at = -math.inf
        self._begun = self._broken = False

    def begin(self, step: int, num_steps: int, history: Iterable[Mapping[str, Any]], seconds: float) -> None:
        """Says where the training begins or goes on; only the first call does, not that of a second network.

        Args:
            step: weight updates behind it, of all its networks.
            num_steps: and in the whole training.
            history: a row for every finished epoch.
            seconds: of training behind it.
        """
        if self._begun:
            return
        self._begun = True
        unfinished = _lacks_newline(self.path)  # a process that died in the middle of a line
        line = {"event": "begin", "step": step, "num_steps": num_steps, "seconds": round(seconds, 3)}
        self._add(line | {"process": os.getpid(), "history": list(history)}, prefix=b"\n" if unfinished else b"")
        self.flush()

    def is_step_due(self) -> bool:
        """Whether the last step that was written down is long enough ago."""
        return time.monotonic() - self._step_at >= STEP_SECONDS

    def step(self, step: int, figures: Mapping[str, Any]) -> None:
        """Writes a step down, with `epoch`, `loss`, `accuracy` and `seconds`."""
        self._step_at = time.monotonic()
        self._add({"event": "step", "step": step, **figures})

    def epoch(self, step: int, row: Mapping[str, Any]) -> None:
        """Writes down the row of an epoch that ended with a step."""
        self._add({"event": "epoch", "step": step, **row})

    def flush(self) -> None:
        """Brings what was collected into the file."""
        if self._waiting and not self._broken:
            try:
                append_bytes(self.path, self._waiting)
            except RunError:
                self._broken = True  # a full disk also stops the checkpoint, which says so
        self._waiting, self._flushed_at = b"", time.monotonic()

    def _add(self, line: Line, prefix: bytes = b"") -> None:
        try:
            text = json.dumps(line, separators=(",", ":"), allow_nan=False)
        except ValueError:  # a loss that is no number, which ends the training in a moment
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
    """What the lines of a progress file come to.

    Args:
        num_steps: of the whole training, 0 where nothing was written yet.
        seconds: of training until the last line.
        done: weight updates until the last line.
        process: the number of the process that wrote it, 0 where nothing was written yet.
        steps: `step`, `epoch`, `loss`, `accuracy` and `seconds` of those that were written down and not undone.
        history: a row for every finished epoch.

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

    def add(self, line: Line | None) -> None:
        """Takes the next line into account; `None`, what is no line of a progress file, changes nothing."""
        if line is None:
            return
        content = {key: value for key, value in line.items() if key != "event"}
        if line["event"] == "begin":
            self.steps = [row for row in self.steps if row["step"] <= line["step"]]
            self.history, self.num_steps = list(line["history"]), line["num_steps"]
            self.seconds, self.process = line["seconds"], line["process"]
        elif line["event"] == "step":
            self.steps.append(content)
            self.seconds = line["seconds"]
        else:
            self.history.append({key: value for key, value in content.items() if key != "step"})
        self.done = line["step"]


def parse_line(text: bytes) -> Line | None:
    """A line of a progress file, or `None` for what is none, such as the half of one that a dying process left."""
    try:
        line = parse_json(text)
        return line if _is_sound(line) else None
    except ValueError:
        return None


def _is_sound(line: Any) -> bool:
    if not isinstance(line, dict) or not _is_count(line.get("step")):
        return False
    numbers = {"begin": ("seconds",), "step": ("epoch", "loss", "accuracy", "seconds"), "epoch": ("epoch", "loss")}
    wanted = numbers.get(str(line.get("event")))
    if wanted is None or not all(_is_number(line.get(name)) for name in wanted):
        return False
    history = line.get("history")
    is_history = isinstance(history, list) and all(isinstance(row, dict) for row in history)
    return line["event"] != "begin" or (
        is_history and all(_is_count(line.get(key)) for key in ("num_steps", "process"))
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def read_progress(folder: Path) -> Progress:
    """How far the training in a run folder is, as its progress file has it; nothing where there is no such file."""
    progress = Progress()
    try:
        content = read_limited(folder / PROGRESS_FILE, MAX_FILE_BYTES)
    except OSError:
        return progress
    for text in content.split(b"\n")[:-1]:
        progress.add(parse_line(text))
    return progress
