"""The layers of both networks: which block belongs to which gap, and what is wrong with it."""

import itertools
from collections.abc import Mapping
from typing import Any

from mnistlab.lesson.checks.activations import find_in_activation
from mnistlab.lesson.checks.blocks import Block, assign_cnn, assign_mlp, flattened_size, looks_like_output, split_blocks
from mnistlab.lesson.checks.evidence import Description
from mnistlab.lesson.checks.layers import ExpectedLayer
from mnistlab.lesson.checks.regularization import find_in_dropout, find_in_norm
from mnistlab.lesson.checks.settings import find_in_settings
from mnistlab.lesson.checks.verdicts import Finding, Outcome, StepState, read_findings
from mnistlab.lesson.checks.weights import FINDINGS as WEIGHT_FINDINGS
from mnistlab.lesson.checks.weights import find_in_pooling, find_in_weights

FLATTENED = 1024  # 4 × 4 pixels in 64 maps
FINDINGS = read_findings("""
no-model: This check needs the model itself, but got {kind}.
  The model knows its layers; pass the variable that you added them to.
no-probabilities: The layer looks right, but the network's outputs are not ten probabilities that sum to 1.
  Something after or before it changes them; rebuild the model from the top.
no-probabilities/batch: The softmax runs along axis=0, over the images of a batch.
  Each image is to have ten probabilities of its own, which sum to 1. The digits are the last axis, the default.
no-model/added: The model is None: most often the result of add was assigned, as in {network} = {network}.add(...).
  add changes the model and returns nothing. Run the cell with {network} = keras.Sequential(...) again, then write
    {network}.add(...) alone.
weights-other: There is a {other} layer where a {wanted} layer was asked for.
  It has weights of its own and may well work, but then it is not the network that you compare with.
part-before-layer: The {part} stands before this layer; it belongs after it.
  It works on what the layer gives, so it is added after the layer, as in the block above.
parts-missing: {parts} are missing after this layer.
  The comment above the gap lists all that belongs to it; the layer before it in this network shows how it is written.
other-layer: There is a {other} layer that the exercise does not ask for.
  It may well work, but then it is not the network that you compare with.
before-layer: There is a {other} layer before this one that was not asked for: was that meant?
  {about}
global-pooling: {pool} is here in place of Flatten, so 64 numbers reach the dense layer instead of 1,024.
  It works, but it is another network: the mean or the maximum of each map is left, and where it was is lost.
dense-before-flatten: The dense layer stands before Flatten.
  It then works on each place of the 4×4 map by itself. First lay the maps end to end, then weigh them all.
softmax-before-layer: The softmax stands before the output layer, and none after it.
  The order is the other way round: first ten sums, then a softmax that makes probabilities of them.
extra-layer: The model has {count} {kind} layers with weights; {expected} were expected. {layer} was not asked for.
  It may well work, but then it is not the network that you compare with.
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
_SIZES = {("mlp", "dense"): (512, 512, 10), ("cnn", "dense"): (512, 10), ("cnn", "conv"): (32, 32, 64, 64)}
_WORDS = {"dense": "dense", "conv": "convolutional"}
_LAYERS = {"dense": "Dense", "conv": "Conv2D"}
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
        return FINDINGS["no-model/added"].fill(network=gap.partition(".")[0])
    if model.get("kind") != "model":
        other = f"a {model.get('class') or 'thing of another kind'}"
        return FINDINGS["no-model"].fill(kind=_KINDS.get(str(model.get("kind")), other))
    operations, network = model["operations"], gap.partition(".")[0]
    blocks = split_blocks(operations)
    finding = _find_wrong_network(network, blocks) or _find_repeated(gap, blocks)
    if finding:
        return finding
    assigned = assign_mlp(blocks, gap) if network == "mlp" else assign_cnn(operations)
    if gap not in assigned:
        others = [str(one.get("class")) for one in operations if one.get("has_weights") and one["op"] == "other"]
        if others:
            return FINDINGS["weights-other"].fill(other=others[0], wanted=_LAYERS[expected.kind])
        return _explain_absence(gap, blocks, assigned)
    block, before = assigned[gap], _block_before(assigned[gap], blocks)
    if block.kind != expected.kind:
        return find_mistake(expected, block) or expected.praise()
    is_softmax = bool(model.get("ends_in_softmax"))
    finding = _find_around(gap, operations, block, before) or _find_part_before(expected, block, before)
    finding = finding or find_mistake(expected, block, is_softmax=is_softmax)
    if not finding and expected.activation == "softmax" and not _gives_probabilities(model):
        columns = list(zip(*(model.get("outputs") or []), strict=True))
        is_batch = bool(columns) and all(None not in column and abs(sum(column) - 1) < 1e-2 for column in columns)
        finding = FINDINGS["no-probabilities/batch" if is_batch else "no-probabilities"]
    return finding or expected.praise()


def find_mistake(expected: ExpectedLayer, block: Block, *, is_softmax: bool = False) -> Finding | None:
    """The first mistake in a block, if there is one.

    Args:
        expected: What the gap is to be filled with.
        block: What it is filled with.
        is_softmax: Whether what follows the last dense layer was measured to be a softmax, whatever it is called.
    """
    missing = _missing_parts(expected, block)
    if len(missing) > 1 and not find_in_weights(expected, block):
        return FINDINGS["parts-missing"].fill(parts=_listed(missing))
    is_measured = is_softmax and expected.activation == "softmax" and "softmax" not in block.activations()
    for find in (find_in_weights, find_in_norm, find_in_activation, find_in_dropout, find_in_pooling):
        finding = None if is_measured and find is find_in_activation else find(expected, block)
        if finding:
            return finding
    others = [] if is_measured else [str(one["class"]) for one in block.all("other")]
    # Global pooling is judged where the numbers are laid end to end.
    others = [other for other in others if not other.startswith("Global")]
    if others:
        return FINDINGS["other-layer"].fill(other=others[0])
    return find_in_settings(block)


def _listed(parts: list[str]) -> str:
    text = f"{', '.join(parts[:-1])} and {parts[-1]}"
    return text[0].upper() + text[1:]


def _missing_parts(expected: ExpectedLayer, block: Block) -> list[str]:
    parts = {
        "batch normalization": expected.has_norm and not block.all("norm"),
        "the softmax" if expected.activation == "softmax" else "the ReLU": not block.all("activation"),
        "dropout": expected.has_dropout and not block.all("dropout"),
    }
    has_others = any(str(one.get("class")).endswith(("Normalization", "Dropout")) for one in block.all("other"))
    return [] if has_others else [name for name, is_missing in parts.items() if is_missing]


def _find_wrong_network(network: str, blocks: list[Block]) -> Finding | None:
    is_other = blocks and blocks[0].kind == {"mlp": "conv", "cnn": "dense"}[network]
    return FINDINGS[f"other-network/{network}"] if is_other else None


def _find_repeated(gap: str, blocks: list[Block]) -> Finding | None:
    """Layers that are there twice because a cell was run twice and `add` appends again, or that nobody asked for."""
    network = gap.partition(".")[0]
    if network == "mlp" and len(blocks) == 3 and _is_same(blocks[1], blocks[2]):
        return FINDINGS["added-twice/last"]
    for kind, expected in _NUM_BLOCKS[network].items():
        count = sum(block.kind == kind for block in blocks)
        of_kind = [block for block in blocks if block.kind == kind]
        if gap == "mlp.hidden2" and len(of_kind) == expected and not looks_like_output(of_kind[-1]):
            expected -= 1  # the output layer is still to come
        if count > expected:
            values = {"count": count, "kind": _WORDS[kind], "expected": expected, "network": network}
            if any(_is_same(one, other) for one, other in itertools.pairwise(of_kind[1:])):
                return FINDINGS["added-twice"].fill(**values)
            return FINDINGS["extra-layer"].fill(**values, layer=_odd_one(of_kind, _SIZES[network, kind]))
    return None


def _odd_one(blocks: list[Block], sizes: tuple[int, ...]) -> str:
    """The layer that is one too many, as a student wrote it: the first whose size is not the one that is due."""
    name = {"dense": "Dense", "conv": "Conv2D"}[blocks[0].kind]
    due = list(sizes)
    for block in blocks:
        if not due or block.weights.get("size") != due[0]:
            return f"{name}({block.weights.get('size')})"
        due.pop(0)
    return f"The last {name}"


def _is_same(one: Block, other: Block) -> bool:
    """Whether two blocks have the same layer, activation and number of dropouts."""
    return (
        one.weights.get("size") == other.weights.get("size")
        and one.activations() == other.activations() != []
        and all(len(one.all(op)) == len(other.all(op)) for op in ("dropout", "norm", "pool"))
    )


def _explain_absence(gap: str, blocks: list[Block], assigned: Mapping[str, Block]) -> Outcome:
    """The outcome for a gap that none of the blocks belongs to."""
    if gap == "mlp.hidden2" and "mlp.output" in assigned:
        return FINDINGS["skipped"]
    is_pooled = any(block.all("pool") for block in blocks)
    if gap in ("cnn.conv3", "cnn.conv4") and not is_pooled and sum(block.kind == "conv" for block in blocks) > 2:
        return FINDINGS["given-pool-removed"]
    return StepState.NOT_STARTED


def _block_before(block: Block, blocks: list[Block]) -> Block | None:
    same = [number for number, one in enumerate(blocks) if one is block]
    place = same[0] if same else blocks.index(block)
    return blocks[place - 1] if place else None


def _find_around(gap: str, operations: Any, block: Block, before: Block | None) -> Finding | None:
    """The first mistake between the gap's own block and the one before it."""
    if gap == "mlp.hidden2" and before and len(before.all("dropout")) > 1:
        return FINDINGS["dropout-before-layer"]
    strange = [str(one.get("class")) for one in block.before]
    if before and gap in ("mlp.hidden2", "cnn.conv2"):  # the block before it is given
        strange += [str(one.get("class")) for one in before.all("other")]
        strange += ["BatchNormalization"] * (gap == "mlp.hidden2" and bool(before.all("norm")))
    if strange and gap != "cnn.dense5":
        return FINDINGS["before-layer"].fill(other=strange[0], about=_ABOUT.get(strange[0], _ANOTHER))
    if before and gap.endswith(".output") and "softmax" in before.activations() and not block.activations():
        return FINDINGS["softmax-before-layer"]
    if before and gap == "cnn.conv4" and before.all("pool") and not block.all("pool"):
        return WEIGHT_FINDINGS["pool-before-layer"]
    return _find_in_flattening(operations) if gap == "cnn.dense5" else None


def _find_part_before(expected: ExpectedLayer, block: Block, before: Block | None) -> Finding | None:
    """The first part that belongs after a layer and stands before it instead."""
    if before is None:
        return None
    parts = {
        "batch normalization": (expected.has_norm, "norm", int(before.kind == "conv")),
        "activation": (expected.activation == "relu", "activation", 1),
        "dropout": (expected.has_dropout, "dropout", int(before.kind == "dense")),
    }
    for part, (is_expected, op, number) in parts.items():
        if is_expected and not block.all(op) and len(before.all(op)) > number:
            return FINDINGS["part-before-layer"].fill(part=part)
    return None


_ANOTHER = "It may well work, but then it is not the network that you compare with."
_ABOUT = {
    "ZeroPadding2D": "It pads the maps with a frame of zeros, so they stay larger than the exercise counts on.",
    "Cropping2D": "It cuts a frame off the maps before the filters see it.",
    "UpSampling2D": "It makes the maps larger without adding anything to see, and costs four times the work.",
    "Rescaling": "It scales what comes out of a layer, not pixels. Scaling is for the image, at the start.",
}


def _find_in_flattening(operations: Any) -> Finding | None:
    """The first mistake between the maps and the dense layer."""
    kinds = [operation["op"] for operation in operations]
    whole = [str(one["class"]) for one in operations if str(one.get("class", "")).startswith("Global")]
    if "flatten" in kinds and "dense" in kinds and kinds.index("dense") < kinds.index("flatten"):
        return FINDINGS["dense-before-flatten"]
    if whole:
        return FINDINGS["global-pooling"].fill(pool=whole[0])
    size = flattened_size(operations)
    if size is None:
        return FINDINGS["flatten-missing"]
    return FINDINGS["flatten-size"].fill(size=size) if size != FLATTENED else None


def _gives_probabilities(model: Description) -> bool:
    outputs = model.get("outputs")
    if not outputs:
        return True  # it could not be run; what it consists of was looked at
    return all(
        len(row) == 10 and all(value is not None and 0 <= value <= 1 for value in row) and abs(sum(row) - 1) < 1e-2
        for row in outputs
    )
