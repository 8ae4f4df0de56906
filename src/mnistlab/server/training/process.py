"""The process of a training: it outlives whoever started it, is found again, and is asked to end only if it is the one.

A process number alone proves nothing, because numbers are given again. What a process was started with does: the
command names the run's folder, in which one process at a time can train.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnistlab import claims
from mnistlab.exceptions import RunError
from mnistlab.files import write_json

PRIORITY = 5  # nice: the page answers first where both want the processor, and the training still gets its share

_NOTING = threading.Lock()  # the end of a process is not noted over the start of the next one


@dataclass(frozen=True)
class Start:
    """How a training was last started from the page.

    Args:
        recipe: what it trains, as `recipe.toml` has it; the folder has one only when data and Keras are loaded.
        command: all arguments of the process.
        pid: its number.
        started: in seconds since 1970.
        exit_code: what it ended with, if that was seen; minus the number of the signal that ended it.
    """

    recipe: str
    command: tuple[str, ...]
    pid: int
    started: float
    exit_code: int | None = None


def read_start(path: Path) -> Start | None:
    """The last start that was noted in a file, or `None` if it holds none."""
    try:
        noted: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        command = tuple(str(part) for part in noted["command"])
        code = noted["exit_code"]
        return Start(
            str(noted["recipe"]),
            command,
            int(noted["pid"]),
            float(noted["started"]),
            None if code is None else int(code),
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def start_process(arguments: list[str], recipe: str, note: Path, log: Path) -> None:
    """Starts `mnistlab` as a process of its own session, and notes what was started and how it ended.

    Args:
        arguments: of the command line.
        recipe: what it trains, as `Recipe.to_toml` gives it.
        note: the file for `read_start`.
        log: the file for its standard error; what was in it is lost.

    Raises:
        RunError: if no process can be started.
    """
    command = [sys.executable, "-m", "mnistlab", *arguments]
    # A group of its own, on Windows too: Ctrl-C in the server's terminal is not meant for the training.
    apart: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    with _NOTING:
        try:
            with log.open("wb") as said:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    start_new_session=True,
                    **apart,
                )
        except OSError as error:
            raise RunError(f"The training could not be started: {error.strerror or error}.") from error
        with contextlib.suppress(OSError, AttributeError):  # it may have ended; Windows has other priorities
            os.setpriority(os.PRIO_PROCESS, process.pid, PRIORITY)
        start = Start(recipe, tuple(command), process.pid, time.time())
        threading.Thread(target=_wait, args=(process, start, note), daemon=True).start()
        try:
            write_json(note, asdict(start))
        except BaseException:  # a full disk: nobody would know of it
            process.terminate()
            raise


def _wait(process: subprocess.Popen[bytes], start: Start, note: Path) -> None:
    """Sees to it that no dead process is left behind, and notes how it ended."""
    exit_code = process.wait()
    with _NOTING, contextlib.suppress(RunError):  # the folder may be gone
        if read_start(note) == start:
            write_json(note, asdict(start) | {"exit_code": exit_code})


def command_of(pid: int) -> tuple[str, ...]:
    """The arguments that a process was started with; none if it has ended or cannot be looked at."""
    with contextlib.suppress(OSError):
        if Path("/proc/self/cmdline").exists():
            content = Path(f"/proc/{pid}/cmdline").read_bytes()
            return tuple(os.fsdecode(part) for part in content.split(b"\0")[:-1])
        if os.name == "posix":
            said = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, check=False)
            return tuple(os.fsdecode(said.stdout).strip().split())
    return ()


def process_of(folder: Path, start: Start | None) -> int | None:
    """The process that trains in a run folder.

    Args:
        folder: of the run; it need not exist yet.
        start: how the training was last started from the page, if it was.

    Returns:
        Its number, 0 if it is not known, or `None` if no process does.
    """
    if start is not None and start.exit_code is None and _is_start(start.pid, start):
        return start.pid
    return claims.owner(folder)


def _is_start(pid: int, start: Start) -> bool:
    found = command_of(pid)
    return bool(found) and " ".join(found) == " ".join(start.command)  # ps does not say where an argument ends


def ask_to_end(folder: Path, start: Start | None) -> bool:
    """Asks the process that trains in a folder to save and end, if it is proved to be one that does only that.

    Args:
        folder: of the run.
        start: how the training was last started from the page, if it was.

    Returns:
        Whether it was asked. Not, if no process trains there, or one that was started for something else.
    """
    pid = process_of(folder, start)
    if not pid:
        return False
    with contextlib.ExitStack() as closing:
        descriptor = None
        with contextlib.suppress(OSError, AttributeError):  # Linux alone; it keeps the number from being given again
            descriptor = os.pidfd_open(pid)
            closing.callback(os.close, descriptor)
        if not (start is not None and _is_start(pid, start)) and not _trains_only(pid, folder):
            return False
        try:
            if descriptor is not None:
                signal.pidfd_send_signal(descriptor, signal.SIGTERM)
            else:
                os.kill(pid, signal.SIGTERM)
        except OSError:
            return False
    return True


def _trains_only(pid: int, folder: Path) -> bool:
    """Whether a process is `mnistlab train` and owns a folder at the same moment."""
    found = command_of(pid)
    words = [Path(word).name for word in found[:4]]  # python -m mnistlab train, python …/bin/mnistlab train
    is_training = "train" in words and not {"mnistlab", "mnistlab.cli"}.isdisjoint(words)
    return is_training and claims.owner(folder) == pid
