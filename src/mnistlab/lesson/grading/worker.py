"""Runs a notebook's cells in a sandboxed process and reports the evidence of its checks; `grading` starts it.

Each report is a line of JSON: `calls` (steps whose check is called somewhere), `cells` (their number), `cell` (number
of the one that begins), `failed` and `error`, `step` and `evidence`, `problem` (the file cannot be read), `end`.
Everything after the first cell may be forged by the student's code, which runs in the same process; the judging is done
elsewhere.
"""

import builtins
import getpass
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mnistlab.exceptions import MnistlabError
from mnistlab.lesson.checking import SESSION
from mnistlab.lesson.checks.evidence import Evidence
from mnistlab.lesson.grading.shortening import shorten_training
from mnistlab.lesson.notebooks.reading import checked_steps, read_numbered_cells

_PLACE = re.compile(r"\(<ipython-input-[^>]*>, line (\d+)\)")
MAX_EVIDENCE_BYTES = 2**20 - 1024


def main(pipe: int, arguments: list[str]) -> None:
    """Runs a notebook.

    Args:
        pipe: Descriptor of the pipe that reports are written to.
        arguments: Name of the notebook in the current folder, `quick` or `full`, and the name to show.
    """
    path, speed, shown = Path(arguments[0]), arguments[1], "".join(arguments[2:])

    def report(**entry: Any) -> None:
        rest = json.dumps(entry).encode() + b"\n"
        while rest:
            rest = rest[os.write(pipe, rest) :]

    def record(step: str, evidence: Evidence) -> None:
        fits = len(json.dumps(evidence)) <= MAX_EVIDENCE_BYTES
        report(step=step, evidence=evidence if fits else {})

    try:
        cells = read_numbered_cells(path, shown)
    except MnistlabError as error:
        report(problem=str(error))
    else:
        if speed == "quick":
            shorten_training()
        SESSION.recorders.append(record)
        report(calls=checked_steps(source for _, source in cells))
        report(cells=len(cells))
        shell = _make_shell()
        running = [0]
        _answer_for_people(lambda text: report(failed=running[0], error=text))
        for number, source in cells:
            running[0] = number
            report(cell=number)
            error_text = run_cell(shell, source)
            if error_text:
                report(failed=number, error=error_text)
    report(end=True)
    _flush()
    os._exit(0)  # threads and exit handlers of the student's code have nothing to say any more


def _answer_for_people(note: Callable[[str], None]) -> None:
    """Makes `input` fail with a sentence, and `breakpoint` go on with one: nobody is there to answer."""

    def refuse(_: object = "", /) -> str:
        raise EOFError("input() waits for an answer, and nobody is there to give one. Put the answer into the code.")

    def refuse_password(*_: object, **__: object) -> str:
        raise EOFError("getpass() waits for a password, and nobody is there to give one. Leave the cell out.")

    def skip(*_: object, **__: object) -> None:
        note("breakpoint() was passed over: nobody is there to use the debugger. Take it out.")

    builtins.input, getpass.getpass = refuse, refuse_password
    sys.breakpointhook = skip


def run_cell(shell: Any, source: str) -> str:
    """Runs one cell; returns the last line of its traceback, or an empty text if it raised nothing."""
    try:
        result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        return "" if error is None else _last_line(error)
    except BaseException as error:  # IPython lets some through, and a cell must not end the others
        return _last_line(error)
    finally:
        _flush()


def _last_line(error: BaseException) -> str:
    """The error's name and the first line of its message, whatever its class does when asked."""
    try:
        message = str(error)[:1000].strip().partition("\n")[0]
        name = type(error).__name__
    except BaseException:
        return "an error that cannot be shown"
    message = _PLACE.sub(r"(line \1)", message)
    if name == "ModuleNotFoundError" and "'google.colab" in message:
        return f"{message}: Google Colab has it, and no other place does. Take the lines out before you hand in."
    if name == "BdbQuit":
        return "the debugger was started, and nobody is there to use it. Take the call out."
    return f"{name}: {message}" if message else name


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # the student's code may have closed or replaced it
            continue


def _make_shell() -> Any:
    """An IPython shell without history, colours and pictures: magics and top-level `await` work as in a notebook."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "NoColor"
    settings.InteractiveShell.autocall = 0
    shell: Any = InteractiveShell.instance(config=settings)
    shell.display_formatter.active_types = ["text/plain"]
    shell.enable_gui = lambda *_: None  # %matplotlib asks for one
    shell.ask_exit = _refuse_exit
    shell.system = _skip_command
    shell.getoutput = _refuse_command
    return shell


def _refuse_exit() -> None:
    """Stands for `exit()`, which would end the kernel and lose all that was computed."""
    raise RuntimeError("exit() ends the kernel of a notebook, and nothing after it runs. Take it out.")


def _skip_command(command: str) -> None:
    """Stands for `!command`: what installs packages is not needed here, and must not count as a failure."""
    print(f"not run here: {command}")


def _refuse_command(command: str, *_: Any, **__: Any) -> None:
    """Stands for `answer = !command`."""
    raise PermissionError(f"shell commands are not run here: {command}")
