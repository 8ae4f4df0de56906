"""Mistakes in the activation of a layer: ReLU inside the network, softmax at its end."""

from mnistlab.lesson.checks.blocks import Block
from mnistlab.lesson.checks.layers import Finding, Layer


def find_in_activation(layer: Layer, block: Block) -> Finding | None:
    """The first mistake in the activations after the layer."""
    names = block.activations()
    if names == [layer.activation]:
        return None
    if layer.activation == "softmax":
        return _find_in_softmax(names)
    if not names:
        return (
            "activation-missing",
            "The ReLU is missing.",
            "Without a bend between them two layers are one: a weighted sum of weighted sums is a weighted sum.",
        )
    if "softmax" in names:
        return (
            "softmax-hidden",
            "A hidden layer ends in a softmax.",
            "It makes the numbers compete and sum to 1, which is meant for the answer. Inside the network it is ReLU.",
        )
    if set(names) == {"relu"}:
        return (
            "activation-twice",
            "There are two ReLUs after this layer.",
            "Perhaps as an argument and as a layer of its own. It does no harm, since what is cut off stays cut off; "
            "keep one.",
        )
    wrong = next(name for name in names if name != "relu")
    reasons = {
        "sigmoid": "A sigmoid is flat at both ends, and through many layers the gradient fades.",
        "tanh": "tanh is flat at both ends, and through many layers the gradient fades.",
    }
    return (
        "activation-other",
        f"The activation is {wrong}; ReLU was asked for.",
        reasons.get(wrong, "It may work as well, but then it is another network than the one that you compare with."),
    )


def _find_in_softmax(names: list[str]) -> Finding:
    if not names:
        return (
            "softmax-missing",
            "The softmax is missing: ten scores come out, and not probabilities.",
            "Cross-entropy takes the logarithm of a probability. Scores below zero have none; training goes astray.",
        )
    if names[0] == "softmax" and names.count("softmax") == len(names):
        return (
            "softmax-twice",
            "There are two softmaxes.",
            "The second takes probabilities for scores and flattens them: no answer can get above 23 %.",
        )
    if names[0] == "softmax" and "relu" in names:
        return (
            "relu-after-softmax",
            "A ReLU follows the softmax.",
            "Probabilities are above zero already, so it does nothing; the softmax is the last step.",
        )
    if "softmax" in names:
        return (
            "activation-before-softmax",
            f"A {names[0]} stands before the softmax.",
            "It cuts the scores off before they are compared: a ReLU makes all negative ones equal.",
        )
    if names[0] == "sigmoid":
        return (
            "sigmoid-output",
            "The output layer ends in a sigmoid.",
            "It gives ten separate yes-or-no answers that need not sum to 1. An image shows one digit: softmax.",
        )
    if names[0] == "relu":
        return (
            "relu-output",
            "The output layer ends in a ReLU.",
            "Its outputs do not sum to 1, and a score below zero becomes 0, from which no gradient leads back.",
        )
    return (
        "output-activation",
        f"The output layer ends in {names[0]}; softmax was asked for.",
        "Only softmax makes ten probabilities that sum to 1.",
    )
