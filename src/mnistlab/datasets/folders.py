"""Data sets from a folder with MNIST's four files: Fashion-MNIST, EMNIST digits, KMNIST, your own digits."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from mnistlab.datasets.idx import read_images, read_labels
from mnistlab.datasets.splits import Dataset, Split
from mnistlab.exceptions import DataError

_TRAIN_FILES: Final = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
_TEST_FILES: Final = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def load_idx(folder: str | os.PathLike[str], *, name: str | None = None) -> Dataset:
    """Loads the data set whose four IDX files lie in a folder, each plain or as `.gz`.

    The names are MNIST's own: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
    `t10k-labels-idx1-ubyte`. Where both forms of a file are there, the plain one is used, because its images need not
    fit in memory.

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
    folder = Path(folder)
    paths = _find_files(folder, (*_TRAIN_FILES, *_TEST_FILES))
    # gzip unpacks outside the interpreter's lock, so both splits together take as long as the larger one.
    with ThreadPoolExecutor(max_workers=2) as pool:
        train, test = pool.map(_load_split, ("train", "test"), (paths[:2], paths[2:]))
    if not len(train):
        raise DataError(f"{paths[0]} holds no images, but a training needs some. Use a folder with training images.")
    if not len(test):
        raise DataError(f"{paths[2]} holds no images, but a score needs some. Use a folder with test images.")
    return Dataset(folder.resolve().name if name is None else name, train, test)


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
    paths = _find_files(Path(folder), _TEST_FILES)
    split = _load_split("test", paths)
    if not len(split):
        raise DataError(f"{paths[0]} holds no images, but a score needs some. Use a folder with test images.")
    return split


def _find_files(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """The path of each file, the plain one where there is a choice."""
    try:
        present = {entry.name for entry in folder.iterdir()}
    except FileNotFoundError as error:
        raise DataError(
            f"The folder {folder} is missing: one with MNIST's IDX files was expected. Check the path."
        ) from error
    except NotADirectoryError as error:
        raise DataError(
            f"{folder} is a file, but a folder with MNIST's IDX files was expected. Give the folder."
        ) from error
    except PermissionError as error:
        raise DataError(
            f"The folder {folder} may not be read by this user. Allow it (chmod u+rx) or use a copy."
        ) from error
    except OSError as error:
        raise DataError(f"The folder {folder} cannot be read ({error}). Check the path and the disk.") from error
    missing = [name for name in names if not present & {name, f"{name}.gz"}]
    if missing:
        raise DataError(
            f"The folder {folder} lacks {len(missing)} of the {len(names)} expected IDX files: {', '.join(missing)}. "
            "Put them there under these names, plain or with .gz."
        )
    return [folder / (name if name in present else f"{name}.gz") for name in names]


def _load_split(name: str, paths: list[Path]) -> Split:
    images_path, labels_path = paths
    images, labels = read_images(images_path), read_labels(labels_path)
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} holds {len(images):,} images, but {labels_path.name} holds {len(labels):,} labels. "
            "Use two files that belong together."
        )
    return Split(name, images, labels)
