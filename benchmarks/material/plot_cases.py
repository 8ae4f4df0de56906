"""Pictures that programs make of images of digits: plots with and without axes, and small images made large."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.material.cases import Case, cut_to_ink
from mnistlab.datasets import Split

TITLES = {"measure": ("Label: {}", "Digit {}", "y = {}"), "choose": ("Training: {}", "Prediction: {}", "{}")}
RESAMPLINGS = (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)
GREYS = (0.0, 12.0, 30.0, 60.0, 200.0, 235.0, 255.0)
LEVELS = 16  # of images of few pixels, as those of the UCI data set "optical recognition of handwritten digits"


def plotted(rng: np.random.Generator, split: Split, _: str) -> Case:
    """One to nine of MNIST's images as a plot shows them, light on dark plates on a white page, or the other way."""
    rows, columns = (int(number) for number in rng.integers(1, 4, 2))
    side, gap = int(rng.integers(40, 200)), float(rng.uniform(0.06, 0.4))
    pitch, edge = round(side * (1 + gap)), round(side * rng.uniform(0.2, 0.8))
    page = np.zeros((rows * pitch + 2 * edge, columns * pitch + 2 * edge), np.float32)
    chosen = rng.integers(0, len(split), (rows, columns))
    resampling = Image.Resampling(int(rng.choice((0, 2, 3))))
    for row, column in np.ndindex(rows, columns):
        image = Image.fromarray(split.images[chosen[row, column]]).resize((side, side), resampling)
        top, left = edge + row * pitch, edge + column * pitch
        page[top : top + side, left : left + side] = 1 - np.asarray(image, np.float32) / 255
    low, high = sorted(rng.choice(GREYS, 2, replace=False))
    low, high = (low, high) if high - low > 120 else (30.0, 235.0)
    photo = high + (low - high) * (page if rng.random() < 0.75 else 1 - page)
    return Case(np.round(photo).astype(np.uint8), _lines(split, chosen))


def axes(rng: np.random.Generator, split: Split, group: str) -> Case:
    """One to six images with a frame, ticks and printed numbers, a title, or both, as plotting programs draw them."""
    rows, columns = int(rng.integers(1, 3)), int(rng.integers(1, 4))
    side, size = int(rng.integers(110, 320)), int(rng.integers(9, 14))
    has_ticks, is_dark = rng.random() < 0.75, rng.random() < 0.6
    title = str(rng.choice(TITLES[group])) if not has_ticks or rng.random() < 0.3 else ""
    pitch = side + 5 * size
    page = Image.new("L", (columns * pitch + 3 * size, rows * pitch + 3 * size), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    chosen = rng.integers(0, len(split), (rows, columns))
    resampling = RESAMPLINGS[0 if rng.random() < 0.7 else 2]
    for row, column in np.ndindex(rows, columns):
        top, left = 3 * size + row * pitch, 4 * size + column * pitch
        image = split.images[chosen[row, column]]
        page.paste(Image.fromarray(image if is_dark else 255 - image).resize((side, side), resampling), (left, top))
        pen.rectangle((left - 1, top - 1, left + side, top + side), outline=0)
        if title:
            told = title.format(split.labels[chosen[row, column]])
            pen.text((left + side / 2, top - 0.4 * size), told, fill=0, font=font, anchor="ms")
        for number in range(0, 28, 5 if side > 160 else 10) if has_ticks else ():
            at = (number + 0.5) / 28 * side
            pen.line((left + at, top + side, left + at, top + side + 3), fill=0)
            pen.line((left - 4, top + at, left - 1, top + at), fill=0)
            pen.text((left + at, top + side + 6), str(number), fill=0, font=font, anchor="mt")
            pen.text((left - 7, top + at), str(number), fill=0, font=font, anchor="rm")
    return Case(np.asarray(page), _lines(split, chosen))


def enlarged(rng: np.random.Generator, split: Split, _: str) -> Case:
    """Images of 8 to 20 pixels a side made large: one that fills the picture, or two to five in a row."""
    columns = 1 if rng.random() < 0.5 else int(rng.integers(2, 6))
    pixels, side = int(rng.choice((8, 8, 10, 12, 16, 20))), int(rng.integers(100, 280))
    gap = round(side * rng.uniform(0.1, 0.5)) if columns > 1 else 0
    resampling = RESAMPLINGS[int(rng.choice(3, p=(0.6, 0.2, 0.2)))]
    page = np.zeros((side + 2 * gap, columns * (side + gap) + gap), np.uint8)
    chosen = rng.integers(0, len(split), (1, columns))
    for at, index in enumerate(chosen[0]):
        image = Image.fromarray(_coarse(split.images[index], pixels)).resize((side, side), resampling)
        left = gap + at * (side + gap)
        page[gap : gap + side, left : left + side] = np.asarray(image)
    return Case(page if rng.random() < 0.5 else 255 - page, _lines(split, chosen))


def _coarse(image: np.ndarray, pixels: int) -> np.ndarray:
    """An image cut to its ink and brought to so many pixels a side, with few grey levels."""
    ink = cut_to_ink(image)
    square = np.zeros((max(ink.shape),) * 2, np.uint8)
    top, left = ((length - own) // 2 for length, own in zip(square.shape, ink.shape, strict=True))
    square[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    small = Image.fromarray(square).resize((pixels, pixels), Image.Resampling.BOX)
    return np.round(np.round(np.asarray(small) / 255 * LEVELS) * 255 / LEVELS).astype(np.uint8)


def _lines(split: Split, chosen: np.ndarray) -> tuple[str, ...]:
    return tuple("".join(str(split.labels[at]) for at in row) for row in chosen)
