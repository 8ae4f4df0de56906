"""The layers of both networks: which block belongs to which gap, and what is wrong with it."""

from collections.abc import Mapping
from typing import Any

from mnistlab.lesson.checks.activations import find_in_activation
from mnistlab.lesson.checks.blocks import Block, assign_cnn, assign_mlp, flattened_size, split_blocks
from mnistlab.lesson.checks.evidence import Description
from mnistlab.lesson.checks.layers import ExpectedLayer
from mnistlab.lesson.checks.regularization import find_in_dropout, find_in_norm
from mnistlab.lesson.checks.verdicts import Finding, Outcome, StepState, read_findings
from mnistlab.lesson.checks.weights import find_in_pooling, find_in_weights

FLATTENED = 1024  # 4 × 4 pixels in 64 maps
FINDINGS = read_findings("""
no-model: This check wants the model itself, but got {kind}.
  The model knows its layers; pass the variable that you added them to.
no-probabilities: The layer looks right, but the network's outputs are not ten probabilities that sum to 1.
  Something after or before it changes them; rebuild the model from the top.
other-layer: There is a {other} layer that the exercise does not ask for.
  It may well work, but then it is another network than the one that you compare with.
other-network/mlp: This is the CNN; the step is about the MLP.
  Pass the model of this chapter, mlp.
other-network/cnn: This model begins with a dense layer, so it is the MLP; the step is about the CNN.
  Pass the model of this chapter, cnn.
added-twice/last: The model ends in the same layer twice. Most often the cell with add was run twice.
  Each add appends. Run the cell with mlp = keras.Sequential(...) again, then each cell below it once.
added-twice: The model has {count} {kind} layers with weights; {expected} were expected. Most often a cell with add was
    run twice.
  Each add appends. Run the cell with {network} = keras.Sequential(...) again, then each cell below it once.
skipped: The output layer follows the first hidden layer directly: the second hidden layer is missing.
  Add it before the output layer; run the cells from the top, since add can only append.
given-pool-removed: There is no pooling layer after convolution 2.
  It was given and halves the height and width; put keras.layers.MaxPooling2D((2, 2)) back.
dropout-before-layer: Two dropouts follow the first hidden layer.
  The second layer's dropout belongs after its activation, not before its weights.
flatten-missing: There is no Flatten between the maps and the dense layer.
  Put it back: a dense layer takes a list of numbers, and would otherwise work on each place of the 4×4 map by itself.
flatten-size: {size:,} numbers reach the dense layer; 1,024 were expected.
  Look at the convolutions first: padding, pooling or the number of filters differs.
""")
_NUM_BLOCKS = {"mlp": {"dense": 3}, "cnn": {"conv": 4, "dense": 2}}
_KINDS = {
    "history": "what fit returned",
    "array": "an array",
    "text": "a text",
    "sequence": "a list",
    "number": "a number",
}


def check_layer(gap: str, expected: ExpectedLayer, model: Description) -> Outcome:
    """Judges one gap of a network from the description of the whole.

    Args:
        gap: Key of the step, which begins with `mlp.` or `cnn.`.
        expected: What the gap is to be filled with.
        model: Description of the network.
    """
    if model.get("kind") == "nothing":
        return StepState.NOT_STARTED
    if model.get("kind") != "model":
        other = f"a {model.get('class', 'thing of another kind')}"
        return FINDINGS["no-model"].fill(kind=_KINDS.get(str(model.get("kind")), other))
    operations, network = model["operations"], gap.partition(".")[0]
    blocks = split_blocks(operations)
    finding = _find_wrong_network(network, blocks) or _find_repeated(network, blocks)
    if finding:
        return finding
    assigned = assign_mlp(blocks, gap) if network == "mlp" else assign_cnn(operations)
    if gap not in assigned:
        return _explain_absence(gap, blocks, assigned)
    finding = _find_around(gap, operations, blocks) or find_mistake(expected, assigned[gap])
    if not finding and expected.activation == "softmax" and not _gives_probabilities(model):
        finding = FINDINGS["no-probabilities"]
    return finding or expected.praise()


def find_mistake(expected: ExpectedLayer, block: Block) -> Finding | None:
    """The first mistake in a block, if there is one."""
    for find in (find_in_weights, find_in_norm, find_in_activation, find_in_dropout, find_in_pooling):
        finding = find(expected, block)
        if finding:
            return finding
    others = block.all("other")
    return FINDINGS["other-layer"].fill(other=others[0]["class"]) if others else None


def _find_wrong_network(network: str, blocks: list[Block]) -> Finding | None:
    is_other = blocks and blocks[0].kind == {"mlp": "conv", "cnn": "dense"}[network]
    return FINDINGS[f"other-network/{network}"] if is_other else None


def _find_repeated(network: str, blocks: list[Block]) -> Finding | None:
    """Layers that are there twice because a cell was run twice and `add` appends again."""
    if network == "mlp" and len(blocks) == 3 and _is_same(blocks[1], blocks[2]):
        return FINDINGS["added-twice/last"]
    for kind, expected in _NUM_BLOCKS[network].items():
        count = sum(block.kind == kind for block in blocks)
        if count > expected:
            kind = {"dense": "dense", "conv": "convolutional"}[kind]
            return FINDINGS["added-twice"].fill(count=count, kind=kind, expected=expected, network=network)
    return None


def _is_same(one: Block, other: Block) -> bool:
    """Whether two blocks have the same layer, activation and number of dropouts."""
    return (
        one.weights.get("size") == other.weights.get("size")
        and one.activations() == other.activations() != []
        and len(one.all("dropout")) == len(other.all("dropout"))
    )


def _explain_absence(gap: str, blocks: list[Block], assigned: Mapping[str, Block]) -> Outcome:
    """The outcome for a gap that none of the blocks belongs to."""
    if gap == "mlp.hidden2" and "mlp.output" in assigned:
        return FINDINGS["skipped"]
    is_pooled = any(block.all("pool") for block in blocks)
    if gap in ("cnn.conv3", "cnn.conv4") and not is_pooled and sum(block.kind == "conv" for block in blocks) > 2:
        return FINDINGS["given-pool-removed"]
    return StepState.NOT_STARTED


def _find_around(gap: str, operations: Any, blocks: list[Block]) -> Finding | None:
    """The first mistake outside the gap's own block."""
    if gap == "mlp.hidden2" and len(blocks[0].all("dropout")) > 1:
        return FINDINGS["dropout-before-layer"]
    if gap == "cnn.dense5":
        size = flattened_size(operations)
        if size is None:
            return FINDINGS["flatten-missing"]
        if size != FLATTENED:
            return FINDINGS["flatten-size"].fill(size=size)
    return None


def _gives_probabilities(model: Description) -> bool:
    outputs = model.get("outputs")
    if not outputs:
        return True  # it could not be run; what it consists of was looked at
    return all(
        len(row) == 10 and all(value is not None and 0 <= value <= 1 for value in row) and abs(sum(row) - 1) < 1e-2
        for row in outputs
    )
