"""A step of the exercise, and how evidence of it becomes feedback: pure, without Keras, and never failing."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from mnistlab.lesson.checks.evidence import Description, Evidence
from mnistlab.lesson.checks.verdicts import Feedback, Finding, Outcome, StepState


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing to do or to get right.

    Args:
        key: Name of the step in `check`, `hint` and on the command line.
        title: What the step is about.
        points: Points that the step is worth when graded.
        check: Function that judges the step; it takes descriptions under the names of the step's arguments.
        hints: The idea, and the names in Keras. A third hint, the lines themselves, comes from the lesson's source.
        is_gap: Whether the student writes the step; other steps are given and may be broken.
        needs_training: Whether only a training run of full length can show that the step is right.
        measure: Function that adds to the evidence what only the objects themselves can tell.
    """

    key: str
    title: str
    points: int
    check: Callable[..., Outcome]
    hints: tuple[str, str]
    is_gap: bool = True
    needs_training: bool = False
    measure: Callable[[dict[str, Description], Mapping[str, Any]], None] | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of the objects that the step is about, in the order in which `check` takes them."""
        return tuple(inspect.signature(self.check).parameters)


def judge(step: Step, evidence: Evidence) -> Feedback:
    """The feedback on a step.

    Args:
        step: The step that the evidence is about.
        evidence: Descriptions of the step's arguments by name, as `evidence.describe` makes them. They may come from a
            process that is not trusted; what cannot be read is "not yet".
    """
    try:
        outcome = _judge(step, evidence)
    except Exception as error:  # the evidence may be forged or broken in any way
        outcome = Finding(
            "unreadable",
            f"What the check was given cannot be judged ({type(error).__name__}).",
            "Pass the objects that the cell names, in its order.",
        )
    if isinstance(outcome, Finding):
        return Feedback(step.key, StepState.NOT_YET, outcome.message, outcome.reason, outcome.problem)
    if isinstance(outcome, StepState):
        return Feedback(step.key, outcome, "Not started.")
    return Feedback(step.key, StepState.DONE, outcome)


def _judge(step: Step, evidence: Evidence) -> Outcome:
    missing = [name for name in step.arguments if name not in evidence]
    if missing:
        call = f'check("{step.key}", {", ".join(step.arguments)})'
        return Finding("arguments", f"The check was not given {' and '.join(missing)}.", f"Call it as {call}.")
    for name in step.arguments:
        if evidence[name].get("kind") in _UNCALLED:
            return _explain_uncalled(name, evidence[name])
    return step.check(**{name: evidence[name] or {"kind": "nothing"} for name in step.arguments})


_UNCALLED = ("class", "function")


def _explain_uncalled(name: str, given: Description) -> Finding:
    kind, called = given.get("kind"), str(given.get("class") or "")
    return Finding(
        "not-called",
        f"{name} is the {kind} {called} itself, and not what calling it gives: were the parentheses forgotten?",
        f"In Python {called}() calls it; the name alone only speaks of it.",
    )
