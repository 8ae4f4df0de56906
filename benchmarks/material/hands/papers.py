"""Photos of ink: paper, light, shadow, blur, noise and the camera's file.

Only benchmarks look at these papers; nothing is trained on them.
"""

import io

import numpy as np
from PIL import Image
from scipy import ndimage

PAPERS = ("white", "cream", "recycled", "board", "screen", "grey")
_LEVELS = {"white": (215, 250), "cream": (185, 225), "recycled": (150, 195), "board": (25, 70), "grey": (95, 150)}


def photograph(ink: np.ndarray, rng: np.random.Generator, paper: str = "", strength: float = 0.0) -> np.ndarray:
    """A photo of ink on paper.

    Args:
        ink: Ink, 0 to 1, `(height, width)`.
        rng: Source of everything random.
        paper: One of `PAPERS`; drawn at random by default.
        strength: Contrast of the ink, 0 to 1 of the paper's level; drawn at random by default.

    Returns:
        uint8 of the same shape.
    """
    paper = paper or str(rng.choice(PAPERS))
    if paper == "screen":
        photo = 255 * (1 - ink) if rng.random() < 0.6 else 255 * ink
        return np.clip(np.round(photo), 0, 255).astype(np.uint8)
    strength = strength or rng.uniform(0.45, 0.85)
    level = rng.uniform(*_LEVELS[paper])
    photo = level + (235 if paper == "board" else 0.0) * strength * ink - level * strength * ink
    if paper in ("recycled", "board"):
        grain = ndimage.gaussian_filter(rng.normal(0, 1, ink.shape), rng.uniform(1, 3))
        photo = photo + rng.uniform(2, 5) * grain / max(float(grain.std()), 1e-6)
    photo = photo * lit(ink.shape, rng, rng.uniform(0, 0.4))
    if rng.random() < 0.6:
        photo = ndimage.gaussian_filter(photo, rng.uniform(0.3, max(0.5, 0.008 * max(ink.shape))))
    photo = np.clip(photo + rng.normal(0, rng.uniform(0.5, 4), ink.shape), 0, 255)
    return saved(np.round(photo).astype(np.uint8), int(rng.integers(60, 96)))


def lit(shape: tuple[int, ...], rng: np.random.Generator, fall: float) -> np.ndarray:
    """Light that falls off by a fraction from one side to another."""
    down, right = np.meshgrid(*(np.linspace(-1, 1, length) for length in shape), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.cos(angle) * down + np.sin(angle) * right + rng.uniform(-0.4, 0.4) * down * right
    return 1 - fall * (slope - slope.min()) / max(float(np.ptp(slope)), 1e-6)


def shaded(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A photo with the shadow of a hand, or the tip of a finger at its edge."""
    height, width = photo.shape
    down, right = np.mgrid[0:height, 0:width]
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.2, 0.25)
    away = (np.cos(angle) * (down / height - 0.5) + np.sin(angle) * (right / width - 0.5)) - offset
    if rng.random() < 0.6:
        softness = rng.uniform(0.01, 0.08)
        shadow = 1 - rng.uniform(0.25, 0.5) / (1 + np.exp(-away / softness))
        return np.clip(np.round(photo * shadow), 0, 255).astype(np.uint8)
    side = int(rng.integers(4))
    middle = [
        (0, rng.uniform(0.1, 0.9)),
        (1, rng.uniform(0.1, 0.9)),
        (rng.uniform(0.1, 0.9), 0),
        (rng.uniform(0.1, 0.9), 1),
    ]
    y, x = middle[side]
    radius = rng.uniform(0.1, 0.17) * max(height, width)
    distance = np.hypot(down - y * height, right - x * width)
    tip = ndimage.gaussian_filter((distance < radius).astype(float), 1.5)
    skin = photo.mean() * rng.uniform(0.6, 0.8)
    return np.clip(np.round(photo * (1 - tip) + skin * tip), 0, 255).astype(np.uint8)


def saved(photo: np.ndarray, quality: int) -> np.ndarray:
    """A photo as it comes back from a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("L"))


def on_page(ink: np.ndarray, rng: np.random.Generator, least: float = 0.15, most: float = 1.2) -> np.ndarray:
    """Ink with empty paper around it, on each side a fraction of its longer side between `least` and `most`."""
    margins = (rng.uniform(least, most, (2, 2)) * max(ink.shape)).astype(int)
    return np.pad(ink, margins.tolist())
