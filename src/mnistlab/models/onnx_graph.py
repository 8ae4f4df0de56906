"""A Keras network as an ONNX graph, written layer by layer: no converter, no tracing, the same on every backend.

Each kind of layer that the networks of `mnistlab.models.networks` consist of has one function here, with the formula of
Keras' own layer. Images keep Keras' order of axes in every output, `(num_images, rows, columns, channels)`; in between,
convolutions and what follows them work with channels first, as ONNX does.

Source: the operators of ONNX, opset 15, https://onnx.ai/onnx/operators/.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.exceptions import MnistlabError
from mnistlab.models.backend import keras

OPSET, IR_VERSION = 15, 8  # old enough for every program that reads ONNX today
_FIRST, _LAST = (0, 3, 1, 2), (0, 2, 3, 1)  # from channels last to channels first, and back


def network_graph(model: Any) -> onnx.ModelProto:
    """A network as ONNX: uint8 images in, float32 activations out.

    Args:
        model: A `keras.Sequential`, or a functional Keras model of layers and whole networks, from images
            `(num_images, 28, 28)`.

    Returns:
        The network, with the input `images` and an output for each layer of a `Sequential`, under the layer's name; of
        any other model only the result, as `probabilities`. `models.canonical` brings it into its final form.

    Raises:
        MnistlabError: if a layer is of a kind that has no function here.
    """
    graph = _Graph()
    images = _Value(graph.add("Cast", ["images"], to=onnx.TensorProto.FLOAT), IMAGE_SHAPE)
    if isinstance(model, keras.Sequential):
        value = images
        for layer in model.layers:
            value = graph.apply(layer, [value])
            graph.output(value, layer.name)
    else:
        (result,) = graph.run(model, [images])
        graph.output(result, "probabilities")
    given = onnx.helper.make_tensor_value_info("images", onnx.TensorProto.UINT8, ["num_images", *IMAGE_SHAPE])
    return onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, "mnistlab", [given], graph.outputs, initializer=graph.arrays),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )


@dataclasses.dataclass(frozen=True)
class _Value:
    """A tensor of the graph.

    Args:
        name: Its name.
        shape: Its shape for one image, in Keras' order of axes.
        channels_first: Whether the tensor itself has its channels before rows and columns.
    """

    name: str
    shape: tuple[int, ...]
    channels_first: bool = False


class _Graph:
    """The operations and arrays so far."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.arrays: list[onnx.TensorProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def add(self, operation: str, inputs: Sequence[str], **settings: Any) -> str:
        """Adds an operation and returns the name of its result."""
        name = f"value{len(self.nodes)}"
        self.nodes.append(onnx.helper.make_node(operation, inputs, [name], **settings))
        return name

    def array(self, numbers: ArrayLike, dtype: Any = np.float32) -> str:
        """Adds an array and returns its name."""
        name = f"array{len(self.arrays)}"
        self.arrays.append(onnx.numpy_helper.from_array(np.asarray(numbers, dtype), name))
        return name

    def output(self, value: _Value, name: str) -> None:
        """Makes a value an output of the network, with the axes in Keras' order."""
        self.nodes.append(onnx.helper.make_node("Identity", [self.last(value)], [name]))
        shape = ["num_images", *value.shape]
        self.outputs.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))

    def last(self, value: _Value) -> str:
        """The tensor of a value with channels last, as in Keras."""
        return self.add("Transpose", [value.name], perm=_LAST) if value.channels_first else value.name

    def first(self, value: _Value) -> str:
        """The tensor of images with channels first, as ONNX convolves them."""
        if value.channels_first:
            return value.name
        rows, columns, channels = value.shape
        if channels == 1:  # the same numbers in the same order
            return self.reshaped(value.name, (1, rows, columns))
        return self.add("Transpose", [value.name], perm=_FIRST)

    def reshaped(self, name: str, shape: Sequence[int]) -> str:
        """A tensor in another shape; a 0 in ONNX keeps the axis, so that there may be any number of images."""
        return self.add("Reshape", [name, self.array([0, *shape], np.int64)])

    def apply(self, layer: Any, values: Sequence[_Value]) -> _Value:
        """Adds one layer."""
        write = _LAYERS.get(type(layer).__name__)
        # Classes derived from Keras', such as the faster ones, might compute something else.
        if write is None or type(layer) is not getattr(keras.layers, type(layer).__name__, None):
            raise MnistlabError(
                f"The layer {layer.name} is a {type(layer).__name__}, which mnistlab cannot write as ONNX. "
                f"Build the network from {', '.join(_LAYERS)}, or add the kind to mnistlab.models.onnx_graph."
            )
        return write(self, layer, *values)

    def run(self, model: Any, values: Sequence[_Value]) -> list[_Value]:
        """Adds a whole network and returns its results."""
        if isinstance(model, keras.Sequential):
            for layer in model.layers:
                values = [self.apply(layer, values)]
            return [*values]
        known = {id(tensor): value for tensor, value in zip(model.inputs, values, strict=True)}
        return [self._result(tensor, known) for tensor in model.outputs]

    def _result(self, tensor: Any, known: dict[int, _Value]) -> _Value:
        """The value of one of a model's tensors, after everything that it is computed from."""
        if id(tensor) not in known:
            operation, place, number = tensor._keras_history
            node = operation._inbound_nodes[place]
            values = [self._result(given, known) for given in node.input_tensors]
            results = (
                self.run(operation, values) if isinstance(operation, keras.Model) else [self.apply(operation, values)]
            )
            known[id(tensor)] = results[number]
        return known[id(tensor)]


