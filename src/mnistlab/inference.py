"""Predictions from an exported network with ONNX Runtime: no TensorFlow, ready in a fraction of a second."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.exceptions import RunError

MAX_FILE_BYTES = 64 * 2**20  # twenty times the largest network here
MAX_NODES = 10_000
OPERATIONS = frozenset(
    (
        *("Add", "BatchNormalization", "Cast", "Concat", "Constant", "Conv", "Div", "Flatten", "Gather", "Gemm"),
        *("Identity", "MatMul", "MaxPool", "Mean", "Mul", "Pad", "Relu", "Reshape", "Shape", "Slice", "Softmax"),
        *("Squeeze", "Sub", "Sum", "Transpose", "Unsqueeze"),
    )
)
"""What a network of ours may consist of. No loops, no subgraphs, no operators of others, which could do anything."""


class Classifier:
    """A trained network as a function from images to probabilities.

    Args:
        path: a `model.onnx` that mnistlab wrote, or one of unknown origin: what it consists of is looked at before
            ONNX Runtime sees it, and nothing outside the file is ever read.

    Raises:
        RunError: if the file is missing, damaged, too large, or another kind of network.

    Example:
        `Classifier(run.onnx_path)(images)` gives float32 `(num_images, 10)`.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise RunError(f"There is no file {path}; expected a model.onnx that `mnistlab train` wrote.")
        content = _checked_content(path)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # fatal only; errors arrive as exceptions
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has no common base class for what a damaged file causes
            raise _refusal(path, "ONNX Runtime cannot load it") from error
        inputs, outputs = self._session.get_inputs(), {output.name: output for output in self._session.get_outputs()}
        fits = len(inputs) == 1 and inputs[0].type == "tensor(uint8)" and inputs[0].shape[1:] == [*IMAGE_SHAPE]
        if not fits or "probabilities" not in outputs or outputs["probabilities"].shape[1:] != [NUM_CLASSES]:
            raise _refusal(path, "its input or output is another")
        self._input_name = inputs[0].name

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probability of each digit for each image.

        Args:
            images: uint8 `(num_images, 28, 28)`, 0 ground to 255 ink.

        Returns:
            float32 `(num_images, 10)`, rows that sum to 1.

        Raises:
            ValueError: if shape or dtype is another.
        """
        if images.dtype != np.uint8 or images.shape[1:] != IMAGE_SHAPE:
            raise ValueError(
                f"Images came as {images.dtype} {images.shape}; expected uint8 (num_images, 28, 28) with ink up to 255."
            )
        outputs: list[Any] = self._session.run(["probabilities"], {self._input_name: np.ascontiguousarray(images)})
        return np.asarray(outputs[0], dtype=np.float32)


def _checked_content(path: Path) -> bytes:
    """The bytes of an ONNX file, once it is clear that they are a plain network in one piece."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _refusal(path, f"it has {path.stat().st_size:,} bytes, more than {MAX_FILE_BYTES:,}")
        content = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # of the protobuf library, which has no common base class either
        raise _refusal(path, "it is damaged") from error
    graph = model.graph
    tensors = [*graph.initializer, *(attribute.t for node in graph.node for attribute in node.attribute)]
    if model.functions or graph.sparse_initializer or len(graph.node) > MAX_NODES:
        raise _refusal(path, "it has parts that no network of ours has")
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data for tensor in tensors):
        raise _refusal(path, "its numbers lie in another file")
    for node in graph.node:
        if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATIONS:
            raise _refusal(
                path, f"it uses the operation {node.domain[:20]}{':' if node.domain else ''}{node.op_type[:40]}"
            )
        if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
            raise _refusal(path, "it has graphs within its graph")
        if any(abs(value) > 1024 for attribute in node.attribute for value in attribute.ints):
            raise _refusal(path, f"its operation {node.op_type} has a setting out of all proportion")
    return content


def _refusal(path: Path, why: str) -> RunError:
    return RunError(
        f"{path} is not a network that mnistlab can use: {why}. Expected one that turns uint8 images (n, 28, 28) into "
        "probabilities (n, 10), as `mnistlab train` writes it."
    )
