"""Numbers that judge predictions, from labels and probabilities; NumPy only.

Fractions run from 0 to 1. Every function rejects arguments for which it would otherwise silently return a wrong number:
arrays of different lengths, probabilities in place of predictions, logits in place of probabilities.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from mnistlab.datasets import NUM_CLASSES
from mnistlab.exceptions import UsageError

NUM_CONFIDENCE_BINS: Final = 15

_ROW_SUM_TOLERANCE: Final = 1e-2  # a row rounded to bfloat16 is off by up to 2e-3, logits by far more


def count_errors(labels: npt.ArrayLike, predictions: npt.ArrayLike) -> int:
    """The number of predictions that differ from their label.

    Args:
        labels: True digits, integers `(num_images,)`.
        predictions: Predicted digits, integers `(num_images,)`.

    Returns:
        Number of errors, 0 to `num_images`; 0 if there are no images.

    Raises:
        UsageError: (a `ValueError`) an array is not a list of integers, or their lengths differ.

    Example:
        >>> count_errors([7, 2, 1, 0], [7, 2, 1, 6])
        1
    """
    true_digits, predicted_digits = _check_pair(labels, predictions)
    return int(np.count_nonzero(true_digits != predicted_digits))


def accuracy(labels: npt.ArrayLike, predictions: npt.ArrayLike) -> float:
    """The fraction of predictions that are right.

    Args:
        labels: True digits, integers `(num_images,)`.
        predictions: Predicted digits, integers `(num_images,)`.

    Returns:
        0 to 1.

    Raises:
        UsageError: (a `ValueError`) as for `count_errors`, or there are no images, of which no fraction exists.

    Example:
        >>> accuracy([7, 2, 1, 0], [7, 2, 1, 6])
        0.75
    """
    num_images = len(_check_pair(labels, predictions)[0])
    if not num_images:
        raise UsageError("accuracy got no labels, but a fraction needs at least one. Pass a split with images.")
    return (num_images - count_errors(labels, predictions)) / num_images


def wilson_interval(successes: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """The range in which the true rate plausibly lies after so many successes in so many trials.

    Unlike the normal approximation it stays within 0 and 1 and keeps its promise near them, where accuracies on MNIST
    are.

    Args:
        successes: Number of successes, 0 to `total`, for example correct predictions.
        total: Number of trials, at least 1, for example images.
        confidence: Share of such intervals that hold the true rate, between 0 and 1, both excluded.

    Returns:
        The low and the high end, fractions with 0 ≤ low ≤ successes / total ≤ high ≤ 1.

    Raises:
        UsageError: (a `ValueError`) an argument is out of range.

    Source:
        E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22(158), 1927.

    Example:
        >>> low, high = wilson_interval(9937, 10000)
        >>> f"{low:.4f} to {high:.4f}"
        '0.9919 to 0.9951'
    """
    if total < 1 or not 0 <= successes <= total:
        raise UsageError(
            f"wilson_interval got {successes} successes of {total}, but 0 to total successes of at least 1 was "
            "expected. Pass counts, not fractions."
        )
    if not 0 < confidence < 1:
        raise UsageError(
            f"confidence is {confidence}, but a fraction between 0 and 1 was expected. Write 95 % as 0.95."
        )
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = successes / total
    center = (rate + z**2 / (2 * total)) / (1 + z**2 / total)
    half_width = z / (1 + z**2 / total) * sqrt(rate * (1 - rate) / total + z**2 / (4 * total**2))
    # min and max only undo rounding: at 0 and at total successes the ends are 0 and 1 exactly.
    low = 0.0 if successes == 0 else min(center - half_width, rate)
    high = 1.0 if successes == total else max(center + half_width, rate)
    return low, high


def confusion_matrix(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, num_classes: int = NUM_CLASSES
) -> npt.NDArray[np.int64]:
    """The number of images of each digit that were taken for each digit.

    Args:
        labels: True digits, integers `(num_images,)`, each 0 to `num_classes - 1`.
        predictions: Predicted digits, integers `(num_images,)`, likewise.
        num_classes: Number of digits, at least 1.

    Returns:
        int64 `(num_classes, num_classes)`; row: label, column: prediction; the diagonal holds what is right.

    Raises:
        UsageError: (a `ValueError`) as for `count_errors`, or a digit or `num_classes` is out of range.

    Example:
        >>> confusion_matrix([0, 0, 1], [0, 1, 1], num_classes=2)
        array([[1, 1],
               [0, 1]])
    """
    if num_classes < 1:
        raise UsageError(f"num_classes is {num_classes}, but at least 1 was expected. MNIST has 10.")
    true_digits, predicted_digits = _check_pair(labels, predictions)
    _check_range("labels", true_digits, num_classes)
    _check_range("predictions", predicted_digits, num_classes)
    cells = np.bincount(true_digits * num_classes + predicted_digits, minlength=num_classes**2)
    return cells.reshape(num_classes, num_classes).astype(np.int64, copy=False)


def per_class_accuracy(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, num_classes: int = NUM_CLASSES
) -> tuple[float | None, ...]:
    """The accuracy on the images of each digit (the recall of each class).

    Args:
        labels: True digits, integers `(num_images,)`, each 0 to `num_classes - 1`.
        predictions: Predicted digits, integers `(num_images,)`, likewise.
        num_classes: Number of digits, at least 1.

    Returns:
        One fraction per digit. A digit that no image shows has no accuracy: `None`, which JSON writes as `null`,
        never NaN.

    Raises:
        UsageError: (a `ValueError`) as for `confusion_matrix`.

    Example:
        >>> per_class_accuracy([0, 0, 2], [0, 1, 2], num_classes=3)
        (0.5, None, 1.0)
    """
    matrix = confusion_matrix(labels, predictions, num_classes)
    return tuple(
        int(right) / int(total) if total else None
        for right, total in zip(matrix.diagonal(), matrix.sum(axis=1), strict=True)
    )


def are_probabilities(rows: npt.NDArray[np.floating], tolerance: float = _ROW_SUM_TOLERANCE) -> bool:
    """Whether each row is a distribution: numbers from 0 on that sum to 1.

    Args:
        rows: Rows of numbers, `(num_images, num_classes)`.
        tolerance: How far a sum may be from 1.

    Example:
        >>> are_probabilities(np.array([[0.25, 0.75]])), are_probabilities(np.array([[np.nan, 1.0]]))
        (True, False)
    """
    # "all right" rather than "any wrong": a comparison with NaN is false.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool((rows >= 0).all() and (np.abs(rows.sum(axis=1) - 1) <= tolerance).all())


def cross_entropy(labels: npt.ArrayLike, probabilities: npt.ArrayLike, epsilon: float = 1e-7) -> float:
    """The mean of -log(probability of the true digit): the loss that training minimises, in nats.

    Computed as Keras computes `CategoricalCrossentropy` from probabilities: each row is divided by its sum, then
    clipped to `[epsilon, 1 - epsilon]`, so that one certain mistake costs 16.1 and not infinity. Here in float64, so
    that the mean over 10,000 images does not depend on the batch size.

    Args:
        labels: True digits, integers `(num_images,)`, at least one.
        probabilities: Probabilities `(num_images, num_classes)`, each 0 to 1, rows that sum to 1.
        epsilon: Least distance of a probability from 0 and from 1, above 0 and below 0.5; by default Keras'.

    Returns:
        The loss, 0 or more.

    Raises:
        UsageError: (a `ValueError`) the arrays do not fit each other, a label is out of range, the probabilities are
            not probabilities, or `epsilon` is out of range.

    Source:
        Keras 3, `keras.ops.categorical_crossentropy`.

    Example:
        >>> round(cross_entropy([1, 0], [[0.5, 0.5], [0.25, 0.75]]), 4)  # (log 2 + log 4) / 2
        1.0397
    """
    if not 0 < epsilon < 0.5:
        raise UsageError(f"epsilon is {epsilon}, but a number above 0 and below 0.5 was expected. Keras uses 1e-7.")
    true_digits = _check_digits("labels", labels)
    rows = np.asarray(probabilities, dtype=np.float64)
    if rows.ndim != 2 or len(rows) != len(true_digits) or not rows.size:
        raise UsageError(
            f"cross_entropy got labels {true_digits.shape} and probabilities {rows.shape}, but (num_images,) and "
            "(num_images, num_classes) with at least one image were expected. Pass one row per label."
        )
    _check_range("labels", true_digits, rows.shape[1])
    row_sums = rows.sum(axis=1, keepdims=True)
    if not are_probabilities(rows):
        raise UsageError(
            "cross_entropy got rows that are not probabilities (from 0 to 1, summing to 1). Turn logits into "
            "probabilities with softmax first."
        )
    of_true_digit = np.take_along_axis(rows / row_sums, true_digits[:, None], axis=1)
    return float(-np.log(np.clip(of_true_digit, epsilon, 1 - epsilon)).mean())


def _check_pair(
    labels: npt.ArrayLike, predictions: npt.ArrayLike
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    true_digits, predicted_digits = _check_digits("labels", labels), _check_digits("predictions", predictions)
    if len(true_digits) != len(predicted_digits):
        raise UsageError(
            f"There are {len(true_digits)} labels and {len(predicted_digits)} predictions, but each label needs one "
            "prediction. Pass arrays of the same length."
        )
    return true_digits, predicted_digits


def _check_digits(name: str, digits: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The digits as int64, in which products and differences cannot overflow as they do in uint8."""
    array = np.asarray(digits)
    if array.ndim != 1 or not (np.issubdtype(array.dtype, np.integer) or array.size == 0):
        raise UsageError(
            f"The {name} are {array.dtype} {array.shape}, but integers (num_images,) were expected. "
            "Turn probabilities or one-hot rows into digits with argmax(axis=1)."
        )
    return array.astype(np.int64)


def _check_range(name: str, digits: npt.NDArray[np.int64], num_classes: int) -> None:
    if digits.size and (digits.min() < 0 or digits.max() >= num_classes):
        raise UsageError(
            f"The {name} range from {digits.min()} to {digits.max()}, but 0 to {num_classes - 1} was expected. "
            "Raise num_classes or correct them."
        )


def expected_calibration_error(labels: npt.NDArray[np.integer], probabilities: npt.NDArray[np.float32]) -> float:
    """The distance between confidence and accuracy, on average over the images; 0 is perfect.

    The confidences are cut into 15 equally wide bins; within each, the mean confidence is compared with the accuracy.

    Source:
        Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.

    Example:
        >>> expected_calibration_error(np.array([1, 0]), np.array([[0.25, 0.75], [0.25, 0.75]], np.float32))
        0.25
    """
    confidences = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidences * NUM_CONFIDENCE_BINS).astype(int), NUM_CONFIDENCE_BINS - 1)
    gaps = np.bincount(bins, weights=right - confidences, minlength=NUM_CONFIDENCE_BINS)
    return float(np.abs(gaps).sum() / len(labels))
