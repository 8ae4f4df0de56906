"""An ONNX network as a list of steps that a few lines of code can compute, one image at a time, channels last.

ONNX convolves with channels first and lets every tensor have any order of axes. Here each tensor of the graph is known
as the result of a step with a note whether the graph sees it with channels first; so transpositions between the two
orders need no step at all.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.inference.onnx_files import RefusalError, widen_halves
from mnistlab.inference.onnx_files.observing import observe

_TO_FIRST, _TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)  # axes of a batch, from channels last to first, and back


@dataclasses.dataclass
class Step:
    """One thing to compute.

    Args:
        do: Kind of the step: `image`, `scale`, `dense`, `convolution`, `pool`, `relu`, `softmax`, `reshape`,
            `transpose`, `pad`, `crop`, `mean` or `sum`.
        inputs: Numbers of the steps that it takes its values from.
        shape: Shape of its result for one image.
        arrays: Numbers of its arrays by their names: `weights`, `bias`, `factor`, `offset`.
        settings: Lists of whole numbers by their names: `strides`, `pads`, `size`, `axes`, `before`, `after`.
    """

    do: str
    inputs: list[int]
    shape: tuple[int, ...]
    arrays: dict[str, int] = dataclasses.field(default_factory=dict)
    settings: dict[str, list[int]] = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The step as plain data."""
        return {"do": self.do, "from": self.inputs, "shape": [*self.shape]} | self.arrays | self.settings


@dataclasses.dataclass(frozen=True)
class _Value:
    """What a tensor of the graph is: the result of a step, which the graph may see with channels first."""

    step: int
    first: bool = False


def steps_of(content: bytes) -> tuple[list[Step], list[NDArray[np.float32]], dict[str, int]]:
    """The steps of a network, their arrays, and the numbers of the steps that give each output.

    Args:
        content: Bytes of an ONNX file that has been checked.

    Returns:
        The steps; float32 arrays, those of a convolution `(rows, columns, in, out)`, of a dense layer `(in, out)`; and
        steps by the names of the outputs.

    Raises:
        RefusalError: if the network has a part for which there is no kind of step.
    """
    model = onnx.load_model_from_string(content)
    widen_halves(model.graph)
    translation = _Translation(model)
    return translation.steps, translation.arrays, translation.outputs


