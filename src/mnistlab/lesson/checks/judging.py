"""From a step's evidence to its verdict: pure, without Keras, and never failing, whatever the evidence says."""

from collections.abc import Callable, Mapping
from typing import Any

from mnistlab.lesson.checks import answers, data, networks, pictures, training
from mnistlab.lesson.checks.layers import LAYERS
from mnistlab.lesson.checks.verdicts import Verdict, not_yet

Evidence = Mapping[str, Mapping[str, Any]]
_NOTHING = {"kind": "nothing"}

ARGUMENTS = {
    "data.prepare": ("x_train", "y_train", "x_test", "y_test"),
    "cnn.prepare": ("x_train", "y_train", "x_test", "y_test"),
    "mlp.compile": ("model", "labels"),
    "cnn.compile": ("model", "labels"),
    "mlp.train": ("history",),
    "cnn.train": ("history",),
    "mlp.score": ("accuracy", "model"),
    "cnn.score": ("accuracy", "model"),
    "batch.predict": ("answer",),
    "batch.answer": ("answer", "measured"),
    "confusion": ("matrix", "mistake", "predictions"),
    "drawing": ("picture", "digit", "model", "drawing"),
} | dict.fromkeys(LAYERS, ("model",))
"""What each step's check takes, in order."""


def judge(step: str, evidence: Evidence) -> Verdict:
    """The verdict on a step.

    Args:
        step: a key of `STEP_BY_KEY`.
        evidence: descriptions of the step's arguments by name, see `ARGUMENTS`, as `checks.evidence` makes them. It may
            come from a process that is not trusted; what cannot be read is "not yet".
    """
    try:
        return _judge(step, evidence)
    except Exception as error:  # the evidence may be forged or broken in any way
        return not_yet(
            step,
            "unreadable",
            f"What the check was given cannot be judged ({type(error).__name__}).",
            "Pass the objects that the cell names, in its order.",
        )


def _judge(step: str, evidence: Evidence) -> Verdict:
    missing = [name for name in ARGUMENTS[step] if name not in evidence]
    if missing:
        return not_yet(
            step,
            "arguments",
            f"The check was not given {' and '.join(missing)}.",
            f'Call it as check("{step}", {", ".join(ARGUMENTS[step])}).',
        )
    given = {name: evidence[name] or _NOTHING for name in ARGUMENTS[step]}
    if step in LAYERS:
        return networks.check_layer(step, given["model"])
    if step.endswith(".prepare"):
        return data.check_arrays(step, given)
    checks: dict[str, Callable[..., Verdict]] = {
        "compile": training.check_compile,
        "train": training.check_training,
        "score": training.check_score,
        "predict": answers.check_prediction,
        "answer": answers.check_answer,
        "confusion": answers.check_confusion,
    }
    if step == "drawing":
        return pictures.check_drawing(step, given["picture"], given["digit"], given["model"], given["drawing"])
    return checks[step.rpartition(".")[2]](step, *given.values())
