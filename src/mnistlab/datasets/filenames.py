"""Which of the files in a folder are the four of a data set: MNIST's names, and those that other data sets have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from mnistlab.exceptions import DataError

TRAIN_FILES: Final = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST_FILES: Final = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")

# emnist-digits-train-images-idx3-ubyte.gz, train-images.idx3-ubyte, TRAIN-IMAGES-IDX3-UBYTE, test-labels-idx1-ubyte
_NAME: Final = re.compile(
    r"(?:(?P<prefix>.+)[-_.])?(?P<split>train|t10k|test)[-_.](?P<kind>images|labels)[-_.]idx(?P<axes>[13])[-_.]ubyte"
)
_TABLES: Final = {".npz": "an .npz file", ".csv": "a CSV file"}
_PICTURES: Final = (".png", ".jpg", ".jpeg")
_MOST_INSIDE: Final = 20  # folders in a folder that are looked into for pictures
_ARCHIVES: Final = (".zip", ".tar", ".tgz", ".tar.gz", ".7z")

_Role = str  # name of the file that MNIST would have in its place


def find_files(folder: Path, roles: Sequence[_Role]) -> dict[_Role, Path]:
    """The file that plays each role, the plain one where it lies beside its `.gz`.

    Args:
        folder: Folder of the data set.
        roles: Files to find, under MNIST's names.

    Raises:
        DataError: if the folder cannot be read, a file is missing, or it is not clear which files are meant.
    """
    names = [path.name for path in list_folder(folder)]
    chosen = _choose(folder, names, roles)
    return {role: folder / (stem if stem in names else _packed(stem, names)) for role, stem in chosen.items()}


def holds_idx_files(folder: Path) -> bool:
    """Whether a folder holds a file with the name of one of the four."""
    return any(_role(_stem(path.name))[1] for path in list_folder(folder))


def list_folder(folder: Path) -> list[Path]:
    """What lies in a folder, by name.

    Raises:
        DataError: if it is missing, is not a folder, or cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError as error:
        raise DataError(
            f"The folder {folder} is missing: one with MNIST's IDX files was expected. Check the path."
        ) from error
    except NotADirectoryError as error:
        mend = "Give the folder."
        if folder.suffix.lower() in _TABLES:
            mend = f"Give the folder that `mnistlab data convert {folder} FOLDER` makes of it."
        raise DataError(f"{folder} is a file, but a folder with MNIST's IDX files was expected. {mend}") from error
    except PermissionError as error:
        raise DataError(
            f"The folder {folder} may not be read by this user. Allow it (chmod u+rx) or use a copy."
        ) from error
    except OSError as error:
        raise DataError(f"The folder {folder} cannot be read ({error}). Check the path and the disk.") from error


def _choose(folder: Path, names: Iterable[str], roles: Sequence[_Role]) -> dict[_Role, str]:
    """The name of each role's file without `.gz`."""
    sets: dict[str, dict[_Role, list[str]]] = {}
    for stem in sorted({_stem(name) for name in names}):
        prefix, role = _role(stem)
        if role is not None and role in roles:
            sets.setdefault(prefix, {}).setdefault(role, []).append(stem)
    whole = {prefix: found for prefix, found in sets.items() if len(found) == len(roles)}
    if len(whole) > 1 or any(min(map(len, found.values())) > 1 for found in whole.values()):
        first, second, *_ = (stem for found in whole.values() for stem in found[roles[0]])
        raise DataError(
            f"The folder {folder} holds several data sets, as {first} and {second} show, but one was expected. "
            "Give each a folder of its own."
        )
    if not whole:
        raise DataError(_lacking(folder, names, roles, max(sets.values(), key=len, default={})))
    return {role: _only(folder, role, stems) for role, stems in next(iter(whole.values())).items()}


def _only(folder: Path, role: _Role, stems: list[str]) -> str:
    if len(stems) == 1 or role in stems:
        return role if role in stems else stems[0]
    raise DataError(
        f"The folder {folder} holds both {stems[0]} and {stems[1]}, but one of them was expected. Remove the other one."
    )


