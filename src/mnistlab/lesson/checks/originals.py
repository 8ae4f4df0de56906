"""MNIST's own images and labels, which what a student prepared is compared with."""

import functools
from typing import Any

import numpy as np

from mnistlab.lesson.checks.evidence import digest_labels, image_statistics

NUM_IMAGES = {"train": 60_000, "test": 10_000}


@functools.cache
def _mnist() -> Any:
    from mnistlab.datasets import load_mnist

    return load_mnist()


@functools.cache
def original(split: str) -> tuple[Any, Any]:
    """Images and labels of a split, `train` or `test`: uint8 `(n, 28, 28)` and `(n,)`."""
    part = getattr(_mnist(), split)
    return part.images, part.labels


@functools.cache
def original_statistics(split: str) -> list[list[float]]:
    """`image_statistics` of a split's images, scaled to 0 to 1."""
    return [[value / 255 for value in row] for row in image_statistics(original(split)[0])]


@functools.cache
def original_labels(split: str) -> str:
    """The digest of a split's labels."""
    return digest_labels(original(split)[1])


def true_test_labels() -> Any:
    """The labels of the test split: uint8 `(10000,)`."""
    return original("test")[1]


def find_image(split: str, pixels: Any) -> int | None:
    """Index of the image of a split that has these pixels, up to a factor that makes its brightest one 255.

    Args:
        split: Split to look in, `train` or `test`.
        pixels: Pixels of one image, scaled to 0 to 1: float `(784,)`.
    """
    images = original(split)[0].reshape(-1, 784)
    wanted = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    found = np.flatnonzero((images == wanted).all(axis=1))
    return int(found[0]) if len(found) else None
