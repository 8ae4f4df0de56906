"""The grade of one notebook: it runs in a sandboxed process, and what it reports is judged here.

The student's code never runs in this process, which was loaded, checks and all, before that code ran. So a checker that
the student's process has patched, or a file that it has changed, decides nothing here.
"""

import dataclasses
import functools
import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mnistlab
from mnistlab.exceptions import MnistlabError
from mnistlab.lesson.checks.judging import Step, judge
from mnistlab.lesson.checks.verdicts import Feedback, StepState
from mnistlab.lesson.grading.transcript import Transcript
from mnistlab.lesson.notebooks.reading import companions, read_bytes
from mnistlab.lesson.steps import STEPS
from mnistlab.system.sandbox.limits import Limits
from mnistlab.system.sandbox.scratch import scratch_folder
from mnistlab.system.sandbox.supervisor import ExitReport, run_sandboxed
from mnistlab.system.text import printable

_SHORTENED = "Training was shortened; run it in Jupyter, or check it with --full."
SAME_FILE = "the same file as"
FINISHED, TAMPERED, UNREAD = "finished", "tampered", "not read"


@dataclasses.dataclass(frozen=True)
class StepGrade:
    """The grade of one step.

    Args:
        key: Key of the step.
        mark: Where the step stands; "not checked" if training was shortened, "no check" if the notebook never calls its
            check, "not reached" if it was stopped before.
        points: Points given.
        out_of: Points that the step is worth.
        message: What was found; empty if the step was not reached.
        reason: Why that matters.
        problem: Name of the mistake.
    """

    key: str
    mark: StepState
    points: int
    out_of: int
    message: str = ""
    reason: str = ""
    problem: str = ""


@dataclasses.dataclass(frozen=True)
class Grade:
    """The grade of one notebook.

    Args:
        file: Name of the notebook as it is to be shown.
        digest: SHA-256 of the notebook's bytes, empty if it could not be read.
        points: Sum of the points given.
        out_of: Sum of the points that the steps are worth.
        ended: `finished`, `tampered`, `not read` if the file is not a notebook, or a sentence that says what stopped
            the notebook and where.
        steps: Grades of the steps, in order.
        problems: Sentences about what went wrong.
        seconds: Duration of the run in seconds.
        in_force: Names of the protections that were in force during the run, see `sandbox.limits.PROTECTIONS`.
    """

    file: str
    digest: str
    points: int
    out_of: int
    ended: str
    steps: tuple[StepGrade, ...]
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
    in_force: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Grade":
        """The grade that `dataclasses.asdict` made a dictionary of."""
        steps = tuple(StepGrade(**{**step, "mark": StepState(step["mark"])}) for step in content["steps"])
        lists = {name: tuple(content[name]) for name in ("problems", "in_force")}
        return cls(**{**content, **lists, "steps": steps})


def grade_notebook(
    path: Path, limits: Limits, *, name: str = "", is_quick: bool = False, is_own: bool = False
) -> Grade:
    """Runs a notebook in a sandboxed process and judges what its checks saw.

    Args:
        path: Path of the notebook; it is copied, with the files beside it if it is the only notebook there.
        limits: How much time, memory and output the notebook may use.
        name: Name to show instead of the path.
        is_quick: Whether training is cut to a few steps; steps that need a whole training run are then not checked.
        is_own: Whether the folder is the student's own, so that the files beside the notebook belong to it.

    Returns:
        The grade. Steps keep their points if something later in the notebook went wrong.

    Raises:
        KeyboardInterrupt: the sandboxed process has been ended then.
    """
    shown = printable(name or path)
    try:
        content = read_bytes(path)
    except MnistlabError as error:
        return _nothing(shown, str(error))
    transcript = Transcript()
    with scratch_folder() as folder:
        copy = folder / f"notebook{path.suffix.lower()}"
        copy.write_bytes(content)
        for other in companions(path, is_shared=not is_own):
            shutil.copyfile(other, folder / other.name)
        variables = _variables(folder)
        arguments = [copy.name, "quick" if is_quick else "full", shown]
        ending = run_sandboxed("mnistlab.lesson.grading.worker", arguments, folder, limits, transcript.add, variables)
    ended = _ended(transcript, ending)
    steps = tuple(_grade_step(step, transcript, is_quick=is_quick, ended=ended) for step in STEPS)
    return Grade(
        file=shown,
        digest=hashlib.sha256(content).hexdigest(),
        points=sum(step.points for step in steps),
        out_of=sum(step.out_of for step in steps),
        ended=ended,
        steps=steps,
        problems=(*_problems(transcript, ending), *_remarks(steps, transcript, is_quick=is_quick)),
        seconds=round(ending.seconds, 1),
        in_force=transcript.in_force or (),
    )


