"""Mistakes in compiling, training and scoring, as far as their results show them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mnistlab.lesson.checks.evidence import Description
from mnistlab.lesson.checks.verdicts import Finding, Outcome, StepState, read_findings
from mnistlab.system.text import percent

EPOCHS = 5
BATCH_SIZE = 128
FINDINGS = read_findings("""
not-compiled: The model is not compiled.
  Before training Keras must know what to lessen (the loss) and how (the optimizer): compile(...).
sparse-with-one-hot: The loss is the sparse one, and the labels are one-hot rows.
  Sparse means that the label is the digit itself. Use categorical_crossentropy, or leave the labels as they were.
categorical-with-integers: The loss is categorical cross-entropy, and the labels are digits.
  It compares ten numbers with ten numbers. One-hot encode the labels, or use the sparse loss.
binary-loss: The loss is binary cross-entropy.
  It takes the ten outputs for ten separate questions; its accuracy would be that of yes and no, 90 % for saying no to
    everything.
squared-loss: The loss is a distance between numbers.
  For probabilities cross-entropy is asked for: certainty in a wrong digit then costs a lot, and the gradient does not
    fade.
loss: The loss is {loss}.
  categorical_crossentropy was asked for.
from-logits: The loss has from_logits=True, but the network ends in a softmax.
  The softmax would be taken twice, and no answer could get above 23 %.
optimizer: The optimizer is {optimizer}; Adam was asked for.
  Others reach the same place, but not in five epochs with their default learning rate.
metric-missing/compiled: There is no accuracy among the metrics.
  The loss alone is hard to read. Add metrics=['accuracy']; it changes nothing in the training.
no-history: This check wants what fit returned.
  fit returns a History with the curves: history = model.fit(...).
loss-not-finite: The loss is not a number.
  The training broke down: look for unscaled pixels, a missing softmax or a huge learning rate.
metric-missing: The history has no accuracy.
  Compile with metrics=['accuracy'], then train again.
nothing-learned: After {num_epochs} epochs {percent:.0f} % of the training images are right: no better than guessing.
  Images and labels do not belong together, the pixels are blank, or the last layer is not the right one.
trained-before: The first epoch already had {percent:.1f} %: this model was trained before.
  A second fit goes on where the first stopped. Build and compile the model anew to compare trainings.
too-low/training: The training ended at {percent:.1f} %; {usual} is usual.
  Check the steps above from the first one on; one of them is not as it should be.
no-epochs: Not one epoch was trained.
  Set epochs to 5.
epochs: The training had {num_epochs} epochs; 5 were asked for.
  More may help and less may do, but time and accuracy are compared over five.
trained-on-test: An epoch had {steps} steps: the network was trained on the 10,000 test images{too}.
  Whoever has seen the questions proves nothing in the examination. Train on x_train, y_train.
dropped-images: An epoch had {steps} steps, so {rest} images never came up in it.
  {number:,} / 128 is {quotient:.2f}. Leave steps_per_epoch away, and Keras takes the last, smaller batch too.
batch-size: An epoch had {steps:,} steps; with all images in batches of 128 it has {wanted}.
  The batch size decides how many updates an epoch makes, and what you compare with was trained with 128.
validated-on-test: The validation images are the test images.
  As soon as you choose anything by them (epochs, layers, when to stop), the test has seen your choices. Hold training
    images back instead.
loss-and-accuracy: This is a list.
  evaluate returns loss and accuracy; pass the second.
no-score: The check wants a number and the model.
  check(step, accuracy, model).
percent: The accuracy is {value:g}.
  Pass the fraction from 0 to 1.
loss-for-accuracy: This is the loss.
  evaluate returns it first; pass the second.
other-accuracy: The accuracy was given as {percent:.2f} %; on the test images the model gets {measured:.2f} %.
  An accuracy on training images flatters; evaluate on x_test, y_test, prepared as x_train was.
too-low: The model gets {measured:.2f} % of the test images right; {usual} is usual.
  Check the steps above from the first one on; one of them is not as it should be.
