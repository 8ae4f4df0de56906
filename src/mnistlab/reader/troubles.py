"""What makes a photo, or one thing on it, hard to read, and what to do about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from mnistlab.reader.doubts import DOUBTS, REFUSALS
from mnistlab.reader.judging import Judged
from mnistlab.system.sentences import Sentence

TroubleKind = Literal[
    "turned",
    "astray",
    "touching",
    "cut off",
    "small",
    "faint",
    "blurred",
    "boxed",
    "broken",
    "long",
    "no digit",
    "unclear",
]

SMALL: Final = 12  # pixels of a digit's longer side; fewer do not show its form
_BLURRED: Final = 0.6  # of the pixels with ink that are neither ground nor full ink, in strokes of several pixels
_LEAST_SHARP: Final = 20  # pixels; smaller digits are all edge
_MANY: Final = 0.3  # of the finds of a photo; a trouble that as many share is the photo's
_ASTRAY: Final = -1.8  # mean logarithm of scores below which nothing on a page is taken for sure
_CAPTION: Final = 0.34  # of the tallest find, the height of print that tells nothing of a page
_CLEAR: Final = 0.9  # score of a digit that is what the picture is about

_TEXTS: Final[dict[TroubleKind, tuple[str, str]]] = {
    "turned": (
        "The photo was rotated by {turn} degrees before it was read.",
        "If that is wrong, turn the photo so that the digits stand upright.",
    ),
    "astray": (
        "Hardly anything here looks like a digit, whichever way the photo is turned, so every answer is uncertain.",
        "Turn the photo so that the digits stand upright, move closer, and hold still.",
    ),
    "touching": ("It touches its neighbours, or is as wide as several digits.", "Write the digits apart."),
    "cut off": ("It touches the edge of the photo and may be cut off.", "Leave some empty paper around the digits."),
    "small": (
        "It is less than 12 pixels high on the photo.",
        "Move closer, or save the photo with more pixels.",
    ),
    "faint": ("The ink is hardly darker or lighter than the paper.", "Use a darker pen or more light."),
    "blurred": ("It is blurred: its strokes have no sharp edges.", "Focus on the paper, and hold the camera still."),
    "boxed": (
        "It touches printed lines; part of a line may have been left, or part of a stroke removed.",
        "Write inside the boxes without touching them, or on plain paper.",
    ),
    "broken": (
        "It is in pieces, and each of them could be a digit.",
        "Write it in one piece, with a pen that does not skip.",
    ),
    "long": (
        "It is longer than the digits beside it, as a slash or a bar is.",
        "If it is a 1, write it as high as the other digits.",
    ),
    "no digit": ("It does not look like a digit.", "If it is one, write it larger and in one piece."),
    "unclear": ("Its shape could be several digits.", "Write it more clearly."),
}


@dataclasses.dataclass(frozen=True)
class Trouble:
    """One kind of trouble.

    Attributes:
        kind: One of `TroubleKind`.
        sentence: What it is, in one sentence.
        advice: What to do about it, in one sentence.
    """

    kind: TroubleKind
    sentence: str
    advice: str

    def __str__(self) -> str:
        """What it is and what to do about it."""
        return f"{self.sentence} {self.advice}"

    def to_dict(self) -> dict[str, str]:
        """The trouble as plain data, for JSON."""
        return {"kind": self.kind, "sentence": self.sentence, "advice": self.advice}


def trouble_of(kind: TroubleKind, **values: object) -> Trouble:
    """The trouble of a kind, in words."""
    sentence, advice = _TEXTS[kind]
    key = f"trouble.{kind.replace(' ', '_')}"
    return Trouble(kind, Sentence(sentence.format(**values), key, values), Sentence(advice, f"{key}_advice"))


def find_trouble(one: Judged, shape: tuple[int, int]) -> Trouble | None:
    """The most likely reason why a find is not a sure digit; `None` for a sure one.

    Args:
        one: Find with its verdict.
        shape: Height and width of the photo on which its box is.
    """
    marks = set(one.found.marks)
    if one.verdict.kind == "digit" and not marks & {*DOUBTS, *REFUSALS}:
        return None
    top, left, bottom, right = one.found.box
    if marks & {"slash", "long"}:
        kind: TroubleKind = "long"
    elif marks & {*REFUSALS}:
        kind = "no digit"
    elif "touching" in marks:
        kind = "touching"
    elif max(bottom - top, right - left) < SMALL:
        kind = "small"
    elif "cut" in marks or top <= 0 or left <= 0 or bottom >= shape[0] or right >= shape[1]:
        kind = "cut off"
    elif "faint" in marks:
        kind = "faint"
    elif _is_blurred(one):
        kind = "blurred"
    elif "ruled" in marks:
        kind = "boxed"
    elif marks & {"stacked", "piece"}:
        kind = "broken"
    elif one.verdict.kind == "no digit" or marks & {"letters", "percent", "dollar", "stray", "filled"}:
        kind = "no digit"
    else:
        kind = "unclear"
    return trouble_of(kind)


def _is_blurred(one: Judged) -> bool:
    """Whether most of the ink is neither ground nor full ink, though the digit is large enough for full strokes."""
    top, left, bottom, right = one.found.box
    if max(bottom - top, right - left) < _LEAST_SHARP:
        return False
    levels = one.found.crop[one.found.crop > 0]
    return bool(levels.size) and float(np.mean((levels > 40) & (levels < 200))) > _BLURRED


def is_astray(means: NDArray[np.float64], judged: Sequence[Judged]) -> bool:
    """Whether a page looks like digits in none of the four ways, by the means that `best_turn` gives.

    Print that is much smaller than a sure digit, such as a caption and the buttons of a program, tells nothing.
    """
    if not len(means) or float(max(means)) >= _ASTRAY:
        return False
    tallest = max((one.height for one in judged), default=0)
    large = [one for one in judged if one.height >= _CAPTION * tallest]
    return len(large) > len(judged) / 2 or any(one.verdict.kind != "digit" or one.score < _CLEAR for one in large)


def photo_troubles(found: Sequence[Trouble | None], turn: int, astray: bool) -> list[Trouble]:
    """The troubles of a photo as a whole: how it lay, and what many of its finds share."""
    troubles = []
    if turn:
        troubles.append(trouble_of("turned", turn=turn))
    if astray:
        troubles.append(trouble_of("astray"))
    kinds = [one.kind for one in found if one is not None]
    for kind in ("small", "faint", "blurred", "touching", "boxed", "cut off"):
        if kinds.count(kind) > _MANY * len(found):
            troubles.append(trouble_of(kind))
    return troubles
