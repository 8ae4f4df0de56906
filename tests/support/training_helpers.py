"""Trainings in small pieces, and trainings that end as a kill would end them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from mnistlab.recipes.limits import LIMITS, Limit
from mnistlab.runs import Run
from mnistlab.runs.checkpoint import Checkpoint
from mnistlab.training import batches


def blocks_of(num_images: int) -> Any:
    """A fixture `small_blocks` for a whole module: so few images in a call that an epoch has several."""

    @pytest.fixture(scope="module", autouse=True)
    def small_blocks() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(batches, "BLOCK_IMAGES", num_images)
            yield

    return small_blocks


def broken_off(checkpoint: Checkpoint, state: list[np.ndarray], save: Callable[..., None] = Checkpoint.save) -> None:
    """In place of `Checkpoint.save`: a training that ends right after a checkpoint, as a kill would end it."""
    save(checkpoint, state)
    raise KeyboardInterrupt


def finish_through_cuts(
    train: Callable[[], Run], monkeypatch: pytest.MonkeyPatch, after_cut: Callable[[], object] = lambda: None
) -> tuple[Run, int]:
    """Trains until the end, broken off after every single checkpoint; returns the run and how often that was."""
    monkeypatch.setattr(Checkpoint, "save", broken_off)
    cuts = 0
    while True:
        try:
            return train(), cuts
        except KeyboardInterrupt:
            cuts += 1
            after_cut()


def allow_any_learning_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a recipe have a step size with which the second forward pass overflows; the limits refuse such."""
    monkeypatch.setitem(LIMITS, "learning_rate", Limit(0, 1e39, is_whole=False))
