"""The folder of the page, written into a temporary folder and moved to its place at the end."""

import asyncio
import dataclasses
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from mnistlab.exceptions import RunError, UsageError
from mnistlab.runs import Run
from mnistlab.runs.snapshots import read_snapshots
from mnistlab.server.run_ids import run_id
from mnistlab.server.site.asking import started
from mnistlab.server.site.content import (
    SITE_MARK,
    Files,
    answered_files,
    is_first_visit,
    page_files,
    with_service_worker,
)
from mnistlab.system.paths import require_room


@dataclasses.dataclass(frozen=True)
class Site:
    """A folder that was built.

    Args:
        folder: Folder with the page.
        num_files: Number of its files.
        num_bytes: Size of all of its files in bytes.
        first_visit_bytes: Size of the files that a first visit loads in bytes.
        networks: Number of networks that can be asked.
    """

    folder: Path
    num_files: int
    num_bytes: int
    first_visit_bytes: int
    networks: int


def build_site(folder: Path, runs: Sequence[Path] = ()) -> Site:
    """Writes the page as a folder of plain files.

    Args:
        folder: Folder to write; missing, empty, or one that was built before, which is replaced.
        runs: Folders of finished runs whose networks and curves the page shows beside those that ship.

    Returns:
        What was written.

    Raises:
        UsageError: if the folder holds something else, or two runs have the same name.
        RunError: if a run is not finished or damaged, or the folder cannot be written.
    """
    check_site(folder)
    named: dict[str, Path] = {}
    for path in runs:
        run = Run(path).require()
        read_snapshots(run.folder)
        name = path.resolve().name
        if name in named:
            raise UsageError(f"Two runs are called {name}; rename the folder of one of them.")
        named[name] = run.folder
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch).resolve() / "runs"
        root.mkdir()
        copies = {name: Path(shutil.copytree(path, root / name)) for name, path in named.items()}
        ids = {run_id(Path(name)): path for name, path in copies.items()}
        files = with_service_worker(page_files() | asyncio.run(_answered(root, ids)))
    _write(folder, files)
    sizes = {name: len(content) for name, content in files.items()}
    networks = sum(name.endswith(".weights") for name in files)
    first = sum(size for name, size in sizes.items() if is_first_visit(name))
    return Site(folder, len(files), sum(sizes.values()), first, networks)


async def _answered(root: Path, ids: Mapping[str, Path]) -> Files:
    async with started(root) as ask:
        return await answered_files(ask, ids)


def check_site(folder: Path) -> None:
    """Refuses a folder that holds something else than a page that was built before.

    Raises:
        UsageError: if it does, or is not a folder.
    """
    require_room(folder, "folder", argument="site")
    if folder.exists() and any(folder.iterdir()) and not (folder / SITE_MARK).is_file():
        raise UsageError(
            f"{folder} holds something else than a page that was built before, and is left as it is. "
            "Choose another folder."
        )


def _write(folder: Path, files: Files) -> None:
    """Writes all files, then swaps the folders; a crash leaves the old folder or the new one."""
    place = folder.resolve()
    fresh, old = (place.with_name(f".{place.name}.{os.getpid()}.{kind}") for kind in ("tmp", "old"))
    try:
        for name, content in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if place.exists():
            place.rename(old)
        try:
            fresh.rename(place)
        except OSError:
            if old.exists():
                old.rename(place)
            raise
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror}. Choose another folder.") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
