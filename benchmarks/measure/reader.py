"""How well digits are found and read on composed pages, and how long a photo of 12 million pixels takes.

Composes pages of MNIST's test digits (pages.py), reads each as `mnistlab read` does, and compares with what is on it.
Everything was tuned on pages of training digits; `--tune` measures those and writes nothing. Also measures what
`normalize_digit` does to MNIST's own test images, and to them drawn with other pens. Writes
benchmarks/results/reader.json and puts the table into docs/results.md.

    python benchmarks/measure/reader.py [--pages 60] [--tune] [--photo-only] [--table-only]
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.morphology import skeletonize

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.material import pages
from benchmarks.measure import readme
from mnistlab.backend import describe_environment
from mnistlab.datasets import Split, load_mnist
from mnistlab.files import write_json
from mnistlab.metrics import wilson_interval
from mnistlab.normalization import normalize_digit
from mnistlab.pretrained import pretrained
from mnistlab.reader import DigitReader, Reading

RESULTS = Path(__file__).parents[1] / "results" / "reader.json"
DOCUMENT = Path(__file__).parents[2] / "docs" / "results.md"
FIRST_SEED = {"test": 0, "train": 1000}  # of pages
MIN_SHARE = 0.5  # of the two boxes' union, that is common to both, where a digit counts as found
PENS = (0.2, 0.4, 0.7)  # widths of strokes in pixels of MNIST's images
GOALS = {"clean": (0.99, 0.98, 0.99), "hard": (0.99, 0.95, 0.99)}  # found, read right, in order
PHOTO_SHAPE = (3000, 4000)


def share(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Intersection over union of two boxes."""
    height, width = (min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1))
    both = max(height, 0) * max(width, 0)
    return both / (sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - both)


def compare(page: pages.Page, readings: list[Reading]) -> Counter[str]:
    """Counts what was found, read right, and left in order.

    Two digits that follow each other in the text, and were found, are in order if they do so in what was read, in one
    line if in one and in another if in another.
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


def measure_pages(split: Split, style: pages.Style, first_seed: int, num_pages: int) -> dict[str, Any]:
    """Reads pages of one style."""
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


def measure_identity(split: Split) -> dict[str, Any]:
    """What `normalize_digit` does to images that are in MNIST's form already."""
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


def measure_pens(split: Split) -> dict[str, Any]:
    """Accuracy on digits drawn anew with thin pens along the middle of their strokes, with the step and without."""
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
    """A digit ten times as large, drawn with a pen whose width is in pixels of the image."""
    large = Image.fromarray(image).resize((280, 280), Image.Resampling.BICUBIC)
    distance = ndimage.distance_transform_edt(~skeletonize(np.asarray(large) > 127))
    return np.where(distance <= 5 * pen, 255, 0).astype(np.uint8)


def measure_photo(split: Split, repeats: int = 5) -> dict[str, Any]:
    """Seconds and memory of `mnistlab read` on a photo as phones take them, from the start of the process."""
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
    started, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    status = Path(f"/proc/{process.pid}/status")
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        lines = status.read_text(encoding="utf-8").splitlines()
        peak = max([peak, *(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))])
        time.sleep(0.005)
    seconds = time.perf_counter() - started
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise RuntimeError(f"mnistlab read ended with code {process.returncode}")
    return {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime, "peak_mb": peak * 1024 / 1e6}


def table(results: dict[str, Any]) -> str:
    """The figures as tables and sentences for docs/results.md."""
    lines = [
        "| pages of test digits | pages | digits | found | read right | in reading order | sure and wrong |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, row in results["pages"].items():
        counts = row["counts"]
        cells = [_percent(row[key]["share"], row[key]["interval"]) for key in ("found", "right", "in_order")]
        cells = [name, f"{row['pages']}", f"{counts['digits']:,}", *cells, f"{counts.get('wrong and sure', 0):,}"]
        lines.append(f"| {' | '.join(cells)} |")
    identity, photo, environment = results["identity"], results["photo"], results["environment"]
    difference = 100 * (identity["accuracy_normalized"] - identity["accuracy"])
    lines += [
        "",
        f"MNIST's {identity['num_images']:,} test images through `normalize_digit`: "
        f"{100 * identity['accuracy_normalized']:.2f} % right, {100 * identity['accuracy']:.2f} % as they are "
        f"({difference:+.2f} points); {identity['changed_answers']} of the answers changed, "
        f"{identity['changed_thickness']} images had their strokes changed, {identity['resampled']} their size.",
        "",
        "| pen, width in pixels | strokes brought nearer to MNIST's | strokes left as they are |",
        "| ---: | ---: | ---: |",
        *(
            f"| {pen} | {100 * row['accuracy']:.2f} % | {100 * row['accuracy_without']:.2f} % |"
            for pen, row in results["pens"].items()
        ),
        "",
        f"`mnistlab read` on a photo of {photo['pixels'] / 1e6:.0f} million pixels with {photo['digits']} digits, from "
        f"the start of the process to its end: {photo['median_seconds']:.2f} s ({photo['median_cpu_seconds']:.2f} s of "
        f"processor time), {photo['median_peak_mb']:.0f} MB; median of {len(photo['runs'])}. "
        f"{environment['num_cpus']} cores of an {environment['cpu']}.",
    ]
    return "\n".join(lines)


def _percent(value: float, interval: list[float]) -> str:
    return f"{100 * value:.2f} % ({100 * interval[0]:.2f}–{100 * interval[1]:.2f})"


def main() -> None:
    """Measures and writes."""
    parser = readme.parser(__doc__)
    parser.add_argument("--pages", type=int, default=60, help="of each style")
    parser.add_argument("--tune", action="store_true", help="measure pages of training digits, write nothing")
    parser.add_argument(
        "--photo-only", action="store_true", help="measure the time of a photo anew, on a quiet machine"
    )
    arguments = parser.parse_args()
    if arguments.photo_only:
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
        write_json(RESULTS, results | {"photo": measure_photo(load_mnist().test)})
    elif not arguments.table_only:
        split = load_mnist().train if arguments.tune else load_mnist().test
        results = {"environment": describe_environment(), "goals": GOALS, "pages": {}}
        for name, style in pages.STYLES.items():
            first_seed = FIRST_SEED["train" if arguments.tune else "test"]
            results["pages"][name] = measure_pages(split, style, first_seed, arguments.pages)
            print(name, results["pages"][name], flush=True)
        if arguments.tune:
            return
        results["identity"] = measure_identity(split)
        print(results["identity"], flush=True)
        results["pens"] = measure_pens(split.take(np.arange(2_000)))
        print(results["pens"], flush=True)
        results["photo"] = measure_photo(split)
        print(results["photo"], flush=True)
        write_json(RESULTS, results)
    readme.put("reader.py", table(json.loads(RESULTS.read_text(encoding="utf-8"))), DOCUMENT)


if __name__ == "__main__":
    main()
