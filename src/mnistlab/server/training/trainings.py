"""Trainings that the page starts, stops and takes up again, one at a time; all of it is in files."""

import dataclasses
import os
import re
import shlex
import threading
from collections.abc import Collection, Iterator
from pathlib import Path

from mnistlab.files import make_folder
from mnistlab.recipes import AUGMENTATIONS, RECIPES, AffineRanges, Recipe
from mnistlab.runs import MANIFEST, RUN_FILES
from mnistlab.server.http.errors import ApiError
from mnistlab.server.run_ids import ID_PATTERN, SHIPPED_PREFIX, run_id
from mnistlab.server.training.process import ask_to_end, read_start, start_process
from mnistlab.server.training.status import Place, Report, arguments_of, recipe_of, report_on

NOTES = ".page"  # in the runs folder: how each training was last started, and what its process complained of

Settings = dict[str, int | float | bool | None]


class Trainings:
    """The runs below a folder, and the one training that may be under way there.

    Nothing is kept that is not in files, so another server on the same folder knows the same, and a training goes on
    while there is none.

    Args:
        root: the runs folder; it is made with the first training.
        data: a folder with four IDX files to train on instead of MNIST.
    """

    def __init__(self, root: Path, data: Path | None = None) -> None:
        self.root = root
        self._data = data
        self._lock = threading.Lock()  # of two requests to start, one finds the training of the other
        self._finished: dict[str, tuple[float, Report]] = {}

    def places(self) -> dict[str, Place]:
        """Every run by its id, those included whose process has made no folder yet."""
        folders = {run_id(folder.relative_to(self.root)): folder for folder in _run_folders(self.root)}
        noted = [path.stem for path in sorted((self.root / NOTES).glob("*.json"))]
        # What the page begins lies right below the runs folder, under its id.
        folders |= {run: self.root / run for run in noted if run not in folders and _is_free_of_paths(run)}
        places = {run: self._place(run, folder) for run, folder in folders.items()}
        return {run: place for run, place in places.items() if not _is_gone(place)}

    def place(self, run: str) -> Place:
        """Where a run lies.

        Raises:
            ApiError: 404, if there is none of this id.
        """
        found = self.places().get(run)
        if found is None:
            raise ApiError(404, "There is no run of this id. /api/runs lists them.")
        return found

    def reports(self) -> list[Report]:
        """What there is to say of every run: the one under way first, then those changed last."""
        reports = [(self.report(place), _changed(place)) for place in self.places().values()]
        reports.sort(key=lambda item: (item[0].state != "running", -item[1]))
        return [report for report, _ in reports]

    def report(self, place: Place) -> Report:
        """What there is to say of one run; of a finished one, what was said before."""
        changed = _changed(place)
        known = self._finished.get(place.run)
        if known and known[0] == changed:
            return known[1]
        report = report_on(place)
        if report.state == "finished":
            self._finished[place.run] = changed, report
        return report

    def start(self, recipe_name: str, settings: Settings, run: str | None = None) -> str:
        """Starts a training in a process of its own.

        Args:
            recipe_name: of `RECIPES`.
            settings: that replace those of the recipe, where they are not `None`: `epochs`, `batch_size`,
                `learning_rate`, `augmentation` and `seed`.
            run: the id of the new run; one that is free by default.

        Returns:
            The id.

        Raises:
            ApiError: 409, if a training is under way, or the id is taken.
            UsageError: if no recipe can have these settings.
        """
        recipe = with_settings(RECIPES[recipe_name], settings)
        with self._lock:
            self._require_idle()
            taken = {*self.places(), *(path.name.lower() for path in self.root.glob("*"))}
            if run is not None and (run in taken or run.startswith(SHIPPED_PREFIX)):
                raise ApiError(409, f"The name {run} is taken. Choose another one.")
            run = run or _free_id(recipe.name, taken)
            self._launch(self._place(run, self.root / run), recipe)
        return run

    def resume(self, run: str) -> None:
        """Takes a training up where it ended, with the same command.

        Raises:
            ApiError: 404, if there is no such run; 409, if it is finished or damaged, was started with settings that
                only code can give, or if a training is under way.
        """
        with self._lock:
            place = self.place(run)
            report = self.report(place)
            if report.state in ("finished", "damaged"):
                raise ApiError(409, f"The run {run} is {report.state}; only one that was stopped or failed can go on.")
            self._require_idle()
            recipe = recipe_of(place)
            if recipe is None or arguments_of(recipe) is None:
                raise ApiError(409, f"The run {run} has settings that no option gives; go on from where it was begun.")
            self._launch(place, recipe)

    def stop(self, run: str) -> None:
        """Asks a training to save what it has and end, which takes it up to some seconds.

        Raises:
            ApiError: 404, if there is no such run; 409, if it does not run, or its process is not one of a training.
        """
        place = self.place(run)
        if self.report(place).state != "running":
            raise ApiError(409, f"The run {run} is not under way.")
        if not ask_to_end(place.folder, place.start):
            raise ApiError(409, f"The run {run} was started by another program. End it there, with Ctrl-C.")

    def command(self, place: Place) -> str | None:
        """The command line that makes a run, or `None` if none does."""
        recipe = recipe_of(place)
        arguments = None if recipe is None else arguments_of(recipe)
        return None if arguments is None else shlex.join(["mnistlab", "train", *arguments, *self._options(place)])

    def _require_idle(self) -> None:
        running = next((report.id for report in self.reports() if report.state == "running"), None)
        if running is not None:
            raise ApiError(409, f"The training {running} is under way. Stop it, or wait until it has ended.")

    def _launch(self, place: Place, recipe: Recipe) -> None:
        arguments = arguments_of(recipe)
        assert arguments is not None
        notes = self.root / NOTES
        make_folder(notes)
        start_process(
            ["train", *arguments, *self._options(place)], recipe.to_toml(), notes / f"{place.run}.json", place.log
        )

    def _options(self, place: Place) -> list[str]:
        data = [] if self._data is None else ["--data", str(self._data)]
        return [*data, "--out", str(place.folder)]

    def _place(self, run: str, folder: Path) -> Place:
        notes = self.root / NOTES
        title = folder.relative_to(self.root).as_posix()
        return Place(run, folder, title, read_start(notes / f"{run}.json"), notes / f"{run}.log")


