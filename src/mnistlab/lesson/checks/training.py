"""Compiling, training and scoring: what came out of it, and what that says."""

from collections.abc import Mapping, Sequence
from typing import Any

from mnistlab.lesson.checks.verdicts import Verdict, done, not_started, not_yet

Description = Mapping[str, Any]
Finding = tuple[str, str, str]
EPOCHS = 5
BATCH_SIZE = 128
NUM_TRAIN = {"mlp": (60_000,), "cnn": (60_000, 55_000)}
LEAST_ACCURACY = {"mlp": 0.97, "cnn": 0.98}
USUAL = {"mlp": "about 98 %", "cnn": "about 99 %"}


def check_compile(step: str, model: Description, labels: Description) -> Verdict:
    """Judges loss, optimizer and metric, and whether the loss fits the labels."""
    if model.get("kind") != "model":
        return not_started(step)
    compiled = model.get("compiled")
    if not compiled:
        return not_yet(
            step,
            "not-compiled",
            "The model is not compiled.",
            "Before training Keras must know what to lessen (the loss) and how (the optimizer): compile(...).",
        )
    finding = _find_in_loss(compiled, labels) or _find_in_optimizer(compiled)
    if finding:
        return not_yet(step, *finding)
    return done(step, "Right: categorical cross-entropy, Adam, and the accuracy to look at.")


def _find_in_loss(compiled: Description, labels: Description) -> Finding | None:
    loss, shape = compiled["loss"], labels.get("shape") or []
    if loss == "sparse_categorical_crossentropy" and len(shape) == 2:
        return (
            "sparse-with-one-hot",
            "The loss is the sparse one, and the labels are one-hot rows.",
            "Sparse means that the label is the digit itself. Use categorical_crossentropy, or leave the labels as "
            "they were.",
        )
    if loss == "categorical_crossentropy" and len(shape) == 1:
        return (
            "categorical-with-integers",
            "The loss is categorical cross-entropy, and the labels are digits.",
            "It compares ten numbers with ten numbers. One-hot encode the labels, or use the sparse loss.",
        )
    if loss == "binary_crossentropy":
        return (
            "binary-loss",
            "The loss is binary cross-entropy.",
            "It takes the ten outputs for ten separate questions; its accuracy would be that of yes and no, 90 % for "
            "saying no to everything.",
        )
    if loss in ("mse", "mean_squared_error", "mae", "mean_absolute_error"):
        return (
            "squared-loss",
            "The loss is a distance between numbers.",
            "For probabilities cross-entropy is asked for: certainty in a wrong digit then costs a lot, and the "
            "gradient does not fade.",
        )
    if loss not in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
        return ("loss", f"The loss is {loss}.", "categorical_crossentropy was asked for.")
    if compiled.get("from_logits"):
        return (
            "from-logits",
            "The loss has from_logits=True, but the network ends in a softmax.",
            "The softmax would be taken twice, and no answer could get above 23 %.",
        )
    return None


def _find_in_optimizer(compiled: Description) -> Finding | None:
    if compiled["optimizer"] not in ("Adam", "AdamW"):
        return (
            "optimizer",
            f"The optimizer is {compiled['optimizer']}; Adam was asked for.",
            "Others reach the same place, but not in five epochs with their default learning rate.",
        )
    metrics = [str(metric) for metric in compiled["metrics"]]
    if not any("acc" in metric for metric in metrics):
        return (
            "metric-missing",
            "There is no accuracy among the metrics.",
            "The loss alone is hard to read. Add metrics=['accuracy']; it changes nothing in the training.",
        )
    return None


def check_training(step: str, history: Description) -> Verdict:
    """Judges what `fit` returned: how long, on how much, and whether anything was learned."""
    network = step.partition(".")[0]
    if history.get("kind") == "nothing":
        return not_started(step)
    if history.get("kind") != "history":
        return not_yet(
            step,
            "no-history",
            "This check wants what fit returned.",
            "fit returns a History with the curves: history = model.fit(...).",
        )
    curves = history["curves"]
    finding = _find_in_length(history, network) or _find_in_curves(curves, network) or _find_leak(history)
    if finding:
        return not_yet(step, *finding)
    last = _accuracy_curve(curves)[-1] * 100
    return done(step, f"Right: five epochs, {last:.2f} % of the training images right in the last one.")


def _accuracy_curve(curves: Mapping[str, Sequence[Any]], prefix: str = "") -> list[Any]:
    """The accuracy of each epoch, under whichever of its names it was compiled."""
    names = ("accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy")
    return next((list(curves[prefix + name]) for name in names if curves.get(prefix + name)), [])


