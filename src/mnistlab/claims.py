"""One owner for a folder at a time.

The claim is a lock that the kernel holds for a process and drops when the process ends, however it ends. So a dead
owner needs no clearing up, and there is no moment at which two processes both believe that they own a folder.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from mnistlab.exceptions import RunError

OWNER_FILE = ".owner"  # what is locked; it says which process holds it, and means nothing when no process does
PATIENCE = 0.5  # seconds to wait for a process that is just letting go, or has not yet said who it is


@contextlib.contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Makes this process the only owner of a folder for the length of a `with` block.

    Args:
        folder: an existing folder that can be written to.

    Raises:
        RunError: if another process owns it, with the number of that process; or if the lock cannot be had.

    Source: flock(2); on Windows `_locking` of the C runtime.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, claim(Path(folder)):
        ...     print(sorted(os.listdir(folder)))
        ['.owner']
    """
    path = folder / OWNER_FILE
    try:
        descriptor = _lock(path)
    except OSError as error:
        raise RunError(f"{folder} could not be claimed for this process: {error.strerror}.") from error
    if descriptor is None:
        raise RunError(
            f"{folder} is in use by {_owner(path)}. Wait until that has ended, or choose another folder with --out."
        )
    try:
        with contextlib.suppress(OSError):  # on a full disk; the lock is what counts
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        with contextlib.suppress(OSError):  # the folder may be gone, or the system may keep open files
            path.unlink()
        os.close(descriptor)


def check_free(folder: Path) -> None:
    """Sees whether a folder has an owner now: an answer in a moment, before anything slow is begun.

    Only `claim` makes sure of it: another process may come in between.

    Raises:
        RunError: as `claim` does.
    """
    if (folder / OWNER_FILE).exists():
        with claim(folder):
            pass


def _lock(path: Path) -> int | None:
    """A descriptor that holds the lock, or `None` if another process does."""
    deadline = time.monotonic() + PATIENCE
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if _try_lock(descriptor):
            # An owner that lets go removes the file: the lock counts only if it is on the file that is there now.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), path.stat()):
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
        except OSError:
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


def _owner(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return f"process {int(path.read_text(encoding='ascii'))}"
    return "another process"
