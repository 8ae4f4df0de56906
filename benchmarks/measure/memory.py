"""Whether the memory of a training run grows with the data: MNIST once, five and twenty times, in plain IDX files.

    python benchmarks/measure/memory.py [--table-only]

Writes data sets of up to 1.2 million images (941 MB) into a temporary folder, trains the recipe `fast` on each for one
whole epoch in a process of its own, and looks at the resident memory of that process every 20 ms. Every copy of MNIST
is shifted by a different number of pixels, so no image comes twice. The last data set is the largest one sorted by
label, the worst case for a shuffle that does not see the whole file at once. Linux only: the figures come from /proc.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import Benchmark, Results, markdown_table, source
from mnistlab.datasets import Split, load_mnist
from mnistlab.datasets.idx import idx_header
from mnistlab.runs import Run

SETS = {  # name: copies of the training images, whether sorted by label
    "1-fold": (1, False),
    "5-fold": (5, False),
    "20-fold": (20, False),
    "20-fold, sorted by label": (20, True),
}
SHIFTS = sorted(((y, x) for y in range(-2, 3) for x in range(-2, 3)), key=lambda shift: np.hypot(*shift))  # first 0, 0
SAMPLE_SECONDS = 0.02
FIELDS = {"VmRSS": "resident", "RssAnon": "anonymous", "RssFile": "file_backed"}  # of /proc/PID/status, in kB


def write_folder(folder: Path, num_copies: int, by_label: bool) -> None:
    """Writes shifted copies of MNIST's training images, and its test images as they are."""
    mnist = load_mnist()
    folder.mkdir()
    write_split(folder, "t10k", mnist.test, [np.arange(len(mnist.test))], 1)
    parts = [np.arange(len(mnist.train))]
    if by_label:
        parts = [np.flatnonzero(mnist.train.labels == digit) for digit in range(10)]
    write_split(folder, "train", mnist.train, parts, num_copies)


def write_split(folder: Path, stem: str, split: Split, parts: list[np.ndarray], num_copies: int) -> None:
    """Writes one part after the other with all of its copies; only one copy is in memory at a time."""
    labels = np.concatenate([np.tile(split.labels[part], num_copies) for part in parts])
    (folder / f"{stem}-labels-idx1-ubyte").write_bytes(idx_header(labels) + labels.tobytes())
    with (folder / f"{stem}-images-idx3-ubyte").open("wb") as file:
        file.write(idx_header(np.broadcast_to(np.uint8(0), (len(labels), 28, 28))))
        for part in parts:
            for shift in SHIFTS[:num_copies]:
                file.write(np.roll(split.images[part], shift, axis=(1, 2)).tobytes())


def measure_training(data: Path, run: Path) -> Results:
    """Trains on a folder as a user would; returns peaks of resident memory in MB, metrics and environment.

    Training lasts from `dataset.json` to `history.csv`: the one is written before the network is built, the other when
    it has seen its last image.
    """
    command = [sys.executable, "-m", "mnistlab", "train", "fast", "--data", str(data), "--out", str(run)]
    training = []

    def look(process_id: int) -> None:
        if (run / "dataset.json").exists() and not (run / "history.csv").exists():
            training.append(read_status(process_id))

    usage = watch(command, look, SAMPLE_SECONDS)
    return {
        "training_peak_mb": {name: round(max(sample[name] for sample in training), 1) for name in FIELDS.values()},
        "training_median_mb": {
            name: round(float(np.median([s[name] for s in training])), 1) for name in FIELDS.values()
        },
        "num_samples": len(training),
        "command_peak_mb": round(usage.ru_maxrss * 1024 / 1e6, 1),
        "file_mb": round((data / "train-images-idx3-ubyte").stat().st_size / 1e6, 1),
        "metrics": Run(run).metrics,
        "environment": Run(run).environment,
    }


def watch(command: list[str], look: Callable[[int], object], interval: float) -> resource.struct_rusage:
    """Runs a command and calls a function with its process id at intervals in seconds; returns what the command used.

    Raises:
        RuntimeError: if the command fails.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        look(process.pid)
        time.sleep(interval)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with code {process.returncode}")
    return usage


def read_status(process_id: int, fields: Mapping[str, str] = FIELDS) -> dict[str, float]:
    """The memory of a process in MB; zeros if it has just ended."""
    lines = Path(f"/proc/{process_id}/status").read_text(encoding="utf-8").splitlines()
    values = dict(line.split(":", 1) for line in lines)
    return {name: int(values.get(field, "0").split()[0]) * 1024 / 1e6 for field, name in fields.items()}


def measure() -> Results:
    """Writes each data set and trains on it."""
    results = {}
    for name, (num_copies, by_label) in SETS.items():
        with tempfile.TemporaryDirectory() as folder:
            needed = (num_copies * 60_000 + 10_000) * 785
            free = shutil.disk_usage(folder).free
            if free < 2 * needed:
                sys.exit(f"{folder} has {free / 1e9:.1f} GB free, but {2 * needed / 1e9:.1f} GB are expected.")
            print(f"{name}: writing {needed / 1e6:.0f} MB ...", flush=True)
            write_folder(Path(folder) / "data", num_copies, by_label)
            print(f"{name}: training ...", flush=True)
            results[name] = measure_training(Path(folder) / "data", Path(folder) / "run")
        peak, metrics = results[name]["training_peak_mb"], results[name]["metrics"]
        print(
            f"{name}: resident {peak['resident']:.0f} MB at most, own {peak['anonymous']:.0f}, of files "
            f"{peak['file_backed']:.0f}; {metrics['train_seconds']:.1f} s, {metrics['test_accuracy']:.4f}",
            flush=True,
        )
    return results


def table(results: Results) -> str:
    """The memory of each training, and the ratio that this is about."""
    once, twenty = results["1-fold"], results["20-fold"]
    peak, growth = once["training_peak_mb"]["resident"], twenty["training_peak_mb"]["resident"]
    rows = []
    for name in SETS:
        measured = results[name]
        training, metrics = measured["training_peak_mb"], measured["metrics"]
        sizes = (measured["file_mb"], *(training[kind] for kind in FIELDS.values()), measured["command_peak_mb"])
        accuracy = f"{metrics['test_accuracy'] * 100:.2f} %"
        rows.append((name, f"{metrics['num_train_images']:,}", *(f"{size:.0f} MB" for size in sizes), accuracy))
    titles = "MNIST | training images | file | resident | own | of files | whole command | test accuracy"
    return (
        f"{source(once['environment'])}; recipe `fast`, one epoch over plain IDX files, seed 0, one run each. "
        "Peak of the resident memory while the network trains, looked at every 20 ms: all of it, what belongs to the "
        "process alone, and what maps files (programs and images).\n\n"
        f"{markdown_table(titles, rows)}\n\n"
        f"Twenty times the images, {growth / peak:.2f} times the peak of resident memory "
        f"({growth:.0f} MB instead of {peak:.0f} MB)."
    )


BENCHMARK = Benchmark(__file__, __doc__, measure, table)

if __name__ == "__main__":
    BENCHMARK.run()
