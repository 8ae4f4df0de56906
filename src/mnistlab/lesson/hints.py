"""Three hints for each gap: the idea, the names in Keras, and the lines."""

from mnistlab.exceptions import UsageError
from mnistlab.lesson.checking import require_step
from mnistlab.lesson.notebooks.building import given_cells, solution_lines, source_text
from mnistlab.lesson.showing import show_code, show_note

NUM_LEVELS = 3

HINTS: dict[str, tuple[str, str]] = {
    "data.prepare": (
        "A dense layer takes vectors of 784 numbers from 0 to 1, and the loss takes rows of ten.",
        "reshape(-1, 784), astype('float32') and division by 255, for both splits; keras.utils.to_categorical.",
    ),
    "mlp.hidden2": (
        "It is the first hidden layer once more: a weighted sum, a bend, and some of the numbers dropped.",
        "mlp.add with keras.layers.Dense, Activation and Dropout. The input shape need not be said again.",
    ),
    "mlp.output": (
        "One number for each digit, and together they are probabilities.",
        "keras.layers.Dense with as many units as there are digits, then the activation 'softmax'.",
    ),
    "mlp.compile": (
        "Keras must know what to lessen, how, and what to show.",
        "compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])",
    ),
    "mlp.train": (
        "Five passes over the 60,000 training images, 128 at a time.",
        "mlp.fit(x_train, y_train, batch_size=128, epochs=5), and keep what it returns.",
    ),
    "mlp.score": (
        "Ask the network about images that it never saw.",
        "mlp.evaluate(x_test, y_test) returns loss and accuracy, in this order.",
    ),
    "batch.predict": (
        "A larger batch means fewer updates in an epoch, and more work that can be done at once.",
        "Words: 'shorter', 'same' or 'longer' for the time, 'lower', 'same' or 'higher' for the accuracy.",
    ),
    "batch.answer": (
        "Read it off the table that you measured, against the row of 128.",
        "Differences of less than 0.4 points are what another seed makes: call them 'same', as times within 15 %.",
    ),
    "cnn.prepare": (
        "A convolution takes height, width and channels.",
        "reshape(-1, 28, 28, 1), the same scaling and the same one-hot rows as before.",
    ),
    "cnn.conv2": (
        "The first convolution once more; the shape of the input is known by now.",
        "keras.layers.Conv2D(32, (3, 3)), BatchNormalization(), Activation('relu'). The pooling below is given.",
    ),
    "cnn.conv3": (
        "The maps are half as high and wide now, so there is room for twice as many of them.",
        "keras.layers.Conv2D with 64 filters of (3, 3), BatchNormalization(), Activation('relu').",
    ),
    "cnn.conv4": (
        "The third convolution once more, and then pooling as after the second.",
        "Conv2D(64, (3, 3)), BatchNormalization(), Activation('relu'), MaxPooling2D((2, 2)).",
    ),
    "cnn.dense5": (
        "A hidden layer as in the first network, with batch normalization before its bend.",
        "Dense(512), BatchNormalization(), Activation('relu'), Dropout(0.2).",
    ),
    "cnn.output": (
        "The same as in the first network: ten digits, ten probabilities.",
        "keras.layers.Dense and Activation('softmax').",
    ),
    "cnn.compile": (
        "The same loss, optimizer and metric as for the first network.",
        "compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])",
    ),
    "cnn.train": (
        "Five epochs of augmented batches, and validation on images that were held back from training.",
        "cnn.fit(batches, epochs=5, validation_data=(x_held, y_held)); no steps_per_epoch.",
    ),
    "cnn.score": (
        "Ask the network about images that it never saw, as they are: test images are not augmented.",
        "cnn.evaluate(x_test, y_test) returns loss and accuracy, in this order.",
    ),
    "confusion": (
        "Count, for each pair of a true and a predicted digit, how many test images it is true of.",
        "numpy.add.at(matrix, (labels, predictions), 1); set a copy's diagonal to 0, argmax, numpy.unravel_index.",
    ),
    "drawing": (
        "Treat the drawing exactly as you treated the images that the network learned from.",
        "drawing.reshape(1, 28, 28, 1) / 255, then predict, then argmax of the only row.",
    ),
}

_given: dict[str, int] = {}


def hint_text(step: str, level: int) -> str:
    """A hint as text; the third is the lines themselves, of a given step its cell as it was.

    Args:
        step: a key of `mnistlab.lesson.steps.STEPS`.
        level: 1 the idea, 2 the names in Keras, 3 the lines.

    Raises:
        UsageError: (a `ValueError`) there is no such step or level.
    """
    require_step(step)
    if level not in range(1, NUM_LEVELS + 1):
        raise UsageError(f"The hint's level is {level}; it must be 1, 2 or 3.")
    if level < NUM_LEVELS:
        return HINTS[step][level - 1]
    source = source_text()
    return (given_cells(source) | solution_lines(source))[step]


def hint(step: str, level: int | None = None) -> None:
    """Shows a hint: the first time the idea, then the names in Keras, then the lines.

    Args:
        step: the step's key, such as `"cnn.conv2"`.
        level: which one, 1 to 3; by default the next.
    """
    require_step(step)
    level = min(_given.get(step, 0) + 1, NUM_LEVELS) if level is None else level
    text = hint_text(step, level)
    _given[step] = level
    if level == NUM_LEVELS:
        show_code(f"{step}, hint 3 of 3:", text)
    else:
        show_note(f"{step}, hint {level} of 3: {text}")
