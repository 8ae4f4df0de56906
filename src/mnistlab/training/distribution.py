"""Training in several processes: how they meet, agree on what to train, and part."""

import atexit
import contextlib
import hashlib
import ipaddress
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab import __version__
from mnistlab.exceptions import InterruptionError, MnistlabError, RunError, UsageError
from mnistlab.models.backend import silenced
from mnistlab.recipes import Recipe
from mnistlab.runs.processes import Processes, check_divisible
from mnistlab.system.files import json_text
from mnistlab.training.fitting import WholeBatches

MEETING_SECONDS = 300  # that the first process waits for the last
NOTHING_TO_DO = -1  # sent in place of a checkpoint's size


class Team:
    """The processes of a training run, or one process alone, for which none of the methods does anything.

    Args:
        processes: The processes that train together, or `None` for one alone.
    """

    def __init__(self, processes: Processes | None = None) -> None:
        self._processes = processes
        self._is_waiting = self._is_joined = processes is not None

    @property
    def is_alone(self) -> bool:
        """Whether there are no other processes."""
        return self._processes is None

    def describe(self) -> dict[str, int]:
        """The processes as `environment.json` records them."""
        return {} if self._processes is None else {"num_processes": self._processes.num_processes}

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """A `with` block in which networks are built for, and trained on, all devices of all processes."""
        if self.is_alone:
            yield
            return
        with WholeBatches().scope():
            yield

    def send_checkpoint(self, path: Path) -> None:
        """In process 0: sends the checkpoint to go on from, if there is one, to all others; training begins."""
        if not self.is_alone:
            self._send(path.read_bytes() if path.exists() else b"")

    def receive_checkpoint(self, path: Path) -> bool:
        """In the others: writes the checkpoint of process 0 to a file; `False` if there is nothing to train."""
        size = int(_broadcast(np.zeros((), np.int32)))
        self._is_waiting = False
        if size > 0:
            path.write_bytes(_broadcast(np.zeros(size, np.uint8)).tobytes())
        return size != NOTHING_TO_DO

    def leave(self) -> None:
        """Waits for the others, if any, and ends the connection; process 0 goes on alone."""
        if self._is_joined:
            if self._is_waiting:
                self._send(None)
            self._is_joined = False
            _jax().distributed.shutdown()

    def break_off(self, error: BaseException) -> None:
        """Leaves the others after an error, which decides the exit code of the process.

        Before training begins, all processes part in order. Later the others may be in a step that needs this process,
        and JAX would wait minutes for them: this process ends at once, and they notice its closed connection.
        """
        if self._is_waiting and self._processes is not None and self._processes.is_first:
            self.leave()
        elif self._is_joined:
            atexit.register(_end, error.exit_code if isinstance(error, MnistlabError) else 1)

    def _send(self, checkpoint: bytes | None) -> None:
        self._is_waiting = False
        if self._processes is None or not self._processes.is_first:
            return
        _broadcast(np.array(NOTHING_TO_DO if checkpoint is None else len(checkpoint), np.int32))
        if checkpoint:
            _broadcast(np.frombuffer(checkpoint, np.uint8))


@contextlib.contextmanager
def join(processes: Processes | None, recipe: Recipe, identity: dict[str, Any]) -> Iterator[Team]:
    """Connects the processes of a training run during a `with` block.

    It must come before anything that computes with JAX, and only once in a process.

    Args:
        processes: The processes that train together, or `None` for one alone.
        recipe: The recipe to train, the same for all.
        identity: Name and fingerprint of the data, the same for all.

    Raises:
        UsageError: if the processes do not agree, or a batch cannot be cut into equal parts.
        RunError: if they do not meet, or another one ends during training.
    """
    if processes is None:
        yield Team()
        return
    _meet(processes)
    team = Team(processes)
    try:
        _check_agreement(recipe, identity)
        check_divisible(recipe.batch_size, _jax().device_count())
    except UsageError:  # all processes find the same error
        _jax().distributed.shutdown()
        raise
    try:
        yield team
        team.leave()
    except BaseException as error:
        lost = _lost(error, processes)
        team.break_off(lost or error)
        if lost is not None:
            raise lost from error
        raise


def _meet(processes: Processes) -> None:
    """Connects all processes.

    This is `keras.distribution.initialize` without its last step, which draws from the global random state of Python
    and sets it. Nothing here uses that state.
    """
    jax = _jax()
    jax.config.update("jax_cpu_collectives_implementation", "gloo")  # sums over processes on CPUs; GPUs bring their own
    jax.config.update("jax_enable_preemption_service", False)  # it would take SIGTERM away from `StopRequest`
    try:
        with silenced(sys.stderr):
            jax.distributed.initialize(
                processes.address,
                processes.num_processes,
                processes.number,
                cluster_detection_method="deactivate",
                coordinator_bind_address=_bind_address(processes.address),
                initialization_timeout=MEETING_SECONDS,
            )
    except jax.errors.JaxRuntimeError as error:
        raise RunError(
            f"Process {processes.number} did not meet the other {processes.num_processes - 1} at {processes.address}. "
            "Start all of them within five minutes, with the same address and number."
        ) from error


def _bind_address(address: str) -> str | None:
    """Where process 0 listens: at this machine's own address if all meet there, else where JAX listens, everywhere."""
    host = address.rpartition(":")[0].strip("[]")
    with contextlib.suppress(ValueError):
        return address if ipaddress.ip_address(host).is_loopback else None
    return address if host == "localhost" else None


def _check_agreement(recipe: Recipe, identity: dict[str, Any]) -> None:
    """Rejects processes that would not make the same steps."""
    from jax.experimental import multihost_utils

    same = f"{__version__}\n{recipe.to_toml()}\n{json_text(identity)}"
    digest = np.frombuffer(hashlib.sha256(same.encode()).digest(), np.uint8)
    with silenced(sys.stdout):  # the first exchange between processes, at which Gloo greets
        digests = np.asarray(multihost_utils.process_allgather(digest))
    if (digests != digests[0]).any():
        raise UsageError(
            "The processes do not train the same: give each of them the same version, recipe, options and data."
        )


def _broadcast(array: NDArray[Any]) -> NDArray[Any]:
    """The array of process 0, in every process."""
    from jax.experimental import multihost_utils

    return np.asarray(multihost_utils.broadcast_one_to_all(array))


def _lost(error: BaseException, processes: Processes) -> MnistlabError | None:
    """The error to raise when another process ended, or when this one leaves a training run of others."""
    if isinstance(error, InterruptionError) and not processes.is_first:
        return InterruptionError("Left the training. Process 0 ends too; the same commands go on from its checkpoint.")
    if isinstance(error, MnistlabError) or not isinstance(error, Exception):
        return None
    if not isinstance(error, _jax().errors.JaxRuntimeError) and "Gloo" not in str(error):
        return None
    return RunError(
        f"Process {processes.number} lost the connection to another process of the training, which ended or cannot be "
        "reached. The same commands go on from the last checkpoint."
    )


def _end(exit_code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)


def _jax() -> Any:
    import jax

    return jax
