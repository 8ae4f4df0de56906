"""Images and labels from an `.npz` file, such as Keras' `mnist.npz`.

Nothing in the file is trusted: pickled objects are refused, an array's header is a claim until its bytes are there, and
they are read piece by piece, so that neither absurd sizes nor a zip bomb costs memory.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from mnistlab.datasets.convert.parts import MAX_IMAGES, NUM_PIXELS, Part, Source, as_labels, as_pixels, check_number
from mnistlab.datasets.splits import IMAGE_SHAPE
from mnistlab.exceptions import DataError

_NAMES: Final = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("images", "labels"),
    ("x", "y"),
)
_MAX_MEMBERS: Final = 100
_MAX_HEADER: Final = 2000  # characters of an array's header; those of plain arrays have about a hundred
_PIECE: Final = 4096  # images that are read at a time


def read_npz(path: Path) -> Source:
    """Reads an `.npz` file.

    Args:
        path: File that holds `x_train`, `y_train`, `x_test` and `y_test`, or the same under MedMNIST's names, or
            `images` and `labels` without splits.

    Raises:
        DataError: if it is not such a file, is damaged, or an array has the wrong shape, type or values.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(path, archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, lzma.LZMAError, EOFError) as error:
        # RuntimeError: a member is encrypted.
        raise DataError(f"{path} is not an intact .npz file ({error}). Save or download it again.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}). Check the path and the disk.") from error


def _read(path: Path, archive: zipfile.ZipFile) -> Source:
    members = archive.namelist()
    if len(members) > _MAX_MEMBERS or len(set(members)) < len(members):
        raise DataError(f"{path} holds {len(members):,} arrays, some perhaps twice; expected four. Save only those.")
    known = {member.removesuffix(".npy").lower(): member for member in members}
    names = next((names for names in _NAMES if set(names) <= set(known)), None)
    if names is None:
        held = ascii(", ".join(sorted(known)))[1:-1][:200] or "nothing"
        closest = max(_NAMES, key=lambda names: len(set(names) & set(known)))
        lacking = [name for name in closest if name not in known]
        if len(lacking) < len(closest):
            raise DataError(
                f"{path} holds {held}, but lacks {' and '.join(lacking)}. "
                "Save the arrays that belong together under these names with numpy.savez."
            )
        raise DataError(
            f"{path} holds {held}, but x_train, y_train, x_test and y_test were expected. "
            "Save the arrays under these names with numpy.savez."
        )
    others = sorted(set(known) - set(names))
    notes = [f"Left out: {ascii(', '.join(others))[1:-1][:200]}."] if others else []
    members = [known[name] for name in names]
    unit = _goes_to_one(path, archive, [*members[::2]])
    if unit:
        notes.append("The pixels went from 0 to 1 and were brought to 0 to 255.")
    parts = [
        _part(path, archive, images, labels, from_unit=unit)
        for images, labels in zip(members[::2], members[1::2], strict=True)
    ]
    return Source(parts[0], parts[1] if len(parts) > 1 else None, notes=tuple(notes))


def _part(path: Path, archive: zipfile.ZipFile, images_name: str, labels_name: str, *, from_unit: bool) -> Part:
    with _opened(path, archive, images_name) as images, _opened(path, archive, labels_name) as labels:
        if prod(images.shape[1:]) != NUM_PIXELS or not _is_image(images.shape):
            raise DataError(_other_size(images))
        if prod(labels.shape[1:]) != 1:
            advice = "Save labels.argmax(axis=1)." if labels.shape[1:] == (10,) else "Save one number for each image."
            raise DataError(f"{labels} has the shape {labels.shape}, but (number,) was expected. {advice}")
        if images.shape[:1] != labels.shape[:1]:
            raise DataError(
                f"{images} has {images.shape[0]:,} images, but {labels.name} {labels.shape[0]:,} labels. "
                "Save arrays that belong together."
            )
        check_number(str(images), images.shape[0])
        pixels = np.empty((images.shape[0], NUM_PIXELS), np.uint8)
        first = 0
        for piece in images.pieces():
            pixels[first : first + len(piece)] = as_pixels(str(images), piece, from_unit=from_unit)
            first += len(piece)
        found = np.concatenate([as_labels(str(labels), piece[:, 0]) for piece in labels.pieces()])
    return Part(pixels.reshape(-1, *IMAGE_SHAPE), found)


