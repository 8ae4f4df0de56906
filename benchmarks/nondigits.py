"""Images of the size of MNIST's that show no digit, or not one: what a reader of digits must refuse.

There are three groups: `fit` to train on, `choose` to choose by, and `measure` for the figures alone. Each has letters
of fonts of its own and scribbles, shapes and textures of generators of its own. Halves and pairs of digits are cut from
the images that are given. A seed decides every pixel.
"""

import functools
import string
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from mnistlab.datasets import IMAGE_SHAPE, Split

MATERIAL = Path(__file__).parent / "material" / "glyphs.npz"
CANVAS, BOX = 96, 76  # pixels: what is drawn before it is reduced, and its part that strokes go through
SCALE = CANVAS / IMAGE_SHAPE[0]
LEAST_PATH = 4.0  # box sides that a scribble is long: an 8 has about 3, so that no scribble is a digit by chance
HALVES = {0: "TBLR", 2: "TBL", 3: "B", 4: "L", 5: "TB", 8: "L"}
"""Of which digits which half is no digit; others may be: the top of a 9 is a 0, that of a 3 a 2, a 4's right a 1."""

Generator = Callable[[np.random.Generator], np.ndarray]


def centred(canvas: np.ndarray) -> Image.Image:
    """A drawing in MNIST's form: longest side 20 pixels, aspect kept, centre of mass in the middle of 28×28."""
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


def strokes(paths: list[np.ndarray], width: float) -> np.ndarray:
    """Lines through points in a square from 0 to 1, drawn with a round pen as wide as `width` pixels of 28."""
    picture = Image.new("L", (CANVAS, CANVAS))
    pen, draw = width * SCALE * BOX / (20 * SCALE), ImageDraw.Draw(picture)
    for path in paths:
        points = [tuple(point) for point in (CANVAS - BOX) / 2 + path * BOX]
        draw.line(points, fill=255, width=max(1, round(pen)), joint="curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    return np.asarray(picture)


def smooth(points: np.ndarray, closed: bool = False) -> np.ndarray:
    """A curve through points, by cubic interpolation along their number."""
    places = np.linspace(0, len(points) - (not closed), 12 * len(points))
    mode = "grid-wrap" if closed else "nearest"
    return np.stack([ndimage.map_coordinates(axis, [places], order=3, mode=mode) for axis in points.T], axis=1)


def fitted(path: np.ndarray) -> np.ndarray:
    """A path moved and stretched into the square from 0 to 1, aspect kept."""
    path = path - path.min(axis=0)
    return path / max(path.max(), 1e-6)


def is_long(paths: list[np.ndarray]) -> bool:
    """Whether strokes are together longer than any digit's."""
    return sum(float(np.hypot(*np.diff(path, axis=0).T).sum()) for path in paths) >= LEAST_PATH


def pen(rng: np.random.Generator) -> float:
    """The width of a pen, in pixels of 28."""
    return float(rng.uniform(1.3, 3.6))


def until_long(draw: Callable[[np.random.Generator], list[np.ndarray]]) -> Generator:
    """A generator that draws strokes until they are long enough."""

    def generate(rng: np.random.Generator) -> np.ndarray:
        while not is_long(paths := draw(rng)):
            pass
        return strokes(paths, pen(rng))

    return generate


def curves(rng: np.random.Generator) -> list[np.ndarray]:
    """One to three curves through random points."""
    return [smooth(rng.uniform(0, 1, (rng.integers(5, 11), 2))) for _ in range(rng.integers(1, 4))]


def segments(rng: np.random.Generator) -> list[np.ndarray]:
    """Straight lines that cross each other."""
    return [rng.uniform(0, 1, (2, 2)) for _ in range(rng.integers(4, 10))]


def loops(rng: np.random.Generator) -> list[np.ndarray]:
    """A spiral that a hand draws while it moves on: e's and l's without end."""
    turns = rng.uniform(3, 6)
    angle = np.linspace(0, turns * 2 * np.pi, 160)
    drift = rng.uniform(-0.06, 0.06, 2) * angle[:, None]
    radius = 0.3 * (1 + rng.uniform(-0.08, 0.1) * angle) * rng.uniform(0.6, 1.4)
    return [fitted(radius[:, None] * np.stack([np.cos(angle), np.sin(angle + rng.uniform(0, 1))], axis=1) + drift)]


def walk(rng: np.random.Generator) -> list[np.ndarray]:
    """A pen that turns at random and does not lift."""
    turning = ndimage.gaussian_filter1d(rng.normal(0, rng.uniform(0.5, 1.0), 260), rng.uniform(2, 6))
    heading = np.cumsum(turning) + rng.uniform(0, 2 * np.pi)
    return [fitted(np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1), axis=0))]


