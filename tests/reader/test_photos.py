"""Photos come as grey levels, the right way up; what else comes is refused, in one sentence and little memory."""

import io
import os
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from mnistlab.exceptions import DataError, UsageError
from mnistlab.reader import load_photo
from mnistlab.reader.photos import FORMATS, MIN_SIDE
from processes import run_python

# A slope in both directions: what is turned or mirrored differs.
LEVELS = np.add.outer(np.arange(40) * 4, np.arange(30) * 3).astype(np.uint8)

TEXT_BOMB = b"k\0\0" + zlib.compress(bytes(10**8), 9)


def encode(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, depth=1, colour=0, rows=b"", extra=b""):
    """A PNG with the header that is asked for, whatever its rows are."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", FORMATS)
def test_formats(kind):
    photo = load_photo(encode(Image.fromarray(LEVELS), kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert photo.dtype == np.uint8
    assert np.abs(photo.astype(int) - LEVELS).max() <= (6 if kind == "JPEG" else 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_the_camera_says_which_way_is_up(kind, orientation):
    """A picture that is stored turned, with the note that undoes it; Pillow turns it independently of us."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encode(Image.fromarray(LEVELS), kind, exif=exif)
    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(load_photo(content), expected)


def test_colour_is_brightness():
    colour = np.zeros((20, 60, 3), np.uint8)
    colour[:, :20, 0] = colour[:, 20:40, 1] = colour[:, 40:, 2] = 255
    photo = load_photo(encode(Image.fromarray(colour)))
    assert photo[5, [5, 25, 45]].tolist() == [76, 150, 29]  # ITU-R 601


def test_what_is_transparent_is_paper():
    alpha = np.zeros((40, 30), np.uint8)
    alpha[:20] = 255
    alpha[20] = 51
    expected = np.where(alpha == 255, LEVELS, 255)
    expected[20] = np.round(0.2 * LEVELS[20].astype(float) + 0.8 * 255)
    grey = Image.merge("LA", [Image.fromarray(LEVELS), Image.fromarray(alpha)])
    for image in (grey, grey.convert("RGBA")):
        assert np.abs(load_photo(encode(image)).astype(int) - expected).max() <= 1


def test_palettes_with_transparent_entries():
    image = Image.fromarray((LEVELS // 128).astype(np.uint8), "L").convert("P")
    image.putpalette([10, 10, 10, 100, 100, 100])
    opaque = load_photo(encode(image))
    assert set(np.unique(opaque)) == {10, 100}
    for kind in ("PNG", "GIF"):
        photo = load_photo(encode(image, kind, transparency=0))
        assert set(np.unique(photo)) == {100, 255}


@pytest.mark.parametrize(("ink", "paper"), [(250, 0), (20, 255)])
def test_ink_on_nothing_is_put_on_what_shows_it(ink, paper):
    alpha = np.zeros((40, 30), np.uint8)
    alpha[10:30, 12:18] = 255
    image = Image.merge("LA", [Image.new("L", (30, 40), ink), Image.fromarray(alpha)])
    assert set(np.unique(load_photo(encode(image)))) == {ink, paper}


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits(kind):
    levels = LEVELS.astype(np.uint16) * 257
    assert np.array_equal(load_photo(encode(Image.fromarray(levels), kind)), LEVELS)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_colours_of_print(kind):
    image = Image.fromarray(np.stack([LEVELS] * 3, axis=-1)).convert("CMYK")
    assert np.abs(load_photo(encode(image, kind)).astype(int) - LEVELS).max() <= 6


def test_one_bit():
    bits = LEVELS > 100
    assert np.array_equal(load_photo(encode(Image.fromarray(bits))), 255 * bits.astype(np.uint8))


def test_large_photos_are_reduced(tmp_path):
    image = Image.fromarray(np.kron(LEVELS, np.ones((150, 150), np.uint8)))  # 6,000 x 4,500
    for kind in ("JPEG", "PNG"):
        path = tmp_path / f"large.{kind}"
        image.save(path, kind)
        photo = load_photo(path)
        assert photo.shape == (3000, 2250)
        assert np.abs(photo[37::75, 37::75].astype(int) - LEVELS).max() <= 3


def test_phones_add_previews_to_their_photos():
    second = Image.fromarray(255 - LEVELS)
    content = encode(Image.fromarray(LEVELS), "MPO", save_all=True, append_images=[second])
    assert np.abs(load_photo(content).astype(int) - LEVELS).max() <= 6


def refused(content):
    with pytest.raises(DataError) as caught:
        load_photo(content)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert len(message) < 300
    return message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"hello, world " * 50, "is not a picture"),
        (b"%PDF-1.7\n" + bytes(500), "is not a picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is not a picture|damaged"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), "needs the package pillow-heif|damaged"),
        (encode(Image.new("L", (1, 1))), "is 1 x 1 pixels"),
        (encode(Image.new("L", (1, 60_000))), "is 1 x 60000 pixels"),
        (encode(Image.new("L", (60_000, 1)), "JPEG"), "is 60000 x 1 pixels"),
        (encode(Image.new("F", (40, 40)), "TIFF"), "expected 8 or 16 bits"),
        (encode(Image.new("L", (40, 40)), "ICO"), "is not a picture"),
        (png(20_000, 20_000, rows=bytes(20_000)), "too many pixels"),
        (png(12_400, 12_400, rows=bytes(20_000)), "12,400 x 12,400 pixels"),
        (png(2**31 - 1, 2**31 - 1), "too many pixels|damaged"),
        (png(40, 40, rows=bytes(10)), "is damaged or cut off"),
        (
            png(40, 40, rows=bytes(240), extra=chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**8), 9))),
            "damaged|not a",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_photo(content, reason):
    assert re.search(reason, refused(content))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_several_pictures(kind):
    frames = [Image.fromarray(np.roll(LEVELS, shift, axis=0)) for shift in range(3)]
    assert "several pictures" in refused(encode(frames[0], kind, save_all=True, append_images=frames[1:]))