def _numbers(variable: Any) -> NDArray[Any]:
    return np.asarray(keras.ops.convert_to_numpy(variable))


def _rescaling(graph: _Graph, layer: Any, value: _Value) -> _Value:
    name = graph.add("Mul", [graph.last(value), graph.array(layer.scale)])
    if np.any(layer.offset):
        name = graph.add("Add", [name, graph.array(layer.offset)])
    return _Value(name, value.shape)


def _reshape(graph: _Graph, layer: Any, value: _Value) -> _Value:
    shape = tuple(layer.compute_output_shape((None, *value.shape))[1:])
    return _Value(graph.reshaped(graph.last(value), shape), shape)


def _flatten(graph: _Graph, _layer: Any, value: _Value) -> _Value:
    shape = (math.prod(value.shape),)
    return _Value(graph.reshaped(graph.last(value), shape), shape)


def _permute(graph: _Graph, layer: Any, value: _Value) -> _Value:
    name = graph.add("Transpose", [graph.last(value)], perm=(0, *layer.dims))
    return _Value(name, tuple(value.shape[axis - 1] for axis in layer.dims))


def _dense(graph: _Graph, layer: Any, value: _Value) -> _Value:
    name = graph.add("MatMul", [graph.last(value), graph.array(_numbers(layer.kernel))])
    if layer.use_bias:
        name = graph.add("Add", [name, graph.array(_numbers(layer.bias))])
    return _activated(graph, layer, _Value(name, (*value.shape[:-1], layer.units)))


def _convolution(graph: _Graph, layer: Any, value: _Value) -> _Value:
    kernel = _numbers(layer.kernel).transpose(3, 2, 0, 1)  # (rows, columns, in, out) -> (out, in, rows, columns)
    weights = [graph.array(kernel), *([graph.array(_numbers(layer.bias))] if layer.use_bias else [])]
    windows = _windows(layer, value, layer.kernel_size, layer.strides, layer.dilation_rate)
    name = graph.add("Conv", [graph.first(value), *weights], group=layer.groups, **windows)
    return _activated(graph, layer, _Value(name, _shape_after(layer, value), channels_first=True))


def _max_pooling(graph: _Graph, layer: Any, value: _Value) -> _Value:
    name = graph.add("MaxPool", [graph.first(value)], **_windows(layer, value, layer.pool_size, layer.strides, (1, 1)))
    return _Value(name, _shape_after(layer, value), channels_first=True)


