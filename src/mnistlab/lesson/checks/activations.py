"""Mistakes in the activation of a layer: ReLU inside the network, softmax at its end."""

from mnistlab.lesson.checks.blocks import Block
from mnistlab.lesson.checks.layers import ExpectedLayer
from mnistlab.lesson.checks.verdicts import Finding, read_findings

FINDINGS = read_findings("""
activation-missing: The ReLU is missing.
  Without a bend between them two layers are one: a weighted sum of weighted sums is a weighted sum.
activation-own: The {other} layer is not a ReLU.
  It was tried on a few numbers. A ReLU keeps positive numbers as they are and makes all others 0: Activation("relu").
activation-linear: The activation is linear, which does nothing; ReLU was asked for.
  Without a bend between them two layers are one: a weighted sum of weighted sums is a weighted sum.
softmax-hidden: A hidden layer ends in a softmax.
  It makes the numbers compete and sum to 1, which is meant for the answer. Inside the network it is ReLU.
activation-twice: There are two ReLUs after this layer.
  Perhaps one as an argument and one as a layer. It does no harm, since what is cut off stays cut off; keep one of
    them.
activation-other/flat: The activation is {name}; ReLU was asked for.
  {flat} is flat at both ends, and through many layers the gradient fades.
activation-other: The activation is {name}; ReLU was asked for.
  It may work as well, but then it is not the network that you compare with.
softmax-missing: The softmax is missing: ten scores come out instead of probabilities.
  Cross-entropy takes the logarithm of a probability. Scores below zero have no logarithm, and
    training goes astray.
softmax-own: The {other} layer is not a softmax of the ten sums.
  It was tried on a few numbers. A softmax divides the power of e to each number by the sum of these powers.
softmax-twice: There are two softmaxes.
  The second treats probabilities as scores and flattens them: no answer can get above 23 %.
relu-after-softmax: A ReLU follows the softmax.
  Probabilities are above zero already, so it does nothing; the softmax is the last step.
activation-before-softmax: There is a {name} before the softmax.
  It cuts the scores off before they are compared: a ReLU makes all negative ones equal.
sigmoid-output: The output layer ends in a sigmoid.
  It gives ten separate yes-or-no answers that need not sum to 1. An image shows one digit: softmax.
relu-output: The output layer ends in a ReLU.
  Its outputs do not sum to 1, and a score below zero becomes 0, from which no gradient leads back.
output-activation: The output layer ends in {name}; softmax was asked for.
  Only softmax makes ten probabilities that sum to 1.
""")


def find_in_activation(expected: ExpectedLayer, block: Block) -> Finding | None:
    """The first mistake in the activations after the layer."""
    names = block.activations()
    if names == [expected.activation]:
        return None
    own = [str(one.get("class")) for one in block.all("other") if one.get("is_function")]
    if own and not names:
        return FINDINGS["softmax-own" if expected.activation == "softmax" else "activation-own"].fill(other=own[0])
    if expected.activation == "softmax":
        return _find_in_softmax(names)
    if not names:
        return FINDINGS["activation-linear" if block.all("activation") else "activation-missing"]
    if "softmax" in names:
        return FINDINGS["softmax-hidden"]
    if set(names) == {"relu"}:
        return FINDINGS["activation-twice"]
    wrong = next(name for name in names if name != "relu")
    flat = {"sigmoid": "A sigmoid", "tanh": "tanh"}.get(wrong)
    return FINDINGS["activation-other/flat" if flat else "activation-other"].fill(name=wrong, flat=flat)


def _find_in_softmax(names: list[str]) -> Finding:
    if not names:
        return FINDINGS["softmax-missing"]
    if names[0] == "softmax" and names.count("softmax") == len(names):
        return FINDINGS["softmax-twice"]
    if names[0] == "softmax" and "relu" in names:
        return FINDINGS["relu-after-softmax"]
    if "softmax" in names:
        return FINDINGS["activation-before-softmax"].fill(name=names[0])
    if names[0] == "sigmoid":
        return FINDINGS["sigmoid-output"]
    if names[0] == "relu":
        return FINDINGS["relu-output"]
    return FINDINGS["output-activation"].fill(name=names[0])
