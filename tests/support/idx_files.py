"""IDX files, written without the code that reads them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike


def write_idx(path: Path, values: ArrayLike, pack: Callable[[bytes], bytes] = bytes) -> None:
    """Writes images or labels, packed by `gzip.compress`, say."""
    array = np.asarray(values, dtype=np.uint8)
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(pack(header + array.tobytes()))
