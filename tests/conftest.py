"""What the tests share: the real MNIST, and a small part of it that trains in a second."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from idx_files import write_folder
from mnistlab.datasets import Dataset, load_mnist

os.environ.setdefault("COLUMNS", "100")
settings.register_profile("mnistlab", deadline=None)  # a busy machine may take long
settings.load_profile("mnistlab")
pytest.register_assert_rewrite("hostile_files")


LONGEST_FIRST = ("browser", "training", "experiments", "cli", "runs", "models", "lesson", "server", "reader")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the rooms with the longest files first, so that two processes which share the files end at the same time."""
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.parent.name, len(place)))


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
    return write_folder(tmp_path_factory.mktemp("tiny"), tiny_mnist)