def _variables(folder: Path) -> dict[str, str]:
    """Environment variables that say where Keras, IPython and Matplotlib keep their files.

    Matplotlib's font list is copied if there is one, which saves the time to make it.
    """
    caches = folder / ".caches"
    caches.mkdir()
    for font_list in _font_lists():
        shutil.copyfile(font_list, caches / font_list.name)
    return {
        "KERAS_HOME": str(caches),
        "IPYTHONDIR": str(caches),
        "MPLCONFIGDIR": str(caches),
        "MPLBACKEND": "Agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


@functools.cache
def _font_lists() -> tuple[Path, ...]:
    from matplotlib import get_cachedir

    return tuple(Path(get_cachedir()).glob("fontlist-*.json"))


def _grade_step(step: Step, transcript: Transcript, *, is_quick: bool, ended: str) -> StepGrade:
    """The grade of a step by the best of its evidence: a cell that is pasted twice takes nothing away."""
    found = transcript.evidence.get(step.key)
    if not found:
        return StepGrade(step.key, *_explain_absence(step, transcript, ended), step.points)
    feedback = _best(step, transcript)
    if is_quick and step.needs_training and feedback.state is not StepState.NOT_STARTED:
        return StepGrade(step.key, StepState.NOT_CHECKED, 0, step.points, _SHORTENED)
    return StepGrade(
        step.key,
        feedback.state,
        step.points if feedback else 0,
        step.points,
        printable(feedback.message),
        printable(feedback.reason),
        printable(feedback.problem, 60),
    )


def _best(step: Step, transcript: Transcript) -> Feedback:
    """The feedback that is worth points, if any check of the step got it; otherwise the last one."""
    feedbacks = [judge(step, evidence) for evidence in transcript.evidence[step.key]]
    return next((feedback for feedback in feedbacks if feedback), feedbacks[-1])


def _explain_absence(step: Step, transcript: Transcript, ended: str) -> tuple[StepState, int]:
    """The mark and the points of a step whose check was never called."""
    if transcript.calls is not None and step.key not in transcript.calls:
        return StepState.NO_CHECK, 0
    return StepState.NOT_STARTED if ended == FINISHED else StepState.NOT_REACHED, 0


def _remarks(steps: Sequence[StepGrade], transcript: Transcript, *, is_quick: bool) -> tuple[str, ...]:
    """Sentences about steps that nothing is known of, and about checks that were called with different outcomes."""
    missing = [step.key for step in steps if step.mark is StepState.NO_CHECK]
    remarks = []
    if len(missing) == len(steps):
        remarks.append("no check was called for any step, so there was nothing to judge: is it this exercise?")
    elif missing:
        remarks.append(
            f"no check was called for {', '.join(missing)}: the cells are missing, so there was nothing to judge"
        )
    for step in STEPS:
        found = transcript.evidence.get(step.key, [])
        if is_quick and step.needs_training:
            continue
        states = {judge(step, evidence).state for evidence in found} if len(found) > 1 else set()
        if StepState.DONE in states and len(states) > 1:
            remarks.append(f"{step.key} was checked {len(found)} times with different outcomes; the best one counts")
    return tuple(remarks)


def _ended(transcript: Transcript, ending: ExitReport) -> str:
    if transcript.problem:
        return UNREAD
    if ending.reason == "ended" and transcript.is_finished and ending.exit_code == 0:
        return FINISHED
    where = f"in cell {transcript.cell}" if transcript.cell else "before its first cell"
    message = ending.message or "the process ended itself"
    return f"stopped {where}: {message}"


def _problems(transcript: Transcript, ending: ExitReport) -> tuple[str, ...]:
    problems = [transcript.problem] if transcript.problem else []
    if transcript.num_cells is None and not transcript.problem:
        last = printable(ending.tail.strip().rpartition("\n")[2])
        problems.append(f"The process that runs notebooks could not start: {last or 'it said nothing'}")
    problems += [f"cell {number}: {error}" for number, error in transcript.failures]
    if transcript.num_unreadable:
        problems.append(f"{transcript.num_unreadable:,} reports did not come from the checker")
    return tuple(problems)


def _nothing(file: str, problem: str, digest: str = "") -> Grade:
    """The grade of a notebook that could not be run."""
    steps = tuple(StepGrade(step.key, StepState.NOT_REACHED, 0, step.points) for step in STEPS)
    return Grade(file, digest, 0, sum(step.points for step in STEPS), UNREAD, steps, (problem,))


def tampered(grade: Grade, names: list[str]) -> Grade:
    """The grade without its points: files of mnistlab changed while the notebook ran."""
    steps = tuple(dataclasses.replace(step, points=0) for step in grade.steps)
    problem = f"while it ran, files of mnistlab changed: {printable(', '.join(names))}"
    return dataclasses.replace(grade, points=0, steps=steps, ended=TAMPERED, problems=(problem, *grade.problems))


def package_digests() -> dict[str, str]:
    """The SHA-256 of each of mnistlab's own files, by its path within the package."""
    folder = Path(mnistlab.__file__).parent
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): _digest(path) for path in sorted(files)}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def changed_files(before: Mapping[str, str]) -> list[str]:
    """The names of mnistlab's own files that were changed, added or removed."""
    after = package_digests()
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
