"""Intervals and tests against textbooks, formulas written out, and simulation."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from mnistlab.evaluation.significance import holm, image_test, mean_interval, paired_test
from mnistlab.exceptions import UsageError


def test_an_interval_of_three_values_by_hand():
    """Student's t for two degrees of freedom is 4.303 (any table)."""
    found = mean_interval([1.0, 2.0, 4.0])
    deviation = math.sqrt(((1 - 7 / 3) ** 2 + (2 - 7 / 3) ** 2 + (4 - 7 / 3) ** 2) / 2)
    assert found.mean == pytest.approx(7 / 3)
    assert found.half_width == pytest.approx(4.303 * deviation / math.sqrt(3), rel=1e-3)
    assert found.num == 3


def test_intervals_hold_the_true_mean_as_often_as_they_say():
    rng = np.random.default_rng(0)
    intervals = [mean_interval(rng.normal(5, 2, size=4).tolist()) for _ in range(2000)]
    assert np.mean([one.low <= 5 <= one.high for one in intervals]) == pytest.approx(0.95, abs=0.015)


def test_one_value_has_no_interval():
    found = mean_interval([0.5])
    assert (found.low, found.high, found.half_width) == (None, None, 0)
    with pytest.raises(UsageError, match="at least one value"):
        mean_interval([])


def test_students_own_sleep_data():
    """Student 1908: extra hours of sleep with two drugs, ten patients; t = -4.06, p = 0.00283."""
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = paired_test(first, second)
    assert found.difference.mean == pytest.approx(-1.58)
    assert found.p_value == pytest.approx(0.00283, abs=1e-5)
    assert (found.difference.low, found.difference.high) == pytest.approx((-2.46, -0.70), abs=0.005)
    assert found.is_evidence


def test_equal_lists_and_single_pairs_prove_nothing():
    for values in ([0.9, 0.8], [0.9]):
        found = paired_test(values, values)
        assert found.p_value is None
        assert not found.is_evidence
    with pytest.raises(UsageError, match="one list has 2 values and the other 1"):
        paired_test([1, 2], [1])


@pytest.mark.parametrize(("num", "p_value"), [(2, 1 / 2), (5, 1 / 16), (8, 1 / 128)])
def test_equal_differences_are_as_sure_as_so_many_throws_of_a_coin(num, p_value):
    """Two seeds that both read one image more are no proof, whatever Student's t makes of a spread of nothing."""
    reference = [0.98 + seed / 1000 for seed in range(num)]
    found = paired_test([value + 0.0001 for value in reference], reference)
    assert found.p_value == pytest.approx(p_value)
    assert found.is_evidence == (num > 5)


def test_one_seed_is_the_sign_test_of_the_disagreements():
    """Nine against one: twice the chance of at most one head in ten throws of a coin, 22/1024."""
    first, second = [True] * 9 + [False] + [True] * 50, [False] * 9 + [True] + [True] * 50
    found = image_test([first], [second])
    assert (found.only_first, found.only_second) == (found.num_favouring_first, found.num_favouring_second) == (9, 1)
    assert found.p_value == pytest.approx(22 / 1024)
    assert found.p_value == pytest.approx(stats.binomtest(9, 10).pvalue)
    assert image_test([first], [first]).p_value == 1
    for other in ([[True, False]], [True]):
        with pytest.raises(UsageError, match="same images"):
            image_test([[True]], other)


@pytest.mark.parametrize("seed", range(5))
def test_several_seeds_count_an_image_once(seed):
    """Against all combinations of signs, one by one, and against SciPy's permutation test."""
    generator = np.random.default_rng(seed)
    right = generator.random((2, 3, 9)) < np.array([0.8, 0.5])[:, None, None]
    differences = right[0].sum(axis=0) - right[1].sum(axis=0)
    signs = np.array(list(itertools.product((-1, 1), repeat=9)))
    share = np.mean(np.abs(signs @ np.abs(differences)) >= abs(differences.sum()))
    found = image_test(*right)
    assert found.p_value == pytest.approx(share)
    expected = stats.permutation_test(
        (right[0].sum(axis=0), right[1].sum(axis=0)),
        lambda first, second, axis: np.sum(first - second, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert found.p_value == pytest.approx(min(1.0, expected.pvalue))


def test_copies_of_a_seed_are_no_new_evidence():
    right = np.random.default_rng(1).random((2, 1, 40)) < np.array([0.9, 0.6])[:, None, None]
    once, often = image_test(*right), image_test(*np.repeat(right, 7, axis=1))
    assert often.p_value == pytest.approx(once.p_value)
    assert often.only_first == 7 * once.only_first


def test_holm_by_hand():
    """Four tests: the least p-value is taken four times, the next three times, and none falls below the one before."""
    assert holm([0.04, 0.01, 0.03, 0.005]) == pytest.approx([0.06, 0.03, 0.06, 0.02])
    assert holm([0.9, None, 0.8]) == [1, None, 1]
