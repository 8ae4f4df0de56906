"""The layers of both networks: what is right, and what each typical mistake means."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from mnistlab.lesson.checks.blocks import Block, assign_cnn, assign_mlp, flattened_size, split_blocks
from mnistlab.lesson.verdicts import Verdict, done, not_started, not_yet

DROPOUT_RATE = 0.2
FLATTENED = 1024  # 4 × 4 pixels in 64 maps
Finding = tuple[str, str, str]
"""A mistake: its name, what was found, why it matters."""


@dataclasses.dataclass(frozen=True)
class Layer:
    """What a gap is to be filled with.

    Args:
        kind: `dense` or `conv`.
        size: units or filters.
        activation: its name in Keras.
        has_norm: whether batch normalization belongs to it.
        has_dropout: whether dropout does.
        has_pool: whether the network pools after it.
        gives_pool: whether that pooling layer is given, below the gap.
    """

    kind: str
    size: int
    activation: str = "relu"
    has_norm: bool = False
    has_dropout: bool = False
    has_pool: bool = False
    gives_pool: bool = False


LAYERS = {
    "mlp.hidden2": Layer("dense", 512, has_dropout=True),
    "mlp.output": Layer("dense", 10, "softmax"),
    "cnn.conv2": Layer("conv", 32, has_norm=True, has_pool=True, gives_pool=True),
    "cnn.conv3": Layer("conv", 64, has_norm=True),
    "cnn.conv4": Layer("conv", 64, has_norm=True, has_pool=True),
    "cnn.dense5": Layer("dense", 512, has_norm=True, has_dropout=True),
    "cnn.output": Layer("dense", 10, "softmax"),
}
_NUM_BLOCKS = {"mlp": {"dense": 3}, "cnn": {"conv": 4, "dense": 2}}


def check_layer(step: str, model: Mapping[str, Any]) -> Verdict:
    """Judges one gap of a network from the description of the whole."""
    if model.get("kind") == "nothing":
        return not_started(step)
    if model.get("kind") != "model":
        return not_yet(
            step,
            "no-model",
            f"This check wants the model itself, but got {_kind(model)}.",
            "The model knows its layers; pass the variable that you added them to.",
        )
    operations = model["operations"]
    network = step.partition(".")[0]
    blocks = split_blocks(operations)
    for find in (_find_wrong_network, _find_repeated):
        finding = find(network, blocks)
        if finding:
            return not_yet(step, *finding)
    assigned = assign_mlp(blocks) if network == "mlp" else assign_cnn(operations)
    if step not in assigned:
        return _missing(step, blocks, assigned)
    finding = find_mistake(LAYERS[step], assigned[step]) or _find_around(step, operations, blocks)
    if finding:
        return not_yet(step, *finding)
    if step.endswith("output") and not _gives_probabilities(model):
        return not_yet(
            step,
            "no-probabilities",
            "The layer looks right, but the network's outputs are not ten probabilities that sum to 1.",
            "Something after or before it changes them; rebuild the model from the top.",
        )
    return done(step, _praise(step))


def find_mistake(layer: Layer, block: Block) -> Finding | None:
    """The first mistake in a block, if there is one."""
    for find in (_find_in_weights, _find_in_norm, _find_in_activation, _find_in_dropout, _find_in_pooling):
        finding = find(layer, block)
        if finding:
            return finding
    others = block.all("other")
    if others:
        return (
            "other-layer",
            f"There is a {others[0]['class']} layer that the exercise does not ask for.",
            "It may well work, but then it is another network than the one that you compare with.",
        )
    return None


def _kind(description: Mapping[str, Any]) -> str:
    return {
        "history": "what fit returned",
        "array": "an array",
        "text": "a text",
        "sequence": "a list",
        "number": "a number",
    }.get(str(description.get("kind")), f"a {description.get('class', 'thing of another kind')}")


def _find_wrong_network(network: str, blocks: list[Block]) -> Finding | None:
    first = blocks[0].kind if blocks else ""
    if network == "mlp" and first == "conv":
        return ("other-network", "This is the CNN; the step is about the MLP.", "Pass the model of this chapter, mlp.")
    if network == "cnn" and first == "dense":
        return (
            "other-network",
            "This model begins with a dense layer, so it is the MLP; the step is about the CNN.",
            "Pass the model of this chapter, cnn.",
        )
    return None


def _find_repeated(network: str, blocks: list[Block]) -> Finding | None:
    """Cells that were run twice: `add` appends again."""
    for kind, expected in _NUM_BLOCKS[network].items():
        count = sum(block.kind == kind for block in blocks)
        if count > expected:
            name = {"dense": "dense", "conv": "convolutional"}[kind]
            return (
                "added-twice",
                f"The model has {count} {name} layers with weights; {expected} were expected. Most often a cell with "
                "add was run twice.",
                f"Each add appends. Run the cell with {network} = keras.Sequential(...) again, then each cell below it "
                "once.",
            )
    return None


def _missing(step: str, blocks: list[Block], assigned: Mapping[str, Block]) -> Verdict:
    later = [other for other in list(LAYERS)[list(LAYERS).index(step) + 1 :] if other in assigned]
    same = [other for other in later if other.split(".")[0] == step.split(".")[0]]
    if step == "mlp.hidden2" and same:
        return not_yet(
            step,
            "skipped",
            "The output layer follows the first hidden layer directly: the second hidden layer is missing.",
            "Add it before the output layer; run the cells from the top, since add can only append.",
        )
    if step in ("cnn.conv3", "cnn.conv4") and blocks and not any("pool" == one["op"] for one in _rest(blocks)):
        return (
            not_yet(
                step,
                "given-pool-removed",
                "There is no pooling layer after convolution 2.",
                "It was given and halves the height and width; put keras.layers.MaxPooling2D((2, 2)) back.",
            )
            if sum(block.kind == "conv" for block in blocks) > 2
            else not_started(step)
        )
    return not_started(step)


def _rest(blocks: list[Block]) -> list[Mapping[str, Any]]:
    return [operation for block in blocks for operation in block.rest]


def _find_in_weights(layer: Layer, block: Block) -> Finding | None:
    size = block.weights.get("size")
    if block.kind != layer.kind:
        wanted = {"dense": "a Dense layer", "conv": "a Conv2D layer"}
        return (
            "wrong-kind",
            f"This is {wanted[block.kind]}; {wanted[layer.kind]} was asked for.",
            "A convolution looks at neighbouring pixels with the same weights everywhere; a dense layer at everything.",
        )
    if layer.kind == "conv":
        return _find_in_convolution(layer, block)
    if size == layer.size:
        return None
    if layer.size == 10:
        if size == 9:
            return ("units-nine", "The output layer has 9 units.", "The digits are 0 to 9, and that is ten of them.")
        if size == 1:
            return (
                "units-one",
                "The output layer has 1 unit.",
                "A single number would say that a 3 lies between a 2 and a 4. Each of the ten digits gets its own.",
            )
        return (
            "units-output",
            f"The output layer has {size} units.",
            "There are ten digits, so ten numbers must come out: one probability for each.",
        )
    if size == 10:
        return (
            "units-of-output",
            "The hidden layer has 10 units; 512 were asked for.",
            "Ten is for the output layer. So narrow a hidden layer lets little through to the next one.",
        )
    return (
        "units",
        f"The layer has {size} units; {layer.size} were asked for.",
        "Other widths work too, but then parameters, time and accuracy are not those that you compare with.",
    )


def _find_in_convolution(layer: Layer, block: Block) -> Finding | None:
    size, kernel = block.weights.get("size"), list(block.weights.get("kernel") or [])
    if size == 3 and kernel[:1] == [layer.size]:
        return (
            "filters-and-kernel-swapped",
            f"The layer has 3 filters of {kernel[0]}×{kernel[-1]} pixels.",
            f"The number of filters comes first, then their size: Conv2D({layer.size}, (3, 3)).",
        )
    if size != layer.size:
        other = {32: 64, 64: 32}.get(layer.size)
        if size == other:
            return (
                "filters-swapped",
                f"The layer has {size} filters; here it is {layer.size}.",
                "The first two convolutions have 32 filters, the two after the pooling 64: as the maps get smaller, "
                "more kinds of patterns are told apart.",
            )
        return (
            "filters",
            f"The layer has {size} filters; {layer.size} were asked for.",
            "Each filter looks for one pattern; their number decides what the next layer can build from.",
        )
    if kernel != [3, 3]:
        return (
            "kernel",
            f"The filters are {'×'.join(map(str, kernel))} pixels; 3×3 was asked for.",
            "Two 3×3 layers see 5×5 pixels together, with fewer weights than one of 5×5.",
        )
    if block.weights.get("padding") != "valid":
        return (
            "padding",
            f'The padding is "{block.weights.get("padding")}", so the maps keep their size.',
            "Without padding each convolution takes a frame of one pixel off; only then 4×4×64 = 1,024 numbers reach the "
            "flattening.",
        )
    if list(block.weights.get("strides") or [1, 1]) != [1, 1]:
        return (
            "strides",
            f"The stride is {block.weights['strides'][0]}, so pixels are skipped.",
            "Here the filters look at every place, and pooling makes the maps smaller.",
        )
    return None


def _find_in_norm(layer: Layer, block: Block) -> Finding | None:
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


def _find_in_activation(layer: Layer, block: Block) -> Finding | None:
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
            "It makes the numbers compete and sum to 1, which is meant for the answer. Inside the network ReLU is asked "
            "for.",
        )
    if set(names) == {"relu"}:
        return (
            "activation-twice",
            "There are two ReLUs after this layer.",
            "It is there as an argument and as a layer of its own. It does no harm, since what is cut off stays cut "
            "off; keep one.",
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
            "Cross-entropy takes the logarithm of a probability. Scores below zero have none, and training goes astray.",
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


def _find_in_dropout(layer: Layer, block: Block) -> Finding | None:
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
    if rate in (0.8, 80):
        return (
            "dropout-keep",
            f"The dropout's rate is {rate:g}, so four fifths of the numbers are dropped.",
            "In Keras the rate is the share that goes, not the share that stays: 20 % is Dropout(0.2).",
        )
    if rate in (20, 2):
        return ("dropout-percent", f"The dropout's rate is {rate:g}.", "It is a fraction from 0 to 1: 20 % is 0.2.")
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
            "The statistics are then those of numbers with holes, and do not fit when the network answers without them.",
        )
    return None


def _find_in_pooling(layer: Layer, block: Block) -> Finding | None:
    pools, averages = block.all("pool"), block.all("average")
    if averages:
        return (
            "pool-average",
            "The pooling takes the mean; max pooling was asked for.",
            "The maximum says whether a pattern is there at all; the mean waters it down.",
        )
    if not layer.has_pool:
        if pools:
            return (
                "pool-unasked",
                "There is a pooling layer here that was not asked for.",
                "It halves height and width; too few pixels are left for what follows.",
            )
        return None
    if not pools:
        if layer.gives_pool:
            return (
                "given-pool-removed",
                "There is no pooling layer after convolution 2.",
                "It was given, below the gap; put keras.layers.MaxPooling2D((2, 2)) back.",
            )
        return (
            "pool-missing",
            "The pooling after this layer is missing.",
            "Without it 8×8×64 = 4,096 numbers reach the dense layer instead of 1,024: four times the weights.",
        )
    if len(pools) > 1:
        return (
            "pool-twice",
            "There are two pooling layers after this convolution.",
            "The exercise gives the one after convolution 2, below the gap. Two make the maps four times smaller."
            if layer.gives_pool
            else "One halves height and width; two leave almost nothing.",
        )
    if pools[0].get("size") != [2, 2] or pools[0].get("strides") not in ([2, 2], [], None):
        return (
            "pool-size",
            f"The pooling takes {'×'.join(map(str, pools[0].get('size') or []))} pixels; 2×2 was asked for.",
            "2×2 halves height and width and keeps the strongest of every four.",
        )
    return None


def _find_around(step: str, operations: Any, blocks: list[Block]) -> Finding | None:
    """Mistakes that sit outside the gap's own block."""
    if step == "mlp.hidden2" and len(blocks[0].all("dropout")) > 1:
        return (
            "dropout-before-layer",
            "Two dropouts follow the first hidden layer.",
            "The second layer's dropout belongs after its activation, not before its weights.",
        )
    if step == "cnn.dense5":
        size = flattened_size(operations)
        if size is None:
            return (
                "flatten-missing",
                "There is no Flatten between the maps and the dense layer.",
                "Put it back: a dense layer takes a list of numbers, and would otherwise work on each place of the "
                "4×4 map by itself.",
            )
        if size != FLATTENED:
            return (
                "flatten-size",
                f"{size:,} numbers reach the dense layer; 1,024 were expected.",
                "Look at the convolutions first: padding, pooling or the number of filters differs.",
            )
    return None


def _gives_probabilities(model: Mapping[str, Any]) -> bool:
    outputs = model.get("outputs")
    if not outputs:
        return True  # it could not be run; what it consists of was looked at
    return all(
        len(row) == 10 and all(value is not None and 0 <= value <= 1 for value in row) and abs(sum(row) - 1) < 1e-2
        for row in outputs
    )


def _praise(step: str) -> str:
    layer = LAYERS[step]
    what = f"{layer.size} units" if layer.kind == "dense" else f"{layer.size} filters of 3×3"
    parts = [what, "batch normalization" * layer.has_norm, "softmax" if layer.activation == "softmax" else "ReLU"]
    parts += [f"dropout {DROPOUT_RATE}" * layer.has_dropout, "pooling" * (layer.has_pool and not layer.gives_pool)]
    return f"Right: {', '.join(part for part in parts if part)}."
