"""The cost of a network in memory and time, known before it runs."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from mnistlab.inference.onnx_files.structure import DTYPES, RefusalError, numbers_of, tensor_type

# Several times what the largest network here, `record`, needs: 0.9 million values and 50 million multiplications.
MAX_LIST_NUMBERS = 100_000  # in lists, which ONNX Runtime takes for shapes and computes during loading
MAX_SHAPE = 100  # numbers of a list on which the shape of a result may depend: each operation gets a copy
MAX_VALUES = 4 * 2**20  # results of all nodes for one image: 16 MB
MAX_MULTIPLICATIONS = 2**30  # for one image: a fraction of a second


def check_costs(skeleton: onnx.ModelProto, num_images: int) -> None:
    """Rejects a network whose results for so many images would fill the memory, or take for ever.

    A few bytes are enough for that: an outer product, or a list joined with itself time and again. So each operation's
    result must be known to be small before the next operation is examined.

    Args:
        skeleton: The network without weights, from `checked_network`.
        num_images: Number of images in a batch.
    """
    graph, versions = skeleton.graph, {opset.domain: opset.version for opset in skeleton.opset_import}
    values = list_numbers = multiplications = 0
    known = {tensor.name: numbers_of(tensor) for tensor in graph.initializer}
    types = {value.name: value.type for value in graph.input}
    types |= {
        name: tensor_type(onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in known.items()
    }
    types[graph.input[0].name].tensor_type.shape.dim[0].dim_value = num_images
    for node in graph.node:
        try:
            schema = onnx.defs.get_schema(node.op_type, versions.get("", versions.get("ai.onnx", 0)), "")
            given = {name: types[name] for name in node.input if name}
            lists = {
                name: onnx.numpy_helper.from_array(known[name], name)
                for name in given
                if name in known and known[name].size <= MAX_SHAPE
            }
            types |= onnx.shape_inference.infer_node_outputs(
                schema, node, given, lists, opset_imports=list(skeleton.opset_import), ir_version=skeleton.ir_version
            )
            shapes = {name: _shape(types[name]) for name in (*node.input, *node.output) if name}
            for name in filter(None, node.output):
                values += math.prod(shapes[name])
                list_numbers += math.prod(shapes[name]) if len(shapes[name]) == 1 else 0
            multiplications += _multiplications(node, shapes)
            if values <= MAX_VALUES * num_images:
                _compute_shape(node, shapes, known)
        except Exception as error:  # ONNX has no common base class for errors in shapes
            raise RefusalError(f"its operation {node.op_type} does not fit what comes before it") from error
        if values > MAX_VALUES * num_images or multiplications > MAX_MULTIPLICATIONS * num_images:
            raise RefusalError("its operations would take memory or time out of all proportion")
        if list_numbers > MAX_LIST_NUMBERS * num_images:
            raise RefusalError("it computes lists out of all proportion")


def _shape(kind: onnx.TypeProto) -> list[int]:
    """The sizes of a tensor's axes; a ValueError if one of them is unknown, or less than none."""
    tensor = kind.tensor_type
    if not tensor.HasField("shape") or not all(dim.HasField("dim_value") for dim in tensor.shape.dim):
        raise ValueError("a shape is not known")
    sizes = [dim.dim_value for dim in tensor.shape.dim]
    if any(size < 0 for size in sizes):  # of a Pad that takes away more than there is; it would lower the sum
        raise ValueError("a size below 0")
    return sizes


def _compute_shape(node: onnx.NodeProto, shapes: Mapping[str, list[int]], known: dict[str, NDArray[Any]]) -> None:
    """Computes values that a later Reshape may need: the sizes of a tensor, picked out and put together again."""
    if node.op_type == "Constant" and node.attribute[0].HasField("t"):
        known[node.output[0]] = numbers_of(node.attribute[0].t)
        return
    if node.op_type == "Shape":
        known[node.output[0]] = np.array(shapes[node.input[0]], np.int64)
    if not all(name in known for name in node.input) or not set(map(len, shapes.values())) <= {0, 1}:
        return
    came = [known[name] for name in node.input]
    result: NDArray[Any] | None = None
    if node.op_type == "Cast" and node.attribute[0].i in DTYPES:
        result = came[0].astype(DTYPES[node.attribute[0].i])
    elif node.op_type == "Gather":
        result = np.take(came[0], came[1], axis=0)
    elif (
        node.op_type == "Slice" and len(came) in (3, 4) and came[0].ndim == 1 and all(one.size == 1 for one in came[1:])
    ):
        result = came[0][int(came[1][0]) : int(came[2][0])]
    elif node.op_type == "Concat":
        result = np.concatenate(came)
    if result is not None and result.dtype.kind == "i" and [*result.shape] == shapes[node.output[0]]:
        known[node.output[0]] = result


def _multiplications(node: onnx.NodeProto, shapes: Mapping[str, list[int]]) -> int:
    """The most multiplications that a node needs; for a maximum, the numbers that it looks at."""
    results = math.prod(shapes[node.output[0]])
    if node.op_type == "Conv":
        return results * math.prod(shapes[node.input[1]][1:])
    if node.op_type in ("MatMul", "Gemm"):
        return results * max(shapes[node.input[0]], default=1)
    if node.op_type == "MaxPool":
        return results * max((math.prod(attribute.ints) for attribute in node.attribute), default=1)
    return 0
