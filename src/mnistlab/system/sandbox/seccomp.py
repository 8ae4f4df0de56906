"""Denies a process system calls, on Linux, with a filter that the kernel runs before each call.

Source: seccomp(2), Linux `Documentation/userspace-api/seccomp_filter.rst`; numbers from the kernel's `unistd.h`.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Sequence

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_SET_MODE_FILTER, _FLAG_ALL_THREADS = 1, 1
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000  # calls of x86_64 with this bit belong to another table

# Instructions of the kernel's packet filter: load a word; jump if equal, if above or equal, if a bit is set; mask the
# word; return.
_LOAD, _EQUAL, _ABOVE, _BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Each call's number on x86_64 and on aarch64, None where it does not exist.
CALLS: dict[str, tuple[int | None, int | None]] = {
    # processes and programs
    "fork": (57, None),
    "vfork": (58, None),
    "clone": (56, 220),
    "clone3": (435, 435),
    "execve": (59, 221),
    "execveat": (322, 281),
    "unshare": (272, 97),
    "setns": (308, 268),
    # other processes
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "prlimit64": (302, 261),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "prctl": (157, 167),
    # network and services
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "sendto": (44, 206),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    # ways around this filter, and into the kernel
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    # memory that counts for no process
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    # modes, owners, dates and attributes, which Landlock leaves alone
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}

# Ways to empty a file, which Landlock watches since version 3. Until then a file that may not be written could be
# emptied by its path, or by opening it only to read, or for neither reading nor writing.
TRUNCATING: dict[str, tuple[int | None, int | None]] = {
    "truncate": (76, 45),
    "open": (2, None),
    "openat": (257, 56),
    "openat2": (437, 437),
}
TRUNCATION_VERSION = 3  # of Landlock

# Answered as if they did not exist: the C library then falls back on older calls, which the filter can judge.
_MISSING = {"clone3", "openat2", "io_uring_setup", "memfd_create", "memfd_secret", "pidfd_open"}
# Answered as on a file system without modes and dates: many programs copy them and would stop at an error.
_WITHOUT_EFFECT = {"chmod", "fchmod", "fchmodat", "fchmodat2", "utime", "utimes", "futimesat", "utimensat"}
_OWN_PROCESS = {"kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"}  # the first argument is the process
# Calls that are denied for some values of the second argument, or of prctl's first: changing who is signalled when a
# file is ready, typing into a terminal, and outliving the process that watches.
_DENIED_ARGUMENTS: dict[str, tuple[int, tuple[int, ...]]] = {
    "fcntl": (1, (8, 10, 15)),  # F_SETOWN, F_SETSIG, F_SETOWN_EX
    "ioctl": (1, (0x8901, 0x8902, 0x5412, 0x541C)),  # FIOSETOWN, SIOCSPGRP, TIOCSTI, TIOCLINUX
    "prctl": (0, (_PR_SET_PDEATHSIG,)),
}

_FLAGS_AT = {"open": 1, "openat": 2}  # the argument of flags
_O_ACCMODE, _O_TRUNC = 0b11, 0o1000

_Instruction = tuple[int, int, int, int]


def install(landlock_version: int = TRUNCATION_VERSION) -> bool:
    """Denies this process, in all of its threads and for the rest of its life, calls that a lesson does not need.

    Args:
        landlock_version: Version of Landlock in force; before 3 it does not watch every way to empty a file.

    Returns:
        Whether the filter is in force; `False` on other systems, other processors and kernels without it.
    """
    machine = platform.machine()
    if platform.system() != "Linux" or machine not in ARCHITECTURES or struct.calcsize("P") != 8:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    guards_truncation = 0 < landlock_version < TRUNCATION_VERSION
    instructions = program(machine, os.getpid(), guards_truncation=guards_truncation)
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in instructions)
    buffer = ctypes.create_string_buffer(code, len(code))
    described = struct.pack("<HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    number = 317 if machine == "x86_64" else 277
    arguments = (ctypes.c_long(number), ctypes.c_long(_SET_MODE_FILTER), ctypes.c_long(_FLAG_ALL_THREADS))
    return int(libc.syscall(*arguments, ctypes.c_char_p(described))) == 0


def program(machine: str, pid: int, *, guards_truncation: bool = False) -> list[_Instruction]:
    """The filter as instructions of the kernel's packet filter.

    Args:
        machine: Architecture of the processor, a key of `ARCHITECTURES`.
        pid: Id of this process, which may signal and limit itself.
        guards_truncation: Whether to deny the calls of `TRUNCATING` where they could empty a file.
    """
    instructions: list[_Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE_OFFSET),
        (_EQUAL, 1, 0, ARCHITECTURES[machine]),
        _give(errno.ENOSYS),
        (_LOAD, 0, 0, _NUMBER_OFFSET),
    ]
    if machine == "x86_64":
        instructions += [(_ABOVE, 0, 1, _X32), _give(errno.ENOSYS)]
    for name, numbers in (CALLS | (TRUNCATING if guards_truncation else {})).items():
        number = numbers[0 if machine == "x86_64" else 1]
        if number is not None:
            body = _answer(name, pid)
            instructions += [(_EQUAL, 0, len(body), number), *body]
    return [*instructions, (_RETURN, 0, 0, _ALLOW)]


def _answer(name: str, pid: int) -> list[_Instruction]:
    """The instructions for one call."""
    if name in _OWN_PROCESS:
        return _allow_only(0, (pid,))
    if name == "prlimit64":
        return _allow_only(0, (0, pid))
    if name == "clone":
        return [_load(0), (_BIT, 1, 0, _CLONE_THREAD), _give(errno.EPERM), (_RETURN, 0, 0, _ALLOW)]
    if name == "sendto":  # to the other end of a pair, but to no address
        halves = [(_LOAD, 0, 0, _ARGUMENTS_OFFSET + 8 * 4 + half) for half in (0, 4)]
        denied, allowed = _give(errno.EACCES), (_RETURN, 0, 0, _ALLOW)
        return [halves[0], (_EQUAL, 0, 2, 0), halves[1], (_EQUAL, 1, 0, 0), denied, allowed]
    if name in _FLAGS_AT:  # a file may be emptied by whoever opens it to write, which Landlock has judged then
        allowed = (_RETURN, 0, 0, _ALLOW)
        jumps = [(_BIT, 0, 4, _O_TRUNC), (_AND, 0, 0, _O_ACCMODE), (_EQUAL, 2, 0, 1), (_EQUAL, 1, 0, 2)]
        return [_load(_FLAGS_AT[name]), *jumps, _give(errno.EACCES), allowed]
    if name in _DENIED_ARGUMENTS:
        position, values = _DENIED_ARGUMENTS[name]
        jumps = [(_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
        return [_load(position), *jumps, (_RETURN, 0, 0, _ALLOW), _give(errno.EPERM)]
    if name in _WITHOUT_EFFECT:
        return [_give(0)]
    if name in _MISSING:
        return [_give(errno.ENOSYS)]
    return [_give(errno.EACCES if name in ("socket", "connect", "bind", "truncate") else errno.EPERM)]


def _allow_only(position: int, values: Sequence[int]) -> list[_Instruction]:
    jumps = [(_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [_load(position), *jumps, _give(errno.EPERM), (_RETURN, 0, 0, _ALLOW)]


def _load(position: int) -> _Instruction:
    """The lower half of an argument, which is all that the kernel reads of an int."""
    return (_LOAD, 0, 0, _ARGUMENTS_OFFSET + 8 * position)


def _give(error: int) -> _Instruction:
    return (_RETURN, 0, 0, _ERRNO | error)
