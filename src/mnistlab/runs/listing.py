"""Many runs at a glance: what was trained, how good it is, what is not finished; reads numbers, no networks."""

import csv
import dataclasses
import datetime
import io
import os
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from mnistlab.exceptions import RunError, UsageError, require_path
from mnistlab.recipes import Recipe
from mnistlab.runs.checkpoint import count_epochs
from mnistlab.runs.progress import Progress, is_number, read_progress
from mnistlab.runs.run import MANIFEST, RUN_FILES, SMALL_FILES, Run, problem_of
from mnistlab.system.files import write_text
from mnistlab.system.locks import lock_owner
from mnistlab.system.paths import absence, is_folder, require_room
from mnistlab.system.text import interval, percent, seconds, table

Order = Literal["accuracy", "name", "time", "date"]
State = Literal["running", "stopped", "finished", "failed", "damaged"]


MEASURED = ("test_accuracy", "test_accuracy_low", "test_accuracy_high", "test_errors", "train_seconds")
COLUMNS = (
    *("folder", "state", "recipe", "dataset", "members", "epochs", "epochs_done"),
    *("batch_size", "learning_rate", "seed", *MEASURED, "finished", "problem"),
)
"""The columns of the CSV file, and the keys of the JSON."""


@dataclasses.dataclass(frozen=True)
class Summary:
    """What is known about a run without reading its networks.

    Args:
        folder: The run folder.
        state: `"finished"`: training reached its end. `"running"`: a process trains, or writes the last files.
            `"stopped"`: training can be resumed. `"failed"`: an error stopped it, which only the program that started
            it can know. `"damaged"`: a file is missing or was changed; `Run.require` also finds damage to the networks.
        recipe: The recipe; `None` if the run is damaged.
        dataset: Name of the data set; `None` if it is not known yet.
        epochs_done: Number of finished epochs, of all its networks together.
        progress: Progress of training; for a finished run only the number of steps and the duration.
        metrics: The run in numbers, once training has reached its end.
        finished: Time at which training reached its end, in UTC, `2026-01-31T12:00:00Z`.
        problem: What is wrong with the run, in a sentence.
    """

    folder: Path
    state: State
    recipe: Recipe | None = None
    dataset: str | None = None
    epochs_done: int | None = None
    progress: Progress = dataclasses.field(default_factory=Progress)
    metrics: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    finished: str | None = None
    problem: str | None = None

    @property
    def name(self) -> str:
        """The folder as text; bytes that are not UTF-8 are replaced."""
        return os.fsencode(self.folder).decode(errors="replace")

    def row(self) -> dict[str, Any]:
        """A value for each of `COLUMNS`. The state of every run without an end is `"unfinished"`."""
        state = "damaged" if self.state == "damaged" else "finished" if self.metrics else "unfinished"
        chosen = {} if self.recipe is None else self.recipe.settings() | {"recipe": self.recipe.name}
        known = {**self.metrics, **chosen, **vars(self), "recipe": chosen.get("recipe"), "folder": self.name}
        return {name: known.get(name) for name in COLUMNS} | {"state": state}


def _folders(given: object) -> list[Path]:
    """Folders that were given as one or several paths or texts."""
    advice = "Give the paths of one or more folders."
    several = list(given) if isinstance(given, Iterable) and not isinstance(given, str | bytes) else [given]
    return [require_path(folder, "The folder to look in", advice) for folder in several]


def find_runs(folders: Iterable[Path | str] | Path | str) -> list[Path]:
    """All run folders in and below some folders, each once; links and hidden folders are not followed.

    A run folder holds two files of a run or more, so that a run that lost one is still found. Folders that cannot be
    read are among them: there may be runs in them.
    """
    known, found = {*RUN_FILES, MANIFEST}, dict[Path, Path]()

    def note(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):  # deleted in between, or no folder at all
            found.setdefault(Path(error.filename), Path(error.filename))

    for folder in _folders(folders):
        for path, subfolders, names in os.walk(folder, onerror=note):
            if len(known & set(names)) >= 2:
                found.setdefault(Path(path).resolve(), Path(path))
                subfolders.clear()
            subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
    return [*found.values()]


def summarize(
    folder: Path | str,
    process: int | None = None,
    noted_recipe: str | None = None,
    needed: Collection[str] = RUN_FILES,
) -> Summary:
    """The summary of one run.

    Args:
        folder: The run folder.
        process: Id of the process that trains in it; by default the process that has locked the folder, if any.
        noted_recipe: Recipe of a training run that has not written it yet, in the form of `recipe.toml`.
        needed: Names of the files that must be there once training has reached its end.
    """
    folder = Run(folder).folder  # type: ignore[arg-type]
    if process is None:  # first: if the training ends in between, its files are complete when they are read
        process = lock_owner(folder)
    run = Run(folder)
    try:
        has_recipe = (folder / "recipe.toml").is_file()
        if run.is_complete or not (has_recipe or noted_recipe):
            return _ended(run.require(SMALL_FILES, needed), is_running=process is not None)
        recipe = run.recipe if has_recipe else Recipe.from_toml(noted_recipe or "")
        dataset = str(run.dataset["name"]) if has_recipe else None
        progress = read_progress(folder)
    except Exception as error:  # a file may hold anything, and no other run may suffer from it
        return Summary(folder, "damaged", problem=problem_of(folder, error))
    state: State = "stopped" if process is None else "running"
    return Summary(folder, state, recipe, dataset, len(progress.history), progress)


