"""Moments of training runs that never were."""

from pathlib import Path

import numpy as np

from mnistlab.runs.snapshot_log import MAX_FILTERS, SnapshotLog, quantized
from mnistlab.runs.snapshots import Kind, Snapshot, Watched

RANDOM = np.random.default_rng(0)


def watched(num_watched: int = 36, kind: Kind = "weights") -> Watched:
    """Images of noise, labelled 0 to 9 in turn."""
    images = RANDOM.integers(0, 256, (num_watched, 28, 28), np.uint8)
    labels = tuple(number % 10 for number in range(num_watched))
    return Watched(
        "hidden1", kind, 512 if kind == "weights" else MAX_FILTERS, tuple(range(num_watched)), labels, images
    )


def snapshot(step: int, num_watched: int = 36, *, is_drawn: bool = True, side: int = 28) -> Snapshot:
    """A network of noise that answers at random."""
    filters, scales = quantized(RANDOM.normal(0, 0.05, (MAX_FILTERS, side, side)))
    answers = RANDOM.dirichlet(np.ones(10), num_watched + 1)
    drawing = RANDOM.integers(0, 256, (28, 28), np.uint8) if is_drawn else None
    return Snapshot(step, 1, step / 10, filters, scales, answers[:-1], drawing, answers[-1] if is_drawn else None)


def write_moments(folder: Path, moments: list[Snapshot], kind: Kind = "weights") -> Watched:
    """The file of a run with these moments, all of 36 images; returns what was watched."""
    seen, log = watched(kind=kind), SnapshotLog(folder)
    log.begin(seen, 0)
    for moment in moments:
        log.add(moment)
    return seen
