"""How a network looked while it learned: its first weights as pictures, and its answers to the same test images.

One file of the run folder, a line of JSON for each moment below a line that says what is watched. Like the progress
file it is a convenience: training never needs it, no manifest lists it, and losing it loses no result. It stays below
a megabyte: as the moments become more, every second one is dropped.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.exceptions import RunError
from mnistlab.runs.progress import is_count, is_number
from mnistlab.system.foreign import parse_json, read_limited
from mnistlab.system.sentences import Sentence

SNAPSHOT_FILE = "snapshots.jsonl"
MAX_WATCHED = 48
MAX_FILE_BYTES = 4 * 2**20  # of a file that may be anybody's; ours have less than one megabyte
MAX_SIDE = 28
_SURE = 65_535  # a probability of 1 in the file

Kind = Literal["weights", "filters"]
KINDS: tuple[Kind, ...] = ("weights", "filters")


@dataclass(frozen=True)
class Watched:
    """What is watched during a training run; the first line of the file.

    Args:
        layer: Name of the first layer that has weights.
        kind: Whether its pictures are the weights of units of a dense layer or the filters of a convolution.
        num_filters: Number of its units or filters, of which the pictures may show the first few.
        indices: Positions of the watched images in the test split.
        labels: Their labels, 0 to 9.
        images: The images, uint8 `(num_watched, 28, 28)`.
    """

    layer: str
    kind: Kind
    num_filters: int
    indices: tuple[int, ...]
    labels: tuple[int, ...]
    images: NDArray[np.uint8]

    def to_line(self) -> dict[str, Any]:
        """The first line of the file as plain data."""
        known = {"layer": self.layer, "kind": self.kind, "num_filters": self.num_filters}
        return known | {"indices": self.indices, "labels": self.labels, "images": _text_of(self.images)}


@dataclass(frozen=True)
class Snapshot:
    """A network at one moment.

    Args:
        step: Weight updates until then, of all networks.
        member: Number of the network, from 1, where a recipe trains several.
        seconds: Duration of training until then in seconds.
        filters: Pictures of the first weights, int8 `(num_shown, rows, columns)`; 127 is the picture's `scale`.
        scales: The largest weight of each picture without its sign, `(num_shown,)`.
        probabilities: Answers to the watched images, `(num_watched, 10)`.
        drawing: A drawing that somebody wanted answered at that moment, uint8 `(28, 28)`, if there was one.
        answer: The ten probabilities for it.
    """

    step: int
    member: int
    seconds: float
    filters: NDArray[np.int8]
    scales: tuple[float, ...]
    probabilities: NDArray[np.floating]
    drawing: NDArray[np.uint8] | None = None
    answer: NDArray[np.floating] | None = None

    def to_line(self) -> dict[str, Any]:
        """The line of the file as plain data."""
        line: dict[str, Any] = {"step": self.step, "member": self.member, "seconds": round(self.seconds, 3)}
        line |= {"size": self.filters.shape[1:], "filters": _text_of(self.filters), "scales": self.scales}
        line["probabilities"] = _text_of(_in_16_bits(self.probabilities))
        if self.drawing is not None and self.answer is not None:
            line |= {"drawing": _text_of(self.drawing), "answer": _text_of(_in_16_bits(self.answer))}
        return line


@dataclass(frozen=True)
class Snapshots:
    """What the file of a run says.

    Args:
        watched: What was watched.
        moments: The moments that were kept, the oldest first.
        num_damaged: Number of lines that are damaged, which are left out.
    """

    watched: Watched
    moments: tuple[Snapshot, ...]
    num_damaged: int = 0


def read_snapshots(folder: Path) -> Snapshots | None:
    """How the network of a run folder looked while it learned; `None` if nobody noted it.

    Args:
        folder: The run folder.

    Returns:
        All moments that are whole. A last line without an end is being written, or was when a process died.

    Raises:
        RunError: if the file cannot be read, or does not begin with what is watched.
    """
    path = folder / SNAPSHOT_FILE
    try:
        first, *lines = read_limited(path, MAX_FILE_BYTES).split(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(path) from error
    try:
        watched = _watched_of(parse_json(first))
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error
    moments, num_damaged = list[Snapshot](), 0
    for line in lines[:-1]:
        try:
            snapshot = _snapshot_of(parse_json(line), watched)
            if moments and (snapshot.step <= moments[-1].step or snapshot.filters.shape != moments[0].filters.shape):
                raise ValueError("it does not belong here")
            moments.append(snapshot)
        except (ValueError, KeyError, TypeError):
            num_damaged += 1
    return Snapshots(watched, tuple(moments), num_damaged)


def _damaged(path: Path) -> RunError:
    text = (
        f"{path} is damaged, so the page cannot show how this network learned. "
        "Delete that file; the rest of the run is unaffected."
    )
    return RunError(Sentence(text, "learning.damaged", {"path": str(path)}))


def _watched_of(line: dict[str, Any]) -> Watched:
    """The first line of a file that may be anybody's."""
    indices, labels = (tuple(map(_count, line[name])) for name in ("indices", "labels"))
    if line["kind"] not in KINDS or not isinstance(line["layer"], str) or len(line["layer"]) > 100:
        raise ValueError("no such layer")
    if not 0 < len(indices) == len(labels) <= MAX_WATCHED or max(labels) >= NUM_CLASSES:
        raise ValueError("no such images")
    images = _array(line["images"], np.dtype(np.uint8), (len(indices), *IMAGE_SHAPE))
    return Watched(line["layer"], line["kind"], _count(line["num_filters"]), indices, labels, images)


def _snapshot_of(line: dict[str, Any], watched: Watched) -> Snapshot:
    """A line of a file that may be anybody's."""
    rows, columns = map(_count, line["size"])
    scales = tuple(map(_positive, line["scales"]))
    if not (0 < rows <= MAX_SIDE and 0 < columns <= MAX_SIDE and 0 < len(scales) <= watched.num_filters):
        raise ValueError("no such pictures")
    filters = _array(line["filters"], np.dtype(np.int8), (len(scales), rows, columns))
    has_drawing = "drawing" in line
    return Snapshot(
        step=_count(line["step"]),
        member=_count(line["member"]),
        seconds=_positive(line["seconds"]),
        filters=filters,
        scales=scales,
        probabilities=_shares(line["probabilities"], (len(watched.indices), NUM_CLASSES)),
        drawing=_array(line["drawing"], np.dtype(np.uint8), IMAGE_SHAPE) if has_drawing else None,
        answer=_shares(line["answer"], (NUM_CLASSES,)) if has_drawing else None,
    )


def _count(value: Any) -> int:
    if not is_count(value):
        raise ValueError("not a count")
    return int(value)


def _positive(value: Any) -> float:
    if not is_number(value) or value < 0:
        raise ValueError("not a size")
    return float(value)


def _text_of(array: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _array(text: str, dtype: np.dtype[Any], shape: Sequence[int]) -> NDArray[Any]:
    try:
        return np.frombuffer(base64.b64decode(text, validate=True), dtype).reshape(tuple(shape))
    except binascii.Error as error:
        raise ValueError("not Base64") from error


def _in_16_bits(probabilities: NDArray[np.floating]) -> NDArray[Any]:
    certain = np.nan_to_num(probabilities)  # weights may be finite and so large that the layers overflow
    levels: NDArray[Any] = np.rint(np.clip(certain, 0, 1) * _SURE).astype("<u2")
    return levels


def _shares(text: str, shape: Sequence[int]) -> NDArray[np.floating]:
    return _array(text, np.dtype("<u2"), shape) / _SURE
