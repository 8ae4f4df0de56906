"""How a hand writes a form: its curves, slant, width, corners, tremor, overshoot and gaps. A generator decides it all.

Paths are arrays of points `(num_points, 2)`, (right, down), in heights of the character.
"""

import dataclasses
import functools
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from benchmarks.material.hands import doodles, forms, signs
from benchmarks.material.hands.doodles import Stroke

Paths = list[np.ndarray]
STEPS = 8  # places between two points of a curve
RANDOM = 0.75  # of the drawings to train on, that have no form
GROUPS = {"fit": forms.FIT, "choose": forms.CHOOSE, "measure": forms.MEASURE}
SIGNS = {"fit": signs.FIT, "choose": signs.CHOOSE, "measure": signs.MEASURE}


@dataclasses.dataclass(frozen=True)
class Habits:
    """How freely hands differ; each value is the largest of its kind.

    Args:
        stray: Standard deviation of a form's points, in heights.
        slant: Distance by which the top leans to the right, from and to, in heights.
        width: Width as a multiple of the form's, from and to.
        turn: Degrees by which a character is turned, either way.
        warp: Bending of the whole, in heights.
        tremor: Standard deviation of the pen's distance from its path, in heights.
        angular: Fraction of hands that join the points by straight lines.
    """

    stray: float = 0.03
    slant: tuple[float, float] = (-0.18, 0.4)
    width: tuple[float, float] = (0.65, 1.5)
    turn: float = 9.0
    warp: float = 0.05
    tremor: float = 0.011
    angular: float = 0.15


HABITS: Mapping[str, Habits] = {
    "fit": Habits(),
    "choose": Habits(0.02, (-0.12, 0.32), (0.75, 1.3), 7.0, 0.035, 0.009, 0.2),
    "measure": Habits(0.02, (-0.12, 0.32), (0.75, 1.35), 7.0, 0.035, 0.009, 0.2),
}


@functools.cache
def parse(form: str) -> tuple[Stroke, ...]:
    """The strokes of a form in the notation of `forms`."""
    strokes = []
    for text in form.split("|"):
        if text.strip().startswith("o"):
            x, y, width, height = (float(number) / 100 for number in text.strip()[1:].split(","))
            angle = np.linspace(-0.5 * np.pi, 1.55 * np.pi, 14)
            points = np.column_stack([x + width * np.cos(angle), y + height * np.sin(angle)])
            strokes.append((points, ()))
            continue
        words = text.split()
        points = np.array([[float(number) for number in word.rstrip("!").split(",")] for word in words]) / 100
        strokes.append((points, tuple(at for at, word in enumerate(words) if word.endswith("!"))))
    return tuple(strokes)


def smooth(points: np.ndarray) -> np.ndarray:
    """A Catmull-Rom curve through the points."""
    if len(points) < 3:
        return points
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    a, b, c, d = (ends[at : len(ends) - 3 + at, None] for at in range(4))
    t = np.linspace(0, 1, STEPS, endpoint=False)[None, :, None]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.vstack([curve.reshape(-1, 2), points[-1:]])


def one(rng: np.random.Generator) -> tuple[Stroke, ...]:
    """A 1 as people write it: a stroke, or with a flag from short and steep to long and low, with a base or without."""
    lean = rng.uniform(-0.08, 0.06)
    top, foot = np.array([0.4, 0.0]), np.array([0.4 + lean, 1.0])
    bend = (top + foot) / 2 + [rng.normal(0, 0.015), 0]
    points, corners = [top, bend, foot], ()
    kind = rng.random()
    if kind > 0.12:
        angle = np.deg2rad(rng.uniform(30, 76))
        length = rng.uniform(0.12, 0.85) if angle > 0.75 else rng.uniform(0.12, 0.66)
        start = top + length * np.array([-np.cos(angle), np.sin(angle)])
        middle = (start + top) / 2 + rng.uniform(-0.13, 0.13) * length * np.array([np.sin(angle), np.cos(angle)])
        points, corners = [start, middle, *points], (2,)
    strokes: list[Stroke] = [(np.array(points), corners)]
    if rng.random() < (0.45 if kind > 0.12 else 0.25):
        left, right = rng.uniform(0.1, 0.45, 2)
        tilt, y = rng.normal(0, 0.03), 1 + rng.normal(0, 0.015)
        strokes.append((np.array([[foot[0] - left, y + tilt], [foot[0] + right, y - tilt]]), ()))
    return tuple(strokes)