class _Translation:
    """The steps of a graph so far."""

    def __init__(self, model: Any) -> None:
        graph = model.graph
        self.steps: list[Step] = [Step("image", [], IMAGE_SHAPE)]
        self.arrays: list[NDArray[np.float32]] = []
        self._values = {graph.input[0].name: _Value(0)}
        self._shapes, self._constants = observe(model)
        self._uses = Counter(name for node in graph.node for name in node.input)
        self._uses.update(one.name for one in graph.output)
        for node in graph.node:
            if node.output[0] not in self._constants:  # what depends on no image is known already
                self._values[node.output[0]] = self._translate(node)
        self.outputs = {one.name: self._last(one.name) for one in graph.output}

    def _translate(self, node: Any) -> _Value:
        translate = _OPERATIONS.get(node.op_type)
        if translate is None:
            raise RefusalError(f"its operation {node.op_type} is not one that the page computes")
        settings = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        value: _Value = translate(self, node, settings)
        shape = self.steps[value.step].shape
        expected = self._shapes[node.output[0]][1:]
        if (shape[2:] + shape[:2] if value.first else shape) != expected:
            raise RefusalError(f"its operation {node.op_type} has a form that the page does not compute")
        return value

    def _new(self, do: str, inputs: list[int], shape: Sequence[int], **settings: Sequence[int]) -> Step:
        step = Step(do, inputs, tuple(map(int, shape)), settings={k: [*map(int, v)] for k, v in settings.items()})
        self.steps.append(step)
        return step

    def _array(self, numbers: NDArray[Any]) -> int:
        self.arrays.append(np.ascontiguousarray(numbers, dtype=np.float32))
        return len(self.arrays) - 1

    def _newest(self, *, first: bool = False) -> _Value:
        return _Value(len(self.steps) - 1, first)

    def _last(self, name: str) -> int:
        """The step with a tensor in the order of axes that the graph sees."""
        value = self._values[name]
        shape = self.steps[value.step].shape
        if not value.first or shape[2] == 1 or shape[:2] == (1, 1):  # the same numbers in the same order
            return value.step
        self._new("transpose", [value.step], (shape[2], *shape[:2]), axes=(2, 0, 1))
        return len(self.steps) - 1

    def _of(self, node: Any) -> tuple[_Value, Step]:
        value = self._values[node.input[0]]
        return value, self.steps[value.step]

    def _identity(self, node: Any, _settings: dict[str, Any]) -> _Value:
        return self._values[node.input[0]]

    def _reshape(self, node: Any, _settings: dict[str, Any]) -> _Value:
        self._new("reshape", [self._last(node.input[0])], self._shapes[node.output[0]][1:])
        return self._newest()

    def _transpose(self, node: Any, settings: dict[str, Any]) -> _Value:
        value = self._values[node.input[0]]
        axes = tuple(settings["perm"])
        if axes == (_TO_LAST if value.first else _TO_FIRST):
            return _Value(value.step, not value.first)
        number = self._last(node.input[0])
        self._new("transpose", [number], self._shapes[node.output[0]][1:], axes=[axis - 1 for axis in axes[1:]])
        return self._newest()

    def _first(self, node: Any) -> tuple[int, tuple[int, ...]]:
        """The step with the image that a window slides over, channels last, and its shape."""
        value, source = self._of(node)
        if value.first:
            return value.step, source.shape
        channels, rows, columns = self._shapes_of(node.input[0])
        if channels == 1:
            self._new("reshape", [value.step], (rows, columns, 1))
        else:
            self._new("transpose", [value.step], (rows, columns, channels), axes=(1, 2, 0))
        return len(self.steps) - 1, (rows, columns, channels)

    def _shapes_of(self, name: str) -> tuple[int, ...]:
        return self._shapes[name][1:]

    def _conv(self, node: Any, settings: dict[str, Any]) -> _Value:
        number, _ = self._first(node)
        weights = self._constants[node.input[1]].transpose(2, 3, 1, 0)  # (out, in, r, c) -> (r, c, in, out)
        self._require(node, settings, group=1)
        bias = {"bias": self._array(self._constants[node.input[2]])} if len(node.input) > 2 else {}
        self._slide("convolution", node, settings, number).arrays |= {"weights": self._array(weights)} | bias
        return self._newest(first=True)

    def _maxpool(self, node: Any, settings: dict[str, Any]) -> _Value:
        number, _ = self._first(node)
        self._require(node, settings, ceil_mode=0)
        self._slide("pool", node, settings, number).settings["size"] = [*settings["kernel_shape"]]
        return self._newest(first=True)

    def _slide(self, do: str, node: Any, settings: dict[str, Any], number: int) -> Step:
        if settings.get("dilations", [1, 1]) != [1, 1] or settings.get("auto_pad", b"NOTSET") not in (b"NOTSET", b""):
            raise RefusalError(f"its operation {node.op_type} has settings that the page does not compute")
        channels, rows, columns = self._shapes[node.output[0]][1:]
        strides, pads = settings.get("strides", [1, 1]), settings.get("pads", [0] * 4)
        return self._new(do, [number], (rows, columns, channels), strides=strides, pads=pads)

    def _require(self, node: Any, settings: dict[str, Any], **wanted: int) -> None:
        if any(settings.get(name, value) != value for name, value in wanted.items()):
            raise RefusalError(f"its operation {node.op_type} has settings that the page does not compute")

    def _matmul(self, node: Any, _settings: dict[str, Any]) -> _Value:
        return self._dense(node, self._constants.get(node.input[1]), None)

    def _gemm(self, node: Any, settings: dict[str, Any]) -> _Value:
        self._require(node, settings, transA=0, alpha=1, beta=1)
        weights = self._constants.get(node.input[1])
        turned = weights.T if weights is not None and settings.get("transB") else weights
        return self._dense(node, turned, self._constants[node.input[2]] if len(node.input) > 2 else None)

    def _dense(self, node: Any, weights: NDArray[Any] | None, bias: NDArray[Any] | None) -> _Value:
        if weights is None or weights.ndim != 2 or len(self._shapes_of(node.input[0])) != 1:
            raise RefusalError(f"its operation {node.op_type} is not a dense layer")
        step = self._new("dense", [self._last(node.input[0])], weights.shape[1:])
        step.arrays["weights"] = self._array(weights)
        if bias is not None:
            step.arrays["bias"] = self._array(bias)
        return self._newest()

    def _mul(self, node: Any, _settings: dict[str, Any]) -> _Value:
        return self._scaled(node, "factor", lambda numbers: numbers)

    def _div(self, node: Any, _settings: dict[str, Any]) -> _Value:
        return self._scaled(node, "factor", lambda numbers: 1 / numbers, turns=False)

    def _sub(self, node: Any, _settings: dict[str, Any]) -> _Value:
        return self._scaled(node, "offset", lambda numbers: -numbers, turns=False)

    def _add(self, node: Any, _settings: dict[str, Any]) -> _Value:
        return self._scaled(node, "offset", lambda numbers: numbers)

    def _scaled(self, node: Any, name: str, change: Any, *, turns: bool = True) -> _Value:
        """A factor or an offset for each channel; an offset joins the step before, if only it needs that step."""
        names = [*node.input]
        if turns and names[0] in self._constants:
            names.reverse()
        if names[1] not in self._constants:
            if name == "offset" and turns:
                return self._several(node, {})
            raise RefusalError(f"its operation {node.op_type} joins two results")
        value = self._values[names[0]]
        source, numbers = self.steps[value.step], change(self._constants[names[1]])
        channels = source.shape[-1]
        along = (channels, 1, 1) if value.first else (channels,)
        if numbers.size > 1 and tuple(size for size in numbers.shape if size > 1) != tuple(s for s in along if s > 1):
            raise RefusalError(f"its operation {node.op_type} has other numbers than one for each channel")
        if numbers.size > 1 and value.first and numbers.shape[-3:] != along:
            raise RefusalError(f"its operation {node.op_type} has other numbers than one for each channel")
        place = self._array(numbers.reshape(-1))
        joins = {"dense": "bias", "convolution": "bias", "scale": "offset"}.get(source.do)
        alone = self._uses[names[0]] == 1 and value.step == len(self.steps) - 1 and numbers.size == channels
        if name == "offset" and joins and joins not in source.arrays and alone:
            source.arrays[joins] = place
            return value
        self._new("scale", [value.step], source.shape).arrays[name] = place
        return self._newest(first=value.first)

    def _relu(self, node: Any, _settings: dict[str, Any]) -> _Value:
        value, source = self._of(node)
        self._new("relu", [value.step], source.shape)
        return self._newest(first=value.first)

    def _softmax(self, node: Any, settings: dict[str, Any]) -> _Value:
        number = self._last(node.input[0])
        shape = self.steps[number].shape
        if len(shape) != 1 or settings.get("axis", -1) not in (-1, 1):
            raise RefusalError("its softmax is not over one row of numbers")
        self._new("softmax", [number], shape)
        return self._newest()

    def _several(self, node: Any, _settings: dict[str, Any]) -> _Value:
        numbers = [self._last(name) for name in node.input]
        self._new("mean" if node.op_type == "Mean" else "sum", numbers, self.steps[numbers[0]].shape)
        return self._newest()

    def _pad(self, node: Any, settings: dict[str, Any]) -> _Value:
        number = self._last(node.input[0])
        pads = [*map(int, self._constants[node.input[1]])]
        half = len(pads) // 2
        value = self._constants.get(node.input[2]) if len(node.input) > 2 and node.input[2] else None
        if settings.get("mode", b"constant") != b"constant" or (value is not None and np.any(value)) or min(pads) < 0:
            raise RefusalError("its padding is not with zeros")
        self._new("pad", [number], self._shapes_of(node.output[0]), before=pads[1:half], after=pads[half + 1 :])
        return self._newest()

    def _slice(self, node: Any, _settings: dict[str, Any]) -> _Value:
        number = self._last(node.input[0])
        shape = (1, *self.steps[number].shape)
        starts, ends = (self._constants[node.input[at]] for at in (1, 2))
        axes = self._constants[node.input[3]] if len(node.input) > 3 else np.arange(len(starts))
        if len(node.input) > 4 and set(self._constants[node.input[4]].tolist()) != {1}:
            raise RefusalError("its slices leave out rows")
        before, after = [0] * len(shape), [0] * len(shape)
        for axis, start, end in zip(axes.tolist(), starts.tolist(), ends.tolist(), strict=True):
            first, last, _ = slice(start, end).indices(shape[axis])
            before[axis], after[axis] = first, shape[axis] - last
        self._new("crop", [number], self._shapes_of(node.output[0]), before=before[1:], after=after[1:])
        return self._newest()


_OPERATIONS: Mapping[str, Callable[[_Translation, Any, dict[str, Any]], _Value]] = {
    **dict.fromkeys(("Identity", "Cast"), _Translation._identity),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), _Translation._reshape),
    "Transpose": _Translation._transpose,
    "Conv": _Translation._conv,
    "MaxPool": _Translation._maxpool,
    "MatMul": _Translation._matmul,
    "Gemm": _Translation._gemm,
    "Mul": _Translation._mul,
    "Div": _Translation._div,
    "Add": _Translation._add,
    "Sub": _Translation._sub,
    "Relu": _Translation._relu,
    "Softmax": _Translation._softmax,
    **dict.fromkeys(("Mean", "Sum"), _Translation._several),
    "Pad": _Translation._pad,
    "Slice": _Translation._slice,
}
