"""Mistakes in compiling: a loss, an optimizer or a metric that does not fit, or that was not asked for."""

from collections.abc import Sequence
from typing import Any

from mnistlab.lesson.checks.evidence import Description
from mnistlab.lesson.checks.verdicts import Finding, Outcome, StepState, read_findings

LEAST_RATE, USUAL_RATE, MOST_RATE = 1e-5, 1e-3, 5e-3  # of Adam; outside, five epochs are wasted or worth less
HOPELESS_RATE = 0.05  # from here on, training breaks down
FINDINGS = read_findings("""
no-model: This check needs the compiled model and the labels.
  Call it with the network of this chapter first.
not-compiled: The model is not compiled.
  Before training, Keras must know what to minimize (the loss) and how (the optimizer): compile(...).
sparse-with-one-hot: The loss is the sparse one, and the labels are one-hot rows.
  Sparse means that the label is the digit itself. Use categorical_crossentropy, or leave the labels as they were.
categorical-with-integers: The loss is categorical cross-entropy, and the labels are integers, the digits themselves.
  It compares ten numbers with ten numbers. One-hot encode the labels, or use the sparse loss.
binary-loss: The loss is binary_crossentropy.
  It treats the ten outputs as ten separate questions, and its accuracy counts each yes or no: 90 % for saying no to
    everything.
squared-loss: The loss is the {which} error, a distance between numbers.
  For probabilities use cross-entropy: being certain of a wrong digit then costs a lot, and the gradient does not
    fade.
loss-own: The loss is a function of your own.
  categorical_crossentropy was asked for. Keras has it built in, and keeps it exact where a probability is close to 0.
loss: The loss is {loss}.
  categorical_crossentropy was asked for.
from-logits: The loss has from_logits=True, but the network ends in a softmax.
  The softmax would be applied twice, and no answer could get above 23 %.
loss-setting: The loss also has {name}={value}, which was not asked for: was that meant?
  Its numbers then mean something else, and cannot be compared with those of the exercise.
optimizer/slow: The optimizer is {optimizer}; Adam was asked for.
  With its default learning rate it learns more slowly, and five epochs do not take it as far as Adam.
optimizer/adamw: The optimizer is AdamW; Adam was asked for.
  AdamW is Adam that also pulls the weights towards 0. It learns as well here, but then it is not the training
    run that you compare with.
optimizer: The optimizer is {optimizer}; Adam was asked for.
  It may learn as well, but then it is not the training run that you compare with.
rate-negative: The learning rate is negative: {rate:g}.
  The weights would then move uphill, to a higher loss at every step. Adam's own is 0.001.
rate-zero: The learning rate is 0.
  The weights would never move. Adam's own is 0.001.
rate-large: The learning rate is {rate:g}, {factor:,.0f} times Adam's own of 0.001.
  Each step then jumps over the valley that it is meant to go down into, and training breaks down or stands still.
rate-high: The learning rate is {rate:g}, {factor:,.0f} times Adam's own of 0.001.
  Steps that long keep jumping around the best weights, so the loss does not settle and the accuracy stays lower.
rate-small: The learning rate is {rate:g}, and Adam's own is 0.001.
  The weights would hardly move in five epochs.
optimizer-setting: The optimizer also has {name}={value}, which was not asked for: was that meant?
  It may well work, but then it is not the training run that you compare with.
metrics-third: The metrics were passed as loss_weights.
  compile takes optimizer, loss, loss_weights and metrics in this order. Name them: metrics=["accuracy"].
metric-missing/compiled: There is no accuracy among the metrics.
  The loss alone is hard to read. Add metrics=['accuracy']; it changes nothing in the training.
metric-exact: The metric is keras.metrics.Accuracy, which counts outputs that equal the label exactly.
  A probability is hardly ever exactly 1, so it shows about 0. The text "accuracy" lets Keras choose the one that fits.
metric-binary: The metric is binary_accuracy, which counts each of the ten outputs for itself.
  It shows 90 % for a network that says no to everything. "accuracy" looks at the largest output for each image.
metric-sparse: The metric is sparse_categorical_accuracy, and the labels are one-hot rows.
  It expects the digit itself. "accuracy" lets Keras choose the one that fits.
metric-dense: The metric is categorical_accuracy, and the labels are the digits themselves.
  It expects one-hot rows. "accuracy" lets Keras choose the one that fits.
metric-top: The metric is {metric}, which counts an image as right if its digit is among several guesses.
  The exercise asks for the share of images whose first guess is right: "accuracy".
metric-other: The metric is {metric}, and there is no accuracy.
  Another number beside it does no harm, but accuracy is what you compare. Add "accuracy".
""")
_DISTANCES = {
    "mse": "mean squared",
    "mean_squared_error": "mean squared",
    "mae": "mean absolute",
    "mean_absolute_error": "mean absolute",
}
_OPTIMIZERS = {
    **dict.fromkeys(("SGD", "Adagrad", "Adadelta", "Ftrl"), "optimizer/slow"),
    "AdamW": "optimizer/adamw",
}
_ACCURACIES = ("accuracy", "acc")


