"""IDX, the file format of MNIST: a big-endian header, then unsigned bytes.

A file is read only if every byte of it is accounted for. The sizes in the header are not trusted: a plain file must
have exactly the size that they give, and of a compressed one no more than one byte past that size is read. So neither
a header with absurd sizes nor a gzip bomb costs memory.

Source: the format is described on the MNIST page of Y. LeCun, C. Cortes and C. Burges, section "File formats".
"""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from mnistlab.datasets.idx_headers import explain_header, is_reversed, little_endian, num_extra_bytes
from mnistlab.datasets.splits import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.exceptions import DataError

IMAGES_MAGIC: Final = 0x00000803  # two zero bytes, 08 for unsigned bytes, 03 for three dimensions
LABELS_MAGIC: Final = 0x00000801

_IMAGES_HEADER: Final = struct.Struct(">4I")  # magic, number of images, rows, columns
_LABELS_HEADER: Final = struct.Struct(">2I")  # magic, number of labels
_KIND_OF_MAGIC: Final = {IMAGES_MAGIC: "images", LABELS_MAGIC: "labels"}
_GZIP_MAGIC: Final = b"\x1f\x8b"
_IMAGE_BYTES: Final = IMAGE_SHAPE[0] * IMAGE_SHAPE[1]
_CHUNK_BYTES: Final = 1 << 20  # bounds what one read may allocate before the bytes have arrived


def read_images(path: str | os.PathLike[str]) -> npt.NDArray[np.uint8]:
    """Reads the images of an IDX file, plain or compressed with gzip.

    The first bytes decide whether the file is compressed, not its name: browsers unpack a `.gz` on the way and keep
    the name. A plain file is mapped, not read: pages come from the disk when they are touched, so it may be larger
    than memory. It must not be shortened by another program while the array lives.

    Args:
        path: Path of the file.

    Returns:
        uint8 `(num_images, 28, 28)`, 0 ground to 255 ink, read-only; a `numpy.memmap` if the file is plain.

    Raises:
        DataError: the file cannot be opened, or is anything but a whole IDX file of 28×28 images.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> ink = np.full((2, 28, 28), 255, dtype=np.uint8)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "t10k-images-idx3-ubyte")
        ...     _ = path.write_bytes(idx_header(ink) + ink.tobytes())
        ...     read_images(path).shape
        (2, 28, 28)
    """
    path = Path(path)
    with _open(path) as file:
        if not _is_gzip(file):
            num_images = _read_num_images(path, file)
            _check_file_size(path, file, _IMAGES_HEADER.size, num_images, _IMAGE_BYTES)
            return np.memmap(
                file, dtype=np.uint8, mode="r", offset=_IMAGES_HEADER.size, shape=(num_images, *IMAGE_SHAPE)
            )
        with gzip.GzipFile(fileobj=file) as unpacked:
            num_images = _read_num_images(path, unpacked)
            body = _read_body(path, unpacked, _IMAGES_HEADER.size, num_images, _IMAGE_BYTES)
    return _read_only(body).reshape(num_images, *IMAGE_SHAPE)


def read_labels(path: str | os.PathLike[str]) -> npt.NDArray[np.uint8]:
    """Reads the labels of an IDX file, plain or compressed with gzip, into memory.

    Args:
        path: Path of the file; its first bytes decide whether it is compressed, as for `read_images`.

    Returns:
        uint8 `(num_labels,)`, each 0 to 9, read-only.

    Raises:
        DataError: the file cannot be opened, is anything but a whole IDX file of labels, or holds a label above 9.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> digits = np.array([5, 0, 4], dtype=np.uint8)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "t10k-labels-idx1-ubyte.gz")
        ...     _ = path.write_bytes(gzip.compress(idx_header(digits) + digits.tobytes()))
        ...     read_labels(path)
        array([5, 0, 4], dtype=uint8)
    """
    path = Path(path)
    with _open(path) as file:
        if not _is_gzip(file):
            num_labels = _read_num_labels(path, file)
            _check_file_size(path, file, _LABELS_HEADER.size, num_labels, 1)
            labels = _read_only(_read_body(path, file, _LABELS_HEADER.size, num_labels))
        else:
            with gzip.GzipFile(fileobj=file) as unpacked:
                num_labels = _read_num_labels(path, unpacked)
                labels = _read_only(_read_body(path, unpacked, _LABELS_HEADER.size, num_labels))
    if num_labels and labels.max() >= NUM_CLASSES:
        first = int(np.argmax(labels >= NUM_CLASSES))
        raise DataError(
            f"{path} has the label {labels[first]} at position {first}, but labels are digits from 0 to 9. "
            "Use a data set of ten digits or ten classes numbered from 0."
        )
    return labels


