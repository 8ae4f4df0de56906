"""Mistakes in training and scoring, as far as their results show them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mnistlab.lesson.checks.compiling import find_in_rate
from mnistlab.lesson.checks.evidence import Description
from mnistlab.lesson.checks.verdicts import Finding, Outcome, StepState, read_findings
from mnistlab.system.text import percent

EPOCHS = 5
BATCH_SIZE = 128
FINDINGS = read_findings("""
no-history: This is {kind}; the check needs what fit returned.
  fit returns a History with the curves: history = model.fit(...).
history-curves: This is the dictionary inside, history.history; the check needs the whole history.
  fit returns an object that also knows the number of steps: check("{step}", history).
history-score: This is what evaluate returned; the check needs what fit returned.
  evaluate gives a loss and an accuracy; fit returns a History with the curves: history = model.fit(...).
other-history/mlp: This is the history of the CNN; the step is about the MLP.
  Both chapters call it history, and the later one replaces the earlier. Run the cell that trains the MLP again.
other-history/cnn: This is the history of the MLP; the step is about the CNN.
  Both chapters call it history. Run the cell that trains the CNN, and check what that returned.
loss-not-finite: The loss is not a number.
  The training broke down: look for unscaled pixels, a missing softmax or a huge learning rate.
metric-missing: The history has no accuracy.
  Compile with metrics=['accuracy'], then train again.
learning-rate: After {num_epochs} epochs {percent:.0f} % of the training images are right, and the learning rate is
    {rate:g}.
  Adam's own is 0.001. Far above it every step overshoots; far below it the weights hardly move. Compile again.
nothing-learned: After {num_epochs} epochs {percent:.0f} % of the training images are right: nothing was learned.
  Images and labels do not belong together, the pixels are blank, or the last layer is not the right one.
trained-before: The first epoch already had {percent:.1f} %: this model was trained before.
  A second fit goes on where the first stopped. Build and compile the model again before you compare training runs.
too-low/training: The training ended at {percent:.1f} %; {usual} is usual.
  Check the steps above from the first one on; one of them is not as it should be.
no-epochs: No epoch was trained.
  Set epochs to 5.
epochs: The training had {num_epochs} {epochs}; 5 were asked for.
  More may help and fewer may be enough, but time and accuracy are compared over five.
trained-on-test: An epoch had {steps} steps: the network was trained on the 10,000 test images{too}.
  Someone who has seen the questions proves nothing in the exam. Train on x_train, y_train.
validation-split: An epoch had {steps} steps, those of {number:,} images: {share:.0f} % were held back by
    validation_split.
  The MLP learns from all 60,000; the test will tell what it is worth. Leave validation_split out.
not-validated: An epoch had {steps} steps, so images were held back, but the history has no validation.
  Held-back images are for watching the network while it trains: pass validation_data=(x_held, y_held).
dropped-images: An epoch had {steps} steps, so {rest} images never came up in it.
  {number:,} / 128 is {quotient:.2f}. Leave steps_per_epoch out, and Keras takes the last, smaller batch too.
batch-size/of: An epoch had {steps:,} steps, as with batches of {size:,}. In batches of 128 it has {wanted}.
  The batch size decides how many updates an epoch makes, and what you compare with was trained with 128.
batch-size: An epoch had {steps:,} steps; with all images in batches of 128 it has {wanted}.
  The batch size decides how many updates an epoch makes, and what you compare with was trained with 128.
validated-on-test: The validation images are the test images.
  As soon as you choose anything by them (epochs, layers, when to stop), the test has seen your choices. Hold training
    images back instead.
loss-and-accuracy: These are several numbers, perhaps the loss and the accuracy.
  evaluate returns both, in this order; pass the second.
score-order: The model and the accuracy are in the wrong order.
  The check takes the accuracy first and then the model: check("{step}", accuracy, model).
score-text: The accuracy is a text.
  The check needs the number itself, as evaluate returned it.
score-count: The accuracy is {value:,g}: perhaps the number of images that are right.
  Divide by the 10,000 test images: the accuracy is a fraction from 0 to 1.
error-rate: {value:g} is the share of wrong answers, the error rate.
  The accuracy is what is left to 1.
no-score: The check needs a number and the model.
  Call it as check("{step}", accuracy, model), after evaluate.
