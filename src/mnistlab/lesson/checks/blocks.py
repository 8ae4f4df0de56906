"""A network as blocks: each layer with weights, and what follows it up to the next one."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

Operation = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Block:
    """A dense or convolutional layer and what follows it.

    Args:
        weights: The operation that has the weights.
        rest: The operations after it, in order, without flattening.
        before: The operations that prepare what it takes, such as padding; there are none in the exercise.
    """

    weights: Operation
    rest: tuple[Operation, ...]
    before: tuple[Operation, ...] = ()

    @property
    def kind(self) -> str:
        """Kind of the layer, `dense` or `conv`."""
        return str(self.weights["op"])

    def all(self, op: str) -> list[Operation]:
        """The operations of one kind."""
        return [operation for operation in self.rest if operation["op"] == op]

    def activations(self) -> list[str]:
        """The names of the activations, in order, without those that do nothing."""
        names = [str(operation["name"]) for operation in self.all("activation")]
        return [name for name in names if name != "linear"]

    def position(self, op: str) -> int:
        """Index of the first operation of a kind; the number of operations if there is none."""
        places = [place for place, operation in enumerate(self.rest) if operation["op"] == op]
        return places[0] if places else len(self.rest)


PREPARING = ("ZeroPadding2D", "Cropping2D", "UpSampling2D", "Resizing", "Rescaling", "Permute", "Reshape")


def split_blocks(operations: Sequence[Operation]) -> list[Block]:
    """The blocks of a network, in order.

    Example:
        >>> network = [{"op": "dense", "size": 512}, {"op": "activation", "name": "relu"}, {"op": "dense", "size": 10}]
        >>> [(block.weights["size"], block.activations()) for block in split_blocks(network)]
        [(512, ['relu']), (10, [])]
    """
    starts = [place for place, operation in enumerate(operations) if operation["op"] in ("dense", "conv")]
    ends = [*starts[1:], len(operations)]
    blocks: list[Block] = []
    before: tuple[Operation, ...] = ()
    for start, end in zip(starts, ends, strict=False):
        rest = [one for one in operations[start + 1 : end] if one["op"] != "flatten"]
        first = len(rest)
        while end < len(operations) and first and rest[first - 1].get("class") in PREPARING:
            first -= 1
        blocks.append(Block(operations[start], tuple(rest[:first]), before))
        before = tuple(rest[first:])
    return blocks


def flattened_size(operations: Sequence[Operation]) -> int | None:
    """Count of the numbers that leave the flattening layer; `None` without one."""
    for operation in operations:
        if operation["op"] == "flatten":
            shape = operation.get("output_shape") or []
            return shape[-1] if shape and isinstance(shape[-1], int) else None
    return None


def assign_mlp(blocks: Sequence[Block], step: str) -> dict[str, Block]:
    """The blocks of the fully connected network by the step that they belong to.

    The first block is given. A single one after it is the output layer if it looks more like an output than like a
    hidden layer; if it could be either, it is what the step is about. Of several, the last is the output layer.

    Args:
        blocks: All blocks of the network, in order.
        step: Key of the step that is being checked.
    """
    later = list(blocks[1:])
    found: dict[str, Block] = {}
    if not later:
        return found
    if len(later) > 1 or looks_like_output(later[-1], in_doubt=step == "mlp.output"):
        found["mlp.output"] = later.pop()
    if later:
        found["mlp.hidden2"] = later[0]
    return found


def assign_cnn(operations: Sequence[Operation]) -> dict[str, Block]:
    """The blocks of the convolutional network by the step that they belong to.

    The pooling layer that the exercise gives separates convolutions 1 and 2 from 3 and 4, so a gap that was left empty
    does not change what the other blocks are.
    """
    blocks = split_blocks(operations)
    convolutions = [block for block in blocks if block.kind == "conv"]
    dense = [block for block in blocks if block.kind == "dense"]
    found: dict[str, Block] = {}
    pooled = [bool(block.all("pool") or block.all("average")) for block in convolutions]
    end = pooled.index(True) + 1 if True in pooled else len(convolutions)
    first, second = convolutions[:end], convolutions[end:]
    if end == 1 and len(convolutions) == 4 and pooled[1]:  # pooled after the first and again where it is given
        first, second = convolutions[:2], convolutions[2:]
    if len(first) > 1:
        found["cnn.conv2"] = first[1]
    if len(second) == 1:
        is_fourth = bool(second[0].all("pool") or second[0].all("average"))
        found["cnn.conv4" if is_fourth else "cnn.conv3"] = second[0]
    elif second:
        found["cnn.conv3"], found["cnn.conv4"] = second[0], second[1]
    if len(dense) > 1 or (dense and looks_like_output(dense[0])):
        found["cnn.output"] = dense[-1]
        dense = dense[:-1]
    if dense:
        found["cnn.dense5"] = dense[0]
    return found


def looks_like_output(block: Block, *, in_doubt: bool = True) -> bool:
    """Whether a block is more likely an output layer than a hidden one, by its units and by what follows them."""
    size = block.weights.get("size")
    is_narrow = isinstance(size, int) and size <= 16
    for_output = is_narrow + ("softmax" in block.activations())
    for_hidden = (
        (not is_narrow) + ("relu" in block.activations()) + (block.all("dropout") != []) + (block.all("norm") != [])
    )
    return in_doubt if for_output == for_hidden else for_output > for_hidden