def _is_image(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 or tuple(size for size in shape[1:] if size != 1) == IMAGE_SHAPE


def _goes_to_one(path: Path, archive: zipfile.ZipFile, names: list[str]) -> bool:
    """Whether all pixels lie between 0 and 1, and some are neither: then they can only be parts of full ink."""
    has_parts = False
    for name in names:
        with _opened(path, archive, name) as array:
            if array.dtype.kind != "f":
                return False
            for piece in array.pieces():
                if not ((piece >= 0) & (piece <= 1)).all():
                    return False
                has_parts = has_parts or bool((piece != np.trunc(piece)).any())
    return has_parts


@dataclass(frozen=True)
class _Array:
    """An array of an archive, of which the header has been read.

    Attributes:
        path: File of the archive.
        name: Name of the array in it.
        file: Stream that stands behind the header.
        shape: Number of items, and the shape of one.
        dtype: Type of the numbers.
    """

    path: Path
    name: str
    file: IO[bytes]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        """The file and the array, for a message."""
        return f"{self.path} ({self.name})"

    def pieces(self) -> Iterator[npt.NDArray[Any]]:
        """The numbers `(num_items, size_of_one)`, some at a time."""
        size = prod(self.shape[1:])
        for first in range(0, self.shape[0], _PIECE):
            count = min(_PIECE, self.shape[0] - first)
            content = self.file.read(count * size * self.dtype.itemsize)
            if len(content) < count * size * self.dtype.itemsize:
                raise DataError(f"{self} breaks off. Save or download the file again.")
            yield np.frombuffer(content, self.dtype).reshape(count, size)
        if self.file.read(1):
            raise DataError(f"{self} is longer than its header promises. Save or download the file again.")


def _other_size(array: _Array) -> str:
    return (
        f"{array} has the shape {array.shape}, but (number, 28, 28) or (number, 784) was expected. "
        "Save one grey image of 28×28 pixels after the other."
    )


@contextmanager
def _opened(path: Path, archive: zipfile.ZipFile, member: str) -> Iterator[_Array]:
    """Opens an array and refuses it by its header if it is not one of plain numbers of a sound size."""
    name = member.removesuffix(".npy")
    with archive.open(member) as file:
        try:
            version = npy.read_magic(file)
            read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
            shape, is_fortran, dtype = read(file, max_header_size=_MAX_HEADER)
        except (KeyError, ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
            raise DataError(f"{path} ({name}) is not an array of NumPy. Save it with numpy.savez.") from error
        array = _Array(path, name, file, shape, dtype)
        if dtype.hasobject:
            raise DataError(f"{array} holds pickled objects, which could do anything. Save plain numbers.")
        if dtype.kind not in "buif" or dtype.itemsize > 8 or not 1 <= len(shape) <= 8:
            raise DataError(f"{array} is {dtype} {shape}, but plain numbers were expected. Save such.")
        if is_fortran and len(shape) > 1:
            raise DataError(
                f"{array} is stored column by column. Save numpy.ascontiguousarray of it, which is row by row."
            )
        if any(size < 0 for size in shape) or shape[0] > MAX_IMAGES:
            raise DataError(
                f"{array} has the shape {shape}, but up to {MAX_IMAGES:,} images of 28×28 pixels were expected. "
                "Convert a part of them."
            )
        if prod(shape[1:]) > NUM_PIXELS:
            raise DataError(_other_size(array))
        yield array
