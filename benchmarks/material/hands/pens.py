"""Pens and what becomes of their ink: widths, textures, blur, faint and broken strokes, cut borders, pieces beside.

Ink is float32 `(height, width)`, 0 ground to 1 ink; a crop is uint8, light ink on dark ground, as the reader cuts it.
"""

from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from benchmarks.material.hands.writing import Paths

PENS = {
    "fit": ("round", "round", "pressed", "fine", "felt", "chalk", "pencil", "brush"),
    "choose": ("round", "fine", "marker", "grease"),
    "measure": ("round", "fine", "nib", "double", "skipping", "crayon"),
}
WIDTHS = {"fine": (0.22, 0.9), "felt": (1.2, 5.0), "chalk": (0.8, 4.0), "brush": (1.5, 6.0), "marker": (1.8, 5.0),
          "crayon": (0.8, 4.0), "nib": (0.8, 4.0)}  # fmt: skip
USUAL_WIDTH = (0.5, 3.6)  # pixels of the 28 grid
MOST_PIXELS, LEAST_PIXELS = 150, 14  # longer side of a character on the photo


def pen_of(rng: np.random.Generator, group: str) -> tuple[str, float]:
    """A pen of the group, and its width in pixels of the 28 grid."""
    pen = str(rng.choice(PENS[group]))
    low, high = WIDTHS.get(pen, USUAL_WIDTH)
    return pen, float(np.exp(rng.uniform(np.log(low), np.log(high))))


def placed(paths: Paths, longest: float, margin: float) -> tuple[Paths, tuple[int, int]]:
    """Paths in pixels, `longest` the longer side of them all, with a margin, and (width, height) that hold them."""
    everything = np.vstack(paths)
    low, high = everything.min(axis=0), everything.max(axis=0)
    scale = longest / max(float((high - low).max()), 0.05)
    width, height = (np.ceil((high - low) * scale + 2 * margin)).astype(int).tolist()
    return [(path - low) * scale + margin for path in paths], (width, height)


def draw(paths: Paths, size: tuple[int, int], pen: str, width: float, rng: np.random.Generator) -> np.ndarray:
    """Draws paths in pixels as ink, not yet worn; `width` is in pixels."""
    picture = Image.new("L", size)
    canvas = ImageDraw.Draw(picture)
    if pen == "double":
        _line(canvas, [path + rng.normal(0, 0.35 * width, 2) for path in paths], width)
    if pen == "nib":
        angle = rng.uniform(0.3, 1.2)
        edge = width / 2 * np.array([np.cos(angle), -np.sin(angle)])
        _line(canvas, paths, max(0.3 * width, 1.0))
        for path in paths:
            for start, end in pairwise(path):
                corners = [start - edge, start + edge, end + edge, end - edge]
                canvas.polygon([tuple(corner) for corner in corners], fill=255)
    elif pen in ("pressed", "brush"):
        depth = rng.uniform(0.2, 0.7)
        for path in paths:
            pressure = ndimage.gaussian_filter1d(rng.normal(0, 1, len(path) + 8), 4)[4:-4]
            pressure = pressure / max(float(np.abs(pressure).max()), 1e-6)
            if pen == "brush":  # thin where it begins or ends
                place = np.linspace(0, 1, len(path))
                pressure = pressure * 0.5 + (place if rng.random() < 0.5 else 1 - place) - 0.5
            widths = width * (1 + depth * pressure)
            for at in range(len(path) - 1):
                _line(canvas, [path[at : at + 2]], max(float(widths[at]), 1.0))
    elif pen == "skipping":
        for path in paths:  # in many short pieces, so that it leaves gaps and loses no whole stroke
            places = np.linspace(0, len(path) - 1, max(len(path), 36))
            fine = np.column_stack([np.interp(places, np.arange(len(path)), along) for along in path.T])
            keep = ndimage.gaussian_filter1d(rng.normal(0, 1, len(fine)), 2) > -0.55
            keep[:2] = True
            for at in np.flatnonzero(keep[:-1]).tolist():
                _line(canvas, [fine[at : at + 2]], width)
    else:
        _line(canvas, paths, width, is_round=pen != "marker")
    return np.asarray(picture, np.float32) / 255


