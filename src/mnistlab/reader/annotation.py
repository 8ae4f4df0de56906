"""The photo with its readings: a box around each digit, and the answer above it."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mnistlab.reader.reading import Reading
from mnistlab.system.theme import LIGHT, OKABE_ITO

_COLORS = {"digit": OKABE_ITO["blue"], "unsure": OKABE_ITO["vermilion"], "no digit": OKABE_ITO["black"]}
_MAX_SIDE = 2400  # pixels of the picture; a phone's photo is larger than any screen


def annotate(photo: NDArray[np.uint8], readings: list[Reading]) -> Image.Image:
    """Draws boxes and answers on a photo.

    A sure digit has a plain box, an unsure one a double box and a question mark, anything else a thin box with a dot:
    shapes say the same as colours.

    Args:
        photo: Photo, uint8 `(height, width)`, from `load_photo`.
        readings: Readings of the photo.

    Returns:
        A picture in colour, at most 2,400 pixels wide or high.
    """
    scale = min(1.0, _MAX_SIDE / max(photo.shape))
    size = (max(1, round(photo.shape[1] * scale)), max(1, round(photo.shape[0] * scale)))
    picture = Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS).convert("RGB")
    draw = ImageDraw.Draw(picture)
    thin = max(1, round(max(size) / 800))
    boxes = [_left_to_bottom(reading, scale, 2 * thin) for reading in readings]
    taken = np.array(boxes, dtype=np.float64).reshape(-1, 4)  # by digits, and then by answers
    for reading, box in zip(readings, boxes, strict=True):
        color, is_digit = _COLORS[reading.kind], reading.kind != "no digit"
        draw.rectangle(box, outline=color, width=2 * thin if is_digit else thin)
        if reading.kind == "unsure":
            outer = (box[0] - 3 * thin, box[1] - 3 * thin, box[2] + 3 * thin, box[3] + 3 * thin)
            draw.rectangle(outer, outline=color, width=thin)
        height = min(max(14.0, max(size) / 100, 0.4 * (box[3] - box[1])), max(24.0, max(size) / 45))
        font = ImageFont.load_default(height)
        patch = (draw.textlength(str(reading), font=font) + 2 * thin, 1.2 * height)
        left, top = _place(box, patch, size, taken)
        taken = np.vstack([taken, (left, top, left + patch[0], top + patch[1])])
        # On a patch of its own, to be legible on any photo.
        draw.rectangle((left, top, left + patch[0], top + patch[1]), fill=LIGHT.paper)
        draw.text((left + thin, top), str(reading), fill=color, font=font)
    return picture


def _left_to_bottom(reading: Reading, scale: float, margin: int) -> tuple[int, int, int, int]:
    """The box around a reading in pixels of the picture, in Pillow's order."""
    top, left, bottom, right = (round(value * scale) for value in reading.found.box)
    return left - margin, top - margin, right + margin, bottom + margin


def _place(
    box: tuple[int, int, int, int], patch: tuple[float, float], size: tuple[int, int], taken: NDArray[np.float64]
) -> tuple[float, float]:
    """Left and top of an answer: on the side of its box where it covers least of other digits and answers.

    If several sides are equally good: above before below, right and left.
    """
    (left, top, right, bottom), (width, height) = box, patch
    places = np.array([(left, top - height - 1), (left, bottom + 1), (right + 1, top), (left - width - 1, top)])
    places = np.clip(places, 0, np.maximum(np.array(size) - patch, 0))
    ends = places + patch
    shared = np.minimum(ends[:, None], taken[None, :, 2:]) - np.maximum(places[:, None], taken[None, :, :2])
    covered = np.clip(shared, 0, None).prod(axis=2).sum(axis=1)
    best = places[int(np.argmin(np.round(covered)))]
    return float(best[0]), float(best[1])
