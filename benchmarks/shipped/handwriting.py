"""Images in MNIST's form of what other hands write, as the reader sees it: through `normalize_digit`.

The forms, hands and pens are those of benchmarks/material/hands; MNIST's own digits are redrawn with such pens and worn
as on photos. There are three groups, `fit`, `choose` and `measure`. A seed decides every pixel, whatever the number of
processes.
"""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.morphology import skeletonize

from benchmarks.material.hands import pens, writing
from mnistlab.datasets import Split
from mnistlab.reader.normalization import normalize_digit

CHUNK = 500  # images that one seed makes
Maker = Callable[[np.random.Generator], np.ndarray]  # a crop, uint8, light ink on dark ground


def make(maker: Maker, num_images: int, seed: int, name: str, num_processes: int | None = None) -> np.ndarray:
    """Images, uint8 `(num_images, 28, 28)`; the seed and the name decide every pixel."""
    parts = [(first, min(CHUNK, num_images - first)) for first in range(0, num_images, CHUNK)]
    work = partial(_part, maker, seed, name)
    processes = num_processes or int(os.environ.get("MNISTLAB_PROCESSES", os.cpu_count() or 1))
    if processes == 1 or len(parts) == 1:
        return np.concatenate([work(part) for part in parts])
    with ProcessPoolExecutor(processes) as pool:
        return np.concatenate(list(pool.map(work, parts)))


def _part(maker: Maker, seed: int, name: str, part: tuple[int, int]) -> np.ndarray:
    first, number = part
    rng = np.random.default_rng([seed, first, *name.encode()])
    images: list[np.ndarray] = []
    while len(images) < number:
        normalized = normalize_digit(maker(rng), ink="light")
        if not normalized.is_blank:
            images.append(normalized.image)
    return np.stack(images)


def hand_digit(group: str, number: int, trouble: str | None, rng: np.random.Generator) -> np.ndarray:
    """A digit of another hand; `trouble` as for `pens.worn`, or drawn at random."""
    ink = pens.inked(writing.digit(rng, group, number), rng, group)
    return pens.worn(ink, rng, group, pens.trouble_of(rng) if trouble is None else trouble)


def hand_sign(group: str, kind: str, rng: np.random.Generator) -> np.ndarray:
    """A sign, letter or drawing of another hand."""
    trouble = "broken" if rng.random() < 0.1 else ""
    return pens.worn(pens.inked(writing.sign(rng, group, kind), rng, group), rng, group, trouble)


def hand_pair(group: str, rng: np.random.Generator) -> np.ndarray:
    """Two or three digits that touch or nearly do, in one pen."""
    paths, right = [], 0.0
    for _ in range(2 if rng.random() < 0.8 else 3):
        number = int(rng.choice((0, 1))) if rng.random() < 0.4 else int(rng.integers(10))
        digit = writing.digit(rng, group, number)
        everything = np.vstack(digit)
        (left, top), (end, bottom) = everything.min(axis=0), everything.max(axis=0)
        scale = rng.uniform(0.8, 1.1) / max(bottom - top, 0.1)
        paths += [(path - (left, (top + bottom) / 2)) * scale + (right, rng.normal(0, 0.04)) for path in digit]
        right += (end - left) * scale + rng.uniform(-0.14, 0.1)
    return pens.worn(pens.inked(paths, rng, group), rng, group)


def worn_digit(images: np.ndarray, group: str, trouble: str | None, rng: np.random.Generator) -> np.ndarray:
    """A digit from images in MNIST's form, of another size on the photo, often redrawn with a finer pen, and worn."""
    image = images[rng.integers(len(images))]
    rows, columns = (np.flatnonzero((image > 32).any(axis=axis)) for axis in (1, 0))
    box = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    longest = int(np.exp(rng.uniform(np.log(pens.LEAST_PIXELS), np.log(110))))
    drawn = max(longest, 56)
    size = [max(2, round(length * drawn / max(box.shape))) for length in box.shape[::-1]]
    ink = np.asarray(Image.fromarray(np.pad(box, 1)).resize(size, Image.Resampling.BICUBIC), np.float32) / 255
    width = 2.5 * drawn / 20
    pen = "round"
    if rng.random() < 0.4:
        pen, width = pens.pen_of(rng, group)
        width = min(width, 2.5) * drawn / 20
        padded = np.pad(ink, 2 + int(width / 2)) > 0.5
        distance = ndimage.distance_transform_edt(~skeletonize(padded))
        ink = np.clip(width / 2 + 0.5 - distance, 0, 1).astype(np.float32)
    elif rng.random() < 0.4:
        pen = str(rng.choice(pens.PENS[group]))
    ink = pens.texture(ink, pen, width, rng)
    if drawn > longest:
        size = [max(2, round(length * longest / drawn)) for length in ink.shape[::-1]]
        ink = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BOX))
    return pens.worn(ink, rng, group, pens.trouble_of(rng) if trouble is None else trouble)


def hand_digits(group: str, num_images: dict[int, int], seed: int, trouble: str | None = None) -> Split:
    """Digits of other hands, as many of each as are asked for."""
    images = [
        make(partial(hand_digit, group, number, trouble), count, seed, f"{group}{number}{trouble}")
        for number, count in num_images.items()
    ]
    labels = np.repeat(np.array([*num_images], np.uint8), [*num_images.values()])
    return Split(group, np.concatenate(images), labels)


def worn_digits(split: Split, group: str, num_images: int, seed: int, trouble: str | None = None) -> Split:
    """As many worn images of each digit of a split."""
    images = [
        make(partial(worn_digit, split.images[split.labels == number], group, trouble), num_images, seed, f"w{number}")
        for number in range(10)
    ]
    return Split(group, np.concatenate(images), np.repeat(np.arange(10, dtype=np.uint8), num_images))


def turned(split: Split) -> Split:
    """Digits turned by 90, 180 and 270 degrees, without those that are digits again: label is that of the digit."""
    alike = {0: (1, 2, 3), 1: (1, 2, 3), 2: (2,), 5: (2,), 6: (2,), 8: (2,), 9: (2,)}
    images, labels = [], []
    for at, label in enumerate(split.labels.tolist()):
        quarter = at % 3 + 1
        if quarter not in alike.get(label, ()):
            images.append(np.rot90(split.images[at], quarter))
            labels.append(label)
    return Split("turned", np.stack(images), np.array(labels, np.uint8))
