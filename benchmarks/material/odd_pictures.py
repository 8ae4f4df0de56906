"""Broken pictures, each a function of its number, so that any of them can be made again.

They begin as real files in twelve formats that show test digits. Then bits are flipped, bytes are cut out, repeated or
exchanged, numbers near the beginning become as large as possible, and some files promise far more than they hold.
"""

import functools
import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from mnistlab.datasets import load_mnist

Random = np.random.Generator
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "ICO", "TGA", "PCX", "SGI", "JPEG2000")
MODES = ("L", "RGB", "RGBA", "P", "1", "I;16", "CMYK", "LA")
NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
TYPES = ("image/png", "image/jpeg", "image/gif", "application/octet-stream", "image/svg+xml", "image/x-nothing")


@functools.cache
def pictures() -> dict[str, bytes]:
    """A page with two test digits, as a file in every combination of format and mode that exists."""
    digits = load_mnist().test.images[:2]
    page = np.full((48, 80), 255, np.uint8)
    page[10:38, 8:36] -= digits[0]
    page[10:38, 44:72] -= digits[1]
    grey, files = Image.fromarray(page), {}
    for kind in FORMATS:
        for mode in MODES:
            file = io.BytesIO()
            try:
                (grey.convert("I").convert(mode) if mode == "I;16" else grey.convert(mode)).save(file, kind)
            except (OSError, ValueError, KeyError):  # a format that has no such mode
                continue
            files[f"{kind} {mode}"] = file.getvalue()
    for name, options in {
        "PNG of frames": {"format": "PNG", "save_all": True, "append_images": [grey] * 3},
        "GIF of frames": {"format": "GIF", "save_all": True, "append_images": [grey] * 3},
        "TIFF of pages": {"format": "TIFF", "save_all": True, "append_images": [grey] * 3},
        "TIFF deflated": {"format": "TIFF", "compression": "tiff_adobe_deflate"},
        "JPEG progressive": {"format": "JPEG", "progressive": True},
        "WEBP lossless": {"format": "WEBP", "lossless": True},
    }.items():
        file = io.BytesIO()
        grey.save(file, **options)
        files[name] = file.getvalue()
    return files


def flip_bits(content: bytes, rng: Random) -> bytes:
    """Flips one to twenty bits."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 21))):
        changed[int(rng.integers(len(changed)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def set_bytes(content: bytes, rng: Random) -> bytes:
    """Sets a few bytes to values that are rare."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 9))):
        changed[int(rng.integers(len(changed)))] = int(rng.choice([0, 0xFF, 0x7F, 0x80]))
    return bytes(changed)


def truncate(content: bytes, rng: Random) -> bytes:
    """Cuts off the end."""
    return content[: int(rng.integers(len(content)))]


def cut_out(content: bytes, rng: Random) -> bytes:
    """Cuts out a part."""
    first, last = sorted(int(at) for at in rng.integers(len(content), size=2))
    return content[:first] + content[last:]


def double(content: bytes, rng: Random) -> bytes:
    """Repeats a part up to fifty times."""
    first, last = sorted(int(at) for at in rng.integers(len(content), size=2))
    return content[:last] + content[first:last] * int(rng.integers(1, 50)) + content[last:]


def insert(content: bytes, rng: Random) -> bytes:
    """Inserts noise."""
    at = int(rng.integers(len(content)))
    return content[:at] + rng.bytes(int(rng.integers(1, 300))) + content[at:]


def exaggerate(content: bytes, rng: Random) -> bytes:
    """Sets numbers of two or four bytes near the beginning to values at which programs break."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        size, order = int(rng.choice([2, 4])), str(rng.choice(["<", ">"]))
        at = int(rng.integers(min(len(changed), 160)))
        number = int(rng.choice(NUMBERS)) & (256**size - 1)
        changed[at : at + size] = struct.pack(order + ("H" if size == 2 else "I"), number)
    return bytes(changed)


def cross(content: bytes, rng: Random) -> bytes:
    """Joins the beginning of one file and the rest of another."""
    other = list(pictures().values())[int(rng.integers(len(pictures())))]
    at = int(rng.integers(4, 64))
    return content[:at] + other[at:]


def noise(_content: bytes, rng: Random) -> bytes:
    """Replaces the file by noise, sometimes after the first bytes of a real format."""
    texts = (
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"PK\x03\x04",
        b"%PDF-1.4",
    )
    return texts[int(rng.integers(len(texts)))] + rng.bytes(int(rng.choice([0, 10, 5000])))


def promise(_content: bytes, rng: Random) -> bytes:
    """Replaces the file by one that promises, or unpacks to, far more than it holds."""
    bombs = (png_bomb, png_text_bomb, gif_bomb, bmp_bomb, ppm_bomb, tiff_bomb, jpeg_bomb, webp_bomb)
    return bombs[int(rng.integers(len(bombs)))](rng)


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(flip_bits, set_bytes, truncate, cut_out, double, insert, exaggerate, exaggerate, cross, noise, promise),
)


def picture(number: int) -> tuple[str, bytes, str]:
    """Makes a broken picture: what was done to it, its bytes, and the media type that it is sent with."""
    rng = np.random.default_rng([1, number])
    names = list(pictures())
    name = names[int(rng.integers(len(names)))]
    mutation = MUTATIONS[int(rng.integers(len(MUTATIONS)))]
    content = mutation(pictures()[name], rng)
    return f"{mutation.__name__} {name}", content, TYPES[int(rng.integers(len(TYPES)))]


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file with the right checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def side(rng: Random) -> int:
    """Draws the length of a side, in pixels, that is too large for a photo."""
    return int(rng.choice([20_000, 40_000, 65_535]))


@functools.cache
def zeros(num_bytes: int) -> bytes:
    """Zeros, compressed to a thousandth of their size."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(num_bytes >> 20)) + packer.flush()


