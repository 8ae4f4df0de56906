"""Metrics against SciPy, closed forms, a loop in plain Python and a formula of Keras."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mnistlab.evaluation.metrics import (
    accuracy,
    confusion_matrix,
    count_errors,
    cross_entropy,
    per_class_accuracy,
    wilson_interval,
)
from mnistlab.exceptions import UsageError

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=60)


@given(PAIRS)
def test_errors_accuracy_and_confusion_are_what_a_loop_counts(pairs):
    labels, predictions = (np.array(digits, dtype=np.uint8) for digits in zip(*pairs, strict=True))
    num_errors = sum(label != prediction for label, prediction in pairs)
    assert count_errors(labels, predictions) == num_errors
    assert accuracy(labels, predictions) == (len(pairs) - num_errors) / len(pairs)
    matrix = confusion_matrix(labels, predictions)
    assert matrix.shape == (10, 10)
    assert matrix.dtype == np.int64
    for label in range(10):
        of_label = [prediction for true, prediction in pairs if true == label]
        assert matrix[label].tolist() == [of_label.count(digit) for digit in range(10)]
        expected = of_label.count(label) / len(of_label) if of_label else None
        assert per_class_accuracy(labels, predictions)[label] == expected


def test_small_integers_do_not_overflow():
    labels = np.full(300, 9, dtype=np.uint8)
    assert confusion_matrix(labels, labels)[9, 9] == 300


def test_a_digit_without_images_has_no_accuracy():
    rates = per_class_accuracy([0, 0, 2], [0, 1, 2], num_classes=3)
    assert rates == (0.5, None, 1.0)
    assert json.dumps(rates, allow_nan=False) == "[0.5, null, 1.0]"


def test_no_images_have_no_errors_but_no_accuracy_either():
    assert count_errors([], []) == 0
    assert confusion_matrix([], []).sum() == 0
    assert per_class_accuracy([], []) == (None,) * 10
    with pytest.raises(UsageError, match="accuracy got no labels, but a fraction needs at least one"):
        accuracy([], [])


@pytest.mark.parametrize("function", [count_errors, accuracy, confusion_matrix, per_class_accuracy])
@pytest.mark.parametrize(
    ("labels", "predictions", "pattern"),
    [
        ([1, 2], [1], "There are 2 labels and 1 predictions, but each label needs one prediction"),
        ([1, 2], np.eye(2), r"The predictions are float64 \(2, 2\), but integers.*argmax"),
        ([1, 2], [0.9, 0.8], r"The predictions are float64 \(2,\), but integers"),
        (np.eye(2, dtype=int), [1, 2], r"The labels are int64 \(2, 2\), but integers"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(function, labels, predictions, pattern):
    with pytest.raises(ValueError, match=pattern):
        function(labels, predictions)


@pytest.mark.parametrize(
    ("labels", "predictions", "num_classes", "pattern"),
    [
        ([0, 10], [0, 1], 10, "The labels range from 0 to 10, but 0 to 9 was expected"),
        ([0, 1], [-1, 1], 10, "The predictions range from -1 to 1, but 0 to 9 was expected"),
        ([0], [0], 0, "num_classes is 0, but at least 1 was expected"),
    ],
)
def test_digits_out_of_range_are_refused(labels, predictions, num_classes, pattern):
    with pytest.raises(UsageError, match=pattern):
        confusion_matrix(labels, predictions, num_classes)


@given(st.integers(1, 20_000), st.data(), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
@settings(max_examples=100)
def test_the_wilson_interval_is_scipys(total, data, confidence):
    successes = data.draw(st.integers(0, total))
    low, high = wilson_interval(successes, total, confidence)
    scipys = stats.binomtest(successes, total).proportion_ci(confidence, method="wilson")
    assert (low, high) == pytest.approx((scipys.low, scipys.high), rel=1e-9, abs=1e-12)
    assert 0 <= low <= successes / total <= high <= 1


def test_the_wilson_interval_ends_exactly_at_0_and_1():
    z = 1.959963984540054
    assert wilson_interval(0, 10) == (0.0, pytest.approx(z**2 / (10 + z**2)))
    assert wilson_interval(10, 10) == (pytest.approx(10 / (10 + z**2)), 1.0)


def test_the_wilson_interval_takes_numpys_integers():
    assert wilson_interval(np.int64(9937), np.int64(10_000)) == wilson_interval(9937, 10_000)


@pytest.mark.parametrize(
    ("successes", "total", "confidence", "pattern"),
    [
        (0, 0, 0.95, "got 0 successes of 0, but 0 to total successes of at least 1 was expected"),
        (11, 10, 0.95, "got 11 successes of 10"),
        (-1, 10, 0.95, "got -1 successes of 10"),
        (5, 10, 95, "confidence is 95, but a fraction between 0 and 1 was expected. Write 95 % as 0.95"),
        (5, 10, 1, "confidence is 1, but"),
    ],
)
def test_the_wilson_interval_refuses(successes, total, confidence, pattern):
    with pytest.raises(UsageError, match=pattern):
        wilson_interval(successes, total, confidence)


def test_cross_entropy_of_a_guess_is_the_log_of_the_number_of_classes():
    assert cross_entropy([0, 5, 9], np.full((3, 10), 0.1)) == pytest.approx(math.log(10), rel=1e-12)


def test_cross_entropy_is_the_mean_of_minus_log():
    rows = [[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]]
    assert cross_entropy([0, 2], rows) == pytest.approx(-(math.log(0.7) + math.log(0.25)) / 2, rel=1e-12)


def test_cross_entropy_is_clipped_as_in_keras():
    certain = np.eye(10)[[3, 3]]
    assert cross_entropy([3, 3], certain) == pytest.approx(-math.log1p(-1e-7), rel=1e-6)
    assert cross_entropy([4, 4], certain) == pytest.approx(-math.log(1e-7), rel=1e-12)
    assert cross_entropy([4, 4], certain, epsilon=0.01) == pytest.approx(-math.log(0.01), rel=1e-12)


def test_cross_entropy_divides_rows_by_their_sum_as_keras_does():
    half_precision = np.array([[0.999, 0.0015]], dtype=np.float16)
    first, second = (float(value) for value in half_precision[0])
    assert cross_entropy([0], half_precision) == pytest.approx(-math.log(first / (first + second)), rel=1e-12)


@pytest.mark.parametrize(
    ("labels", "rows", "epsilon", "pattern"),
    [
        ([0], [[2.0, -1.0]], 1e-7, "rows that are not probabilities.*softmax"),
        ([0], [[3.0, 4.0]], 1e-7, "rows that are not probabilities"),
        ([0], [[np.nan, 1.0]], 1e-7, "rows that are not probabilities"),
        ([0, 1], [[0.5, 0.5]], 1e-7, r"labels \(2,\) and probabilities \(1, 2\), but \(num_images,\)"),
        ([], np.zeros((0, 10)), 1e-7, "with at least one image were expected"),
        ([2], [[0.5, 0.5]], 1e-7, "The labels range from 2 to 2, but 0 to 1 was expected"),
        ([0], [[0.5, 0.5]], 0, "epsilon is 0, but a number above 0 and below 0.5 was expected"),
    ],
)
def test_cross_entropy_refuses(labels, rows, epsilon, pattern):
    with pytest.raises(UsageError, match=pattern):
        cross_entropy(labels, rows, epsilon)
