"""Photos and scans of any origin as grey levels, in bounded memory and time, or one sentence on why not.

A file is judged by its first bytes and its header, and decoded only if the result is known to fit.
"""

from __future__ import annotations

import importlib
import io
import warnings
from contextlib import suppress
from math import ceil, sqrt
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from mnistlab.exceptions import DataError, UsageError, require_path
from mnistlab.system.paths import absence, shortened

# The formats of phones, scanners and drawing programs; each further one of Pillow's decoders would be a further risk.
FORMATS: Final = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
MIN_SIDE: Final = 10  # pixels; no digit can be read from fewer
MAX_FILE_BYTES: Final = 128 * 2**20
MAX_JPEG_PIXELS: Final = 160_000_000  # JPEG can be decoded at an eighth of its size
GOOD_PIXELS: Final = 16_000_000  # larger ones are reduced to this or less
_MAX_DECODED_BYTES: Final = 150_000_000
_BAND_PIXELS: Final = 1_000_000
_MAX_SCANS: Final = 64  # of a progressive JPEG, each a pass over all of it; encoders make about ten

# Bytes for each pixel while a file is decoded, beside those of Pillow's picture: decoders' own buffers.
_DECODER_BYTES: Final = {"WEBP": 10.0, "TIFF": 4.0, "HEIF": 6.0}
_PROGRESSIVE_BYTES: Final = 6.0  # all coefficients, two bytes each
_PICTURE_BYTES: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}  # of Pillow's modes; others have 4
_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_ORIENTATION: Final = 0x0112

# How an EXIF orientation is undone: whether rows and columns are exchanged, then which axes are reversed.
_TURNS: Final[dict[int, tuple[bool, tuple[int, ...]]]] = {
    2: (False, (1,)),
    3: (False, (0, 1)),
    4: (False, (0,)),
    5: (True, ()),
    6: (True, (1,)),
    7: (True, (0, 1)),
    8: (True, (0,)),
}


