"""The status of one run: finished or not, how far it is, what went wrong."""

import dataclasses
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from mnistlab.exceptions import MnistlabError
from mnistlab.recipes import AUGMENTATIONS, RECIPES, Recipe
from mnistlab.runs import Run
from mnistlab.runs.progress import Line, Progress, read_progress
from mnistlab.runs.run import SMALL_FILES
from mnistlab.server.training.process import Start, process_of

State = Literal["running", "stopped", "finished", "failed", "damaged"]
Phase = Literal["starting", "training", "finishing"]

INTERRUPTED = ("Stopped after", "Interrupted")  # how the last line on standard error begins after an interruption
RATE_STEPS = 40  # number of lines in the progress file from which the time left is estimated
LOG_BYTES = 4096  # at the end of a log, in which its last sentence is looked for


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the files of one run are, and how the page started it.

    Args:
        run: Id of the run.
        folder: Folder of the run; it need not exist yet.
        title: The folder's path below the runs folder.
        start: The last start of its training from the page; `None` if there was none.
        log: File with the standard error of that training's process; it need not exist.
    """

    run: str
    folder: Path
    title: str
    start: Start | None
    log: Path


@dataclasses.dataclass(frozen=True)
class TrainingStatus:
    """Where the training of one run stands; the fields are the keys of the JSON.

    Args:
        id: Name in addresses.
        title: The folder's path below the runs folder.
        folder: The folder as a command line takes it.
        state: Whether the training is running, stopped, finished or failed, or the run is damaged.
        phase: What a running training does: it starts, trains, or scores and writes files.
        recipe: Name of the recipe.
        settings: `epochs`, `batch_size`, `learning_rate`, `augmentation`, `validation` and `seed`.
        network: Id of the network of a finished run.
        test_accuracy: Accuracy on the test split of a finished run, 0 to 1.
        epochs: Number of epochs of all its networks together.
        epochs_done: Number of epochs that are finished.
        num_steps: Number of weight updates of the whole training; 0 if it is not known yet.
        seconds: Duration of the training so far in seconds.
        left_seconds: Estimated duration of the rest of a running training in seconds.
        message: One sentence about what went wrong.
        resumable: Whether the training can be resumed from the page.
    """

    id: str
    title: str
    folder: str
    state: State
    phase: Phase | None = None
    recipe: str | None = None
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    network: str | None = None
    test_accuracy: float | None = None
    epochs: int = 0
    epochs_done: int = 0
    num_steps: int = 0
    seconds: float = 0.0
    left_seconds: float | None = None
    message: str | None = None
    resumable: bool = False


def status_of(place: Place) -> TrainingStatus:
    """The status of a run, from its files and its process."""
    run = Run(place.folder)
    try:
        # The process first: if the training ends in between, its files are complete when they are read.
        process = process_of(place.folder, place.start)
        recipe = recipe_of(place)
        if run.is_complete and process is None:
            return _finished(place, run.require(SMALL_FILES))
        if recipe is None:
            raise MnistlabError(f"{place.folder} holds no recipe.toml. Delete it and train again.")
    except (MnistlabError, OSError) as error:
        return TrainingStatus(place.run, place.title, str(place.folder), "damaged", message=str(error))
    progress = read_progress(place.folder)
    begun = _begun(place, recipe, progress)
    return _ended(begun, place, recipe) if process is None else _running(begun, progress, process)


def recipe_of(place: Place) -> Recipe | None:
    """The recipe of a run: from its folder, or from the note of its start if the folder has none yet.

    Raises:
        RunError: if `recipe.toml` is damaged.
        UsageError: if the note is damaged.
    """
    if (place.folder / "recipe.toml").is_file():
        return Run(place.folder).recipe
    return None if place.start is None else Recipe.from_toml(place.start.recipe)


def curves_of(place: Place) -> tuple[Sequence[Mapping[str, Any]], list[Line]]:
    """The history of a run by epochs, and by the steps in its progress file."""
    progress, run = read_progress(place.folder), Run(place.folder)
    try:
        history = run.history if run.is_complete else progress.history
    except (MnistlabError, OSError):
        history = progress.history
    return history, progress.steps


def arguments_of(recipe: Recipe) -> list[str] | None:
    """The arguments of `mnistlab train` that train a recipe.

    Returns:
        The arguments, or `None` if some setting of the recipe has no option.

    Example:
        >>> arguments_of(dataclasses.replace(RECIPES["cnn"], batch_size=32, augmentation=None))
        ['cnn', '--batch-size', '32', '--augmentation', 'none']
    """
    known = RECIPES.get(recipe.name)
    if known is None:
        return None
    names = ("epochs", "batch_size", "learning_rate", "augmentation", "seed", "validation", "precision")
    given = {name: getattr(recipe, name) for name in names if getattr(recipe, name) != getattr(known, name)}
    if dataclasses.replace(known, **given) != recipe:
        return None
    if "augmentation" in given:
        words = {ranges: word for word, ranges in AUGMENTATIONS.items()}
        if given["augmentation"] not in words:
            return None
        given["augmentation"] = words[given["augmentation"]]
    options = [(f"--{name.replace('_', '-')}", str(value)) for name, value in given.items()]
    return [recipe.name, *(part for option in options for part in option)]


def _begun(place: Place, recipe: Recipe, progress: Progress) -> TrainingStatus:
    settings = {name: getattr(recipe, name) for name in ("epochs", "batch_size", "learning_rate", "validation", "seed")}
    return TrainingStatus(
        id=place.run,
        title=place.title,
        folder=str(place.folder),
        state="stopped",
        recipe=recipe.name,
        settings=settings | {"augmentation": recipe.augmentation is not None},
        epochs=recipe.epochs * recipe.members,
        epochs_done=len(progress.history),
        num_steps=progress.num_steps,
        seconds=progress.seconds,
        left_seconds=_left_seconds(progress),
    )


def _finished(place: Place, run: Run) -> TrainingStatus:
    metrics = run.metrics
    return dataclasses.replace(
        _begun(place, run.recipe, Progress()),
        state="finished",
        network=place.run,
        test_accuracy=float(metrics["test_accuracy"]),
        epochs_done=len(run.history),
        num_steps=int(metrics["steps"]),
        seconds=float(metrics["train_seconds"]),
        left_seconds=None,
    )


def _running(begun: TrainingStatus, progress: Progress, process: int) -> TrainingStatus:
    phase: Phase = "training"
    if process and progress.process != process:
        phase = "starting"  # the progress file was written by an earlier process
    elif progress.done >= progress.num_steps:
        phase = "finishing"
    left = begun.left_seconds if phase == "training" else None
    return dataclasses.replace(begun, state="running", phase=phase, left_seconds=left)


def _ended(begun: TrainingStatus, place: Place, recipe: Recipe) -> TrainingStatus:
    """The status of a run that is not finished and has no process."""
    code, sentence = (None if place.start is None else place.start.exit_code), _last_sentence(place.log)
    message: str | None = None
    if code is not None and code < 0 and code != -signal.SIGTERM:
        message = f"The process was ended from outside, by signal {-code}."
    elif place.start is not None and code not in (0, 130, -signal.SIGTERM) and not sentence.startswith(INTERRUPTED):
        message = sentence or None  # none after a power cut
    resumable = arguments_of(recipe) is not None
    state: State = "failed" if message else "stopped"
    return dataclasses.replace(begun, state=state, left_seconds=None, message=message, resumable=resumable)


def _left_seconds(progress: Progress) -> float | None:
    """Duration of the rest in seconds if it goes on at the speed of the last steps."""
    steps: Sequence[Line] = progress.steps[-RATE_STEPS:]
    if len(steps) < 2 or not progress.num_steps:
        return None
    num_steps, seconds = (steps[-1][name] - steps[0][name] for name in ("step", "seconds"))
    return float(seconds / num_steps * max(0, progress.num_steps - progress.done)) if num_steps else None


def _last_sentence(log: Path) -> str:
    """The last line in a log, without characters that cannot be printed."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LOG_BYTES))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return "".join(letter for letter in said[-1] if letter.isprintable()) if said else ""
