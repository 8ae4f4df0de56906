"""Other ways to look at a photo: plates blended into the page, no lines around digits, coarse pixels made smaller."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mnistlab.reader.photos import reduced_by
from mnistlab.reader.segmentation import LABEL, Plate, blend, find_plates, grain

if TYPE_CHECKING:
    from mnistlab.reader.reading import PhotoReading, Reading

Grey = NDArray[np.uint8]
_LEAST_SURE: Final = 0.25  # of what was found at full size, that is sure in the reduced copy
Look = Callable[..., "PhotoReading"]


def best_look(grey: Grey, look: Look) -> PhotoReading:
    """The reading of a photo in the way of looking at it that gives the most sure digits.

    Args:
        grey: Grey levels, uint8 `(height, width)`.
        look: Reads a photo as it is; `with_rings=False` leaves out closed lines around digits.
    """
    read = _with_plates(grey, look)
    if read.has_rings:
        inner = look(grey, with_rings=False)
        is_clear = _is_sure(inner) and any(one.digit not in (1, None) for one in inner.readings)  # a 0 may have a slash
        read = inner if is_clear else _better(read, inner)
    factor = 1 if _is_sure(read) else grain(grey)
    if factor == 1:
        return read
    coarse = _with_plates(reduced_by(grey, factor), look)
    return _better(read, _enlarged(coarse, factor, grey.shape))


def _is_sure(read: PhotoReading) -> bool:
    sure, unsure = _counts(read)
    return bool(sure) and not unsure


def _better(read: PhotoReading, other: PhotoReading) -> PhotoReading:
    """The other reading if it has more sure digits, or as many and fewer unsure ones; otherwise the first."""
    (sure, unsure), (more, others) = _counts(read), _counts(other)
    is_better = more >= max(sure, _LEAST_SURE * (sure + unsure)) and others <= unsure and more - others > sure - unsure
    return other if is_better else read


def _counts(read: PhotoReading) -> tuple[int, int]:
    """How many of its readings are sure, and how many unsure."""
    kinds = [one.kind for one in read.readings]
    return kinds.count("digit"), kinds.count("unsure")


def _with_plates(grey: Grey, look: Look) -> PhotoReading:
    read = look(grey)
    plates = find_plates(grey)
    num_read = _num_read(read, plates)
    if len(plates) > 1 or num_read < len(plates):
        blended = look(blend(grey, plates))
        if _num_read(blended, plates) >= max(num_read, len(plates) / 2):
            read = blended
    return _without_captions(read, plates)


def _without_captions(read: PhotoReading, plates: Sequence[Plate]) -> PhotoReading:
    """A reading in which what stands beside plates, much smaller than the digits in them, is print: labels of axes."""
    inside = [any(plate.holds(one.found.box) for plate in plates) for one in read.readings]
    heights = [_height(one) for one, is_in in zip(read.readings, inside, strict=True) if is_in and one.kind == "digit"]
    least = LABEL * median(heights) if heights else 0
    readings = [
        one if is_in or _height(one) >= least else one.as_print()
        for one, is_in in zip(read.readings, inside, strict=True)
    ]
    return dataclasses.replace(read, readings=readings)


def _height(one: Reading) -> int:
    return one.found.box[2] - one.found.box[0]


def _num_read(read: PhotoReading, plates: Sequence[Plate]) -> int:
    """In how many plates most of what may be a digit is read for sure."""
    sure = np.array([one.kind == "digit" for one in read.readings], bool)
    named = np.array([one.kind != "no digit" for one in read.readings], bool)
    inside = [np.array([plate.holds(one.found.box) for one in read.readings], bool) for plate in plates]
    return sum(2 * int((sure & own).sum()) > int((named & own).sum()) for own in inside)


def _enlarged(read: PhotoReading, factor: int, shape: tuple[int, ...]) -> PhotoReading:
    """A reading of a reduced copy, with its boxes on the photo."""
    readings = []
    for one in read.readings:
        ends = [min(factor * end, shape[at % 2]) for at, end in enumerate(one.found.box)]
        box = ends[0], ends[1], ends[2], ends[3]
        readings.append(dataclasses.replace(one, found=dataclasses.replace(one.found, box=box)))
    return dataclasses.replace(read, readings=readings)
