"""From images in memory or on disk to batches, shuffled and augmented as a function of seed and step."""

import itertools
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import NUM_CLASSES, Split, preprocessing
from mnistlab.datasets.mapping import RUN_IMAGES, gather, is_mapped, read_ahead
from mnistlab.models.backend import keras
from mnistlab.recipes import Recipe
from mnistlab.training.augmentation import NUM_TRANSFORM_COEFFICIENTS, RandomAffine, transform_images
from mnistlab.training.soft_labels import soft_labels

Item = TypeVar("Item")

BLOCK_IMAGES = 4096  # a second or two of CNN training on two cores: interruptible, and few calls from Python
WINDOW_IMAGES = 65_536  # 51 MB, in 512 chunks of 128 images; all of MNIST fits into one


class EpochOrder:
    """The order of the images in one epoch, window by window.

    One window is a permutation of all images. For several, the images are cut into chunks of 128 consecutive ones, the
    chunks are permuted and dealt out to the windows, and the images of each window are permuted. So every image comes
    once, a file is read in chunks of a size that suits a disk, and any window is found without those before it. In
    memory that takes a few numbers for each chunk and for each image of one window.

    How well it shuffles: a chunk can land in any window, and within a window all orders are equally likely. Unlike in a
    permutation of all images, neighbours in the file share a window. The worst case is a file
    sorted by label, where the images of a chunk all have the same one. Of 1.2 million images in ten equal classes, a
    class then is 10 ± 1.3 % of a window of 512 chunks (one standard deviation) and 10 ± 3.0 % of a batch of 128 images;
    a permutation of all images gives batches of 10 ± 2.7 %. Chunks of 1,024 images would give ± 4.7 %.

    Args:
        num_images: Number of images in an epoch.
        num_windows: Number of windows, at most one for 128 images.
        seed: Seed of the permutations.
        epoch: Number of the epoch, from 0.

    Attributes:
        starts: Positions in the epoch, int64 `(num_windows + 1,)`: the start of each window and the end of the last.
    """

    def __init__(self, num_images: int, num_windows: int, *, seed: int, epoch: int) -> None:
        self.num_images = num_images
        self.num_windows = num_windows
        self.seed = seed
        self.epoch = epoch
        self.starts = np.array([0, num_images])
        if num_windows > 1:
            num_chunks = math.ceil(num_images / RUN_IMAGES)
            self._chunks = self._generator(0).permutation(num_chunks)
            self._first_chunks = np.arange(num_windows + 1) * num_chunks // num_windows
            sizes = np.minimum(RUN_IMAGES, num_images - self._chunks * RUN_IMAGES)  # the last in the file may be short
            self.starts = np.concatenate([[0], np.cumsum(sizes)])[self._first_chunks]  # (chunks + 1,) -> (windows + 1,)

    def window(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of a window's images among all, ascending, and the permutation that gives their order."""
        positions = self.positions(number)
        generator = self._generator(
            0 if self.num_windows == 1 else number + 1
        )  # with several windows, 0 deals out the chunks
        return positions, generator.permutation(len(positions))

    def positions(self, number: int) -> NDArray[np.int64]:
        """Positions of a window's images among all, ascending."""
        if self.num_windows == 1:
            return np.arange(self.num_images)
        chunks = np.sort(self._chunks[self._first_chunks[number] : self._first_chunks[number + 1]])
        positions = (chunks[:, None] * RUN_IMAGES + np.arange(RUN_IMAGES)).reshape(-1)  # (c, 1) + (128,) -> (c · 128,)
        return positions[positions < self.num_images]

    def _generator(self, number: int) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=self.seed, counter=[0, number, 1, self.epoch]))


