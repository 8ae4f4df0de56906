"""Many runs at a glance: what was trained, how well it went, what is not finished; reads numbers, no networks."""

import csv
import dataclasses
import datetime
import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from mnistlab.exceptions import RunError, UsageError
from mnistlab.runs.checkpoint import count_epochs
from mnistlab.runs.run import MANIFEST, RUN_FILES, SMALL_FILES, Run, problem_of
from mnistlab.system.files import write_text

Order = Literal["accuracy", "name", "time", "date"]
State = Literal["finished", "unfinished", "damaged"]


@dataclasses.dataclass(frozen=True)
class Entry:
    """What a list says of one run; its fields are the columns of the CSV file and the keys of the JSON.

    Args:
        folder: where it lies, below the folder that was searched.
        state: `"damaged"` if a file of it is missing or was changed. Networks are not read, so their damage goes
            unnoticed; `Run.require` finds it.
        recipe: name of the recipe.
        dataset: name of the data set.
        members: networks that are averaged.
        epochs: of each network.
        epochs_done: those finished, of all networks; of an unfinished training according to its last checkpoint.
        batch_size: images per weight update.
        learning_rate: Adam's step size; with a schedule its highest value.
        seed: of everything random.
        test_accuracy: fraction, 0 to 1.
        test_accuracy_low: lower end of its 95 % Wilson interval.
        test_accuracy_high: upper end.
        test_errors: test images that got the wrong digit.
        train_seconds: duration of the training.
        finished: when the manifest was written, in UTC, `2026-01-31T12:00:00Z`.
        problem: what is wrong with it.
    """

    folder: str
    state: State
    recipe: str | None = None
    dataset: str | None = None
    members: int | None = None
    epochs: int | None = None
    epochs_done: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    seed: int | None = None
    test_accuracy: float | None = None
    test_accuracy_low: float | None = None
    test_accuracy_high: float | None = None
    test_errors: int | None = None
    train_seconds: float | None = None
    finished: str | None = None
    problem: str | None = None


COLUMNS = tuple(field.name for field in dataclasses.fields(Entry))


def list_runs(folders: Iterable[Path], order: Order = "accuracy") -> list[Entry]:
    """Finds all runs in and below some folders and reads their numbers.

    Args:
        folders: where to look; each must exist. Links and hidden folders are not followed.
        order: `"accuracy"`: highest first; `"time"`: quickest training first; `"date"`: last finished first; `"name"`:
            by folder. Unfinished runs come after finished ones, but for `"name"`, and damaged ones last.

    Returns:
        An entry a run.

    Raises:
        RunError: if a folder does not exist.
    """
    found: dict[Path, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise RunError(f"There is no folder {folder}; expected one with runs of `mnistlab train` in or below it.")
        for path in _find(folder):
            found.setdefault(path.resolve(), path)
    entries = sorted((_entry(path) for path in found.values()), key=lambda entry: _natural(entry.folder))
    if order == "name":
        return entries
    if order == "accuracy":
        entries.sort(key=lambda entry: -(entry.test_accuracy or 0))
    elif order == "time":
        entries.sort(key=lambda entry: entry.train_seconds or 0)
    else:
        entries.sort(key=lambda entry: entry.finished or "", reverse=True)
    return sorted(entries, key=lambda entry: ("finished", "unfinished", "damaged").index(entry.state))


def _natural(name: str) -> list[str | int]:
    """A key that puts `seed2` before `seed10`."""
    return [int(part) if part.isdecimal() else part for part in re.split("([0-9]+)", name)]


def _find(folder: Path) -> Iterator[Path]:
    """Run folders: those that hold two files of a run or more, so that one with a file lost is still found."""
    known = {*RUN_FILES, MANIFEST}
    for path, subfolders, names in os.walk(folder):
        if len(known & set(names)) >= 2:
            yield Path(path)
            subfolders.clear()
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]


def _entry(path: Path) -> Entry:
    run, name = Run(path), os.fsencode(path).decode(errors="replace")
    try:
        if not (path / "recipe.toml").is_file() or run.is_complete:
            return _finished(run.require(SMALL_FILES), name)
        return _begun(run, name, "unfinished", count_epochs(run.checkpoint_path))
    except Exception as error:
        return Entry(name, "damaged", problem=problem_of(path, error))


