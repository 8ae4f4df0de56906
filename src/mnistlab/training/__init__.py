"""Trains a network as a recipe says and writes a run folder; an interrupted training run goes on where it stopped."""

from mnistlab.training.extending import extend
from mnistlab.training.trainer import CHECKPOINT_SECONDS, assist, train
from mnistlab.training.validation import check_fits, hold_back

__all__ = ["CHECKPOINT_SECONDS", "assist", "check_fits", "extend", "hold_back", "train"]
