"""A network that is broken on purpose: filters, biases or layers switched off, noise on its weights, pixels covered.

What is switched off gives 0 wherever it stands, whatever the normalization behind it would have added. So its output is
what the next layer would see if the filter were not there at all.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.inference.classifier import KINDS, PROBABILITIES
from mnistlab.inference.onnx_files import widen_halves

MASK_BYTES = 98  # of 784 bits
MAX_NOISE = 2.0  # standard deviations of a layer's weights
_WEIGHTED = ("Conv", "MatMul", "Gemm")


@dataclasses.dataclass(frozen=True)
class Cut:
    """What is broken in one layer with weights.

    Args:
        part: Number of that layer among those with weights, from 1 on.
        units: Numbers of the filters or units that are switched off, from 1 on.
        off: Whether all of them are.
        biases: Whether everything that the layer adds is 0: its bias, and what its normalization adds.
        linear: Whether the layer has lost its ReLU: what is below 0 passes too.
    """

    part: int
    units: tuple[int, ...] = ()
    off: bool = False
    biases: bool = False
    linear: bool = False


@dataclasses.dataclass(frozen=True)
class Damage:
    """Everything that is broken at the same time.

    Args:
        cuts: What is broken in each layer; each layer at most once.
        noise: Standard deviation of normal noise on the weights, as a multiple of that of the layer's own weights.
        seed: Seed of the noise.
        covered: Pixels that are covered in every image, a bit each, row by row, 98 bytes; empty for none.
    """

    cuts: tuple[Cut, ...] = ()
    noise: float = 0.0
    seed: int = 0
    covered: bytes = b""

    @property
    def harms_network(self) -> bool:
        """Whether the network itself is another; covered pixels only change what it sees."""
        return bool(self.cuts) or self.noise > 0

    def cover(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Images, uint8 `(..., 28, 28)`, with ground where pixels are covered."""
        if not self.covered:
            return images
        mask = np.unpackbits(np.frombuffer(self.covered, np.uint8)).reshape(IMAGE_SHAPE)  # (784,) -> (28, 28)
        return np.where(mask == 1, 0, images).astype(np.uint8)


@dataclasses.dataclass(frozen=True)
class Part:
    """One layer with weights, as it can be broken.

    Args:
        layer: Name of the layer whose activations it gives.
        num_units: Number of its filters or units.
        adds: Whether it adds anything: a bias, or the offset of a normalization.
        has_relu: Whether a ReLU follows.
    """

    layer: str
    num_units: int
    adds: bool
    has_relu: bool


class MissingPartError(ValueError):
    """A cut names a layer or unit that the network does not have."""


def parts_of(content: bytes, layers: Sequence[str]) -> tuple[Part, ...]:
    """The layers with weights between the image and the probabilities.

    Args:
        content: Bytes of an ONNX file that has been checked.
        layers: Names of its outputs that are layers, in the network's order.
    """
    return tuple(one.described() for one in _Operation.found_in(_opened(content).graph, layers))


def damaged(content: bytes, damage: Damage, layers: Sequence[str], *, only_answers: bool = False) -> bytes:
    """A network's file with everything broken that can be broken in weights.

    Args:
        content: Bytes of an ONNX file that has been checked.
        damage: What to break.
        layers: Names of its outputs that are layers, in the network's order.
        only_answers: Whether probabilities are the only output; without the others, ONNX Runtime is faster.

    Raises:
        MissingPartError: if a cut names a layer or unit that the network does not have.

    Example:
        `Classifier(path, edit=lambda content: damaged(content, Damage(noise=0.5), layers))` is a noisy network.
    """
    model = _opened(content)
    operations = _Operation.found_in(model.graph, layers)
    for number, operation in enumerate(operations, 1):
        if damage.noise > 0:
            operation.add_noise(damage.noise, np.random.default_rng((damage.seed, number)))
    for cut in damage.cuts:
        if not 1 <= cut.part <= len(operations):
            raise MissingPartError(f"There is no layer {cut.part} with weights; there are {len(operations)}.")
        operations[cut.part - 1].apply(cut)
    wanted = {PROBABILITIES} if only_answers else {*layers, PROBABILITIES}
    outputs = [one for one in model.graph.output if one.name in wanted and one.name != KINDS]
    del model.graph.output[:]
    model.graph.output.extend(outputs)
    return bytes(model.SerializeToString())


def _opened(content: bytes) -> Any:
    model = onnx.load_model_from_string(content)
    widen_halves(model.graph)
    return model