def check_compile(model: Description, labels: Description) -> Outcome:
    """Judges loss, optimizer and metric, and whether the loss fits the labels."""
    if model.get("kind") == "nothing":
        return StepState.NOT_STARTED
    if model.get("kind") != "model":
        return FINDINGS["no-model"]
    compiled = model.get("compiled")
    if not compiled:
        return FINDINGS["not-compiled"]
    shape = labels.get("shape") or []
    praise = "Right: categorical cross-entropy, Adam, and the accuracy to look at."
    if compiled["loss"] == "sparse_categorical_crossentropy" and len(shape) == 1:
        praise = "Right: the sparse cross-entropy for labels that are digits, Adam, and the accuracy to look at."
    return _find_in_loss(compiled, shape) or _find_in_optimizer(compiled) or _find_in_metrics(compiled, shape) or praise


def _find_in_loss(compiled: Description, shape: Sequence[Any]) -> Finding | None:
    loss = compiled["loss"]
    if loss == "sparse_categorical_crossentropy" and len(shape) == 2:
        return FINDINGS["sparse-with-one-hot"]
    if loss == "categorical_crossentropy" and len(shape) == 1:
        return FINDINGS["categorical-with-integers"]
    if loss == "binary_crossentropy":
        return FINDINGS["binary-loss"]
    if loss in _DISTANCES:
        return FINDINGS["squared-loss"].fill(which=_DISTANCES[loss])
    if loss not in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
        return FINDINGS["loss-own"] if compiled.get("is_own_loss") else FINDINGS["loss"].fill(loss=loss)
    if compiled.get("from_logits"):
        return FINDINGS["from-logits"]
    settings = {
        name: value
        for name, value in (compiled.get("loss_settings") or {}).items()
        if name != "reduction" or value.strip("'") == "sum"
    }
    for name, value in settings.items():
        return FINDINGS["loss-setting"].fill(name=name, value=value)
    return None


def _find_in_optimizer(compiled: Description) -> Finding | None:
    if compiled["optimizer"] != "Adam":
        return FINDINGS[_OPTIMIZERS.get(compiled["optimizer"], "optimizer")].fill(optimizer=compiled["optimizer"])
    finding = find_in_rate(compiled.get("learning_rate"))
    if finding:
        return finding
    for name, value in (compiled.get("optimizer_settings") or {}).items():
        return FINDINGS["optimizer-setting"].fill(name=name, value=value)
    return None


def find_in_rate(rate: Any) -> Finding | None:
    """The mistake in a learning rate that is hopeless; `None` if it can work, or is not known."""
    if not isinstance(rate, int | float) or LEAST_RATE <= rate <= MOST_RATE:
        return None
    if rate <= 0:
        return FINDINGS["rate-negative" if rate else "rate-zero"].fill(rate=rate)
    problem = "rate-small" if rate < LEAST_RATE else "rate-high" if rate < HOPELESS_RATE else "rate-large"
    return FINDINGS[problem].fill(rate=rate, factor=rate / USUAL_RATE)


def _find_in_metrics(compiled: Description, shape: Sequence[Any]) -> Finding | None:
    metrics = [str(metric) for metric in compiled["metrics"]]
    fitting = "sparse_categorical_accuracy" if len(shape) == 1 else "categorical_accuracy"
    if any(metric in (*_ACCURACIES, fitting) for metric in metrics):
        return None
    if not metrics:
        return FINDINGS["metrics-third" if compiled.get("has_loss_weights") else "metric-missing/compiled"]
    metric = metrics[0]
    if metric.startswith(("top_k", "sparse_top_k")):
        return FINDINGS["metric-top"].fill(metric=metric)
    return FINDINGS[_METRICS.get(metric, "metric-other")].fill(metric=metric)


_METRICS = {
    "keras.metrics.Accuracy": "metric-exact",
    "binary_accuracy": "metric-binary",
    "sparse_categorical_accuracy": "metric-sparse",
    "categorical_accuracy": "metric-dense",
}