def load_photo(source: str | Path | bytes) -> npt.NDArray[np.uint8]:
    """Loads a photo or scan as grey levels, the right way up.

    Everything comes as it looks on white paper: colour as brightness, transparency as white, 16 bits as 8, and turned
    as the camera noted. Photos of more than 16 million pixels are reduced by a whole number. The process stays below
    300 MB, whatever the file is.

    Args:
        source: Path of a file, or its content: PNG, JPEG, WebP, TIFF, BMP or GIF with one picture; HEIC if the package
            `pillow-heif` is installed.

    Returns:
        uint8 `(height, width)`, 0 black to 255 white, both sides 10 or more.

    Raises:
        UsageError: (a `ValueError`) there is no such file.
        DataError: the file is not a picture in one of these formats, is damaged or cut off, holds several pictures, or
            is too small or too large.

    Example:
        >>> file = io.BytesIO()
        >>> Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(file, "PNG")
        >>> photo = load_photo(file.getvalue())
        >>> photo.shape, photo.min()
        ((30, 40), np.uint8(255))
    """
    if isinstance(source, bytes):
        return _load(io.BytesIO(source), len(source), "The photo")
    path = require_path(source, "The photo", "Give the path of a file, or its bytes.")
    try:
        if not path.is_file():  # a pipe would block, a device never ends
            raise UsageError(f"{absence(path, 'file')}; expected a photo or scan. Check the path.")
        with path.open("rb") as file:
            return _load(file, path.stat().st_size, str(path))
    except (OSError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{shortened(path)} cannot be read: {reason}. Check the path and its permissions.") from error


def _load(file: BinaryIO, num_bytes: int, name: str) -> npt.NDArray[np.uint8]:
    if num_bytes > MAX_FILE_BYTES:
        raise DataError(
            f"{name} has {num_bytes / 2**20:,.0f} MB, but at most {MAX_FILE_BYTES / 2**20:.0f} MB were expected. "
            "Save the photo smaller, best as JPEG."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata, which is not used here
        try:
            with _open(file, name) as image:
                is_png = image.format == "PNG"  # its metadata may come last, and Pillow decodes everything to find them
                orientation = 1 if is_png else _orientation(image)
                _check(image, file, name, orientation)
                grey = _grey(image, name)
                if is_png:
                    orientation = _orientation(image)
                if image.format == "TIFF":  # Pillow has turned it
                    orientation = 1
        except DataError:
            raise
        except MemoryError as error:
            raise DataError(f"{name} does not fit into the memory. Save the photo smaller, best as JPEG.") from error
        except Exception as error:  # decoders have no common base class for what a damaged file causes
            raise DataError(
                f"{name} is damaged or cut off and cannot be decoded ({_reason(error)}). Copy or save it again."
            ) from error
    swap, reverse = _TURNS.get(orientation, (False, ()))
    return np.ascontiguousarray(np.flip(grey.T if swap else grey, reverse))


def _open(file: BinaryIO, name: str) -> Image.Image:
    """Reads the header; nothing is decoded yet."""
    start = file.read(16)
    file.seek(0)
    formats = [*FORMATS]
    if start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS:
        try:
            plug_in = importlib.import_module("pillow_heif")
        except ImportError as error:
            raise DataError(
                f"{name} is HEIC, which needs the package pillow-heif. Install it, or save the photo as JPEG."
            ) from error
        plug_in.register_heif_opener(thumbnails=False)
        formats = ["HEIF"]
    try:
        return Image.open(file, formats=formats)
    except UnidentifiedImageError as error:
        kind = "is empty" if not start else "is not a picture that can be read, or its header is damaged"
        raise DataError(
            f"{name} {kind}; expected PNG, JPEG, WebP, TIFF, BMP or GIF. Save the photo as JPEG."
        ) from error
    except Image.DecompressionBombError as error:
        raise DataError(f"{name} has too many pixels to be a photo. Save it smaller, best as JPEG.") from error


def _check(image: Image.Image, file: BinaryIO, name: str, orientation: int) -> None:
    """Rejects several pictures, those too small to hold a digit, and those too large to decode in bounded memory."""
    width, height = image.size
    if min(width, height) < MIN_SIDE:
        raise DataError(
            f"{name} is {width} x {height} pixels; a digit needs at least {MIN_SIDE} pixels on either side. "
            "Take a larger photo."
        )
    if _has_several_pictures(image):
        raise DataError(f"{name} holds several pictures, an animation or pages; expected one. Save the one to be read.")
    picture = _PICTURE_BYTES.get(image.mode, 4)
    each = picture + _DECODER_BYTES.get(image.format or "", 0)
    if image.format == "TIFF" and orientation != 1:
        each += picture  # a second picture, turned
    max_pixels = int(_MAX_DECODED_BYTES / each)
    if image.format in ("JPEG", "MPO"):
        max_pixels = MAX_JPEG_PIXELS
        if image.info.get("progressive"):
            max_pixels = int(_MAX_DECODED_BYTES / _PROGRESSIVE_BYTES)
            if _count_scans(file) > _MAX_SCANS:
                raise DataError(
                    f"{name} is a JPEG of too many scans to be a photo. Save it again with another program."
                )
    if width * height > max_pixels:
        raise DataError(
            f"{name} is {width:,} x {height:,} pixels, but at most {max_pixels / 1e6:.0f} million were expected of "
            "this kind. Save the photo smaller, best as JPEG."
        )


def _has_several_pictures(image: Image.Image) -> bool:
    if image.format in ("JPEG", "MPO"):  # phones append previews and maps of depth or light; the first is the photo
        return False
    if image.format != "TIFF":
        return bool(getattr(image, "is_animated", False))
    try:
        image.seek(1)  # counting the pages would read all of them
    except EOFError:
        return False
    return True


def _count_scans(file: BinaryIO) -> int:
    """Counts the markers of scans; coded data cannot contain one, but a preview or two may add a few."""
    position = file.tell()
    file.seek(0)
    count, last = 0, b""
    while part := file.read(2**20):
        count += (last + part).count(b"\xff\xda")
        last = part[-1:]
    file.seek(position)
    return count


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # damaged metadata of a good picture
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1


def _grey(image: Image.Image, name: str) -> npt.NDArray[np.uint8]:
    """Decodes a picture and converts it to grey levels band by band: two whole pictures would take too much memory."""
    width, height = image.size
    if image.format in ("JPEG", "MPO"):
        eighths = next((factor for factor in (1, 2, 4) if width * height <= GOOD_PIXELS * factor**2), 8)
        image.draft("L", (max(width // eighths, 1), max(height // eighths, 1)))
    image.load()
    width, height = image.size
    factor = ceil(sqrt(width * height / GOOD_PIXELS))
    factor = min(factor, max(min(width, height) // MIN_SIDE, 1))
    grey = np.empty((ceil(height / factor), ceil(width / factor)), np.uint8)
    rows = factor * ceil(_BAND_PIXELS / (width * factor))
    paper = _paper(image)
    for top in range(0, height, rows):
        band = _brightness(image.crop((0, top, width, min(top + rows, height))), name, paper)
        part = np.asarray(band.reduce(factor) if factor > 1 else band)
        grey[top // factor : top // factor + len(part)] = part
    return grey


def _paper(image: Image.Image) -> int:
    """The grey level behind a picture's transparent parts: black if the visible parts are few and light."""
    if not _may_be_clear(image):
        return 255
    sample = np.asarray(image.resize((256, 256), Image.Resampling.NEAREST).convert("RGBA"), dtype=np.float32)
    alpha = sample[..., 3] / 255
    is_light = float((sample[..., :3].mean(axis=2) * alpha).sum()) > 128 * float(alpha.sum())
    return 0 if is_light and alpha.mean() < 0.5 else 255


def _may_be_clear(image: Image.Image) -> bool:
    return image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info


def _brightness(image: Image.Image, name: str, behind: int) -> Image.Image:
    """Converts a picture of any mode to Pillow's mode `L`, with a grey level behind its transparent parts."""
    mode = image.mode
    if mode.startswith("I;16"):
        levels = np.asarray(image)
        return Image.fromarray((levels >> 8).astype(np.uint8))
    if _may_be_clear(image):
        solid = image.convert("RGBA") if mode not in ("LA", "RGBA") else image
        paper = Image.new("L", image.size, behind)
        paper.paste(solid.convert("L"), mask=solid.getchannel("A"))
        return paper
    if mode == "LAB":
        return image.getchannel("L")
    if mode == "CMYK":
        return image.convert("RGB").convert("L")
    if mode in ("1", "L", "P", "RGB", "RGBX", "YCbCr"):
        return image.convert("L")
    raise DataError(
        f"{name} has grey levels or colours of a kind ({mode}) that photos do not have; expected 8 or 16 bits. "
        "Save it as JPEG or PNG."
    )


def _reason(error: Exception) -> str:
    """An error of a decoder as part of a sentence."""
    text: Any = str(error).strip().splitlines()
    return text[0].rstrip(".")[:120] if text else type(error).__name__


def reduced(photo: npt.NDArray[np.uint8], side: int) -> tuple[npt.NDArray[np.uint8], int]:
    """A copy of a photo with at most so many pixels along its longer side, by the means of squares of pixels.

    Args:
        photo: Photo, uint8 `(height, width)`.
        side: Pixels of the longer side.

    Returns:
        The copy, uint8, and the side of a square; the photo itself and 1 if it is small enough.

    Example:
        >>> copy, factor = reduced(np.zeros((90, 200), np.uint8), 100)
        >>> copy.shape, factor
        ((45, 100), 2)
    """
    factor = max(1, ceil(int(max(photo.shape)) / side))
    return (reduced_by(photo, factor), factor) if factor > 1 else (photo, 1)


def reduced_by(photo: npt.NDArray[np.uint8], factor: int) -> npt.NDArray[np.uint8]:
    """A photo, uint8 `(height, width)`, with the mean of each square of so many pixels a side as one pixel."""
    return np.asarray(Image.fromarray(photo).reduce(factor))
