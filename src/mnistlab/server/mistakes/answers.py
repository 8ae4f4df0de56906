"""The answers of each network to all images of the test split, asked for once and kept."""

import contextlib
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import NUM_CLASSES, Dataset, load_mnist
from mnistlab.evaluation import Evaluation
from mnistlab.exceptions import RunError
from mnistlab.server.networks import Network, Networks
from mnistlab.system.files import make_folder, write_with

BATCH_SIZE = 50  # images, about ten milliseconds: whoever is drawing at the same time hardly waits
PRIORITY = 5  # niceness, as for training
MAX_KEPT = 24  # networks whose answers stay in memory, 400 KB each


class TestSplitAnswers:
    """Evaluations of networks on the test split of MNIST.

    Args:
        networks: Networks that can be asked.
        folder: Folder in which answers outlive the server; it is made when it is needed.
    """

    __test__ = False  # pytest would take its name for that of a test

    def __init__(self, networks: Networks, folder: Path) -> None:
        self._networks = networks
        self._folder = folder
        self._lock = threading.Lock()
        self._asked: OrderedDict[tuple[str, int], Future[Evaluation]] = OrderedDict()
        self._is_closed = threading.Event()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="mnistlab-mistakes", initializer=_give_way)

    @cached_property
    def dataset(self) -> Dataset:
        """MNIST, loaded when it is first needed."""
        return load_mnist()

    def ask(self, network_id: str) -> "Future[Evaluation]":
        """The evaluation of a network, which is ready at once if somebody asked for it before.

        Raises:
            ApiError: 404 if there is no such network.
        """
        network = self._networks[network_id]
        key = (network_id, network.entry.version)
        with self._lock:
            known = self._asked.get(key)
            if known is None or (known.done() and (known.cancelled() or known.exception() is not None)):
                known = self._asked[key] = self._executor.submit(self._evaluate, network)
            self._asked.move_to_end(key)
            while len(self._asked) > MAX_KEPT:
                self._asked.popitem(last=False)
        return known

    def close(self) -> None:
        """Begins no more evaluations, and breaks off the running one after its present batch."""
        self._is_closed.set()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _evaluate(self, network: Network) -> Evaluation:
        test = self.dataset.test
        path = self._folder / f"{hashlib.sha256(network.entry.path.read_bytes()).hexdigest()}.npy"
        probabilities = _load(path, len(test))
        if probabilities is None:
            probabilities = np.concatenate(list(self._read(network, test.images)))
            with contextlib.suppress(RunError):  # without the file, the network is asked again next time
                make_folder(self._folder)
                write_with(path, lambda place: np.save(place, probabilities, allow_pickle=False))
        return Evaluation(labels=test.labels, probabilities=probabilities)

    def _read(self, network: Network, images: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
        for first in range(0, len(images), BATCH_SIZE):
            if self._is_closed.is_set():
                raise RunError("The server ends.")
            yield network.classifier(images[first : first + BATCH_SIZE])


def _load(path: Path, num_images: int) -> NDArray[np.float32] | None:
    """The probabilities in a file, or `None` if it is missing, damaged or of another shape."""
    try:
        kept = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return kept if kept.dtype == np.float32 and kept.shape == (num_images, NUM_CLASSES) else None


def _give_way() -> None:
    """Lowers the priority of this thread; only Linux gives each thread a priority of its own."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PRIORITY)
