"""The steps of the exercise, in order; each record holds what is asked, how it is judged, and which hints there are."""

from collections.abc import Callable
from functools import partial
from typing import Any

from mnistlab.exceptions import UsageError
from mnistlab.lesson.checks import answers, compiling, confusion, data, networks, pictures, training
from mnistlab.lesson.checks.evidence import measure_drawing, measure_score, measure_validated
from mnistlab.lesson.checks.judging import Step
from mnistlab.lesson.checks.layers import ExpectedLayer
from mnistlab.lesson.checks.verdicts import Outcome


def _layer(key: str, title: str, expected: ExpectedLayer, idea: str, names: str) -> Step:
    """A layer that the student adds to one of the networks."""
    return Step(key, title, 2, partial(networks.check_layer, key, expected), (idea, names))


def _given(key: str, title: str, check: Callable[..., Outcome], idea: str, names: str, **options: Any) -> Step:
    """A cell that is given, and checked because it may be broken."""
    return Step(key, title, 1, check, (idea, names), is_gap=False, **options)


STEPS = (
    _given(
        "data.prepare",
        "vectors from 0 to 1, one-hot labels",
        partial(data.check_arrays, (784,)),
        "A dense layer takes vectors of 784 numbers from 0 to 1, and the loss takes rows of ten.",
        "reshape(-1, 784), astype('float32') and division by 255, for both splits; keras.utils.to_categorical.",
    ),
    _layer(
        "mlp.hidden2",
        "the second hidden layer",
        ExpectedLayer("dense", 512, has_dropout=True),
        "It is the first hidden layer once more: a weighted sum, a bend, and some of the numbers dropped.",
        "mlp.add with keras.layers.Dense, Activation and Dropout. The input shape need not be said again.",
    ),
    _layer(
        "mlp.output",
        "the output layer",
        ExpectedLayer("dense", 10, "softmax"),
        "One number for each digit, and together they are probabilities.",
        "keras.layers.Dense with as many units as there are digits, then the activation 'softmax'.",
    ),
    _given(
        "mlp.compile",
        "loss, optimizer, metric",
        compiling.check_compile,
        "Keras must know what to lessen, how, and what to show.",
        "compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])",
    ),
    _given(
        "mlp.train",
        "five epochs",
        partial(training.check_training, training.MLP),
        "Five passes over the 60,000 training images, 128 at a time.",
        "mlp.fit(x_train, y_train, batch_size=128, epochs=5), and keep what it returns.",
        needs_training=True,
        measure=measure_validated,
    ),
    _given(
        "mlp.score",
        "the test score",
        partial(training.check_score, training.MLP),
        "Ask the network about images that it never saw.",
        "mlp.evaluate(x_test, y_test) returns loss and accuracy, in this order.",
        needs_training=True,
        measure=measure_score,
    ),
    Step(
        "batch.predict",
        "batch sizes: your prediction",
        1,
        answers.check_prediction,
        (
            "A larger batch means fewer updates in an epoch, and more work that can be done at once.",
            "Words: 'shorter', 'same' or 'longer' for the time, 'lower', 'same' or 'higher' for the accuracy.",
        ),
    ),
    Step(
        "batch.answer",
        "batch sizes: what was measured",
        2,
        answers.check_answer,
        (
            "Read it off the table that you measured, against the row of 128.",
            "Differences of less than 0.4 points are what another seed makes: call them 'same', as times within 15 %.",
        ),
        needs_training=True,
    ),
    _given(
        "cnn.prepare",
        "images with a channel",
        partial(data.check_arrays, (28, 28, 1)),
        "A convolution takes height, width and channels.",
        "reshape(-1, 28, 28, 1), the same scaling and the same one-hot rows as before.",
    ),
    _layer(
        "cnn.conv2",
        "the second convolution",
        ExpectedLayer("conv", 32, has_norm=True, has_pool=True, gives_pool=True),
        "The first convolution once more; the shape of the input is known by now.",
        "keras.layers.Conv2D(32, (3, 3)), BatchNormalization(), Activation('relu'). The pooling below is given.",
    ),
    _layer(
        "cnn.conv3",
        "the third convolution",
        ExpectedLayer("conv", 64, has_norm=True),
        "The maps are half as high and wide now, so there is room for twice as many of them.",
        "keras.layers.Conv2D with 64 filters of (3, 3), BatchNormalization(), Activation('relu').",
    ),
    _layer(
        "cnn.conv4",
        "the fourth convolution, and pooling",
        ExpectedLayer("conv", 64, has_norm=True, has_pool=True),
        "The third convolution once more, and then pooling as after the second.",
        "Conv2D(64, (3, 3)), BatchNormalization(), Activation('relu'), MaxPooling2D((2, 2)).",
    ),
    _layer(
        "cnn.dense5",
        "the dense layer",
        ExpectedLayer("dense", 512, has_norm=True, has_dropout=True),
        "A hidden layer as in the first network, with batch normalization before its bend.",
        "Dense(512), BatchNormalization(), Activation('relu'), Dropout(0.2).",
    ),
    _layer(
        "cnn.output",
        "the output layer",
        ExpectedLayer("dense", 10, "softmax"),
        "The same as in the first network: ten digits, ten probabilities.",
        "keras.layers.Dense and Activation('softmax').",
    ),
    _given(
        "cnn.compile",
        "loss, optimizer, metric",
        compiling.check_compile,
        "The same loss, optimizer and metric as for the first network.",
        "compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])",
    ),
    _given(
        "cnn.train",
        "five epochs of augmented batches",
        partial(training.check_training, training.CNN),
        "Five epochs of augmented batches, and validation on images that were held back from training.",
        "cnn.fit(batches, epochs=5, validation_data=(x_held, y_held)); no steps_per_epoch.",
        needs_training=True,
        measure=measure_validated,
    ),
    _given(
        "cnn.score",
        "the test score",
        partial(training.check_score, training.CNN),
        "Ask the network about images that it never saw, as they are: test images are not augmented.",
        "cnn.evaluate(x_test, y_test) returns loss and accuracy, in this order.",
        needs_training=True,
        measure=measure_score,
    ),
    Step(
        "confusion",
        "the confusion matrix",
        2,
        confusion.check_confusion,
        (
            "Count, for each pair of a true and a predicted digit, how many test images it is true of.",
            "numpy.add.at(matrix, (labels, predictions), 1); set a copy's diagonal to 0, argmax, numpy.unravel_index.",
        ),
    ),
    Step(
        "drawing",
        "your own drawing",
        2,
        pictures.check_drawing,
        (
            "Treat the drawing exactly as you treated the images that the network learned from.",
            "drawing.reshape(1, 28, 28, 1) / 255, then predict, then argmax of the only row.",
        ),
        measure=measure_drawing,
    ),
)
"""What the exercise asks; eleven gaps to fill, and eight given cells that are checked as well."""

STEP_BY_KEY = {step.key: step for step in STEPS}


def find_step(key: str) -> Step:
    """The step with a key.

    Raises:
        UsageError: (a `ValueError`) there is no such step.
    """
    if key not in STEP_BY_KEY:
        raise UsageError(f"There is no step {key!r}. The steps are {', '.join(STEP_BY_KEY)}.")
    return STEP_BY_KEY[key]
