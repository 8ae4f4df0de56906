"""What can go wrong: one class for each exit code.

    MnistlabError               1  the work failed, with a reason
    ├── DataError               1  a data file is not what it claims to be
    ├── RunError                1  a run folder cannot be used
    ├── TrainingError           1  a training run could not go on
    ├── InterruptionError     130  the user stopped the work
    └── UsageError              2  an argument is outside what is accepted (also a `ValueError`)

A message is one or two plain sentences: what came, what was expected, what to do. It speaks of arguments, not of
options, since a notebook has none. An error that ends with advice on an argument carries that argument's name, and the
command line adds the option.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class MnistlabError(Exception):
    """Base of every error that mnistlab raises on purpose.

    Args:
        message: One or two plain sentences.
        argument: Name of the argument that the last sentence advises to change, if it does.

    Attributes:
        exit_code: Exit code of the process when the error reaches the command line.
    """

    exit_code = 1

    def __init__(self, message: str, *, argument: str | None = None) -> None:
        super().__init__(message)
        self.argument = argument


class DataError(MnistlabError):
    """A data file is not what it claims to be: names the file, what was found and what was expected."""


class RunError(MnistlabError):
    """A run folder cannot be used: missing, unfinished, damaged, in use by another process, or not to be written."""


class TrainingError(MnistlabError):
    """A training run could not go on, for example because the loss is no longer a finite number."""


class InterruptionError(MnistlabError):
    """The user stopped the work; the message says what is kept."""

    exit_code = 130


class UsageError(MnistlabError, ValueError):
    """An argument is outside what the function or command accepts (exit code 2)."""

    exit_code = 2


def did_you_mean(given: object, choices: Iterable[str]) -> str:
    """A question that ends a message about a word that nobody knows, or nothing if no known word is like it.

    Example:
        >>> did_you_mean("mpl", ["mlp", "cnn"])
        " Did you mean 'mlp'?"
        >>> did_you_mean("acc", ["accuracy", "name"]), did_you_mean("vit", ["mlp", "cnn"])
        (" Did you mean 'accuracy'?", '')
    """
    import difflib  # here, because it takes as long to load as the rest of a short command

    word = str(given)[:100].casefold()
    known = {choice.casefold(): choice for choice in choices}
    near = [choice for choice in known if word and choice.startswith(word)] or difflib.get_close_matches(word, known, 1)
    return f" Did you mean {known[near[0]]!r}?" if near else ""


def require_type(value: object, expected: type | tuple[type, ...], name: str, advice: str) -> None:
    """Refuses an argument of another type in words that help, before it fails somewhere as an `AttributeError`.

    Args:
        value: The argument.
        expected: The type that it must have, or several.
        name: Its name as the subject of a sentence: "The recipe".
        advice: A sentence on how to get one of the right type.

    Raises:
        UsageError: (a `ValueError`) it has another type.

    Example:
        >>> require_type("7", int, "num_seeds", "Give a number.")
        Traceback (most recent call last):
        mnistlab.exceptions.UsageError: num_seeds is '7', but an int was expected. Give a number.
    """
    if not isinstance(value, expected):
        kinds = " or ".join(_one(kind.__name__) for kind in (expected if isinstance(expected, tuple) else (expected,)))
        raise UsageError(f"{name} is {described(value)}, but {kinds} was expected. {advice}")


def require_path(value: object, name: str, advice: str) -> Path:
    """A path that was given as one, or as text.

    Args:
        value: The argument.
        name: Its name as the subject of a sentence: "The run folder".
        advice: A sentence on how to get one.

    Raises:
        UsageError: (a `ValueError`) it is neither, or no file can have that name.

    Example:
        >>> require_path("runs/a", "The run folder", "").name
        'a'
    """
    require_type(value, (str, os.PathLike), name, advice)
    path = Path(value)  # type: ignore[arg-type]
    if "\0" in str(path):
        raise UsageError(f"{name} holds a character that no path can have, the one with code 0. {advice}")
    return path


def described(value: Any) -> str:
    """What an argument is, for a message: text and numbers as they are, arrays by type and shape, others by type.

    Example:
        >>> described("mlp"), described((1, 2)), described(None)
        ("'mlp'", 'a tuple of 2', 'None')
    """
    if value is None or isinstance(value, str | bytes | int | float):
        try:
            text = repr(value)
        except ValueError:  # Python writes no number of more than 4,300 digits
            return "a number of thousands of digits"
        return text if len(text) <= 60 else f"{text[:57]}..."
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"an array {value.dtype} {tuple(value.shape)}"
    kind = "a class" if isinstance(value, type) else _one(type(value).__name__)
    return f"{kind} of {len(value)}" if isinstance(value, list | tuple | dict | set) else kind


def _one(kind: str) -> str:
    known = {"NoneType": "None", "str": "text", "PathLike": "a path", "ndarray": "a NumPy array"}
    return known.get(kind) or f"{'an' if kind[0] in 'AEIOUaeiou' else 'a'} {kind}"
