"""Several processes that train one network: the number of this one, and a way to start them all on one machine."""

import dataclasses
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from mnistlab.exceptions import InterruptionError, RunError, UsageError

GRACE_SECONDS = 15.0  # for a process that lost the others to notice it, say so and end


@dataclasses.dataclass(frozen=True)
class Processes:
    """Several processes that train together, and the number of this one.

    Args:
        address: `HOST:PORT` where process 0 listens, reachable from all.
        num_processes: Number of processes, at least 2.
        number: Number of this process, from 0. Process 0 owns the run folder.

    Raises:
        UsageError: if a value is outside these ranges, or Keras does not compute with JAX.

    Example:
        >>> os.environ["KERAS_BACKEND"], before = "jax", os.environ.get("KERAS_BACKEND", "tensorflow")
        >>> Processes("10.0.0.1:1234", num_processes=2, number=1).is_first
        False
        >>> os.environ["KERAS_BACKEND"] = before
    """

    address: str
    num_processes: int
    number: int

    def __post_init__(self) -> None:
        """Rejects values with which the processes could not meet."""
        check_backend()
        host, _, port = self.address.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise UsageError(
                f"The address is {self.address!r}; give HOST:PORT of process 0, or a number of processes.",
                argument="processes",
            )
        if self.num_processes < 2 or not 0 <= self.number < self.num_processes:
            raise UsageError(
                f"This is process {self.number} of {self.num_processes}; "
                "there must be at least 2, and they count from 0 to one less than their number."
            )

    @property
    def is_first(self) -> bool:
        """Whether this is process 0, which owns the run folder and shows the progress."""
        return self.number == 0


def check_backend() -> None:
    """Rejects a backend that cannot train in several processes.

    Raises:
        UsageError: if the backend is not JAX, or JAX is not installed.
    """
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "jax":
        raise UsageError(
            f"Training in several processes needs JAX, but Keras computes with {backend} here. "
            "Set KERAS_BACKEND=jax, and install it with pip install .[jax]."
        )
    if importlib.util.find_spec("jax") is None:
        raise UsageError("KERAS_BACKEND is jax, which is not installed. Install it with pip install .[jax].")


def check_divisible(batch_size: int, num_parts: int) -> None:
    """Rejects a batch size that cannot be divided into equal parts.

    Raises:
        UsageError: if images would be left over.
    """
    if batch_size % num_parts:
        raise UsageError(
            f"A batch of {batch_size:,} images cannot be cut into {num_parts} equal parts. "
            f"Choose a batch size that {num_parts} divides.",
            argument="batch_size",
        )


def run_locally(num_processes: int, arguments: Sequence[str]) -> int:
    """Runs `mnistlab` several times on this machine, as the processes of one training run.

    Process 0 writes to this process's output. Ctrl-C and SIGTERM are passed on to it alone: it saves what was done.
    When one process fails, the others are ended.

    Args:
        num_processes: Number of processes, at least 2.
        arguments: Arguments of the command line, without those that give the number of a process.

    Returns:
        The exit code of process 0, or 1 if it ended well and another did not.

    Raises:
        RunError: if another process than 0 failed first, with its last message.
    """
    first = Processes(f"127.0.0.1:{_free_port()}", num_processes, 0)
    with tempfile.TemporaryFile() as said:
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for number in range(num_processes):
                which = ["--distribute", first.address, "--processes", str(num_processes), "--process", str(number)]
                output: dict[str, Any] = {} if number == 0 else {"stdout": subprocess.DEVNULL, "stderr": said}
                command = [sys.executable, "-m", "mnistlab", *arguments, *which]
                # A session of its own: the terminal's Ctrl-C reaches this process alone.
                processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **output))
            failed = _wait(processes)
        finally:
            for process in processes:
                process.kill()
                process.wait()
        if failed:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines() or ["no message"]
            raise RunError(f"Process {failed} of the training failed: {lines[-1]}")
    return processes[0].returncode


def _wait(processes: Sequence["subprocess.Popen[bytes]"]) -> int:
    """Waits until all have ended or one has failed; returns the number of the process that failed first, or 0."""
    first, failed, deadline, interrupted = processes[0], 0, float("inf"), False
    while first.poll() is None or (first.returncode == 0 and any(process.poll() is None for process in processes)):
        try:
            time.sleep(0.05)
            if not failed:
                failed = next((number for number, process in enumerate(processes) if number and process.poll()), 0)
                deadline = time.monotonic() + GRACE_SECONDS if failed else deadline
            if time.monotonic() > deadline:
                break
        except KeyboardInterrupt:
            if interrupted:
                raise InterruptionError("Interrupted a second time. The last checkpoint is kept.") from None
            interrupted = True
            first.send_signal(signal.SIGINT)
    return failed if not interrupted else 0


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
