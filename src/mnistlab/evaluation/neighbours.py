"""The training images that look most like an image, pixel by pixel; no network is involved."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

MAX_NEAREST = 8
BLOCK_IMAGES = 500  # 1.6 MB as float32, which a processor's cache holds; larger blocks take far longer
SHORTLIST = 128  # candidates by rounded distance, from which the nearest are chosen by exact distance


class Neighbours:
    """A search for the images that look most like a given one.

    Args:
        images: Images to search, uint8 `(num_images, 28, 28)`.

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

        A matrix product in float32 finds candidates; their distances are then computed in whole numbers.

        Args:
            image: Image to compare with, uint8 `(28, 28)`.
            count: Number of images to find, at most 128.

        Returns:
            Index and distance of each. The distance is Euclidean over 784 pixels from 0 to 1, so it is at most 28.
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
        """The images as float32, a block at a time: all of MNIST would take 188 MB."""
        for first in range(0, len(self._images), BLOCK_IMAGES):
            yield self._images[first : first + BLOCK_IMAGES].astype(np.float32)
