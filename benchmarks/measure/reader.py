"""How well digits are found and read on composed pages, and how long a photo of 12 million pixels takes.

    python benchmarks/measure/reader.py [--pages 60] [--tune] [--photo-only] [--table-only]

Composes pages of MNIST's test digits (benchmarks/material/pages.py), reads each as `mnistlab read` does, and compares
the answers with the digits on it. Everything was tuned on pages of training digits; `--tune` measures those and writes
nothing. Also measures what `normalize_digit` does to MNIST's own test images, as they are and drawn with other pens.
"""

import statistics
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.morphology import skeletonize

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.material import pages
from benchmarks.measure.benchmark import Benchmark, Results, cores, markdown_table
from benchmarks.measure.memory import read_status, watch
from mnistlab.datasets import Split, load_mnist
from mnistlab.evaluation.metrics import wilson_interval
from mnistlab.inference import pretrained
from mnistlab.models.backend import describe_environment
from mnistlab.reader import DigitReader, Reading
from mnistlab.reader.normalization import normalize_digit

FIRST_SEED = {"test": 0, "train": 1000}  # seed of the first page
MIN_SHARE = 0.5  # a digit counts as found if its box and the one that was found share this much of their union
PENS = (0.2, 0.4, 0.7)  # widths of strokes in pixels of MNIST's images
GOALS = {"clean": (0.99, 0.98, 0.99), "hard": (0.99, 0.95, 0.99)}  # found, read right, in order
PHOTO_SHAPE = (3000, 4000)


