"""Processes that tests start: the command line as a user calls it, and programs of a few lines."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

# Commands in one process, each once for every encoding, with streams as strict as Python's own.
MANY = """
import io, json, sys
from mnistlab.cli.main import main
real, reports = sys.stdout, []
for template in json.loads(sys.argv[1]):
    for encoding in json.loads(sys.argv[2]):
        sys.stdout, sys.stderr = (io.TextIOWrapper(io.BytesIO(), encoding, "strict", newline="\\n") for _ in range(2))
        try:
            main([part.replace("ENCODING", encoding) for part in template])
        except SystemExit as exit_:
            code = exit_.code
        texts = []
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            texts.append(stream.buffer.getvalue().decode(encoding))
        reports.append([template, encoding, code, *texts])
print(json.dumps(reports), file=real)
"""


def run_mnistlab(
    *arguments: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own, as a user does."""
    return _run("-m", "mnistlab", *arguments, cwd=cwd, environment=environment)


def run_python(
    program: str, *arguments: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs a program in a process of its own."""
    return _run("-c", program, *arguments, cwd=cwd, environment=environment)


def _run(*arguments: str | Path, cwd: Path | None, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | environment,
        timeout=1800,
        check=False,
    )


def run_commands(
    commands: Iterable[Sequence[str]], encodings: Sequence[str] = ("utf-8",), *, cwd: Path, **environment: str
) -> list[tuple[list[str], str, int, str, str]]:
    """Runs many commands in one process, where Keras is loaded once if at all.

    Returns:
        For each command and each encoding of its streams: the command, the encoding, exit code, output and errors.
        `ENCODING` in an argument stands for the encoding.
    """
    result = run_python(MANY, json.dumps([*commands]), json.dumps(encodings), cwd=cwd, **environment)
    assert result.returncode == 0, result.stderr
    return [tuple(report) for report in json.loads(result.stdout)]


def start_mnistlab(*arguments: str | Path, **environment: str) -> "subprocess.Popen[str]":
    """Begins the command line as a user does in a terminal, where Ctrl-C reaches it."""
    return subprocess.Popen(
        [sys.executable, "-m", "mnistlab", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
        preexec_fn=_default_signals,
    )


def _default_signals() -> None:
    """A process begun in the background has Ctrl-C ignored; a user's has not."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def imports_of(program: str, *packages: str) -> list[str]:
    """Which of these packages are imported when a program has run."""
    report = f"\nimport sys; print(*sorted({set(packages)} & set(sys.modules)), file=sys.stderr)"
    result = run_python(program + report)
    assert result.returncode == 0, result.stderr
    return result.stderr.split()


def child_cpu_seconds() -> float:
    """Processor time of all children that have ended so far; unlike a clock, it stands while others use the machine."""
    spent = os.times()
    return spent.children_user + spent.children_system
