"""A network as one file for the browser: a short list of steps and their numbers, made from an ONNX file of ours.

The page's `networks/forward.js` computes with such files and is short enough to be read in class. A file holds, in this
order:

- the eight bytes `mnistweb`;
- the length of the header in bytes, uint32, little-endian;
- the header: JSON in UTF-8, filled up with spaces so that the numbers begin at a multiple of four;
- the numbers of all arrays, little-endian, each array at a multiple of four.

The header has these keys:

- `version`: 1;
- `calibration`: the fields of `mnistlab.evaluation.calibration.Calibration`;
- `steps`: what to compute, in this order. Each has `do`, its kind; `from`, the numbers of the steps that it takes its
  values from; `shape`, the shape of its result; and, where its kind needs them, numbers of arrays and settings;
- `outputs`: the number of the step that gives each output, by the output's name, the probabilities last;
- `arrays`: for each array its `shape`, its `type`, `float32`, `float24` or `float16`, and its `offset`, the number of
  bytes between the end of the header and its own beginning.

An array lies in half precision exactly where that loses nothing. Otherwise, if it has a thousand numbers or more, it
lies as `float24`: the upper three bytes of each float32, rounded. That changes a weight by at most one part in 65,536
and a probability of the networks that ship by less than 1e-4, and takes a quarter off the time until the first answer.

Images have their channels last throughout: `(rows, columns, channels)`.
"""

import dataclasses
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.exceptions import RunError, did_you_mean
from mnistlab.inference.classifier import KINDS, PROBABILITIES, Classifier
from mnistlab.inference.onnx_files import RefusalError, checked_network, read_file
from mnistlab.inference.onnx_files.halves import LARGE
from mnistlab.inference.steps import Step, steps_of

MAGIC = b"mnistweb"
VERSION = 1
_ALIGNED = 4  # bytes; a browser's typed arrays of four-byte numbers begin nowhere else


def web_network(path: Path) -> bytes:
    """The bytes of a network's file for the browser.

    Args:
        path: Path of an ONNX file that `mnistlab.inference.Classifier` accepts.

    Raises:
        RunError: if the file is missing or damaged, or its network has a part that the page cannot compute.

    Example:
        >>> from mnistlab.inference.pretrained import PRETRAINED
        >>> web_network(PRETRAINED["mlp"])[:8]
        b'mnistweb'
    """
    classifier = Classifier(path, num_threads=1)  # rejects what is damaged
    try:
        steps, arrays, outputs = steps_of(checked_network(read_file(path))[0])
    except RefusalError as refusal:
        raise RunError(f"{path} cannot be written for the browser: {refusal}.") from refusal
    kinds = [KINDS] if classifier.calibration.kinds else []
    wanted = [*classifier.layers[:-1], *kinds, PROBABILITIES]
    if missing := [name for name in wanted if name not in outputs]:
        raise RunError(f"{path} has no output {missing[0]}{did_you_mean(missing[0], outputs)}")
    return _packed(steps, arrays, {name: outputs[name] for name in wanted}, dataclasses.asdict(classifier.calibration))


def _packed(
    steps: list[Step], arrays: list[NDArray[np.float32]], outputs: dict[str, int], calibration: dict[str, Any]
) -> bytes:
    """Header and numbers in one piece."""
    pieces, listed, offset = list[bytes](), list[dict[str, Any]](), 0
    for array in arrays:
        kind, numbers = _stored(array)
        content = _filled(numbers, b"\0")
        listed.append({"shape": [*array.shape], "type": kind, "offset": offset})
        pieces.append(content)
        offset += len(content)
    header = {
        "version": VERSION,
        "calibration": calibration,
        "steps": [step.to_dict() for step in steps],
        "outputs": outputs,
        "arrays": listed,
    }
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    text = text.ljust(len(text) + -(len(text) + len(MAGIC) + 4) % _ALIGNED)
    return b"".join([MAGIC, struct.pack("<I", len(text)), text, *pieces])


def _stored(array: NDArray[np.float32]) -> tuple[str, bytes]:
    """How an array lies in the file, and its bytes."""
    with np.errstate(over="ignore"):
        halves = array.astype("<f2")
    if np.array_equal(halves.astype(np.float32), array):
        return "float16", halves.tobytes()
    singles = np.ascontiguousarray(array, "<f4")
    if array.size < LARGE:
        return "float32", singles.tobytes()
    bits = singles.view("<u4") + np.uint32(0x80)  # half of what is cut off, so that it rounds
    return "float24", bits.reshape(-1, 1).view(np.uint8)[:, 1:].tobytes()


def _filled(content: bytes, filling: bytes) -> bytes:
    return content + filling * (-len(content) % _ALIGNED)
