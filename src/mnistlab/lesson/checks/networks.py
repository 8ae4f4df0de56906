"""The layers of both networks: which block is which gap's, and what is wrong with it."""

from collections.abc import Mapping
from typing import Any

from mnistlab.lesson.checks.activations import find_in_activation
from mnistlab.lesson.checks.blocks import Block, assign_cnn, assign_mlp, flattened_size, split_blocks
from mnistlab.lesson.checks.layers import LAYERS, Finding, Layer, praise
from mnistlab.lesson.checks.regularization import find_in_dropout, find_in_norm
from mnistlab.lesson.checks.verdicts import Verdict, done, not_started, not_yet
from mnistlab.lesson.checks.weights import find_in_pooling, find_in_weights

FLATTENED = 1024  # 4 × 4 pixels in 64 maps
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
    assigned = assign_mlp(blocks, step) if network == "mlp" else assign_cnn(operations)
    if step not in assigned:
        return _missing(step, blocks, assigned)
    finding = _find_around(step, operations, blocks) or find_mistake(LAYERS[step], assigned[step])
    if finding:
        return not_yet(step, *finding)
    if step.endswith("output") and not _gives_probabilities(model):
        return not_yet(
            step,
            "no-probabilities",
            "The layer looks right, but the network's outputs are not ten probabilities that sum to 1.",
            "Something after or before it changes them; rebuild the model from the top.",
        )
    return done(step, praise(step))


def find_mistake(layer: Layer, block: Block) -> Finding | None:
    """The first mistake in a block, if there is one."""
    for find in (find_in_weights, find_in_norm, find_in_activation, find_in_dropout, find_in_pooling):
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
    if network == "mlp" and len(blocks) == 3 and _is_same(blocks[1], blocks[2]):
        return (
            "added-twice",
            "The model ends in the same layer twice. Most often the cell with add was run twice.",
            "Each add appends. Run the cell with mlp = keras.Sequential(...) again, then each cell below it once.",
        )
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


def _is_same(one: Block, other: Block) -> bool:
    """Whether two layers are the same, with what makes them a layer of the exercise after them."""
    return (
        one.weights.get("size") == other.weights.get("size")
        and one.activations() == other.activations() != []
        and len(one.all("dropout")) == len(other.all("dropout"))
    )


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
    if step in ("cnn.conv3", "cnn.conv4") and blocks and not any(one["op"] == "pool" for one in _rest(blocks)):
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
