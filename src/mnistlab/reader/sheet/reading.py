"""Reads photos of filled pages and writes a data set in MNIST's four files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mnistlab.datasets import IMAGE_SHAPE, Dataset, Split
from mnistlab.datasets.classes import named_classes
from mnistlab.datasets.folders import folder_files
from mnistlab.exceptions import DataError
from mnistlab.reader.photos import load_photo
from mnistlab.reader.sheet.boxes import Cell, State, read_boxes
from mnistlab.reader.sheet.contact import contact_sheet
from mnistlab.reader.sheet.page import find_page
from mnistlab.system.files import check_free, write_folder

CONTACT_SHEET: Final = "contact-sheet.png"
_SPLITS: Final = ("train", "test")
_CLASSES: Final = named_classes("0123456789")  # a folder with their names says that it holds digits


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
        splits = {split: self._split(split) for split in _SPLITS}
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
        return Split(name, images, np.array([cell.box.digit for cell in found], np.uint8), _CLASSES)


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
    write_folder(folder, folder_files(dataset) | {CONTACT_SHEET: [contact_sheet(reading.cells)]})
    return dataset
