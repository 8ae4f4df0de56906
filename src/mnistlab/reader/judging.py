"""What was found, judged: images in MNIST's form with their verdicts, and how like digits they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mnistlab.inference import Judge, Verdict
from mnistlab.reader.normalization import Normalized, normalize_digit
from mnistlab.reader.segmentation import Found

LEAST_SCORE: Final = 1e-3  # of what is surely no digit; one such thing must not outweigh everything else


@dataclasses.dataclass(frozen=True, eq=False)
class Judged:
    """A find with its image in MNIST's form and the verdict on it; for a piece, the verdict on the whole too."""

    found: Found
    normalized: Normalized
    verdict: Verdict
    whole: Verdict | None = None

    @property
    def score(self) -> float:
        """Probability that it is one whole digit and that the answer is right, 0.001 to 1."""
        return score_of(self.verdict)

    @property
    def height(self) -> int:
        """Height of its box in pixels of the photo."""
        return self.found.box[2] - self.found.box[0]

    def marked(self, mark: str) -> Judged:
        """The same with one more mark."""
        marks = tuple(sorted({*self.found.marks, mark}))
        return dataclasses.replace(self, found=dataclasses.replace(self.found, marks=marks))


def judge_all(found: Sequence[Found], judge: Judge) -> list[Judged]:
    """Brings finds into MNIST's form and asks for verdicts, in the same order."""
    if not found:
        return []
    normalized = [normalize_digit(one.crop, ink="light") for one in found]
    verdicts = judge.verdicts(np.stack([one.image for one in normalized]))
    return [Judged(*parts) for parts in zip(found, normalized, verdicts, strict=True)]


def scores_of(crops: Sequence[NDArray[np.uint8]], judge: Judge) -> NDArray[np.float64]:
    """The scores of crops, light ink on black: float64 `(num_crops,)`, 0.001 to 1."""
    images = np.stack([normalize_digit(crop, ink="light").image for crop in crops])
    return np.array([score_of(verdict) for verdict in judge.verdicts(images)])


def score_of(verdict: Verdict) -> float:
    """Probability that an image shows one whole digit and that the answer is right, 0.001 to 1."""
    likeness = 1.0 if verdict.likeness is None else verdict.likeness
    return max(LEAST_SCORE, 0.0 if verdict.digit is None else likeness * verdict.confidence)