def test_a_jpeg_of_a_thousand_scans():
    """Each scan is a pass over all of the picture, whatever little it holds."""
    content = encode(Image.fromarray(np.kron(LEVELS, np.ones((20, 20), np.uint8))), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    scan = content[last:-2]
    assert "scans" in refused(content[:-2] + scan * 1000 + b"\xff\xd9")
    assert load_photo(content).shape == (800, 600)


@pytest.mark.parametrize("kind", FORMATS)
@given(st.data())
@settings(max_examples=25)
def test_cut_off_and_damaged_files(kind, data):
    """A photo or a sentence, never another error."""
    content = bytearray(encode(Image.fromarray(np.kron(LEVELS, np.ones((4, 4), np.uint8))), kind))
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    for _ in range(data.draw(st.integers(0, 5)) if content else 0):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        photo = load_photo(bytes(content))
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert photo.ndim == 2
        assert min(photo.shape) >= MIN_SIDE


def test_paths_that_are_no_files(tmp_path):
    for path in (tmp_path, tmp_path / "missing.png", "a\0b", "/dev/zero"):
        with pytest.raises(UsageError):
            load_photo(path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is neither a file nor a folder; expected a photo"):
        load_photo(tmp_path / "pipe")


MEASURE = """
import sys
from pathlib import Path
from mnistlab.reader import load_photo
from mnistlab.exceptions import MnistlabError
for path in sys.argv[1:]:
    try:
        print(load_photo(path).shape, file=sys.stderr)
    except MnistlabError as error:
        print(error, file=sys.stderr)
status = Path("/proc/self/status").read_text()
print(int(status.split("VmHWM:")[1].split()[0]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory from Linux' /proc")
def test_memory_is_bounded(tmp_path):
    """The largest of each kind that is let through, and bombs; all in one process, which keeps its highest peak."""
    turned = Image.Exif()
    turned[0x0112] = 6
    files = {
        "one bit.png": png(12_200, 12_200, rows=bytes(12_200 * 1526)),
        "colour.png": png(6_100, 6_100, 8, 2, rows=bytes(6_100 * (3 * 6_100 + 1))),
        "transparent.png": png(6_100, 6_100, 8, 6, rows=bytes(6_100 * (4 * 6_100 + 1))),
        "16 bits.png": png(8_600, 8_600, 16, 0, rows=bytes(8_600 * (2 * 8_600 + 1))),
        "bomb.png": png(20_000, 20_000, rows=bytes(20_000 * 2501)),
        "too large.png": png(13_300, 13_300, 8, 2, rows=bytes(13_300 * (3 * 13_300 + 1))),
        "colour.jpg": encode(Image.new("RGB", (9_000, 9_000)), "JPEG"),
        "progressive.jpg": encode(Image.new("RGB", (4_990, 4_990)), "JPEG", progressive=True, subsampling=0),
        "colour.webp": encode(Image.new("RGB", (3_250, 3_250)), "WEBP", lossless=True, method=0),
        "one strip.tif": encode(Image.new("RGB", (4_300, 4_300)), "TIFF", compression="tiff_lzw", strip_size=10**9),
        "turned.tif": encode(Image.new("RGB", (3_500, 3_500)), "TIFF", exif=turned, compression="tiff_lzw"),
        "large.gif": encode(Image.new("P", (9_000, 9_000)), "GIF"),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    result = run_python(MEASURE, *(tmp_path / name for name in files))
    answers = result.stderr.splitlines()
    assert len(answers) == len(files)
    assert [name for name, answer in zip(files, answers, strict=True) if not answer.startswith("(")] == [
        "bomb.png",
        "too large.png",
    ]
    assert int(result.stdout) / 1024 < 260  # 135 MB of them are Python with its libraries
