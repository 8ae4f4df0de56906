"""The layout of the page, in millimetres; drawing and reading use the same numbers.

The origin is the middle of the upper left corner mark; x goes right, y goes down. The frame of marks fits on A4 and on
letter, so a photo is read without knowing the paper, and a printer that scales the page does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from mnistlab.datasets import NUM_CLASSES

PaperName = Literal["a4", "letter"]
PAPERS: Final[dict[PaperName, tuple[float, float]]] = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}

FRAME_WIDTH: Final = 180.0  # between the middles of the corner marks
FRAME_HEIGHT: Final = 250.0

# A mark is a black square with a white one and again a black one inside. Their three middles coincide from any angle,
# unlike in anything that people write or print by chance; the marks of QR codes are made like this.
MARK_SIDES: Final = (12.0, 8.0, 4.0)

# Cells of a strip between the upper marks, 1 black: no rotation or mirror image of the page has this order there.
STRIP_BITS: Final = (1, 1, 1, 0, 1, 0, 0, 1, 0, 1)
STRIP_LEFT, STRIP_TOP, STRIP_CELL, STRIP_HEIGHT = 65.0, -4.0, 5.0, 3.0

NUM_ROWS: Final = 10
NUM_BOXES: Final = NUM_ROWS * NUM_CLASSES
BOX_WIDTH, BOX_HEIGHT = 13.0, 16.0
BORDER_WIDTH: Final = 0.25
_FIRST_BOX, _PITCH = (9.7, 26.5), (16.4, 22.0)

LABEL_RISE: Final = 1.2  # of a label's foot above its box
LABEL_HEIGHT: Final = 2.6

LINES: Final = (
    (5.2, 4.6, "Write each digit into the box below it, the way you usually write"),
    (11.2, 3.2, "Stay inside the box. Leave out what you like; blacken a box all over if the digit in it went wrong."),
    (15.8, 3.2, "Then take a photo of the whole page from above, in even light, with all four corner marks on it:"),
    (20.0, 3.2, "mnistlab sheet read photo.jpg --out mydigits"),
)
"""Text between the upper marks: foot, size and words of each line."""


@dataclass(frozen=True)
class Box:
    """One box of the page.

    Attributes:
        row: Row, from 0 at the top.
        digit: Digit to be written into it.
        left: Left edge in millimetres, at the middle of the printed line.
        top: Top edge in millimetres, likewise.
    """

    row: int
    digit: int
    left: float
    top: float

    @property
    def is_for_test(self) -> bool:
        """Whether a digit in this box goes to the test split: every other row does, so both splits have all digits."""
        return self.row % 2 == 1


BOXES: Final = tuple(
    Box(row, digit, _FIRST_BOX[0] + digit * _PITCH[0], _FIRST_BOX[1] + row * _PITCH[1])
    for row in range(NUM_ROWS)
    for digit in range(NUM_CLASSES)
)
"""All boxes in reading order: each row has every digit once."""

MARKS: Final = ((0.0, 0.0), (FRAME_WIDTH, 0.0), (FRAME_WIDTH, FRAME_HEIGHT), (0.0, FRAME_HEIGHT))
"""Middles of the corner marks, clockwise from the upper left."""


def strip_cells() -> list[tuple[float, float, int]]:
    """Middle of each cell of the strip, x and y, and its bit."""
    y = STRIP_TOP + STRIP_HEIGHT / 2
    return [(STRIP_LEFT + (number + 0.5) * STRIP_CELL, y, bit) for number, bit in enumerate(STRIP_BITS)]
