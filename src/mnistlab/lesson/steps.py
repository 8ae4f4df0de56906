"""The steps of the exercise, in order."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing to do or to get right.

    Args:
        key: its name in `check`, `hint` and on the command line.
        title: what it is about.
        points: what it is worth when graded.
        is_gap: whether the student writes it; other steps are given and may be broken.
        needs_training: whether only a training of full length can show it.
    """

    key: str
    title: str
    points: int
    is_gap: bool = True
    needs_training: bool = False


STEPS = (
    Step("data.prepare", "vectors from 0 to 1, one-hot labels", 1, is_gap=False),
    Step("mlp.hidden2", "the second hidden layer", 2),
    Step("mlp.output", "the output layer", 2),
    Step("mlp.compile", "loss, optimizer, metric", 1, is_gap=False),
    Step("mlp.train", "five epochs", 1, is_gap=False, needs_training=True),
    Step("mlp.score", "the test score", 1, is_gap=False, needs_training=True),
    Step("batch.predict", "batch sizes: your prediction", 1),
    Step("batch.answer", "batch sizes: what was measured", 2, needs_training=True),
    Step("cnn.prepare", "images with a channel", 1, is_gap=False),
    Step("cnn.conv2", "the second convolution", 2),
    Step("cnn.conv3", "the third convolution", 2),
    Step("cnn.conv4", "the fourth convolution, and pooling", 2),
    Step("cnn.dense5", "the dense layer", 2),
    Step("cnn.output", "the output layer", 2),
    Step("cnn.compile", "loss, optimizer, metric", 1, is_gap=False),
    Step("cnn.train", "five epochs of augmented batches", 1, is_gap=False, needs_training=True),
    Step("cnn.score", "the test score", 1, is_gap=False, needs_training=True),
    Step("confusion", "the confusion matrix", 2),
    Step("drawing", "your own drawing", 2),
)
"""What the exercise asks; eleven gaps to fill, and eight given cells that are checked as well."""

STEP_BY_KEY = {step.key: step for step in STEPS}
