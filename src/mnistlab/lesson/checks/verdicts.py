"""What a check finds, and the feedback that the student gets for it."""

import dataclasses
import enum
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple


class StepState(enum.StrEnum):
    """Where a step of the exercise stands."""

    NOT_STARTED = "not started"
    NOT_YET = "not yet"
    DONE = "done"
    NOT_CHECKED = "not checked"  # it takes a training run of full length, and training is cut short
    NO_CHECK = "no check"  # the notebook never calls its check, so nothing is known of it
    NOT_REACHED = "not reached"  # the notebook was stopped before its check was called


SYMBOLS = {
    StepState.NOT_STARTED: "○",
    StepState.NOT_YET: "✗",
    StepState.DONE: "✓",
    StepState.NOT_CHECKED: "–",
    StepState.NO_CHECK: "?",
    StepState.NOT_REACHED: "…",
}


class Finding(NamedTuple):
    """A mistake.

    Args:
        problem: Name of the mistake, such as `dropout-rate`.
        message: What was found, in a sentence or two.
        reason: Why it matters, or what to do about it.
    """

    problem: str
    message: str
    reason: str

    def fill(self, **values: object) -> "Finding":
        """The finding with values in place of the names in braces."""
        message, reason = (_with_articles(text, values).format(**values) for text in (self.message, self.reason))
        return Finding(self.problem, message, reason)


_ARTICLE = re.compile(r"\b([Aa]) \{(\w+)\}")
_VOWEL = re.compile(r"[AEIOaeio]|U(?!ni)")


def _with_articles(text: str, values: Mapping[str, object]) -> str:
    """`a {layer}` as `an {layer}` where the layer's name begins with the sound of a vowel."""

    def choose(match: re.Match[str]) -> str:
        return f"{match[1]}{'n' if _VOWEL.match(str(values[match[2]])) else ''} {{{match[2]}}}"

    return _ARTICLE.sub(choose, text)


Outcome = Finding | str | Literal[StepState.NOT_STARTED]
"""The result of a check: a mistake; a sentence of praise if the step is right; or `NOT_STARTED` if its gap is empty."""


def read_findings(text: str) -> dict[str, Finding]:
    """The findings of a module of checks, from the text that lists all that it may say.

    Each begins with the name of the mistake and what was found; the line below says why it matters. A line indented by
    four spaces continues the one above. What stands after a slash tells apart two findings of the same name.

    Example:
        >>> findings = read_findings('''
        ... loss: The loss is {loss}.
        ...   categorical_crossentropy was asked for.
        ... ''')
        >>> findings["loss"].fill(loss="hinge").message
        'The loss is hinge.'
    """
    lines = text.strip().replace("\n    ", " ").splitlines()
    heads = [line.partition(": ") for line in lines[::2]]
    return {
        name: Finding(name.partition("/")[0], message, reason.strip())
        for (name, _, message), reason in zip(heads, lines[1::2], strict=True)
    }


@dataclasses.dataclass(frozen=True)
class Feedback:
    """The answer to one step of the exercise.

    Args:
        step: Key of the step, such as `mlp.hidden2`.
        state: Where the step stands.
        message: What was found, in a sentence or two.
        reason: Why it matters; empty where there is nothing to explain.
        problem: Name of the mistake, such as `dropout-rate`; empty unless the state is "not yet".

    Example:
        >>> print(Feedback("mlp.output", StepState.NOT_YET, "The softmax is missing.", problem="softmax-missing"))
        ✗ mlp.output: The softmax is missing.
    """

    step: str
    state: StepState
    message: str = ""
    reason: str = ""
    problem: str = ""

    def __bool__(self) -> bool:
        """Whether the step is done."""
        return self.state is StepState.DONE

    def __str__(self) -> str:
        """The feedback in a line or two."""
        head = f"{SYMBOLS[self.state]} {self.step}: {self.message or self.state}"
        return f"{head}\n  {self.reason}" if self.reason else head

    def _ipython_display_(self) -> None:
        """Shows nothing: `check` has said it, and a cell that ends with a check should not say it twice."""
