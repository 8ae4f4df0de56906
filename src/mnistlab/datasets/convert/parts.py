"""Images and labels as they come out of a file: checked, and brought to unsigned bytes where that is unambiguous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mnistlab.datasets.classes import Classes
from mnistlab.datasets.splits import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.exceptions import DataError

MAX_IMAGES: Final = 500_000  # of one split: 392 MB; MNIST has 60,000, EMNIST's digits 240,000
NUM_PIXELS: Final = IMAGE_SHAPE[0] * IMAGE_SHAPE[1]


@dataclass(frozen=True, eq=False)
class Part:
    """Images with their labels from one source, before they are a split.

    Attributes:
        images: Images, uint8 `(num_images, 28, 28)`.
        labels: Labels, uint8 `(num_images,)`.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Source:
    """What a source holds.

    Attributes:
        train: Images to train on, or all of them if the source has no splits.
        test: Images to test on, if the source says which.
        classes: Names of the classes, if the source has some.
        notes: What was done with it or left out, a sentence each.
        is_prepared: Whether every image was made from a picture by a function of the caller's.
    """

    train: Part
    test: Part | None
    classes: Classes | None = None
    notes: tuple[str, ...] = ()
    is_prepared: bool = False


def check_number(what: str, num_images: int) -> None:
    """Refuses more images than fit into the memory of any machine."""
    if not 1 <= num_images <= MAX_IMAGES:
        raise DataError(
            f"{what} holds {num_images:,} images; expected 1 to {MAX_IMAGES:,}. Convert a part that is not empty."
        )


def as_labels(what: str, values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Labels as unsigned bytes.

    Args:
        what: Name of the labels for a message.
        values: Numbers `(num_images,)` of any type.

    Raises:
        DataError: if one of them is not a whole number from 0 to 9.
    """
    is_label = (values >= 0) & (values < NUM_CLASSES) & (values == np.trunc(values))
    if not is_label.all():
        place = int(np.argmin(is_label))
        raise DataError(
            f"{what} holds the label {values[place]:g} at position {place:,}, but labels are whole numbers from 0 to "
            f"{NUM_CLASSES - 1}. Use data of ten classes numbered from 0."
        )
    return values.astype(np.uint8)


def as_pixels(what: str, values: npt.NDArray[Any], *, from_unit: bool) -> npt.NDArray[np.uint8]:
    """Pixels as unsigned bytes.

    Args:
        what: Name of the images for a message.
        values: Numbers of any type and shape.
        from_unit: Whether they go from 0 to 1 and are brought to 0 to 255.

    Raises:
        DataError: if one of them is not a whole number from 0 to 255, or from 0 to 1.
    """
    if values.dtype == np.uint8:
        return np.asarray(values)
    scaled = np.rint(values * 255.0) if from_unit else values
    is_pixel = (scaled >= 0) & (scaled <= 255) & (scaled == np.trunc(scaled))  # False for NaN
    if not is_pixel.all():
        wrong = values.reshape(-1)[int(np.argmin(is_pixel))]
        raise DataError(
            f"{what} holds the pixel {wrong:g}, but pixels are whole numbers from 0 to 255, or all from 0 to 1. "
            "Bring them to such numbers first."
        )
    return scaled.astype(np.uint8)
