"""Trains a network as a recipe says and leaves a run folder; a training that was interrupted goes on where it stood."""

from mnistlab.training.extending import extend
from mnistlab.training.trainer import CHECKPOINT_SECONDS, assist, train
from mnistlab.training.validation import check_fits, hold_back

__all__ = ["CHECKPOINT_SECONDS", "assist", "check_fits", "extend", "hold_back", "train"]
