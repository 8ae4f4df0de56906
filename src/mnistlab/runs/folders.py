"""Ownership of folders, for a run or for results over several runs; other files in them are never touched.

`own_run` and `own_results` are the one way to write into a folder: they check it, make it, lock it, clear up after a
process that died in it, and remove what they made if nothing was written. Within one thread they nest: the command
line owns a folder before anything slow is loaded, and the function that it calls owns it again.
"""

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mnistlab.exceptions import UsageError
from mnistlab.recipes import Recipe
from mnistlab.runs.run import Run
from mnistlab.system.files import is_leftover, make_folder, remove_leftovers, write_json, write_text
from mnistlab.system.locks import OWNER_FILE, is_unused, lock
from mnistlab.system.paths import require_room

DatasetIdentity = Mapping[str, Any]
ANY_QUESTION = ""


def default_folder(recipe: Recipe) -> Path:
    """The folder of a recipe's run, unless another is given."""
    origin = "" if recipe.start_from is None else f"-from-{recipe.start_from[:8]}"
    return Path("runs") / f"{recipe.name}-seed{recipe.seed}{origin}"


@contextlib.contextmanager
def own_run(
    folder: Path, recipe: Recipe, dataset: DatasetIdentity | None = None, *, extends: bool = False
) -> Iterator[Run]:
    """Makes a folder this thread's own for a run, during a `with` block.

    Args:
        folder: The run folder.
        recipe: The recipe to train.
        dataset: `name` and `fingerprint` of the data to train on; not compared by default.
        extends: Whether the folder may hold a run of the same recipe with other epochs, to go on with.

    Yields:
        The run, as it is once the folder is owned; another process may have completed it just before.

    Raises:
        UsageError: if another recipe or other data belongs to the folder, or it holds something else.
        RunError: if another process owns the folder, a file in it is damaged, or it cannot be written.
    """
    check_folder(folder, recipe, dataset, extends=extends)
    with _owned(folder):
        yield check_folder(folder, recipe, dataset, extends=extends)


@contextlib.contextmanager
def own_results(folder: Path, kind: str, question: str | None = ANY_QUESTION) -> Iterator[None]:
    """Makes a folder this thread's own for results over several runs, during a `with` block.

    Args:
        folder: The folder of the results.
        kind: Name of the results in a message: `a report`.
        question: Question of an experiment, or `None` for the report of the notebook; not compared by default.

    Raises:
        UsageError: if the folder holds something else, or results that answer another question.
        RunError: if another process owns the folder, or it cannot be written.
    """
    check_collection(folder, kind)
    if question != ANY_QUESTION:
        check_question(folder, question)
    with _owned(folder):
        yield


@contextlib.contextmanager
def _owned(folder: Path) -> Iterator[None]:
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    make_folder(folder)
    try:
        with lock(folder):
            remove_leftovers(folder)
            yield
    finally:
        with contextlib.suppress(OSError):  # something was written
            for place in missing:
                place.rmdir()


def check_folder(folder: Path, recipe: Recipe, dataset: DatasetIdentity | None = None, *, extends: bool = False) -> Run:
    """Checks that a folder is free for a run, or holds one of the same recipe and data, finished or not.

    Args:
        folder: Path of the run folder; it need not exist.
        recipe: The recipe to train.
        dataset: `name` and `fingerprint` of the data to train on; not compared by default.
        extends: Whether the run may have other epochs than the recipe.

    Returns:
        The run; it is complete if this recipe was trained on this data here before.

    Raises:
        UsageError: if another recipe or other data belongs to the folder, or it holds something else.
        RunError: if a file in it is damaged.
    """
    require_room(folder, "folder", argument="folder")
    run = Run(folder)
    if (folder / "recipe.toml").exists():
        held = dataclasses.replace(run.recipe, epochs=recipe.epochs) if extends else run.recipe
        differences = held.differences(recipe)
        if dataset is not None and run.dataset["fingerprint"] != dataset["fingerprint"]:
            known = run.dataset
            differences.append(
                f"data {known['name']} {known['fingerprint'][:8]}, not {dataset['name']} {dataset['fingerprint'][:8]}"
            )
        found = f"{folder} holds a run with {'; '.join(differences)}."
        if not extends and len(differences) == 1 and run.recipe.epochs < recipe.epochs and run.is_complete:
            raise UsageError(f"{found} Choose another folder, or give that run more epochs.", argument="extends")
        if differences:
            raise UsageError(f"{found} Delete it, or choose another folder.", argument="folder")
    elif folder.exists() and any(not _is_ours(path) for path in folder.iterdir()):
        raise UsageError(f"{folder} exists and is not a run. Choose another folder.", argument="folder")
    return run


def begin(folder: Path, recipe: Recipe, dataset: DatasetIdentity) -> None:
    """Writes data set and recipe into a run folder; the recipe comes last and makes the folder a run."""
    write_json(folder / "dataset.json", dataset)
    write_text(folder / "recipe.toml", recipe.to_toml())


def check_collection(folder: Path, kind: str) -> None:
    """Checks that a folder is free for results over several runs, or holds such results.

    Args:
        folder: Path of the folder for `results.json`, `results.csv`, `report.html`, `figures` and `runs`.
        kind: Name of the results in a message: `a report`.

    Raises:
        UsageError: if the folder holds something else.
    """
    require_room(folder, "folder", argument="folder")
    if folder.exists() and not (is_unused(folder) or _is_collection(folder)):
        raise UsageError(f"{folder} exists and is not {kind} of mnistlab. Choose another folder.", argument="folder")


def check_question(folder: Path, question: str | None) -> None:
    """Checks that results in a folder, if there are any, answer the same question.

    Args:
        folder: Path of the folder of the results.
        question: Question of an experiment, or `None` for the report of the notebook.

    Raises:
        UsageError: if they answer another question.
    """
    results = _read_results(folder)
    if results and results.get("question") != question:
        held = f"an experiment: {results['question']}" if "question" in results else "the report of `mnistlab run`."
        raise UsageError(f"{folder} holds {held} Choose another folder.", argument="folder")


def _is_collection(folder: Path) -> bool:
    """Whether a folder holds results, or runs and no foreign file that results would replace."""
    if (folder / "results.json").exists():
        return bool(_read_results(folder))
    marks = {"report.html": "mnistlab", "results.csv": "test_accuracy"}  # left by a process that died in between
    present = [name for name in marks if (folder / name).exists()]
    return (folder / "runs").is_dir() and all(marks[name] in _read(folder / name) for name in present)


def _read_results(folder: Path) -> dict[str, Any]:
    """The content of `results.json`; empty if there is no such file or it is not mnistlab's."""
    with contextlib.suppress(ValueError):
        results = json.loads(_read(folder / "results.json"))
        if isinstance(results, dict) and "mnistlab" in results:
            return results
    return {}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _is_ours(path: Path) -> bool:
    """Whether a file may lie in a run folder before the recipe is written."""
    if path.name == "dataset.json":
        with contextlib.suppress(OSError, ValueError):
            return set(json.loads(path.read_text(encoding="utf-8"))) - {"class_names"} == {"name", "fingerprint"}
        return False
    return path.name == OWNER_FILE or (is_leftover(path) and path.name.startswith((".dataset.json.", ".recipe.toml.")))
