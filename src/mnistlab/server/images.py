"""Images and other arrays as text: in Base64, as requests bring them and answers hold them."""

import base64
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mnistlab.datasets import IMAGE_SHAPE

_NUM_BASE64 = 1048  # characters that 784 bytes take
_BLANK = base64.b64encode(bytes(784)).decode()

Image = Annotated[
    str,
    Field(
        # 784 bytes in Base64: 1,045 characters of six bits, one of two bits, padding.
        pattern=r"^[A-Za-z0-9+/]{1045}[AQgw]==$",
        min_length=_NUM_BASE64,
        max_length=_NUM_BASE64,
        description="28 × 28 pixels row by row, a byte each, 0 ground to 255 ink, in Base64.",
        examples=[_BLANK],
    ),
]
Floats = Annotated[str, Field(description="Numbers, little-endian float32, in Base64.")]


def decode_image(text: str) -> NDArray[np.uint8]:
    """The image in a text that has been checked to be an `Image`, uint8 `(28, 28)`."""
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(IMAGE_SHAPE)  # (784,) -> (28, 28)


def encode_image(image: NDArray[np.uint8]) -> str:
    """An image, uint8 `(28, 28)`, as text."""
    return base64.b64encode(image.tobytes()).decode()


def encode_floats(values: NDArray[np.floating]) -> str:
    """Numbers of any shape as text."""
    return base64.b64encode(values.astype("<f4").tobytes()).decode()
