"""Pages as a camera would see them, composed of MNIST's digits, so that every digit and its place are known exactly.

    python benchmarks/material/pages.py FOLDER [--style hard] [--seed 0] [--pages 4]

Started like this, it writes pages to look at.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from mnistlab.datasets import Split, load_mnist

GLYPH_SCALE = 8  # digits are outlined on a grid this many times as fine as MNIST's
MIN_SIZE, MAX_SIZE = 12.0, 200.0  # longer side of a digit in pixels
CONTENT = (0.75, 0.775)  # fractions of the page's height and width that hold text; rotated by 10 degrees, it still fits


@dataclass(frozen=True)
class Style:
    """Ranges from which the properties of a page are drawn. Levels are grey levels, lengths are pixels of the photo."""

    name: str
    paper: tuple[float, float]
    contrast: tuple[float, float]  # difference between the levels of paper and ink
    light_ink: float  # fraction of pages with light ink on a dark ground
    slant: float  # largest shear of a page's hand to either side; each digit adds at most a third of that
    thickness: tuple[float, float]  # change of the outline, as a fraction of the stroke's half width
    gradient: float  # largest fraction of the light that the darkest corner lacks
    noise: tuple[float, float]  # standard deviation
    blur: float  # largest standard deviation; it is never more than a twentieth of the smallest digit
    rotation: float  # largest rotation to either side, in degrees
    rulings: tuple[str, ...]
    touching: float = 0.0  # fraction of digits whose box overlaps that of the next
    table: tuple[float, float] | None = None  # grey level of the table on which the sheet lies


CLEAN = Style("clean", (215, 255), (130, 210), 0.0, 0.25, (-0.2, 0.3), 0.05, (0.0, 2.0), 0.5, 10.0, ("plain",))
HARD = Style(
    "hard", (150, 240), (85, 150), 0.2, 0.35, (-0.3, 0.3), 0.5, (2.0, 7.0), 1.5, 10.0, ("plain", "ruled", "squared")
)
TOUCHING = replace(CLEAN, name="touching", touching=0.2)
TABLE = replace(HARD, name="on a table", light_ink=0.0, table=(10, 110))
STYLES = {style.name: style for style in (CLEAN, HARD, TOUCHING, TABLE)}
SHEET = 0.9  # fraction of the photo's height and width that a sheet on a table covers


@dataclass(frozen=True)
class Placed:
    """One digit of a page: its label, the box of its ink (top, left, bottom, right), and its place in the text."""

    label: int
    box: tuple[int, int, int, int]
    line: int
    position: int
    size: float  # the longer side in pixels, before the page was rotated


@dataclass(frozen=True, eq=False)
class Page:
    """A photo and everything that is on it."""

    photo: np.ndarray
    digits: list[Placed]
    ruling: str
    angle: float


def compose(split: Split, seed: int, style: Style, shape: tuple[int, int] = (1200, 1600), zoom: float = 1.0) -> Page:
    """Composes a page.

    Args:
        split: Images and labels from which every digit is taken at random.
        seed: Seed of everything that is random.
        style: Ranges from which the properties of the page are drawn.
        shape: Height and width of the photo.
        zoom: Factor for the sizes of the digits, which are 12 to 200 pixels otherwise.
    """
    rng = np.random.default_rng([seed, list(STYLES).index(style.name)])
    angle = float(rng.uniform(-style.rotation, style.rotation))
    turn = _rotation(angle)
    slant, thickness = rng.uniform(-style.slant, style.slant), rng.uniform(*style.thickness)
    ink, digits = np.zeros(shape, np.float32), []
    size, top, line = np.array(shape) * CONTENT, 0.0, 0
    while True:
        height = zoom * float(np.exp(rng.uniform(np.log(MIN_SIZE), np.log(MAX_SIZE))))
        if top + height > size[0]:
            if digits:
                break
            continue
        right, position = float(rng.uniform(0, 0.1)) * size[1], 0
        while position < 24:
            index = int(rng.integers(len(split)))
            shear = np.array([[1, 0], [-slant - rng.uniform(-1, 1) * style.slant / 3, 1]])
            glyph = _glyph(split.images[index], shear, thickness)
            own = min(max(height * float(rng.uniform(0.9, 1.1)), zoom * MIN_SIZE), zoom * MAX_SIZE)
            width = own * glyph.width
            if right + width > size[1]:
                break
            down = top + height / 2 + height * float(rng.uniform(-0.06, 0.06))
            centre = np.array(shape) / 2 + turn @ (np.array([down, right + width / 2]) - size / 2)
            box = _draw(ink, glyph, turn @ shear, centre, own)
            digits.append(Placed(int(split.labels[index]), box, line, position, own))
            gap = 0.12 * height + 2 + height * float(rng.uniform(0, 0.6))
            if style.touching and rng.random() < style.touching:
                gap = -height * float(rng.uniform(0.02, 0.12))
            right, position = right + width + gap * (4 if gap > 0 and rng.random() < 0.15 else 1), position + 1
        line += position > 0
        top += height * float(rng.uniform(1.4, 1.9)) + 6 * zoom
    ruling = str(rng.choice(style.rulings))
    smallest = min(digit.size for digit in digits)
    photo = _photograph(rng, style, ink, _ruling(rng, ruling, shape, turn, zoom), smallest, turn)
    return Page(photo, digits, ruling, angle)


@dataclass(frozen=True, eq=False)
class _Glyph:
    """A digit as the distance of each place from its outline, negative inside, in pixels of the fine grid."""

    distance: np.ndarray
    middle: np.ndarray
    longer: float
    width: float  # as a fraction of the longer side


def _glyph(image: np.ndarray, shear: np.ndarray, thickness: float) -> _Glyph:
    side = 28 * GLYPH_SCALE
    shape = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)) > 127
    distance = ndimage.distance_transform_edt(~shape) - ndimage.distance_transform_edt(shape)
    distance -= thickness * 2 * -distance[distance < 0].mean()  # half the width of a stroke is twice its mean depth
    places = shear @ np.array(np.nonzero(distance < 0))
    low, high = places.min(axis=1), places.max(axis=1)
    longer = float((high - low).max()) + 1
    middle = np.linalg.inv(shear) @ (low + high) / 2
    return _Glyph(distance.astype(np.float32), middle, longer, float(high[1] - low[1] + 1) / longer)


def _rotation(degrees: float) -> np.ndarray:
    """The matrix that rotates (down, right) offsets; positive angles turn the right end of a line down."""
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    return np.array([[cosine, sine], [-sine, cosine]])


def _draw(
    ink: np.ndarray, glyph: _Glyph, matrix: np.ndarray, centre: np.ndarray, size: float
) -> tuple[int, int, int, int]:
    """Draws one digit from its outline, so that edges are as sharp at 200 pixels as at 12; returns its box."""
    scale = size / glyph.longer
    reach = int(np.ceil(0.8 * size)) + 3
    corner = np.floor(centre).astype(int) - reach
    inverse = np.linalg.inv(matrix) / scale
    offset = glyph.middle - inverse @ (centre - corner)
    window = ndimage.affine_transform(
        glyph.distance, inverse, offset, (2 * reach, 2 * reach), order=1, mode="constant", cval=1e3
    )
    coverage = np.clip(0.5 - window * scale, 0, 1)
    low, high = np.maximum(corner, 0), np.minimum(corner + 2 * reach, ink.shape)
    part = coverage[low[0] - corner[0] : high[0] - corner[0], low[1] - corner[1] : high[1] - corner[1]]
    target = ink[low[0] : high[0], low[1] : high[1]]
    np.maximum(target, part, out=target)
    pieces, count = ndimage.label(part > min(0.5, part.max() * 0.99), np.ones((3, 3)))
    areas = np.bincount(pieces.ravel(), minlength=count + 1)
    areas[0] = 0
    rows, columns = np.nonzero(
        (areas >= 0.1 * areas.sum())[pieces]
    )  # some of MNIST's images have dust beside the digit
    top, left = int(rows.min() + low[0]), int(columns.min() + low[1])
    return top, left, int(rows.max() + 1 + low[0]), int(columns.max() + 1 + low[1])


def _ruling(
    rng: np.random.Generator, kind: str, shape: tuple[int, int], turn: np.ndarray, zoom: float
) -> np.ndarray | float:
    """The fraction of each pixel that the printed lines of the paper cover."""
    if kind == "plain":
        return 0.0
    down, right = np.meshgrid(*(np.arange(length, dtype=np.float32) - length / 2 for length in shape), indexing="ij")
    distance, width = zoom * rng.uniform(28, 80), zoom * rng.uniform(1.0, 2.2)
    covered = np.zeros(shape, np.float32)
    for axis in range(2 if kind == "squared" else 1):
        away = turn[0, axis] * down + turn[1, axis] * right + rng.uniform(0, distance)
        np.maximum(covered, np.clip(width / 2 + 0.5 - np.abs(away % distance - distance / 2), 0, 1), out=covered)
    return covered


def _on_sheet(shape: tuple[int, int], turn: np.ndarray) -> np.ndarray:
    """Which pixels the sheet covers, rotated like its writing."""
    down, right = np.meshgrid(*(np.arange(length, dtype=np.float32) - length / 2 for length in shape), indexing="ij")
    along = [np.abs(turn[0, axis] * down + turn[1, axis] * right) for axis in range(2)]
    return (along[0] < SHEET / 2 * shape[0]) & (along[1] < SHEET / 2 * shape[1])


def _photograph(
    rng: np.random.Generator,
    style: Style,
    ink: np.ndarray,
    ruling: np.ndarray | float,
    smallest: float,
    turn: np.ndarray,
) -> np.ndarray:
    """Takes the photo: levels of paper and ink, light, blur and noise."""
    height, width = ink.shape
    paper, contrast = rng.uniform(*style.paper), rng.uniform(*style.contrast)
    covered = np.maximum(ink, ruling * rng.uniform(0.2, 0.6))
    photo = paper - min(contrast, paper - 5) * covered
    if rng.random() < style.light_ink:
        photo = 255 - photo
    if style.table:
        photo = np.where(_on_sheet(ink.shape, turn), photo, rng.uniform(*style.table))
    down, right = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    direction, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-0.5, 0.5, 2)
    slope = np.cos(direction) * down + np.sin(direction) * right + bend[0] * down * down + bend[1] * down * right
    slope = (slope - slope.min()) / (slope.max() - slope.min())
    photo = photo * (1 - rng.uniform(0, style.gradient) * slope)
    photo = ndimage.gaussian_filter(photo.astype(np.float32), rng.uniform(0, min(style.blur, smallest / 20)))
    photo += rng.normal(0, rng.uniform(*style.noise), photo.shape)
    return np.clip(np.round(photo), 0, 255).astype(np.uint8)


def main() -> None:
    """Writes pages to look at."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--style", choices=STYLES, default="hard")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first page")
    parser.add_argument("--pages", type=int, default=4, help="number of pages")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    train = load_mnist().train
    for seed in range(arguments.seed, arguments.seed + arguments.pages):
        page = compose(train, seed, STYLES[arguments.style])
        path = arguments.folder / f"{arguments.style}-{seed}.png"
        Image.fromarray(page.photo).save(path)
        print(f"{path}: {len(page.digits)} digits, {page.ruling}, {page.angle:.1f} degrees")


if __name__ == "__main__":
    main()
