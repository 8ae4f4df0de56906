"""How much another process uses, as the system tells."""

import importlib.util
import platform
from collections.abc import Callable
from pathlib import Path


def make_meter(pid: int) -> Callable[[], tuple[int, int, int]]:
    """A function that tells a process's memory in bytes, its threads, and the bytes it has written, 0 if unknown."""
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
