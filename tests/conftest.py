"""What the tests share: the real MNIST, and a small part of it that trains in a second."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnistlab.datasets import Dataset, load_mnist
from mnistlab.runs import Run
from mnistlab.runs.checkpoint import Checkpoint

os.environ.setdefault("COLUMNS", "100")


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    return load_mnist()


@pytest.fixture(scope="session")
def tiny_mnist(mnist: Dataset) -> Dataset:
    """600 training and 200 test images of the real MNIST."""
    return Dataset("tiny MNIST", mnist.train.take(np.arange(600)), mnist.test.take(np.arange(200)))


@pytest.fixture(scope="session")
def tiny_folder(tiny_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small data set as four plain IDX files."""
    folder = tmp_path_factory.mktemp("tiny")
    for stem, split in (("train", tiny_mnist.train), ("t10k", tiny_mnist.test)):
        write_idx(folder / f"{stem}-images-idx3-ubyte", split.images)
        write_idx(folder / f"{stem}-labels-idx1-ubyte", split.labels)
    return folder


def write_idx(path: Path, array: np.ndarray) -> None:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(header + array.tobytes())


def run_mnistlab(
    *arguments: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own, as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "mnistlab", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | environment,
        timeout=300,
        check=False,
    )


def broken_off(checkpoint: Checkpoint, state: list[np.ndarray], save: Callable[..., None] = Checkpoint.save) -> None:
    """In place of `Checkpoint.save`: a training that ends right after a checkpoint, as a kill would end it."""
    save(checkpoint, state)
    raise KeyboardInterrupt


def finish_through_cuts(
    train: Callable[[], Run], monkeypatch: pytest.MonkeyPatch, after_cut: Callable[[], object] = lambda: None
) -> tuple[Run, int]:
    """Trains until the end, broken off after every single checkpoint; returns the run and how often that was."""
    monkeypatch.setattr(Checkpoint, "save", broken_off)
    cuts = 0
    while True:
        try:
            return train(), cuts
        except KeyboardInterrupt:
            cuts += 1
            after_cut()
