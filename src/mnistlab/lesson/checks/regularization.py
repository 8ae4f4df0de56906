"""Mistakes in what keeps a training steady: batch normalization and dropout."""

from mnistlab.lesson.checks.blocks import Block
from mnistlab.lesson.checks.layers import DROPOUT_RATE, Finding, Layer


def find_in_norm(layer: Layer, block: Block) -> Finding | None:
    """The first mistake in the batch normalization of the layer."""
    norms = block.all("norm")
    if any("Normalization" in str(other.get("class")) for other in block.all("other")):
        return (
            "norm-other",
            f"This is {block.all('other')[0]['class']}; BatchNormalization was asked for.",
            "Layer normalization averages over one image, batch normalization over the batch, channel by channel.",
        )
    if layer.has_norm and not norms:
        return (
            "norm-missing",
            "Batch normalization is missing after this layer.",
            "It keeps the numbers that reach the next layer at mean 0 and spread 1 while the weights move; training is "
            "quicker and less touchy about the learning rate.",
        )
    if len(norms) > 1:
        return (
            "norm-twice",
            "There are two batch normalizations after this layer.",
            "The second finds numbers that are normalized already; it costs time and changes nothing.",
        )
    if norms and not norms[0].get("is_channel_axis", True):
        return (
            "norm-axis",
            "Batch normalization runs along another axis than the channels.",
            "Each filter's map gets one mean and one spread. The channels are the last axis, axis=-1, the default.",
        )
    if norms and not layer.has_norm:
        return (
            "norm-unasked",
            "There is a batch normalization here that was not asked for.",
            "After the output layer it would shift the ten scores; in the MLP it would be another network than the one "
            "that you compare with.",
        )
    return None


def find_in_dropout(layer: Layer, block: Block) -> Finding | None:
    """The first mistake in its dropout."""
    dropouts = block.all("dropout")
    variants = [one for one in block.all("other") if "Dropout" in str(one.get("class"))]
    if variants:
        return (
            "dropout-other",
            f"This is {variants[0]['class']}; plain Dropout was asked for.",
            "The variants drop whole maps or add noise instead.",
        )
    if not layer.has_dropout:
        if not dropouts:
            return None
        if layer.activation == "softmax":
            return (
                "dropout-after-output",
                "Dropout follows the output layer.",
                "It would set the probability of the right digit to 0 now and then, and the loss to infinity.",
            )
        return (
            "dropout-unasked",
            "There is a dropout here that was not asked for.",
            "Convolutions share their weights over the image and overfit little; the dense layer has the dropout.",
        )
    if not dropouts:
        return (
            "dropout-missing",
            "The dropout is missing.",
            "Without it the network learns the training images by heart sooner, and reads new ones worse.",
        )
    if len(dropouts) > 1:
        return (
            "dropout-twice",
            "There are two dropouts after this layer.",
            "Together they drop 36 % instead of 20 %.",
        )
    rate = dropouts[0].get("rate")
    if rate == 0.8:
        return (
            "dropout-keep",
            f"The dropout's rate is {rate:g}, so four fifths of the numbers are dropped.",
            "In Keras the rate is the share that goes, not the share that stays: 20 % is Dropout(0.2).",
        )
    if not isinstance(rate, int | float) or abs(rate - DROPOUT_RATE) > 1e-6:
        return (
            "dropout-rate",
            f"The dropout's rate is {rate}; 0.2 was asked for.",
            "Too little and it does nothing, too much and the network cannot learn.",
        )
    if layer.has_norm and block.position("dropout") < block.position("norm"):
        return (
            "dropout-before-norm",
            "Dropout stands before batch normalization.",
            "The statistics are then those of numbers with holes, and do not fit when the network answers later.",
        )
    return None