def _begun(run: Run, name: str, state: State, epochs_done: int) -> Entry:
    recipe = run.recipe
    return Entry(
        name,
        state,
        recipe=recipe.name,
        dataset=str(run.dataset["name"]),
        members=recipe.members,
        epochs=recipe.epochs,
        epochs_done=epochs_done,
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        seed=recipe.seed,
    )


def _finished(run: Run, name: str) -> Entry:
    metrics = run.metrics
    moment = datetime.datetime.fromtimestamp((run.folder / MANIFEST).stat().st_mtime, datetime.UTC)
    numbers = ("test_accuracy", "test_accuracy_low", "test_accuracy_high", "test_errors", "train_seconds")
    if wrong := [key for key in numbers if not isinstance(metrics[key], int | float)]:
        raise RunError(f"{run.folder / 'metrics.json'} is damaged: {wrong[0]} is no number.")
    return dataclasses.replace(
        _begun(run, name, "finished", len(run.history)),
        **{key: metrics[key] for key in numbers},
        finished=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def format_table(entries: Sequence[Entry]) -> str:
    """The entries as text for a terminal: a line a run, and below them what is wrong with the damaged ones.

    What differs between data sets cannot be compared, so where there are several each line names its own.
    """
    sound = [entry for entry in entries if entry.state != "damaged"]
    finished = [entry for entry in sound if entry.state == "finished"]
    several = len({entry.dataset for entry in sound}) > 1
    settings = _align(
        ["run", "recipe", *(["data"] if several else []), "epochs", "batch", "seed"],
        [_settings(entry, several=several) for entry in sound],
        num_left=3 if several else 2,
    )
    results = _align(["accuracy", "95 % interval", "errors", "training", "finished"], map(_results, finished))
    if not finished:
        results[0] = ""
    upcoming = iter(results[1:])
    ends = [next(upcoming) if entry.state == "finished" else _position(entry) for entry in sound]
    lines = [f"{left}  {right}".rstrip() for left, right in zip(settings, [results[0], *ends], strict=True)]
    damaged = [f"damaged: {_printable(entry.problem or '')}" for entry in entries if entry.state == "damaged"]
    return "\n".join([*(lines if sound else []), *(["", *damaged] if damaged and sound else damaged)])


def _settings(entry: Entry, *, several: bool) -> list[str]:
    epochs = f"{entry.epochs:,}" if entry.members == 1 else f"{entry.members} × {entry.epochs:,}"
    data = [_printable(entry.dataset or "")] if several else []
    return [
        _printable(entry.folder),
        _printable(entry.recipe or ""),
        *data,
        epochs,
        f"{entry.batch_size:,}",
        str(entry.seed),
    ]


def _results(entry: Entry) -> list[str]:
    low, high = entry.test_accuracy_low or 0, entry.test_accuracy_high or 0
    moment = datetime.datetime.fromisoformat(entry.finished or "").astimezone()
    return [
        f"{(entry.test_accuracy or 0) * 100:.2f} %",
        f"{low * 100:.2f}–{high * 100:.2f}",
        f"{entry.test_errors:,}",
        f"{entry.train_seconds:,.1f} s",
        moment.strftime("%Y-%m-%d %H:%M"),
    ]


def _position(entry: Entry) -> str:
    return f"not finished: {entry.epochs_done:,} of {(entry.members or 1) * (entry.epochs or 1):,} epochs"


def _align(titles: list[str], rows: Iterable[list[str]], *, num_left: int = 0) -> list[str]:
    """Columns of equal width under their titles; the first ones begin on the left, the others, numbers, end there."""
    table = [titles, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if index < num_left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    ]


def _printable(text: str) -> str:
    """Without what a terminal would take for a command."""
    return "".join(character if character.isprintable() else "?" for character in text)


def write_csv(entries: Iterable[Entry], path: Path) -> None:
    """Writes the entries as CSV: fractions, seconds, UTC, and nothing where a value is not known.

    Raises:
        UsageError: if the file exists and is no list of runs.
        RunError: if it cannot be written.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=COLUMNS, lineterminator="\n")
    writer.writeheader()
    header = buffer.getvalue()
    writer.writerows(map(dataclasses.asdict, entries))
    if path.exists() and not (path.is_file() and path.read_bytes().startswith(header.encode())):
        raise UsageError(f"{path} exists and is no list of runs. Delete it, or choose another name.")
    write_text(path, buffer.getvalue())
