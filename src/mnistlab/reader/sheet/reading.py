"""Reads photos of filled pages and writes a data set in MNIST's four files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mnistlab.datasets import IMAGE_SHAPE, Dataset, Split
from mnistlab.datasets.idx import idx_header
from mnistlab.exceptions import DataError, RunError, UsageError
from mnistlab.reader.photos import load_photo
from mnistlab.reader.sheet.boxes import Cell, State, read_boxes
from mnistlab.reader.sheet.contact import contact_sheet
from mnistlab.reader.sheet.page import find_page
from mnistlab.system.files import write_bytes

CONTACT_SHEET: Final = "contact-sheet.png"
_STEMS: Final = {"train": "train", "test": "t10k"}


@dataclass(frozen=True, eq=False)
class SheetReading:
    """The content of some pages.

    Attributes:
        cells: Boxes of each page, in reading order.
    """

    cells: tuple[tuple[Cell, ...], ...]

    def count(self, state: State) -> int:
        """Number of boxes in a state: "digit", "empty" or "blackened"."""
        return sum(cell.state == state for page in self.cells for cell in page)

    def dataset(self, name: str) -> Dataset:
        """The digits of odd rows to train on and those of even rows to test on, counted from 1.

        A box's split depends only on its place, so other boxes change nothing, and a full page gives each split every
        digit five times.

        Raises:
            DataError: one of the splits would be empty.
        """
        splits = {split: self._split(split) for split in _STEMS}
        if not all(map(len, splits.values())):
            counts = " and ".join(f"{len(split)} for the {name} split" for name, split in splits.items())
            raise DataError(
                f"There are {counts}: odd rows are to train on, even rows to test on. Fill in two rows or more."
            )
        return Dataset(name, splits["train"], splits["test"])

    def _split(self, name: str) -> Split:
        found = [
            cell
            for page in self.cells
            for cell in page
            if cell.state == "digit" and cell.box.is_for_test == (name == "test")
        ]
        images = np.array([cell.image for cell in found], np.uint8).reshape(-1, *IMAGE_SHAPE)
        return Split(name, images, np.array([cell.box.digit for cell in found], np.uint8))


def read_sheets(photos: Sequence[Path]) -> SheetReading:
    """Reads photos or scans of filled pages.

    Args:
        photos: Path of a file for each page, in any format that `load_photo` takes.

    Raises:
        UsageError: (a `ValueError`) a file is not there.
        DataError: a file is not a picture, shows no whole page, or is too small or too blurred; or nothing is written
            on any page.
    """
    reading = SheetReading(tuple(tuple(read_boxes(find_page(load_photo(photo), str(photo)))) for photo in photos))
    if not reading.count("digit"):
        raise DataError(
            f"Nothing is written in the boxes of {', '.join(map(str, photos))}. Write with a dark pen, and photograph "
            "the page again."
        )
    return reading


def write_dataset(reading: SheetReading, folder: Path) -> Dataset:
    """Writes a folder with MNIST's four files, and `contact-sheet.png` to check the cutting by eye.

    Args:
        reading: Content of the pages, from `read_sheets`.
        folder: Path of the folder, missing or empty; it appears with all its files or not at all.

    Raises:
        UsageError: (a `ValueError`) the folder holds something.
        DataError: there are no digits to train on, or none to test on.
        RunError: the folder cannot be written.
    """
    check_free(folder)
    dataset = reading.dataset(folder.resolve().name)
    temporary = folder.with_name(f".{folder.resolve().name}.{os.getpid()}.tmp")
    try:
        temporary.mkdir(parents=True)
        for split in (dataset.train, dataset.test):
            for array, kind in ((split.images, "images-idx3"), (split.labels, "labels-idx1")):
                write_bytes(temporary / f"{_STEMS[split.name]}-{kind}-ubyte", idx_header(array) + array.tobytes())
        write_bytes(temporary / CONTACT_SHEET, contact_sheet(reading.cells))
        if folder.exists():
            folder.rmdir()
        temporary.rename(folder)
    except OSError as error:
        raise RunError(
            f"{folder} cannot be written: {error.strerror}. Choose another folder.", argument="folder"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return dataset


def check_free(folder: Path) -> None:
    """Rejects a folder that is not empty.

    Raises:
        UsageError: (a `ValueError`) if the folder holds something, or is not a folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} exists and is left as it is. Delete it, or choose another folder.", argument="folder"
        )
