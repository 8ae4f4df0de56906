"""MNIST's digits as they look on other paper: thinner and thicker strokes, blur, faint ink, grain.

A digit that was cut from a photo and brought into MNIST's form still differs from MNIST's images in these ways, and the
affine augmentation of a recipe covers none of them. Everything is a function of the seed.
"""

import numpy as np
from scipy import ndimage

SHARES = {"stroke": 0.7, "blur": 0.5, "grain": 0.2}  # fraction of the images that is changed in each way
CROSS = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]], bool)
CHUNK = 4096


def widen(images: np.ndarray, seed: int) -> np.ndarray:
    """Makes a variant of every image.

    Args:
        images: Images, uint8 `(num_images, 28, 28)`.
        seed: Seed of everything random.

    Returns:
        Variants, uint8 `(num_images, 28, 28)`, in the same order.
    """
    chunks = [images[first : first + CHUNK] for first in range(0, len(images), CHUNK)]
    return np.concatenate([_widen(chunk, np.random.default_rng([seed, at])) for at, chunk in enumerate(chunks)])


def _widen(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    num_images = len(images)
    result = images.astype(np.float32)
    # At a strength of 1 a stroke gains or loses one pixel on either side; below it, its edge changes in part.
    strength = rng.uniform(-0.7, 1.0, num_images) * (rng.random(num_images) < SHARES["stroke"])
    for sign, change in ((1, ndimage.grey_dilation), (-1, ndimage.grey_erosion)):
        chosen = np.flatnonzero(sign * strength > 0)
        share = np.abs(strength[chosen])[:, None, None].astype(np.float32)
        changed = change(result[chosen], footprint=CROSS)
        result[chosen] += share * (changed - result[chosen])
    level = rng.integers(1, 6, num_images) * (rng.random(num_images) < SHARES["blur"])
    for number in range(1, 6):
        chosen = np.flatnonzero(level == number)
        result[chosen] = ndimage.gaussian_filter(result[chosen], (0, 0.2 * number, 0.2 * number))
    # The ink stays as dark as it was or becomes fainter, the edges become harder or softer.
    peak = np.maximum(result.max(axis=(1, 2), keepdims=True), 1)
    exponent = np.exp(rng.uniform(-0.5, 0.5, (num_images, 1, 1)))
    result = 255 * rng.uniform(0.75, 1, (num_images, 1, 1)) * (result / peak) ** exponent
    grain = rng.uniform(4, 16, (num_images, 1, 1)) * (rng.random((num_images, 1, 1)) < SHARES["grain"])
    result += grain * rng.standard_normal(result.shape)
    return np.clip(np.round(result), 0, 255).astype(np.uint8)
