"""Training runs that the page starts, stops and resumes, one at a time. Everything about them is in files."""

import re
import shlex
import threading
from collections.abc import Collection, Iterable
from pathlib import Path

from mnistlab.inference.pretrained import RECORDINGS
from mnistlab.recipes import Recipe, to_arguments, to_python
from mnistlab.runs import find_runs
from mnistlab.runs.run import MANIFEST
from mnistlab.server.http.errors import ApiError
from mnistlab.server.http.sentences import say
from mnistlab.server.run_ids import ID_PATTERN, SHIPPED_PREFIX, is_utf8, run_id
from mnistlab.server.training.process import ask_to_end, read_start, start_process
from mnistlab.server.training.status import Place, TrainingStatus, status_of
from mnistlab.system.extras import describe_missing
from mnistlab.system.files import make_folder
from mnistlab.system.sentences import Sentence

NOTES = ".page"  # folder in the runs folder: the last start of each run and its standard error


class Trainings:
    """The runs below a folder, of which one at a time may be training, and the recordings that ship.

    All state is in files. So another server on the same folder sees the same runs, and training goes on while no
    server is running.

    Args:
        root: The runs folder; the first training run makes it.
        data: Folder with four IDX files to train on instead of MNIST.
    """

    def __init__(self, root: Path, data: Path | None = None) -> None:
        self.root = root
        self._data = data
        self._lock = threading.Lock()  # of two requests to start, the second sees the run of the first
        self._finished: dict[str, tuple[float, TrainingStatus]] = {}

    def places(self) -> dict[str, Place]:
        """Every run by its id, those that ship last, and with those whose process has not made its folder yet."""
        found = filter(is_utf8, find_runs([self.root]))
        folders = {run_id(folder.relative_to(self.root)): folder for folder in found}
        noted = [path.stem for path in sorted((self.root / NOTES).glob("*.json"))]
        # A run that was started from the page lies directly below the runs folder, named by its id.
        folders |= {run: self.root / run for run in noted if run not in folders and _is_free_of_paths(run)}
        places = {run: self._place(run, folder) for run, folder in folders.items()}
        return {run: place for run, place in places.items() if not _is_gone(place)} | _recorded()

    def place(self, run: str) -> Place:
        """The place of a run.

        Raises:
            ApiError: 404 if there is no such run.
        """
        found = self.places().get(run)
        if found is None:
            raise ApiError(404, "server.no_run")
        return found

    def statuses(self) -> list[TrainingStatus]:
        """The status of every run: the running one first, then the others, the last changed first, then recordings."""
        found = [
            (self.status(place), 0.0 if place.is_recorded else _changed(place)) for place in self.places().values()
        ]
        found.sort(key=lambda item: (item[0].summary.state != "running", -item[1]))
        return [status for status, _ in found]

    def status(self, place: Place) -> TrainingStatus:
        """The status of one run; the files of a finished run are read only once."""
        changed = _changed(place)
        known = self._finished.get(place.run)
        if known and known[0] == changed:
            return known[1]
        status = status_of(place)
        if status.summary.state == "finished":
            self._finished[place.run] = changed, status
        return status

    def start(self, recipe: Recipe, run: str | None = None) -> str:
        """Starts a training run in a process of its own.

        Args:
            recipe: The recipe to train.
            run: Id of the new run; by default one that is free.

        Returns:
            The id.

        Raises:
            ApiError: 409 if another run is training, the id is taken, the recipe has settings without an option, or
                the packages for training are not installed.
        """
        with self._lock:
            self._require_ready()
            taken = {*self.places(), *(path.name.lower() for path in self.root.glob("*"))}
            if run is not None and (run in taken or run.startswith(SHIPPED_PREFIX)):
                raise ApiError(409, "server.name_taken", run=run)
            run = run or _free_id(recipe.name, taken)
            self._launch(self._place(run, self.root / run), recipe)
        return run

    def resume(self, run: str) -> None:
        """Resumes a training run where it ended, with the same command.

        Raises:
            ApiError: 404 if there is no such run; 409 if it is finished or damaged, if its recipe has settings without
                an option, if another run is training, or if the packages for training are not installed.
        """
        with self._lock:
            status = self.status(self.place(run))
            state = status.summary.state
            if state in ("finished", "damaged"):
                raise ApiError(409, f"server.cannot_resume_{state}", run=run)
            self._require_ready()
            self._launch(status.place, status.summary.recipe)

    def stop(self, run: str) -> None:
        """Asks a training run to save what it has and end, which may take some seconds.

        Raises:
            ApiError: 404 if there is no such run; 409 if it is not running, or another program runs it.
        """
        place = self.place(run)
        if self.status(place).summary.state != "running":
            raise ApiError(409, "server.not_running", run=run)
        if not ask_to_end(place.folder, place.start):
            raise ApiError(409, "server.started_elsewhere", run=run)

    def code_of(self, status: TrainingStatus) -> dict[str, str | None]:
        """What `code` says of a run; of a recording, with a folder of one's own."""
        recipe, place = status.summary.recipe, status.place
        return self.code(recipe, self.root / folder_name(recipe) if recipe and place.is_recorded else place.folder)

    def code(self, recipe: Recipe | None, folder: Path) -> dict[str, str | None]:
        """The `command` line and the `python` program that train a recipe in a folder, as far as there are any."""
        arguments = None if recipe is None else self._arguments(recipe, folder)
        data = None if self._data is None else str(self._data)
        return {
            "command": None if arguments is None else shlex.join(["mnistlab", *arguments]),
            "python": None if recipe is None else to_python(recipe, str(folder), data),
        }

    def _arguments(self, recipe: Recipe, folder: Path) -> list[str] | None:
        arguments = to_arguments(recipe)
        data = [] if self._data is None else ["--data", str(self._data)]
        return None if arguments is None else ["train", *arguments, *data, "--out", str(folder)]

    def _require_ready(self) -> None:
        missing = describe_missing("train", "Training")
        if missing is not None:
            raise ApiError(409, "server.not_installed", sentence=missing)
        running = running_of(self.statuses())
        if running is not None:
            raise ApiError(409, "server.still_running", run=running)

    def _launch(self, place: Place, recipe: Recipe | None) -> None:
        arguments = None if recipe is None else self._arguments(recipe, place.folder)
        if recipe is None or arguments is None:
            raise ApiError(409, "server.no_option", run=place.run)
        notes = self.root / NOTES
        make_folder(notes)
        start_process(arguments, recipe.to_toml(), notes / f"{place.run}.json", place.log)

    def _place(self, run: str, folder: Path) -> Place:
        notes = self.root / NOTES
        title = folder.relative_to(self.root).as_posix()
        return Place(run, folder, title, read_start(notes / f"{run}.json"), notes / f"{run}.log")


