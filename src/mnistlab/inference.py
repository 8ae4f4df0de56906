"""Predictions from an exported network with ONNX Runtime: no TensorFlow, ready in a fraction of a second."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.exceptions import RunError
from mnistlab.onnx_files import RefusalError, check_costs, checked_network, read_file


class Classifier:
    """A trained network as a function from images to probabilities.

    Args:
        path: a `model.onnx` that mnistlab wrote, or one of unknown origin: what it consists of is looked at before
            ONNX Runtime sees it, and nothing outside the file is ever read.

    Raises:
        RunError: if the file is missing, damaged, too large, another kind of network, or has no probabilities to give.

    Example:
        `Classifier(run.onnx_path)(images)` gives float32 `(num_images, 10)`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            content, self._skeleton = checked_network(read_file(path))
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 4  # fatal only; errors arrive as exceptions
            # Left to itself, ONNX Runtime takes a file for its own format if it bears a certain mark, and then does
            # not read what was checked.
            options.add_session_config_entry("session.load_model_format", "ONNX")
            self._affordable = {1}  # numbers of images
            check_costs(self._skeleton, 1)
            try:
                self._session = onnxruntime.InferenceSession(
                    content,
                    options,
                    providers=["CPUExecutionProvider"],
                    enable_fallback=0,  # which prints to stdout and tries the same again
                )
            except Exception as error:  # ONNX Runtime has no common base class for what a damaged file causes
                raise RefusalError("ONNX Runtime cannot load it") from error
            inputs, outputs = self._session.get_inputs(), {one.name: one for one in self._session.get_outputs()}
            fits = len(inputs) == 1 and inputs[0].type == "tensor(uint8)" and inputs[0].shape[1:] == [*IMAGE_SHAPE]
            if not fits or "probabilities" not in outputs or outputs["probabilities"].shape[1:] != [NUM_CLASSES]:
                raise RefusalError("its input or output is another")
        except RefusalError as refusal:
            raise _error(path, refusal) from refusal
        self._input_name = inputs[0].name
        self(np.zeros((1, *IMAGE_SHAPE), np.uint8))  # a network that fails on paper-white ground fails now

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probability of each digit for each image.

        Args:
            images: uint8 `(num_images, 28, 28)`, 0 ground to 255 ink.

        Returns:
            float32 `(num_images, 10)`, rows that sum to 1.

        Raises:
            ValueError: if shape or dtype is another.
            RunError: if the network gives anything but probabilities for these images.
        """
        if images.dtype != np.uint8 or images.shape[1:] != IMAGE_SHAPE:
            raise ValueError(
                f"Images came as {images.dtype} {images.shape}; expected uint8 (num_images, 28, 28) with ink up to 255."
            )
        try:
            if len(images) and len(images) not in self._affordable:
                check_costs(self._skeleton, len(images))
                self._affordable.add(len(images))
            try:
                outputs: list[Any] = self._session.run(
                    ["probabilities"], {self._input_name: np.ascontiguousarray(images)}
                )
            except Exception as error:  # as above
                raise RefusalError("ONNX Runtime cannot run it") from error
            probabilities = np.asarray(outputs[0], dtype=np.float32)
            if probabilities.shape != (len(images), NUM_CLASSES) or not _are_distributions(probabilities):
                raise RefusalError("what it gives are no probabilities")
        except RefusalError as refusal:
            raise _error(self._path, refusal) from refusal
        return probabilities


def _error(path: Path, refusal: RefusalError) -> RunError:
    return RunError(
        f"{path} is not a network that mnistlab can use: {refusal}. Expected one that turns uint8 images (n, 28, 28) "
        "into probabilities (n, 10), as `mnistlab train` writes it."
    )


def _are_distributions(probabilities: NDArray[np.float32]) -> bool:
    """Whether each row is one; a comparison with a number that is none is false."""
    return bool((probabilities >= 0).all() and (np.abs(probabilities.sum(axis=1) - 1) < 1e-3).all())
