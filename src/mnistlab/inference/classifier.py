"""Predictions from an exported network with ONNX Runtime: no TensorFlow, ready in a fraction of a second."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.evaluation.calibration import Calibration, temper
from mnistlab.evaluation.metrics import are_probabilities
from mnistlab.exceptions import RunError, require_path, require_type
from mnistlab.inference.onnx_files import RefusalError, check_costs, checked_network, read_file

PROBABILITIES, KINDS = "probabilities", "kinds"  # names of outputs
_ROW_SUM_TOLERANCE = 1e-3


class Classifier:
    """A trained network as a function from images to probabilities.

    Args:
        path: Path of a `model.onnx` that mnistlab wrote, or of an ONNX file of unknown origin: its content is checked
            before ONNX Runtime sees it, and nothing outside the file is ever read.
        calibrated: Whether probabilities are brought to the file's temperature, which was fitted on validation digits;
            otherwise they are the network's own, as Keras gives them.
        num_threads: Number of threads of ONNX Runtime; as many as there are cores by default. One is as fast for a
            single image, and leaves the other cores to other work.
        edit: What to change in the network after its file was checked, from the bytes of a network to those of another
            with as many weights or fewer; an edited network does not tell kinds of things apart.

    Attributes:
        path: Path of the file.
        calibration: Temperature and thresholds in the file; those of `Calibration()` if it has none.
        layers: Names of all outputs of the network of digits, in its order, the last one `probabilities`. The average
            of several networks has only that one.

    Raises:
        RunError: if the file is missing, damaged, too large, another kind of network, or has no probabilities to give.

    Example:
        `Classifier(run.onnx_path)(images)` gives float32 `(num_images, 10)`.
    """

    def __init__(
        self,
        path: Path,
        *,
        calibrated: bool = True,
        num_threads: int | None = None,
        edit: Callable[[bytes], bytes] | None = None,
    ) -> None:
        path = require_path(path, "The path of the network", "Give that of a model.onnx: run.onnx_path.")
        self.path = path = Path(path)
        try:
            content, self._skeleton, notes = checked_network(read_file(path))
            try:
                self.calibration = Calibration.from_notes(notes)
            except ValueError as error:
                raise RefusalError("its calibration is none") from error
            if edit is not None:
                content = edit(content)
                self.calibration = dataclasses.replace(self.calibration, kinds=(), least_likeness=0.0)
            self._temperature = self.calibration.temperature if calibrated else 1.0
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 4  # fatal only; errors arrive as exceptions
            options.intra_op_num_threads = num_threads or 0  # 0 stands for all cores
            # By default, ONNX Runtime takes a file for its own format if it has a certain mark, and then does
            # not read what was checked.
            options.add_session_config_entry("session.load_model_format", "ONNX")
            self._affordable = {1}  # numbers of images
            check_costs(self._skeleton, 1)
            try:
                self._session = onnxruntime.InferenceSession(
                    content,
                    options,
                    providers=["CPUExecutionProvider"],
                    enable_fallback=0,  # it prints to stdout and tries the same again
                )
            except Exception as error:  # ONNX Runtime has no common base class for what a damaged file causes
                raise RefusalError("ONNX Runtime cannot load it") from error
            inputs, outputs = self._session.get_inputs(), {one.name: one for one in self._session.get_outputs()}
            fits = len(inputs) == 1 and inputs[0].type == "tensor(uint8)" and inputs[0].shape[1:] == [*IMAGE_SHAPE]
            fits = fits and PROBABILITIES in outputs and outputs[PROBABILITIES].shape[1:] == [NUM_CLASSES]
            kinds = len(self.calibration.kinds)
            fits = fits and all(one.type == "tensor(float)" for one in outputs.values())
            fits = fits and (not kinds or (KINDS in outputs and outputs[KINDS].shape[1:] == [kinds]))
            if not fits:
                raise RefusalError("its input or output is another")
        except RefusalError as refusal:
            raise _error(path, refusal) from refusal
        self._input_name = inputs[0].name
        others = {PROBABILITIES, KINDS} if kinds else {PROBABILITIES}
        self.layers = (*(name for name in outputs if name not in others), PROBABILITIES)
        for pixel in (0, 255):  # a network that fails on an empty image, or on ink everywhere, fails now
            self(np.full(IMAGE_SHAPE, pixel, np.uint8))

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probability of each digit for each image.

        Args:
            images: Images, uint8 `(num_images, 28, 28)`, 0 ground to 255 ink; or one image, `(28, 28)`.

        Returns:
            float32 `(num_images, 10)`, rows that sum to 1; or one row, `(10,)`.

        Raises:
            ValueError: if shape or dtype is different.
            RunError: if the network gives anything but probabilities for these images.
        """
        probabilities = self._run([PROBABILITIES], images)[0]
        return probabilities if images.ndim == 3 else probabilities[0]

    def with_kinds(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The probability of each digit, and of each kind of thing, the first of which is a digit.

        Args:
            images: Images, uint8 `(num_images, 28, 28)`, 0 ground to 255 ink.

        Returns:
            float32 `(num_images, 10)` and `(num_images, num_kinds)` in the order of `calibration.kinds`; no column
            if the file has no network that tells kinds apart.

        Raises:
            ValueError, RunError: as for a call.
        """
        if not self.calibration.kinds:
            return self(images), np.empty((len(images), 0), np.float32)
        probabilities, kinds = self._run([PROBABILITIES, KINDS], images)
        return probabilities, kinds

    def activations(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """The activations of every layer, from the first to the probabilities.

        Args:
            images: Images, uint8 `(num_images, 28, 28)`, 0 ground to 255 ink; or one image, `(28, 28)`.

        Returns:
            Arrays by the layer's name, float32: `(num_images, rows, columns, channels)` of a convolution, `(num_images,
            units)` of a dense layer; for one image without the first axis. The probabilities are those of a call.

        Raises:
            ValueError, RunError: as for a call.

        Example:
            `Classifier(run.onnx_path).activations(image)["conv1_relu"]` gives the maps of the first convolution.
        """
        values = self._run(self.layers, images)
        return {name: value if images.ndim == 3 else value[0] for name, value in zip(self.layers, values, strict=True)}

    def _run(self, names: Sequence[str], images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Some outputs for a batch of images, checked; the probabilities calibrated."""
        require_type(
            images, np.ndarray, "The batch of images", "Give uint8 (num_images, 28, 28), such as split.images."
        )
        if images.dtype != np.uint8 or images.shape[-2:] != IMAGE_SHAPE or images.ndim not in (2, 3):
            raise ValueError(
                f"Images came as {images.dtype} {images.shape}; expected uint8 (num_images, 28, 28) with ink up to 255."
            )
        batch = np.ascontiguousarray(images.reshape(-1, *IMAGE_SHAPE))
        try:
            if len(batch) and len(batch) not in self._affordable:
                check_costs(self._skeleton, len(batch))
                self._affordable.add(len(batch))
            try:
                outputs: list[Any] = self._session.run(list(names), {self._input_name: batch})
            except Exception as error:  # as above
                raise RefusalError("ONNX Runtime cannot run it") from error
            values = [np.asarray(output, dtype=np.float32) for output in outputs]
            for at, (name, value) in enumerate(zip(names, values, strict=True)):
                if value.shape[:1] != (len(batch),) or not np.isfinite(value).all():
                    raise RefusalError("its outputs are not finite numbers")
                if name in (PROBABILITIES, KINDS):
                    width = NUM_CLASSES if name == PROBABILITIES else len(self.calibration.kinds)
                    if value.shape != (len(batch), width) or not are_probabilities(value, _ROW_SUM_TOLERANCE):
                        raise RefusalError("its outputs are not probabilities")
                    values[at] = temper(value, self._temperature) if name == PROBABILITIES else value
        except RefusalError as refusal:
            raise _error(self.path, refusal) from refusal
        return values


def _error(path: Path, refusal: RefusalError) -> RunError:
    return RunError(
        f"{path} is not a network that mnistlab can use: {refusal}. Expected one that turns uint8 images (n, 28, 28) "
        "into probabilities (n, 10), as `mnistlab train` writes it."
    )
