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
        "A dense layer takes vectors of 784 numbers from 0 to 1, and the loss compares rows of ten numbers.",
        "reshape(-1, 784), astype('float32') and division by 255, for both splits; keras.utils.to_categorical.",
    ),
    _layer(
        "mlp.hidden2",
        "the second hidden layer",
        ExpectedLayer("dense", 512, has_dropout=True),
        "It is the same as the first hidden layer: a weighted sum, a bend, and some of the numbers dropped.",
        "mlp.add with keras.layers.Dense, Activation and Dropout. You need not give the input shape again.",
    ),
    _layer(
        "mlp.output",
        "the output layer",
        ExpectedLayer("dense", 10, "softmax"),
        "There is one number for each digit, and together the ten numbers are probabilities.",
        "keras.layers.Dense with as many units as there are digits, followed by the activation 'softmax'.",
    ),
    _given(
        "mlp.compile",
        "loss, optimizer, metric",
        compiling.check_compile,
        "Keras needs to know what to minimize, how to do it, and what to show.",
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
        "Ask the network about images that it has never seen.",
        "mlp.evaluate(x_test, y_test) returns the loss and the accuracy, in this order.",
        needs_training=True,
        measure=measure_score,
    ),
    Step(
        "batch.predict",
        "batch sizes: your prediction",
        1,
        answers.check_prediction,
        (
            "A larger batch means fewer updates per epoch, and more work that can be done at once.",
            "Use 'shorter', 'same' or 'longer' for the time and 'lower', 'same' or 'higher' for the accuracy.",
        ),
    ),
    Step(
        "batch.answer",
        "batch sizes: what was measured",
        2,
        answers.check_answer,
        (
            "Read it off the table that you measured, and compare each row with that of 128.",
            "Another seed alone changes the accuracy by up to 0.4 points, so call less than half a point 'same'. "
            "Call times within 15 % of each other 'same' as well.",
        ),
        needs_training=True,
    ),
    _given(
        "cnn.prepare",
        "images with a channel",
        partial(data.check_arrays, (28, 28, 1)),
        "A convolution takes images with a height, a width and channels.",
        "reshape(-1, 28, 28, 1), the same scaling and the same one-hot rows as before.",
    ),
    _layer(
        "cnn.conv2",
        "the second convolution",
        ExpectedLayer("conv", 32, has_norm=True, has_pool=True, gives_pool=True),
        "It is the same as the first convolution; Keras already knows the shape of the input.",
        "keras.layers.Conv2D(32, (3, 3)), BatchNormalization(), Activation('relu'). The pooling below is given.",
    ),
    _layer(
        "cnn.conv3",
        "the third convolution",
        ExpectedLayer("conv", 64, has_norm=True),
        "The maps are now half as high and half as wide, so there is room for twice as many of them.",
        "keras.layers.Conv2D with 64 filters of (3, 3), BatchNormalization(), Activation('relu').",
    ),
    _layer(
        "cnn.conv4",
        "the fourth convolution, and pooling",
        ExpectedLayer("conv", 64, has_norm=True, has_pool=True),
        "It is the same as the third convolution, followed by pooling as after the second.",
        "Conv2D(64, (3, 3)), BatchNormalization(), Activation('relu'), MaxPooling2D((2, 2)).",
    ),
    _layer(
        "cnn.dense5",
        "the dense layer",
        ExpectedLayer("dense", 512, has_norm=True, has_dropout=True),
        "It is a hidden layer as in the first network, but with batch normalization before the bend.",
        "Dense(512), BatchNormalization(), Activation('relu'), Dropout(0.2).",
    ),
    _layer(
        "cnn.output",
        "the output layer",
        ExpectedLayer("dense", 10, "softmax"),
        "It is the same as in the first network: ten digits, ten probabilities.",
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
        "Train for five epochs on augmented batches, and validate on the images that were held back from training.",
        "cnn.fit(batches, epochs=5, validation_data=(x_held, y_held)), without steps_per_epoch.",
        needs_training=True,
        measure=measure_validated,
    ),
    _given(
        "cnn.score",
        "the test score",
        partial(training.check_score, training.CNN),
        "Ask the network about images that it has never seen. Test images are not augmented.",
        "cnn.evaluate(x_test, y_test) returns the loss and the accuracy, in this order.",
        needs_training=True,
        measure=measure_score,
    ),
    Step(
        "confusion",
        "the confusion matrix",
        2,
        confusion.check_confusion,
        (
            "For each pair of a true and a predicted digit, count the test images that it applies to.",
            "numpy.add.at(matrix, (labels, predictions), 1); then, on a copy with 0 on the diagonal, argmax and "
            "numpy.unravel_index.",
        ),
    ),
    Step(
        "drawing",
        "your own drawing",
        2,
        pictures.check_drawing,
        (
            "Prepare the drawing exactly as you prepared the images that the network learned from.",
            "drawing.reshape(1, 28, 28, 1) / 255, then predict, then argmax of the only row of the result.",
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
