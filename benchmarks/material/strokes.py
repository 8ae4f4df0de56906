"""Writes the strokes that tests draw on the page: digits as eight hands write them, left and right, large and small.

    python benchmarks/material/strokes.py

Each form was set down point by point as a hand moves. The forms differ as people's do: open and closed 4, 1 with
upstroke and base, 7 with a bar, 2 with a loop, 5 in one stroke and in two, 9 straight and bent. A hand chooses a form
of each digit and gives it slant, width, corners and tremor. Everything random follows from the seed, and no form was
chosen or changed because of a network's answers. The file is tests/data/strokes.json.
"""

import dataclasses
import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mnistlab.system.files import write_text

STROKES = Path(__file__).parents[2] / "tests" / "data" / "strokes.json"
SEED = 8
STEP = 0.085  # of a digit's height: the distance between two events of a pointer

Point = tuple[float, float]
Form = tuple[tuple[Point, ...], ...]

# Points are (right, down) from the upper left corner, in heights of the digit. A repeated point is a corner.
FORMS: dict[str, Form] = {
    "0": (((0.42, 0.06), (0.25, 0.02), (0.08, 0.2), (0.03, 0.52), (0.1, 0.83), (0.28, 0.98), (0.48, 0.86), (0.57, 0.54),
           (0.53, 0.22), (0.4, 0.05), (0.33, 0.03)),),
    "0 narrow": (((0.3, 0.01), (0.12, 0.14), (0.04, 0.5), (0.12, 0.88), (0.27, 1.0), (0.42, 0.86), (0.48, 0.5),
                  (0.42, 0.13), (0.27, 0.0)),),
    "0 not quite closed": (((0.3, 0.03), (0.1, 0.16), (0.02, 0.48), (0.1, 0.86), (0.3, 1.0), (0.52, 0.84), (0.58, 0.48),
                            (0.5, 0.16), (0.37, 0.06)),),
    "1": (((0.3, 0.0), (0.3, 1.0)),),
    "1 with flag": (((0.1, 0.24), (0.22, 0.14), (0.32, 0.0), (0.32, 0.0), (0.32, 1.0)),),
    "1 with upstroke": (((0.04, 0.42), (0.2, 0.22), (0.36, 0.0), (0.36, 0.0), (0.36, 1.0)),),
    "1 with base": (((0.12, 0.22), (0.3, 0.0), (0.3, 0.0), (0.3, 0.98)), ((0.06, 1.0), (0.54, 1.0))),
    "2": (((0.06, 0.24), (0.14, 0.06), (0.32, 0.0), (0.5, 0.1), (0.53, 0.3), (0.42, 0.52), (0.22, 0.77), (0.03, 0.97),
           (0.03, 0.97), (0.6, 0.96)),),
    "2 with loop": (((0.08, 0.22), (0.18, 0.04), (0.36, 0.0), (0.52, 0.13), (0.5, 0.36), (0.34, 0.62), (0.16, 0.86),
                     (0.05, 0.97), (0.0, 0.88), (0.1, 0.81), (0.28, 0.9), (0.44, 0.99), (0.62, 0.93)),),
    "2 like a Z": (((0.05, 0.12), (0.3, 0.02), (0.5, 0.1), (0.48, 0.32), (0.04, 0.96), (0.04, 0.96), (0.58, 0.98)),),
    "3": (((0.06, 0.14), (0.2, 0.02), (0.42, 0.05), (0.5, 0.22), (0.4, 0.4), (0.22, 0.47), (0.22, 0.47), (0.44, 0.52),
           (0.55, 0.72), (0.46, 0.93), (0.24, 1.0), (0.04, 0.9)),),
    "3 with flat top": (((0.05, 0.03), (0.52, 0.03), (0.52, 0.03), (0.26, 0.4), (0.26, 0.4), (0.46, 0.47), (0.55, 0.7),
                         (0.43, 0.94), (0.2, 1.0), (0.02, 0.9)),),
    "4 open": (((0.12, 0.02), (0.08, 0.28), (0.03, 0.56), (0.03, 0.56), (0.6, 0.55)), ((0.44, 0.22), (0.42, 1.0))),
    "4 open, round": (((0.1, 0.02), (0.05, 0.3), (0.12, 0.52), (0.3, 0.56), (0.5, 0.48)),
                      ((0.52, 0.04), (0.48, 0.5), (0.45, 1.0))),
    "4 closed": (((0.42, 0.0), (0.22, 0.34), (0.0, 0.66), (0.0, 0.66), (0.62, 0.66)), ((0.43, 0.02), (0.43, 1.0))),
    "5": (((0.12, 0.03), (0.09, 0.44), (0.09, 0.44), (0.28, 0.38), (0.5, 0.5), (0.56, 0.71), (0.44, 0.93), (0.22, 1.0),
           (0.03, 0.9)), ((0.12, 0.03), (0.56, 0.02))),
    "5 in one stroke": (((0.54, 0.02), (0.15, 0.03), (0.15, 0.03), (0.1, 0.43), (0.1, 0.43), (0.3, 0.37), (0.5, 0.5),
                         (0.54, 0.73), (0.4, 0.95), (0.18, 1.0), (0.02, 0.91)),),
    "6": (((0.46, 0.02), (0.24, 0.2), (0.08, 0.5), (0.04, 0.77), (0.16, 0.97), (0.36, 1.0), (0.52, 0.85), (0.5, 0.66),
           (0.34, 0.55), (0.16, 0.62), (0.06, 0.8)),),
    "6 with straight stem": (((0.36, 0.0), (0.12, 0.5), (0.05, 0.75), (0.14, 0.96), (0.33, 1.0), (0.5, 0.86),
                              (0.46, 0.66), (0.28, 0.6), (0.1, 0.74)),),
    "7": (((0.03, 0.04), (0.57, 0.04), (0.57, 0.04), (0.4, 0.45), (0.24, 1.0)),),
    "7 with bar": (((0.03, 0.05), (0.57, 0.03), (0.57, 0.03), (0.38, 0.45), (0.22, 1.0)), ((0.16, 0.5), (0.54, 0.48))),
    "7 with serif": (((0.04, 0.18), (0.05, 0.03), (0.05, 0.03), (0.56, 0.03), (0.56, 0.03), (0.38, 0.4), (0.26, 1.0)),),
    "8": (((0.48, 0.12), (0.3, 0.01), (0.1, 0.12), (0.12, 0.32), (0.3, 0.47), (0.5, 0.65), (0.54, 0.85), (0.34, 1.0),
           (0.1, 0.92), (0.06, 0.72), (0.24, 0.5), (0.46, 0.32), (0.5, 0.15), (0.44, 0.07)),),
    "8 of two rings": (((0.3, 0.46), (0.12, 0.36), (0.1, 0.14), (0.3, 0.0), (0.5, 0.14), (0.47, 0.36), (0.3, 0.46)),
                       ((0.3, 0.46), (0.08, 0.58), (0.04, 0.84), (0.3, 1.0), (0.56, 0.84), (0.52, 0.58), (0.3, 0.46))),
    "9": (((0.52, 0.2), (0.36, 0.02), (0.12, 0.08), (0.05, 0.3), (0.18, 0.48), (0.38, 0.45), (0.52, 0.22), (0.53, 0.1),
           (0.53, 0.1), (0.52, 0.5), (0.46, 1.0)),),
    "9 bent": (((0.51, 0.18), (0.34, 0.01), (0.12, 0.08), (0.06, 0.3), (0.2, 0.48), (0.4, 0.44), (0.52, 0.2),
                (0.52, 0.2), (0.54, 0.55), (0.46, 0.88), (0.26, 1.0), (0.06, 0.92)),),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Hand:
    """How one person writes.

    Args:
        forms: Names of the forms that differ from the plain one.
        slant: Distance by which the top leans to the right, in heights of the digit.
        width: Width, as a multiple of the plain one.
        is_angular: Whether straight lines join the points.
        tremor: Standard deviation of the pen's distance from its path, in heights of the digit.
        uneven: Standard deviation of slant and width from digit to digit.
    """

    forms: tuple[str, ...] = ()
    slant: float = 0.0
    width: float = 1.0
    is_angular: bool = False
    tremor: float = 0.004
    uneven: float = 0.03


HANDS: dict[str, Hand] = {
    "upright": Hand(("4 open",)),
    "slanted": Hand(("1 with flag", "2 with loop", "4 open", "5 in one stroke"), slant=0.28),
    "leaning left": Hand(("4 closed", "6 with straight stem", "9 bent"), slant=-0.16),
    "European": Hand(("1 with upstroke", "4 open, round", "7 with bar", "9 bent"), slant=0.08),
    "school": Hand(("0 narrow", "1 with base", "4 closed", "7 with serif", "8 of two rings")),
    "round": Hand(("0 not quite closed", "4 open, round", "5 in one stroke", "9 bent"), width=1.25),
    "angular": Hand(("1 with flag", "2 like a Z", "3 with flat top", "4 closed", "7 with serif"), is_angular=True),
    "shaky": Hand(("1 with flag", "3 with flat top", "4 open", "7 with bar"), slant=0.1, tremor=0.014, uneven=0.07),
}
# (right, down, height): middle and height of the digit as fractions of the square canvas's side.
PLACES: Mapping[str, tuple[float, float, float]] = {
    "large, left": (0.42, 0.46, 0.72),
    "large, right": (0.6, 0.55, 0.66),
    "small, left": (0.24, 0.66, 0.36),
    "small, right": (0.76, 0.3, 0.34),
}


def smooth(points: np.ndarray) -> np.ndarray:
    """A Catmull-Rom curve through the points, with 24 places between each point and the next."""
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, 24, endpoint=False)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
    ]
    return np.vstack([*parts, points[-1:]])