percent: The accuracy is {value:g}, which looks like percent.
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
        network: Name of the network, `mlp` or `cnn`.
        num_images: Numbers of training images that an epoch may go over.
        least_accuracy: Least accuracy on the test images, from 0 to 1.
        most_first_accuracy: Highest accuracy after the first epoch, from 0 to 1; more has been trained before.
        usual: The accuracy that is usual, in words.
    """

    network: str
    num_images: tuple[int, ...]
    least_accuracy: float
    most_first_accuracy: float
    usual: str


MLP = ExpectedTraining("mlp", (60_000,), 0.97, 0.97, "about 98 %")
CNN = ExpectedTraining("cnn", (60_000, 55_000), 0.98, 1.0, "about 99 %")
_KINDS = {"model": "a model", "array": "an array", "text": "a text", "sequence": "a list", "number": "a number"}


def check_training(expected: ExpectedTraining, history: Description) -> Outcome:
    """Judges what `fit` returned: the number of epochs, the images, and whether anything was learned."""
    if history.get("kind") == "nothing":
        return StepState.NOT_STARTED
    if history.get("kind") != "history":
        return _explain_kind(expected, history)
    network = history.get("network")
    if network and network != expected.network:
        return FINDINGS[f"other-history/{expected.network}"]
    finding = _find_in_length(expected, history) or _find_in_curves(expected, history) or _find_leak(history)
    if finding:
        return finding
    last = _accuracy_curve(history["curves"])[-1] * 100
    return f"Right: five epochs, {last:.2f} % of the training images right in the last one."


def _explain_kind(expected: ExpectedTraining, given: Description) -> Finding:
    names = [key.get("value") for key, _ in given.get("items", [])] if given.get("kind") == "mapping" else []
    if "loss" in names:
        return FINDINGS["history-curves"].fill(step=f"{expected.network}.train")
    numbers = [item.get("kind") for item in given.get("items", [])] if given.get("kind") == "sequence" else []
    if numbers and set(numbers) == {"number"}:
        return FINDINGS["history-score"]
    return FINDINGS["no-history"].fill(kind=_KINDS.get(str(given.get("kind")), "something else"))


def _accuracy_curve(curves: Mapping[str, Sequence[Any]], prefix: str = "") -> list[Any]:
    """The accuracy of each epoch, whichever of its names the model was compiled with."""
    names = ("accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy")
    return next((list(curves[prefix + name]) for name in names if curves.get(prefix + name)), [])


def _find_in_curves(expected: ExpectedTraining, history: Description) -> Finding | None:
    curves = history["curves"]
    loss, accuracy = list(curves.get("loss") or []), _accuracy_curve(curves)
    if any(value is None for value in loss):
        return FINDINGS["loss-not-finite"]
    if not accuracy:
        return FINDINGS["metric-missing"]
    first, last = accuracy[0], accuracy[-1]
    if last < expected.least_accuracy - 0.02 and find_in_rate(history.get("learning_rate")):
        values = {"num_epochs": len(loss), "percent": last * 100, "rate": history["learning_rate"]}
        return FINDINGS["learning-rate"].fill(**values)
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
        return FINDINGS["epochs"].fill(num_epochs=num_epochs, epochs="epoch" if num_epochs == 1 else "epochs")
    batches = [-(-number // BATCH_SIZE) for number in expected.num_images]
    if not steps:
        return None
    is_validated = bool(history["curves"].get("val_loss"))
    if steps in batches:
        is_unwatched = steps != -(-60_000 // BATCH_SIZE) and not is_validated
        return FINDINGS["not-validated"].fill(steps=steps) if is_unwatched else None
    return _explain_steps(expected, int(steps), is_validated=is_validated)


def _explain_steps(expected: ExpectedTraining, steps: int, *, is_validated: bool) -> Finding:
    """The finding for an epoch with another number of steps than expected."""
    for others in (0, *expected.num_images):
        if steps == -(-(10_000 + others) // BATCH_SIZE):
            return FINDINGS["trained-on-test"].fill(steps=steps, too=" too" if others else "")
    for number in expected.num_images:
        if steps == number // BATCH_SIZE:
            values = {"steps": steps, "rest": number % BATCH_SIZE, "number": number, "quotient": number / BATCH_SIZE}
            return FINDINGS["dropped-images"].fill(**values)
    wanted = -(-expected.num_images[-1] // BATCH_SIZE)
    for share in range(1, 51) if is_validated else ():
        number = 60_000 * (100 - share) // 100
        if steps == -(-number // BATCH_SIZE):
            return FINDINGS["validation-split"].fill(steps=steps, number=number, share=share)
    for number in expected.num_images:
        for size in _USUAL_SIZES:
            if steps == -(-number // size):
                return FINDINGS["batch-size/of"].fill(steps=steps, size=size, wanted=wanted)
    return FINDINGS["batch-size"].fill(steps=steps, wanted=wanted)


_USUAL_SIZES = (32, 64, 256, 512, 1024, 10_000, 1, 2, 4, 8, 10, 16, 50, 100, 200, 500, 1000, 1_280, 2048, 4096, 5000)


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
    step = f"{expected.network}.score"
    kinds = accuracy.get("kind"), model.get("kind")
    if kinds[0] == "nothing":
        return StepState.NOT_STARTED
    if kinds[0] == "model" and kinds[1] != "model":
        return FINDINGS["score-order"].fill(step=step)
    if kinds[0] == "sequence":
        return FINDINGS["loss-and-accuracy"]
    if kinds[0] == "text":
        return FINDINGS["score-text"]
    value = accuracy.get("value") if accuracy.get("kind") == "number" else (accuracy.get("values") or [None])[0]
    measured = model.get("test_accuracy")
    if value is None or measured is None:
        return FINDINGS["no-score"].fill(step=step)
    if value > 100:
        return FINDINGS["score-count"].fill(value=value)
    if 1 < value <= 100:
        return FINDINGS["percent"].fill(value=value)
    if abs(value - measured) > 5e-3 and model.get("test_loss") is not None and abs(value - model["test_loss"]) < 5e-3:
        return FINDINGS["loss-for-accuracy"]
    if abs(value - measured) > 5e-3 and abs(1 - value - measured) < 2e-3:
        return FINDINGS["error-rate"].fill(value=value)
    if abs(value - measured) > 2e-3:
        return FINDINGS["other-accuracy"].fill(percent=value * 100, measured=measured * 100)
    if measured < expected.least_accuracy:
        return FINDINGS["too-low"].fill(measured=measured * 100, usual=expected.usual)
    return f"Right: {percent(measured)} of 10,000 images that the network was never trained on."
