"""Drawings that nobody set down as a form: an outline, marks inside it, and rays or limbs around it, all at random.

They teach the network of kinds that a ring with something in it, or something on it, is no 0. Points are (right, down)
in heights, as `writing.parse` gives them; a generator decides everything.
"""

import numpy as np

Stroke = tuple[np.ndarray, tuple[int, ...]]  # points, and indices of those that are corners


def ring(rng: np.random.Generator, centre: np.ndarray, half: np.ndarray, dents: float = 0.0) -> Stroke:
    """A closed curve around a centre, as wide and high as `half` says; with dents it is a cloud or a flower."""
    number = int(rng.integers(4, 9)) if dents else 0
    angle = rng.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi * rng.uniform(0.97, 1.05), 40 if dents else 14)
    radius = 1 + dents * np.abs(np.sin(number * angle / 2)) if dents else np.ones_like(angle)
    points = centre + np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None] * half / (1 + dents)
    return points, ()


def polygon(rng: np.random.Generator, centre: np.ndarray, half: np.ndarray) -> Stroke:
    """A closed polygon with three to six corners, or a star."""
    number = int(rng.integers(3, 7))
    is_star = rng.random() < 0.2
    angle = rng.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi, (2 if is_star else 1) * number + 1)
    radius = np.where(np.arange(len(angle)) % 2, rng.uniform(0.35, 0.6), 1.0) if is_star else np.ones(len(angle))
    points = centre + np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None] * half
    return points, tuple(range(1, len(points) - 1))


def heart(rng: np.random.Generator, centre: np.ndarray, half: np.ndarray) -> Stroke:
    """A heart: two round bows and a point."""
    dip, bow = rng.uniform(-0.7, -0.2), rng.uniform(0.35, 0.6)
    right = [(0, dip), (bow, -1), (1, rng.uniform(-0.6, -0.2)), (0.6, 0.35), (0, 1)]
    left = [(-x, y) for x, y in right[::-1][1:]]
    return centre + np.array(right + left) * half, (4,)


def mark(rng: np.random.Generator, at: np.ndarray, size: float) -> list[Stroke]:
    """A small mark: a dot, a small ring, a stroke, an arc, a cross, or a small polygon."""
    kind, angle = int(rng.integers(6)), rng.uniform(0, np.pi)
    along = size * np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    if kind == 0:
        return [(np.array([at, at + rng.uniform(0.02, 0.3) * along]), ())]
    if kind == 1:
        return [ring(rng, at, np.full(2, 0.6 * size) * rng.uniform(0.6, 1.2, 2))]
    if kind == 2:
        return [(np.array([at - along, at + along]), ())]
    if kind == 3:
        return [(np.array([at - along, at + rng.uniform(0.4, 1.0) * across, at + along]), ())]
    if kind == 4:
        return [(np.array([at - along, at + along]), ()), (np.array([at - across, at + across]), ())]
    return [polygon(rng, at, np.full(2, 0.8 * size))]


def inside(rng: np.random.Generator, centre: np.ndarray, half: np.ndarray) -> list[Stroke]:
    """What is within an outline: eyes and a mouth, a door and windows, or one to five marks anywhere."""
    if rng.random() < 0.45:  # two alike, side by side, and one more below
        apart, up, size = rng.uniform(0.2, 0.5), rng.uniform(0.05, 0.5), rng.uniform(0.08, 0.22) * half.min()
        seed = int(rng.integers(2**32))
        strokes = []
        for side in (-1, 1):
            place = centre + half * (side * apart, -up)
            strokes += mark(np.random.default_rng(seed), place, size)
        width, bow = rng.uniform(0.2, 0.6), rng.uniform(-0.35, 0.4)
        low = rng.uniform(0.2, 0.6)
        mouth = np.array([(-width, low), (0, low + bow), (width, low)]) * half + centre
        strokes.append((mouth, ()))
        return strokes + (mark(rng, centre, 0.12 * half.min()) if rng.random() < 0.3 else [])
    strokes = []
    for _ in range(int(rng.integers(1, 6))):
        place = centre + half * rng.uniform(-0.55, 0.55, 2)
        strokes += mark(rng, place, rng.uniform(0.08, 0.4) * half.min())
    return strokes


def around(rng: np.random.Generator, centre: np.ndarray, half: np.ndarray, fewest: int) -> list[Stroke]:
    """Rays all around, or up to four limbs, stalks and tails, and at least so few."""
    if rng.random() < 0.5:
        number = int(rng.integers(4, 13))
        angles = rng.uniform(0, 2 * np.pi) + np.arange(number) * 2 * np.pi / number
        first, last = sorted(rng.uniform(1.0, 1.9, 2))
        last = max(last, first + 0.25)
    else:
        angles = rng.uniform(0, 2 * np.pi, int(rng.integers(fewest, 5)))
        first, last = rng.uniform(0.95, 1.05), rng.uniform(1.3, 2.6)
    strokes = []
    for angle in angles:
        way = np.array([np.cos(angle), np.sin(angle)]) * half
        bend = rng.normal(0, 0.1) * np.array([-way[1], way[0]])
        ends = centre + first * way, centre + (first + last) / 2 * way + bend, centre + last * way
        strokes.append((np.array(ends), ()))
    return strokes


def doodle(rng: np.random.Generator) -> tuple[Stroke, ...]:
    """A drawing with strokes as `writing.parse` gives them."""
    centre = np.array([0.5, 0.5])
    half = 0.5 * rng.uniform(0.55, 1.0, 2)
    kind = rng.random()
    if kind < 0.45:
        outline = ring(rng, centre, half)
    elif kind < 0.6:
        outline = ring(rng, centre, half, rng.uniform(0.15, 0.6))
    elif kind < 0.9:
        outline = polygon(rng, centre, half)
    else:
        outline = heart(rng, centre, half)
    strokes = [outline]
    # A triangle, a star or a heart may stand alone; another polygon may be a 0 of an angular hand.
    is_plain = kind >= 0.6 and rng.random() < 0.2 and (kind >= 0.9 or not 5 <= len(outline[0]) <= 7)
    has_inside = rng.random() < 0.65
    if has_inside and not is_plain:
        strokes += inside(rng, centre, half)
    if not is_plain and (not has_inside or rng.random() < 0.3):
        strokes += around(rng, centre, half, 1 if has_inside else 2)  # a ring with one limb may be a 6 or a 9
    return tuple(strokes)
