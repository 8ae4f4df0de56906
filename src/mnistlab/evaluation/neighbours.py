"""Which training images an image looks like, pixel by pixel: nothing that a network learnt."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

MAX_NEAREST = 8
BLOCK_IMAGES = 4000  # 12 MB as float32
SHORTLIST = 128  # candidates by rounded distances, of which the nearest by exact ones are taken


class Neighbours:
    """The training images that look most like an image.

    Args:
        images: uint8 `(num_images, 28, 28)`, those to find some of.

    Example:
        >>> white, black = np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)
        >>> Neighbours(np.stack([black, white])).find(white, 2)
        [(1, 0.0), (0, 28.0)]
    """

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self._images = images.reshape(len(images), -1)
        self._squares = np.concatenate([(rows**2).sum(axis=1) for rows in self._blocks()])

    def find(self, image: NDArray[np.uint8], count: int = MAX_NEAREST) -> list[tuple[int, float]]:
        """The nearest images by Euclidean distance, the nearest first.

        One product of matrices in float32 finds candidates, in about 50 ms for all of MNIST; of these the distances are
        computed in whole numbers.

        Args:
            image: uint8 `(28, 28)`.
            count: how many, at most 128.

        Returns:
            Index and distance of each; the distance over 784 pixels that go from 0 to 1, so at most 28.
        """
        wanted = image.reshape(-1)
        as_float = wanted.astype(np.float32)
        products = np.concatenate([rows @ as_float for rows in self._blocks()])
        rough = self._squares - 2 * products
        near = np.argpartition(rough, SHORTLIST)[:SHORTLIST] if len(rough) > SHORTLIST else np.arange(len(rough))
        exact = ((self._images[near].astype(np.int64) - wanted) ** 2).sum(axis=1)
        chosen = np.lexsort((near, exact))[:count]
        return [(int(near[at]), float(np.sqrt(exact[at]) / 255)) for at in chosen]

    def _blocks(self) -> Iterator[NDArray[np.float32]]:
        """The images as float32, a part at a time: all of MNIST would take 188 MB."""
        for first in range(0, len(self._images), BLOCK_IMAGES):
            yield self._images[first : first + BLOCK_IMAGES].astype(np.float32)
