"""Images with their labels, and the splits of a dataset."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mnistlab.datasets.classes import DIGITS, Classes
from mnistlab.datasets.mapping import gather
from mnistlab.datasets.tables import align, describe_arrays, html_table, numbered
from mnistlab.exceptions import UsageError, require_type

IMAGE_SHAPE: Final = (28, 28)  # rows, columns
NUM_CLASSES: Final = 10

_PIECE_LABELS: Final = 1 << 16  # labels are processed in pieces of this size: NumPy widens them eightfold


# eq=False: arrays compare element by element, so a generated __eq__ would raise; two splits are equal if they are one.
@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Images with their labels, in one order.

    The arrays cannot be written through the split, so that one part of a program cannot change the data of another;
    `split.labels.copy()` may be changed. Nothing is copied when a split is made, except labels that are not uint8 yet.

    Attributes:
        name: Purpose of the split: "train", "validation" or "test".
        images: Images, uint8 `(num_images, 28, 28)`, 0 ground to 255 ink.
        labels: Labels, uint8 `(num_images,)`, each 0 to 9; any integer type is accepted and converted.
        classes: Classes of the labels; digits unless somebody says otherwise.

    Raises:
        UsageError: (a `ValueError`) an array has another type or shape, a label is not a digit, or the numbers differ.

    Example:
        >>> split = Split("train", np.zeros((3, 28, 28), dtype=np.uint8), np.array([7, 1, 7]))
        >>> print(split)
        train: 3 images uint8 (3, 28, 28), labels uint8 (3,)
          class   0  1  2  3  4  5  6  7  8  9
          images  0  1  0  0  0  0  0  2  0  0
    """

    name: str
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]
    classes: Classes = DIGITS

    def __post_init__(self) -> None:
        """Rejects arrays that are not images with labels, and makes the others read-only."""
        images = np.asanyarray(self.images)  # asanyarray: a memory-mapped file stays one
        labels = np.asanyarray(self.labels)
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != IMAGE_SHAPE:
            raise UsageError(
                f"The images of the split {self.name!r} are {images.dtype} {images.shape}, but uint8 (num_images, "
                "28, 28) was expected. Give pixels from 0 to 255, neither scaled nor flattened."
            )
        if not np.issubdtype(labels.dtype, np.integer) or labels.ndim != 1:
            raise UsageError(
                f"The labels of the split {self.name!r} are {labels.dtype} {labels.shape}, but integers "
                "(num_images,) were expected. Give digits, not one-hot rows."
            )
        if len(images) != len(labels):
            raise UsageError(
                f"The split {self.name!r} got {len(images)} images and {len(labels)} labels, but each image needs "
                "one label. Give arrays of the same length."
            )
        if labels.size and (labels.min() < 0 or labels.max() >= NUM_CLASSES):
            raise UsageError(
                f"The labels of the split {self.name!r} range from {labels.min()} to {labels.max()}, but digits from "
                "0 to 9 were expected. Number the classes from 0."
            )
        object.__setattr__(self, "images", _read_only(images))
        object.__setattr__(self, "labels", _read_only(labels.astype(np.uint8, copy=False)))

    def __len__(self) -> int:
        """Number of images in the split."""
        return len(self.labels)

    @property
    def num_images(self) -> int:
        """The same as `len(split)`."""
        return len(self)

    @property
    def class_counts(self) -> npt.NDArray[np.int64]:
        """Number of images of each digit: int64 `(10,)`, zero for digits that do not occur."""
        counts = np.zeros(NUM_CLASSES, np.int64)
        for first in range(0, len(self), _PIECE_LABELS):
            counts += np.bincount(self.labels[first : first + _PIECE_LABELS], minlength=NUM_CLASSES)
        return counts

    def take(self, indices: npt.ArrayLike, *, name: str | None = None) -> Split:
        """The images and labels at some positions, copied into memory, in the order of the positions.

        Args:
            indices: Positions, integers `(num_taken,)`, each from 0 to `len(self) - 1`; repetitions are allowed.
            name: Name of the new split; by default this split's.

        Returns:
            A split of `num_taken` images.

        Raises:
            UsageError: the indices are not a list of integers, or one lies outside the split.

        Example:
            >>> split = Split("test", np.zeros((3, 28, 28), dtype=np.uint8), np.array([7, 2, 1]))
            >>> split.take([2, 0]).labels
            array([1, 7], dtype=uint8)
        """
        positions = np.asarray(indices)
        if positions.size == 0 and positions.ndim == 1:
            positions = positions.astype(np.intp)  # NumPy takes an empty list for floats
        if not np.issubdtype(positions.dtype, np.integer) or positions.ndim != 1:
            raise UsageError(
                f"take got indices {positions.dtype} {positions.shape}, but integers (num_taken,) were expected. "
                "Turn a mask into indices with numpy.flatnonzero."
            )
        if positions.size and (positions.min() < 0 or positions.max() >= len(self)):
            raise UsageError(
                f"take got indices from {positions.min()} to {positions.max()}, but the split {self.name!r} has "
                f"{len(self)} images. Give indices of at least 0 and below the number of images."
            )
        name = self.name if name is None else name
        return Split(name, gather(self.images, positions), self.labels[positions], self.classes)

    def __repr__(self) -> str:
        """Name and size, without the pixels."""
        return f"Split(name={self.name!r}, num_images={len(self)})"

    def __str__(self) -> str:
        """Shapes, types and the number of images of each digit."""
        rows = [["class", *map(str, range(NUM_CLASSES))], ["images", *map(str, self.class_counts)]]
        return "\n".join([f"{self.name}: {len(self):,} images {describe_arrays(self)}", *align(rows)])

    def _repr_html_(self) -> str:
        return html_table(f"{self.name}: {len(self):,} images", [self], NUM_CLASSES)


