"""Processes that tests start: the command line as a user calls it, and programs of a few lines."""

import atexit
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
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


# Loads what the commands load, and then makes a process for each request by forking: it has Python, NumPy and Keras
# from the first moment on, which otherwise take up to five seconds of a processor each time. Nothing has been computed
# before the fork, so that TensorFlow has no threads yet.
FORKING = """
import json, os, runpy, sys, warnings
from mnistlab.cli import main
from mnistlab import evaluation, experiments, figures, inference, reader, reports, training
from mnistlab.experiments import notebook

for line in sys.stdin:
    asked = json.loads(line)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside OpenBLAS's threads, which it can take
        child = os.fork()
    if child:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    for number, path in enumerate([os.devnull, asked["out"], asked["errors"]]):
        os.dup2(os.open(path, os.O_RDWR), number)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["cwd"])
    sys.stdin, code = open(0), 0
    sys.argv = [main.__file__, *asked["arguments"]]
    try:
        if asked["program"] is None:
            runpy.run_module("mnistlab", run_name="__main__")
        else:
            exec(compile(asked["program"], "program", "exec"), {"__name__": "__main__"})
    except SystemExit as exit_:
        code = exit_.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code or 0)
"""
AT_IMPORT = re.compile(r"KERAS|TF_|OMP_|OPENBLAS|MKL_|ORT_|JAX|XLA|PYTHON|LD_|MPL|MNISTLAB")


class ForkServer:
    """A process with everything loaded, which forks for each command; begun when it is first asked."""

    def __init__(self) -> None:
        self._environment = dict(os.environ)
        self._process = subprocess.Popen(
            [sys.executable, "-c", FORKING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self._process.kill)

    def fits(self) -> bool:
        """Whether variables that count when modules are imported are still what they were, and the process is there."""
        changed = dict(self._environment.items() ^ os.environ.items())
        return not any(map(AT_IMPORT.match, changed)) and self._process.poll() is None

    def run(
        self, arguments: Sequence[str], program: str | None, cwd: Path | None
    ) -> "subprocess.CompletedProcess[str]":
        """Runs `mnistlab` with these arguments, or a program."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with tempfile.TemporaryDirectory() as name:
            out, errors = Path(name) / "out", Path(name) / "errors"
            for path in (out, errors):
                path.touch()
            asked = {"arguments": arguments, "program": program, "cwd": str(cwd or Path.cwd())}
            asked |= {"environment": dict(os.environ), "out": str(out), "errors": str(errors)}
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(arguments, code, out.read_text("utf-8"), errors.read_text("utf-8"))


_fork_server: ForkServer | None = None


def run_mnistlab(
    *arguments: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own, which on Linux is forked from one that has loaded the modules.

    With variables of its own for the environment it starts as a user starts it; `run_alone` does so always.
    """
    forked = None if environment else _run_forked(list(map(str, arguments)), None, cwd)
    return forked or run_alone(*arguments, cwd=cwd, **environment)


def run_alone(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line as a user does, from the first import on."""
    return _run("-m", "mnistlab", *arguments, cwd=cwd, environment=environment)


def _run_forked(
    arguments: list[str], program: str | None, cwd: Path | None
) -> "subprocess.CompletedProcess[str] | None":
    """What a forked process says; `None` if none can be had, or if it would not be as if begun anew."""
    global _fork_server
    if sys.platform != "linux" or os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return None
    if _fork_server is None:
        _fork_server = ForkServer()
    return _fork_server.run(arguments, program, cwd) if _fork_server.fits() else None


def run_python(
    program: str, *arguments: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs a program in a process of its own."""
    return _run("-c", program, *arguments, cwd=cwd, environment=environment)


def run_after_keras(program: str) -> "subprocess.CompletedProcess[str]":
    """Runs a program in a process of its own that has imported Keras."""
    return _run_forked([], program, None) or run_python(f"import keras\n{program}")


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
    arguments = json.dumps([*commands]), json.dumps(encodings)
    forked = None if environment else _run_forked([*arguments], MANY, cwd)
    result = forked or run_python(MANY, *arguments, cwd=cwd, **environment)
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


def cpu_seconds_of(process: int) -> float:
    """Processor time that a running process has spent, all of its threads together, where Linux tells."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # in user mode and in the kernel


def child_cpu_seconds() -> float:
    """Processor time of all children that have ended so far; unlike a clock, it stands while others use the machine."""
    spent = os.times()
    return spent.children_user + spent.children_system
