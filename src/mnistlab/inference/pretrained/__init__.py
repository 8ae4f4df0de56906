"""The networks that ship with the package, so that digits can be read right after installation."""

import functools
import json
from pathlib import Path

from mnistlab.exceptions import UsageError
from mnistlab.inference.classifier import Classifier

PRETRAINED_PATH = Path(__file__).parent / "digits.onnx"
"""The network that reads; the card beside it tells how it was made, on what, and how good it is."""

PRETRAINED: dict[str, Path] = {
    "digits": PRETRAINED_PATH,
    "mlp": PRETRAINED_PATH.with_name("mlp.onnx"),
    "cnn": PRETRAINED_PATH.with_name("cnn.onnx"),
}
"""The files by name: what reads photos and drawings, and the notebook's two networks, to look into."""
SHIPPED_NAMES: dict[str, str] = {"shipped": "digits", "shipped-mlp": "mlp", "shipped-cnn": "cnn"}
"""What they are called where the name of a run could stand, too: on the command line and in the page's addresses."""

RECORDINGS: dict[str, Path] = {name: PRETRAINED_PATH.parent / "recordings" / name for name in ("mlp", "cnn")}
"""Folders of the training runs that the notebook's two networks come from, without the networks; for the page."""

ACCURACY_PATH = PRETRAINED_PATH.with_name("accuracy.json")
PARAMETERS_PATH = PRETRAINED_PATH.with_name("parameters.json")


def accuracies_of_pretrained() -> dict[str, float]:
    """The share of MNIST's 10,000 test images that each network classifies correctly, 0 to 1, by the network's name.

    Example:
        >>> accuracies_of_pretrained()["digits"] > 0.99
        True
    """
    return dict(json.loads(ACCURACY_PATH.read_text(encoding="utf-8")))


def parameters_of_pretrained() -> dict[str, int]:
    """The number of parameters of the Keras model that each file was made from, by the network's name.

    The files hold fewer numbers, because batch normalization is part of the weights there. `digits` counts the network
    of digits without the one that tells other things apart.

    Example:
        >>> parameters_of_pretrained()["mlp"]
        669706
    """
    return dict(json.loads(PARAMETERS_PATH.read_text(encoding="utf-8")))


def pretrained(name: str = "digits") -> Classifier:
    """A classifier that ships with the package.

    Args:
        name: `digits`, the most accurate one, which also tells digits from other things; `mlp` or `cnn`, the
            notebook's two networks, trained as in the notebook.

    Returns:
        The classifier; each is loaded once in a process.

    Raises:
        UsageError: if no network has that name.

    Example:
        >>> pretrained().calibration.kinds[:2]
        ('digit', 'letter')
        >>> pretrained("mlp").layers[-2:]
        ('output', 'probabilities')
    """
    if name not in PRETRAINED:
        raise UsageError(f"No network named {name!r} ships with mnistlab; expected one of {', '.join(PRETRAINED)}.")
    return _load(name)


@functools.cache
def _load(name: str) -> Classifier:
    return Classifier(PRETRAINED[name])