def _line(canvas: ImageDraw.ImageDraw, paths: Paths, width: float, is_round: bool = True) -> None:
    radius = width / 2
    for path in paths:
        points = [(float(x), float(y)) for x, y in path]
        canvas.line(points, fill=255, width=max(1, round(width)), joint="curve")
        if is_round and radius >= 1:
            for x, y in (points[0], points[-1]):
                canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)


def texture(ink: np.ndarray, pen: str, width: float, rng: np.random.Generator) -> np.ndarray:
    """The grain that a pen leaves on paper; `width` is in pixels."""
    if pen in ("pencil", "chalk", "grease", "crayon"):
        grain = rng.normal(0, 1, ink.shape).astype(np.float32)
        spread = {"pencil": 0.06, "chalk": 0.14, "grease": 0.2, "crayon": 0.12}[pen] * width
        if pen == "crayon":
            grain = ndimage.gaussian_filter(grain, (0.4 + spread, 0.5 * (0.4 + spread)))
        else:
            grain = ndimage.gaussian_filter(grain, 0.4 + spread)
        grain /= max(float(grain.std()), 1e-6)
        covered = rng.uniform(0.6, 1.6)  # standard deviations; the smaller, the more paper shows through
        if pen == "chalk":  # its edges are ragged too
            ink = ndimage.gaussian_filter(ink, 0.1 * width + 0.3)
            return np.clip((ink - 0.5 + 0.22 * grain) * 5 + 0.5, 0, 1) * (grain > -covered - 0.3)
        return ink * np.clip((grain + covered) * 1.5, rng.uniform(0, 0.5), 1)
    if pen in ("felt", "marker", "brush"):
        cloud = ndimage.gaussian_filter(rng.normal(0, 1, ink.shape).astype(np.float32), max(0.6 * width, 1.0))
        cloud /= max(float(cloud.std()), 1e-6)
        return ink * np.clip(0.85 + 0.12 * cloud, 0.4, 1)
    return ink


