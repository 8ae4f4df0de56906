"""Calibration of a network: a temperature for its probabilities, and the confidence below which it is unsure."""

import dataclasses
import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mnistlab.evaluation import metrics

NOTE_PREFIX = "mnistlab."  # begins the names of notes, the only metadata that a network's file may have
REJECTED_FRACTION = 0.007  # of validation digits, so that hardly ever more than 1 % of other digits are rejected
LOWEST, HIGHEST = 0.05, 20.0  # temperatures; beyond them all probabilities are certain, or all the same
_EPSILON = 1e-30
_NAME = re.compile(r"[a-z]([a-z ]{0,28}[a-z])?")


@dataclasses.dataclass(frozen=True)
class Calibration:
    """What was measured on validation digits for a network, kept in its ONNX file.

    Args:
        temperature: Divisor of the logits, 0.05 to 20; above 1 it makes answers less sure, 1 changes nothing.
        least_confidence: Confidence below which the digit of an image is unsure, 0 to 1.
        least_likeness: Probability of a digit below which an image shows none, 0 to 1; for a network that also tells
            digits from other things.
        kinds: Names of the things that such a network tells apart, at most ten, short and in small letters, the first
            of them `digit`; empty for other networks.

    Raises:
        ValueError: if a value is outside these ranges.
    """

    temperature: float = 1.0
    least_confidence: float = 0.5
    least_likeness: float = 0.0
    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Rejects values that no measurement gives."""
        if not LOWEST <= self.temperature <= HIGHEST:
            raise ValueError(f"The temperature is {self.temperature}; it must lie from {LOWEST} to {HIGHEST}.")
        for name in ("least_confidence", "least_likeness"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must lie from 0 to 1.")
        proper = 2 <= len(self.kinds) <= 10 and self.kinds[0] == "digit" and len({*self.kinds}) == len(self.kinds)
        if self.kinds and not (proper and all(map(_NAME.fullmatch, self.kinds))):
            raise ValueError("The kinds must be two to ten different names in small letters, the first of them digit.")

    def to_notes(self) -> dict[str, str]:
        """The calibration as names and texts, for the metadata of an ONNX file."""
        numbers = {field: repr(float(getattr(self, field))) for field in _NUMBERS}
        return numbers | ({"kinds": ",".join(self.kinds)} if self.kinds else {})

    @classmethod
    def from_notes(cls, notes: Mapping[str, str]) -> "Calibration":
        """The calibration that `to_notes` wrote; values that are missing have their defaults.

        Raises:
            ValueError: if the notes are not those of a calibration.

        Example:
            >>> Calibration.from_notes(Calibration(temperature=1.25).to_notes()).temperature
            1.25
        """
        if unknown := set(notes) - {*_NUMBERS, "kinds"}:
            raise ValueError(f"A calibration has no {min(unknown)}.")
        numbers = {name: float(notes[name]) for name in _NUMBERS if name in notes}
        return cls(**numbers, kinds=tuple(notes["kinds"].split(",")) if "kinds" in notes else ())


_NUMBERS = ("temperature", "least_confidence", "least_likeness")


def temper(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Probabilities as if the logits had been divided by a temperature; the order of the digits stays.

    Args:
        probabilities: Probabilities `(..., num_classes)`, rows that sum to 1.
        temperature: Divisor of the logits, above 0.

    Returns:
        float32 of the same shape; the same array for temperature 1.

    Source:
        Guo et al., "On Calibration of Modern Neural Networks", arXiv 1706.04599.

    Example:
        >>> temper(np.array([0.8, 0.2], np.float32), 2.0).round(3)  # 0.8 : 0.2 becomes √0.8 : √0.2
        array([0.667, 0.333], dtype=float32)
    """
    if temperature == 1:
        return probabilities
    logits = np.log(np.maximum(probabilities, _EPSILON, dtype=np.float64)) / temperature
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float32)


def fit_temperature(labels: NDArray[np.integer], probabilities: NDArray[np.float32]) -> float:
    """The temperature at which probabilities describe these labels best: least cross-entropy.

    Args:
        labels: Labels of a validation split, integers `(num_images,)`; never those of the test split or of images
            trained on.
        probabilities: The network's answers `(num_images, 10)`.

    Returns:
        A temperature from 0.05 to 20.
    """
    from scipy.optimize import minimize_scalar  # here, so that predictions need not wait for SciPy

    # Its logarithm, because twice and half are equally far from 1.
    found = minimize_scalar(
        lambda log: metrics.cross_entropy(labels, temper(probabilities, float(np.exp(log)))),
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
    )
    return float(np.clip(np.exp(found.x), LOWEST, HIGHEST))


def threshold(values: NDArray[np.floating], fraction: float = REJECTED_FRACTION) -> float:
    """The highest value below which at most a given fraction of the values lies.

    Example:
        >>> threshold(np.array([0.1, 0.2, 0.3, 0.4]), fraction=0.25)
        0.2
    """
    return float(np.sort(values)[int(fraction * len(values))])


def calibrate(
    labels: NDArray[np.integer], probabilities: NDArray[np.float32], fraction: float = REJECTED_FRACTION
) -> Calibration:
    """Temperature and least confidence of a network, from its answers to validation digits.

    Args:
        labels: Labels of the validation digits, integers `(num_images,)`.
        probabilities: The network's answers `(num_images, 10)`.
        fraction: Largest fraction of these digits that may be unsure, 0 to 1.
    """
    temperature = fit_temperature(labels, probabilities)
    confidences = temper(probabilities, temperature).max(axis=1)
    return Calibration(temperature=temperature, least_confidence=threshold(confidences, fraction))
