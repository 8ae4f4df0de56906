"""Mistakes in what keeps training steady: batch normalization and dropout."""

from mnistlab.lesson.checks.blocks import Block
from mnistlab.lesson.checks.layers import DROPOUT_RATE, ExpectedLayer
from mnistlab.lesson.checks.verdicts import Finding, read_findings

FINDINGS = read_findings("""
norm-other: This is {other}; BatchNormalization was asked for.
  It averages within one image; batch normalization averages over the batch, channel by channel.
norm-output: There is a batch normalization in the output layer.
  It shifts and scales the ten sums that the softmax compares. The answer is to come from the weights alone.
norm-missing: Batch normalization is missing after this layer.
  It keeps the numbers that reach the next layer at mean 0 and spread 1 while the weights move; training is quicker and
    less touchy about the learning rate.
norm-twice: There are two batch normalizations after this layer.
  The second finds numbers that are normalized already; it costs time and changes nothing.
norm-axis: Batch normalization runs along another axis than the channels.
  Each filter's map gets one mean and one spread. The channels are the last axis, axis=-1, the default.
norm-unasked: There is a batch normalization here that was not asked for.
  It may well help, but then it is not the network that you compare with; the CNN will have it.
dropout-other: This is {other}; plain Dropout was asked for.
  The variants drop whole maps, or replace numbers with something other than 0.
dropout-after-output: Dropout follows the output layer.
  It would set the probability of the right digit to 0 now and then, and the loss to infinity.
dropout-unasked: There is a dropout here that was not asked for.
  Convolutions share their weights over the image and overfit little; the dense layer has the dropout.
dropout-missing: The dropout is missing.
  Without it the network learns the training images by heart sooner, and does worse on new ones.
dropout-twice: There are two dropouts after this layer.
  Together they drop 36 % instead of 20 %.
dropout-keep: The dropout's rate is {rate:g}, so four fifths of the numbers are dropped.
  In Keras the rate is the share that goes, not the share that stays: 20 % is Dropout(0.2).
dropout-off: The dropout's rate is 0, so it drops nothing; 0.2 was asked for.
  Without it the network learns the training images by heart sooner, and does worse on new ones.
dropout-rate: The dropout's rate is {rate}; 0.2 was asked for.
  Too little and it does nothing, too much and the network cannot learn.
dropout-before-norm: Dropout stands before batch normalization.
  The statistics are then those of numbers with holes, and do not fit when the network answers later.
""")


def find_in_norm(expected: ExpectedLayer, block: Block) -> Finding | None:
    """The first mistake in the batch normalization of the layer."""
    norms, others = block.all("norm"), block.all("other")
    other = next((str(one.get("class")) for one in others if "Normalization" in str(one.get("class"))), "")
    if other and expected.has_norm:
        return FINDINGS["norm-other"].fill(other=other)
    if expected.has_norm and not norms:
        return FINDINGS["norm-missing"]
    if len(norms) > 1:
        return FINDINGS["norm-twice"]
    if norms and not norms[0].get("is_channel_axis", True):
        return FINDINGS["norm-axis"]
    if norms and not expected.has_norm:
        return FINDINGS["norm-output" if expected.activation == "softmax" else "norm-unasked"]
    return None


def find_in_dropout(expected: ExpectedLayer, block: Block) -> Finding | None:
    """The first mistake in the dropout of the layer."""
    dropouts = block.all("dropout")
    variants = [one for one in block.all("other") if "Dropout" in str(one.get("class"))]
    if variants:
        return FINDINGS["dropout-other"].fill(other=variants[0]["class"])
    if not expected.has_dropout:
        if not dropouts:
            return None
        return FINDINGS["dropout-after-output" if expected.activation == "softmax" else "dropout-unasked"]
    if not dropouts:
        return FINDINGS["dropout-missing"]
    if len(dropouts) > 1:
        return FINDINGS["dropout-twice"]
    rate = dropouts[0].get("rate")
    if rate == 0:
        return FINDINGS["dropout-off"]
    if rate == 0.8:
        return FINDINGS["dropout-keep"].fill(rate=rate)
    if not isinstance(rate, int | float) or abs(rate - DROPOUT_RATE) > 1e-6:
        return FINDINGS["dropout-rate"].fill(rate=rate)
    if expected.has_norm and block.position("dropout") < block.position("norm"):
        return FINDINGS["dropout-before-norm"]
    return None
