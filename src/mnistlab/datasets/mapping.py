"""Images of a memory-mapped file, copied out of it without the file filling the process's memory.

Indexing a mapping leaves every page that was touched in the process: its resident memory grows up to the size of the
file. It also reads much more than was asked for, because around a page that is missing the system fetches up to some
megabytes. So images are copied run by run: the system is told beforehand which bytes will be read, and afterwards that
the process is done with them. They stay in the system's cache of the file, which gives way when memory is needed.

Where there is no `madvise` (Windows) the copies are the same and the system decides what to do with the pages.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

# 128 images are 98 KiB. A solid-state disk is nearly as fast in random reads of that size as in sequential ones, when
# it gets many at once; a hard disk, 10 ms a seek, still gives 12,000 images a second.
RUN_IMAGES: Final = 128

_GAP_IMAGES: Final = 8  # 6 kB: reading over a gap is quicker than a second read
# Touching one page makes its neighbours resident too, at most as many as one page table lists: 512 of 4 KiB, 2 MiB.
_NEIGHBOUR_BYTES: Final = mmap.PAGESIZE * mmap.PAGESIZE // 8


def is_mapped(images: npt.NDArray[Any]) -> bool:
    """Whether the array, or what it is a view of, is a read-only `numpy.memmap`."""
    return _mapping(images) is not None


def gather(images: npt.NDArray[np.uint8], indices: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.uint8]:
    """The same as `images[indices]`, with no more of a mapped file resident than one run of images.

    Args:
        images: Images, uint8 `(num_images, 28, 28)`, in memory or memory-mapped.
        indices: Indices of images, integers `(num_gathered,)`, each 0 to `num_images - 1`, in any order; a file is
            read in its own order.

    Returns:
        uint8 `(num_gathered, 28, 28)`, in memory.

    Example:
        >>> gather(np.arange(3 * 784, dtype=np.uint8).reshape(3, 28, 28), np.array([2, 0]))[:, 0, 0]
        array([32,  0], dtype=uint8)
    """
    mapping = _mapping(images)
    if mapping is None:
        return np.asarray(images[indices])
    read_ahead(images, indices)
    gathered = np.empty((len(indices), *images.shape[1:]), images.dtype)
    order, first = np.argsort(indices, kind="stable"), 0
    for run in _runs(indices[order]):
        gathered[order[first : first + len(run)]] = images[run]
        _advise(mapping, images, run, "MADV_DONTNEED", _NEIGHBOUR_BYTES)
        first += len(run)
    return gathered


def read_ahead(images: npt.NDArray[np.uint8], indices: npt.NDArray[np.integer[Any]]) -> None:
    """Asks the system to fetch images of a mapped file into its cache in the meantime; does nothing for other arrays.

    Args:
        images: Images, as for `gather`.
        indices: Indices of images, as for `gather`.
    """
    mapping = _mapping(images)
    if mapping is None:
        return
    for run in _runs(np.sort(indices)):
        _advise(mapping, images, run, "MADV_WILLNEED")


def _runs(indices: npt.NDArray[np.integer[Any]]) -> Iterator[npt.NDArray[np.integer[Any]]]:
    """Cuts ascending indices where the gap is wide, and wherever there are `RUN_IMAGES`.

    A longer run would be requested in one call, and the system cuts such a call off at what the disk takes at once.
    """
    for dense in np.split(indices, np.flatnonzero(np.diff(indices) > _GAP_IMAGES) + 1):
        for first in range(0, len(dense), RUN_IMAGES):
            yield dense[first : first + RUN_IMAGES]


def _mapping(array: npt.NDArray[Any]) -> mmap.mmap | None:
    """The mapping that an array is a view of, if it is read-only: giving back the pages of others could lose data."""
    base: Any = array
    mode = None
    while isinstance(base, np.ndarray):
        mode = base.mode if isinstance(base, np.memmap) else mode
        base = base.base
    return base if isinstance(base, mmap.mmap) and mode == "r" else None


def _advise(
    mapping: mmap.mmap,
    images: npt.NDArray[np.uint8],
    indices: npt.NDArray[np.integer[Any]],
    advice: str,
    margin_bytes: int = 0,
) -> None:
    """Tells the system about the bytes from the first of some images to the last, and about a margin on both sides."""
    if not hasattr(mmap, advice):
        return
    start = images.ctypes.data - np.frombuffer(mapping, np.uint8).ctypes.data
    offsets = [start + int(index) * images.strides[0] for index in (indices[0], indices[-1])]
    first = max(0, min(offsets) - margin_bytes) // mmap.PAGESIZE * mmap.PAGESIZE
    last = min(max(offsets) + abs(images.strides[0]) + margin_bytes, len(mapping))
    with contextlib.suppress(OSError):  # only advice: if the system cannot follow it, nothing is lost
        mapping.madvise(getattr(mmap, advice), first, last - first)