class BlockStream:
    """The blocks of a training run, in order, from any step on.

    A block is a series of consecutive batches. Only the images of the blocks in use are copied, and from a mapped file
    those of one window, at most 51 MB. An epoch's order is drawn from (seed, epoch). It is a permutation of all
    images if they are in memory or fit into one window, and that of `EpochOrder` for a larger file.

    Args:
        images: Images, uint8 `(num_images, 28, 28)`; may be memory-mapped.
        targets: Labels, integers `(num_images,)`, each 0 to 9, which become one-hot rows block by block; or label
            distributions, float32 `(num_images, num_classes)`.
        batch_size: Images per step.
        seed: Seed of the order.
        augmentation: Transforms for every image of every step, or `None`.
        held_back: Indices of images not to train on, integers; none by default. The others are not copied for it.
        max_steps: Weight updates after which the training run ends, even in the middle of an epoch; none by default.

    Attributes:
        num_images: Number of images in an epoch.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        targets: NDArray[np.integer[Any] | np.float32],
        *,
        batch_size: int,
        seed: int,
        augmentation: RandomAffine | None = None,
        held_back: NDArray[np.int64] | None = None,
        max_steps: int | None = None,
    ) -> None:
        self.images = images
        self.targets = targets
        self.batch_size = batch_size
        self.seed = seed
        self.augmentation = augmentation
        self.max_steps = max_steps
        self.held_back = np.empty(0, np.int64) if held_back is None else np.unique(held_back)
        self.num_images = len(images) - len(self.held_back)
        self.num_windows = math.ceil(self.num_images / WINDOW_IMAGES) if is_mapped(images) else 1
        self.steps_per_epoch = math.ceil(self.num_images / batch_size)
        self.steps_per_block = max(1, BLOCK_IMAGES // batch_size)
        self.num_coefficients = 0 if augmentation is None else NUM_TRANSFORM_COEFFICIENTS
        self.blocks_per_epoch = math.ceil(self.steps_per_epoch / self.steps_per_block)

    @property
    def num_classes(self) -> int:
        """The length of a row of `targets_of`."""
        return NUM_CLASSES if self.targets.ndim == 1 else self.targets.shape[1]

    def num_steps(self, epochs: int) -> int:
        """Weight updates of a training run of `epochs` epochs."""
        return min(epochs * self.steps_per_epoch, self.max_steps or epochs * self.steps_per_epoch)

    def targets_of(self, indices: Any) -> NDArray[np.float32]:
        """The answers that a network should give to some images: float32 `(num_indices, num_classes)`."""
        targets: Any = self.targets[indices]
        if self.targets.ndim == 1:
            targets = preprocessing.one_hot(targets, NUM_CLASSES)  # (n,) -> (n, 10)
        return np.asarray(targets)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """The indices of all images in the order of an epoch, int64; `blocks` needs one window of them at a time."""
        windows = map(self.epoch_order(epoch).window, range(self.num_windows))
        return self.indices_at(np.concatenate([positions[shuffled] for positions, shuffled in windows]))

    def blocks(
        self, epochs: int | None = None, *, first_block: int = 0, steps_per_block: int | None = None
    ) -> Iterator[Any]:
        """Yields `(images, transforms, targets)`, block after block; without augmentation transforms are empty.

        Args:
            epochs: Number of epochs; by default without end.
            first_block: Blocks to skip, counted over all epochs; none of them is read.
            steps_per_block: Batches in a block, `self.steps_per_block` by default.
        """
        steps_per_block = steps_per_block or self.steps_per_block
        blocks_per_epoch = math.ceil(self.steps_per_epoch / steps_per_block)
        for epoch in itertools.count(first_block // blocks_per_epoch):
            if epoch == epochs:
                return
            skipped = first_block % blocks_per_epoch if epoch == first_block // blocks_per_epoch else 0
            reader = _EpochReader(self, epoch)
            end = self.num_steps(epoch + 1) - epoch * self.steps_per_epoch
            for first_step in range(skipped * steps_per_block, end, steps_per_block):
                last_step = min(first_step + steps_per_block, end)
                first, last = first_step * self.batch_size, min(last_step * self.batch_size, self.num_images)
                steps = range(epoch * self.steps_per_epoch + first_step, epoch * self.steps_per_epoch + last_step)
                images, targets = reader.read(first, last)
                yield images, self._transforms(last - first, steps), targets

    def epoch_order(self, epoch: int) -> EpochOrder:
        """The order of an epoch, in positions among the images that are not held back."""
        return EpochOrder(self.num_images, self.num_windows, seed=self.seed, epoch=epoch)

    def indices_at(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """The indices of images at positions among those that are not held back."""
        num_before = self.held_back - np.arange(len(self.held_back))  # images to train on before each held back
        return positions + np.searchsorted(num_before, positions, side="right")

    def _transforms(self, num_images: int, steps: range) -> NDArray[np.float32]:
        if self.augmentation is None:
            return np.empty((num_images, 0), np.float32)
        sizes = [min(self.batch_size, num_images - i * self.batch_size) for i in range(len(steps))]
        drawn = [self.augmentation.draw_transforms(size, step) for size, step in zip(sizes, steps, strict=True)]
        return np.concatenate(drawn)  # (batch, 8) of each step -> (n, 8)

    def batches(self, epochs: int, *, first_step: int = 0) -> Iterator[tuple[Any, NDArray[np.float32]]]:
        """Yields `(images, targets)` of one step after the other, augmented, for backends that train batch by batch."""
        for images, transforms, targets in self.blocks(epochs, first_block=first_step, steps_per_block=1):
            if self.augmentation is not None:
                images = keras.ops.convert_to_numpy(transform_images(images, transforms))
            yield images, targets


class _EpochReader:
    """Reads images and targets of an epoch, best from front to back, and holds one window of a mapped file."""

    def __init__(self, stream: BlockStream, epoch: int) -> None:
        self._stream = stream
        self._order = stream.epoch_order(epoch)
        self._number: int | None = None  # of the window that the other fields belong to
        self._indices = np.empty(0, np.int64)
        self._images, self._rows = stream.images, self._indices

    def read(self, first: int, last: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Copies of images and targets between two positions in the epoch."""
        images, targets = [], []
        while first < last:
            number = int(np.searchsorted(self._order.starts, first, side="right")) - 1
            if number != self._number:
                self._load(number)
            start, end = int(self._order.starts[number]), min(last, int(self._order.starts[number + 1]))
            part = slice(first - start, end - start)
            images.append(self._images[self._rows[part]])  # (window, 28, 28) -> (part, 28, 28)
            targets.append(self._stream.targets_of(self._indices[part]))
            first = end
        return (images[0], targets[0]) if len(images) == 1 else (np.concatenate(images), np.concatenate(targets))

    def _load(self, number: int) -> None:
        stream = self._stream
        positions, shuffled = self._order.window(number)
        indices = stream.indices_at(positions)
        self._number, self._indices = number, indices[shuffled]
        if not is_mapped(stream.images):
            self._rows = self._indices
            return
        self._images = stream.images  # frees the previous window
        self._images, self._rows = gather(stream.images, indices), shuffled
        if number + 1 < stream.num_windows:
            read_ahead(stream.images, stream.indices_at(self._order.positions(number + 1)))


def prefetched(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, each made by a thread while the previous one is used."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        upcoming = executor.submit(next, items, None)
        while (item := upcoming.result()) is not None:
            upcoming = executor.submit(next, items, None)
            yield item


def stream_of(recipe: Recipe, split: Split, held_back: NDArray[np.int64]) -> BlockStream:
    """The stream that a recipe of one network trains on.

    Args:
        recipe: Batch size, seed, augmentation and label noise.
        split: The training split.
        held_back: Indices of the images not to train on, as `hold_back` gives them.
    """
    return BlockStream(
        split.images,
        soft_labels(split.labels, recipe.label_noise, seed=recipe.seed, bias=recipe.noise_bias)
        if recipe.label_noise
        else split.labels,
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        augmentation=None if recipe.augmentation is None else RandomAffine(recipe.augmentation, recipe.seed),
        held_back=held_back,
        max_steps=recipe.max_steps,
    )
