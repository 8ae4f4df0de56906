"""One owner for a folder at a time.

The kernel holds the lock for a process and drops it when the process ends, however it ends. So a dead owner leaves
nothing to clear up, and there is no moment at which two processes both believe that they own a folder.
"""

import contextlib
import errno
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from mnistlab.exceptions import RunError

# The locked file; it names the process that holds the lock, and means nothing when no process does.
OWNER_FILE = ".owner"
_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
PATIENCE = 0.5  # seconds to wait for a process that is just letting go, or has not yet said who it is


class _Held(threading.local):
    """The descriptors of the locks that this thread holds, by folder."""

    def __init__(self) -> None:
        self.descriptors: dict[Path, int] = {}


_HELD = _Held()


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Makes this thread the only owner of a folder during a `with` block.

    Within the block the same thread can lock the folder again; it stays the owner until the outer block ends.

    Args:
        folder: Path of an existing folder that can be written to.

    Raises:
        RunError: if another process owns the folder, with the id of that process; or if it cannot be locked.

    Source: flock(2); on Windows `_locking` of the C runtime.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, lock(Path(folder)):
        ...     print(sorted(os.listdir(folder)))
        ['.owner']
    """
    place, path = folder.absolute(), folder / OWNER_FILE
    if place in _HELD.descriptors:
        yield
        return
    try:
        descriptor = _lock(path)
    except OSError as error:
        if error.errno in _WITHOUT_LOCKS:
            raise RunError(
                f"{folder} lies on a drive without file locks, on which two processes could spoil each other's work. "
                "Choose a folder on another drive.",
                argument="folder",
            ) from error
        raise RunError(f"{folder} could not be locked for this process: {error.strerror}.") from error
    if descriptor is None:
        raise RunError(
            f"{folder} is in use by {_owner_in(path)}. Wait until that has ended, or choose another folder.",
            argument="folder",
        )
    _HELD.descriptors[place] = descriptor
    try:
        with contextlib.suppress(OSError):  # on a full disk; the lock is what counts
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        del _HELD.descriptors[place]
        with contextlib.suppress(OSError):  # the folder may be gone, or the system may keep open files
            if _is_locked_by(path, descriptor):  # and not another process's, in a folder that came back
                path.unlink()
        os.close(descriptor)


def require_lock(folder: Path) -> None:
    """Makes sure that a folder that this thread has locked does not belong to another process by now.

    That happens when the folder is deleted and another process makes it anew. A folder without a lock is fine.

    Raises:
        RunError: if it belongs to another process.
    """
    descriptor = _HELD.descriptors.get(folder.absolute())
    with contextlib.suppress(FileNotFoundError):
        if descriptor is not None and not _is_locked_by(folder / OWNER_FILE, descriptor):
            raise RunError(
                f"{folder} was deleted and belongs to {_owner_in(folder / OWNER_FILE)} now; this one stops. "
                "Choose another folder.",
                argument="folder",
            )


def lock_owner(folder: Path) -> int | None:
    """The process that owns a folder now.

    Returns:
        Id of the process, 0 if it has not written it yet, or `None` if no process owns the folder. A moment later
        another process may own it.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with lock(Path(folder)):
        ...         within = lock_owner(Path(folder))
        ...     print(within == os.getpid(), lock_owner(Path(folder)))
        True None
    """
    path = folder / OWNER_FILE
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    try:
        try:
            if _try_lock(descriptor):  # only for a moment, which `PATIENCE` allows for
                return None
        except OSError:  # a drive without locks: no process owns anything on it
            return None
        with contextlib.suppress(OSError, ValueError):
            return int(path.read_text(encoding="ascii"))
        return 0
    finally:
        os.close(descriptor)


def is_unused(folder: Path) -> bool:
    """Whether a folder is empty but for the file that names its owner."""
    return all(path.name == OWNER_FILE for path in folder.iterdir())


def _is_locked_by(path: Path, descriptor: int) -> bool:
    return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))


def _lock(path: Path) -> int | None:
    """A descriptor that holds the lock, or `None` if another process holds it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            is_ours = _try_lock(descriptor)
        except OSError:  # the drive has no locks, so the file is nobody's
            os.close(descriptor)
            with contextlib.suppress(OSError):
                path.unlink()
            raise
        if is_ours:
            # An owner that lets go removes the file: the lock counts only if it is on the file that is there now.
            with contextlib.suppress(FileNotFoundError):
                if _is_locked_by(path, descriptor):
                    return descriptor
        elif time.monotonic() > deadline:
            os.close(descriptor)
            return None
        os.close(descriptor)
        time.sleep(0.02)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # past the text, which others must be able to read
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EDEADLK):
                raise
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _owner_in(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return f"process {int(path.read_text(encoding='ascii'))}"
    return "another process"