def hatching(rng: np.random.Generator) -> list[np.ndarray]:
    """Back and forth, as one crosses out or shades."""
    number, angle = int(rng.integers(5, 12)), rng.uniform(0, np.pi)
    y = np.linspace(0, rng.uniform(0.4, 1), number) + rng.normal(0, 0.03, number)
    x = np.arange(number) % 2 + rng.normal(0, 0.08, number)
    turned = np.stack([x, y], axis=1) @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return [fitted(turned)]


def stars(rng: np.random.Generator) -> list[np.ndarray]:
    """Closed outlines with many corners, in and out."""
    number = 2 * int(rng.integers(4, 8))
    angle = np.linspace(0, 2 * np.pi, number + 1)[:-1] + rng.normal(0, 0.1, number)
    radius = np.where(np.arange(number) % 2, rng.uniform(0.2, 0.45), 1) * rng.uniform(0.8, 1.2, number)
    corners = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return [fitted(np.concatenate([corners, corners[:1]]))]


def painted(level: np.ndarray, covered: float, softness: float = 4.0) -> np.ndarray:
    """The highest part of a field as ink, with soft edges."""
    spread = max(float(level.std()), 1e-6)
    return (255 / (1 + np.exp(-softness * (level - np.quantile(level, 1 - covered)) / spread))).astype(np.uint8)


def field(rng: np.random.Generator, roughness: float) -> np.ndarray:
    """A random field, the smoother the larger `roughness` is in pixels."""
    return ndimage.gaussian_filter(rng.normal(size=(CANVAS, CANVAS)), roughness, mode="wrap")


def blots(rng: np.random.Generator) -> np.ndarray:
    """Ink where a smooth field is high, near the middle."""
    y, x = np.mgrid[-1:1:96j, -1:1:96j]
    near = np.exp(-(x**2 + y**2) * rng.uniform(0.5, 3))
    return painted(field(rng, rng.uniform(8, 16)) * 60 * near + near, rng.uniform(0.15, 0.6), softness=12)


def shapes(rng: np.random.Generator) -> np.ndarray:
    """A filled ellipse or polygon, neither thin as a stroke."""
    picture = Image.new("L", (CANVAS, CANVAS))
    if rng.random() < 0.4:
        width, height = rng.uniform(25, 47, 2)
        ImageDraw.Draw(picture).ellipse((48 - width, 48 - height, 48 + width, 48 + height), fill=255)
    else:
        angle = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 7)))
        corners = 48 + 44 * rng.uniform(0.7, 1, len(angle)) * np.stack([np.cos(angle), np.sin(angle)])
        ImageDraw.Draw(picture).polygon([tuple(point) for point in corners.T], fill=255)
        if np.asarray(picture).mean() < 40:
            return shapes(rng)
    return np.asarray(picture)


def discs(rng: np.random.Generator) -> np.ndarray:
    """Thick drops that run together."""
    picture = Image.new("L", (CANVAS, CANVAS))
    for x, y, radius in zip(*rng.uniform(25, 70, (2, 6)), rng.uniform(8, 22, 6), strict=True):
        ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 2)))))


def noise(rng: np.random.Generator) -> np.ndarray:
    """Grain, fine or coarse, all over."""
    return painted(field(rng, rng.uniform(1, 5)), rng.uniform(0.1, 0.7), rng.uniform(0.5, 6))


def checks(rng: np.random.Generator) -> np.ndarray:
    """Squared or ruled paper, straight or turned."""
    angle, period = rng.uniform(0, np.pi), rng.uniform(12, 40)
    y, x = np.mgrid[0:CANVAS, 0:CANVAS]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    thickness = rng.uniform(0.15, 0.4) * period
    lines = [(one + rng.uniform(0, period)) % period < thickness for one in (along, across)]
    return np.where(lines[0] | (lines[1] & (rng.random() < 0.7)), 255, 0).astype(np.uint8)