def seven(rng: np.random.Generator) -> tuple[Stroke, ...]:
    """A 7: its top flat, rising, falling or wavy, with a serif or without, its stem straight or bent, barred or not."""
    width = rng.uniform(0.34, 0.8)
    slope = width * np.tan(np.deg2rad(rng.uniform(-9, 14)))
    left, right = np.array([0.0, max(slope, 0)]), np.array([width, max(-slope, 0)])
    wave = rng.uniform(0, 0.07) * (rng.random() < 0.35)
    along = np.array([[0.0, 0.0], [width * 0.3, -wave - slope * 0.3], [width * 0.7, wave - slope * 0.7]])
    start = list(left + along)
    corners = 3
    if rng.random() < 0.35:  # a serif
        start.insert(0, np.add(left, [rng.normal(0, 0.03), rng.uniform(0.08, 0.32)]))
        corners = 4
    foot = np.array([rng.uniform(-0.05, 1.0) * width, 1.0])
    middle = right + (foot - right) * 0.5 + [rng.uniform(-0.11, 0.04), 0]
    points = np.array([*start, right, middle, foot])
    strokes: list[Stroke] = [(points, (1, corners) if corners == 4 else (corners,))]
    if rng.random() < 0.5:  # a bar
        at = rng.uniform(0.4, 0.64)
        centre = right + (foot - right) * at + [-0.04, 0]
        half, tilt = rng.uniform(0.12, 0.32, 2), np.tan(np.deg2rad(rng.uniform(-12, 22)))
        ends = [np.subtract(centre, [half[0], -half[0] * tilt]), np.add(centre, [half[1], -half[1] * tilt])]
        strokes.append((np.array(ends), ()))
    return tuple(strokes)


MADE = {"1": one, "7": seven}


def digit(rng: np.random.Generator, group: str, number: int) -> Paths:
    """The paths of a digit in one of the group's forms."""
    table = GROUPS[group]
    name = str(number)
    strokes = parse(str(rng.choice(table[name]))) if name in table else MADE[name](rng)
    return written(strokes, rng, HABITS[group], keeps_upright=number in (1, 7))


def sign(rng: np.random.Generator, group: str, kind: str) -> Paths:
    """The paths of a symbol, a letter or a drawing of the group (`kind` is a key of `signs.FIT`).

    Most drawings to train on have no form, but are drawn at random.
    """
    if group == "fit" and kind == "scribble" and rng.random() < RANDOM:
        return written(doodles.doodle(rng), rng, HABITS[group])
    return written(parse(str(rng.choice(SIGNS[group][kind]))), rng, HABITS[group])


def written(
    strokes: tuple[Stroke, ...], rng: np.random.Generator, habits: Habits, keeps_upright: bool = False
) -> Paths:
    """Strokes as a hand writes them. What only its angles tell apart, 1 and 7, is turned and leans less."""
    is_angular = rng.random() < habits.angular
    calm = 0.6 if keeps_upright else 1.0
    slant = calm * rng.uniform(*habits.slant)
    width = np.exp(rng.uniform(*np.log(habits.width)) * (0.7 if keeps_upright else 1.0))
    angle = np.deg2rad(calm * rng.uniform(-habits.turn, habits.turn))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    bend = rng.normal(0, habits.warp, (3, 2)) * calm
    tremor = habits.tremor * rng.random() ** 2
    paths = []
    for number, (points, corners) in enumerate(strokes):
        moved = points + rng.normal(0, habits.stray * calm, points.shape) + (rng.normal(0, 0.02, 2) if number else 0)
        cuts = [0, *(at for at in corners if 0 < at < len(points) - 1), len(points) - 1]
        pieces = [moved[first : last + 1] for first, last in pairwise(cuts)]
        path = moved if is_angular else np.vstack([smooth(piece) for piece in pieces])
        path = _lengthened(path, rng.normal(0, 0.02, 2))
        if tremor:
            stray = rng.normal(0, tremor * 1.7, (len(path) + 2, 2))
            path = path + (stray[:-2] + stray[1:-1] + stray[2:]) / 3
        x, y = path[:, 0] - 0.3, path[:, 1] - 0.5
        x = x + bend[0, 0] * (4 * y * y - 0.5) + bend[1, 0] * 2 * x * y
        y = y + bend[0, 1] * (4 * x * x - 0.5) + bend[1, 1] * 2 * x * y
        paths.append(np.column_stack([x * width - slant * y, y]) @ turn.T)
    return paths


def _lengthened(path: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """A path whose ends go on a little, or stop early where the change is negative."""
    path = path.copy()
    for (at, near), change in zip(((0, 1), (-1, -2)), ends, strict=True):
        if len(path) > 1:
            step = path[at] - path[near]
            length = float(np.hypot(*step))
            if length > 1e-6:
                path[at] += step / length * max(change, -0.5 * length)
    return path
