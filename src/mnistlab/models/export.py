"""A trained network as a file for other programs."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.compose
import onnx.utils

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.evaluation.calibration import NOTE_PREFIX, Calibration
from mnistlab.exceptions import MnistlabError
from mnistlab.models.backend import keras
from mnistlab.models.canonical import canonical
from mnistlab.models.onnx_graph import network_graph


def save_keras(model: Any, path: Path) -> None:
    """Writes a network as a `.keras` archive; the same network gives the same bytes.

    That takes three changes to the archive that Keras writes: no date; members dated 1980, the first year of zip; and
    objects that several layers share are numbered as they come, where Keras writes their addresses in memory.

    Args:
        model: Standard float32 model, from `models.finished_model`.
        path: Path of the file; an existing file is replaced.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "model.keras"
        model.save(source)
        with zipfile.ZipFile(source) as archive:
            members = {name: archive.read(name) for name in sorted(archive.namelist())}
    metadata = json.loads(members["metadata.json"])
    del metadata["date_saved"]
    members["metadata.json"] = json.dumps(metadata).encode()
    members["config.json"] = json.dumps(_renumbered(json.loads(members["config.json"]), {})).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)


def _renumbered(config: Any, numbers: dict[int, int]) -> Any:
    """A network's configuration with shared objects numbered from 1 in the order in which they come."""
    if isinstance(config, dict):
        return {
            key: numbers.setdefault(value, len(numbers) + 1)
            if key == "shared_object_id" and isinstance(value, int)
            else _renumbered(value, numbers)
            for key, value in config.items()
        }
    return [_renumbered(value, numbers) for value in config] if isinstance(config, list) else config


def export_onnx(model: Any, path: Path, calibration: Calibration | None = None) -> None:
    """Writes a network as ONNX: uint8 images in, every layer's activations and the probabilities out.

    The same network gives the same bytes, in every process (`mnistlab.models.canonical`).

    The input is called `images`, `(num_images, 28, 28)`, pixels 0 to 255; the outputs have the names of the layers, the
    last one `probabilities`, `(num_images, 10)`. An average of several networks has only that last output. Running the
    file needs neither TensorFlow nor Keras nor mnistlab.

    Args:
        model: Standard float32 model, from `models.finished_model`.
        path: Path of the file; an existing file is replaced.
        calibration: Calibration to note in the file for `mnistlab.inference`; the network itself is not changed.

    Raises:
        MnistlabError: if a layer is of a kind that `mnistlab.models.onnx_graph` does not know.
    """
    _save(canonical(network_graph(model)), path)
    if calibration is not None:
        note_calibration(path, calibration)


def note_calibration(path: Path, calibration: Calibration) -> None:
    """Notes a calibration in the metadata of an ONNX file of ours, in place of an older one."""
    graph = onnx.load(path)
    del graph.metadata_props[:]
    for name, text in calibration.to_notes().items():
        graph.metadata_props.add(key=NOTE_PREFIX + name, value=text)
    onnx.save(graph, path)


def join_kinds(digits_path: Path, kinds_path: Path, path: Path) -> None:
    """Joins a network of digits and one of kinds into one ONNX file: the same images in, one more output.

    Args:
        digits_path: Path of the network of digits; all of its outputs stay.
        kinds_path: Path of a network of the same form with the probabilities of the kinds, which become the output
            `kinds`; its other outputs are left out.
        path: Path of the file to write; an existing file is replaced.
    """
    joined, kinds = onnx.load(digits_path), onnx.load(kinds_path)
    images = kinds.graph.input[0].name
    del kinds.graph.output[:-1]
    kinds = onnx.utils.Extractor(kinds).extract_model([images], [kinds.graph.output[0].name])
    kinds = onnx.compose.add_prefix(kinds, "kinds_")
    for node in kinds.graph.node:
        for at, name in enumerate(node.input):
            if name == f"kinds_{images}":
                node.input[at] = joined.graph.input[0].name
    joined.graph.node.extend(kinds.graph.node)
    joined.graph.initializer.extend(kinds.graph.initializer)
    output = kinds.graph.output[0]
    joined.graph.node.add(op_type="Identity", input=[output.name], output=["kinds"], name="output_kinds")
    output.name = "kinds"
    joined.graph.output.append(output)
    _save(canonical(joined), path)


def export_litert(model: Any, path: Path) -> None:
    """Writes a network as LiteRT (TensorFlow Lite): uint8 images in, probabilities out, for phones and small boards.

    Input and output are called as in `export_onnx`: `images` and `probabilities`, for any number of images. TensorFlow
    writes the file; where Keras computes with another backend, a process of its own loads the saved model on it.

    Args:
        model: Standard float32 model, from `models.finished_model`.
        path: Path of the file; an existing file is replaced.

    Raises:
        MnistlabError: if TensorFlow's process fails.
    """
    if keras.backend.backend() != "tensorflow":
        _litert_on_tensorflow(model, path)
        return
    images = keras.Input(IMAGE_SHAPE, dtype="uint8", name="images")
    probe = keras.Model(images, {"probabilities": model(keras.ops.cast(images, "float32"))})
    probe(np.zeros((1, *IMAGE_SHAPE), np.uint8))
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "model.tflite"  # Keras insists on this suffix
        probe.export(written, format="litert", verbose=False)
        path.write_bytes(written.read_bytes())


def _save(network: onnx.ModelProto, path: Path) -> None:
    onnx.checker.check_model(network, full_check=True)
    onnx.save(network, path)


def _litert_on_tensorflow(model: Any, path: Path) -> None:
    """Writes the file of another backend's model in a process where Keras computes with TensorFlow."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "model.keras"
        model.save(source)
        finished = subprocess.run(
            [sys.executable, "-m", "mnistlab.models.export", source, path.absolute()],
            capture_output=True,
            text=True,
            errors="replace",  # a user's PYTHONIOENCODING decides what it writes
            # Tracing needs no GPU, and this process may hold all of its memory.
            env=os.environ | {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"},
            check=False,
        )
    if finished.returncode:
        last = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise MnistlabError(f"TensorFlow could not write the trained network as LiteRT: {last}.")


if __name__ == "__main__":
    export_litert(keras.saving.load_model(sys.argv[1], compile=False), Path(sys.argv[2]))
