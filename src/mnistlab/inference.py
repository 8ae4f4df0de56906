"""Predictions from an exported network with ONNX Runtime: no TensorFlow, ready in a fraction of a second."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.exceptions import RunError


class Classifier:
    """A trained network as a function from images to probabilities.

    Args:
        path: a `model.onnx` that mnistlab wrote.

    Raises:
        RunError: if the file is missing, damaged, or another kind of network.

    Example:
        `Classifier(run.onnx_path)(images)` gives float32 `(num_images, 10)`.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # fatal only; errors arrive as exceptions
        if not path.is_file():
            raise RunError(f"There is no file {path}; expected a model.onnx that `mnistlab train` wrote.")
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has no common base class for what a damaged file causes
            raise RunError(
                f"{path} is not a network that ONNX Runtime can load. Delete {path.parent} and train again."
            ) from error
        inputs, outputs = self._session.get_inputs(), {output.name: output for output in self._session.get_outputs()}
        fits = len(inputs) == 1 and inputs[0].type == "tensor(uint8)" and inputs[0].shape[1:] == [*IMAGE_SHAPE]
        if not fits or "probabilities" not in outputs or outputs["probabilities"].shape[1:] != [NUM_CLASSES]:
            raise RunError(
                f"{path} is another kind of network; expected one that turns uint8 images (n, 28, 28) into "
                "probabilities (n, 10)."
            )
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