def with_settings(recipe: Recipe, settings: Settings) -> Recipe:
    """A recipe with some settings replaced; augmentation is its own where it has one, else the notebook's.

    Example:
        >>> with_settings(RECIPES["mlp"], {"epochs": 1, "augmentation": None}).epochs
        1
    """
    given = {name: value for name, value in settings.items() if value is not None}
    wanted = given.pop("augmentation", None)
    augmentation: AffineRanges | None = recipe.augmentation
    if wanted is not None and bool(wanted) != (augmentation is not None):
        augmentation = AUGMENTATIONS["yes" if wanted else "none"]
    return dataclasses.replace(recipe, augmentation=augmentation, **given)  # type: ignore[arg-type]


def _run_folders(root: Path) -> Iterator[Path]:
    """Those that hold two files of a run or more, as `mnistlab runs` finds them."""
    known = {*RUN_FILES, MANIFEST}
    for path, subfolders, names in os.walk(root):
        if len(known & set(names)) >= 2 and Path(path) != root:
            yield Path(path)
            subfolders.clear()
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))


def _is_free_of_paths(run: str) -> bool:
    return re.fullmatch(ID_PATTERN, run) is not None and run_id(Path(run)) == run


def _free_id(wanted: str, taken: Collection[str]) -> str:
    """An id as wanted, with a number behind it if it is taken."""
    number, found = 1, wanted
    while found in taken:
        number += 1
        found = f"{wanted}-{number}"
    return found


def _is_gone(place: Place) -> bool:
    """Whether a training was finished and its folder deleted since, or nobody knows what it was."""
    is_open = place.start is not None and place.start.exit_code != 0
    return not is_open and not place.folder.exists()


def _changed(place: Place) -> float:
    """When a run last got on, in seconds since 1970."""
    for path in (place.folder / MANIFEST, place.folder, place.log):
        try:
            return path.stat().st_mtime
        except OSError:
            continue
    return 0.0
