"""Pictures of pages hard for a reason, with the right lines: turned, in perspective, printed, plotted, chained.

A page is written by one hand: MNIST's digits from one split, or forms and a pen of one group of
benchmarks/material/hands. The group `measure` with the test split gives figures; `choose` with the training split chose
the reader's thresholds. `KINDS` goes beside that of benchmarks/material/cases.py.
"""

import functools
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from skimage.transform import ProjectiveTransform

from benchmarks.material.cases import GROUP, Case, Kind, cut_to_ink
from benchmarks.material.hands import papers, pens, writing
from benchmarks.material.plot_cases import axes, enlarged, plotted
from mnistlab.datasets import Split

HEADINGS = {
    "measure": (
        "Telefon",
        "Name and date",
        "AMOUNT",
        "Kunden-Nr.",
        "Form B",
        "Please write here",
        "Total",
        "CODE POSTAL",
    ),
    "choose": ("Order", "Datum", "PHONE", "Bitte ankreuzen", "Ref.", "Sum"),
}
SIGNS = ("plus", "minus", "times", "equals")


class Hand:
    """Writes digits as one person does: with one pen, or as MNIST's."""

    def __init__(self, rng: np.random.Generator, split: Split, group: str) -> None:
        self.rng, self.split, self.group = rng, split, group
        self.is_mnist = rng.random() < 0.6
        self.pen, self.width = pens.pen_of(rng, group)
        self.width = float(np.clip(self.width, 0.8, 3.2))

    def ink(self, number: int, height: int) -> np.ndarray:
        """Ink of a digit, cut to its box, about so many pixels high."""
        if not self.is_mnist:
            return self.drawn(writing.digit(self.rng, self.group, number), height)
        at = int(self.rng.choice(np.flatnonzero(self.split.labels == number)))
        box = Image.fromarray(cut_to_ink(self.split.images[at]))
        scale = height / box.height if box.height >= 0.6 * box.width else height / box.width
        size = [max(3, round(side * scale)) for side in box.size]
        return np.asarray(box.resize(size, Image.Resampling.BICUBIC), np.float32) / 255

    def drawn(self, paths: writing.Paths, height: int) -> np.ndarray:
        """Ink of paths with this hand's pen."""
        factor, everything = 3, np.vstack(paths)
        low, high = everything.min(axis=0), everything.max(axis=0)
        longest = height * factor * max((high - low).max() / max(high[1] - low[1], 0.25), 0.6)
        width = max(self.width * height * factor / 20, 1.2 * factor)
        moved, size = pens.placed(paths, longest, width / 2 + factor)
        ink = pens.draw(moved, size, self.pen, width, self.rng)
        return pens.reduced(pens.texture(ink, self.pen, width, self.rng), factor)


def put(page: np.ndarray, ink: np.ndarray, right: float, middle: float, strength: float = 1.0) -> int:
    """Puts ink on a page, from a column on and around a row; returns the column after it."""
    top, left = max(round(middle - ink.shape[0] / 2), 0), max(round(right), 0)
    part = page[top : top + ink.shape[0], left : left + ink.shape[1]]
    np.maximum(part, strength * ink[: part.shape[0], : part.shape[1]], out=part)
    return left + ink.shape[1]


def write_line(hand: Hand, page: np.ndarray, text: str, left: float, middle: float, height: int) -> float:
    """Writes digits side by side, not touching, and returns the column after them."""
    for character in text:
        ink = hand.ink(int(character), round(height * hand.rng.uniform(0.9, 1.1)))
        end = put(page, ink, left, middle + hand.rng.normal(0, 0.04) * height)
        left = end + height * hand.rng.uniform(0.2, 0.5)
    return left


def numbers(rng: np.random.Generator, least: int, most: int) -> str:
    """A text of digits."""
    return "".join(map(str, rng.integers(0, 10, int(rng.integers(least, most + 1)))))


