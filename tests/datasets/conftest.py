"""What the tests of data sets share."""

import numpy as np
import pytest

from mnistlab.datasets import Split


@pytest.fixture
def tiny():
    """Six images, each filled with its own position, labels 3 1 4 1 5 9."""
    images = np.repeat(np.arange(6, dtype=np.uint8), 28 * 28).reshape(6, 28, 28)
    return Split("train", images, np.array([3, 1, 4, 1, 5, 9], dtype=np.uint8))
