"""The notebook's steps from images and labels to what a network gets, one function each.

Training uses one of these steps, `one_hot`. The others exist to be looked at and to show that both ways give the same
numbers: the networks of mnistlab take images as they are and scale them inside their first layer.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mnistlab.datasets.splits import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.exceptions import UsageError

_MAX_CLASSES: Final = 256  # labels are uint8


def flatten_images(images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Lays the rows of each image end to end: a dense layer takes vectors.

    Args:
        images: Images `(num_images, 28, 28)` of any numeric type.

    Returns:
        `(num_images, 784)` of the same type, a view where NumPy can give one; pixel (row, column) is at
        28 · row + column.

    Raises:
        UsageError: (a `ValueError`) the images have another shape.

    Example:
        >>> flatten_images(np.zeros((2, 28, 28), dtype=np.uint8)).shape
        (2, 784)
    """
    images = np.asarray(images)
    if images.ndim != 3 or images.shape[1:] != IMAGE_SHAPE:
        raise UsageError(
            f"flatten_images got shape {images.shape}, but (num_images, 28, 28) was expected. "
            "Put a single image into a batch with image[None]."
        )
    return images.reshape(len(images), IMAGE_SHAPE[0] * IMAGE_SHAPE[1])


def scale_pixels(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Scales pixels from 0..255 to 0..1, the range of inputs that the first layer's initial weights are made for.

    Args:
        images: Images, flattened or not, uint8 of any shape.

    Returns:
        float32 of the same shape, 0 ground to 1 ink.

    Raises:
        UsageError: (a `ValueError`) the pixels are not uint8, most often because they are scaled already.

    Example:
        >>> scale_pixels(np.array([0, 51, 255], dtype=np.uint8))
        array([0. , 0.2, 1. ], dtype=float32)
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise UsageError(
            f"scale_pixels got {images.dtype}, but uint8 pixels from 0 to 255 were expected. "
            "Pass the images as they were loaded, and scale them once."
        )
    return np.divide(images, np.float32(255), dtype=np.float32)


def one_hot(labels: npt.ArrayLike, num_classes: int = NUM_CLASSES) -> npt.NDArray[np.float32]:
    """Writes each label as a row with a single 1: the probabilities of a network that is certain and right.

    Args:
        labels: Labels, integers `(num_labels,)`, each 0 to `num_classes - 1`.
        num_classes: Length of a row, 1 to 256.

    Returns:
        float32 `(num_labels, num_classes)`.

    Raises:
        UsageError: (a `ValueError`) the labels are no list of integers, one is out of range, or `num_classes` is.

    Example:
        >>> one_hot([2, 0], num_classes=3)
        array([[0., 0., 1.],
               [1., 0., 0.]], dtype=float32)
    """
    if not 1 <= num_classes <= _MAX_CLASSES:
        raise UsageError(
            f"num_classes is {num_classes}, but 1 to {_MAX_CLASSES} was expected. Labels are stored as uint8."
        )
    digits = np.asarray(labels)
    if digits.shape == (0,):
        digits = digits.astype(np.uint8)  # NumPy takes an empty list for floats
    if digits.ndim != 1 or not np.issubdtype(digits.dtype, np.integer):
        raise UsageError(
            f"one_hot got labels {digits.dtype} {digits.shape}, but integers (num_labels,) were expected. "
            "Pass the digits themselves, and encode them once."
        )
    if digits.size and (digits.min() < 0 or digits.max() >= num_classes):
        raise UsageError(
            f"one_hot got labels from {digits.min()} to {digits.max()}, but 0 to {num_classes - 1} was expected. "
            "Raise num_classes or correct the labels."
        )
    rows = np.zeros((len(digits), num_classes), dtype=np.float32)
    rows[np.arange(len(digits)), digits] = 1
    return rows


def from_one_hot(rows: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Reads the labels back from one-hot rows; the inverse of `one_hot`.

    Args:
        rows: One-hot rows, numbers `(num_labels, num_classes)`, each with a single 1 among zeros; 1 to 256 classes.

    Returns:
        uint8 `(num_labels,)`.

    Raises:
        UsageError: (a `ValueError`) the rows have another shape, or one of them is not one-hot.

    Example:
        >>> from_one_hot([[0, 0, 1], [1, 0, 0]])
        array([2, 0], dtype=uint8)
    """
    matrix = np.asarray(rows)
    if matrix.ndim != 2 or not 1 <= matrix.shape[1] <= _MAX_CLASSES:
        raise UsageError(
            f"from_one_hot got shape {matrix.shape}, but (num_labels, num_classes) with 1 to {_MAX_CLASSES} classes "
            "was expected. Pass one row per label."
        )
    is_one = matrix == 1
    is_one_hot = (is_one.sum(axis=1) == 1) & (is_one | (matrix == 0)).all(axis=1)
    if not is_one_hot.all():
        raise UsageError(
            f"from_one_hot got a row that is not one-hot at position {int(np.argmin(is_one_hot))}, but a single 1 "
            "among zeros was expected. For probabilities take the most likely class, probabilities.argmax(axis=1)."
        )
    labels: npt.NDArray[np.uint8] = matrix.argmax(axis=1).astype(np.uint8)
    return labels
