"""The layers of an ONNX network: their kinds, and the pixels that each of their cells sees, derived from the graph."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.exceptions import RunError
from mnistlab.inference.classifier import PROBABILITIES
from mnistlab.inference.layer_titles import Kind, title_of
from mnistlab.inference.onnx_files import checked_network, read_file, widen_halves

Pair = tuple[int, int]  # along rows and along columns
MAX_PIXELS = 10_000
_PASSING = ("Identity", "Transpose")


@dataclasses.dataclass(frozen=True)
class Field:
    """The pixels that the cells of a layer see: cell `(i, j)` sees `size` pixels from `offset + (i, j) × stride` on.

    Args:
        size: Rows and columns of a field.
        stride: Distance between the fields of neighbouring cells, in pixels.
        offset: First row and column of the first field; below 0 if padding surrounds the image.
    """

    size: Pair
    stride: Pair
    offset: Pair

    def slid(self, kernel: Sequence[int], steps: Sequence[int], before: Sequence[int], apart: Sequence[int]) -> "Field":
        """The field after a window that slides over these cells."""
        (rows, columns), (down, across), (top, left) = self.size, self.stride, self.offset
        return Field(
            (rows + (kernel[0] - 1) * apart[0] * down, columns + (kernel[1] - 1) * apart[1] * across),
            (down * steps[0], across * steps[1]),
            (top - before[0] * down, left - before[1] * across),
        )


@dataclasses.dataclass(frozen=True)
class LayerView:
    """One layer whose activations the file gives.

    Args:
        name: Name of the file's output.
        title: Name for people.
        kind: What the layer does.
        shape: Shape of its activations for one image: `(rows, columns)`, `(rows, columns, channels)` or `(units,)`.
        field: Pixels that a cell sees; `None` if a cell sees the whole image, or has no place on it.
    """

    name: str
    title: str
    kind: Kind
    shape: tuple[int, ...]
    field: Field | None


@dataclasses.dataclass(frozen=True, eq=False)
class Anatomy:
    """The parts of a network.

    Args:
        layers: Layers that can be drawn, in the network's order.
        num_parameters: Number of weights from which the probabilities are computed.
        filters: Filters of the first layer with weights, float32 `(num_filters, rows, columns, depth)`.
        filter_layer: Name of that layer; empty if there is none.
    """

    layers: tuple[LayerView, ...]
    num_parameters: int
    filters: NDArray[np.float32]
    filter_layer: str


def dissect(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> Anatomy:
    """Describes the parts of the network in a file.

    Args:
        path: ONNX file that `mnistlab.inference.Classifier` has accepted.
        shapes: Shape of the activations of one image, by the layer's name.

    Raises:
        RunError: If its parts are put together so oddly that they cannot be described.
    """
    try:
        graph = onnx.load_model_from_string(checked_network(read_file(path))[0]).graph
        widen_halves(graph)
        known = _Graph(graph)
        layers = known.layers(shapes)
        filters, name = known.first_filters(layers)
        return Anatomy(layers, known.num_parameters(), filters, name)
    except RunError:
        raise
    except Exception as error:  # ONNX allows much that no network of ours has
        expected = "Expected one as `mnistlab train` writes it."
        raise RunError(f"{path} is not a network whose layers can be described. {expected}") from error


class _Graph:
    """The operations of a network, and the fields of their outputs."""

    def __init__(self, graph: Any) -> None:
        self._producers = {output: node for node in graph.node for output in node.output}
        self._weights = {one.name: one for one in graph.initializer}
        self._inputs = {one.name for one in graph.input}
        self._sources: dict[str, str] = {}
        self._fields: dict[str, Field | None] = {name: Field((1, 1), (1, 1), (0, 0)) for name in self._inputs}
        self._grids: dict[str, Pair] = dict.fromkeys(self._inputs, IMAGE_SHAPE)
        shapes = onnx.shape_inference.infer_shapes(onnx.helper.make_model(graph)).graph
        self._shapes = {
            value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
            for value in (*shapes.value_info, *shapes.output, *shapes.input)
        }
        for node in graph.node:
            self._follow(node)

    def layers(self, shapes: Mapping[str, tuple[int, ...]]) -> tuple[LayerView, ...]:
        """The layers with at most three axes; what lies between the two halves of a fold cannot be drawn."""
        found: list[LayerView] = []
        named = {self._source(name) for name in shapes}
        numbers: dict[str, int] = {}
        for name, shape in shapes.items():
            if len(shape) > 3:
                continue
            kind = self._kind(name, named, first=not found)
            if kind in ("convolution", "pool", "dense"):
                numbers[kind] = numbers.get(kind, 0) + 1
            main = next((one.title for one in reversed(found) if one.kind in ("convolution", "pool", "dense")), "")
            title = title_of(name, kind, numbers.get(kind, 0), main)
            found.append(LayerView(name, title, kind, shape, self._field(name, shape)))
        return tuple(found)

    def num_parameters(self) -> int:
        """Counts the weights behind the probabilities."""
        todo, seen = [PROBABILITIES], set[str]()
        while todo:
            name = todo.pop()
            if name not in seen and name:
                seen.add(name)
                todo += self._producers[name].input if name in self._producers else []
        return sum(
            math.prod(one.dims)
            for name, one in self._weights.items()
            if name in seen and one.data_type == onnx.TensorProto.FLOAT and one.dims
        )

    def first_filters(self, layers: Sequence[LayerView]) -> tuple[NDArray[np.float32], str]:
        """The weights of the first operation that has any as pictures, and the name of its layer."""
        for name, node in self._producers.items():
            if node.op_type == "Conv" and node.input[1] in self._weights:
                weights = self._array(node.input[1]).transpose(0, 2, 3, 1)  # (n, depth, r, c) -> (n, r, c, depth)
                below = self._below(node)
                return _unfolded(weights, below.stride[0] if below else 1), self._layer_of(name, layers)
            if node.op_type in ("MatMul", "Gemm") and node.input[1] in self._weights:
                weights = self._array(node.input[1])
                if weights.shape[0] == math.prod(IMAGE_SHAPE):
                    filters = weights.T.reshape(-1, *IMAGE_SHAPE, 1)  # (784, n) -> (n, 28, 28, 1)
                    return filters, self._layer_of(name, layers)
        return np.empty((0, 1, 1, 1), np.float32), ""

    def _layer_of(self, tensor: str, layers: Sequence[LayerView]) -> str:
        """The first layer that is computed from a tensor."""
        for layer in layers:
            if tensor in self._behind(layer.name, set()):
                return layer.name
        return PROBABILITIES

    def _array(self, name: str) -> NDArray[np.float32]:
        return np.asarray(onnx.numpy_helper.to_array(self._weights[name]), dtype=np.float32)

    def _source(self, name: str) -> str:
        """The tensor that a name stands for, before operations that only pass it on or change the order of its axes."""
        if name not in self._sources:
            found = name
            while found in self._producers and self._producers[found].op_type in _PASSING:
                found = self._producers[found].input[0]
            self._sources[name] = found
        return self._sources[name]

    def _behind(self, name: str, named: set[str]) -> dict[str, str]:
        """The operations between a layer and the layers before it, by the names of their outputs."""
        todo, found = [self._source(name)], dict[str, str]()
        while todo:
            tensor = todo.pop()
            node = self._producers.get(tensor)
            if node is None or tensor in found:
                continue
            found[tensor] = node.op_type
            data = node.input[:1] if node.op_type == "Reshape" else node.input  # the other input is a list of sizes
            sources = [self._source(one) for one in data]
            todo += [one for one in sources if one not in named]
        return found

    def _kind(self, name: str, named: set[str], *, first: bool) -> Kind:
        source = self._source(name)
        operations = set(self._behind(name, named - {source}).values())
        known: dict[str, Kind] = {
            **{"Softmax": "softmax", "Relu": "activation", "MaxPool": "pool", "Conv": "convolution"},
            **{"MatMul": "dense", "Gemm": "dense"},
        }
        if name == PROBABILITIES:
            return "softmax"
        if first and operations <= {"Cast", "Mul", "Add", "Div", "Sub"}:
            return "input"
        if "dropout" in name or self._is_alias(name):
            return "other"
        for operation, kind in known.items():
            if operation in operations:
                return kind
        return "normalisation" if operations & {"Mul", "Add", "Sub", "BatchNormalization"} else "other"

    def _is_alias(self, name: str) -> bool:
        """Whether a layer only arranges its numbers in another shape."""
        node = self._producers.get(self._source(name))
        return node is None or node.op_type in ("Reshape", "Flatten", "Squeeze", "Unsqueeze")

    def _field(self, name: str, shape: Sequence[int]) -> Field | None:
        source = self._source(name)
        field = self._fields.get(source)
        seen = _refolded(field, self._grids.get(source), shape[:2]) if field and len(shape) > 1 else None
        # Windows over windows over windows come to any number of digits.
        return seen if seen and max(map(abs, (*seen.size, *seen.stride, *seen.offset))) <= MAX_PIXELS else None

    def _follow(self, node: Any) -> None:
        """Derives the field of an operation's outputs from those of its inputs."""
        data = [name for name in node.input if name not in self._weights]
        fields = [(self._fields.get(name), self._grids.get(name)) for name in data if name in self._fields]
        field, grid = max(fields, key=lambda one: one[0].size if one[0] else (0, 0), default=(None, None))
        if node.op_type in ("MatMul", "Gemm", "Flatten", "Softmax"):
            field = None
        elif node.op_type in ("Conv", "MaxPool"):
            field, grid = self._slide(node)
        for output in node.output:
            self._fields[output] = field
            if grid is not None:
                self._grids[output] = grid

    def _below(self, node: Any) -> Field | None:
        """The field of the input of a convolution or pooling, after a fold that may come before it."""
        field, shape = self._fields.get(node.input[0]), self._shapes.get(node.input[0], [])[2:]
        return _refolded(field, self._grids.get(node.input[0]), shape) if field else None

    def _slide(self, node: Any) -> tuple[Field | None, Pair | None]:
        settings = {one.name: list(one.ints) for one in node.attribute}
        padding = {one.name: one.s for one in node.attribute}.get("auto_pad", b"NOTSET")
        field, shape = self._below(node), self._shapes.get(node.output[0], [])[2:]
        kernel = settings.get("kernel_shape")  # which ONNX lets a convolution leave out
        if field is None or kernel is None or len(shape) != 2 or padding not in (b"NOTSET", b"", b"VALID"):
            return None, None
        slid = field.slid(
            kernel,
            settings.get("strides", [1, 1]),
            settings.get("pads", [0] * 4)[:2],
            settings.get("dilations", [1, 1]),
        )
        return slid, (shape[0], shape[1])


def _refolded(field: Field, grid: Pair | None, shape: Sequence[int]) -> Field | None:
    """The field after blocks of cells have become one cell with more channels, or `None` if `shape` does not fit."""
    if grid is None or len(shape) != 2 or not all(shape):
        return None
    if any(was % now for was, now in zip(grid, shape, strict=True)):
        return None
    fold = [was // now for was, now in zip(grid, shape, strict=True)]
    return field.slid(fold, fold, (0, 0), (1, 1))


def _unfolded(weights: NDArray[np.float32], fold: int) -> NDArray[np.float32]:
    """Filters over folded pixels, `(filters, rows, columns, fold² × depth)`, as filters over the pixels themselves."""
    filters, rows, columns, depth = weights.shape  # depth holds a block of fold × fold pixels
    # With f for fold: (n, r, c, f² · d) -> (n, r, c, f, f, d) -> (n, r, f, c, f, d) -> (n, r · f, c · f, d)
    blocks = weights.reshape(filters, rows, columns, fold, fold, depth // fold**2).transpose(0, 1, 3, 2, 4, 5)
    return np.ascontiguousarray(blocks.reshape(filters, rows * fold, columns * fold, depth // fold**2))
