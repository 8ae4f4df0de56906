"""Writes the results of `normalize_digit` for chosen crops, so that another implementation can be checked against them.

    python benchmarks/material/normalize_vectors.py

The crops are digits of MNIST's training images, drawn digits and shapes of many sizes, and some without ink. The file
is tests/data/normalize_digit.json.
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mnistlab.datasets import load_mnist
from mnistlab.reader.normalization import Normalized, normalize_digit
from mnistlab.system.files import write_text

VECTORS = Path(__file__).parents[2] / "tests" / "data" / "normalize_digit.json"


def stroke(shape: tuple[int, int], points: list[tuple[float, float]], width: float) -> np.ndarray:
    """Draws light ink on dark ground along straight lines between points (down, right) in pixels; edges are soft."""
    down, right = np.meshgrid(*(np.arange(length) + 0.5 for length in shape), indexing="ij")
    distance = np.full(shape, np.inf)
    for (y0, x0), (y1, x1) in pairwise(points):
        along = np.clip(((down - y0) * (y1 - y0) + (right - x0) * (x1 - x0)) / ((y1 - y0) ** 2 + (x1 - x0) ** 2), 0, 1)
        distance = np.minimum(distance, np.hypot(down - y0 - along * (y1 - y0), right - x0 - along * (x1 - x0)))
    return np.round(255 * np.clip(width / 2 + 0.5 - distance, 0, 1)).astype(np.uint8)


def crops() -> Iterator[tuple[str, np.ndarray, dict[str, Any]]]:
    """Yields the name, the crop and the arguments of each vector."""
    images = load_mnist().train.images
    seven = [(12.0, 10.0), (14.0, 48.0), (66.0, 22.0)]
    rng = np.random.default_rng(0)
    yield "an image of MNIST", images[0], {}
    yield "its negative", 255 - images[0], {}
    yield "an image of MNIST, every step left out", images[1], dict.fromkeys(STEPS, False)
    yield "a seven", stroke((80, 60), seven, 8), {}
    yield "dark ink on light paper", 230 - stroke((80, 60), seven, 8) // 2, {}
    yield "dark ink, as told", 230 - stroke((80, 60), seven, 8) // 2, {"ink": "dark"}
    yield "faint ink", 100 + stroke((80, 60), seven, 8) // 8, {}
    yield (
        "noise on the ground",
        np.clip(30 + stroke((80, 60), seven, 8) * 0.7 + rng.normal(0, 5, (80, 60)), 0, 255).astype(np.uint8),
        {},
    )
    yield "a thin line", stroke((80, 60), seven, 1.5), {}
    yield "a thin line left thin", stroke((80, 60), seven, 1.5), {"thickness": False}
    yield "a hairline", stroke((130, 90), [(5.0, 8.0), (8.0, 82.0), (126.0, 30.0)], 1.4), {}
    yield "a hairline on a large photo", stroke((500, 26), [(4.0, 4.0), (8.0, 22.0), (495.0, 12.0)], 1.6), {}
    yield "a thick line", stroke((80, 60), seven, 32), {}
    yield "small, enlarged", stroke((14, 12), [(2.5, 2), (2.5, 9), (12, 4)], 1.6), {}
    yield "off the middle", np.pad(images[2][4:24, 4:24], ((0, 60), (40, 0))), {}
    yield "off the middle, not cropped", np.pad(images[2][4:24, 4:24], ((0, 30), (20, 0))), {"crop_to_ink": False}
    yield "not centred by its mass", images[4], {"centre": False}
    yield "ink at one edge", stroke((40, 30), [(0, 15), (40, 15)], 6), {}
    yield "flat and wide", stroke((9, 90), [(4.5, 5), (4.5, 85)], 3), {}
    yield "one pixel of ink", np.array([[0, 0, 0], [0, 200, 0], [0, 0, 0]], np.uint8), {}
    yield "two pixels", np.array([[0, 255]], np.uint8), {}
    yield "a column of 300 pixels", np.array([[0]] * 100 + [[255]] * 100 + [[0]] * 100, np.uint8), {}
    yield "one pixel", np.array([[7]], np.uint8), {}
    yield "all ink", np.full((20, 20), 255, np.uint8), {}
    yield "noise alone", np.clip(rng.normal(120, 12, (30, 30)), 0, 255).astype(np.uint8), {}
    yield "a slope of light", np.tile(np.arange(100, 160, dtype=np.uint8), (20, 1)), {}


STEPS = ("contrast", "crop_to_ink", "thickness", "centre")


def describe(normalized: Normalized) -> dict[str, Any]:
    """Everything that another implementation must reproduce, with fractions rounded to six places."""
    if normalized.is_blank:
        return {"is_blank": True}
    return {
        "is_blank": False,
        "is_flipped": normalized.is_flipped,
        "box": list(normalized.box),
        "scale": round(normalized.scale, 6),
        "off_centre": [round(value, 6) for value in normalized.off_centre],
        "shift": list(normalized.shift),
        "thickness_before": round(normalized.thickness_before, 6),
        "thickness": round(normalized.thickness, 6),
        "image": normalized.image.ravel().tolist(),
    }


def main() -> None:
    """Writes the vectors."""
    vectors = [
        {
            "name": name,
            "height": crop.shape[0],
            "width": crop.shape[1],
            "crop": crop.ravel().tolist(),
            "arguments": {"ink": "auto", **dict.fromkeys(STEPS, True), **arguments},
            "normalized": describe(normalize_digit(crop, **arguments)),
        }
        for name, crop, arguments in crops()
    ]
    write_text(VECTORS, "[\n" + ",\n".join(json.dumps(vector, separators=(",", ":")) for vector in vectors) + "\n]\n")
    print(f"{len(vectors)} vectors, {VECTORS.stat().st_size:,} bytes: {VECTORS}")


if __name__ == "__main__":
    main()