def _ended(run: Run, *, is_running: bool) -> Summary:
    metrics, moment = run.metrics, (run.folder / MANIFEST).stat().st_mtime
    if wrong := [key for key in (*MEASURED, "steps", "num_parameters") if not is_number(metrics[key])]:
        raise RunError(f"{run.folder / 'metrics.json'} is damaged: {wrong[0]} is not a number.")
    total = Progress(num_steps=int(metrics["steps"]), seconds=float(metrics["train_seconds"]))
    return Summary(
        run.folder,
        "running" if is_running else "finished",
        run.recipe,
        str(run.dataset["name"]),
        len(run.history),
        read_progress(run.folder) if is_running else total,
        metrics,
        datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def list_runs(folders: Iterable[Path | str] | Path | str, order: Order = "accuracy") -> list[Summary]:
    """Finds all runs in and below some folders and reads their numbers.

    Args:
        folders: One or more folders to look in; each must exist. Links and hidden folders are not followed.
        order: `"accuracy"`: highest first; `"time"`: quickest training first; `"date"`: last finished first; `"name"`:
            by folder. Unfinished runs come after finished ones, but for `"name"`, and damaged ones last.

    Returns:
        A summary of each run. The finished epochs of an unfinished run are those of its last checkpoint.

    Raises:
        RunError: a folder does not exist.
    """
    searched = _folders(folders)
    for folder in searched:
        if not is_folder(folder):
            raise RunError(f"{absence(folder, 'folder')}; expected one with runs of `mnistlab train` in or below it.")
    found = sorted(map(_summarize_checkpoint, find_runs(searched)), key=lambda summary: _natural(summary.name))
    if order == "name":
        return found
    if order == "accuracy":
        found.sort(key=lambda summary: -summary.metrics.get("test_accuracy", 0))
    elif order == "time":
        found.sort(key=lambda summary: summary.metrics.get("train_seconds", 0))
    else:
        found.sort(key=lambda summary: summary.finished or "", reverse=True)
    return sorted(found, key=lambda summary: (summary.state == "damaged", not summary.metrics))


def _natural(name: str) -> list[str | int]:
    """A key that puts `seed2` before `seed10`."""
    return [int(part) if part.isdecimal() else part for part in re.split("([0-9]+)", name)]


def _summarize_checkpoint(folder: Path) -> Summary:
    """The summary of a run, with the epochs of its checkpoint if it is not finished."""
    summary = summarize(folder)
    if summary.metrics or summary.problem:
        return summary
    try:
        return dataclasses.replace(summary, epochs_done=count_epochs(Run(folder).checkpoint_path))
    except Exception as error:
        return Summary(folder, "damaged", problem=problem_of(folder, error))


def format_table(summaries: Iterable[Summary]) -> str:
    """The runs as text for a terminal: one line per run, and below them what is wrong with the damaged ones.

    Accuracies on different data cannot be compared, so each line names its data set unless all are MNIST.
    """
    rows = [summary.row() for summary in summaries]
    sound = [row for row in rows if row["state"] != "damaged"]
    several = {row["dataset"] for row in sound} - {"MNIST"} != set()
    titles = ["run", "recipe", *(["data"] if several else []), "epochs", "batch", "seed"]
    settings = table([titles, *(_settings(row, several=several) for row in sound)], num_left=3 if several else 2)
    finished = [_results(row) for row in sound if row["state"] == "finished"]
    results = table([["accuracy", "95 % interval", "errors", "training", "finished"], *finished], num_left=0)
    if not finished:
        results[0] = ""
    upcoming = iter(results[1:])
    ends = [next(upcoming) if row["state"] == "finished" else _position(row) for row in sound]
    lines = [f"{left}  {right}".rstrip() for left, right in zip(settings, [results[0], *ends], strict=True)]
    damaged = [f"damaged: {_printable(row['problem'])}" for row in rows if row["state"] == "damaged"]
    return "\n".join([*(lines if sound else []), *(["", *damaged] if damaged and sound else damaged)])


def _settings(row: Mapping[str, Any], *, several: bool) -> list[str]:
    epochs = f"{row['epochs']:,}" if row["members"] == 1 else f"{row['members']} × {row['epochs']:,}"
    names = [row["folder"], row["recipe"], *([row["dataset"]] if several else [])]
    return [*map(_printable, names), epochs, f"{row['batch_size']:,}", str(row["seed"])]


def _results(row: Mapping[str, Any]) -> list[str]:
    moment = datetime.datetime.fromisoformat(row["finished"]).astimezone()
    return [
        percent(row["test_accuracy"]),
        interval((row["test_accuracy_low"], row["test_accuracy_high"]), unit=""),
        f"{row['test_errors']:,}",
        seconds(row["train_seconds"]),
        moment.strftime("%Y-%m-%d %H:%M"),
    ]


def _position(row: Mapping[str, Any]) -> str:
    return f"not finished: {row['epochs_done']:,} of {row['members'] * row['epochs']:,} epochs"


def _printable(text: str) -> str:
    """Replaces every character that a terminal might take for a command."""
    return "".join(character if character.isprintable() else "?" for character in text)


def write_csv(summaries: Iterable[Summary], path: Path) -> None:
    """Writes the runs as CSV: fractions, seconds, UTC, and nothing where a value is not known.

    Raises:
        UsageError: the file exists and is not a list of runs.
        RunError: the file cannot be written.
    """
    require_room(path, "file")
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=COLUMNS, lineterminator="\n")
    writer.writeheader()
    header = buffer.getvalue()
    writer.writerows(summary.row() for summary in summaries)
    if path.exists() and not path.read_bytes().startswith(header.encode()):
        raise UsageError(f"{path} exists and is not a list of runs. Delete it, or choose another name.")
    write_text(path, buffer.getvalue())
