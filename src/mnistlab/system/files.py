"""Files that appear whole or not at all, and folders that can be written to."""

import contextlib
import errno
import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from mnistlab.exceptions import RunError, UsageError
from mnistlab.system.paths import require_room

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.\d+\.tmp")


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file, whole or not at all.

    The bytes go to a temporary name in the same folder and onto the disk; only then does the file take its real name,
    and the folder goes onto the disk too. A crash at any moment leaves the old file or the new one.

    Args:
        path: Path of the file; an existing file is replaced.
        content: Whole content of the file.

    Raises:
        RunError: if it cannot be written, with the reason, the bytes needed and the bytes free. An old file is
            untouched, unless only the folder could not be brought onto the disk: then the new one is there.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with _created(temporary) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _unwritten(path, len(content), error) from error


def write_folder(folder: Path, files: Mapping[str, Sequence[bytes | memoryview]]) -> None:
    """Writes a new folder of files, which appears with all of them or not at all.

    Args:
        folder: Folder that is missing or empty.
        files: Content of each file in pieces, by its name.

    Raises:
        UsageError: if the folder holds something.
        RunError: if it cannot be written.
    """
    check_free(folder)
    temporary = folder.with_name(f".{folder.resolve().name}.{os.getpid()}.tmp")
    try:
        temporary.mkdir(parents=True)
        for name, pieces in files.items():
            with (temporary / name).open("xb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        _sync_folder(temporary)
        if folder.exists():
            folder.rmdir()
        temporary.rename(folder)
        _sync_folder(folder.parent)
    except OSError as error:
        raise _unwritten(folder, sum(len(piece) for pieces in files.values() for piece in pieces), error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_free(folder: Path) -> None:
    """Refuses a folder that holds something.

    Raises:
        UsageError: if it does, or is not a folder.
    """
    require_room(folder, "folder", argument="folder")
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(
            f"{folder} exists and is left as it is. Delete it, or choose another folder.", argument="folder"
        )


def append_bytes(path: Path, content: bytes) -> None:
    """Adds to the end of a file that is a sequence of records; a crash can leave a part of the last one.

    For files that another program reads while they grow, and whose reader recognises an incomplete record. Everything
    else is written with `write_bytes`.

    Raises:
        RunError: if it cannot be written.
    """
    try:
        with path.open("ab") as file:
            file.write(content)
    except OSError as error:
        raise _unwritten(path, len(content), error) from error


def _created(path: Path) -> BinaryIO:
    """Opens a new file, never the target of a link; replaces one that a dead process with the same id left behind."""
    try:
        return path.open("xb")
    except FileExistsError:
        path.unlink()
        return path.open("xb")


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that do not do this for folders
            raise
    finally:
        os.close(descriptor)


def _unwritten(path: Path, num_bytes: int, error: OSError) -> RunError:
    """The error for a file that could not be written."""
    folder = path.parent
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        try:
            free = f"{shutil.disk_usage(folder).free:,} bytes are free"
        except OSError:
            free = "too few are free"
        return RunError(
            f"{path} could not be written: the disk is full. It needs {num_bytes:,} bytes and {free}. "
            "Make room and run the same command again; everything that was finished is kept."
        )
    if not folder.is_dir():
        return RunError(
            f"{path} could not be written ({num_bytes:,} bytes): there is no folder {folder} any more, or there never "
            "was. Run the same command again, which makes the folder of a run, or choose another place.",
            argument="folder",
        )
    return RunError(
        f"{path} could not be written ({num_bytes:,} bytes): {error.strerror or error}. "
        "Mend that, or choose another folder.",
        argument="folder",
    )


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 text file, whole or not at all. Errors are those of `write_bytes`.

    Bytes of file names that are not UTF-8, which Python holds as lone surrogates, are written as `\\udcff`, which JSON
    understands.
    """
    write_bytes(path, text.encode(errors="backslashreplace"))


def json_text(content: Any) -> str:
    """JSON for people and programs; numbers that are not finite become `null`.

    Example:
        >>> json_text({"loss": float("nan")})
        '{\\n  "loss": null\\n}'
    """
    return json.dumps(_finite(content), indent=2, ensure_ascii=False, allow_nan=False)


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file, whole or not at all; numbers that are not finite become `null`."""
    write_text(path, json_text(content) + "\n")


def write_with(path: Path, writer: Callable[[Path], object]) -> None:
    """Writes a file with a function that needs a path to write to; the file appears whole or not at all.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_with(Path(folder) / "answer.txt", lambda path: path.write_text("42"))
        ...     print([path.name for path in Path(folder).iterdir()])
        ['answer.txt']
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            elsewhere = Path(folder) / path.name
            writer(elsewhere)
            content = elsewhere.read_bytes()
    except OSError as error:
        raise RunError(_explain_scratch(path, error)) from error
    write_bytes(path, content)


def _explain_scratch(path: Path, error: OSError) -> str:
    """Explains why a writer could not finish; how much more it would have written is not known."""
    advice = "run the same command again; or set TMPDIR to another folder."
    try:
        folder = tempfile.gettempdir()
        free = shutil.disk_usage(folder).free
    except OSError:
        return f"{path} could not be written: there is no folder for temporary files. Make /tmp and {advice}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"{path} could not be written: it needs more than the {free:,} bytes that are free in {folder}, the folder "
            f"for temporary files. Make room there and {advice}"
        )
    return f"{path} could not be written: {error.strerror or error} in {folder}. Mend that and {advice}"


def copy_whole(source: Path, target: Path) -> None:
    """Copies a file; the copy appears whole or not at all.

    Raises:
        RunError: if the source cannot be read or the target cannot be written.
    """
    try:
        content = source.read_bytes()
    except OSError as error:
        raise RunError(f"{source} cannot be read: {error.strerror}.") from error
    write_bytes(target, content)


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content


def make_folder(folder: Path) -> None:
    """Makes a folder and its parents, and checks that it can be written to.

    Raises:
        RunError: if it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror
        raise RunError(f"{folder} cannot be written: {reason}. Choose another folder.", argument="folder") from error


def remove_leftovers(folder: Path) -> None:
    """Removes temporary files of a process that died while writing; only the folder's owner may call this."""
    for path in folder.glob(".*.tmp"):
        if is_leftover(path):
            with contextlib.suppress(OSError):
                path.unlink()


def is_leftover(path: Path) -> bool:
    """Whether a file has the temporary name of `write_bytes`."""
    return _TEMPORARY.fullmatch(path.name) is not None
