"""Large weights in half precision: an ONNX file takes half the space, and computes in float32 as before."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx

from mnistlab.exceptions import MnistlabError

LARGE = 1000  # numbers in an array, from which halving is worth it


def store_halves(path: Path) -> None:
    """Stores the large weights of an ONNX file in half precision.

    The arithmetic stays float32: each array is widened when the file is loaded. Arrays below a thousand numbers, such
    as offsets and those of normalization, stay as they are. A weight is rounded by at most one part in 2,048, so
    answers change a little; compare them before the file replaces the original.

    Args:
        path: Path of a file that `mnistlab.models.export` wrote; it is replaced.

    Raises:
        MnistlabError: if a weight is too large for half precision, above 65,504.
    """
    network = onnx.load(path)
    widened = []
    for tensor in network.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < LARGE:
            continue
        with np.errstate(over="ignore"):
            halves = values.astype(np.float16)
        if not np.isfinite(halves).all():
            raise MnistlabError(f"{path} has weights above 65,504; they cannot be stored in half precision.")
        name, half = tensor.name, f"{tensor.name}_half"
        tensor.CopyFrom(onnx.numpy_helper.from_array(halves, half))
        widened.append(onnx.helper.make_node("Cast", [half], [name], name=f"widen_{name}", to=onnx.TensorProto.FLOAT))
    nodes = [*widened, *network.graph.node]
    del network.graph.node[:]
    network.graph.node.extend(nodes)
    onnx.checker.check_model(network, full_check=True)
    onnx.save(network, path)


def widen_halves(graph: Any) -> None:
    """Widens the weights of a graph again, for code that looks at them: float32 initializers without casts.

    Args:
        graph: Graph, an `onnx.GraphProto`; it is changed.
    """
    halves = {one.name: one for one in graph.initializer if one.data_type == onnx.TensorProto.FLOAT16}
    casts = [node for node in graph.node if node.op_type == "Cast" and node.input[0] in halves]
    for cast in casts:
        values = onnx.numpy_helper.to_array(halves[cast.input[0]]).astype(np.float32)
        graph.initializer.append(onnx.numpy_helper.from_array(values, cast.output[0]))
        graph.node.remove(cast)
    for half in halves.values():
        graph.initializer.remove(half)
