"""A picture of all boxes as they were cut, each beside the image that a network will see."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from mnistlab.datasets import NUM_CLASSES
from mnistlab.reader.sheet.boxes import Cell
from mnistlab.reader.sheet.layout import BOX_HEIGHT, BOX_WIDTH
from mnistlab.system import theme

_SIDE: Final = 56  # pixels of an image, two for each of its own
_GAP: Final = theme.GRID_PIXELS
_LABEL: Final = 16
_CELL: Final = (2 * _SIDE + 2 * _GAP, _SIDE + _LABEL + 2 * _GAP)
_HEAD: Final = 32
_FONT_SIZE: Final = 13


def contact_sheet(pages: Sequence[Sequence[Cell]]) -> bytes:
    """A PNG with a row of the page in each row: the cut on the left, MNIST's form on the right, the digit below.

    Args:
        pages: Boxes of each page; the pages follow one below the other.
    """
    light = theme.LIGHT
    rows = [page[first : first + NUM_CLASSES] for page in pages for first in range(0, len(page), NUM_CLASSES)]
    size = (NUM_CLASSES * _CELL[0] + _GAP, _HEAD + len(rows) * _CELL[1] + _GAP)
    sheet = Image.new("RGB", size, light.paper)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT_SIZE)
    head = "Each box as it was cut, and as a network sees it. Black labels: train split. Blue labels: test split."
    draw.text((_GAP, _GAP), head, fill=light.ink, font=font)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            corner = (_GAP + column * _CELL[0], _HEAD + number * _CELL[1])
            _draw_cell(sheet, draw, cell, corner, font)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _draw_cell(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    cell: Cell,
    corner: tuple[int, int],
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
) -> None:
    x, y = corner
    width = round(_SIDE * BOX_WIDTH / BOX_HEIGHT)
    crop = Image.fromarray(cell.crop).resize((width, _SIDE), Image.Resampling.LANCZOS)
    sheet.paste(crop.convert("RGB"), (x + _SIDE - width, y))
    if cell.state == "digit":
        image = Image.fromarray(255 - cell.image).resize((_SIDE, _SIDE), Image.Resampling.NEAREST)
        sheet.paste(image.convert("RGB"), (x + _SIDE + 2, y))
        color = theme.OKABE_ITO["blue"] if cell.box.is_for_test else theme.LIGHT.ink
        draw.text((x + _SIDE, y + _SIDE), str(cell.box.digit), fill=color, font=font)
    else:
        draw.text((x + _SIDE, y + _SIDE), cell.state, fill=theme.LIGHT.muted, font=font)
