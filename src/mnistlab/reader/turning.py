"""Finds out whether a page lies on its side or upside down: which way round are its digits most like digits?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mnistlab.inference import Judge
from mnistlab.reader.judging import Judged, scores_of

TURNS: Final = (0, 90, 180, 270)  # degrees clockwise that bring the page upright
_SAMPLE: Final = 24  # finds that are looked at in all four ways
_LEAST_FINDS: Final = 4  # a 6 alone may be a 9, and two or three digits may be others
_FLAT: Final = 5.0  # ratio of the sides of a dash
_LONG: Final = 2.2  # ratio of the sides of a find's crop above which it says nothing of the turn
_LARGE: Final = 0.6  # of the size of a page's larger finds
_UPRIGHT: Final = 0.9  # mean score from which nobody looks further, with all answers sure
_MARGIN: Final = 4.0  # logarithm of how much likelier another way round must be than upright
_GAIN: Final = 0.2  # the same for each find, in the mean
_GOOD: Final = -1.3  # mean logarithm of scores of finds that lie the right way round
_FLOOR: Final = 0.05  # score; what is no digit in any way must not decide


def best_turn(judged: Sequence[Judged], judge: Judge) -> tuple[int, NDArray[np.float64]]:
    """The turn with which finds are most like digits.

    Args:
        judged: Finds of the page as it lies, with their verdicts.
        judge: Judge of the turned finds.

    Returns:
        Degrees clockwise, 0, 90, 180 or 270; and for each of them the mean logarithm of the scores, float64 `(4,)`,
        empty if nobody needed to look.
    """
    none = np.empty(0)
    usable = [one for one in judged if _ratio(one) < _FLAT]  # round dots are the same in every way, and so are dashes
    if len(usable) < _LEAST_FINDS:
        return 0, none
    sure = np.mean([one.verdict.kind == "digit" for one in usable])
    if sure > 0.85 and np.mean([one.score for one in usable]) > _UPRIGHT:
        return 0, none
    step = max(1.0, len(usable) / _SAMPLE)
    sample = [usable[int(i * step)] for i in range(min(len(usable), _SAMPLE))]
    crops = [np.rot90(one.found.crop, -turn // 90) for turn in TURNS[1:] for one in sample]
    scores = np.stack([[one.score for one in sample], *scores_of(crops, judge).reshape(3, -1)])
    logs = np.log(np.maximum(scores, _FLOOR))
    # Turned, digits that touch and printed words look like a 1; a heading in small print tells nothing either.
    sizes = np.array([max(one.found.crop.shape) for one in sample])
    telling = (sizes >= _LARGE * np.percentile(sizes, 80)) & (np.array([*map(_ratio, sample)]) < _LONG)
    means = logs[:, telling].mean(axis=1) if telling.sum() >= _LEAST_FINDS else np.zeros(4)
    best = int(means.argmax())
    gain = float(means[best] - means[0])
    if gain < _GAIN or gain * np.count_nonzero(telling) < _MARGIN or means[best] < _GOOD:
        best = 0
    return TURNS[best], logs.mean(axis=1)


def _ratio(one: Judged) -> float:
    """Longer to shorter side."""
    height, width = one.found.crop.shape
    return float(max(height, width) / min(height, width))


def turn_photo(photo: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """A photo turned clockwise by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(photo, -turn // 90))


def turn_box(box: tuple[int, int, int, int], turn: int, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box on a turned photo as a box on the photo.

    Args:
        box: Top, left, bottom, right on the turned photo.
        turn: Degrees clockwise by which the photo was turned.
        shape: Height and width of the photo before.
    """
    top, left, bottom, right = box
    height, width = shape
    if turn == 90:
        return height - right, top, height - left, bottom
    if turn == 180:
        return height - bottom, width - right, height - top, width - left
    if turn == 270:
        return left, width - bottom, right, width - top
    return box