def idx_header(array: npt.NDArray[np.uint8]) -> bytes:
    """The header that an IDX file of these images or labels has.

    The format leaves no choice, so header and array bytes together are the file: `idx_header(array) + array.tobytes()`.

    Args:
        array: Images, uint8 `(num_images, 28, 28)`, or labels, uint8 `(num_labels,)`.

    Returns:
        16 bytes for images, 8 bytes for labels.

    Example:
        >>> idx_header(np.zeros(3, dtype=np.uint8)).hex(" ", 4)
        '00000801 00000003'
    """
    magic = LABELS_MAGIC if array.ndim == 1 else IMAGES_MAGIC
    return struct.pack(f">{1 + array.ndim}I", magic, *array.shape)


def idx_sha256(array: npt.NDArray[np.uint8]) -> str:
    """The SHA-256 of the uncompressed IDX file of these images or labels, without writing it.

    Args:
        array: Images, uint8 `(num_images, 28, 28)`, or labels, uint8 `(num_labels,)`; copied only if not contiguous.

    Returns:
        64 lower-case hexadecimal digits.

    Example:
        >>> idx_sha256(np.zeros(0, dtype=np.uint8))[:16]
        'd49cd2c2d09f5f0c'
    """
    checksum = hashlib.sha256(idx_header(array))
    checksum.update(np.ascontiguousarray(array).reshape(-1).data)
    return checksum.hexdigest()


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    """Opens a regular file; errors of the system or of gzip while it is read become a `DataError`."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):  # opening a pipe would wait for a writer that may never come
            found = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise DataError(f"{path} is {found}, but an IDX file was expected. Give the path of the file itself.")
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing: an IDX file, plain or .gz, was expected there. Check the path.") from error
    except PermissionError as error:
        raise DataError(
            f"{path} may not be read by this user. Allow it (chmod u+r) or use a copy of your own."
        ) from error
    except EOFError as error:
        raise DataError(
            f"{path} breaks off in the middle of its gzip stream. Download or copy the whole file again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path} is damaged: an intact gzip stream was expected ({error}). Download or copy the file again."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error}). Check the path and the disk.") from error


def _is_gzip(file: BinaryIO) -> bool:
    start = file.read(len(_GZIP_MAGIC))
    file.seek(0)
    return start == _GZIP_MAGIC


def _read_num_images(path: Path, file: BinaryIO | gzip.GzipFile) -> int:
    header = _read_header(path, file, IMAGES_MAGIC, _IMAGES_HEADER.size)
    _, num_images, num_rows, num_columns = _IMAGES_HEADER.unpack(header)
    if is_reversed(num_rows, IMAGE_SHAPE[0]) and is_reversed(num_columns, IMAGE_SHAPE[1]):
        raise _refusal(path, little_endian(header[4:]))
    if (num_rows, num_columns) != IMAGE_SHAPE:
        raise DataError(
            f"{path} holds images of {num_rows}×{num_columns} pixels, but 28×28 was expected. "
            "Resize the images, or use a data set in MNIST's format."
        )
    return int(num_images)


def _read_num_labels(path: Path, file: BinaryIO | gzip.GzipFile) -> int:
    _, num_labels = _LABELS_HEADER.unpack(_read_header(path, file, LABELS_MAGIC, _LABELS_HEADER.size))
    return int(num_labels)


def _read_header(path: Path, file: BinaryIO | gzip.GzipFile, expected_magic: int, num_bytes: int) -> bytes:
    """Reads the header and rejects any other kind of file, with a message that fits what the file seems to be."""
    kind = _KIND_OF_MAGIC[expected_magic]
    header = file.read(num_bytes)
    if not header:
        raise DataError(f"{path} is empty, but an IDX file of {kind} was expected. Download or copy it again.")
    if header.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise DataError(
            f"{path} is a web page, but an IDX file of {kind} was expected. "
            "The download got an error page: fetch the file from another source."
        )
    magic = int.from_bytes(header[:4], "big")
    if len(header) >= 4 and magic != expected_magic:
        mend = "Check that it is the right file, or download it again."
        if magic in _KIND_OF_MAGIC:
            mend = f"It holds {_KIND_OF_MAGIC[magic]}: check whether two files have swapped names."
        elif known := explain_header(header + file.read(num_extra_bytes(header, expected_magic)), kind):
            raise _refusal(path, known)
        raise DataError(
            f"{path} starts with the magic number 0x{magic:08x}, but an IDX file of {kind} starts with "
            f"0x{expected_magic:08x}. {mend}"
        )
    if len(header) < num_bytes:
        raise DataError(
            f"{path} breaks off in its header: {len(header)} of {num_bytes} bytes came. Download or copy the whole "
            "file again."
        )
    return header


def _refusal(path: Path, known: tuple[str, str]) -> DataError:
    """The error for a file of which it is known what it is, and what to do."""
    return DataError(f"{path} {known[0]}. {known[1]}")


def _check_count(path: Path, num_items: int, item_bytes: int, found_bytes: int) -> None:
    """Refuses a file whose number of items makes sense with its bytes in reverse order alone."""
    if found_bytes % item_bytes == 0 and is_reversed(num_items, found_bytes // item_bytes):
        raise _refusal(path, little_endian(num_items.to_bytes(4, "big")))


def _check_file_size(path: Path, file: BinaryIO, header_bytes: int, num_items: int, item_bytes: int) -> None:
    expected_bytes = header_bytes + num_items * item_bytes
    found_bytes = os.fstat(file.fileno()).st_size
    if found_bytes != expected_bytes:
        _check_count(path, num_items, item_bytes, found_bytes - header_bytes)
        fault = "is truncated" if found_bytes < expected_bytes else "has trailing bytes"
        raise DataError(
            f"{path} {fault}: it has {found_bytes:,} bytes, but its header promises {expected_bytes:,}. "
            "Download or copy the file again."
        )


def _read_body(
    path: Path, file: BinaryIO | gzip.GzipFile, header_bytes: int, num_items: int, item_bytes: int = 1
) -> bytearray:
    """Reads all items; asks for one byte more to notice trailing bytes, and grows only with what arrives."""
    num_bytes, body = num_items * item_bytes, bytearray()
    while chunk := file.read(min(_CHUNK_BYTES, num_bytes + 1 - len(body))):
        body += chunk
    expected_bytes = header_bytes + num_bytes
    if len(body) > num_bytes:
        raise DataError(
            f"{path} has trailing bytes: it unpacks to more than the {expected_bytes:,} bytes its header promises. "
            "Download or copy the file again."
        )
    if len(body) < num_bytes:
        _check_count(path, num_items, item_bytes, len(body))
        raise DataError(
            f"{path} is truncated: it unpacks to {header_bytes + len(body):,} bytes, but its header promises "
            f"{expected_bytes:,}. Download or copy the file again."
        )
    return body


def _read_only(body: bytearray) -> npt.NDArray[np.uint8]:
    array = np.frombuffer(body, dtype=np.uint8)
    array.flags.writeable = False
    return array
