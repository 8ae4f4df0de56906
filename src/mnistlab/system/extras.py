"""Packages that mnistlab can do without until somebody trains, and one sentence for whoever lacks them."""

import importlib.util
from typing import Literal

from mnistlab.exceptions import UsageError

Extra = Literal["train", "lesson", "cluster"]

EXTRAS: dict[Extra, tuple[str, ...]] = {
    "train": ("Keras", "TensorFlow", "tf2onnx"),
    "lesson": ("Keras", "TensorFlow", "ipykernel", "jupytext", "nbformat"),
    "cluster": ("Ray",),
}
"""The packages of each extra that its work cannot begin without; each is imported by its name in small letters."""


def describe_missing(extra: Extra, subject: str) -> str | None:
    """A sentence about the packages that are not installed, with the command that installs them, or `None`.

    Args:
        extra: Name of the extra in `pyproject.toml`.
        subject: What needs it, as the subject of the sentence: "Training".
    """
    missing = [name for name in EXTRAS[extra] if not _is_installed(name.lower())]
    if not missing:
        return None
    *others, last = missing
    named = f"{', '.join(others)} and {last}" if others else last
    verb = "are" if others else "is"
    return f"{subject} needs {named}, which {verb} not installed. Run: pip install 'mnistlab[{extra}]'"


def require_extra(extra: Extra, subject: str) -> None:
    """Refuses what cannot be done without an extra, before anything slow begins.

    Args:
        extra: Name of the extra in `pyproject.toml`.
        subject: What needs it, as the subject of the sentence: "Training".

    Raises:
        UsageError: one of its packages is not installed.
    """
    sentence = describe_missing(extra, subject)
    if sentence is not None:
        raise UsageError(sentence)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ValueError:  # a module without a specification, as some programs put into `sys.modules`
        return False
