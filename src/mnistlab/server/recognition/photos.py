"""Photos that arrive over HTTP: one is read at a time, few may wait, and their size is limited."""

import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.exceptions import MnistlabError
from mnistlab.server.http.errors import ApiError
from mnistlab.server.http.sentences import translated
from mnistlab.server.http.work import Workers
from mnistlab.server.images import encode_image
from mnistlab.system.sentences import said_by

if TYPE_CHECKING:
    from mnistlab.reader import Reading
    from mnistlab.reader.troubles import Trouble

_log = logging.getLogger("mnistlab.server")


class PhotoReader:
    """Reads photos, one at a time; scikit-image is imported with the first.

    Args:
        max_waiting: Number of photos that may wait while one is read.
        max_held_bytes: Largest total size of photos of which only a part has arrived.
    """

    def __init__(self, max_waiting: int, max_held_bytes: int) -> None:
        self._most, self._num_held = max_held_bytes, 0
        self._workers = Workers(1, max_waiting)

    async def read(self, chunks: AsyncIterator[bytes]) -> dict[str, Any]:
        """Reads one photo.

        Args:
            chunks: The file's bytes, as they arrive.

        Returns:
            The fields of `ReadAnswer`.

        Raises:
            ApiError: 503 if there are too many photos already, 422 if reading it fails in an unforeseen way.
            DataError: if the bytes are not a photo that can be read.
        """
        content = await self._receive(chunks)
        try:
            return await self._workers.run(read_photo, content)
        except (ApiError, MnistlabError):
            raise
        except Exception as error:  # a photo that nobody thought of
            _log.exception("a photo of %d bytes could not be read", len(content))
            raise ApiError(422, "server.photo_unreadable") from error

    async def _receive(self, chunks: AsyncIterator[bytes]) -> bytes:
        """Collects a photo. Bytes are counted, not photos, or a few slow clients could keep everybody else out."""
        content = bytearray()
        try:
            async for chunk in chunks:
                if self._num_held + len(chunk) > self._most:
                    raise ApiError(503, "server.too_many_photos", retry_seconds=3)
                self._num_held += len(chunk)
                content += chunk
            return bytes(content)
        finally:
            self._num_held -= len(content)

    def close(self) -> None:
        """Ends the thread; photos that are waiting are never read."""
        self._workers.close()


def read_photo(content: bytes) -> dict[str, Any]:
    """The size of a photo and the digits on it, from the bytes of its file."""
    from mnistlab.reader import DigitReader, lines_of, load_photo, text_of

    grey: NDArray[np.uint8] = load_photo(content)
    looked = DigitReader().look(grey)
    readings = looked.readings
    texts = map(text_of, lines_of(readings))
    return {
        "width": grey.shape[1],
        "height": grey.shape[0],
        "lines": [text for text in texts if text],
        "digits": [_plain_reading(reading) for reading in readings],
        "turn": looked.turn,
        "troubles": [_plain_trouble(trouble) for trouble in looked.troubles],
    }


def _plain_reading(reading: "Reading") -> dict[str, Any]:
    trouble = None if reading.trouble is None else _plain_trouble(reading.trouble)
    words = {"said": said_by(reading.reason), "trouble": trouble}
    return reading.to_dict() | words | {"image": encode_image(reading.image)}


def _plain_trouble(trouble: "Trouble") -> dict[str, str]:
    """A trouble in the language of the request."""
    return {"kind": trouble.kind, "sentence": translated(trouble.sentence), "advice": translated(trouble.advice)}
