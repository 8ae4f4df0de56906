"""What the page says of one run: finished or not, how far it is, what went wrong."""

import dataclasses
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from mnistlab.exceptions import MnistlabError
from mnistlab.progress import Line, Progress, read_progress
from mnistlab.recipes import AUGMENTATIONS, RECIPES, Recipe
from mnistlab.runs import SMALL_FILES, Run
from mnistlab.server.training.process import Start, process_of

State = Literal["running", "stopped", "finished", "failed", "damaged"]
Phase = Literal["starting", "training", "finishing"]

INTERRUPTED = ("Stopped after", "Interrupted")  # how the command line says that it was asked to end
RATE_STEPS = 40  # of the last that were written down, from which the time left is estimated
LOG_BYTES = 4096  # of the end of a log, in which its last sentence is looked for


@dataclasses.dataclass(frozen=True)
class Place:
    """Where things of one run lie.

    Args:
        run: its id.
        folder: of the run; it need not exist yet.
        title: the folder's place below the runs folder.
        start: how its training was last started from the page, if it was.
        log: what its process wrote to standard error, if it was started from the page.
    """

    run: str
    folder: Path
    title: str
    start: Start | None
    log: Path


@dataclasses.dataclass(frozen=True)
class Report:
    """What the page's list says of one run; its fields are the keys of the JSON.

    Args:
        id: in addresses.
        title: the folder's place below the runs folder.
        folder: as a command line takes it.
        state: `"stopped"` and `"failed"` trainings can be resumed.
        phase: of a running one: before its first step, at it, or scoring and writing.
        recipe: name of the recipe.
        settings: `epochs`, `batch_size`, `learning_rate`, `augmentation`, `validation` and `seed`.
        network: the id to ask for answers, of a finished run.
        test_accuracy: fraction, 0 to 1, of a finished run.
        epochs: of all its networks.
        epochs_done: those finished.
        num_steps: weight updates of the whole training, 0 where that is not known yet.
        seconds: of training so far.
        left_seconds: of training still to come, estimated, of a running one.
        message: what went wrong, a sentence.
        resumable: whether the page can take it up again.
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


def report_on(place: Place) -> Report:
    """Looks at the files of a run and at its process."""
    run = Run(place.folder)
    try:
        # Asked first: a training that ends in between has finished by the time the files are looked at.
        process = process_of(place.folder, place.start)
        recipe = recipe_of(place)
        if run.is_complete and process is None:
            return _finished(place, run.require(SMALL_FILES))
        if recipe is None:
            raise MnistlabError(f"{place.folder} holds no recipe.toml. Delete it and train again.")
    except (MnistlabError, OSError) as error:
        return Report(place.run, place.title, str(place.folder), "damaged", message=str(error))
    progress = read_progress(place.folder)
    begun = _begun(place, recipe, progress)
    return _ended(begun, place, recipe) if process is None else _running(begun, progress, process)


def recipe_of(place: Place) -> Recipe | None:
    """What a run trains, from its folder or, before that has it, from how it was started.

    Raises:
        RunError: if `recipe.toml` is damaged.
        UsageError: if the note of its start is.
    """
    if (place.folder / "recipe.toml").is_file():
        return Run(place.folder).recipe
    return None if place.start is None else Recipe.from_toml(place.start.recipe)


def curves_of(place: Place) -> tuple[list[Line], list[Line]]:
    """The rows of a run's epochs, and of the steps that were written down."""
    progress, run = read_progress(place.folder), Run(place.folder)
    try:
        history = run.history if run.is_complete else progress.history
    except (MnistlabError, OSError):
        history = progress.history
    return history, progress.steps


def arguments_of(recipe: Recipe) -> list[str] | None:
    """What follows `mnistlab train` to train a recipe.

    Returns:
        The arguments, or `None` for a recipe of an experiment whose settings have no options.

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


def _begun(place: Place, recipe: Recipe, progress: Progress) -> Report:
    settings = {name: getattr(recipe, name) for name in ("epochs", "batch_size", "learning_rate", "validation", "seed")}
    return Report(
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


def _finished(place: Place, run: Run) -> Report:
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


def _running(begun: Report, progress: Progress, process: int) -> Report:
    phase: Phase = "training"
    if process and progress.process != process:
        phase = "starting"  # what the file holds is of a process before it
    elif progress.done >= progress.num_steps:
        phase = "finishing"
    left = begun.left_seconds if phase == "training" else None
    return dataclasses.replace(begun, state="running", phase=phase, left_seconds=left)


def _ended(begun: Report, place: Place, recipe: Recipe) -> Report:
    """A training that no process goes on with, and that has no manifest."""
    code, sentence = (None if place.start is None else place.start.exit_code), _last_sentence(place.log)
    message: str | None = None
    if code is not None and code < 0 and code != -signal.SIGTERM:
        message = f"The process was ended from outside, by signal {-code}."
    elif place.start is not None and code not in (0, 130, -signal.SIGTERM) and not sentence.startswith(INTERRUPTED):
        message = sentence or None  # without a word: a power cut, while no server saw it
    resumable = arguments_of(recipe) is not None
    state: State = "failed" if message else "stopped"
    return dataclasses.replace(begun, state=state, left_seconds=None, message=message, resumable=resumable)


def _left_seconds(progress: Progress) -> float | None:
    """How long the rest will take if it goes on as the last steps went."""
    steps: Sequence[Line] = progress.steps[-RATE_STEPS:]
    if len(steps) < 2 or not progress.num_steps:
        return None
    num_steps, seconds = (steps[-1][name] - steps[0][name] for name in ("step", "seconds"))
    return float(seconds / num_steps * max(0, progress.num_steps - progress.done)) if num_steps else None


def _last_sentence(log: Path) -> str:
    """The last line that a process wrote, without what a terminal would take for a command."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LOG_BYTES))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return "".join(letter for letter in said[-1] if letter.isprintable()) if said else ""