def _find_in_curves(curves: Mapping[str, Sequence[Any]], network: str) -> Finding | None:
    loss, accuracy = list(curves.get("loss") or []), _accuracy_curve(curves)
    if any(value is None for value in loss):
        return (
            "loss-not-finite",
            "The loss is not a number.",
            "The training broke down: look for unscaled pixels, a missing softmax or a huge learning rate.",
        )
    if not accuracy:
        return (
            "metric-missing",
            "The history has no accuracy.",
            "Compile with metrics=['accuracy'], then train again.",
        )
    if accuracy[-1] < 0.2:
        return (
            "nothing-learned",
            f"After {len(loss)} epochs {accuracy[-1] * 100:.0f} % of the training images are right: no better than "
            "guessing.",
            "Images and labels do not belong together, the pixels are blank, or the last layer is not the right one.",
        )
    if accuracy[0] > 0.97 and network == "mlp":
        return (
            "trained-before",
            f"The first epoch already had {accuracy[0] * 100:.1f} %: this model was trained before.",
            "A second fit goes on where the first stopped. Build and compile the model anew to compare trainings.",
        )
    if accuracy[-1] < LEAST_ACCURACY[network] - 0.02:
        return (
            "too-low",
            f"The training ended at {accuracy[-1] * 100:.1f} %; {USUAL[network]} is usual.",
            "Check the steps above from the first one on; one of them is not as it should be.",
        )
    return None


def _find_in_length(history: Description, network: str) -> Finding | None:
    num_epochs, steps = len(history["curves"].get("loss") or []), history.get("steps") or 0
    if num_epochs == 0:
        return ("no-epochs", "Not one epoch was trained.", "Set epochs to 5.")
    if num_epochs != EPOCHS:
        return (
            "epochs",
            f"The training had {num_epochs} epochs; 5 were asked for.",
            "More may help and less may do, but time and accuracy are compared over five.",
        )
    batches = [-(-number // BATCH_SIZE) for number in NUM_TRAIN[network]]
    if not steps or steps in batches:
        return None
    for others in (0, *NUM_TRAIN[network]):
        if steps == -(-(10_000 + others) // BATCH_SIZE):
            return (
                "trained-on-test",
                f"An epoch had {steps} steps: the network was trained on the 10,000 test images"
                + (" too." if others else "."),
                "Whoever has seen the questions proves nothing in the examination. Train on x_train, y_train.",
            )
    for number in NUM_TRAIN[network]:
        if steps == number // BATCH_SIZE:
            return (
                "dropped-images",
                f"An epoch had {steps} steps, so {number % BATCH_SIZE} images never came up in it.",
                f"{number:,} / 128 is {number / BATCH_SIZE:.2f}. Leave steps_per_epoch away, and Keras takes the last, "
                "smaller batch too.",
            )
    return (
        "batch-size",
        f"An epoch had {steps:,} steps; with all images in batches of 128 it has {batches[-1]}.",
        "The batch size decides how many updates an epoch makes, and what you compare with was trained with 128.",
    )


def _find_leak(history: Description) -> Finding | None:
    validation, test_loss = history["curves"].get("val_loss"), history.get("test_loss")
    if not validation or test_loss is None or validation[-1] is None:
        return None
    # Other images may come to nearly the same loss by chance, but hardly to the same share of right answers as well.
    shares = _accuracy_curve(history["curves"], "val_")[-1:], history.get("test_accuracy")
    if shares[0] and shares[1] is not None and abs(shares[0][0] - shares[1]) > 1.5e-4:
        return None
    if abs(validation[-1] - test_loss) < 1e-3 * max(abs(test_loss), 1e-6):
        return (
            "validated-on-test",
            "The validation images are the test images.",
            "As soon as you choose anything by them (epochs, layers, when to stop), the test has seen your choices. "
            "Hold training images back instead.",
        )
    return None


def check_score(step: str, score: Description, model: Description) -> Verdict:
    """Judges the reported test accuracy against what the model really gets right."""
    network = step.partition(".")[0]
    if score.get("kind") == "nothing":
        return not_started(step)
    if score.get("kind") == "sequence":
        return not_yet(
            step, "loss-and-accuracy", "This is a list.", "evaluate returns loss and accuracy; pass the second."
        )
    value = score.get("value") if score.get("kind") == "number" else (score.get("values") or [None])[0]
    measured = model.get("test_accuracy")
    if value is None or measured is None:
        return not_yet(step, "no-score", "The check wants a number and the model.", "check(step, accuracy, model).")
    if 1 < value <= 100:
        return not_yet(step, "percent", f"The accuracy is {value:g}.", "Pass the fraction from 0 to 1.")
    if abs(value - measured) > 5e-3 and model.get("test_loss") is not None and abs(value - model["test_loss"]) < 5e-3:
        return not_yet(step, "loss-for-accuracy", "This is the loss.", "evaluate returns it first; pass the second.")
    if abs(value - measured) > 2e-3:
        return not_yet(
            step,
            "other-accuracy",
            f"The accuracy was given as {value * 100:.2f} %; on the test images the model gets {measured * 100:.2f} %.",
            "An accuracy on training images flatters; evaluate on x_test, y_test, prepared as x_train was.",
        )
    if measured < LEAST_ACCURACY[network]:
        return not_yet(
            step,
            "too-low",
            f"The model gets {measured * 100:.2f} % of the test images right; {USUAL[network]} is usual.",
            "Check the steps above from the first one on; one of them is not as it should be.",
        )
    return done(step, f"Right: {measured * 100:.2f} % of 10,000 images that took part in no training.")
