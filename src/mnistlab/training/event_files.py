"""The curves of a training run as event files, which TensorBoard shows while they grow.

They are written byte by byte, because TensorFlow's own writer begins a new file with every process, so an epoch that an
interruption undid would appear twice, and it puts the computer's name into the name of the file.
"""

import functools
import itertools
import struct
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mnistlab.recipes import Recipe
from mnistlab.runs import Run
from mnistlab.runs.run import MANIFEST, HistoryRow
from mnistlab.system.files import append_bytes, make_folder, remove_leftovers, write_bytes
from mnistlab.system.locks import lock
from mnistlab.training.compiling import learning_rate_of

EVENT_FILE = "events.out.tfevents.mnistlab"  # TensorBoard looks for "tfevents"
FOLDER = "tensorboard"


class EventFiles:
    """The event files of one training run, with every epoch once, however often it was interrupted.

    Below `tensorboard` in the run folder there is a file in `train` and, with validation, one in `validation`; for
    several networks in `network1/train` and so on. The names of the curves are those of Keras' TensorBoard callback:
    `epoch_loss`, `epoch_accuracy` and, in `train`, `epoch_learning_rate`.

    Args:
        folder: Path of the run folder.
        recipe: Recipe of the training run, for the learning rate.
        num_images: Number of images in the training split, which decides how many steps an epoch has.
    """

    def __init__(self, folder: Path, recipe: Recipe, num_images: int) -> None:
        self.folder = folder / FOLDER
        self._recipe = recipe
        self._num_images = num_images
        self._files: dict[str, _EventFile] = {}

    def update(self, rows: Sequence[HistoryRow], ended: float | None = None) -> None:
        """Adds the epochs that the files lack; a file that differs in an epoch is written anew.

        Args:
            rows: All epochs so far, as in `Run.history`.
            ended: Time at which the last epoch ended, in seconds since 1970; now by default.

        Raises:
            RunError: if a file cannot be written.
        """
        later = list(itertools.accumulate((row["seconds"] for row in reversed(rows[1:])), initial=0.0))
        last = time.time() if ended is None else ended
        events: dict[str, list[_Event]] = {}
        for row, seconds in zip(rows, reversed(later), strict=False):
            for name, body in self._curves(row):
                events.setdefault(name, []).append((last - seconds, body))
        for name, of_file in events.items():
            if name not in self._files:
                self._files[name] = _EventFile(self.folder / name / EVENT_FILE)
            self._files[name].update(of_file)

    def complete(self, run: Run) -> None:
        """Adds the epochs that the files of a finished run lack, which is all of them if there are no files yet.

        Raises:
            RunError: if another process owns the run, or a file cannot be written.
        """
        with lock(run.folder):
            self.update(run.history, (run.folder / MANIFEST).stat().st_mtime)

    @functools.cached_property
    def _learning_rates(self) -> list[float]:
        """The learning rate after the last step of each epoch; with JAX not to be called before the processes met."""
        steps_per_epoch = self._recipe.steps_per_epoch(self._num_images)
        last_step = min(self._recipe.epochs * steps_per_epoch, self._recipe.max_steps or sys.maxsize)
        rate = learning_rate_of(self._recipe, last_step)
        ends = [min(epoch * steps_per_epoch, last_step) for epoch in range(1, self._recipe.epochs + 1)]
        return [float(rate(step)) if callable(rate) else float(rate) for step in ends]

    def _curves(self, row: HistoryRow) -> Iterator[tuple[str, bytes]]:
        epoch = int(row["epoch"])
        network = f"network{int(row['member'])}/" if "member" in row else ""
        train = {"epoch_accuracy": row["accuracy"], "epoch_loss": row["loss"]}
        yield f"{network}train", _scalars(epoch, train | {"epoch_learning_rate": self._learning_rates[epoch - 1]})
        if "val_loss" in row:
            validation = {"epoch_accuracy": row["val_accuracy"], "epoch_loss": row["val_loss"]}
            yield f"{network}validation", _scalars(epoch, validation)


class _EventFile:
    """One file, to which only missing events are added: TensorBoard keeps it open and reads on from where it was."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        remove_leftovers(path.parent)
        self.path = path
        self._content = path.read_bytes() if path.exists() else b""
        self._num_known = self._end = 0  # events that the file is known to hold, and the position after them

    def update(self, events: "Sequence[_Event]") -> None:
        """Makes the file hold these events; later ones, from epochs that an interruption undid, may stay after them."""
        events = [(events[0][0], _FIRST_BODY), *events]
        while self._num_known < len(events) and self._end < len(self._content):
            if not self._holds(events[self._num_known][1]):
                self._replace(events)
                return
        added = b"".join(_record(moment, body) for moment, body in events[self._num_known :])
        if not self._content:
            self._replace(events)
        elif added:
            append_bytes(self.path, added)
            self._content += added
            self._num_known, self._end = len(events), len(self._content)

    def _holds(self, body: bytes) -> bool:
        """Whether the next event in the file is this one, whatever its time; if so, moves behind it."""
        moment = self._content[self._end + _TIME_OFFSET : self._end + _TIME_OFFSET + 8]
        if len(moment) < 8:
            return False
        record = _record(struct.unpack("<d", moment)[0], body)
        if self._content[self._end : self._end + len(record)] != record:
            return False
        self._num_known, self._end = self._num_known + 1, self._end + len(record)
        return True

    def _replace(self, events: "Sequence[_Event]") -> None:
        self._content = b"".join(_record(moment, body) for moment, body in events)
        write_bytes(self.path, self._content)
        self._num_known, self._end = len(events), len(self._content)


# TensorBoard reads records of TFRecord files, each a protocol buffer `Event` of 1 wall_time, 2 step, and either
# 3 file_version or 5 summary, which has 1 values of 1 tag and 2 simple_value.
# Source: tensorflow/core/lib/io/record_writer.cc, tensorflow/core/util/event.proto, framework/summary.proto.

_Event = tuple[float, bytes]  # seconds since 1970, and the rest of the protocol buffer
_TIME_OFFSET = 13  # position of the wall time in a record: after length, its checksum, and the field's number


def _record(moment: float, body: bytes) -> bytes:
    """The record of an event: its length, the event and its checksum."""
    event = b"\x09" + struct.pack("<d", moment) + body
    length = struct.pack("<Q", len(event))
    return length + struct.pack("<I", _masked_crc(length)) + event + struct.pack("<I", _masked_crc(event))


def _scalars(step: int, values: Mapping[str, float]) -> bytes:
    fields = [_field(1, tag.encode()) + b"\x15" + struct.pack("<f", value) for tag, value in values.items()]
    return b"\x10" + _varint(step) + _field(5, b"".join(_field(1, field) for field in fields))


def _field(number: int, content: bytes) -> bytes:
    """A protocol buffer's field of bytes."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


_FIRST_BODY = _field(3, b"brain.Event:2")


def _crc_table() -> list[int]:
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)  # Castagnoli's polynomial, reflected
        table.append(number)
    return table


_CRC_TABLE = _crc_table()


def _masked_crc(content: bytes) -> int:
    """CRC-32C, rotated and shifted as in TFRecord files.

    Example:
        >>> hex(_masked_crc(b"123456789"))  # 0xe3069283 before that
        '0xc78ab0e5'
    """
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
