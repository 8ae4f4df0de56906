"""Files that may be anybody's: read within a limit, and understood as no other program would not.

Runs are passed on and damaged, and lists of them go through JSON. So what one run holds must neither stop the reading
of the others nor be something that JSON cannot say.
"""

import errno
import json
import math
import os
import stat
from pathlib import Path
from typing import Any


def parse_json(text: str | bytes) -> Any:
    """What a JSON text says, if another program could say it too.

    Python alone reads numbers that are not finite, numbers of any length, and halves of a character; whoever passes
    them on fails.

    Args:
        text: JSON of any origin.

    Raises:
        ValueError: If it is anything else.

    Example:
        >>> parse_json('{"loss": NaN}')
        Traceback (most recent call last):
            ...
        ValueError: NaN is not a finite number
    """
    try:
        content = json.loads(text, parse_float=finite, parse_int=_in_64_bits, parse_constant=finite)
        json.dumps(content, ensure_ascii=False).encode()
    except RecursionError as error:  # a million brackets
        raise ValueError("it is nested too deeply") from error
    return content


def finite(text: str) -> float:
    """The number that a text says.

    Raises:
        ValueError: If it says none, or one that is not finite.
    """
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text[:40]} is not a finite number")
    return value


def _in_64_bits(text: str) -> int:
    if not -(2**63) <= (value := int(text)) < 2**63:
        raise ValueError("a number has more than 64 bits")
    return value


def read_limited(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file that may be anybody's.

    Args:
        path: The file.
        max_bytes: How many it may have.

    Raises:
        OSError: If it is missing, too large, or not a file: a pipe would never end.
    """
    # Without waiting for somebody at the other end, should it be a pipe.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a file", str(path))
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"it has more than {max_bytes:,} bytes", str(path))
    return content