class _Operation:
    """A convolution or matrix product with what follows it up to the next one.

    Args:
        graph: Graph to which it belongs.
        node: The operation itself.
        layer: Name of the first layer that is computed from it.
    """

    def __init__(self, graph: Any, node: Any, layer: str) -> None:
        self._graph, self._node, self._layer = graph, node, layer
        self._followers: list[Any] = []

    @classmethod
    def found_in(cls, graph: Any, layers: Sequence[str]) -> list["_Operation"]:
        """Those on the way to the probabilities, in the network's order, with what follows each of them."""
        producers = {output: node for node in graph.node for output in node.output}
        constants = {one.name for one in graph.initializer}
        names = dict[str, str]()  # of layers, by the first output of what computes them
        for layer in layers:
            weighted = (node for node in _behind(layer, producers, constants) if _is_weighted(node, constants))
            if (node := next(weighted, None)) is not None:
                names.setdefault(node.output[0], layer)
        on_the_way = {node.output[0] for node in _ancestors(PROBABILITIES, producers)}
        nodes = [node for node in graph.node if node.output[0] in on_the_way]
        found = {name: cls(graph, node, names[name]) for node in nodes if (name := node.output[0]) in names}
        for node in nodes:
            if node.op_type in ("Mul", "Add", "Relu"):
                line = (found.get(one.output[0]) for one in _behind(node.output[0], producers, constants))
                if (owner := next(filter(None, line), None)) is not None:
                    owner._followers.append(node)
        return [*found.values()]

    def described(self) -> Part:
        """What can be broken in it."""
        kinds = {node.op_type for node in self._followers}
        adds = "Add" in kinds or (self._node.op_type != "MatMul" and len(self._node.input) > 2)
        return Part(self._layer, self._num_units, adds, "Relu" in kinds)

    def apply(self, cut: Cut) -> None:
        """Breaks it."""
        missing = [unit for unit in cut.units if not 1 <= unit <= self._num_units]
        if missing:
            raise MissingPartError(f"There is no unit {missing[0]} in layer {cut.part}; there are {self._num_units}.")
        units = np.arange(self._num_units) if cut.off else np.array(cut.units, int) - 1
        if units.size:
            self._change(self._node, 1, lambda values: _zeroed(values, units, self._unit_axis, 0))
            for node, at in self._numbers("Mul", "Add"):
                self._change(node, at, lambda values: _zeroed(values, units, None, self._num_units))
        if cut.biases:
            for node, at in self._numbers("Add"):
                self._change(node, at, np.zeros_like)
        if cut.linear:
            for node in self._followers:
                if node.op_type == "Relu":
                    node.op_type = "Identity"

    def add_noise(self, share: float, rng: np.random.Generator) -> None:
        """Adds normal noise to its weights."""

        def noisy(values: NDArray[np.float32]) -> NDArray[np.float32]:
            noise = rng.standard_normal(values.shape)
            return np.asarray(values + share * values.std() * noise, np.float32)

        self._change(self._node, 1, noisy)

    @property
    def _unit_axis(self) -> int:
        """Axis of the weights that counts filters or units."""
        turned = any(one.name == "transB" and one.i for one in self._node.attribute)
        return 0 if self._node.op_type == "Conv" or turned else 1

    @property
    def _num_units(self) -> int:
        dims = next(one.dims for one in self._graph.initializer if one.name == self._node.input[1])
        return int(dims[self._unit_axis])

    def _numbers(self, *kinds: str) -> Iterable[tuple[Any, int]]:
        """Where constants are that belong to each unit: nodes and the numbers of their inputs."""
        if len(self._node.input) > 2:
            yield self._node, 2
        constants = {one.name for one in self._graph.initializer}
        for node in self._followers:
            if node.op_type in kinds:
                yield from ((node, at) for at, name in enumerate(node.input) if name in constants)

    def _change(self, node: Any, at: int, change: Callable[[NDArray[np.float32]], NDArray[Any]]) -> None:
        """Gives a node other numbers of its own; those that it had may belong to other nodes too."""
        tensor = next(one for one in self._graph.initializer if one.name == node.input[at])
        values = np.asarray(change(onnx.numpy_helper.to_array(tensor).copy()), np.float32)
        name = f"{node.output[0]}/{at}/{len(self._graph.initializer)}"
        self._graph.initializer.append(onnx.numpy_helper.from_array(values, name))
        node.input[at] = name


def _is_weighted(node: Any, constants: set[str]) -> bool:
    return node.op_type in _WEIGHTED and node.input[1] in constants


def _behind(name: str, producers: dict[str, Any], constants: set[str]) -> Iterable[Any]:
    """The operations in one line from a tensor back to the image, or to where two lines meet."""
    while (node := producers.get(name)) is not None:
        yield node
        data = [one for one in node.input if one not in constants]
        if len(data) != 1 and node.op_type != "Reshape":  # whose other input may be computed too
            return
        name = data[0]


def _ancestors(name: str, producers: dict[str, Any]) -> Iterable[Any]:
    todo, seen = [name], set[str]()
    while todo:
        tensor = todo.pop()
        if tensor in producers and tensor not in seen:
            seen.add(tensor)
            yield producers[tensor]
            todo += producers[tensor].input


def _zeroed(
    values: NDArray[np.float32], units: NDArray[np.int_], axis: int | None, num_units: int
) -> NDArray[np.float32]:
    """Numbers with 0 for some units: along an axis of weights, or where there is one number for each unit."""
    if axis is not None:
        rows = np.moveaxis(values, axis, 0)
        rows[units] = 0
    elif values.size == num_units:  # one number for all stays: 0 times it is 0
        values.reshape(-1)[units] = 0
    return values
