"""The process of a training run: it outlives the server that started it, is found again, and can be asked to end.

A process number alone proves nothing, because numbers are used again. The command does: it names the run's folder, in
which only one process at a time can train. So no process is asked to end unless its command fits.
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

from mnistlab.exceptions import RunError
from mnistlab.system import locks
from mnistlab.system.files import write_json

PRIORITY = 5  # niceness: the page answers first if both need the processor, and the training still gets its share

_NOTING = threading.Lock()  # so that the end of one process never overwrites the start of the next


@dataclass(frozen=True)
class Start:
    """The last start of a training run from the page.

    Args:
        recipe: The recipe in the form of `recipe.toml`; the run's folder has that file only after data and Keras are
            loaded.
        command: All arguments of the process.
        pid: Number of the process.
        started: Time of the start in seconds since 1970.
        exit_code: Exit code of the process, or minus the number of the signal that ended it; `None` if it has not ended
            or no server saw its end.
    """

    recipe: str
    command: tuple[str, ...]
    pid: int
    started: float
    exit_code: int | None = None


def read_start(path: Path) -> Start | None:
    """The start that a file notes, or `None` if there is none in it."""
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
    """Starts `mnistlab` as a process in a session of its own, and notes its start and its end.

    Args:
        arguments: Arguments after `mnistlab`.
        recipe: The recipe that they train, in the form of `recipe.toml`.
        note: File for the note, which `read_start` reads.
        log: File for the process's standard error; it is overwritten.

    Raises:
        RunError: if no process can be started.
    """
    command = [sys.executable, "-m", "mnistlab", *arguments]
    # A process group of its own, on Windows too: Ctrl-C in the server's terminal must not end the training.
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
        except BaseException:  # a full disk, say: without its note nobody could find the process
            process.terminate()
            raise


def _wait(process: subprocess.Popen[bytes], start: Start, note: Path) -> None:
    """Waits for a process, so that no zombie is left, and notes its exit code."""
    exit_code = process.wait()
    with _NOTING, contextlib.suppress(RunError):  # the folder may be gone
        if read_start(note) == start:
            write_json(note, asdict(start) | {"exit_code": exit_code})


def command_of(pid: int) -> tuple[str, ...]:
    """The arguments with which a process was started; empty if it has ended or cannot be inspected."""
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
        folder: Folder of the run; it need not exist yet.
        start: The last start of the training from the page, if there was one.

    Returns:
        Number of the process; 0 if the number is not known, `None` if there is no such process.
    """
    if start is not None and start.exit_code is None and _is_start(start.pid, start):
        return start.pid
    return locks.lock_owner(folder)


def _is_start(pid: int, start: Start) -> bool:
    found = command_of(pid)
    return bool(found) and " ".join(found) == " ".join(start.command)  # ps does not say where an argument ends


def ask_to_end(folder: Path, start: Start | None) -> bool:
    """Asks the process that trains in a folder to save and end, if it certainly does nothing else.

    Args:
        folder: Folder of the run.
        start: The last start of the training from the page, if there was one.

    Returns:
        Whether the process was asked. It is not if no process trains there, or if it was started for something else.
    """
    pid = process_of(folder, start)
    if not pid:
        return False
    with contextlib.ExitStack() as closing:
        descriptor = None
        with contextlib.suppress(OSError, AttributeError):  # Linux only; while it is open the number is not used again
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
    """Whether a process is `mnistlab train` and holds the lock of a folder."""
    found = command_of(pid)
    words = [Path(word).name for word in found[:4]]  # python -m mnistlab train, python …/bin/mnistlab train
    is_training = "train" in words and not {"mnistlab", "mnistlab.cli", "mnistlab.cli.main"}.isdisjoint(words)
    return is_training and locks.lock_owner(folder) == pid
