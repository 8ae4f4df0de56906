"""The network that a command works on: that of a run folder, or of a single file."""

from pathlib import Path
from typing import Any


def onnx_path_of(path: Path) -> Path:
    """The ONNX file of a run folder, or the file itself.

    Raises:
        RunError: if the path is neither an .onnx file nor a complete run.
    """
    from mnistlab.runs import Run

    return path if path.suffix.lower() == ".onnx" and not path.is_dir() else Run(path).require().onnx_path


def run_of(path: Path) -> Any:
    """The finished run that a command names by its folder or by a file in it; `None` where the network has none."""
    from mnistlab.exceptions import RunError
    from mnistlab.runs import Run
    from mnistlab.runs.run import SMALL_FILES

    run = Run(path.parent if path.is_file() and path.name in ("model.onnx", "model.keras") else path)
    try:
        return run.require(SMALL_FILES) if run.is_complete else None
    except RunError:
        return None


def load_network_of(path: Path) -> Any:
    """The network of a run folder or of a single file, which may be of unknown origin.

    Raises:
        RunError: if the path holds none of our networks.
    """
    from mnistlab.inference import Classifier

    if path.suffix.lower() == ".keras" and not path.is_dir():
        from mnistlab.runs.archives import read_network_file

        found = read_network_file(path)  # rejects anything but our networks before Keras is loaded
        from mnistlab.models import network_from

        return network_from(found)
    return Classifier(onnx_path_of(path), calibrated=False)