def gratings(rng: np.random.Generator) -> np.ndarray:
    """Waves of one or two directions."""
    y, x = np.mgrid[0:CANVAS, 0:CANVAS]
    level = np.zeros((CANVAS, CANVAS))
    for _ in range(rng.integers(1, 3)):
        angle, period = rng.uniform(0, np.pi), rng.uniform(14, 45)
        level += np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period + rng.uniform(0, 6))
    return painted(level, rng.uniform(0.3, 0.6), rng.uniform(1, 6))


def clouds(rng: np.random.Generator) -> np.ndarray:
    """Shades of all sizes, as of skin, wood or a shadow: a field with a 1/f spectrum."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(CANVAS), np.fft.fftfreq(CANVAS)))
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(rng.normal(size=(CANVAS, CANVAS))) / frequency ** rng.uniform(1, 1.6)
    spectrum[0, 0] = 0
    return painted(np.real(np.fft.ifft2(spectrum)), rng.uniform(0.2, 0.7), rng.uniform(1, 5))


def dots(rng: np.random.Generator) -> np.ndarray:
    """Rows of dots or bricks."""
    period, size = rng.uniform(14, 30), rng.uniform(0.35, 0.75)
    y, x = np.mgrid[0:CANVAS, 0:CANVAS] + rng.uniform(0, 30)
    row = y // period
    x = x + row * period * rng.uniform(0, 1)
    inside = (x % period < period * size * rng.uniform(1, 1.3)) & (y % period < period * size)
    return np.where(inside, 255, 0).astype(np.uint8)


def specks(rng: np.random.Generator) -> np.ndarray:
    """A few grains of dust far apart: what is left of a blank page."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    for y, x in rng.integers(2, CANVAS - 6, (rng.integers(2, 9), 2)):
        canvas[y : y + rng.integers(2, 5), x : x + rng.integers(2, 5)] = rng.integers(90, 256)
    return canvas


@functools.cache
def glyphs() -> dict[str, np.ndarray]:
    """What glyphs.py drew: images `(n, 48, 48)`, their characters, fonts and groups."""
    with np.load(MATERIAL) as arrays:
        return dict(arrays)


def characters(group: str, signs: str | None) -> np.ndarray:
    """Positions of a group's glyphs that show one of these signs; with `None`, of the letters and kana."""
    table = glyphs()
    no_letters = string.digits + "+=?%@#*<>~"
    known = [(sign in signs) if signs is not None else (sign not in no_letters) for sign in table["characters"]]
    return np.flatnonzero((table["groups"] == group) & np.array(known))


def written(rng: np.random.Generator, glyph: np.ndarray) -> np.ndarray:
    """A character as another hand writes it: turned, slanted, stretched, with another pen."""
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
    """What a group consists of: name of the material, what it is called in a verdict, and its generator.

    Args:
        group: `fit`, `choose` or `measure`.
        digits: what halves and pairs are cut from.
    """
    letters = {"letters": ("letter", written_characters(group, None))}
    cut = {"halves": ("half a digit", halves(digits)), "pairs": ("two digits", pairs(digits))}
    signs = {"symbols": ("symbol", written_characters(group, "+=?%@#*<>~"))}
    return {
        "fit": letters
        | signs
        | cut
        | {
            "curves": ("scribble", until_long(curves)),
            "segments": ("lines", until_long(segments)),
            "blots": ("blob", blots),
            "shapes": ("blob", shapes),
            "noise": ("texture", noise),
            "checks": ("texture", checks),
            "specks": ("specks", specks),
        },
        "choose": letters | signs | {"loops": ("scribble", until_long(loops)), "gratings": ("texture", gratings)},
        "measure": letters
        | signs
        | cut
        | {
            "walks": ("scribble", until_long(walk)),
            "hatching": ("scribble", until_long(hatching)),
            "stars": ("lines", until_long(stars)),
            "discs": ("blob", discs),
            "clouds": ("texture", clouds),
            "dots": ("texture", dots),
            "specks": ("specks", specks),
        },
    }[group]


def make(generator: Generator, num_images: int, seed: int, name: str = "") -> np.ndarray:
    """Images of one generator in MNIST's form: uint8 `(num_images, 28, 28)`, a function of the seed and the name."""
    rng = np.random.default_rng([seed, *name.encode()])
    return np.stack([np.asarray(centred(generator(rng))) for _ in range(num_images)])
