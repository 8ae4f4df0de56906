"""MNIST itself, as it ships in the package; `mnist/README.md` tells where it comes from and its licence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mnistlab.datasets.classes import MNIST_TEST_LABELS_SHA256
from mnistlab.datasets.folders import read_folder
from mnistlab.datasets.idx import idx_sha256
from mnistlab.datasets.splits import Dataset
from mnistlab.exceptions import DataError

MNIST_FOLDER: Final = Path(__file__).with_name("mnist")

# Of the uncompressed bytes: a file that was compressed again stays valid, and the bytes verified are those trained on.
_SHA256: Final = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": MNIST_TEST_LABELS_SHA256,
}


def load_mnist() -> Dataset:
    """Loads MNIST from the package, without a network, and verifies every byte of it.

    Returns:
        The dataset "MNIST": 60,000 training and 10,000 test images, uint8 `(28, 28)`, 55 MB in memory.

    Raises:
        DataError: a packaged file is missing, damaged or changed.

    Source:
        Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition",
        Proceedings of the IEEE 86(11), 1998. CC BY-SA 3.0.

    Example:
        >>> print(load_mnist())
        MNIST
        train: images uint8 (60000, 28, 28), labels uint8 (60000,)
        test: images uint8 (10000, 28, 28), labels uint8 (10000,)
          class     0     1     2     3     4     5     6     7     8     9
          train  5923  6742  5958  6131  5842  5421  5918  6265  5851  5949
          test    980  1135  1032  1010   982   892   958  1028   974  1009
    """
    mnist, _ = read_folder(MNIST_FOLDER, "MNIST")
    arrays = (mnist.train.images, mnist.train.labels, mnist.test.images, mnist.test.labels)
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(_verify, _SHA256, arrays))  # list: an error stays unseen until its result is asked for
    return mnist


def _verify(name: str, array: npt.NDArray[np.uint8]) -> None:
    found, expected = idx_sha256(array), _SHA256[name]
    if found != expected:
        raise DataError(
            f"{MNIST_FOLDER / name} (or .gz) is not MNIST's: its uncompressed bytes have the SHA-256 {found}, but "
            f"{expected} was expected. Install mnistlab again; for other data, give a folder of IDX files.",
            argument="data",
        )
