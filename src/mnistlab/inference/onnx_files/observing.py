"""What can be seen of a network's tensors by running it once: their shapes, and those that depend on no image."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE


def observe(model: Any) -> tuple[dict[str, tuple[int, ...]], dict[str, NDArray[Any]]]:
    """Runs a network once on an empty image.

    Args:
        model: Network, an `onnx.ModelProto` from a file that has been checked.

    Returns:
        Shapes of all tensors that are computed, for a batch of one image, and the tensors that depend on no pixel:
        the arrays of the file, and the sizes that operations compute; both by the names of the tensors.
    """
    nodes = model.graph.node
    names = [name for node in nodes for name in node.output]
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.output[:]
    probe.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # fatal only; errors arrive as exceptions
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # it would join operations
    session = onnxruntime.InferenceSession(probe.SerializeToString(), options, providers=["CPUExecutionProvider"])
    blank = np.zeros((1, *IMAGE_SHAPE), np.uint8)
    found = dict(zip(names, map(np.asarray, session.run(names, {model.graph.input[0].name: blank})), strict=True))
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    for node in nodes:
        for name in node.output:
            if found[name].dtype.kind == "i" or all(given in constants for given in node.input if given):
                constants[name] = found[name]
    return {name: value.shape for name, value in found.items()}, constants
