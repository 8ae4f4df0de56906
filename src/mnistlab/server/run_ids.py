"""Run folders by the ids that stand in addresses: looked up in a table, never made into a path."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from mnistlab.runs import MANIFEST, RUN_FILES

MAX_LENGTH = 64
RUN_ID = re.compile(r"[a-z0-9-]{1,64}")
DEPTH = 4  # folders below the runs folder: an experiment's runs are three down


def find_runs(root: Path) -> dict[str, Path]:
    """The run folders below a folder by their ids.

    A folder right below whose name is an id keeps it; the others' paths are made into ids, each another one.

    Args:
        root: where to look; it need not exist. Links and hidden folders are not followed.

    Returns:
        The folders, in the order of their paths.

    Example:
        >>> find_runs(Path("nowhere"))
        {}
    """
    folders = sorted(_folders(root), key=lambda path: (len(path.relative_to(root).parts), path))
    return dict(zip(ids_of([str(path.relative_to(root)) for path in folders]), folders, strict=True))


def ids_of(names: Iterable[str]) -> list[str]:
    """An id for each name, no two alike.

    Example:
        >>> ids_of(["mlp-seed0", "CNN, mine", "cnn/mine", "µ"])
        ['mlp-seed0', 'cnn-mine', 'cnn-mine-2', 'run']
    """
    names = list(names)
    taken = {name for name in names if RUN_ID.fullmatch(name)}
    ids = []
    for name in names:
        if RUN_ID.fullmatch(name):
            ids.append(name)
            continue
        plain = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:MAX_LENGTH] or "run"
        ids.append(free_id(plain, taken))
        taken.add(ids[-1])
    return ids


def free_id(wanted: str, taken: Iterable[str]) -> str:
    """An id as wanted, with a number behind it if it is taken."""
    taken, number, found = set(taken), 1, wanted
    while found in taken:
        number += 1
        found = f"{wanted[: MAX_LENGTH - len(str(number)) - 1]}-{number}"
    return found


def _folders(root: Path) -> Iterable[Path]:
    known = {*RUN_FILES, MANIFEST}
    for path, subfolders, names in os.walk(root):
        place = Path(path)
        if place != root and len(known & set(names)) >= 2:
            yield place
            subfolders.clear()
        deep = len(place.relative_to(root).parts) >= DEPTH
        subfolders[:] = [] if deep else [name for name in subfolders if not name.startswith(".")]
