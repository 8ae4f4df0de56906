"""Runs the cells of a migrated notebook in a sandboxed process until one fails; `trial` starts it.

Each report is a line of JSON: `cell` (number of the one that begins), `failed` with `places` (cell and line of each
frame of the traceback that lies in the notebook), `error` and `missing`, and `end`.
"""

import contextlib
import json
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any

from mnistlab.lesson.trying.shortcuts import NEEDS, prepare_source, take_shortcuts

_PLACE = re.compile(r"<ipython-input-(\d+)-[0-9a-f]+>")
_IN_MESSAGE = re.compile(r'File "<ipython-input-(\d+)-[0-9a-f]+>", line (\d+)')


def main(pipe: int, _: list[str]) -> None:
    """Runs the cells of `cells.json` in the current folder.

    Args:
        pipe: Descriptor of the pipe that reports are written to.
    """

    def report(**entry: Any) -> None:
        rest = json.dumps(entry).encode() + b"\n"
        while rest:
            rest = rest[os.write(pipe, rest) :]

    cells = json.loads(Path("cells.json").read_text("utf-8"))
    shell = _make_shell()
    take_shortcuts(shell.user_ns)
    numbers: dict[int, int] = {}
    for cell in cells:
        report(cell=cell["number"])
        numbers[shell.execution_count] = cell["number"]
        error = _run(shell, prepare_source(cell["source"]))
        if error is not None:
            report(failed=cell["number"], **_describe(error, numbers, cell["number"]))
            break
    else:
        report(end=True)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the notebook's code may have closed it
            stream.flush()
    os._exit(0)


def _run(shell: Any, source: str) -> BaseException | None:
    try:
        result = shell.run_cell(source, store_history=True)
    except BaseException as error:  # IPython lets some through
        return error
    found: BaseException | None = result.error_before_exec or result.error_in_exec
    return found


def _describe(error: BaseException, numbers: dict[int, int], cell: int) -> dict[str, Any]:
    """Where an error arose, from the innermost line of the notebook outwards, and what it says."""
    places: list[list[int]] = []
    if isinstance(error, SyntaxError) and error.lineno is not None:
        places.append([cell, error.lineno])
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        match = _PLACE.match(frame.filename)
        if match is not None and int(match[1]) in numbers and frame.lineno is not None:
            places.append([numbers[int(match[1])], frame.lineno])
    text = str(error)
    for number, line in _IN_MESSAGE.findall(text):
        if int(number) in numbers:
            places.append([numbers[int(number)], int(line)])
    said = text.strip().partition("\n")[0][:500]
    missing = ""
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith(("keras", "tensorflow")):
        missing = f"the package {error.name}"
    elif said.startswith(NEEDS):
        missing = said.removeprefix(NEEDS)
    name = type(error).__name__
    return {"places": places, "error": f"{name}: {said}" if said else name, "missing": missing}


def _make_shell() -> Any:
    """An IPython shell without history, colours and pictures."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "NoColor"
    settings.InteractiveShell.autocall = 0
    shell: Any = InteractiveShell.instance(config=settings)
    shell.display_formatter.active_types = ["text/plain"]
    shell.enable_gui = lambda *_: None
    shell.system = lambda command: print(f"not run here: {command}")
    shell.getoutput = lambda *_, **__: []
    return shell
