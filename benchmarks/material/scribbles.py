"""Scribbles, shapes and textures: drawings that show no digit, each a function of a random generator.

Each function draws on a square canvas and returns its levels, or the paths of the strokes to be drawn on one.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

CANVAS, BOX = 96, 76  # sides in pixels: of the canvas before it is reduced, and of the part that strokes go through
SCALE = CANVAS / 28
LEAST_PATH = 4.0  # length of a scribble in sides of the box; an 8 has about 3, so no scribble is a digit by chance

Generator = Callable[[np.random.Generator], np.ndarray]


def strokes(paths: list[np.ndarray], width: float) -> np.ndarray:
    """Draws lines through points between 0 and 1, with a round pen whose width is in pixels of the 28 grid."""
    picture = Image.new("L", (CANVAS, CANVAS))
    pen, draw = width * SCALE * BOX / (20 * SCALE), ImageDraw.Draw(picture)
    for path in paths:
        points = [tuple(point) for point in (CANVAS - BOX) / 2 + path * BOX]
        draw.line(points, fill=255, width=max(1, round(pen)), joint="curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    return np.asarray(picture)


def smooth(points: np.ndarray, closed: bool = False) -> np.ndarray:
    """A curve through points, by cubic interpolation over their indices."""
    places = np.linspace(0, len(points) - (not closed), 12 * len(points))
    mode = "grid-wrap" if closed else "nearest"
    return np.stack([ndimage.map_coordinates(axis, [places], order=3, mode=mode) for axis in points.T], axis=1)


def fitted(path: np.ndarray) -> np.ndarray:
    """A path moved and scaled into the square from 0 to 1, with its aspect kept."""
    path = path - path.min(axis=0)
    return path / max(path.max(), 1e-6)


def is_long(paths: list[np.ndarray]) -> bool:
    """Whether strokes are longer together than those of any digit."""
    return sum(float(np.hypot(*np.diff(path, axis=0).T).sum()) for path in paths) >= LEAST_PATH


def pen(rng: np.random.Generator) -> float:
    """Draws the width of a pen, in pixels of the 28 grid."""
    return float(rng.uniform(1.3, 3.6))


def until_long(draw: Callable[[np.random.Generator], list[np.ndarray]]) -> Generator:
    """Turns paths into a generator that draws new ones until they are long enough."""

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
    """A spiral drawn while the hand moves on, like an endless row of e's and l's."""
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
    """Lines back and forth, as in crossing out or shading."""
    number, angle = int(rng.integers(5, 12)), rng.uniform(0, np.pi)
    y = np.linspace(0, rng.uniform(0.4, 1), number) + rng.normal(0, 0.03, number)
    x = np.arange(number) % 2 + rng.normal(0, 0.08, number)
    turned = np.stack([x, y], axis=1) @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return [fitted(turned)]


def stars(rng: np.random.Generator) -> list[np.ndarray]:
    """Closed outlines whose corners point out and in by turns."""
    number = 2 * int(rng.integers(4, 8))
    angle = np.linspace(0, 2 * np.pi, number + 1)[:-1] + rng.normal(0, 0.1, number)
    radius = np.where(np.arange(number) % 2, rng.uniform(0.2, 0.45), 1) * rng.uniform(0.8, 1.2, number)
    corners = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return [fitted(np.concatenate([corners, corners[:1]]))]


def painted(level: np.ndarray, covered: float, softness: float = 4.0) -> np.ndarray:
    """Turns the highest values of a field, a fraction `covered` of them, into ink with soft edges."""
    spread = max(float(level.std()), 1e-6)
    return (255 / (1 + np.exp(-softness * (level - np.quantile(level, 1 - covered)) / spread))).astype(np.uint8)


def field(rng: np.random.Generator, roughness: float) -> np.ndarray:
    """A random field; the larger `roughness`, in pixels, the smoother it is."""
    return ndimage.gaussian_filter(rng.normal(size=(CANVAS, CANVAS)), roughness, mode="wrap")


def blots(rng: np.random.Generator) -> np.ndarray:
    """Ink where a smooth field is high, near the middle."""
    y, x = np.mgrid[-1:1:96j, -1:1:96j]
    near = np.exp(-(x**2 + y**2) * rng.uniform(0.5, 3))
    return painted(field(rng, rng.uniform(8, 16)) * 60 * near + near, rng.uniform(0.15, 0.6), softness=12)


def shapes(rng: np.random.Generator) -> np.ndarray:
    """A filled ellipse or polygon, too thick for a stroke."""
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
    """Shades of all sizes, like skin, wood or a shadow: a field with a 1/f spectrum."""
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
    """A few grains of dust far apart, like those on a blank page."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    for y, x in rng.integers(2, CANVAS - 6, (rng.integers(2, 9), 2)):
        canvas[y : y + rng.integers(2, 5), x : x + rng.integers(2, 5)] = rng.integers(90, 256)
    return canvas
