"""What a check says."""

import dataclasses
import enum


class Mark(enum.StrEnum):
    """Where a step of the exercise stands."""

    NOT_STARTED = "not started"
    NOT_YET = "not yet"
    DONE = "done"
    NOT_CHECKED = "not checked"  # it takes a training of full length, and trainings are cut short


SYMBOLS = {Mark.NOT_STARTED: "○", Mark.NOT_YET: "✗", Mark.DONE: "✓", Mark.NOT_CHECKED: "–"}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The answer to one step of the exercise.

    Args:
        step: the step's key, such as `mlp.hidden2`.
        mark: where it stands.
        message: what was found, a sentence or two.
        reason: why it matters; empty where there is nothing to explain.
        problem: the name of the mistake, such as `dropout-rate`; empty unless the mark is "not yet".

    Example:
        >>> print(Verdict("mlp.output", Mark.NOT_YET, "The softmax is missing.", problem="softmax-missing"))
        ✗ mlp.output: The softmax is missing.
    """

    step: str
    mark: Mark
    message: str = ""
    reason: str = ""
    problem: str = ""

    def __bool__(self) -> bool:
        """Whether the step is done."""
        return self.mark is Mark.DONE

    def __str__(self) -> str:
        """The verdict in a line or two."""
        head = f"{SYMBOLS[self.mark]} {self.step}: {self.message or self.mark}"
        return f"{head}\n  {self.reason}" if self.reason else head

    def _ipython_display_(self) -> None:
        """Shows nothing: `check` has said it, and a cell that ends with a check should not say it twice."""


def done(step: str, message: str) -> Verdict:
    """A step that is right."""
    return Verdict(step, Mark.DONE, message)


def not_started(step: str, message: str = "Not started.") -> Verdict:
    """A step whose gap is still empty."""
    return Verdict(step, Mark.NOT_STARTED, message)


def not_yet(step: str, problem: str, message: str, reason: str) -> Verdict:
    """A step that is wrong: what was found, and why it matters."""
    return Verdict(step, Mark.NOT_YET, message, reason, problem)