def written_page(rng: np.random.Generator, split: Split, group: str, paper: str = "") -> tuple[np.ndarray, list[str]]:
    """The photo of a page of two to five lines, and its lines."""
    hand, height = Hand(rng, split, group), int(rng.integers(26, 80))
    lines = [numbers(rng, 3, 8) for _ in range(int(rng.integers(2, 6)))]
    pitch = height * rng.uniform(1.6, 2.6)
    page = np.zeros((round(pitch * (len(lines) + 1)), round(height * (1.5 * max(map(len, lines)) + 2))), np.float32)
    if rng.random() < 0.3:
        distance = max(pitch / rng.integers(1, 3), 24)
        for row in np.arange(distance / 2, len(page), distance).astype(int):
            page[row : row + max(1, height // 30)] = rng.uniform(0.25, 0.4)
    for number, line in enumerate(lines):
        write_line(hand, page, line, height * rng.uniform(0.4, 1.2), pitch * (number + 0.9), height)
    return papers.photograph(
        page, rng, paper or str(rng.choice(("white", "cream", "recycled", "board", "grey")))
    ), lines


def upright(rng: np.random.Generator, split: Split, group: str) -> Case:
    """A page of two to five lines as it should lie."""
    photo, lines = written_page(rng, split, group)
    return Case(photo, tuple(lines))


def turned(rng: np.random.Generator, split: Split, group: str) -> Case:
    """The same, turned by 90, 180 or 270 degrees."""
    photo, lines = written_page(rng, split, group)
    return Case(np.ascontiguousarray(np.rot90(photo, int(rng.integers(1, 4)))), tuple(lines))


def table(rng: np.random.Generator, split: Split, group: str) -> Case:
    """A ruled table on a sheet that lies on a desk, seen at an angle."""
    hand, height = Hand(rng, split, group), int(rng.integers(28, 60))
    rows, columns, digits = int(rng.integers(2, 7)), int(rng.integers(2, 6)), int(rng.integers(1, 4))
    cell = round(height * rng.uniform(1.7, 2.4)), round(height * (digits * 1.25 + 0.9))
    edge = round(height * rng.uniform(0.4, 2))
    page = np.zeros((rows * cell[0] + 2 * edge, columns * cell[1] + 2 * edge), np.float32)
    thick, level = int(rng.integers(1, 2 + height // 20)), rng.uniform(0.35, 1)
    for at in range(rows + 1):
        page[edge + at * cell[0] :, edge : edge + columns * cell[1]][:thick] = level
    for at in range(columns + 1):
        page[edge : edge + rows * cell[0], edge + at * cell[1] :][:, :thick] = level
    lines = []
    for row in range(rows):
        texts = [numbers(rng, 1, digits) for _ in range(columns)]
        for column, text in enumerate(texts):
            left = edge + column * cell[1] + height * rng.uniform(0.25, 0.4)
            write_line(hand, page, text, left, edge + (row + rng.uniform(0.46, 0.54)) * cell[0], height)
        lines.append("".join(texts))
    return Case(on_desk(page, rng), tuple(lines))


def on_desk(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The photo of a sheet on a darker desk, plain or of wood, from an angle."""
    height, width = page.shape
    high, wide = (round(side * rng.uniform(1.15, 1.6)) for side in page.shape)
    start = np.array([rng.uniform(0.02, 0.98) * (wide - width), rng.uniform(0.02, 0.98) * (high - height)])
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    moved = corners + start + rng.uniform(-0.07, 0.07, (4, 2)) * (width, height)
    angle, middle = np.radians(rng.uniform(-8, 8)), moved.mean(axis=0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (moved - middle) @ turn.T + middle
    moved += np.clip(0.02 * min(high, wide) - moved.min(axis=0), 0, None)
    size = np.maximum(np.ceil(moved.max(axis=0) + 0.02 * min(high, wide)).astype(int), (wide, high))
    matrix = np.asarray(ProjectiveTransform.from_estimate(moved, corners).params)
    coefficients = tuple((matrix / matrix[2, 2]).ravel()[:8].tolist())

    def warped(layer: np.ndarray) -> np.ndarray:
        picture = Image.fromarray(layer.astype(np.float32))
        kind = Image.Transform.PERSPECTIVE
        return np.asarray(picture.transform((int(size[0]), int(size[1])), kind, coefficients, Image.Resampling.BICUBIC))

    sheet = np.clip(warped(np.ones_like(page)), 0, 1)
    ink = np.clip(warped(page), 0, 1)
    paper, strength = rng.uniform(170, 245), rng.uniform(0.5, 0.85)
    desk = np.full(sheet.shape, rng.uniform(20, 0.55 * paper))
    if rng.random() < 0.5:  # the grain of wood
        grain = ndimage.gaussian_filter(rng.normal(0, 1, sheet.shape), (1.5, 40))
        desk = desk * (1 + 0.12 * grain / grain.std())
    photo = desk * (1 - sheet) + sheet * paper * (1 - strength * ink)
    photo = photo * papers.lit(photo.shape, rng, rng.uniform(0, 0.4))
    photo = ndimage.gaussian_filter(photo, rng.uniform(0.3, 1.1)) + rng.normal(0, rng.uniform(0.5, 4), photo.shape)
    return papers.saved(np.clip(np.round(photo), 0, 255).astype(np.uint8), int(rng.integers(70, 96)))


def boxed(rng: np.random.Generator, split: Split, group: str) -> Case:
    """A form: digits in boxes or above a comb, some of which touch them; half of the forms have a printed heading."""
    hand, height = Hand(rng, split, group), int(rng.integers(30, 80))
    text, kind = numbers(rng, 1, 9), int(rng.integers(4))
    side = round(height * rng.uniform(1.3, 1.7))
    gap = 0 if kind < 2 else round(height * rng.uniform(0.2, 0.6))
    page = np.zeros((side + 2 * height, len(text) * (side + gap) + 2 * height), np.float32)
    thick, level = max(1, round(height * rng.uniform(0.02, 0.07))), rng.uniform(0.4, 1)
    for at in range(len(text)):
        top, left = height, height + at * (side + gap)
        if kind != 1:  # a box; a comb is open at the top
            page[top : top + thick, left : left + side] = level
        page[top + side - thick : top + side, left : left + side + thick] = level
        page[top + (side // 2 if kind == 1 else 0) : top + side, left : left + thick] = level
        page[top + (side // 2 if kind == 1 else 0) : top + side, left + side - thick * (gap > 0) :][:, :thick] = level
    for at, character in enumerate(text):
        ink = hand.ink(int(character), round(height * rng.uniform(0.8, 1.05)))
        left = height + at * (side + gap) + max((side - ink.shape[1]) / 2, 0) + rng.normal(0, 0.06) * height
        put(page, ink, left, height + side / 2 + rng.normal(0, 0.06) * height)
    if rng.random() < 0.5:
        page = np.vstack([heading(rng, group, height, page.shape[1]), page])
    return Case(papers.photograph(page, rng, str(rng.choice(("white", "cream", "recycled", "grey")))), (text,))


def heading(rng: np.random.Generator, group: str, height: int, width: int) -> np.ndarray:
    """A printed line of words above the boxes."""
    size = height * rng.uniform(0.3, 0.6)
    picture = Image.new("L", (width, round(1.8 * size)))
    font = ImageFont.load_default(size)
    ImageDraw.Draw(picture).text((height, 0.4 * size), str(rng.choice(HEADINGS[group])), fill=255, font=font)
    return np.asarray(picture, np.float32) / 255


def formula(rng: np.random.Generator, split: Split, group: str) -> Case:
    """Two numbers with signs between them, as in a sum."""
    hand, height = Hand(rng, split, group), int(rng.integers(30, 80))
    texts = [numbers(rng, 1, 3) for _ in range(int(rng.integers(2, 4)))]
    page = np.zeros((3 * height, round(height * 1.4 * (sum(map(len, texts)) + 2 * len(texts) + 1))), np.float32)
    left = 0.6 * height
    for number, text in enumerate(texts):
        left = write_line(hand, page, text, left, 1.5 * height, height)
        if number + 1 < len(texts):
            ink = hand.drawn(sign(rng), round(height * rng.uniform(0.5, 0.8)))
            left = put(page, ink, left + 0.2 * height, 1.5 * height) + height * rng.uniform(0.3, 0.6)
    return Case(papers.photograph(page, rng), ("".join(texts),))


def sign(rng: np.random.Generator) -> writing.Paths:
    """Strokes of + − × or =, each a little askew."""
    half = rng.uniform(0.35, 0.5)
    ends = {
        "plus": [[(-half, 0), (half, 0)], [(0, -half), (0, half)]],
        "minus": [[(-half, 0), (half, 0)]],
        "times": [[(-half, -half), (half, half)], [(half, -half), (-half, half)]],
        "equals": [[(-half, -0.15), (half, -0.15)], [(-half, 0.15), (half, 0.15)]],
    }[str(rng.choice(SIGNS))]
    return [np.array(stroke) + rng.normal(0, 0.04, (2, 2)) for stroke in ends]


def chained(rng: np.random.Generator, split: Split, group: str) -> Case:
    """A number of which some digits touch in a chain, half of them zeros; in half of them a dash stands before."""
    hand, height = Hand(rng, split, group), int(rng.integers(40, 90))
    before, after = numbers(rng, 1, 3), numbers(rng, 2, 4)
    if rng.random() < 0.5:
        after = "0" * len(after)
    page = np.zeros((3 * height, round(height * 1.6 * (len(before) + len(after) + 2))), np.float32)
    left = write_line(hand, page, before, 0.6 * height, 1.5 * height, height)
    if rng.random() < 0.5:
        dash = hand.drawn([np.array([(0.0, 0.0), (1.0, rng.normal(0, 0.06))])], round(0.35 * height))
        left = put(page, dash, left, 1.5 * height) + height * rng.uniform(0.2, 0.5)
    for character in after:
        ink = hand.ink(int(character), round(height * rng.uniform(0.92, 1.08)))
        end = put(page, ink, left, 1.5 * height + rng.normal(0, 0.03) * height)
        left = end - rng.uniform(0.03, 0.12) * min(height, ink.shape[1] * 2)
    return Case(papers.photograph(page, rng), (before + after,))


def dated(rng: np.random.Generator, split: Split, group: str) -> Case:
    """A date, a fraction, a time or a telephone number: two or three numbers with the same sign between them."""
    hand, height = Hand(rng, split, group), int(rng.integers(28, 90))
    texts = [numbers(rng, 1, 4) for _ in range(int(rng.integers(2, 4)))]
    sign, length, lean = str(rng.choice(("/", "/", "/", "-", ".", ":"))), rng.uniform(1.15, 1.8), rng.uniform(0.2, 0.7)
    page = np.zeros((3 * height, round(height * 1.5 * (sum(map(len, texts)) + 2 * len(texts)))), np.float32)
    end = write_line(hand, page, texts[0], 0.8 * height, 1.5 * height, height)
    for text in texts[1:]:
        stroke = [(0.0, length), (length * lean, 0.0)] if sign == "/" else [(0.0, 0.0), (1.0, rng.normal(0, 0.06))]
        width = {"/": length, "-": 0.35}.get(sign, 0.04)
        ink = hand.drawn([np.array(stroke)], max(round(width * height), 3))
        places = {".": (1.92,), ":": (1.3, 1.75)}.get(sign, (1.53,))
        after = [put(page, ink, end, place * height) for place in places]
        end = write_line(hand, page, text, after[-1] + height * rng.uniform(0.15, 0.4), 1.5 * height, height)
    return Case(papers.photograph(page, rng), ("".join(texts),))


MAKERS: dict[str, tuple[str, Callable[[np.random.Generator, Split, str], Case]]] = {
    "upright pages": ("two to five lines; none may be turned", upright),
    "turned pages": ("the same, by 90, 180 or 270 degrees", turned),
    "table on a desk": ("ruled, on a sheet in perspective", table),
    "boxes of a form": ("boxes and combs, half with a printed heading", boxed),
    "sums": ("numbers with + − × = between them", formula),
    "dates and times": ("two or three numbers with / - . or : between them", dated),
    "plots": ("one to nine of MNIST's images, light on dark plates on a light page, or the other way", plotted),
    "plots with axes": (
        "the same with ticks and printed numbers at the axes, or a title; the plate may be white",
        axes,
    ),
    "enlarged": ("digits of 8 to 20 pixels made large, in squares or smooth, one alone or several in a row", enlarged),
    "chains": ("digits that touch, half of them zeros, half after a dash", chained),
}


def kinds(group: str) -> dict[str, Kind]:
    """The kinds, made from one group."""
    return {
        name: Kind(question, functools.partial(_make, make=make, group=group))
        for name, (question, make) in MAKERS.items()
    }


def _make(
    rng: np.random.Generator, split: Split, make: Callable[[np.random.Generator, Split, str], Case], group: str
) -> Case:
    return make(rng, split, group)


KINDS = kinds(GROUP)
