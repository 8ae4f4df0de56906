"""Data that are like others than MNIST in what a look at them could stumble over."""

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import Dataset, Split

SHOES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
"""Fashion-MNIST's classes."""


def fashion_like(num_train: int, num_test: int) -> Dataset:
    """Textured things that touch two or four sides of the frame, as Fashion-MNIST's do; a sixth fills all of it."""
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 10, num_train + num_test)
    images = np.stack([_garment(rng, int(label)) for label in labels])
    return _divided("fashion-like", images, labels, num_train)


def kuzushiji_like(mnist: Dataset, num_train: int, num_test: int) -> Dataset:
    """Strokes that reach the frame, as KMNIST's do: the middle of two digits laid on each other, enlarged."""
    rng = np.random.default_rng(6)
    labels = rng.integers(0, 10, num_train + num_test)
    by_class = [np.flatnonzero(mnist.train.labels == label) for label in range(10)]
    first, second = (
        mnist.train.images[[rng.choice(by_class[(factor * label + 3) % 10]) for label in labels]] for factor in (3, 7)
    )
    together = np.maximum(first, second.transpose(0, 2, 1))[:, 5:23, 5:23]
    stretched = np.rint(np.linspace(0, 17, 28)).astype(int)
    return _divided("kuzushiji-like", together[:, stretched][:, :, stretched], labels, num_train)


def _garment(rng: np.random.Generator, label: int) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[0:28, 0:28]
    if rng.random() < 1 / 6:
        inside = np.ones((28, 28), bool)  # a bag in a close-up
    elif label % 2:
        inside = abs(columns - 13.5) < 5 + label + rng.normal(0, 1)  # from the top of the frame to its bottom
    else:
        inside = abs(rows - 15) < 4 + label + rng.normal(0, 1)  # from side to side
    stripes = 40 * np.sin(rows * (1 + label / 3)) + 30 * np.sin(columns * (2 - label / 7))
    cloth = rng.integers(90, 220) + stripes + rng.normal(0, 12, (28, 28))
    return np.where(inside, np.clip(cloth, 1, 255), 0).astype(np.uint8)


def _divided(name: str, images: NDArray[np.uint8], labels: NDArray[np.int64], num_train: int) -> Dataset:
    return Dataset(
        name,
        Split("train", images[:num_train], labels[:num_train]),
        Split("test", images[num_train:], labels[num_train:]),
    )
