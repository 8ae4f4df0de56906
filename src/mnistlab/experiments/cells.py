"""The trainings of an experiment: one cell of its table, one run folder, computed once."""

import dataclasses
import gc
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mnistlab import training
from mnistlab.datasets import Dataset
from mnistlab.experiments import cluster
from mnistlab.experiments.summaries import Row
from mnistlab.recipes import Recipe
from mnistlab.runs import Run
from mnistlab.system.console import Console
from mnistlab.system.files import make_folder

METRICS = (
    *("test_accuracy", "test_errors", "test_loss", "train_seconds", "steps", "epochs", "num_parameters"),
    "multiply_adds",
)


@dataclasses.dataclass(frozen=True)
class Cell:
    """One training of an experiment.

    Args:
        place: what tells it from the others, column by column: `{"alpha": 20, "model": "cnn"}`. Cells of the same
            place differ in their seed alone.
        recipe: what to train.
    """

    place: dict[str, Any]
    recipe: Recipe


def differing_settings(cells: Sequence[Cell]) -> list[Row]:
    """A row for each place of the table: the settings in which the recipes differ from place to place.

    The seed is left out, and a setting that a column of the place says already.
    """
    recipes = {tuple(cell.place.items()): cell.recipe.settings() for cell in reversed(cells)}
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
    """Where a cell's run lies: a name that depends on the recipe and the data alone, so that it is found again."""
    key = hashlib.sha256(f"{recipe.to_toml()}{dataset.fingerprint()}".encode()).hexdigest()[:10]
    return folder / "runs" / f"{recipe.name}-{recipe.model}-seed{recipe.seed}-{key}"


def train_cells(
    cells: Sequence[Cell],
    dataset: Dataset,
    folder: Path,
    *,
    address: str | None = None,
    data_folder: Path | None = None,
    progress: bool = True,
) -> list[Row]:
    """Trains every cell that is not finished yet and returns the table.

    A recipe that stands in several places is trained once.

    Args:
        cells: what to train.
        dataset: on what.
        folder: of the experiment; the runs go into its `runs`.
        address: of a Ray cluster, `"auto"` for one on this machine, or `None` to train in this process.
        data_folder: where the data set's files lie if it is not MNIST; a cluster's machines load it from there.
        progress: whether to say how many cells are done and how long the rest will take.

    Returns:
        A row for each cell, in order: its place, `seed`, `folder` and the figures of `METRICS`.

    Raises:
        MnistlabError: what training raises.
    """
    make_folder(folder / "runs")
    folders = [run_folder(folder, cell.recipe, dataset) for cell in cells]
    tasks = dict(zip(folders, cells, strict=True))
    missing = {place: cell.recipe for place, cell in tasks.items() if not Run(place).is_complete}
    kept = len(tasks) - len(missing)
    with Console(quiet=not progress).bar("trainings", len(tasks), kept, earlier="finished") as bar:
        if address is None:
            for place, recipe in missing.items():
                training.train(recipe, dataset, place, progress=False)
                gc.collect()  # graphs are cycles: Python itself would let the networks of ten trainings pile up
                bar.count(_told(tasks[place], Run(place)))
        else:
            for place in cluster.train_on_ray(missing, address, dataset.fingerprint(), data_folder):
                bar.count(_told(tasks[place], Run(place)))
    return [
        {
            **cell.place,
            "seed": cell.recipe.seed,
            **{name: run.metrics.get(name) for name in METRICS},
            "folder": place.relative_to(folder).as_posix(),
        }
        for cell, place in zip(cells, folders, strict=True)
        for run in [Run(place).require()]
    ]


def _told(cell: Cell, run: Run) -> str:
    place = ", ".join(_named(column, value) for column, value in cell.place.items())
    accuracy, seconds = run.metrics["test_accuracy"], run.metrics["train_seconds"]
    return f"{place}, seed {cell.recipe.seed}  {accuracy * 100:.2f} %  {seconds:.1f} s"


def _named(column: str, value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{column.replace('_', ' ')} {value:,}"
