"""Trains a network as a recipe says and leaves a run folder; a training that was interrupted goes on where it stood.

- `trainer`: `train`, from recipe and data to a run; `assist`, the other processes of the same training
- `compiling`: the recipe's network, ready to train
- `batches`, `augmentation`, `soft_labels`, `validation`: what it is trained on, and what is held back
- `fitting`: how `keras.Model.fit` is asked to train
- `callbacks`: what is shown, recorded and kept meanwhile
- `duration`: how long all of it is going to take
- `final_metrics`: how good the result is
- `extending`: more epochs for a finished run
- `distribution`: several processes that train one network
- `event_files`: curves for TensorBoard
"""

from mnistlab.training.extending import extend
from mnistlab.training.trainer import assist, train
from mnistlab.training.validation import check_fits, hold_back

__all__ = ["assist", "check_fits", "extend", "hold_back", "train"]