def along(points: np.ndarray) -> np.ndarray:
    """Places at equal distances along a line, and its end."""
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.append(np.arange(0, lengths[-1], STEP), lengths[-1])
    return np.column_stack([np.interp(at, lengths, axis) for axis in points.T])


def curve(stroke: tuple[Point, ...], is_angular: bool) -> np.ndarray:
    """The path of the pen for one stroke, smooth between its corners."""
    corners = [0, *(at for at, (one, two) in enumerate(pairwise(stroke), start=1) if one == two), len(stroke)]
    pieces = [np.array(stroke[first:last]) for first, last in pairwise(corners)]
    return along(np.vstack([piece if is_angular or len(piece) < 3 else smooth(piece) for piece in pieces]))


def drawn(digit: int, hand: Hand, place: tuple[float, float, float], rng: np.random.Generator) -> list[list[Point]]:
    """The strokes of a digit as a hand draws it at a place, as fractions of the canvas's side."""
    plain = {"4": "4 open"}.get(str(digit), str(digit))
    form = next((name for name in hand.forms if name[0] == str(digit)), plain)
    slant, width = hand.slant + rng.normal(0, hand.uneven), hand.width * (1 + rng.normal(0, hand.uneven))
    strokes = []
    for stroke in FORMS[form]:
        points = curve(stroke, hand.is_angular)
        # A hand leaves its path slowly, so the distance is smoothed over three places.
        stray = rng.normal(0, hand.tremor * 3**0.5, (len(points) + 2, 2))
        points = points + (stray[:-2] + stray[1:-1] + stray[2:]) / 3
        strokes.append(
            np.column_stack([(points[:, 0] - 0.3) * width + slant * (0.5 - points[:, 1]), points[:, 1] - 0.5])
        )
    everything = np.vstack(strokes)
    middle = (everything.max(axis=0) + everything.min(axis=0)) / 2
    right, down, height = place
    return [
        [(round(float(x), 4), round(float(y), 4)) for x, y in (stroke - middle) * height + (right, down)]
        for stroke in strokes
    ]


def drawings() -> list[dict[str, Any]]:
    """Every digit of every hand, once large and once small, left and right of the centre in turn."""
    rng = np.random.default_rng(SEED)
    made = []
    for number, (style, hand) in enumerate(HANDS.items()):
        for digit in range(10):
            sides = ("left", "right") if (number + digit) % 2 else ("right", "left")
            for place in (f"large, {sides[0]}", f"small, {sides[1]}"):
                strokes = drawn(digit, hand, PLACES[place], rng)
                made.append({"digit": digit, "style": style, "place": place, "strokes": strokes})
    return made


def main() -> None:
    """Writes the file with one drawing per line."""
    lines = ",\n".join(json.dumps(drawing, separators=(",", ":")) for drawing in drawings())
    write_text(STROKES, f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
