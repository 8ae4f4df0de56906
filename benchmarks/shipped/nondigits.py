"""Images in MNIST's form that do not show exactly one digit, and that a reader of digits must therefore refuse.

There are three groups: `fit` to train on, `choose` to choose by, and `measure` for the figures alone. Each has letters
of its own fonts, and scribbles, shapes and textures of its own generators. Halves and pairs of digits are cut from the
images that are given. A seed decides every pixel.
"""

import functools
import string

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

from benchmarks.material import scribbles
from benchmarks.material.scribbles import CANVAS, Generator
from benchmarks.shipped.glyphs import MATERIAL, SYMBOLS
from mnistlab.datasets import IMAGE_SHAPE, Split

HALVES = {0: "TBLR", 2: "TBL", 3: "B", 4: "L", 5: "TB", 8: "L"}
"""The halves (top, bottom, left, right) of each digit that are not a digit; the top of a 9, by contrast, is a 0."""


def centred(canvas: np.ndarray) -> Image.Image:
    """Brings a drawing into MNIST's form: longest side 20 pixels, aspect kept, centre of mass in the middle."""
    rows, columns = (np.flatnonzero((canvas > 20).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return Image.new("L", IMAGE_SHAPE)
    cut = Image.fromarray(canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = 20 / max(cut.size)
    small = np.asarray(cut.resize([max(1, round(size * scale)) for size in cut.size], Image.Resampling.BOX), float)
    small = small * 255 / small.max()
    mass = np.array(ndimage.center_of_mass(small)) + 0.5
    top, left = (int(np.clip(round(14 - at), 0, 28 - size)) for at, size in zip(mass, small.shape, strict=True))
    image = Image.new("L", IMAGE_SHAPE)
    image.paste(Image.fromarray(np.round(small).astype(np.uint8)), (left, top))
    return image


@functools.cache
def glyphs() -> dict[str, np.ndarray]:
    """The glyphs that glyphs.py drew: images `(n, 48, 48)`, their characters, fonts and groups."""
    with np.load(MATERIAL) as arrays:
        return dict(arrays)


def characters(group: str, signs: str | None) -> np.ndarray:
    """Indices of a group's glyphs that show one of these signs; with `None`, those that show letters or kana."""
    table = glyphs()
    no_letters = string.digits + SYMBOLS
    known = [(sign in signs) if signs is not None else (sign not in no_letters) for sign in table["characters"]]
    return np.flatnonzero((table["groups"] == group) & np.array(known))


def written(rng: np.random.Generator, glyph: np.ndarray) -> np.ndarray:
    """A character as another hand would write it: rotated, slanted, stretched, with another pen."""
    picture = Image.fromarray(glyph).resize((CANVAS, CANVAS), Image.Resampling.BILINEAR)
    if (change := int(rng.integers(-1, 3))) < 0:
        picture = picture.filter(ImageFilter.MinFilter(3))
    elif change:
        picture = picture.filter(ImageFilter.MaxFilter(2 * change + 1))
    angle, slant = np.deg2rad(rng.uniform(-12, 12)), rng.uniform(-0.25, 0.25)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[1, slant], [0, 1]]) * rng.uniform(1.0, 1.35, 2)
    offset = 48 - matrix @ (48, 48)
    coefficients = (*matrix[0], offset[0], *matrix[1], offset[1])
    turned = picture.transform(picture.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
    return np.asarray(turned.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 1.5)))))


def written_characters(group: str, signs: str | None) -> Generator:
    """A generator of characters of a group's fonts."""
    images = glyphs()["images"][characters(group, signs)]
    return lambda rng: written(rng, images[rng.integers(len(images))])


def halves(digits: Split) -> Generator:
    """A generator of digits of which a half is missing."""
    usable = np.flatnonzero(np.isin(digits.labels, list(HALVES)))

    def generate(rng: np.random.Generator) -> np.ndarray:
        at = usable[rng.integers(len(usable))]
        image, side = digits.images[at], rng.choice(list(HALVES[int(digits.labels[at])]))
        middle = 14 + int(rng.integers(-1, 2))
        parts = {"T": image[:middle], "B": image[middle:], "L": image[:, :middle], "R": image[:, middle:]}
        return np.asarray(Image.fromarray(np.pad(parts[str(side)], 1)).resize((CANVAS, CANVAS)))

    return generate


def pairs(digits: Split) -> Generator:
    """A generator of two digits side by side, apart or touching."""

    def generate(rng: np.random.Generator) -> np.ndarray:
        cuts = []
        for at in rng.integers(len(digits), size=2):
            columns = np.flatnonzero(digits.images[at].any(axis=0))
            cuts.append(digits.images[at][:, columns[0] : columns[-1] + 1])
        gap = int(rng.integers(-2, 5))
        picture = np.zeros((28, cuts[0].shape[1] + cuts[1].shape[1] + max(gap, 0)), np.uint8)
        picture[:, : cuts[0].shape[1]] = cuts[0]
        start = cuts[0].shape[1] + gap
        part = picture[:, start : start + cuts[1].shape[1]]
        np.maximum(part, cuts[1][:, : part.shape[1]], out=part)
        return picture

    return generate


def generators(group: str, digits: Split) -> dict[str, tuple[str, Generator]]:
    """The materials of a group by name: the kind that a verdict calls each, and its generator.

    Args:
        group: `fit`, `choose` or `measure`.
        digits: Images and labels from which halves and pairs are cut.
    """
    written = {
        "letters": ("letter", written_characters(group, None)),
        "symbols": ("symbol", written_characters(group, SYMBOLS)),
    }
    cut = {"halves": ("half a digit", halves(digits)), "pairs": ("two digits", pairs(digits))}
    long = scribbles.until_long
    drawn = {
        "fit": {
            "curves": ("scribble", long(scribbles.curves)),
            "segments": ("lines", long(scribbles.segments)),
            "blots": ("blob", scribbles.blots),
            "shapes": ("blob", scribbles.shapes),
            "noise": ("texture", scribbles.noise),
            "checks": ("texture", scribbles.checks),
            "specks": ("blob", scribbles.specks),
        },
        "choose": {"loops": ("scribble", long(scribbles.loops)), "gratings": ("texture", scribbles.gratings)},
        "measure": {
            "walks": ("scribble", long(scribbles.walk)),
            "hatching": ("scribble", long(scribbles.hatching)),
            "stars": ("lines", long(scribbles.stars)),
            "discs": ("blob", scribbles.discs),
            "clouds": ("texture", scribbles.clouds),
            "dots": ("texture", scribbles.dots),
            "specks": ("blob", scribbles.specks),
        },
    }
    return written | (cut if group != "choose" else {}) | drawn[group]


def make(generator: Generator, num_images: int, seed: int, name: str = "") -> np.ndarray:
    """Makes images in MNIST's form, uint8 `(num_images, 28, 28)`; the seed and the name decide every pixel."""
    rng = np.random.default_rng([seed, *name.encode()])
    return np.stack([np.asarray(centred(generator(rng))) for _ in range(num_images)])