@dataclass(frozen=True, eq=False)
class Dataset:
    """The two splits of a data set: one to train on, one to score at the end.

    The test split chooses nothing: tune on a part that `split_validation` takes from `train`.

    Attributes:
        name: Name of the data set, such as "MNIST".
        train: Images to train on.
        test: Images to score, all of them, once.
        warnings: Sentences on what looked wrong when the data were loaded from a folder.

    Example:
        >>> train = Split("train", np.zeros((2, 28, 28), dtype=np.uint8), np.array([5, 0]))
        >>> print(Dataset("tiny", train, train.take([1], name="test")))
        tiny
        train: images uint8 (2, 28, 28), labels uint8 (2,)
        test: images uint8 (1, 28, 28), labels uint8 (1,)
          class  0  1  2  3  4  5  6  7  8  9
          train  1  0  0  0  0  1  0  0  0  0
          test   1  0  0  0  0  0  0  0  0  0
    """

    name: str
    train: Split
    test: Split
    warnings: tuple[str, ...] = field(default=(), repr=False)

    @property
    def classes(self) -> Classes:
        """What the ten classes are called in text."""
        return self.train.classes

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """Name of each class, if a `classes.txt` gave them."""
        return self.classes.names

    def __post_init__(self) -> None:
        """Refuses what is no split, such as arrays."""
        for split, name in ((self.train, "train"), (self.test, "test")):
            require_type(split, Split, f"The {name} split", f'Make one with Split("{name}", images, labels).')

    def fingerprint(self) -> str:
        """Tells one data set from another: SHA-256 of all labels and of about a thousand images of each split.

        Quick for a data set of any size; not a check of every byte.
        """
        return self._fingerprint

    def identity(self) -> dict[str, Any]:
        """The data set as a run records it: `name`, `fingerprint`, and `class_names` if the classes have names."""
        return {"name": self.name, "fingerprint": self.fingerprint(), **self.classes.to_json()}

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for split in (self.train, self.test):
            some = np.arange(0, len(split), max(1, len(split) // 1000))
            for array in (np.int64(len(split)), split.labels, gather(split.images, some)):
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def __str__(self) -> str:
        """Shapes, types and class counts of both splits."""
        splits = (self.train, self.test)
        rows = [["class", *map(str, range(NUM_CLASSES))]]
        rows += [[split.name, *map(str, split.class_counts)] for split in splits]
        shapes = [f"{split.name}: images {describe_arrays(split)}" for split in splits]
        named = [] if self.class_names is None else [f"classes: {numbered(self.class_names)}"]
        return "\n".join([self.name, *shapes, *named, *align(rows)])

    def _repr_html_(self) -> str:
        return html_table(self.name, [self.train, self.test], NUM_CLASSES)


def split_validation(split: Split, num_validation: int = 5000, seed: int = 0) -> tuple[Split, Split]:
    """Sets some images of a training split aside, to tune on.

    `validation_indices` gives their positions, without copies of the images.

    Each image is equally likely to be chosen, whatever its label, so class shares differ by chance between the parts
    (for 5,000 of MNIST's 60,000 images by about half a percent). Every image lands in exactly one part and keeps its
    place in the order.

    Args:
        split: Split to divide; its images are copied into memory.
        num_validation: Number of images to set aside, at least 1 and fewer than the split has.
        seed: Seed of the choice, 0 or more; the same seed always chooses the same images.

    Returns:
        Two splits: what remains, under the split's own name, and "validation".

    Raises:
        UsageError: `num_validation` or `seed` is out of range.

    Example:
        >>> split = Split("train", np.zeros((6, 28, 28), dtype=np.uint8), np.arange(6))
        >>> train, validation = split_validation(split, num_validation=2, seed=0)
        >>> len(train), len(validation), sorted([*train.labels.tolist(), *validation.labels.tolist()])
        (4, 2, [0, 1, 2, 3, 4, 5])
    """
    chosen = validation_indices(split, num_validation, seed)
    remaining = np.delete(np.arange(len(split)), chosen)
    return split.take(remaining), split.take(chosen, name="validation")


def validation_indices(split: Split, num_validation: int = 5000, seed: int = 0) -> npt.NDArray[np.int64]:
    """The positions of the images that `split_validation` sets aside, without a copy of the others.

    Every image draws a number, and the smallest `num_validation` are chosen. The memory that this takes depends on
    `num_validation` alone.

    Args:
        split: Split to choose from.
        num_validation: Number of images to set aside, as for `split_validation`.
        seed: Seed of the choice, as for `split_validation`.

    Returns:
        int64 `(num_validation,)`, in ascending order.

    Raises:
        UsageError: `num_validation` or `seed` is out of range.
    """
    require_type(split, Split, "The split", "Give one such as mnist.train.")
    require_type(num_validation, (int, np.integer), "num_validation", "Give a whole number.")
    if not 1 <= num_validation < len(split):
        raise UsageError(
            f"num_validation is {num_validation}, but the split {split.name!r} has {len(split)} images and both parts "
            "need some. Give at least 1, and fewer than there are images."
        )
    if seed < 0:
        raise UsageError(f"seed is {seed}, but 0 or more was expected. Give another seed.")
    # NumPy keeps the raw stream of a bit generator for ever, but may change Generator.permutation (NEP 19).
    stream = np.random.PCG64(seed)
    chosen, smallest = np.empty(0, np.int64), np.empty(0, np.uint64)
    for first in range(0, len(split), _PIECE_LABELS):
        drawn = stream.random_raw(min(_PIECE_LABELS, len(split) - first))
        candidates = np.concatenate([chosen, np.arange(first, first + len(drawn))])
        numbers = np.concatenate([smallest, drawn])
        order = np.argsort(numbers, kind="stable")[:num_validation]
        chosen, smallest = candidates[order], numbers[order]
    return np.sort(chosen)


def _read_only(array: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    view = array.view()
    view.flags.writeable = False
    return view
