"""Whether a path can be what somebody means by it, said in a sentence before anything slow is done."""

import errno
import os
import stat
import sys
from pathlib import Path, PureWindowsPath
from typing import Literal

from mnistlab.exceptions import UsageError

Kind = Literal["file", "folder"]

MAX_NAME_BYTES = 230  # of the 255 that file systems take: a file has a longer name while it is written
MAX_WINDOWS_PATH = 259
ROOM = {"file": 25, "folder": 60}  # characters that follow a path: a temporary name; the longest path in a run folder
_PORTS = tuple(f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³")
_DEVICES = frozenset(("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", *_PORTS))
_FORBIDDEN = frozenset('<>:"|?*')


def is_folder(path: Path) -> bool:
    """Whether there is a folder at a path that may be any text; `Path.is_dir` fails on some."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Whether there is a file at a path that may be any text."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def absence(path: Path, kind: Kind) -> str:
    """Why there is no file or folder at a path, as the beginning of a sentence without its full stop.

    Args:
        path: Path where none was found.
        kind: What was expected there.

    Example:
        >>> absence(Path("nowhere"), "folder")
        'There is no folder nowhere'
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     absence(Path(file.name), "folder").removeprefix(file.name)
        ' is a file, not a folder'
    """
    name = shortened(path)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return _dangling(path) or f"There is no {kind} {name}"
    except NotADirectoryError:
        return f"There is no {kind} {name}: {shortened(_first_file(path))} is a file"
    except (OSError, ValueError) as error:  # a zero byte is a ValueError
        return f"There is no {kind} {name}: {_reason(error)}"
    found = "a folder" if stat.S_ISDIR(mode) else "a file" if stat.S_ISREG(mode) else "neither a file nor a folder"
    return f"{name} is {found}, not a {kind}" if stat.S_ISDIR(mode) or stat.S_ISREG(mode) else f"{name} is {found}"


def require_room(path: Path, kind: Kind, *, argument: str | None = None) -> None:
    """Sees whether a file or folder can be made, or is there, at a path. Nothing is written.

    A folder may lack the folders above it, which are made with it. A file may not: its folder is more likely to be
    misspelt than new.

    Args:
        path: Path to write to.
        kind: What is to be written. Something of this kind may be there; the caller knows whether to replace it.
        argument: Name of the argument that holds the path, for the message.

    Raises:
        UsageError: Nothing of this kind can be at the path.
    """
    problem = unusable_name(path, kind) or _problem(path, kind)
    if problem is not None:
        raise UsageError(f"{problem}. Choose another {'name' if kind == 'file' else 'folder'}.", argument=argument)


def require_new_file(path: Path, *, argument: str | None = None) -> None:
    """Sees whether a new file can be made at a path. Nothing is written.

    Raises:
        UsageError: It cannot, or a file is there, which is left as it is.
    """
    require_room(path, "file", argument=argument)
    if path.exists():
        raise UsageError(
            f"{shortened(path)} exists and is left as it is. Delete it, or choose another name.", argument=argument
        )


def unusable_name(
    path: Path, kind: Kind = "file", *, on_windows: bool = os.name == "nt", has_long_paths: bool | None = None
) -> str | None:
    """Why no file system takes a path, as the beginning of a sentence without its full stop; `None` if one does.

    Args:
        path: Path to write to.
        kind: What is to be written there.
        on_windows: Whether Windows is to take it, which keeps some names for devices.
        has_long_paths: Whether Windows takes paths of more than 259 characters; by default as it is set here.

    Source: Microsoft, "Naming Files, Paths, and Namespaces".

    Example:
        >>> unusable_name(Path("runs/aux.txt"), on_windows=True)
        "'aux.txt' is a name that Windows keeps for a device"
        >>> unusable_name(Path("runs/aux.txt"), on_windows=False)
    """
    if not on_windows:
        longest = max(path.parts, key=lambda part: len(os.fsencode(part)), default="")
        num_bytes = len(os.fsencode(longest))
        return f"The name {shortened(longest)} is too long: {num_bytes:,} bytes" if num_bytes > MAX_NAME_BYTES else None
    pure = PureWindowsPath(str(path))
    for part in pure.parts[1 if pure.anchor else 0 :]:
        if part == "..":
            continue
        if part.partition(".")[0].rstrip().upper() in _DEVICES:
            return f"{shortened(part)!r} is a name that Windows keeps for a device"
        if part.endswith((" ", ".")):
            return f"{shortened(part)!r} ends with a {'space' if part[-1] == ' ' else 'full stop'}, which Windows drops"
        if bad := sorted(set(part) & _FORBIDDEN | {character for character in part if ord(character) < 32}):
            return f"{shortened(part)!r} holds {bad[0]!r}, which Windows allows in no name"
    length = len(str(path.absolute()))
    is_long = length + ROOM[kind] > MAX_WINDOWS_PATH and not str(path).startswith("\\\\?\\")
    if is_long and not (_has_long_paths() if has_long_paths is None else has_long_paths):
        return (
            f"The path {shortened(path)} has {length:,} characters, {ROOM[kind]} more are needed, and Windows takes "
            f"{MAX_WINDOWS_PATH} in all"
        )
    return None


def shortened(path: Path | str) -> str:
    """A path in a message: a very long one with its middle left out.

    Example:
        >>> shortened(Path("runs") / ("x" * 300))
        'runs/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'
    """
    text = str(path)
    return text if len(text) <= 200 else f"{text[:60]}...{text[-30:]}"


def _problem(path: Path, kind: Kind) -> str | None:
    """Why a file or folder cannot be made at a path, because of what is there or is not."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if problem := _dangling(path):
            return problem
    except NotADirectoryError:
        return f"{shortened(path)} cannot be written: {shortened(_first_file(path))} is a file"
    except (OSError, ValueError) as error:
        return f"{shortened(path)} cannot be written: {_reason(error)}"
    else:
        return None if (stat.S_ISDIR if kind == "folder" else stat.S_ISREG)(mode) else absence(path, kind)
    if kind == "file" and not path.parent.is_dir():
        return f"There is no folder {shortened(path.parent)} to write {shortened(path.name)} into"
    return None


def _dangling(path: Path) -> str | None:
    """The link on a path that leads nowhere, if there is one."""
    for place in (*reversed(path.parents), path):
        if place.is_symlink() and not place.exists():
            return f"{shortened(place)} is a link to {shortened(place.readlink())}, which is not there"
    return None


def _first_file(path: Path) -> Path:
    """What stands on a path where a folder should be."""
    return next((place for place in reversed(path.parents) if not place.is_dir()), path)


def _reason(error: OSError | ValueError) -> str:
    if not isinstance(error, OSError):
        return str(error)
    known = {errno.ELOOP: "its links lead round in a circle", errno.ENAMETOOLONG: "the name is too long"}
    return known.get(error.errno or 0) or error.strerror or str(error)


if sys.platform == "win32":

    def _has_long_paths() -> bool:
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
                return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
        except OSError:
            return False

else:

    def _has_long_paths() -> bool:
        return True
