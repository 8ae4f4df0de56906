"""What the first bytes of a file say that is no IDX file of images or labels, in words, and what to do about it."""

from __future__ import annotations

from math import prod
from typing import Final

# The third byte of an IDX file is the type of its numbers, the fourth the number of axes.
_BYTES_TYPE: Final = 0x08
_TYPES: Final = {
    0x08: "unsigned bytes",
    0x09: "signed bytes",
    0x0B: "integers of 16 bits",
    0x0C: "integers of 32 bits",
    0x0D: "floats of 32 bits",
    0x0E: "floats of 64 bits",
}
_FLOATS: Final = (0x0D, 0x0E)
_MAX_AXES: Final = 8  # more would not be data that somebody wrote
_CONVERT: Final = "`mnistlab data convert` makes IDX files of it."
_CONTAINERS: Final = {
    b"\x1f\x8b": ("gzip within gzip", "Unpack it once with gunzip."),
    b"PK\x03\x04": ("a zip archive, as .npz files are too", f"Unpack it; of an .npz file, {_CONVERT}"),
    b"\x93NUM": ("an array of NumPy", "Save images and labels with numpy.savez; " + _CONVERT),
}


def num_extra_bytes(header: bytes, expected_magic: int) -> int:
    """How many further bytes of a foreign header belong to its sizes."""
    axes = _axes(header)
    if axes is None or int.from_bytes(header[:4], "big") == expected_magic:
        return 0
    return max(0, 4 + 4 * axes - len(header))


def explain_header(header: bytes, kind: str) -> tuple[str, str] | None:
    """What a header that is not that of images or labels says.

    Args:
        header: First bytes of the file, with all sizes of an IDX file of more than three axes.
        kind: Kind of file that was expected: `images` or `labels`.

    Returns:
        What the file is, to follow its name, and what to do; `None` if nothing can be told.
    """
    for start, (found, mend) in _CONTAINERS.items():
        if header.startswith(start):
            return f"is {found}, but an IDX file of {kind} was expected", mend
    if _axes(header[:4][::-1]) is not None:
        return little_endian(header)
    axes = _axes(header)
    if axes is None:
        return None
    if header[2] != _BYTES_TYPE:
        scaled = ", times 255 if they go from 0 to 1" if header[2] in _FLOATS and kind == "images" else ""
        return (
            f"holds {_TYPES[header[2]]}, but {kind} are unsigned bytes",
            f"Write {kind}.astype(numpy.uint8){scaled}, and 8 as the third byte of the file.",
        )
    sizes = [int.from_bytes(header[4 * axis : 4 * axis + 4], "big") for axis in range(1, axes + 1)]
    expected = "three, (number, 28, 28)," if kind == "images" else "one, (number,),"
    shape = f"({', '.join(map(str, sizes))})" if len(header) >= 4 + 4 * axes else f"of {axes} axes"
    return (
        f"holds an array {shape}, but the axes of {kind} are {expected} in an IDX file",
        _reshaped(sizes, kind),
    )


def little_endian(start: bytes) -> tuple[str, str]:
    """What a file is whose header has the bytes of its numbers in reverse order, and what to do."""
    return (
        f"has a header of little-endian numbers ({start[:8].hex(' ', 4)}), but those of IDX are big-endian",
        "Write the header with struct.pack('>4I', …) for images and '>2I' for labels.",
    )


def is_reversed(number: int, expected: int) -> bool:
    """Whether a size of 32 bits is the expected one with its bytes in reverse order."""
    return number != expected and int.from_bytes(number.to_bytes(4, "big"), "little") == expected


def _axes(magic: bytes) -> int | None:
    """The number of axes of an IDX file, whatever the type of its numbers."""
    is_idx = len(magic) >= 4 and magic[:2] == b"\0\0" and magic[2] in _TYPES and 1 <= magic[3] <= _MAX_AXES
    return magic[3] if is_idx else None


def _reshaped(sizes: list[int], kind: str) -> str:
    """How to bring an array to the axes that are wanted."""
    if kind == "images":
        fits = prod(sizes[1:]) == 28 * 28
        return "Write images.reshape(-1, 28, 28)." if fits else "Write one grey image of 28×28 pixels after the other."
    if sizes[1:] == [10]:
        return "Write labels.argmax(axis=1), numbers in place of one-hot rows."
    return "Write labels.reshape(-1)." if prod(sizes[1:]) == 1 else "Write the column of the labels alone."
