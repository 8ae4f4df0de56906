"""Random labels added to every image's own, as in "Deep Learning is Robust to Massive Label Noise".

With alpha random labels per image, the paper trains on alpha + 1 copies of it. If all copies come in one batch, the
mean of their cross-entropies is linear in the labels: it is the cross-entropy to the mean label. So one image with the
counts of its labels, divided by alpha + 1, gives the same loss and the same gradient, and a hundred random labels
per image cost neither memory nor time.

Source: D. Rolnick, A. Veit, S. Belongie and N. Shavit, arXiv 1705.10694.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnistlab.datasets import NUM_CLASSES

CONFUSING_DIGITS = (6, 7, 7, 5, 9, 3, 0, 9, 3, 4)
"""For each digit the one that biased noise favours: a digit that it is easily taken for."""


def label_counts(labels: ArrayLike, alpha: int, *, seed: int, bias: float = 0.0) -> NDArray[np.int64]:
    """The number of times that each image has each label: its own once, and `alpha` random ones.

    The random labels depend only on the seed and the place in the list, and do not change from epoch to epoch. They may
    equal the image's own label.

    Args:
        labels: Labels, integers `(num_images,)`, 0 to 9.
        alpha: Random labels per image, 0 or more.
        seed: Seed of the random labels.
        bias: Share of the random labels that are the digit most easily confused with the image's own, 0 to 1; the rest
            are uniform over all ten. The paper goes from uniform to skewed noise by such a share too.

    Returns:
        int64 `(num_images, 10)`; rows sum to `alpha` + 1.

    Example:
        >>> label_counts([3, 5], 100, seed=0).sum(axis=1)
        array([101, 101])
    """
    digits = np.asarray(labels)
    chances = np.full((NUM_CLASSES, NUM_CLASSES), (1 - bias) / NUM_CLASSES)
    chances[np.arange(NUM_CLASSES), CONFUSING_DIGITS] += bias
    generator = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 2, 0]))  # 1 is that of `EpochOrder`
    counts: NDArray[np.int64] = generator.multinomial(alpha, chances[digits])
    counts[np.arange(len(digits)), digits] += 1
    return counts


def soft_labels(labels: ArrayLike, alpha: int, *, seed: int, bias: float = 0.0) -> NDArray[np.float32]:
    """The mean of all labels of an image: float32 `(num_images, 10)`, rows that sum to 1. See `label_counts`."""
    return (label_counts(labels, alpha, seed=seed, bias=bias) / (alpha + 1)).astype(np.float32)
