"""Starts a sandboxed process, listens to it, and ends it when it exceeds a limit."""

import contextlib
import dataclasses
import json
import os
import signal
import site
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from mnistlab.system.sandbox import scratch
from mnistlab.system.sandbox.limits import GIB, MIB, Limits, make_meter
from mnistlab.system.sandbox.pipes import LineSplitter, PipeReader, Tail

Reason = Literal["ended", "time", "memory", "output", "reports", "files", "threads"]

WATCH_SECONDS = 0.05
FOLDER_SECONDS = 0.5
_KEPT_VARIABLES = (
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT", "KERAS_BACKEND"),
    *("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "TF_ENABLE_ONEDNN_OPTS"),
)


@dataclasses.dataclass(frozen=True)
class ExitReport:
    """How a sandboxed process ended.

    Args:
        reason: `ended` by itself, or the limit that it exceeded.
        message: The reason as a part of a sentence: "it ran longer than 600 seconds"; empty if it ended well.
        exit_code: Exit code of the process; if negative, the number of the signal that ended it.
        seconds: Duration from start to end in seconds.
        tail: The last text that it printed.
    """

    reason: Reason
    message: str
    exit_code: int
    seconds: float
    tail: str


def run_sandboxed(
    module: str,
    arguments: Sequence[str],
    folder: Path,
    limits: Limits,
    listen: Callable[[bytes], None],
    variables: Mapping[str, str] | None = None,
) -> ExitReport:
    """Runs `module.main(pipe, arguments)` in a sandboxed process and waits until it has ended or was ended.

    Args:
        module: Module whose `main` takes the descriptor of a pipe to write lines into, and the arguments.
        arguments: Arguments of that function.
        folder: Working folder of the process, the only one that it can write to where `files` is in force.
        limits: Limits of the process.
        listen: Function that gets each line of the pipe, in another thread. The first line says which protections are
            in force; later ones may come from the untrusted code.
        variables: Variables of the environment, beside the few that are kept.

    Raises:
        KeyboardInterrupt: the user pressed Ctrl-C; the process has been ended then.
    """
    started = time.monotonic()
    settings = {"folder": str(folder), "limits": dataclasses.asdict(limits), "watcher": os.getpid()}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "mnistlab.system.sandbox", json.dumps(settings), module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=_environment(folder) | dict(variables or {}),
        start_new_session=True,  # a terminal's Ctrl-C reaches the watcher alone
    )
    if process.stdout is None or process.stderr is None:
        raise RuntimeError("The sandboxed process has no pipes.")
    reports = PipeReader(process.stdout, limits.report_bytes, LineSplitter(limits.line_bytes, listen).add)
    tail = Tail()
    output = PipeReader(process.stderr, limits.output_bytes, tail.add)
    try:
        reason = _watch(process, folder, limits, started, reports, output)
    finally:
        _end(process)
        reports.close()
        output.close()
    message = _explain(reason, limits, process.returncode)
    seconds = time.monotonic() - started
    return ExitReport(reason, message, process.returncode, seconds, tail.content.decode(errors="replace"))


def _environment(folder: Path) -> dict[str, str]:
    """The few variables that a process needs; the others often hold keys and passwords."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    paths = [str(Path(entry).resolve()) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    places = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"))
    return (
        kept
        | ({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})
        | {name: str(folder) for name in places}
        | {
            "PYTHONUSERBASE": site.getuserbase(),  # it would follow HOME
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            "CUDA_VISIBLE_DEVICES": "-1",  # a GPU's driver is reached through devices, which are out of bounds
        }
    )


def _watch(
    process: "subprocess.Popen[bytes]",
    folder: Path,
    limits: Limits,
    started: float,
    reports: PipeReader,
    output: PipeReader,
) -> Reason:
    """Waits until the process ends, or returns the reason why it must be ended."""
    use = make_meter(process.pid)
    next_measurement = 0.0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(WATCH_SECONDS)
        ended, now = process.returncode is not None, time.monotonic()
        if ended:
            reports.finish()
            output.finish()
        if output.is_full:
            return "output"
        if reports.is_full:
            return "reports"
        if ended:
            return "ended"
        if now - started > limits.seconds:
            return "time"
        memory, num_threads, num_written = use()
        if memory > limits.memory_bytes:
            return "memory"
        if num_threads > limits.num_threads:
            return "threads"
        if num_written > limits.written_bytes:
            return "files"
        if now >= next_measurement:
            num_bytes, num_entries = scratch.measure(folder, limits.num_files)
            if num_bytes > limits.folder_bytes or num_entries > limits.num_files:
                return "files"
            next_measurement = time.monotonic() + FOLDER_SECONDS


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends the process, and any processes that it managed to start."""
    if process.returncode is None:
        process.kill()
    if os.name == "posix":
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _explain(reason: Reason, limits: Limits, exit_code: int) -> str:
    explanations = {
        "time": f"it ran longer than {limits.seconds:,.0f} seconds",
        "memory": f"it used more than {limits.memory_bytes / GIB:,.3g} GB of memory",
        "output": f"it printed more than {limits.output_bytes / MIB:,.0f} MB",
        "reports": f"it reported more than {limits.report_bytes / MIB:,.0f} MB",
        "files": f"it wrote more than {limits.folder_bytes / MIB:,.0f} MB or {limits.num_files:,} files",
        "threads": f"it started more than {limits.num_threads:,} threads",
        "ended": "",
    }
    if reason != "ended" or exit_code == 0:
        return explanations[reason]
    if exit_code > 0:
        return f"the process ended with exit code {exit_code}"
    try:
        return f"the process was ended by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"the process was ended by signal {-exit_code}"