def png_bomb(rng: Random) -> bytes:
    """A PNG with large sides, and with 256 MB of pixels or hardly any."""
    header = struct.pack(
        ">IIBBBBB", side(rng), side(rng), int(rng.choice([1, 8, 16])), int(rng.choice([0, 2, 6])), 0, 0, 0
    )
    data = zeros(256 << 20) if rng.random() < 0.5 else zlib.compress(b"0" * 100)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def png_text_bomb(rng: Random) -> bytes:
    """A small PNG with a note or a colour profile that unpacks to 256 MB."""
    kind, start = [(b"zTXt", b"note\0\0"), (b"iCCP", b"icc\0\0"), (b"iTXt", b"note\0\1\0\0\0")][int(rng.integers(3))]
    header = struct.pack(">IIBBBBB", 40, 40, 8, 0, 0, 0, 0)
    chunks = (
        png_chunk(b"IHDR", header),
        png_chunk(kind, start + zeros(256 << 20)),
        png_chunk(b"IDAT", zlib.compress(b"\0" * 41 * 40)),
        png_chunk(b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def gif_bomb(rng: Random) -> bytes:
    """A GIF with large sides and one frame or very many."""
    head = b"GIF89a" + struct.pack("<HHBBB", side(rng), side(rng), 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"," + struct.pack("<HHHHB", 0, 0, side(rng), side(rng), 0) + b"\x02\x02\x4c\x01\x00"
    return head + frame * int(rng.choice([1, 10_000])) + b";"


def bmp_bomb(rng: Random) -> bytes:
    """A BMP with sides as large as the format allows, above and below zero."""
    width, height = (int(rng.choice([side(rng), 2**31 - 1, -(2**31), -1])) for _ in range(2))
    header = struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, int(rng.choice([1, 8, 24, 32])), int(rng.choice([0, 1])), 0, 0, 0, 0, 0
    )
    return b"BM" + struct.pack("<IHHI", 1000, 0, 0, 54) + header + bytes(500)


def ppm_bomb(rng: Random) -> bytes:
    """A PPM whose header, which is text, promises a height with up to 29 zeros."""
    return f"P{rng.choice([4, 5, 6])} {side(rng)} {10 ** int(rng.integers(1, 30))} 255\n".encode() + bytes(100)


def tiff_bomb(rng: Random) -> bytes:
    """A TIFF with large sides, counts that reach beyond the file, and a directory that leads back to itself."""
    entries = [(256, 4, 1, side(rng)), (257, 4, 1, side(rng)), (258, 3, 1, 8), (259, 3, 1, int(rng.choice([1, 5, 8]))),
               (262, 3, 1, 1), (273, 4, int(rng.choice([1, 2**31])), 8), (277, 3, 1, 1), (278, 4, 1, 2**31),
               (279, 4, 1, int(rng.choice([100, 2**32 - 1])))]  # fmt: skip
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + packed + struct.pack("<I", 8)


def jpeg_bomb(rng: Random) -> bytes:
    """A real JPEG with large sides in its header, sometimes with hundreds of passes."""
    content = bytearray(pictures()[str(rng.choice(["JPEG L", "JPEG RGB", "JPEG progressive"]))])
    for mark in (b"\xff\xc0", b"\xff\xc2"):
        at = content.find(mark)
        if at >= 0:
            content[at + 5 : at + 9] = struct.pack(">HH", side(rng), side(rng))
    scan = content.find(b"\xff\xda")
    return bytes(content[:scan]) + bytes(content[scan:-2]) * int(rng.choice([1, 500])) + b"\xff\xd9"


def webp_bomb(rng: Random) -> bytes:
    """A WebP with the largest sides of a lossless picture, or with a canvas far larger than its picture."""
    content = pictures()["WEBP lossless"]
    if rng.random() < 0.5:
        return content[:21] + (0x0FFF_FFFF).to_bytes(4, "little") + content[25:]  # two sides of 14 bits
    sides = (2**24 - 2).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes([int(rng.choice([0, 2])), 0, 0, 0]) + sides * 2 + content[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body
