"""Is a difference more than chance? Intervals and paired tests, for few training runs and for many images."""

import dataclasses
import statistics
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnistlab.exceptions import UsageError

CONFIDENCE = 0.95  # share of such intervals that hold the true value, for every interval here
LEVEL = 0.05  # p-values below it are called evidence
NO_SPREAD = 1e-9  # largest range of differences that differ by rounding alone


@dataclasses.dataclass(frozen=True)
class MeanInterval:
    """A mean and the range in which the true one plausibly lies.

    Args:
        mean: Mean of the values.
        low: Lower end of the 95 % interval, or `None` for a single value.
        high: Upper end of the interval, or `None` for a single value.
        num: Number of values.
    """

    mean: float
    low: float | None
    high: float | None
    num: int

    @property
    def half_width(self) -> float:
        """Half the interval, 0 for a single value."""
        return 0.0 if self.high is None else self.high - self.mean


def mean_interval(values: Sequence[float]) -> MeanInterval:
    """Mean and 95 % interval by Student's t distribution; the interval needs at least two values.

    Raises:
        UsageError: if there is no value.

    Source:
        Student, "The probable error of a mean", Biometrika 6(1), 1908.

    Example:
        >>> found = mean_interval([0.98, 0.982, 0.981])
        >>> f"{found.mean:.4f}, {found.low:.4f} to {found.high:.4f}"
        '0.9810, 0.9785 to 0.9835'
    """
    if not len(values):
        raise UsageError("A mean needs at least one value; there is none.")
    mean, num = statistics.fmean(values), len(values)
    if num < 2:
        return MeanInterval(mean, None, None, num)
    from scipy import stats  # here, because it takes a second to import

    half_width = float(stats.t.ppf((1 + CONFIDENCE) / 2, num - 1)) * statistics.stdev(values) / num**0.5
    return MeanInterval(mean, mean - half_width, mean + half_width, num)


@dataclasses.dataclass(frozen=True)
class PairedTest:
    """How much higher one of two lists is than the other, pair by pair.

    Args:
        difference: Mean of the differences with its 95 % interval.
        p_value: P-value of the paired t-test, or of the sign test where all differences are the same, as accuracies on
            few images can be; `None` if there is only one pair, or if all differences are 0.
    """

    difference: MeanInterval
    p_value: float | None

    @property
    def is_evidence(self) -> bool:
        """Whether chance alone would seldom cause such a difference: a p-value below 0.05."""
        return self.p_value is not None and self.p_value < LEVEL


def paired_test(values: Sequence[float], reference: Sequence[float]) -> PairedTest:
    """Compares two lists of results that belong together in pairs, for example by seed.

    Raises:
        UsageError: if the lists differ in length, or are empty.

    Source:
        The paired t-test; Student, as for `mean_interval`.

    Example:
        >>> found = paired_test([0.98, 0.982, 0.981], [0.97, 0.975, 0.97])
        >>> f"{found.difference.mean:.4f}", f"{found.p_value:.3f}"
        ('0.0093', '0.016')
    """
    if len(values) != len(reference):
        raise UsageError(f"Pairs were expected, but one list has {len(values)} values and the other {len(reference)}.")
    differences = [one - other for one, other in zip(values, reference, strict=True)]
    interval = mean_interval(differences)
    if len(differences) < 2 or not any(differences):
        return PairedTest(interval, None)
    from scipy import stats  # here, because it takes a second to import

    if max(differences) - min(differences) < NO_SPREAD:  # Student's t would take two pairs for certainty
        return PairedTest(interval, float(stats.binomtest(0, len(differences)).pvalue))
    return PairedTest(interval, float(stats.ttest_rel(values, reference).pvalue))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values of several tests, raised so that all of them together are as seldom wrong as a single one.

    Source:
        S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.

    Example:
        >>> holm([0.01, None, 0.04, 0.03])
        [0.03, None, 0.06, 0.06]
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (p, place) in enumerate(known):
        least = max(least, min(1.0, p * (len(known) - rank)))
        adjusted[place] = least
    return adjusted


@dataclasses.dataclass(frozen=True)
class ImageTest:
    """How two recipes differ on the same images, each trained from the same number of seeds.

    Args:
        only_first: Number of answers, over all seeds, in which the first recipe is right and the second is not.
        only_second: The same the other way round.
        num_favouring_first: Number of images that the first recipe gets right from more seeds than the second.
        num_favouring_second: The same the other way round.
        p_value: P-value of the exact test; 1 if they never differ.
    """

    only_first: int
    only_second: int
    num_favouring_first: int
    num_favouring_second: int
    p_value: float

    @property
    def is_evidence(self) -> bool:
        """Whether chance alone would seldom cause such a difference: a p-value below 0.05."""
        return self.p_value < LEVEL


def image_test(first_right: ArrayLike, second_right: ArrayLike) -> ImageTest:
    """Compares two recipes image by image: the exact sign-flip test of the difference in seeds that are right.

    An image counts once, however many seeds answered it: if the recipes were equally good, the difference between the
    numbers of seeds that get an image right would be as likely with either sign, independently for each image. The
    p-value is the share of all combinations of signs whose sum is at least as far from zero as the one found. It
    speaks of other images, for networks like these; of other seeds speaks `paired_test`. With one seed it is McNemar's
    exact test.

    Args:
        first_right: Whether the first recipe is right, booleans `(num_seeds, num_images)`.
        second_right: Whether the second recipe is right, likewise.

    Raises:
        UsageError: if the two differ in shape, or are not two-dimensional.

    Source:
        R. A. Fisher, "The Design of Experiments", 1935, section 21 (the randomization test); Q. McNemar, "Note on the
        sampling error of the difference between correlated proportions or percentages", Psychometrika 12(2), 1947.

    Example:
        >>> image_test([[True] * 9 + [False]], [[False] * 9 + [True]]).p_value
        0.021484375
    """
    first, second = np.asarray(first_right, bool), np.asarray(second_right, bool)
    if first.shape != second.shape or first.ndim != 2:
        raise UsageError(
            f"Answers (num_seeds, num_images) to the same images were expected, but there are {first.shape} and "
            f"{second.shape}."
        )
    differences = first.sum(axis=0, dtype=np.int64) - second.sum(axis=0, dtype=np.int64)  # (seeds, n) -> (n,)
    return ImageTest(
        int(np.sum(first & ~second)),
        int(np.sum(second & ~first)),
        int(np.sum(differences > 0)),
        int(np.sum(differences < 0)),
        _sign_flip_p_value(differences),
    )


def _sign_flip_p_value(differences: NDArray[np.int64]) -> float:
    """The two-sided p-value of the sum of whole numbers whose signs are drawn at random."""
    sizes, counts = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    if not len(sizes):
        return 1.0
    # The sum with random signs is 2·X - total, where X adds up `size` for each number that is positive: a sum of
    # binomials, one for each size, whose distributions are convolved.
    from scipy import stats  # here, because it takes a second to import

    distribution = np.ones(1)
    for size, count in zip(sizes, counts, strict=True):
        spaced = np.zeros(size * count + 1)
        spaced[::size] = stats.binom.pmf(np.arange(count + 1), count, 0.5)
        distribution = np.convolve(distribution, spaced)
    total, found = int(sizes @ counts), abs(int(differences.sum()))
    sums = np.abs(2 * np.arange(len(distribution)) - total)
    return float(np.clip(distribution[sums >= found].sum(), 0.0, 1.0))
