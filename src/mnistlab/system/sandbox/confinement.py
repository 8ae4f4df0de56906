"""Rights and resources that a process gives up before it runs untrusted code."""

import contextlib
import ctypes
import os
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mnistlab.system.sandbox import landlock, seccomp
from mnistlab.system.sandbox.limits import GIB, Limits

MAX_OPEN_FILES = 512
STACKS_BYTES = 2 * GIB  # the system counts the stacks of threads as memory, used or not
_PR_SET_PDEATHSIG = 1
_CAPABILITY_VERSION = 0x20080522

# Files of a Linux system that Python, TensorFlow and Matplotlib read; those in /etc and /dev hold no secrets.
_SYSTEM_FOLDERS = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/nix/store", "/proc", "/sys/devices/system")
_SETTINGS = (
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "timezone", "passwd", "group", "nsswitch.conf"),
    *("fonts", "mime.types", "ssl/openssl.cnf", "alternatives", "os-release", "host.conf", "hosts", "inputrc"),
)
_DEVICES = ("null", "zero", "full", "random", "urandom")


def confine(folder: Path, limits: Limits, watcher: int) -> list[str]:
    """Gives up, for the rest of this process's life, what untrusted code should not have.

    To be called before any thread is started. Protections that a system lacks are left out.

    Args:
        folder: Folder that the process may write to.
        limits: Limits of the process.
        watcher: Id of the process that watches; this one ends with it.

    Returns:
        The names of `PROTECTIONS` that are in force.
    """
    in_force = ["limits"] if _limit_resources(limits) else []
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        with contextlib.suppress(OSError):  # if memory runs out, this process is the one to end
            Path("/proc/self/oom_score_adj").write_text("1000")
    if os.name == "posix" and os.getppid() != watcher:
        os._exit(1)  # the watcher ended before the line above could tell
    if _drop_privileges():
        in_force.append("privileges")
    writable = [folder, Path("/dev/null")]
    version = landlock.restrict(readable_places(), writable)
    is_filtered = seccomp.install(version)
    if version >= seccomp.TRUNCATION_VERSION or (version and is_filtered):
        in_force.append("files")
    if is_filtered:
        in_force += ["processes", "signals", "network", "metadata"]
    return in_force


def readable_places() -> list[Path]:
    """The folders and files of Python and its packages, and those of the system that they read."""
    places = [Path(name) for name in _SYSTEM_FOLDERS]
    places += [Path("/etc") / name for name in _SETTINGS]
    places += [Path("/dev") / name for name in _DEVICES]
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path, *filter(os.path.isabs, libraries)]
    return places + [Path(name) for name in dict.fromkeys(python) if name]


def _limit_resources(limits: Limits) -> bool:
    """Sets limits that the system enforces by itself, even if the watcher dies."""
    try:
        import resource
    except ImportError:  # Windows
        return False
    cpu_seconds = int(limits.seconds * (os.cpu_count() or 1)) + 60
    _set_limit(resource, "RLIMIT_CORE", 0)
    _set_limit(resource, "RLIMIT_CPU", cpu_seconds)
    _set_limit(resource, "RLIMIT_FSIZE", limits.file_bytes)
    _set_limit(resource, "RLIMIT_NOFILE", MAX_OPEN_FILES)
    _set_limit(resource, "RLIMIT_DATA", limits.memory_bytes + STACKS_BYTES)
    _set_limit(resource, "RLIMIT_MSGQUEUE", 0)
    if sys.platform != "linux":  # Linux counts threads too, and has a better way
        _set_limit(resource, "RLIMIT_NPROC", 1)
    return True


def _set_limit(resource: Any, name: str, value: int) -> None:
    kind = getattr(resource, name, None)
    if kind is None:
        return
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (value, value))


def _drop_privileges() -> bool:
    """Drops the capabilities of Linux: an administrator could otherwise raise the limits again."""
    if sys.platform != "linux":
        return os.name == "posix" and os.geteuid() != 0
    capset: Callable[[bytes, bytes], int] | None = getattr(ctypes.CDLL(None), "capset", None)
    if capset is None:
        return False
    return capset(struct.pack("<Ii", _CAPABILITY_VERSION, 0), bytes(24)) == 0
