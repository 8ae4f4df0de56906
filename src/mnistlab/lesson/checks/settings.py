"""Mistakes in the settings of a layer that were not asked for: those that cannot work, and all others."""

from collections.abc import Mapping
from typing import Any

from mnistlab.lesson.checks.blocks import Block
from mnistlab.lesson.checks.objects import same_letters
from mnistlab.lesson.checks.verdicts import Finding, read_findings

FINDINGS = read_findings("""
channels-first: {layer} has data_format="channels_first", so it takes the rows of the image for its channels.
  MNIST's images here are (28, 28, 1), with the channel last. On most processors such a network cannot be trained.
dilation: {layer} has dilation_rate={value}: its filters have holes and skip pixels.
  Neighbouring pixels are what a stroke consists of. Leave the dilation out.
groups: {layer} has groups={value}, so each filter sees only some of the maps below it.
  The filters are meant to combine all maps. Leave groups out.
frozen: {layer} has trainable=False: it is frozen, and training never changes its weights.
  That is for layers that have learned already; these numbers are still random. Leave trainable out.
starts-alike: {layer} has kernel_initializer={value}, so all of its weights start alike.
  Then all its units compute the same, get the same gradient and learn the same: a hundred are worth no more than one.
initializer: {layer} starts from kernel_initializer={value}, which was not asked for: was that meant?
  It may work as well or better, but then it is not the experiment that you compare with.
regularized: {layer} also has {name}={value}, which was not asked for: was that meant?
  It adds a penalty on weights or outputs to the loss. Dropout is the regularization of this exercise.
constrained: {layer} also has {name}={value}, which was not asked for: was that meant?
  After every step it changes the weights back to fit the constraint; here they may go where the loss sends them.
no-bias: {layer} has use_bias=False, so its sums have no offset.
  Without batch normalization after it, which has an offset of its own, a layer needs its bias.
norm-rigid: Batch normalization has {name}=False, so it does not learn a {what} of its own.
  Then every map stays at mean 0 and spread 1, even where the network needs something else. Leave {name} out.
norm-damped: Batch normalization has epsilon={value}, where 0.001 is usual.
  epsilon only keeps a division by 0 away. As large as this it decides the spread itself.
norm-memory: Batch normalization has momentum={value}, where 0.99 is usual.
  It says how slowly the averages for later answers follow the batches: at 1 they never move, at 0 only the last batch
    counts.
dropout-shape: The dropout has noise_shape={value}, so its zeros are shared.
  Each image is to lose units of its own. Leave noise_shape out.
setting: {layer} also has {name}={value}, which was not asked for: was that meant?
  It may well work, but then it is not the network that you compare with.
""")
_NAMES = {"norm": "Batch normalization", "dropout": "Dropout", "pool": "MaxPooling2D"}
_ALIKE = ("zeros", "ones", "constant")


def find_in_settings(block: Block) -> Finding | None:
    """The first setting in a block that keeps it from working, or else the first that was not asked for."""
    findings = [
        finding
        for operation in (block.weights, *block.rest)
        for finding in _findings(operation, has_norm=bool(block.all("norm")))
    ]
    harmless = ("setting", "initializer", "regularized", "constrained")
    return next((one for one in findings if one.problem not in harmless), findings[0] if findings else None)


def _findings(operation: Mapping[str, Any], *, has_norm: bool) -> list[Finding]:
    kind = str(operation["op"])
    layer = {"dense": "Dense", "conv": "Conv2D", "norm": "BatchNormalization"}.get(kind, _NAMES.get(kind, kind))
    found = []
    for name, value in (operation.get("settings") or {}).items():
        if name == "use_bias" and has_norm:
            continue  # batch normalization has an offset of its own, so nothing is lost
        values = {
            "layer": layer,
            "name": name,
            "value": value,
            "what": {"scale": "scale", "center": "offset"}.get(name),
        }
        found.append(FINDINGS[_problem(kind, name, str(value))].fill(**values))
    return found


def _problem(kind: str, name: str, value: str) -> str:
    if kind == "norm" and name in _NORM:
        return _NORM[name]
    if kind == "dropout" and name == "noise_shape":
        return "dropout-shape"
    if name in _PROBLEMS:
        return _PROBLEMS[name]
    if name == "kernel_initializer":
        return "starts-alike" if same_letters(value) in _ALIKE else "initializer"
    return (
        "regularized" if name.endswith("regularizer") else "constrained" if name.endswith("constraint") else "setting"
    )


_NORM = {"scale": "norm-rigid", "center": "norm-rigid", "epsilon": "norm-damped", "momentum": "norm-memory"}
_PROBLEMS = {
    "data_format": "channels-first",
    "dilation_rate": "dilation",
    "groups": "groups",
    "trainable": "frozen",
    "use_bias": "no-bias",
}
