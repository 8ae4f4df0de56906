"""From images in memory (or memory-mapped) to batches, shuffled and augmented as a function of seed and step."""

import itertools
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mnistlab.augmentation import NUM_TRANSFORM_COEFFICIENTS, RandomAffine, transform_images
from mnistlab.backend import keras

Item = TypeVar("Item")

BLOCK_IMAGES = 4096  # about a second of CNN training on two cores: interruptible, and few calls from Python


class BlockStream:
    """The blocks of a training, in order, from any step on.

    A block is a run of consecutive batches. Nothing is copied but the images of the blocks under way: an epoch's order
    is a permutation of indices, drawn from (seed, epoch).

    Args:
        images: uint8 `(num_images, 28, 28)`; may be memory-mapped.
        targets: float32 `(num_images, 10)`, one-hot labels or label distributions.
        batch_size: images per step.
        seed: of the permutations.
        augmentation: transforms every image of every step, or `None`.
        indices: int64, which images to train on; all by default. A selection costs no copy of the images.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        targets: NDArray[np.float32],
        *,
        batch_size: int,
        seed: int,
        augmentation: RandomAffine | None = None,
        indices: NDArray[np.int64] | None = None,
    ) -> None:
        self.images = images
        self.targets = targets
        self.batch_size = batch_size
        self.seed = seed
        self.augmentation = augmentation
        self.indices = np.arange(len(images)) if indices is None else indices
        self.steps_per_epoch = math.ceil(len(self.indices) / batch_size)
        self.steps_per_block = max(1, BLOCK_IMAGES // batch_size)
        self.num_coefficients = 0 if augmentation is None else NUM_TRANSFORM_COEFFICIENTS
        self.blocks_per_epoch = math.ceil(self.steps_per_epoch / self.steps_per_block)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """The indices of the images in the order of an epoch: int64."""
        generator = np.random.Generator(np.random.Philox(key=self.seed, counter=[0, 0, 1, epoch]))
        return generator.permutation(self.indices)

    def blocks(
        self, epochs: int | None = None, *, first_block: int = 0, steps_per_block: int | None = None
    ) -> Iterator[Any]:
        """Yields `(images, transforms, targets)`, block after block; without augmentation transforms are empty.

        Args:
            epochs: where to end; by default never.
            first_block: blocks to skip, counted over all epochs.
            steps_per_block: batches in a block, `self.steps_per_block` by default.
        """
        steps_per_block = steps_per_block or self.steps_per_block
        blocks_per_epoch = math.ceil(self.steps_per_epoch / steps_per_block)
        for epoch in itertools.count(first_block // blocks_per_epoch):
            if epoch == epochs:
                return
            order = self.order(epoch)
            skipped = first_block % blocks_per_epoch if epoch == first_block // blocks_per_epoch else 0
            for first_step in range(skipped * steps_per_block, self.steps_per_epoch, steps_per_block):
                last_step = min(first_step + steps_per_block, self.steps_per_epoch)
                indices = order[first_step * self.batch_size : last_step * self.batch_size]
                steps = range(epoch * self.steps_per_epoch + first_step, epoch * self.steps_per_epoch + last_step)
                yield self.images[indices], self._transforms(len(indices), steps), self.targets[indices]

    def _transforms(self, num_images: int, steps: range) -> NDArray[np.float32]:
        if self.augmentation is None:
            return np.empty((num_images, 0), np.float32)
        sizes = [min(self.batch_size, num_images - i * self.batch_size) for i in range(len(steps))]
        drawn = [self.augmentation.draw_transforms(size, step) for size, step in zip(sizes, steps, strict=True)]
        return np.concatenate(drawn)

    def batches(self, epochs: int) -> Iterator[tuple[Any, NDArray[np.float32]]]:
        """Yields `(images, targets)` of one step after the other, augmented, for backends that train batch by batch."""
        for images, transforms, targets in self.blocks(epochs, steps_per_block=1):
            if self.augmentation is not None:
                images = keras.ops.convert_to_numpy(transform_images(images, transforms))
            yield images, targets


def prefetched(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, each made by a thread while the one before it is used."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        upcoming = executor.submit(next, items, None)
        while (item := upcoming.result()) is not None:
            upcoming = executor.submit(next, items, None)
            yield item


def fit_stream(model: Any, stream: BlockStream, *, epochs: int, **options: Any) -> None:
    """Trains a model on a stream: in blocks where its class can, batch by batch elsewhere.

    Args:
        model: compiled, from `accelerated_parts().model` or `keras.Sequential`.
        stream: what to train on.
        epochs: passes over the stream's images.
        options: of `keras.Model.fit`: callbacks, validation data and so on.
    """
    if hasattr(model, "fit_blocks"):
        model.fit_blocks(stream, epochs=epochs, **options)
    else:
        model.fit(
            stream.batches(epochs), steps_per_epoch=stream.steps_per_epoch, epochs=epochs, shuffle=False, **options
        )
