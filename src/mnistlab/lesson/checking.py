"""What the exercise calls: `check` looks at objects and answers at once; `ready` lets a cell wait for a step."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from mnistlab.exceptions import UsageError
from mnistlab.lesson.checks.evidence import describe
from mnistlab.lesson.checks.judging import ARGUMENTS, judge
from mnistlab.lesson.checks.model_evidence import score_on_test
from mnistlab.lesson.checks.verdicts import SYMBOLS, Mark, Verdict
from mnistlab.lesson.showing import show_note, show_verdict
from mnistlab.lesson.steps import STEP_BY_KEY, STEPS

recorders: list[Callable[[str, dict[str, Any]], None]] = []
"""Functions that are handed every step's key and evidence, for example to send them to a grader."""

_latest: dict[str, Verdict] = {}
_shortened = False


def training_is_shortened() -> None:
    """Says that trainings are cut to a few steps from now on: what takes a whole one is then not checked."""
    global _shortened
    _shortened = True


def check(step: str, *objects: Any) -> Verdict:
    """Looks at what you built and says at once whether it is right, and if not, what is wrong and why it matters.

    Args:
        step: the step's key, such as `"mlp.hidden2"`.
        objects: what the step is about, for example the model; `ARGUMENTS` names them.

    Returns:
        The verdict, which is true when the step is done.

    Raises:
        UsageError: (a `ValueError`) there is no such step.
    """
    verdict = judge(step, collect(step, *objects))
    if _shortened and STEP_BY_KEY[step].needs_training and verdict.mark is Mark.NOT_YET:
        verdict = Verdict(step, Mark.NOT_CHECKED, "Not checked: trainings are cut short here.")
    _latest[step] = verdict
    show_verdict(verdict)
    return verdict


def collect(step: str, *objects: Any) -> dict[str, Any]:
    """The evidence of a step: its objects described as plain data, handed to every recorder."""
    names = ARGUMENTS[require_step(step)]
    evidence = {name: describe(value) for name, value in zip(names, objects, strict=False)}
    given = dict(zip(names, objects, strict=False))
    if step.endswith(".score") and evidence.get("model", {}).get("kind") == "model":
        evidence["model"] |= score_on_test(given["model"])
    if step.endswith(".train") and evidence["history"].get("curves", {}).get("val_loss"):
        evidence["history"] |= score_on_test(getattr(given["history"], "model", None))
    if step == "drawing" and "drawing" in given:
        evidence["model"] = describe_answer(given["model"], given["drawing"])
    evidence = dict(json.loads(json.dumps(evidence, default=str)))
    for record in recorders:
        record(step, evidence)
    return evidence


def describe_answer(model: Any, drawing: Any) -> dict[str, Any]:
    """How much ink a drawing has, and what the network itself says of it when it is prepared rightly."""
    image = np.asarray(drawing, dtype=np.float32)
    if image.shape != (28, 28):
        return {"kind": "other"}
    try:
        shape = model.input_shape[1:]
        probabilities = np.asarray(model(image.reshape(1, *shape) / 255, training=False))
        digit = int(probabilities[0].argmax())
    except Exception:  # a network that is not finished yet may fail on its own layers
        digit = None
    return {"kind": "model", "drawing_sum": float(image.sum() / 255), "drawing_digit": digit}


def ready(*steps: str) -> bool:
    """Whether steps are done, for a cell that needs them; says what it waits for if not.

    Example:
        `if ready("mlp.output"): history = mlp.fit(...)`
    """
    passing = (Mark.DONE, Mark.NOT_CHECKED)
    open_steps = [step for step in map(require_step, steps) if step not in _latest or _latest[step].mark not in passing]
    if open_steps:
        show_note(f"This cell waits for {' and '.join(open_steps)}.")
    return not open_steps


def require_step(step: str) -> str:
    """The same key, if the exercise has such a step."""
    if step not in STEP_BY_KEY:
        raise UsageError(f"There is no step {step!r}. The steps are {', '.join(STEP_BY_KEY)}.")
    return step


def summary() -> None:
    """Shows all steps with their marks, and how many are done."""
    marks = {step.key: _latest[step.key].mark if step.key in _latest else Mark.NOT_STARTED for step in STEPS}
    lines = [f"{SYMBOLS[marks[step.key]]} {step.key:<14} {step.title}" for step in STEPS]
    num_done = sum(mark is Mark.DONE for mark in marks.values())
    print("\n".join([*lines, f"{num_done} of {len(STEPS)} steps done."]))