def share(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Intersection over union of two boxes."""
    height, width = (min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1))
    both = max(height, 0) * max(width, 0)
    return both / (sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - both)


def compare(page: pages.Page, readings: list[Reading]) -> Counter[str]:
    """Counts the digits that were found, that were read correctly, and the pairs that were kept in order.

    Two digits that follow each other in the text and were both found are in order if they follow each other in the
    answers too, and if they are on the same line there exactly when they are on the page.
    """
    counts: Counter[str] = Counter(digits=len(page.digits))
    found: list[tuple[int, pages.Placed]] = []
    left = set(range(len(readings)))
    for digit in page.digits:
        best = max(left, key=lambda index: share(digit.box, readings[index].found.box), default=None)
        if best is None or share(digit.box, readings[best].found.box) < MIN_SHARE:
            counts["missed, small" if digit.size < 16 else "missed, larger"] += 1
            continue
        left.remove(best)
        found.append((best, digit))
        counts[readings[best].kind] += 1
        counts["right"] += readings[best].digit == digit.label
        counts["wrong and sure"] += readings[best].kind == "digit" and readings[best].digit != digit.label
    for (one, first), (other, second) in pairwise(found):
        same = readings[one].found.line == readings[other].found.line
        counts["pairs"] += 1
        counts["in order"] += one < other and same == (first.line == second.line)
    counts["found"] = len(found)
    counts["taken for digits"] = sum(readings[index].kind == "digit" for index in left)
    return counts


def measure_pages(split: Split, style: pages.Style, first_seed: int, num_pages: int) -> Results:
    """Composes and reads pages of one style."""
    reader, counts = DigitReader(), Counter[str]()
    for seed in range(first_seed, first_seed + num_pages):
        page = pages.compose(split, seed, style)
        counts += compare(page, reader.read(page.photo))
    shares = {
        "found": (counts["found"], counts["digits"]),
        "right": (counts["right"], counts["digits"]),
        "in_order": (counts["in order"], counts["pairs"]),
    }
    return {
        "pages": num_pages,
        "counts": dict(sorted(counts.items())),
        **{name: {"share": part / of, "interval": wilson_interval(part, of)} for name, (part, of) in shares.items()},
    }


def measure_identity(split: Split) -> Results:
    """Measures what `normalize_digit` does to images that are in MNIST's form already."""
    normalized = [normalize_digit(image) for image in split.images]
    images = np.stack([one.image for one in normalized])
    plain, through = (_predict(array) for array in (split.images, images))
    return {
        "num_images": len(split),
        "accuracy": float((plain == split.labels).mean()),
        "accuracy_normalized": float((through == split.labels).mean()),
        "changed_answers": int((plain != through).sum()),
        "changed_thickness": sum(one.thickness != one.thickness_before for one in normalized),
        "resampled": sum(one.scale != 1 for one in normalized),
        "median_largest_change": float(np.median(np.abs(images.astype(int) - split.images).max(axis=(1, 2)))),
    }


def _predict(images: np.ndarray) -> np.ndarray:
    classifier = pretrained()
    return np.concatenate([classifier(images[at : at + 500]).argmax(axis=1) for at in range(0, len(images), 500)])


def measure_pens(split: Split) -> Results:
    """Accuracy on digits redrawn with thin pens along the middle of their strokes, with and without that step."""
    results = {}
    for pen in PENS:
        crops = [redraw(image, pen) for image in split.images]
        results[f"{pen}"] = {
            name: float(
                (_predict(np.stack([normalize_digit(crop, **off).image for crop in crops])) == split.labels).mean()
            )
            for name, off in {"accuracy": {}, "accuracy_without": {"thickness": False}}.items()
        }
    return results


def redraw(image: np.ndarray, pen: float) -> np.ndarray:
    """Redraws a digit ten times as large with a pen whose width is given in pixels of the small image."""
    large = Image.fromarray(image).resize((280, 280), Image.Resampling.BICUBIC)
    distance = ndimage.distance_transform_edt(~skeletonize(np.asarray(large) > 127))
    return np.where(distance <= 5 * pen, 255, 0).astype(np.uint8)


def measure_photo(split: Split, repeats: int = 5) -> Results:
    """Time and memory of `mnistlab read`, start of the process included, on a photo of the size that phones take."""
    page = pages.compose(split, 0, pages.HARD, PHOTO_SHAPE, zoom=2.5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        Image.fromarray(page.photo).convert("RGB").save(path, quality=90)
        runs = [_run([sys.executable, "-m", "mnistlab", "read", str(path), "--json"]) for _ in range(repeats)]
    counts = compare(page, DigitReader().read(page.photo))
    return {
        "pixels": PHOTO_SHAPE[0] * PHOTO_SHAPE[1],
        "digits": counts["digits"],
        "found": counts["found"],
        "right": counts["right"],
        **{f"median_{name}": statistics.median(run[name] for run in runs) for name in runs[0]},
        "runs": runs,
    }


def _run(command: list[str]) -> dict[str, float]:
    started, peaks = time.perf_counter(), [0.0]
    usage = watch(command, lambda process_id: peaks.append(read_status(process_id, {"VmHWM": "peak"})["peak"]), 0.005)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime, "peak_mb": max(peaks)}


def measure(num_pages: int, tune: bool, photo_only: bool) -> Results | None:
    """Measures everything, or only the photo; to tune, only pages of training digits, without results."""
    if photo_only:
        return BENCHMARK.read() | {"photo": measure_photo(load_mnist().test)}
    split, first_seed = load_mnist().test, FIRST_SEED["test"]
    if tune:
        split, first_seed = load_mnist().train, FIRST_SEED["train"]
    results: Results = {"environment": describe_environment(), "goals": GOALS, "pages": {}}
    for name, style in pages.STYLES.items():
        results["pages"][name] = measure_pages(split, style, first_seed, num_pages)
        print(name, results["pages"][name], flush=True)
    if tune:
        return None
    results["identity"] = measure_identity(split)
    results["pens"] = measure_pens(split.take(np.arange(2_000)))
    results["photo"] = measure_photo(split)
    return results


def table(results: Results) -> str:
    """The pages of each style, the effect of the normalization, the pens and the photo."""
    rows = []
    for name, row in results["pages"].items():
        counts = row["counts"]
        shares = [_percent(row[key]["share"], row[key]["interval"]) for key in ("found", "right", "in_order")]
        numbers = (f"{row['pages']}", f"{counts['digits']:,}")
        rows.append((name, *numbers, *shares, f"{counts.get('wrong and sure', 0):,}"))
    identity, photo = results["identity"], results["photo"]
    difference = 100 * (identity["accuracy_normalized"] - identity["accuracy"])
    pens = [
        (pen, *(f"{100 * row[name]:.2f} %" for name in ("accuracy", "accuracy_without")))
        for pen, row in results["pens"].items()
    ]
    return "\n\n".join(
        [
            markdown_table(
                "pages of test digits | pages | digits | found | read right | in reading order | sure and wrong", rows
            ),
            f"MNIST's {identity['num_images']:,} test images through `normalize_digit`: "
            f"{100 * identity['accuracy_normalized']:.2f} % right, {100 * identity['accuracy']:.2f} % as they are "
            f"({difference:+.2f} points); {identity['changed_answers']} of the answers changed, "
            f"{identity['changed_thickness']} images had their strokes changed, {identity['resampled']} their size.",
            markdown_table(
                "pen, width in pixels | strokes brought nearer to MNIST's | strokes left as they are", pens, num_left=0
            ),
            f"`mnistlab read` on a photo of {photo['pixels'] / 1e6:.0f} million pixels with {photo['digits']} digits, "
            f"from the start of the process to its end: {photo['median_seconds']:.2f} s "
            f"({photo['median_cpu_seconds']:.2f} s of processor time), {photo['median_peak_mb']:.0f} MB; median of "
            f"{len(photo['runs'])}. {cores(results['environment'])}.",
        ]
    )


def _percent(value: float, interval: list[float]) -> str:
    return f"{100 * value:.2f} % ({100 * interval[0]:.2f}–{100 * interval[1]:.2f})"


OPTIONS = {
    "--pages": {"type": int, "default": 60, "dest": "num_pages", "help": "number of pages of each style"},
    "--tune": {"action": "store_true", "help": "measure pages of training digits and write nothing"},
    "--photo-only": {"action": "store_true", "help": "measure only the photo anew, on a quiet machine"},
}
BENCHMARK = Benchmark(__file__, __doc__, measure, table, options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