def reduced(ink: np.ndarray, factor: int) -> np.ndarray:
    """Ink on a grid that is coarser by a whole number."""
    if factor == 1:
        return ink
    height, width = (-(-length // factor) * factor for length in ink.shape)
    padded = np.zeros((height, width), np.float32)
    padded[: ink.shape[0], : ink.shape[1]] = ink
    return padded.reshape(height // factor, factor, width // factor, factor).mean(axis=(1, 3))


def inked(paths: Paths, rng: np.random.Generator, group: str) -> np.ndarray:
    """The ink of paths on a photo of random size, with a pen of the group."""
    pen, width = pen_of(rng, group)
    longest = int(np.exp(rng.uniform(np.log(LEAST_PIXELS), np.log(MOST_PIXELS))))
    factor = 1 if longest > 110 else 2 if longest > 45 else 4
    pixels = width * longest * factor / 20
    moved, size = placed(paths, longest * factor - min(pixels, 0.5 * longest * factor), pixels / 2 + 2 * factor)
    return reduced(texture(draw(moved, size, pen, pixels, rng), pen, pixels, rng), factor)


def trouble_of(rng: np.random.Generator) -> str:
    """What happens to a character to train on: most often nothing."""
    return str(rng.choice(("", "cut", "beside", "broken"), p=(0.7, 0.1, 0.08, 0.12)))


def worn(ink: np.ndarray, rng: np.random.Generator, group: str, trouble: str = "") -> np.ndarray:
    """A crop as the reader cuts it from a photo: blurred, faint, broken or cut, with what stands beside it.

    Args:
        ink: Ink of one character.
        rng: Source of everything random.
        group: Group; broken ink differs from group to group.
        trouble: What happened besides: nothing, `cut` at the border, `beside` something else, or `broken`.
    """
    side = max(ink.shape)
    if trouble in ("cut", "beside"):
        ink = (cut if trouble == "cut" else beside)(ink, rng)
    ink = np.pad(ink, 2)
    if rng.random() < 0.6:
        ink = ndimage.gaussian_filter(ink, rng.uniform(0.2, max(0.035 * side, 0.4)))
        ink /= max(float(ink.max()), 1e-6)
    if trouble == "broken":
        ink = broken(ink, rng, group)
    elif rng.random() < 0.5:
        ink = ink + rng.normal(0, rng.uniform(0.01, 0.12), ink.shape) * (ink > 0.05)
    if rng.random() < 0.3:
        ink = np.clip(ink, 0, 1) ** np.exp(rng.uniform(-0.6, 0.6))
    if rng.random() < 0.6 and trouble != "broken":  # the reader cuts along the edge of the ink
        near = ndimage.maximum_filter((ink > rng.uniform(0.15, 0.4)).view(np.uint8), 3)
        ink = ink * near
    level = 255 * (rng.uniform(0.35, 1) if rng.random() < 0.25 else 1.0)
    return np.clip(np.round(ink * level), 0, 255).astype(np.uint8)


def broken(ink: np.ndarray, rng: np.random.Generator, group: str) -> np.ndarray:
    """Ink of one bit of which a part is missing: single pixels, patches, or what a hard threshold leaves."""
    kind = rng.random()
    if kind < (0.5 if group == "fit" else 0.34):
        missing = rng.random(ink.shape) < rng.uniform(0.05, 0.34)
    elif kind < 0.8:
        patches = ndimage.gaussian_filter(rng.normal(0, 1, ink.shape), max(0.03 * max(ink.shape), 0.5))
        missing = patches < np.quantile(patches, rng.uniform(0.05, 0.25))
    else:
        missing = ink + rng.normal(0, 0.25, ink.shape) < rng.uniform(0.4, 0.8)
    return np.where((ink > rng.uniform(0.25, 0.5)) & ~missing, 1.0, 0.0).astype(np.float32)


def cut(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ink that goes over the border of the picture on one to three sides: each loses up to a ninth of its length.

    No side loses more than half a stroke: without its whole base line, nobody could tell a 2 from a 7.
    """
    rows, columns = (np.flatnonzero((ink > 0.3).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return ink
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    half_a_stroke = int(ndimage.distance_transform_edt(np.pad(ink > 0.3, 1)).max() - 0.5)
    for side in rng.permutation(4)[: rng.integers(1, 4)]:
        ink = np.rot90(ink, side)
        ink = np.rot90(ink[rng.integers(0, min(ink.shape[0] // 9, half_a_stroke) + 1) :], -side)
    return ink


def beside(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ink with what a crop may hold besides: a piece of ruling, the edge of a box, the end of a neighbour's stroke."""
    picture = np.pad(ink, 3)
    height, width = picture.shape
    kind, level = rng.random(), rng.uniform(0.3, 1)
    thick = max(1, round(0.02 * max(height, width)))
    if kind < 0.35:  # a piece of a line that touches top or bottom
        row = int(rng.choice([rng.integers(0, 4), height - 4 - thick]))
        first = int(rng.integers(0, max(width // 2, 1)))
        part = picture[row : row + thick, first : first + int(rng.integers(width // 4, width))]
    elif kind < 0.65:  # a piece of an upright line at a side
        column = int(rng.choice([rng.integers(0, 3), width - 3 - thick]))
        first = int(rng.integers(0, height))
        part = picture[first : first + int(rng.integers(height // 8, height // 3 + 1)), column : column + thick]
    else:  # a speck
        y, x = int(rng.integers(0, height)), int(rng.integers(0, width))
        part = picture[y : y + 2 * thick, x : x + 2 * thick]
    np.maximum(part, level, out=part)
    return picture
