"""Photos that come over HTTP: one at a time, few that wait, none that takes for ever."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.server.errors import ApiError
from mnistlab.server.schemas import encode_image
from mnistlab.server.work import Workers


class PhotoReader:
    """Reads photos.

    Args:
        max_waiting: photos that are here at a time, the one being read among them.
        seconds: that one may take.
    """

    def __init__(self, max_waiting: int, seconds: float) -> None:
        self._most, self._seconds = max_waiting, seconds
        self._num_here = 0
        self._workers = Workers(1, max_waiting)

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """A place for one photo, from before its first byte is received.

        Raises:
            ApiError: 503, if all are taken.
        """
        if self._num_here >= self._most:
            raise ApiError(503, "Other photos are being read. Send it again in a few seconds.", retry_seconds=3)
        self._num_here += 1
        try:
            yield
        finally:
            self._num_here -= 1

    async def read(self, content: bytes) -> dict[str, Any]:
        """What is on a photo, as `ReadAnswer` describes it."""
        return await self._workers.run(read_photo, content)

    def close(self) -> None:
        """Stops."""
        self._workers.close()


def read_photo(content: bytes) -> dict[str, Any]:
    """Reads one photo, given its file's bytes."""
    from mnistlab.photos import load_photo  # scikit-image is imported with the first photo
    from mnistlab.reader import DigitReader, lines_of

    grey: NDArray[np.uint8] = load_photo(content)
    readings = DigitReader().read(grey)
    texts = ["".join(str(one.digit) for one in line if one.digit is not None) for line in lines_of(readings)]
    return {
        "width": grey.shape[1],
        "height": grey.shape[0],
        "lines": [text for text in texts if text],
        "digits": [reading.to_dict() | {"image": encode_image(reading.image)} for reading in readings],
    }
