"""Saves every kind of file that a run has; test_faults.py breaks it off at every turn.

`python save_a_run.py FOLDER VERSION [KIND ...]` imports no Keras, so that it can be run hundreds of times.
"""

import dataclasses
import os
import random
import sys
import tempfile
from pathlib import Path

import numpy as np

from mnistlab.exceptions import RunError
from mnistlab.recipes import RECIPES
from mnistlab.runs.checkpoint import Checkpoint
from mnistlab.runs.folders import begin
from mnistlab.runs.run import history_csv, write_manifest
from mnistlab.system.files import write_bytes, write_json, write_text, write_with

FILES = {
    "recipe": ("dataset.json", "recipe.toml"),
    "checkpoint": ("checkpoint/state.npz",),
    "history": ("history.csv",),
    "model": ("model.keras",),
    "onnx": ("model.onnx",),
    "environment": ("environment.json",),
    "metrics": ("metrics.json",),
    "manifest": ("manifest.json",),
    "figure": ("figures/history.png",),
    "report": ("report.html",),
}
"""What each kind of save writes, all in the order of a training."""

VERSIONS = ("old", "new")


def save(folder: Path, version: str, kinds: tuple[str, ...] = tuple(FILES)) -> None:
    """Writes a run's files with the functions that a training writes them with; no two versions share a file."""
    seed = VERSIONS.index(version)

    def content(num_bytes: int) -> bytes:
        return random.Random(f"{version} {num_bytes}").randbytes(num_bytes + 1000 * seed)

    savers = {
        "recipe": lambda: begin(
            folder, dataclasses.replace(RECIPES["mlp"], seed=seed), {"name": version, "fingerprint": version}
        ),
        "checkpoint": lambda: save_checkpoint(folder / "checkpoint" / "state.npz", content(60_000), seed),
        "history": lambda: write_text(folder / "history.csv", history_csv([{"epoch": 1, "loss": 1 / (seed + 3)}])),
        "model": lambda: write_with(folder / "model.keras", lambda path: path.write_bytes(content(100_000))),
        "onnx": lambda: write_with(folder / "model.onnx", lambda path: path.write_bytes(content(140_000))),
        "environment": lambda: write_json(folder / "environment.json", {"precision": version}),
        "metrics": lambda: write_json(folder / "metrics.json", {"seed": seed}),
        "manifest": lambda: write_manifest(folder),
        "figure": lambda: write_with(
            folder / "figures" / "history.png", lambda path: path.write_bytes(content(180_000))
        ),
        "report": lambda: write_bytes(folder / "report.html", content(220_000)),
    }
    (folder / "checkpoint").mkdir(parents=True, exist_ok=True)
    (folder / "figures").mkdir(exist_ok=True)
    for kind in kinds:
        savers[kind]()


def save_checkpoint(path: Path, weights: bytes, seed: int) -> None:
    """Replaces a checkpoint, having read the one that is there."""
    checkpoint = Checkpoint(path, interval=0)
    checkpoint.history, checkpoint.num_calls = [{"epoch": 1, "loss": seed}], 1
    checkpoint.save([np.frombuffer(weights, np.uint8)])


if __name__ == "__main__":
    # Python looks for a folder for temporary files by writing to it, and takes another if it may not: no save yet.
    tempfile.tempdir = os.environ["TMPDIR"]
    try:
        save(Path(sys.argv[1]), sys.argv[2], tuple(sys.argv[3:]))
    except RunError as error:
        sys.exit(str(error))
