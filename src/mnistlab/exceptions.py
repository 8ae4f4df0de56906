"""What can go wrong, one class per exit code.

A message is one or two plain sentences: what came, what was expected, what to do. The command line prints it as it is.
"""


class MnistlabError(Exception):
    """Base of every error that mnistlab raises on purpose.

    Attributes:
        exit_code: what the process ends with when the error reaches the command line.
    """

    exit_code = 1


class DataError(MnistlabError):
    """A data file is not what it claims to be: names the file, what was found and what was expected."""


class RunError(MnistlabError):
    """A run folder cannot be used: missing, unfinished, damaged, in use by another process, or not to be written."""


class TrainingError(MnistlabError):
    """A training could not go on, for example because the loss is no longer a finite number."""


class InterruptionError(MnistlabError):
    """The user stopped the work; the message says what is kept."""

    exit_code = 130


class UsageError(MnistlabError, ValueError):
    """An argument is outside what the function or command accepts (exit code 2)."""

    exit_code = 2
