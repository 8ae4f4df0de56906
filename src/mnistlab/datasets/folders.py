"""Data sets from a folder with MNIST's four files: Fashion-MNIST, EMNIST digits, KMNIST, your own digits."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from mnistlab.datasets.classes import CLASSES_FILE, DIGITS, MNIST_TEST_LABELS_SHA256, NUMBERED, Classes, read_classes
from mnistlab.datasets.filenames import TEST_FILES, TRAIN_FILES, find_files
from mnistlab.datasets.idx import idx_header, idx_sha256, read_images, read_labels
from mnistlab.datasets.plausibility import look_at, unequal_twins
from mnistlab.datasets.splits import Dataset, Split
from mnistlab.exceptions import DataError, require_path


def load_idx(folder: str | os.PathLike[str], *, name: str | None = None) -> Dataset:
    """Loads the data set whose four IDX files lie in a folder, each plain or as `.gz`.

    The names are MNIST's own: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
    `t10k-labels-idx1-ubyte`; EMNIST's, names with a dot such as `train-images.idx3-ubyte`, and capitals are understood
    too, if they leave no choice. Where both forms of a file are there, the plain one is used, because its images need
    not fit in memory. A `classes.txt` beside them names the ten classes, one per line.

    What the images show is looked at once, in less than a second for MNIST, and what looks wrong is told in
    `Dataset.warnings`.

    Args:
        folder: Path of the folder with the files.
        name: Name of the data set; by default the folder's name.

    Returns:
        The dataset, with splits named "train" and "test"; arrays as `idx.read_images` and `idx.read_labels` return
        them.

    Raises:
        DataError: the folder cannot be read, a file is missing or not what it should be, images and labels differ in
            number, or a split has no image.

    Example:
        >>> from mnistlab.datasets.packaged import MNIST_FOLDER
        >>> load_idx(MNIST_FOLDER, name="MNIST").test
        Split(name='test', num_images=10000)
    """
    dataset, files = read_folder(require_path(folder, "The folder", "Give the path of one with IDX files."), name)
    return dataclasses.replace(dataset, warnings=(*unequal_twins(files), *look_at(dataset.train, dataset.test)))


def read_folder(folder: Path, name: str | None = None) -> tuple[Dataset, list[Path]]:
    """Loads a folder as `load_idx` does, without a look at what the images show; gives the four files too."""
    files = find_files(folder, (*TRAIN_FILES, *TEST_FILES))
    train_files, test_files = ([files[role] for role in roles] for roles in (TRAIN_FILES, TEST_FILES))
    # gzip unpacks outside the interpreter's lock, so both splits together take as long as the larger one.
    with ThreadPoolExecutor(max_workers=2) as pool:
        train, test = pool.map(_load_split, ("train", "test"), (train_files, test_files))
    if not len(train):
        raise DataError(
            f"{train_files[0]} holds no images, but a training needs some. Use a folder with training images."
        )
    if not len(test):
        raise DataError(f"{test_files[0]} holds no images, but a score needs some. Use a folder with test images.")
    classes = _classes(folder, test)
    train, test = (dataclasses.replace(split, classes=classes) for split in (train, test))
    return Dataset(folder.resolve().name if name is None else name, train, test), [*files.values()]


def load_test_split(folder: str | os.PathLike[str]) -> Split:
    """Loads only the test split of a folder, to score your own digits: the two `t10k` files are enough.

    Args:
        folder: Path of the folder with `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each plain or as `.gz`.

    Returns:
        The split "test", with at least one image.

    Raises:
        DataError: as for `load_idx`, or there is no test image.

    Example:
        >>> from mnistlab.datasets.packaged import MNIST_FOLDER
        >>> load_test_split(MNIST_FOLDER).labels[:5]
        array([7, 2, 1, 0, 4], dtype=uint8)
    """
    files = [*find_files(Path(folder), TEST_FILES).values()]
    split = _load_split("test", files)
    if not len(split):
        raise DataError(f"{files[0]} holds no images, but a score needs some. Use a folder with test images.")
    return dataclasses.replace(split, classes=_classes(Path(folder), split))


def folder_files(dataset: Dataset) -> dict[str, list[bytes | memoryview]]:
    """The files of a data folder by their names, each in pieces; `load_idx` reads the same data set from them.

    Args:
        dataset: Data set to write. Names of its classes go into `classes.txt`.
    """
    files: dict[str, list[bytes | memoryview]] = {}
    for split, (images_name, labels_name) in ((dataset.train, TRAIN_FILES), (dataset.test, TEST_FILES)):
        for name, array in ((images_name, split.images), (labels_name, split.labels)):
            files[name] = [idx_header(array), np.ascontiguousarray(array).reshape(-1).data]
    if dataset.class_names is not None:
        files[CLASSES_FILE] = ["".join(f"{name}\n" for name in dataset.class_names).encode()]
    return files


@dataclasses.dataclass(frozen=True, eq=False)
class ScoredData:
    """A test split to score a network on, and what is known of the data set that it belongs to.

    Attributes:
        name: Name of the data set.
        test: Images to score.
        warnings: Sentences on what looks wrong with them.
        fingerprint: Fingerprint of the whole data set; `None` where its training images are not there.
    """

    name: str
    test: Split
    warnings: tuple[str, ...]
    fingerprint: str | None

    def is_data_of(self, identity: Mapping[str, Any]) -> bool:
        """Whether a run was trained on this data set, as its `dataset.json` says; by name where nothing else tells."""
        if self.fingerprint is None:
            return bool(identity["name"] == self.name)
        return bool(identity["fingerprint"] == self.fingerprint)


def load_scored(folder: str | os.PathLike[str]) -> ScoredData:
    """Loads what a network is to be scored on: the test split of a folder, with a look at all of its data.

    Args:
        folder: Folder of the two `t10k` files, with or without the training files.

    Raises:
        DataError: as for `load_test_split`.
    """
    try:
        dataset = load_idx(folder)
    except DataError:  # whatever is wrong with the training files, the test files are enough
        test = load_test_split(folder)
        return ScoredData(Path(folder).resolve().name, test, tuple(look_at(None, test)), None)
    return ScoredData(dataset.name, dataset.test, dataset.warnings, dataset.fingerprint())


def _classes(folder: Path, test: Split) -> Classes:
    """What the classes are called: digits only where the test labels are MNIST's, or `classes.txt` says so."""
    if named := read_classes(folder):
        return named
    return DIGITS if idx_sha256(test.labels) == MNIST_TEST_LABELS_SHA256 else NUMBERED


def _load_split(name: str, paths: list[Path]) -> Split:
    images_path, labels_path = paths
    images, labels = read_images(images_path), read_labels(labels_path)
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} holds {len(images):,} images, but {labels_path.name} holds {len(labels):,} labels. "
            "Use two files that belong together."
        )
    return Split(name, images, labels)