def _windows(
    layer: Any, value: _Value, size: Sequence[int], steps: Sequence[int], apart: Sequence[int]
) -> dict[str, list[int]]:
    """The settings of windows that slide over an image; "same" pads as TensorFlow does, the odd row at the end."""
    _require(layer, layer.data_format == "channels_last", "channels first")
    before, after = [0, 0], [0, 0]
    if layer.padding == "same":
        for axis, (length, wide, step, gap) in enumerate(zip(value.shape, size, steps, apart, strict=False)):
            padded = max(0, (math.ceil(length / step) - 1) * step + (wide - 1) * gap + 1 - length)
            before[axis], after[axis] = padded // 2, padded - padded // 2
    settings = {"kernel_shape": [*size], "strides": [*steps]}
    if any(before + after):
        settings["pads"] = before + after
    return settings | ({"dilations": [*apart]} if set(apart) != {1} else {})


def _shape_after(layer: Any, value: _Value) -> tuple[int, ...]:
    return tuple(layer.compute_output_shape((None, *value.shape))[1:])


def _normalization(graph: _Graph, layer: Any, value: _Value) -> _Value:
    """Batch normalization in use: with the moving statistics it is one factor and one offset for each channel."""
    axis = layer.axis % (len(value.shape) + 1)
    _require(layer, axis == len(value.shape) and not layer.renorm, "another axis than the last, or renormalization")
    mean, variance = _numbers(layer.moving_mean), _numbers(layer.moving_variance)
    factor = 1 / np.sqrt(variance.astype(np.float64) + layer.epsilon)
    factor = factor * _numbers(layer.gamma) if layer.scale else factor
    offset = (_numbers(layer.beta) if layer.center else 0.0) - mean * factor
    shape = (-1, 1, 1) if value.channels_first else (-1,)
    name = graph.add("Mul", [value.name, graph.array(factor.reshape(shape))])
    return dataclasses.replace(value, name=graph.add("Add", [name, graph.array(offset.reshape(shape))]))


def _activation(graph: _Graph, layer: Any, value: _Value) -> _Value:
    return _activated(graph, layer, value)


def _activated(graph: _Graph, layer: Any, value: _Value) -> _Value:
    """The value after a layer's activation function."""
    kind = keras.activations.serialize(layer.activation)
    if kind == "linear":
        return value
    _require(layer, kind in ("relu", "softmax"), f"the activation {kind}")
    if kind == "relu":
        return dataclasses.replace(value, name=graph.add("Relu", [value.name]))
    return _Value(graph.add("Softmax", [graph.last(value)], axis=-1), value.shape)


def _dropout(_graph: _Graph, _layer: Any, value: _Value) -> _Value:
    return value  # only training drops


def _zero_padding(graph: _Graph, layer: Any, value: _Value) -> _Value:
    (top, bottom), (left, right) = layer.padding
    name = graph.add("Pad", [graph.last(value), graph.array([0, top, left, 0, 0, bottom, right, 0], np.int64)])
    return _Value(name, _shape_after(layer, value))


def _cropping(graph: _Graph, layer: Any, value: _Value) -> _Value:
    (top, bottom), (left, right) = layer.cropping
    rows, columns, _ = value.shape
    ends = ([top, left], [rows - bottom, columns - right], [1, 2])
    name = graph.add("Slice", [graph.last(value), *(graph.array(numbers, np.int64) for numbers in ends)])
    return _Value(name, _shape_after(layer, value))


def _average(graph: _Graph, _layer: Any, *values: _Value) -> _Value:
    return _Value(graph.add("Mean", [graph.last(value) for value in values]), values[0].shape)


def _add(graph: _Graph, _layer: Any, *values: _Value) -> _Value:
    return _Value(graph.add("Sum", [graph.last(value) for value in values]), values[0].shape)


def _require(layer: Any, fits: bool, unknown: str) -> None:
    if not fits:
        raise MnistlabError(f"The layer {layer.name} has {unknown}, which mnistlab cannot write as ONNX.")


_LAYERS: Mapping[str, Callable[..., _Value]] = {
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "Permute": _permute,
    "Flatten": _flatten,
    "Dense": _dense,
    "Conv2D": _convolution,
    "MaxPooling2D": _max_pooling,
    "BatchNormalization": _normalization,
    "Activation": _activation,
    "Dropout": _dropout,
    "ZeroPadding2D": _zero_padding,
    "Cropping2D": _cropping,
    "Average": _average,
    "Add": _add,
}
