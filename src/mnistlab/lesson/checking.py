"""The functions that the exercise calls: `check` looks at objects and answers; `ready` lets a cell wait for a step."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from mnistlab.exceptions import UsageError
from mnistlab.lesson.checks.evidence import Description, Evidence, describe
from mnistlab.lesson.checks.judging import Step, judge
from mnistlab.lesson.checks.verdicts import SYMBOLS, Feedback, StepState
from mnistlab.lesson.showing import show_feedback, show_note
from mnistlab.lesson.steps import STEPS, find_step


@dataclasses.dataclass
class Session:
    """What a notebook has checked so far, and which hints it has shown.

    Args:
        recorders: Functions that are handed every step's key and evidence, for example to send them to a grader.
        is_shortened: Whether training is cut to a few steps; what takes a whole training run is then not checked.
        latest: The last feedback on each step, by key.
        hint_levels: The level of the last hint for each step, by key.
    """

    recorders: list[Callable[[str, Evidence], None]] = dataclasses.field(default_factory=list)
    is_shortened: bool = False
    latest: dict[str, Feedback] = dataclasses.field(default_factory=dict)
    hint_levels: dict[str, int] = dataclasses.field(default_factory=dict)

    def check(self, step: str, *objects: Any) -> Feedback:
        """Looks at what you built and says at once whether it is right, and if not, what is wrong and why it matters.

        Args:
            step: Key of the step, such as `"mlp.hidden2"`.
            objects: The objects that the step is about, for example the model.

        Returns:
            The feedback, which is true when the step is done.

        Raises:
            UsageError: (a `ValueError`) there is no such step.
        """
        if not isinstance(step, str):
            raise UsageError('check takes the name of the step first: check("mlp.hidden2", mlp).')
        found = find_step(step)
        is_skipped = self.is_shortened and found.needs_training
        evidence = collect(found, *objects, is_measured=not is_skipped)
        for record in self.recorders:
            record(step, evidence)
        feedback = judge(found, evidence)
        if is_skipped and feedback.state is StepState.NOT_YET:
            feedback = Feedback(step, StepState.NOT_CHECKED, "Not checked: training is cut short here.")
        self.latest[step] = feedback
        show_feedback(feedback)
        return feedback

    def ready(self, *steps: str) -> bool:
        """Whether steps are done, for a cell that needs them; says what it waits for if not.

        Example:
            `if ready("mlp.output"): history = mlp.fit(...)`
        """
        passing = (StepState.DONE, StepState.NOT_CHECKED)
        open_steps = [step for step in steps if self._state(find_step(step)) not in passing]
        if open_steps:
            show_note(f"This cell waits for {' and '.join(open_steps)}.")
        return not open_steps

    def summary(self) -> None:
        """Shows where all steps stand, and how many are done."""
        states = [self._state(step) for step in STEPS]
        lines = [f"{SYMBOLS[state]} {step.key:<14} {step.title}" for step, state in zip(STEPS, states, strict=True)]
        print("\n".join([*lines, f"{states.count(StepState.DONE)} of {len(STEPS)} steps done."]))

    def _state(self, step: Step) -> StepState:
        return self.latest[step.key].state if step.key in self.latest else StepState.NOT_STARTED


SESSION = Session()
"""The session of the process: a notebook has a process of its own."""

check, ready, summary = SESSION.check, SESSION.ready, SESSION.summary


def collect(step: Step, *objects: Any, is_measured: bool = True) -> Evidence:
    """The evidence for a step: its objects described as plain data.

    Args:
        step: The step.
        objects: The objects that the step is about.
        is_measured: Whether to add what takes a while to find out, such as a network's score on the test images.
    """
    given = dict(zip(step.arguments, objects, strict=False))
    evidence = {name: describe(value) for name, value in given.items()}
    if is_measured and step.measure is not None:
        step.measure(evidence, given)
    return {name: _plain(description) for name, description in evidence.items()}


def _plain(description: Description) -> Description:
    """A description as JSON gives it back; whatever it holds, this does not fail."""
    try:
        return dict(json.loads(json.dumps(description, default=lambda value: type(value).__name__)))
    except (TypeError, ValueError, RecursionError):
        return {"kind": "other", "class": ""}