""")


class ExpectedTraining(NamedTuple):
    """The training run that a network of the exercise is to have.

    Args:
        num_images: Numbers of training images that an epoch may go over.
        least_accuracy: Least accuracy on the test images, from 0 to 1.
        most_first_accuracy: Highest accuracy after the first epoch, from 0 to 1; more has been trained before.
        usual: The accuracy that is usual, in words.
    """

    num_images: tuple[int, ...]
    least_accuracy: float
    most_first_accuracy: float
    usual: str


MLP = ExpectedTraining((60_000,), 0.97, 0.97, "about 98 %")
CNN = ExpectedTraining((60_000, 55_000), 0.98, 1.0, "about 99 %")


def check_compile(model: Description, labels: Description) -> Outcome:
    """Judges loss, optimizer and metric, and whether the loss fits the labels."""
    if model.get("kind") != "model":
        return StepState.NOT_STARTED
    compiled = model.get("compiled")
    if not compiled:
        return FINDINGS["not-compiled"]
    praise = "Right: categorical cross-entropy, Adam, and the accuracy to look at."
    return _find_in_loss(compiled, labels) or _find_in_optimizer(compiled) or praise


def _find_in_loss(compiled: Description, labels: Description) -> Finding | None:
    loss, shape = compiled["loss"], labels.get("shape") or []
    if loss == "sparse_categorical_crossentropy" and len(shape) == 2:
        return FINDINGS["sparse-with-one-hot"]
    if loss == "categorical_crossentropy" and len(shape) == 1:
        return FINDINGS["categorical-with-integers"]
    if loss == "binary_crossentropy":
        return FINDINGS["binary-loss"]
    if loss in ("mse", "mean_squared_error", "mae", "mean_absolute_error"):
        return FINDINGS["squared-loss"]
    if loss not in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
        return FINDINGS["loss"].fill(loss=loss)
    return FINDINGS["from-logits"] if compiled.get("from_logits") else None


def _find_in_optimizer(compiled: Description) -> Finding | None:
    if compiled["optimizer"] not in ("Adam", "AdamW"):
        return FINDINGS["optimizer"].fill(optimizer=compiled["optimizer"])
    has_accuracy = any("acc" in str(metric) for metric in compiled["metrics"])
    return None if has_accuracy else FINDINGS["metric-missing/compiled"]


def check_training(expected: ExpectedTraining, history: Description) -> Outcome:
    """Judges what `fit` returned: the number of epochs, the images, and whether anything was learned."""
    if history.get("kind") == "nothing":
        return StepState.NOT_STARTED
    if history.get("kind") != "history":
        return FINDINGS["no-history"]
    finding = _find_in_length(expected, history) or _find_in_curves(expected, history["curves"]) or _find_leak(history)
    if finding:
        return finding
    last = _accuracy_curve(history["curves"])[-1] * 100
    return f"Right: five epochs, {last:.2f} % of the training images right in the last one."


def _accuracy_curve(curves: Mapping[str, Sequence[Any]], prefix: str = "") -> list[Any]:
    """The accuracy of each epoch, whichever of its names the model was compiled with."""
    names = ("accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy")
    return next((list(curves[prefix + name]) for name in names if curves.get(prefix + name)), [])


def _find_in_curves(expected: ExpectedTraining, curves: Mapping[str, Sequence[Any]]) -> Finding | None:
    loss, accuracy = list(curves.get("loss") or []), _accuracy_curve(curves)
    if any(value is None for value in loss):
        return FINDINGS["loss-not-finite"]
    if not accuracy:
        return FINDINGS["metric-missing"]
    first, last = accuracy[0], accuracy[-1]
    if last < 0.2:
        return FINDINGS["nothing-learned"].fill(num_epochs=len(loss), percent=last * 100)
    if first > expected.most_first_accuracy:
        return FINDINGS["trained-before"].fill(percent=first * 100)
    if last < expected.least_accuracy - 0.02:
        return FINDINGS["too-low/training"].fill(percent=last * 100, usual=expected.usual)
    return None


def _find_in_length(expected: ExpectedTraining, history: Description) -> Finding | None:
    num_epochs, steps = len(history["curves"].get("loss") or []), history.get("steps") or 0
    if num_epochs == 0:
        return FINDINGS["no-epochs"]
    if num_epochs != EPOCHS:
        return FINDINGS["epochs"].fill(num_epochs=num_epochs)
    batches = [-(-number // BATCH_SIZE) for number in expected.num_images]
    if not steps or steps in batches:
        return None
    for others in (0, *expected.num_images):
        if steps == -(-(10_000 + others) // BATCH_SIZE):
            return FINDINGS["trained-on-test"].fill(steps=steps, too=" too" if others else "")
    for number in expected.num_images:
        if steps == number // BATCH_SIZE:
            values = {"steps": steps, "rest": number % BATCH_SIZE, "number": number, "quotient": number / BATCH_SIZE}
            return FINDINGS["dropped-images"].fill(**values)
    return FINDINGS["batch-size"].fill(steps=steps, wanted=batches[-1])


def _find_leak(history: Description) -> Finding | None:
    validation, test_loss = history["curves"].get("val_loss"), history.get("test_loss")
    if not validation or test_loss is None or validation[-1] is None:
        return None
    # Other images may come to nearly the same loss by chance, but hardly to the same share of right answers as well.
    shares = _accuracy_curve(history["curves"], "val_")[-1:], history.get("test_accuracy")
    if shares[0] and shares[1] is not None and abs(shares[0][0] - shares[1]) > 1.5e-4:
        return None
    is_same = abs(validation[-1] - test_loss) < 1e-3 * max(abs(test_loss), 1e-6)
    return FINDINGS["validated-on-test"] if is_same else None


def check_score(expected: ExpectedTraining, accuracy: Description, model: Description) -> Outcome:
    """Compares the reported test accuracy with the share of test images that the model classifies correctly."""
    if accuracy.get("kind") == "nothing":
        return StepState.NOT_STARTED
    if accuracy.get("kind") == "sequence":
        return FINDINGS["loss-and-accuracy"]
    value = accuracy.get("value") if accuracy.get("kind") == "number" else (accuracy.get("values") or [None])[0]
    measured = model.get("test_accuracy")
    if value is None or measured is None:
        return FINDINGS["no-score"]
    if 1 < value <= 100:
        return FINDINGS["percent"].fill(value=value)
    if abs(value - measured) > 5e-3 and model.get("test_loss") is not None and abs(value - model["test_loss"]) < 5e-3:
        return FINDINGS["loss-for-accuracy"]
    if abs(value - measured) > 2e-3:
        return FINDINGS["other-accuracy"].fill(percent=value * 100, measured=measured * 100)
    if measured < expected.least_accuracy:
        return FINDINGS["too-low"].fill(measured=measured * 100, usual=expected.usual)
    return f"Right: {percent(measured)} of 10,000 images that took part in no training."
