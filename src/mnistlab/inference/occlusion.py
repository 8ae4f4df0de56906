"""Occlusion: which parts of an image a network's answer depends on, found by covering one place after the other."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.inference.classifier import Classifier

BATCH_IMAGES = 128  # with a patch of one pixel there are 784 images, which would take hundreds of MB at once


def occlusion_map(classifier: Classifier, image: NDArray[np.uint8], size: int, step: int) -> NDArray[np.float32]:
    """Asks a network about an image with a patch of ground at one place after the other.

    Args:
        classifier: The network.
        image: Image, uint8 `(28, 28)`.
        size: Side of the patch in pixels, 1 to 28.
        step: Pixels from one place to the next, at least 1.

    Returns:
        The probabilities of the ten digits with the patch at each place, float32 `(rows, columns, 10)`.
    """
    covered = covered_images(image, size, step)
    images = covered.reshape(-1, *IMAGE_SHAPE)  # (rows, columns, 28, 28) -> (num_images, 28, 28)
    batches = np.array_split(images, -(-len(images) // BATCH_IMAGES))
    probabilities = np.concatenate([classifier(batch) for batch in batches])
    return probabilities.reshape(*covered.shape[:2], -1)  # (num_images, 10) -> (rows, columns, 10)


def covered_images(image: NDArray[np.uint8], size: int, step: int) -> NDArray[np.uint8]:
    """Copies of an image, each with a patch of ground at another place.

    Args:
        image: Image, uint8 `(28, 28)`.
        size: Side of the patch in pixels, 1 to 28.
        step: Pixels from one place to the next, at least 1.

    Returns:
        uint8 `(rows, columns, 28, 28)`, by the place of the patch.

    Example:
        >>> covered = covered_images(np.full((28, 28), 255, np.uint8), 7, 7)
        >>> covered.shape, int((covered[0, 0] == 0).sum())
        ((4, 4, 28, 28), 49)
    """
    num = (IMAGE_SHAPE[0] - size) // step + 1
    covered = np.tile(image, (num, num, 1, 1))  # (28, 28) -> (num, num, 28, 28)
    windows = sliding_window_view(covered, (size, size), axis=(2, 3), writeable=True)[:, :, ::step, ::step]
    places = np.arange(num)
    windows[places[:, None], places[None, :], places[:, None], places[None, :]] = 0
    return covered
