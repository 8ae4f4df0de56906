"""A folder that untrusted code may fill: its size, and its removal, whatever state it is in."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that exists during a `with` block and that only this user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="mnistlab-")).resolve()
    try:
        yield folder
    finally:
        remove(folder)


def measure(folder: Path, max_entries: int) -> tuple[int, int]:
    """The bytes of disk that the files below a folder take, and the number of files and folders.

    Counting stops above `max_entries`. A folder that cannot be entered, because its path is too long or because of its
    mode, counts as that many, since its content is not known.
    """
    num_bytes, num_entries, folders = 0, 0, [folder]
    while folders and num_entries <= max_entries:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    num_entries += 1
                    if num_entries > max_entries:
                        break
                    with contextlib.suppress(FileNotFoundError):
                        found = entry.stat(follow_symlinks=False)
                        num_bytes += getattr(found, "st_blocks", found.st_size // 512) * 512
                        if stat.S_ISDIR(found.st_mode):
                            folders.append(Path(entry.path))
        except FileNotFoundError:
            continue
        except OSError:
            return num_bytes, max_entries + 1
    return num_bytes, num_entries


def remove(folder: Path) -> None:
    """Removes a folder with all that is in it, without following links, however deep it goes.

    Folders within folders are moved to the top before they are emptied: so no path gets too long, and there is no
    recursion. What cannot be removed stays.
    """
    moved = 0
    waiting = [folder]
    emptied: list[Path] = []
    while waiting:
        current = waiting.pop()
        with contextlib.suppress(OSError):
            current.chmod(0o700)
        with contextlib.suppress(OSError), os.scandir(current) as entries:
            for entry in list(entries):
                with contextlib.suppress(OSError):
                    if not entry.is_dir(follow_symlinks=False):
                        os.unlink(entry.path)  # noqa: PTH108  (there may be many)
                        continue
                    target = folder / f".{os.getpid()}-{moved}"
                    moved += 1
                    with contextlib.suppress(OSError):
                        os.chmod(entry.path, 0o700)  # noqa: PTH101  (a folder that cannot be written to cannot be moved)
                    os.rename(entry.path, target)  # noqa: PTH104
                    waiting.append(target)
        emptied.append(current)
    for path in reversed(emptied):
        with contextlib.suppress(OSError):
            path.rmdir()
