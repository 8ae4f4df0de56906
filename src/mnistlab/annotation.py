"""The photo with what was read on it: a box around each digit, and the answer above it."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mnistlab.looks import OKABE_ITO
from mnistlab.reader import Reading

_COLORS = {"digit": OKABE_ITO["blue"], "unsure": OKABE_ITO["vermilion"], "no digit": OKABE_ITO["black"]}
_MAX_SIDE = 2400  # pixels of the picture; a phone's photo is larger than any screen


def annotate(photo: NDArray[np.uint8], readings: list[Reading]) -> Image.Image:
    """Draws boxes and answers on a photo.

    A sure digit has a plain box, an unsure one a double box and a question mark, what is no digit a thin box with a
    dot: shape tells what colour tells.

    Args:
        photo: uint8 `(height, width)`, as `load_photo` gives it.
        readings: what was read on it.

    Returns:
        A picture in colour, at most 2,400 pixels wide or high.
    """
    scale = min(1.0, _MAX_SIDE / max(photo.shape))
    size = (max(1, round(photo.shape[1] * scale)), max(1, round(photo.shape[0] * scale)))
    picture = Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS).convert("RGB")
    draw = ImageDraw.Draw(picture)
    thin = max(1, round(max(size) / 800))
    for reading in readings:
        top, left, bottom, right = (round(value * scale) for value in reading.found.box)
        color = _COLORS[reading.kind]
        box = (left - 2 * thin, top - 2 * thin, right + 2 * thin, bottom + 2 * thin)
        draw.rectangle(box, outline=color, width=thin if reading.kind == "no digit" else 2 * thin)
        if reading.kind == "unsure":
            draw.rectangle(
                (box[0] - 3 * thin, box[1] - 3 * thin, box[2] + 3 * thin, box[3] + 3 * thin), outline=color, width=thin
            )
        height = min(max(14.0, 0.5 * (bottom - top)), 64.0)
        font = ImageFont.load_default(height)
        text = str(reading)
        width = draw.textlength(text, font=font)
        # Above the box, or below it where the photo ends; on a patch of its own, so that it can be read on anything.
        x = min(max(0.0, left - 2.0 * thin), size[0] - width)
        y = box[1] - height * 1.25 if box[1] > height * 1.25 else box[3] + 2.0 * thin
        draw.rectangle((x - thin, y, x + width + thin, y + height * 1.2), fill="#fbf9f4")
        draw.text((x, y), text, fill=color, font=font)
    return picture
