"""From a photo to the digits on it: found, brought into MNIST's form, and judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets.classes import DIGITS, Classes
from mnistlab.exceptions import require_type
from mnistlab.inference import Classifier, Judge, Verdict, pretrained
from mnistlab.inference.rejection import said_class
from mnistlab.reader.attempts import best_look
from mnistlab.reader.doubts import DOUBTS, REASONS, REFUSALS, mark_doubtful, mark_placed
from mnistlab.reader.enclosing import join_enclosed
from mnistlab.reader.judging import judge_all
from mnistlab.reader.normalization import Normalized, normalize_digit
from mnistlab.reader.photos import load_photo
from mnistlab.reader.segmentation import Found, Search
from mnistlab.reader.signs import mark_signs
from mnistlab.reader.touching import join_broken, part_touching
from mnistlab.reader.troubles import Trouble, find_trouble, is_astray, photo_troubles, trouble_of
from mnistlab.reader.turning import best_turn, turn_box, turn_photo
from mnistlab.reader.words import mark_words
from mnistlab.system.sentences import Sentence

USUAL_THICKNESS: Final = "2 to 3"  # pixels, of MNIST's strokes
_STEPS: Final[dict[str, dict[str, Any]]] = {
    "thickness": {"thickness": False},
    "centring": {"centre": False},
    "cropping": {"crop_to_ink": False, "centre": False},
    "contrast": {"contrast": False},
}


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
    """One thing on a photo that may be a digit, and its reading.

    Attributes:
        found: Place on the photo, line and position, and the ink.
        normalized: Image in MNIST's form, and what was done to bring it there.
        verdict: Verdict: `kind`, `digit`, `confidence`, `alternatives` and `reason`.
        classes: Classes of the network that read it.
        trouble: Trouble that makes it doubtful, and what to do about it; `None` for a sure digit.
    """

    found: Found
    normalized: Normalized
    verdict: Verdict
    classes: Classes = DIGITS
    trouble: Trouble | None = None

    @property
    def kind(self) -> Literal["digit", "unsure", "no digit"]:
        """The kind of the verdict, except that nothing is sure that touches, is faint, or is among letters or none."""
        if not REFUSALS.keys().isdisjoint(self.found.marks):
            return "no digit"
        if self.verdict.kind == "digit" and DOUBTS & {*self.found.marks}:
            return "unsure"
        return self.verdict.kind

    @property
    def digit(self) -> int | None:
        """The most probable digit, 0 to 9; `None` if it is not a digit."""
        return None if self.kind == "no digit" else self.verdict.digit

    @property
    def confidence(self) -> float:
        """Calibrated probability of that digit, provided that it is one, 0 to 1."""
        return self.verdict.confidence

    @property
    def reason(self) -> str:
        """The reason in one sentence."""
        if self.kind == "no digit" and self.verdict.kind != "no digit":
            return next(sentence for mark, sentence in REFUSALS.items() if mark in self.found.marks)
        if self.kind == "unsure" and self.verdict.kind == "digit" and self.digit is not None:
            mark, text = next((mark, text) for mark, text in REASONS.items() if mark in self.found.marks)
            values = {"thing": said_class(self.classes, self.digit)}
            return Sentence(text.format(named=self.classes.one(self.digit)), f"answer.{mark}", values)
        return self.verdict.reason

    @property
    def image(self) -> NDArray[np.uint8]:
        """The image that the network saw: uint8 `(28, 28)`, 0 ground to 255 ink."""
        return self.normalized.image

    def __str__(self) -> str:
        """The digit or the name of its class, with a question mark if unsure; a dot if it is not a digit."""
        return "·" if self.name is None else f"{self.name}?" if self.kind == "unsure" else self.name

    @property
    def name(self) -> str | None:
        """The digit in words: its number, or the name of the class; `None` if it is not a digit."""
        return None if self.digit is None else self.classes.name(self.digit)

    def as_print(self) -> Reading:
        """The same, as print that is not to be read."""
        found = dataclasses.replace(self.found, marks=tuple(sorted({*self.found.marks, "print"})))
        return dataclasses.replace(self, found=found, trouble=trouble_of("no digit"))

    def to_dict(self) -> dict[str, Any]:
        """The reading as plain data, for JSON."""
        top, left, bottom, right = self.found.box
        return {
            "kind": self.kind,
            "digit": self.digit,
            **({} if self.classes.names is None else {"class": self.name}),
            "confidence": round(self.confidence, 6),
            "alternatives": [{"digit": digit, "probability": round(p, 6)} for digit, p in self.verdict.alternatives],
            "reason": self.reason,
            "box": {"top": top, "left": left, "bottom": bottom, "right": right},
            "line": self.found.line,
            "position": self.found.position,
            "marks": list(self.found.marks),
            "trouble": None if self.trouble is None else self.trouble.to_dict(),
        }


@dataclasses.dataclass(frozen=True, eq=False)
class PhotoReading:
    """The digits on a photo, and the photo as a whole.

    Attributes:
        readings: A reading for each thing of a digit's size, in reading order; boxes are on the photo as it lies.
        turn: Degrees clockwise, 0, 90, 180 or 270, by which the photo was turned to be read.
        troubles: Troubles of the photo as a whole, the most important first.
        has_rings: Whether closed lines were drawn around digits.
    """

    readings: list[Reading]
    turn: int
    troubles: list[Trouble]
    has_rings: bool = False


class DigitReader:
    """Reads the digits on photos, in reading order.

    Args:
        classifier: Network that reads; by default the one that ships with the package, which tells digits from other
            things in any case.
        classes: Classes of that network.

    Example:
        `DigitReader().read("telephone-number.jpg")` gives a list of `Reading`.
    """

    def __init__(self, classifier: Classifier | None = None, classes: Classes = DIGITS) -> None:
        kinds = (Classifier, type(None))
        require_type(classifier, kinds, "The classifier", 'Give Classifier("model.onnx"), or leave it out.')
        guard = pretrained()
        self._classes = classes
        self._judge = Judge(guard if classifier is None else classifier, guard, classes)

    def read(self, photo: str | Path | bytes | NDArray[np.uint8]) -> list[Reading]:
        """Finds and reads everything that may be a digit.

        Args:
            photo: Path of a file, its bytes, or grey levels, uint8 `(height, width)`.

        Returns:
            A reading for each thing of a digit's size, line after line and from left to right, including those whose
            `kind` is "no digit". Empty if nothing stands out from the ground.

        Raises:
            DataError: if the file is not a photo that can be read.
        """
        return self.look(photo).readings

    def look(self, photo: str | Path | bytes | NDArray[np.uint8]) -> PhotoReading:
        """Reads a photo as `read` does, and tells of the photo as a whole too: how it lay, and what was difficult.

        Args:
            photo: As for `read`.

        Raises:
            DataError: if the file is not a photo that can be read.
        """
        grey = photo if isinstance(photo, np.ndarray) else load_photo(photo)
        return best_look(grey, self._look)

    def _look(self, grey: NDArray[np.uint8], with_rings: bool = True) -> PhotoReading:
        search = Search(grey, with_rings)
        judged = judge_all(search.found, self._judge)
        turn, means = best_turn(judged, self._judge)
        if turn:
            search = Search(turn_photo(grey, turn), with_rings)
            judged = judge_all(search.found, self._judge)
        astray = is_astray(means, judged)
        whole = join_broken(search, judged, self._judge)
        if whole is not judged:
            judged, astray = whole, False
        elif astray:
            judged = [one.marked("astray") for one in judged]
        else:
            judged = join_enclosed(search, mark_placed(judged, search), self._judge)
            judged = part_touching(search, judged, self._judge)
        judged = mark_signs(mark_words(mark_doubtful(judged, search)))
        shape = grey.shape[::-1] if turn % 180 else grey.shape
        troubles = [find_trouble(one, shape) for one in judged]
        readings = []
        for one, trouble in zip(judged, troubles, strict=True):
            found = dataclasses.replace(one.found, box=turn_box(one.found.box, turn, grey.shape))
            readings.append(Reading(found, one.normalized, one.verdict, self._classes, trouble))
        return PhotoReading(readings, turn, photo_troubles(troubles, turn, astray), search.has_rings)

    def explain(self, reading: Reading) -> list[str]:
        """Explains which preparation steps changed the answer, and how far the digit was from MNIST's form.

        Args:
            reading: A reading from `read`.

        Returns:
            Sentences; the first is the reason of the reading, the second, if it is doubtful, its trouble and what to
            do about it.
        """
        sentences = [reading.reason]
        if reading.trouble is not None:
            sentences.append(str(reading.trouble))
        num_told = len(sentences)
        if reading.normalized.is_blank:
            return sentences
        others = {step: normalize_digit(reading.found.crop, ink="light", **off).image for step, off in _STEPS.items()}
        verdicts = self._judge.verdicts(np.stack(list(others.values())))
        for step, verdict in zip(others, verdicts, strict=True):
            called = _called(verdict, self._classes)
            if called != _called(reading.verdict, self._classes):
                sentences.append(f"{_STEP_NAMES[step]} it would be {called}: {_measured(step, reading)}.")
        if len(sentences) == num_told:
            sentences.append("No single step of its preparation changes the answer.")
        return sentences


_STEP_NAMES: Final = {
    "thickness": "Without a change of its strokes",
    "centring": "Without centring",
    "cropping": "Without cropping to its ink",
    "contrast": "Without the stretch of its contrast",
}


def _called(verdict: Verdict, classes: Classes) -> str:
    if verdict.kind == "no digit" or verdict.digit is None:
        return "no digit"
    return classes.one(verdict.digit) if verdict.kind == "digit" else f"perhaps {classes.one(verdict.digit)}"


def _measured(step: str, reading: Reading) -> str:
    """What was measured for a preparation step."""
    normalized = reading.normalized
    if step == "thickness":
        return (
            f"they were {normalized.thickness_before:.1f} pixels thick, MNIST's are {USUAL_THICKNESS}; "
            f"now {normalized.thickness:.1f}"
        )
    if step == "centring":
        return f"it was moved by {np.hypot(*normalized.shift):.0f} pixels to bring its centre of mass to the middle"
    if step == "cropping":
        top, left, bottom, right = reading.found.box
        return f"it was {max(bottom - top, right - left)} pixels large on the photo, MNIST's digits are 20"
    return "its ink was brought to MNIST's black"


def lines_of(readings: Sequence[Reading]) -> list[list[Reading]]:
    """The readings line by line.

    Example:
        >>> lines_of([])
        []
    """
    lines: dict[int, list[Reading]] = {}
    for reading in readings:
        lines.setdefault(reading.found.line, []).append(reading)
    return [lines[number] for number in sorted(lines)]


def text_of(line: Sequence[Reading]) -> str:
    """The digits of a line as text, or the names of classes with blanks between them, without what is not a digit.

    Example:
        >>> text_of([])
        ''
    """
    names = [reading.name for reading in line if reading.name is not None]
    return ("" if all(len(name) == 1 for name in names) else " ").join(names)
