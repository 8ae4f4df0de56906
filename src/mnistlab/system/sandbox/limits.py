"""Limits of a sandboxed process, a meter of what it uses, and the protections that keep it within its limits."""

import dataclasses
import importlib.util
import platform
from collections.abc import Callable
from pathlib import Path

GIB = 2**30
MIB = 2**20

PROTECTIONS = {
    "limits": "CPU time, memory, file size and number of open files are limited by the system",
    "privileges": "the process has none of an administrator's privileges",
    "files": "it writes in its own temporary folder only, and reads there, Python's and the system's folders only",
    "processes": "it starts no processes and runs no programs",
    "signals": "it cannot signal, trace or slow down other processes",
    "network": "it reaches no network and no service of this machine",
    "metadata": "it cannot change modes, owners or dates of files",
}
"""What can be in force, by name. `confinement.confine` says which are; time, output and memory are always watched."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits of a sandboxed process, which is ended when it exceeds one.

    Args:
        seconds: Longest duration of the process in seconds.
        memory_bytes: Largest resident memory, swapped memory included.
        output_bytes: Largest total size of what it prints.
        report_bytes: Largest total size of its reports.
        line_bytes: Longest line of a report; longer ones are dropped.
        folder_bytes: Largest total size of the files in its folder.
        written_bytes: Most bytes that it may write in its life, wherever they go; known on Linux.
        num_files: Largest number of files and folders in its folder.
        file_bytes: Size of the largest file that it may write.
        num_threads: Largest number of threads; known on Linux.
    """

    seconds: float = 600.0
    memory_bytes: int = 6 * GIB
    output_bytes: int = 10 * MIB
    report_bytes: int = 64 * MIB
    line_bytes: int = MIB
    folder_bytes: int = 500 * MIB
    written_bytes: int = 2 * GIB
    num_files: int = 5000
    file_bytes: int = 200 * MIB
    num_threads: int = 1000


def make_meter(pid: int) -> Callable[[], tuple[int, int, int]]:
    """A function that measures a process: memory in bytes, threads, bytes written; each 0 if unknown."""
    if platform.system() == "Linux":
        return lambda: _read_status(pid)
    if importlib.util.find_spec("psutil") is None:
        return lambda: (0, 0, 0)
    import psutil

    def measure() -> tuple[int, int, int]:
        try:
            return int(psutil.Process(pid).memory_info().rss), 0, 0
        except psutil.Error:
            return 0, 0, 0

    return measure


def _read_status(pid: int) -> tuple[int, int, int]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        status = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.strip()}
        kilobytes = int(status.get("VmRSS", 0)) + int(status.get("VmSwap", 0))
        num_threads = int(status.get("Threads", 0))
    except (OSError, ValueError):
        return 0, 0, 0
    try:
        written = int(Path(f"/proc/{pid}/io").read_text().partition("wchar:")[2].split()[0])
    except (OSError, ValueError, IndexError):
        written = 0
    return kilobytes * 1024, num_threads, written
