"""A part of the level page as what it is on the photo: its box there, and its ink alone."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image

from mnistlab.reader.segmentation.light import CELL, Floats, Grey, Lit, Mask
from mnistlab.reader.segmentation.parts import Labels, Part, own_ink
from mnistlab.reader.segmentation.skew import Turn
from mnistlab.reader.segmentation.views import View
from mnistlab.reader.segmentation.windows import any_around

MARGIN: Final = 3  # pixels of ground around each crop
FULL_SIZE: Final = 64  # pixels; digits of this size on the reduced copy lose nothing by the reduction


def box_of(part: Part, labels: Labels, ink: Floats, turn: Turn, lit: Lit, view: View) -> tuple[int, int, int, int]:
    """The box of a part's ink on the photo, as far as the ink is at least half as strong as at its strongest place."""
    levels = np.where(own_ink(labels[part.window], part.numbers), ink[part.window], 0)
    rows, columns = np.nonzero(levels >= 0.5 * np.percentile(levels[levels > 0], 90))
    middles = np.stack([columns + part.left + 0.5, rows + part.top + 0.5])
    places = lit.factor * (turn.matrix @ middles + turn.offset[:, None])
    right, down = view.on_photo(places[0], places[1])
    half, (height, width) = lit.factor / 2, view.shape
    top, left = max(round(down.min() - half), 0), max(round(right.min() - half), 0)
    return (
        min(top, height - 1),
        min(left, width - 1),
        min(max(round(down.max() + half), top + 1), height),
        min(max(round(right.max() + half), left + 1), width),
    )


def cut_out(part: Part, labels: Labels, ruling: Mask, turn: Turn, lit: Lit) -> Grey:
    """The ink of a part alone, 0 to 255, from the photo itself if the part is small on the reduced copy."""
    top, left = max(part.top - MARGIN, 0), max(part.left - MARGIN, 0)
    window = slice(top, part.bottom + MARGIN), slice(left, part.right + MARGIN)
    numbers = labels[window]
    own = own_ink(numbers, part.numbers)
    near = own | (any_around(own, 3) & (numbers == 0) & ~ruling[window])
    picture, factor = (lit.photo, lit.factor) if part.size < FULL_SIZE else (lit.copy, 1)
    size = (factor * own.shape[1], factor * own.shape[0])
    places = turn.coefficients((left, top), factor)
    grey = _sample(picture, size, places)
    paper = _sample(lit.paper, size, tuple(place / (CELL * factor) for place in places))
    inside = np.asarray(Image.fromarray(near).resize(size, Image.Resampling.NEAREST)) & (paper > 0)
    ink = lit.sign * (grey / np.where(paper > 0, paper, np.inf) - 1) / lit.strength
    strongest = float(np.percentile(ink[inside], 90)) if inside.any() else 1.0
    cut = np.clip(255 * (ink - lit.noise) / max(strongest - lit.noise, 0.1), 0, 255) * inside
    crop: Grey = np.pad(np.round(cut).astype(np.uint8), 1)
    return crop


def _sample(picture: Grey | Floats, size: tuple[int, int], places: tuple[float, ...]) -> Floats:
    sampled = Image.fromarray(picture).transform(size, Image.Transform.AFFINE, places, Image.Resampling.BILINEAR)
    return np.asarray(sampled, dtype=np.float32)
