"""Processes that tests start: the command line as a user calls it, and programs of a few lines."""

import os
import signal
import subprocess
import sys
from pathlib import Path


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
