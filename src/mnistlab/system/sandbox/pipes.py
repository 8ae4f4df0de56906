"""Reads the output of a process, in threads and with limits."""

import contextlib
import os
import threading
from collections.abc import Callable
from typing import IO

TAIL_BYTES = 4096


class PipeReader:
    """Reads a pipe in a thread of its own, up to a number of bytes."""

    def __init__(self, pipe: IO[bytes], max_bytes: int, add: Callable[[bytes], None]) -> None:
        self._pipe, self._max_bytes, self._add = pipe, max_bytes, add
        self.is_full = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        num_bytes = 0
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(self._pipe.fileno(), 65536):
                num_bytes += len(chunk)
                if num_bytes > self._max_bytes:
                    self.is_full = True
                    return
                self._add(chunk)

    def finish(self) -> None:
        """Waits for the last bytes, but not for long: a process that escaped could hold the other end."""
        self._thread.join(5)

    def close(self) -> None:
        """Ends the reading."""
        self.finish()
        if not self._thread.is_alive():
            self._pipe.close()


class LineSplitter:
    """Cuts bytes into lines; drops lines that are too long."""

    def __init__(self, max_bytes: int, listen: Callable[[bytes], None]) -> None:
        self._max_bytes, self._listen = max_bytes, listen
        self._line = bytearray()
        self._is_dropping = False

    def add(self, chunk: bytes) -> None:
        """Takes the bytes that were read."""
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            self._extend(end)
            self._listen(b"" if self._is_dropping else bytes(self._line))  # a dropped line is passed on as an empty one
            self._line.clear()
            self._is_dropping = False
        self._extend(rest)

    def _extend(self, part: bytes) -> None:
        if self._is_dropping or len(self._line) + len(part) > self._max_bytes:
            self._line.clear()
            self._is_dropping = True
        else:
            self._line += part


class Tail:
    """Keeps the last bytes."""

    def __init__(self) -> None:
        self.content = b""

    def add(self, chunk: bytes) -> None:
        """Takes the bytes that were read."""
        self.content = (self.content + chunk)[-TAIL_BYTES:]