def running_of(statuses: Iterable[TrainingStatus]) -> str | None:
    """Id of the run that is training, if there is one."""
    return next((status.place.run for status in statuses if status.summary.state == "running"), None)


def folder_name(recipe: Recipe) -> str:
    """A name for the folder of a recipe's run, from what differs from the recipe of ours.

    Example:
        >>> from mnistlab.recipes import RECIPES
        >>> folder_name(RECIPES["cnn"].override(["batch_size=32", "augmentation=none"]))
        'cnn-size32-augmentationnone'
    """
    name, *options = to_arguments(recipe) or [recipe.name]
    settings = zip(options[::2], options[1::2], strict=True)
    return "-".join([name, *(option.rpartition("-")[2] + value for option, value in settings)])


def _recorded() -> dict[str, Place]:
    """The recordings that ship, by the ids of their networks."""
    found = {}
    for name, folder in RECORDINGS.items():
        run, key = f"{SHIPPED_PREFIX}-{name}", f"train.recording_{name}"
        found[run] = Place(run, folder, Sentence(say(key), key), None, folder / "none.log", is_recorded=True)
    return found


def _is_free_of_paths(run: str) -> bool:
    return re.fullmatch(ID_PATTERN, run) is not None and run_id(Path(run)) == run


def _free_id(wanted: str, taken: Collection[str]) -> str:
    """The wanted id, with a number added if it is taken."""
    number, found = 1, wanted
    while found in taken:
        number += 1
        found = f"{wanted}-{number}"
    return found


def _is_gone(place: Place) -> bool:
    """Whether there is nothing to show of a run: no folder, and no start that failed or may still be running."""
    is_open = place.start is not None and place.start.exit_code != 0
    return not is_open and not place.folder.exists()


def _changed(place: Place) -> float:
    """Time of the last change of a run in seconds since 1970."""
    for path in (place.folder / MANIFEST, place.folder, place.log):
        try:
            return path.stat().st_mtime
        except OSError:
            continue
    return 0.0
