"""What was done to an image, told from its pixels and from those that it was made of."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

_TURNED: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda image: image.T,
    "upside-down": lambda image: image[::-1],
    "mirrored": lambda image: image[:, ::-1],
    "turned": lambda image: image[::-1, ::-1],
}


class Change(NamedTuple):
    """What was done to an image.

    Args:
        name: `scaled`, `blank`, `not-finite`, `fractions-lost`, `black-and-white`, `inverted`, `shifted`, `wrapped`,
            `transposed`, `upside-down`, `mirrored`, `turned`, `moved`, `greys-changed` or `other`.
        factor: What pixels from 0 to 1 were multiplied by, if they were merely scaled or shifted; otherwise 0.
        offset: What was added then.
    """

    name: str
    factor: float = 0.0
    offset: float = 0.0


def explain(found: Any, original: Any) -> Change:
    """How an image came to be what it is.

    Args:
        found: Pixels of the image, in rows: `(784,)`, with `nan` for what is not a number.
        original: Pixels that it was made of, from 0 to 1: `(784,)`.
    """
    found, original = np.asarray(found, dtype=float), np.asarray(original, dtype=float)
    if not np.isfinite(found).all():
        return Change("not-finite")
    if not found.any():
        return Change("blank")
    factor = float(found @ original / (original @ original))
    if _is_close(found, factor * original):
        return Change("scaled", factor)
    slope, offset = (float(number) for number in np.polyfit(original, found, 1))
    is_grey = len(np.unique(original)) > 2
    if _is_close(found, slope * original + offset) and is_grey:
        return Change("inverted" if slope < 0 else "shifted", slope, offset)
    values = np.unique(found)
    if is_grey and len(values) == 2 and values[0] == 0:
        return _explain_two_values(found > 0, original)
    if found.min() < 0 and np.allclose(np.rint(found * 255) % 256, np.rint(original * 255)):
        return Change("wrapped")
    return _explain_places(found, original)


def _is_close(found: Any, wanted: Any) -> bool:
    return bool(np.abs(found - wanted).max() <= 0.01 * max(float(np.abs(wanted).max()), 1e-12))


def _explain_two_values(ink: Any, original: Any) -> Change:
    if (ink == (original >= 1)).all():
        return Change("fractions-lost")
    faintest = original[ink].min() if ink.any() else 1
    return Change("black-and-white") if (ink == (original >= faintest)).all() else Change("other")


def _explain_places(found: Any, original: Any) -> Change:
    """Pixels in other places, or other greys in the same places."""
    if abs(found.sum() - original.sum()) <= 0.01 * original.sum():
        for name, turn in _TURNED.items():
            if _is_close(turn(found.reshape(28, 28)), original.reshape(28, 28)):
                return Change(name)
        if _is_close(np.sort(found), np.sort(original)):
            return Change("moved")
    order = np.argsort(original, kind="stable")
    is_rising = bool((np.diff(found[order]) >= -1e-6).all()) and found.min() >= 0
    return Change("greys-changed" if is_rising else "other")
