"""Ctrl-C and a request to end, noticed where the work can stop without losing anything."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class StopRequest:
    """Notes Ctrl-C (SIGINT) and SIGTERM during a `with` block instead of ending the work at once.

    The work inside looks at `requested` where it can stop, then saves and leaves. A second signal ends it at once, as
    `KeyboardInterrupt`. A signal that the process was told to ignore stays ignored, and outside the main thread, where
    Python delivers no signals, nothing is noted.

    Attributes:
        requested: Whether a signal came.
    """

    def __init__(self) -> None:
        self.requested = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
