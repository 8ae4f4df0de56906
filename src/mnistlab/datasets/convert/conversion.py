"""From a source of any form to the two splits of a data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnistlab.datasets.classes import DIGITS, MNIST_TEST_LABELS_SHA256, NUMBERED
from mnistlab.datasets.convert.arrays import read_npz
from mnistlab.datasets.convert.parts import MAX_IMAGES, Part, Source
from mnistlab.datasets.convert.pictures import Prepare, read_pictures
from mnistlab.datasets.convert.tables import read_csv
from mnistlab.datasets.filenames import find_tables, holds_idx_files, list_folder
from mnistlab.datasets.folders import load_idx
from mnistlab.datasets.idx import idx_sha256
from mnistlab.datasets.plausibility import look_at
from mnistlab.datasets.splits import IMAGE_SHAPE, Dataset, Split, validation_indices
from mnistlab.exceptions import DataError, UsageError

Images = npt.NDArray[np.uint8]

TEST_SHARE: Final = 7  # one image in seven is to test on where the source does not say which, as many as MNIST has
_FULL_INK: Final = 255


@dataclass(frozen=True)
class Changes:
    """What to do to every image.

    Attributes:
        transpose: Whether to exchange rows and columns.
        stretch: Whether to multiply all pixels so that the largest of the whole source becomes 255.
        invert: Whether to turn dark ink on light ground round: 255 less each pixel.
        normalize: Function that brings an image into MNIST's form, after all that; the one that prepares pictures
            does it with them, in their own size.
    """

    transpose: bool = False
    stretch: bool = False
    invert: bool = False
    normalize: Callable[[Images], Images] | None = None


def convert(
    source: Path,
    *,
    name: str,
    prepare: Prepare,
    test_source: Path | None = None,
    seed: int = 0,
    changes: Changes = Changes(),
    tell: Callable[[int], object] = id,
) -> tuple[Dataset, list[str]]:
    """Reads a data set of another form.

    Args:
        source: An `.npz` or `.csv` file, a folder of pictures, or a folder of IDX files.
        name: Name of the data set.
        prepare: Function that makes an image of a picture's file.
        test_source: A second CSV file, with the images to test on.
        seed: Decides which images are to test on where the source does not say, and the order of pictures.
        changes: What to do to every image.
        tell: Function that is called with the number of pictures before the first one is read.

    Returns:
        The data set, with warnings if its images look wrong, and what was done, a sentence each.

    Raises:
        UsageError: if the source has no form that can be read.
        DataError: if it is damaged, or it is not clear what is meant.
    """
    found = _read(source, test_source, prepare, seed, tell)
    notes = [*found.notes]
    train, test = found.train, found.test
    if test is None:
        train, test = _divided(source, train, seed)
        notes.append(f"The source does not say which images are to test on: one in seven was drawn, with seed {seed}.")
    images, more = _changed([train.images, test.images], changes, is_prepared=found.is_prepared)
    unnamed = DIGITS if idx_sha256(test.labels) == MNIST_TEST_LABELS_SHA256 else NUMBERED
    classes = found.classes or unnamed
    splits = (
        Split("train", images[0], train.labels, classes),
        Split("test", images[1], test.labels, classes),
    )
    return Dataset(name, *splits, tuple(look_at(*splits))), notes + more


def fit_square(grey: Images) -> Images:
    """A picture as an image of 28×28 pixels, as it is but for its size.

    A picture that is not square is put into the middle of a square, whose further pixels have the grey of its border.

    Args:
        grey: Grey levels, uint8 `(height, width)`.

    Returns:
        uint8 `(28, 28)`.

    Example:
        >>> fit_square(np.full((56, 28), 7, np.uint8)).shape
        (28, 28)
    """
    if grey.shape == IMAGE_SHAPE:
        return grey
    height, width = grey.shape
    side = max(height, width)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    picture = Image.new("L", (side, side), int(np.median(border)))
    picture.paste(Image.fromarray(grey), ((side - width) // 2, (side - height) // 2))
    return np.asarray(picture.resize(IMAGE_SHAPE[::-1], Image.Resampling.BILINEAR))  # which averages where it reduces


def _read(source: Path, test_source: Path | None, prepare: Prepare, seed: int, tell: Callable[[int], object]) -> Source:
    suffix = source.suffix.lower()
    if test_source is not None and suffix != ".csv":
        raise UsageError(f"A second file is for CSV files, but {source} is none. Leave {test_source} out.")
    if suffix == ".csv" and not source.is_dir():
        return Source(read_csv(source), None if test_source is None else read_csv(test_source))
    if suffix == ".npz" and not source.is_dir():
        return read_npz(source)
    if not source.is_dir():
        reason = "is not a file that can be converted" if source.exists() else "does not exist"
        raise UsageError(
            f"{source} {reason}; expected an .npz or .csv file, or a folder of pictures or IDX files. Check the path."
        )
    if holds_idx_files(source):
        dataset = load_idx(source)
        train, test = (Part(split.images, split.labels) for split in (dataset.train, dataset.test))
        return Source(train, test, None if dataset.class_names is None else dataset.classes)
    table, test_table = find_tables(path.name for path in list_folder(source) if not path.is_dir())
    if table is not None:
        also = f", and {test_table} with --test if it has labels" if test_table else ""
        raise UsageError(f"{source} is a folder with {table}. Give that file itself{also}.")
    if test_table is not None:
        raise UsageError(
            f"{source} is a folder with {test_table}, but with no file to train on. Give such a file, and "
            f"{test_table} with --test if it has labels."
        )
    return read_pictures(source, prepare, seed=seed, tell=tell)


def _divided(source: Path, part: Part, seed: int) -> tuple[Part, Part]:
    """One image in seven to test on, drawn at random, and the others."""
    if len(part.labels) < 2:
        raise DataError(f"{source} holds one image, but training and testing need one each. Use more images.")
    whole = Split("all", part.images, part.labels)
    chosen = validation_indices(whole, max(1, len(whole) // TEST_SHARE), seed)
    is_test = np.zeros(len(whole), bool)
    is_test[chosen] = True
    return Part(part.images[~is_test], part.labels[~is_test]), Part(part.images[is_test], part.labels[is_test])


def _changed(splits: list[Images], changes: Changes, *, is_prepared: bool) -> tuple[list[Images], list[str]]:
    """The images of both splits after all changes, and what they were."""
    if any(len(images) > MAX_IMAGES for images in splits):
        raise DataError(f"The source holds more than {MAX_IMAGES:,} images of a split. Convert a part of it.")
    notes = []
    if changes.transpose:
        splits = [np.ascontiguousarray(images.transpose(0, 2, 1)) for images in splits]
        notes.append("Rows and columns were exchanged.")
    if changes.stretch:
        largest = max(int(images.max(initial=0)) for images in splits)
        levels = np.rint(np.minimum(np.arange(256) * _FULL_INK / max(largest, 1), _FULL_INK)).astype(np.uint8)
        splits = [levels[images] for images in splits]
        notes.append(f"The pixels went from 0 to {largest} and were brought to 0 to {_FULL_INK}.")
    if changes.invert:
        splits = [_FULL_INK - images for images in splits]
        notes.append("Light and dark were turned round.")
    if (normalize := changes.normalize) is not None:
        if not is_prepared:
            splits = [np.stack([normalize(image) for image in images]) for images in splits]
        notes.append("Every image was brought into MNIST's form.")
    return splits, notes
