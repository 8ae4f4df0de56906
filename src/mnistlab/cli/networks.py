"""The network that a command works on: that of a run folder, or of a single file."""

from pathlib import Path
from typing import Any

from mnistlab.exceptions import RunError, did_you_mean
from mnistlab.system.extras import require_extra
from mnistlab.system.paths import absence, is_file, is_folder


def onnx_path_of(path: Path, endings: str = ".onnx") -> Path:
    """The ONNX file of a run folder, the file itself, or that of a network that ships, by its name.

    Raises:
        RunError: if the path is neither an .onnx file nor a complete run.
    """
    from mnistlab.inference.pretrained import PRETRAINED, SHIPPED_NAMES
    from mnistlab.runs import Run

    if str(path) in SHIPPED_NAMES and not path.exists():
        return PRETRAINED[SHIPPED_NAMES[str(path)]]
    if path.suffix.lower() == ".onnx" and not is_folder(path):
        return path
    if not is_folder(path):
        alternative = f", or a file that ends in {endings}" if is_file(path) else ""
        raise RunError(
            f"{absence(path, 'folder')}; expected a run that `mnistlab train` wrote{alternative}."
            f"{did_you_mean(path, SHIPPED_NAMES)}"
        )
    return Run(path).require().onnx_path


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

    if path.suffix.lower() == ".keras" and not is_folder(path):
        require_extra("train", "A .keras file")
        from mnistlab.runs.archives import read_network_file

        found = read_network_file(path)  # rejects anything but our networks before Keras is loaded
        from mnistlab.models import network_from

        return network_from(found)
    return Classifier(onnx_path_of(path, ".onnx or .keras"), calibrated=False)
