"""The cells of an experiment's table: one training run each, in a folder of its own, computed once."""

import dataclasses
import gc
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from mnistlab import training
from mnistlab.datasets import Dataset
from mnistlab.experiments import cluster
from mnistlab.experiments.summaries import Row
from mnistlab.recipes import Recipe
from mnistlab.runs import Run
from mnistlab.runs.folders import check_folder
from mnistlab.system.console import Console
from mnistlab.system.files import make_folder
from mnistlab.system.text import percent

METRICS = tuple(name for name in Row.__annotations__ if name not in ("seed", "folder"))


@dataclasses.dataclass(frozen=True)
class Training:
    """One training run of a table.

    Args:
        place: Place in the table, column by column: `{"alpha": 20, "model": "cnn"}`. Training runs of the same place
            differ only in their seed.
        recipe: The recipe to train.
    """

    place: dict[str, Any]
    recipe: Recipe


def differing_settings(trainings: Sequence[Training]) -> list[dict[str, Any]]:
    """A row for each place of the table: the settings in which the recipes differ from place to place.

    The seed is left out, and so are settings that a column of the place shows already.
    """
    recipes = {tuple(one.place.items()): one.recipe.settings() for one in reversed(trainings)}
    places = list(reversed(recipes))
    names = [
        name
        for name in recipes[places[0]]
        if name not in ("name", "seed", *dict(places[0]))
        and len({repr(recipes[place][name]) for place in places}) > 1
        and not any(all(dict(place)[column] == recipes[place][name] for place in places) for column in dict(places[0]))
    ]
    return [dict(place) | {name: recipes[place][name] for name in names} for place in places]


def run_folder(folder: Path, recipe: Recipe, dataset: Dataset) -> Path:
    """The run folder of a training run, whose name depends only on recipe and data, so that it is found again."""
    key = hashlib.sha256(f"{recipe.to_toml()}{dataset.fingerprint()}".encode()).hexdigest()[:10]
    return folder / "runs" / f"{recipe.name}-{recipe.model}-seed{recipe.seed}-{key}"


def train_cells(
    trainings: Sequence[Training],
    dataset: Dataset,
    folder: Path,
    *,
    address: str | None = None,
    data_folder: Path | None = None,
    progress: bool = True,
) -> list[Row]:
    """Trains every cell that is not finished yet and returns the table.

    A recipe that is in several places is trained once.

    Args:
        trainings: The cells to train.
        dataset: Train and test split.
        folder: The experiment's folder; the runs go into its `runs`.
        address: Address of a Ray cluster, `"auto"` for one on this machine, or `None` to train in this process.
        data_folder: Folder of the data set's files if it is not MNIST; a cluster's machines load it from there.
        progress: Whether to show how many are done and the time that the rest will take.

    Returns:
        A row for each cell, in order: its place, `seed`, the figures of `METRICS` and `folder`.

    Raises:
        UsageError: if a run folder holds another recipe's run, or something else.
        MnistlabError: if a training run fails.
    """
    make_folder(folder / "runs")
    folders = [run_folder(folder, one.recipe, dataset) for one in trainings]
    tasks = dict(zip(folders, trainings, strict=True))
    missing = {
        place: one.recipe
        for place, one in tasks.items()
        if not check_folder(place, one.recipe, dataset.identity()).is_complete
    }
    kept = len(tasks) - len(missing)
    console = Console(quiet=not progress)
    with console.bar("trainings", len(tasks), kept, earlier="finished") as bar:
        if address is None:
            for place, recipe in missing.items():
                training.train(recipe, dataset, place, progress=False)
                gc.collect()  # graphs are cycles: Python itself would let the networks of ten training runs pile up
                bar.count(_told(tasks[place], Run(place)))
        else:
            for place in cluster.train_on_ray(missing, address, dataset.fingerprint(), data_folder):
                bar.count(_told(tasks[place], Run(place)))
    return [_row(one, Run(place).require(), folder) for one, place in zip(trainings, folders, strict=True)]


def _row(one: Training, run: Run, folder: Path) -> Row:
    figures = {name: run.metrics.get(name) for name in METRICS}
    return cast(
        Row, {**one.place, "seed": one.recipe.seed, **figures, "folder": run.folder.relative_to(folder).as_posix()}
    )


def _told(one: Training, run: Run) -> str:
    place = ", ".join(_named(column, value) for column, value in one.place.items())
    accuracy, seconds = run.metrics["test_accuracy"], run.metrics["train_seconds"]
    return f"{place}, seed {one.recipe.seed}  {percent(accuracy)}  {seconds:.1f} s"


def _named(column: str, value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{column.replace('_', ' ')} {value:,}"
