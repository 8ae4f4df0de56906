"""Files that appear whole or not at all, and folders that can be written to."""

import contextlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mnistlab.exceptions import RunError


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yields a path to write to, in the same folder; the file takes its real name only when the block succeeds.

    The bytes are on disk before the name is (fsync, rename, fsync of the folder), so a crash at any moment leaves the
    old file or the new one. The temporary name keeps the suffix, which Keras looks at.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with whole_file(Path(folder) / "answer.txt") as temporary:
        ...         _ = temporary.write_text("42")
        ...     print([path.name for path in Path(folder).iterdir()])
        ['answer.txt']
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # Windows cannot open folders
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 text file, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def copy_whole(source: Path, target: Path) -> None:
    """Copies a file; the copy appears whole or not at all.

    Raises:
        RunError: if the source is missing or the target cannot be written.
    """
    try:
        with whole_file(target) as temporary:
            shutil.copyfile(source, temporary)
    except OSError as error:
        raise RunError(f"{source} could not be copied to {target}: {error.strerror}.") from error


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file, whole or not at all; numbers that are not finite become `null`."""
    write_text(path, json.dumps(_finite(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content


def make_folder(folder: Path) -> None:
    """Makes a folder and its parents, and sees whether it can be written to.

    Raises:
        RunError: if it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror}. Choose another folder with --out.") from error
