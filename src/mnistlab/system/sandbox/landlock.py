"""Limits the files that a process can reach, on Linux, with Landlock, which needs no privileges.

Source: landlock(7), Linux `Documentation/userspace-api/landlock.rst`.
"""

import ctypes
import os
import platform
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

_PR_SET_NO_NEW_PRIVS = 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every processor
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_OPEN_PATH = getattr(os, "O_PATH", 0)

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_NUM_RIGHTS = (0, 13, 14, 15, 15, 16)  # by version; later ones have no more
_BIND_AND_CONNECT = 0b11  # TCP ports, since version 4
_SIGNALS_AND_ABSTRACT_SOCKETS = 0b11  # since version 6

_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_NEVER = _EXECUTE | _MAKE_CHAR | _MAKE_BLOCK | _IOCTL_DEV


def version() -> int:
    """The version of Landlock on this system, 0 where there is none."""
    if platform.system() != "Linux":
        return 0
    return max(_call(_CREATE_RULESET, None, 0, _VERSION_FLAG), 0)


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> int:
    """Takes from this thread, and from all threads that it starts, access to all files but the given ones.

    Nor can programs be run, devices be controlled, TCP ports be bound or connected to (since version 4), or processes
    outside be signalled, reached by abstract sockets (both since version 6) or traced.

    Args:
        readable: Files and folders to read, folders with all their content; those that do not exist are left out.
        writable: Files and folders to read, write, make and remove, likewise.

    Returns:
        The version in force, 0 if the system has no Landlock or does not allow it.
    """
    found = version()
    if not found:
        return 0
    handled = (1 << _NUM_RIGHTS[min(found, len(_NUM_RIGHTS) - 1)]) - 1
    attributes = struct.pack("<QQQ", handled, _BIND_AND_CONNECT, _SIGNALS_AND_ABSTRACT_SOCKETS)
    size = 8 if found < 4 else 16 if found < 6 else 24
    ruleset = _call(_CREATE_RULESET, attributes[:size], size, 0)
    if ruleset < 0:
        return 0
    try:
        for path in readable:
            _allow(ruleset, path, _READ_FILE | _READ_DIR)
        for path in writable:
            _allow(ruleset, path, handled & ~_NEVER)
        if ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            return 0
        return found if _call(_RESTRICT_SELF, ruleset, 0, 0) == 0 else 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, _OPEN_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _OF_A_FILE
        rule = struct.pack("<Qi", rights, descriptor)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


def _call(number: int, *arguments: int | bytes | None) -> int:
    converted = [
        ctypes.c_long(argument) if isinstance(argument, int) else ctypes.c_char_p(argument) for argument in arguments
    ]
    return int(ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *converted))
