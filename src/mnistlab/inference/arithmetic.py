"""How each layer's numbers come from those of the layer before: what a page needs to compute one cell by hand."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnistlab.inference.steps import Step, steps_of

Operation = Literal["convolution", "dense", "pool", "scale", "relu", "softmax", "arrange"]
_ARRANGING = ("reshape", "transpose", "image")
_OPERATIONS: Mapping[str, Operation] = {
    **{"convolution": "convolution", "dense": "dense", "pool": "pool"},
    **{"scale": "scale", "relu": "relu", "softmax": "softmax"},
}


@dataclasses.dataclass(frozen=True)
class Derivation:
    """How a layer comes from an earlier one.

    Args:
        layer: Name of the layer.
        source: Name of the layer from whose numbers it is computed.
        operation: What is done to them; `arrange` only gives them another shape.
        window: Rows and columns that a convolution or pooling covers.
        strides: Cells from one place of the window to the next, down and across.
        pads: Rows and columns of zeros around the source: top, left, bottom, right.
        num_weights: Number of weights of the operation, with all that is added.
    """

    layer: str
    source: str
    operation: Operation
    window: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    pads: tuple[int, ...] = ()
    num_weights: int = 0


@dataclasses.dataclass(frozen=True, eq=False)
class Unit:
    """The numbers of one filter or unit.

    Args:
        weights: Weights: float32 `(rows, columns, channels)` of a filter, `(inputs,)` of a dense unit, empty of others.
        factor: Factor of a normalization; 1 if there is none.
        offset: What is added: a bias, or the offset of a normalization.
    """

    weights: NDArray[np.float32]
    factor: float
    offset: float


class Arithmetic:
    """The derivations of a network.

    Args:
        content: Bytes of an ONNX file that has been checked.
        layers: Names of its outputs that are layers, in the network's order.

    Raises:
        RefusalError: if the network has a part that no derivation describes.
    """

    def __init__(self, content: bytes, layers: Sequence[str]) -> None:
        self._steps, self._arrays, self._outputs = steps_of(content)
        self._names: dict[int, str] = {}
        self._found: dict[str, tuple[Derivation, list[Step]]] = {}
        for layer in layers:
            if layer not in self._outputs:
                continue
            derived = self._derive(layer, self._outputs[layer])
            if derived is not None:
                self._found[layer] = derived
            self._names.setdefault(self._outputs[layer], layer)

    @property
    def derivations(self) -> Mapping[str, Derivation]:
        """The derivations by the names of their layers; of layers that more than one operation leads to, none."""
        return {layer: derivation for layer, (derivation, _) in self._found.items()}

    def unit(self, layer: str, unit: int) -> Unit:
        """The numbers by which a layer computes one of its channels or units.

        Args:
            layer: Name of a layer with a derivation.
            unit: Number of the channel or unit, from 0 on.

        Raises:
            KeyError: if there is no derivation of that layer.
            IndexError: if the layer has no such channel or unit.
        """
        steps = self._found[layer][1]
        if not 0 <= unit < steps[-1].shape[-1]:
            raise IndexError(unit)
        weights, factor, offset = np.empty(0, np.float32), 1.0, 0.0
        for step in steps:
            if "weights" in step.arrays:
                weights = self._arrays[step.arrays["weights"]][..., unit]
            for name, at in step.arrays.items():
                if name == "factor":
                    factor, offset = factor * self._number(at, unit), offset * self._number(at, unit)
                if name in ("bias", "offset"):
                    offset += self._number(at, unit)
        return Unit(weights, factor, offset)

    def _number(self, array: int, unit: int) -> float:
        values = self._arrays[array]
        return float(values[unit if values.size > 1 else 0])

    def _derive(self, layer: str, number: int) -> tuple[Derivation, list[Step]] | None:
        """The derivation of a layer and the steps that belong to it, in their order."""
        if number in self._names:  # an output that only hands on
            return Derivation(layer, self._names[number], "arrange"), [self._steps[number]]
        line = [*self._line(number)]
        source = self._source(line[-1])
        if source is None:
            return None
        steps = [step for step in reversed(line) if step.do not in _ARRANGING]
        kinds = [step.do for step in steps]
        if not steps:
            return Derivation(layer, source, "arrange"), line[::-1]
        step = steps[-1]
        operation = _OPERATIONS.get(step.do)
        if operation is None or (len(steps) > 1 and set(kinds) != {"scale"}):
            return None
        window = (
            self._arrays[step.arrays["weights"]].shape[:2]
            if step.do == "convolution"
            else step.settings.get("size", ())
        )
        derivation = Derivation(
            layer,
            source,
            operation,
            tuple(window),
            tuple(step.settings.get("strides", ())),
            tuple(step.settings.get("pads", ())),
            sum(self._arrays[at].size for one in steps for at in one.arrays.values()),
        )
        return derivation, steps

    def _line(self, number: int) -> Iterator[Step]:
        """The steps from one back to the first whose result is a layer, without that one."""
        while True:
            step = self._steps[number]
            yield step
            if len(step.inputs) != 1 or step.inputs[0] in self._names:
                return
            number = step.inputs[0]

    def _source(self, first: Step) -> str | None:
        return self._names.get(first.inputs[0]) if len(first.inputs) == 1 else None