def _lacking(folder: Path, names: Iterable[str], roles: Sequence[_Role], found: Mapping[_Role, list[str]]) -> str:
    """What a folder lacks, and what to do about it as far as its files tell."""
    missing = [role for role in roles if role not in found]
    lacks = f"The folder {folder} lacks {len(missing)} of the {len(roles)} expected IDX files: {', '.join(missing)}."
    return f"{lacks} {_advice(folder, sorted(names)) or 'Put them there under these names, plain or with .gz.'}"


def find_tables(names: Iterable[str]) -> tuple[str | None, str | None]:
    """Which file in a folder to convert, and which CSV file holds the images to test on.

    Args:
        names: Names of the files in the folder.

    Returns:
        An `.npz` or CSV file, of several the one that is called after training, and the CSV file that is called after
        testing; `None` for each that is not there. A CSV file with the test images is never the one to convert.
    """
    tables = sorted(name for name in names if Path(name).suffix.lower() in _TABLES)
    to_train = [name for name in tables if "train" in name.lower()]
    to_test = [name for name in tables if _is_test_table(name)]
    others = [name for name in tables if name not in to_test]
    source = next(iter([*to_train, *others]), None)
    return source, next(iter(to_test), None) if source is None or source.lower().endswith(".csv") else None


def _is_test_table(name: str) -> bool:
    lower = name.lower()
    return lower.endswith(".csv") and "train" not in lower and ("test" in lower or "t10k" in lower)


def _advice(folder: Path, names: Sequence[str]) -> str | None:
    """What to do with what lies there instead."""
    table, test = find_tables(name for name in names if not (folder / name).is_dir())
    for name in names:
        path = folder / name
        if name.lower().endswith(_ARCHIVES):
            return f"Unpack {name}, which lies there."
        if name in (table, test):
            return _table_advice(folder, table, test)
        if path.suffix.lower() in _PICTURES:
            return _picture_advice(folder)
        inside = _some_names(path)
        if any(_role(_stem(inner))[1] for inner in inside):
            return f"Give the folder {name} in it, which holds such files."
        deeper = (each for inner in inside[:_MOST_INSIDE] for each in _some_names(path / inner))
        if any(Path(inner).suffix.lower() in _PICTURES for inner in (*inside, *deeper)):
            return _picture_advice(folder)
        within, within_test = find_tables(inside)
        if within or within_test:
            return _table_advice(path, within, within_test)
    return None


def _table_advice(folder: Path, table: str | None, test: str | None) -> str:
    if table is None:
        return f"It holds {test}, but no file to train on; convert one with `mnistlab data convert`."
    kind = _TABLES[Path(table).suffix.lower()]
    also = f"; if {test} has labels, add `--test {folder / test}`" if test else ""
    return f"It holds {kind}, of which `mnistlab data convert {folder / table} FOLDER` makes such files{also}."


def _picture_advice(folder: Path) -> str:
    return f"It holds pictures, of which `mnistlab data convert {folder} FOLDER` makes such files."


def _some_names(folder: Path) -> list[str]:
    """Some of the names in a folder; none if it is not a folder that can be read."""
    try:
        return [path.name for path in islice(folder.iterdir(), 100)] if folder.is_dir() else []
    except OSError:
        return []


def _stem(name: str) -> str:
    """A name without `.gz`."""
    return name[: -len(".gz")] if name.lower().endswith(".gz") else name


def _packed(stem: str, names: Iterable[str]) -> str:
    return next(name for name in names if name != stem and _stem(name) == stem)


def _role(stem: str) -> tuple[str, _Role | None]:
    """What stands before a data set's names, and which of MNIST's names a file has; `None` for other files."""
    match = _NAME.fullmatch(stem.lower())
    if match is None or (match["axes"] == "3") != (match["kind"] == "images"):
        return "", None
    split = "train" if match["split"] == "train" else "t10k"
    return match["prefix"] or "", f"{split}-{match['kind']}-idx{match['axes']}-ubyte"
