"""The status of one run: its summary, and what only the server knows, which started its process."""

import contextlib
import dataclasses
import signal
from pathlib import Path
from typing import Any, Literal

from mnistlab.exceptions import MnistlabError
from mnistlab.recipes import to_arguments
from mnistlab.runs import Run, Summary, summarize
from mnistlab.runs.progress import Progress, read_progress
from mnistlab.runs.run import RUN_FILES, SMALL_FILES
from mnistlab.runs.snapshots import SNAPSHOT_FILE
from mnistlab.server.http.sentences import say
from mnistlab.server.training.process import Start, process_of
from mnistlab.system.sentences import Sentence
from mnistlab.system.text import printable

Phase = Literal["starting", "training", "finishing"]

INTERRUPTED = ("Stopped after", "Interrupted")  # how the last line on standard error begins after an interruption
LOG_BYTES = 4096  # at the end of a log, in which its last sentence is looked for


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the files of one run are, and how the page started it.

    Args:
        run: Id of the run.
        folder: Folder of the run; it need not exist yet.
        title: The folder's path below the runs folder, or what a recording is called.
        start: The last start of its training from the page; `None` if there was none.
        log: File with the standard error of that training's process; it need not exist.
        is_recorded: Whether it is a recording that ships, whose networks are elsewhere.
    """

    run: str
    folder: Path
    title: str
    start: Start | None
    log: Path
    is_recorded: bool = False


@dataclasses.dataclass(frozen=True)
class TrainingStatus:
    """Where the training of one run stands.

    Args:
        place: Where the run's files are.
        summary: What its files and its process say.
        phase: What a running training does: it starts, trains, or scores and writes files.
        resumable: Whether the training can be resumed from the page.
    """

    place: Place
    summary: Summary
    phase: Phase | None = None
    resumable: bool = False


def status_of(place: Place) -> TrainingStatus:
    """The status of a run, from its files and its process."""
    process = process_of(place.folder, place.start)
    needed = SMALL_FILES if place.is_recorded else RUN_FILES
    summary = summarize(place.folder, process, None if place.start is None else place.start.recipe, needed)
    if summary.state == "running":
        return TrainingStatus(place, summary, _phase(summary.progress, process))
    if summary.state == "stopped" and (failure := _failure(place)):
        summary = dataclasses.replace(summary, state="failed", problem=failure)
    recipe = summary.recipe if summary.state in ("stopped", "failed") else None
    return TrainingStatus(place, summary, resumable=recipe is not None and to_arguments(recipe) is not None)


def curves_of(place: Place) -> dict[str, Any]:
    """The `history` of a run by epochs, the `steps` in its progress file, and whether there are snapshots."""
    progress, run = read_progress(place.folder), Run(place.folder)
    curves = {"steps": progress.steps, "has_snapshots": (place.folder / SNAPSHOT_FILE).is_file()}
    with contextlib.suppress(MnistlabError, OSError):
        if run.is_complete:
            return curves | {"history": run.history}
    return curves | {"history": progress.history}


def _phase(progress: Progress, process: int | None) -> Phase:
    if process and progress.process != process:
        return "starting"  # the progress file was written by an earlier process
    return "finishing" if progress.done >= progress.num_steps else "training"


def _failure(place: Place) -> str | None:
    """Why the process of a training ended before its time; `None` if it was asked to, or if nobody knows."""
    if place.start is None:
        return None
    code, sentence = place.start.exit_code, _last_sentence(place.log)
    if code is not None and code < 0 and code != -signal.SIGTERM:
        return Sentence(say("train.killed", {"signal": str(-code)}), "train.killed", {"signal": str(-code)})
    was_asked = code in (0, 130, -signal.SIGTERM) or sentence.startswith(INTERRUPTED)
    return None if was_asked else sentence or None  # none after a power cut


def _last_sentence(log: Path) -> str:
    """The last line in a log, printable."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LOG_BYTES))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return printable(said[-1], LOG_BYTES) if said else ""
