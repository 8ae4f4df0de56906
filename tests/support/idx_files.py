"""IDX files, written without the code that reads them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from mnistlab.datasets import Dataset


def write_idx(path: Path, values: ArrayLike, pack: Callable[[bytes], bytes] = bytes) -> None:
    """Writes images or labels, packed by `gzip.compress`, say."""
    array = np.asarray(values, dtype=np.uint8)
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(pack(header + array.tobytes()))


def write_folder(folder: Path, dataset: Dataset, num_train: int | None = None, num_test: int | None = None) -> Path:
    """Writes the first images of both splits as four plain files; returns the folder."""
    folder.mkdir(exist_ok=True)
    for stem, split, number in (("train", dataset.train, num_train), ("t10k", dataset.test, num_test)):
        write_idx(folder / f"{stem}-images-idx3-ubyte", split.images[:number])
        write_idx(folder / f"{stem}-labels-idx1-ubyte", split.labels[:number])
    return folder
