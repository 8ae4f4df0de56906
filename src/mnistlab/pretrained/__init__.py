"""The network that ships with the package, so that digits can be read in the minute after installation."""

import functools
from pathlib import Path

from mnistlab.inference import Classifier

PRETRAINED_PATH = Path(__file__).parent / "digits.onnx"
"""The file; the card beside it tells how it was made, on what, and how good it is."""


@functools.cache
def pretrained() -> Classifier:
    """The classifier that ships with the package; it also tells digits from other things.

    Returns:
        One classifier for the whole process: it is loaded once.

    Example:
        >>> pretrained().calibration.kinds[:2]
        ('digit', 'letter')
    """
    return Classifier(PRETRAINED_PATH)
