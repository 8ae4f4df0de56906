"""Images and labels from a CSV file: Kaggle's `train.csv`, or `mnist_train.csv` without a header."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from mnistlab.datasets.convert.parts import NUM_PIXELS, Part, check_number
from mnistlab.datasets.splits import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.exceptions import DataError

_LABEL_NAMES: Final = (b"label", b"class")
_MAX_LINE: Final = 32_768  # bytes; 785 numbers of three digits have 3,140
_NUMBERS: Final = {str(number).encode(): number for number in range(256)}
_LEAST_LINES: Final = 10  # from which on a first column of zeros is hardly one of labels
_WRITTEN: Final = re.compile(rb'\s*("?)\s*([0-9]+)(?:\.0*)?\s*\1\s*')  # 5, "5", 5.0
_MAX_SHOWN: Final = 20  # characters of what stands in a cell


def read_csv(path: Path) -> Part:
    """Reads a CSV file with a label and 784 pixels in each line, row by row of the image.

    Args:
        path: File. Its first line may name the columns; then the label's is called `label` or `class`. Otherwise the
            label comes first.

    Raises:
        DataError: if it is not such a file: another number of columns, or anything but whole numbers from 0 to 255.
    """
    try:
        with path.open("rb") as file:
            return _read(path, file)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}). Check the path and the disk.") from error


def _read(path: Path, file: BinaryIO) -> Part:
    first = _line(path, file, 1)
    if first is None:
        raise DataError(f"{path} is empty, but a CSV file of images was expected. Save or download it again.")
    cells = first.removeprefix(b"\xef\xbb\xbf").split(b",")
    place = _label_place(path, cells)
    pixels, labels, last, number = bytearray(), bytearray(), bytearray(), 1
    has_names = not all(_is_number(cell) for cell in cells)
    wrong: str | None = None
    row: list[bytes] | None = [] if has_names else cells
    while row is not None:
        if row:
            values = _values(path, row, number)
            labels.append(values.pop(place))
            last.append(values[-1])
            if labels[-1] >= NUM_CLASSES and wrong is None:
                wrong = (
                    f"{path}, line {number:,}: the label is {labels[-1]}, but labels are 0 to {NUM_CLASSES - 1}. "
                    "Use data of ten classes numbered from 0."
                )
            if wrong is not None and (has_names or last[-1] >= NUM_CLASSES):
                raise DataError(wrong)  # otherwise the further lines tell whether the label stands last
            pixels += bytes(values)
            check_number(str(path), len(labels))
        number += 1
        line = _line(path, file, number)
        row = None if line is None else line.split(b",") if line else []
    check_number(str(path), len(labels))
    if not has_names and _stands_last(labels, last):
        raise DataError(
            f"{path}: the label seems to stand in the last column, not in the first. "
            "Add a first line that names the columns, the last one label, or move the label to the first column."
        )
    if wrong is not None:
        raise DataError(wrong)
    images = np.frombuffer(pixels, np.uint8).reshape(-1, *IMAGE_SHAPE)
    return Part(images, np.frombuffer(labels, np.uint8))


def _line(path: Path, file: BinaryIO, number: int) -> bytes | None:
    """The next line without its end; `None` at the end of the file."""
    line = file.readline(_MAX_LINE)
    if len(line) == _MAX_LINE:
        raise DataError(
            f"{path}, line {number:,}: it has more than {_MAX_LINE:,} bytes, so it is not a line of 785 numbers with "
            "commas between them. Check that it is a CSV file of images."
        )
    return line.strip() if line else None


def _label_place(path: Path, cells: list[bytes]) -> int:
    """In which column the label stands."""
    if len(cells) == NUM_PIXELS:
        raise DataError(
            f"{path} has {NUM_PIXELS} columns, the pixels without a label, as Kaggle's test.csv. "
            "Use a file with labels, such as its train.csv."
        )
    if len(cells) != NUM_PIXELS + 1:
        raise DataError(
            f"{path}, line 1: it has {len(cells)} column{'' if len(cells) == 1 else 's'} with commas between them, but "
            f"a label and {NUM_PIXELS} pixels were expected. Save one image of 28×28 pixels per line."
        )
    if all(_is_number(cell) for cell in cells):
        return 0
    names = [cell.strip(b' "\t').lower() for cell in cells]
    places = [place for place, name in enumerate(names) if name in _LABEL_NAMES]
    if len(places) != 1:
        raise DataError(
            f"{path}, line 1: it begins with {_shown(cells[0])}, but a line of whole numbers was expected, or names of "
            "columns of which one is label. Write the numbers without fractions."
        )
    return places[0]


def _stands_last(first: bytearray, last: bytearray) -> bool:
    """Whether the last column of a file without names holds the labels, and the first one a pixel."""
    if max(last) >= NUM_CLASSES or len(set(last)) == 1:
        return False
    return max(first) >= NUM_CLASSES or (max(first) == 0 and len(first) >= _LEAST_LINES)


def _is_number(cell: bytes) -> bool:
    return _number(cell) is not None


@lru_cache(maxsize=1024)
def _number(cell: bytes) -> int | None:
    """The whole number in a cell, which may be in quotes or end with .0; `None` for anything else."""
    match = _WRITTEN.fullmatch(cell)
    return None if match is None else _NUMBERS.get(match[2])


def _values(path: Path, cells: list[bytes], number: int) -> list[int]:
    if len(cells) != NUM_PIXELS + 1:
        raise DataError(
            f"{path}, line {number:,}: it has {len(cells):,} columns, but {NUM_PIXELS + 1} were expected, a label and "
            f"{NUM_PIXELS} pixels. Save or download the file again."
        )
    try:
        return [_NUMBERS[cell] for cell in cells]
    except KeyError:
        pass  # perhaps there are blanks or quotes
    values = []
    for column, cell in enumerate(cells, 1):
        value = _number(cell)
        if value is None:
            raise DataError(
                f"{path}, line {number:,}, column {column}: it holds {_shown(cell)}, but a whole number from 0 to 255 "
                "was expected. Write the numbers without fractions."
            )
        values.append(value)
    return values


def _shown(cell: bytes) -> str:
    """What stands in a cell, printable and short."""
    return ascii(cell[:_MAX_SHOWN].decode("latin-1")) if cell.strip() else "nothing"
