"""Every broken IDX file is refused with a `DataError` that says why; every whole one comes back byte by byte."""

import gzip
import hashlib
import os
import re
import struct
import tempfile
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnistlab.datasets.idx import idx_header, idx_sha256, read_images, read_labels
from mnistlab.exceptions import DataError

IMAGES = np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)
LABELS = np.array([5, 0, 4, 1, 9], dtype=np.uint8)
# Written out by hand rather than with idx_header, to be independent of the code under test.
IMAGES_FILE = bytes.fromhex("00000803 00000003 0000001c 0000001c") + IMAGES.tobytes()
LABELS_FILE = bytes.fromhex("00000801 00000005") + bytes([5, 0, 4, 1, 9])
PACKED = gzip.compress(LABELS_FILE)

READERS = pytest.mark.parametrize(
    ("read", "content", "kind"), [(read_images, IMAGES_FILE, "images"), (read_labels, LABELS_FILE, "labels")]
)
PACKINGS = pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some-idx-ubyte"


def read_bytes(read, content):
    """Reads a file with this content; a copy comes back, since a mapped file does not outlive its folder everywhere."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(content)
        return np.array(read(path))


def assert_refused(read, path, pattern):
    with pytest.raises(DataError, match=pattern) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.endswith(".")
    assert "\n" not in message


# Whole files


@READERS
@PACKINGS
def test_the_values_come_back_as_written(path, read, content, kind, pack):
    path.write_bytes(pack(content))
    values = read(path)
    assert values.dtype == np.uint8
    np.testing.assert_array_equal(values, {"images": IMAGES, "labels": LABELS}[kind])
    assert not values.flags.writeable


@PACKINGS
def test_a_file_may_hold_no_images_and_no_labels(pack):
    assert read_bytes(read_images, pack(IMAGES_FILE[:4] + bytes(4) + IMAGES_FILE[8:16])).shape == (0, 28, 28)
    assert read_bytes(read_labels, pack(LABELS_FILE[:4] + bytes(4))).shape == (0,)


def test_the_content_decides_about_gzip_not_the_name(tmp_path):
    unpacked_by_browser = tmp_path / "images.gz"
    unpacked_by_browser.write_bytes(IMAGES_FILE)
    packed = tmp_path / "images"
    packed.write_bytes(gzip.compress(IMAGES_FILE))
    np.testing.assert_array_equal(read_images(unpacked_by_browser), read_images(packed))


def test_plain_images_are_mapped_and_never_held_in_memory(path):
    num_images = 200_000  # 157 MB, of which the sparse file takes none
    with path.open("wb") as file:
        file.write(struct.pack(">4I", 0x803, num_images, 28, 28))
        file.truncate(16 + num_images * 784)
    tracemalloc.start()
    images = read_images(path)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(images, np.memmap)
    assert images.shape == (num_images, 28, 28)
    assert not images.flags.writeable
    assert peak_bytes < 1_000_000


@given(arrays.arrays(np.uint8, st.tuples(st.integers(0, 4), st.just(28), st.just(28))), st.booleans())
@settings(max_examples=30)
def test_any_images_survive_the_round_trip(images, packed):
    content = idx_header(images) + images.tobytes()
    np.testing.assert_array_equal(read_bytes(read_images, gzip.compress(content) if packed else content), images)


@given(arrays.arrays(np.uint8, st.integers(0, 300), elements=st.integers(0, 9)), st.booleans())
@settings(max_examples=50)
def test_any_labels_survive_the_round_trip(labels, packed):
    content = idx_header(labels) + labels.tobytes()
    np.testing.assert_array_equal(read_bytes(read_labels, gzip.compress(content) if packed else content), labels)


def test_idx_header_is_the_files_own():
    assert idx_header(IMAGES) == IMAGES_FILE[:16]
    assert idx_header(LABELS) == LABELS_FILE[:8]


def test_idx_sha256_is_that_of_the_file_even_if_the_array_is_not_contiguous():
    assert idx_sha256(IMAGES) == hashlib.sha256(IMAGES_FILE).hexdigest()
    assert idx_sha256(LABELS) == hashlib.sha256(LABELS_FILE).hexdigest()
    assert idx_sha256(np.repeat(LABELS, 2)[::2]) == hashlib.sha256(LABELS_FILE).hexdigest()


# Broken files, one message each


@READERS
@PACKINGS
def test_an_empty_file(path, read, content, kind, pack):
    path.write_bytes(pack(b""))
    assert_refused(read, path, f"is empty, but an IDX file of {kind} was expected")


@READERS
@PACKINGS
@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><html>503</html>", b"\xef\xbb\xbf\r\n<html>", b"<?xml version='1.0'?>"]
)
def test_a_web_page(tmp_path, read, content, kind, pack, page):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(pack(page))
    assert_refused(read, path, f"is a web page, but an IDX file of {kind} was expected.*another source")


@READERS
@PACKINGS
def test_a_foreign_magic_number(path, read, content, kind, pack):
    path.write_bytes(pack(b"\x89PNG" + content[4:]))
    assert_refused(
        read, path, f"magic number 0x89504e47, but an IDX file of {kind} starts with 0x0000080[13].*right file"
    )


IDX_TYPES = {"signed bytes": 9, "integers of 16 bits": 11, "integers of 32 bits": 12, "floats of 32 bits": 13}


@READERS
@PACKINGS
@pytest.mark.parametrize(("name", "code"), IDX_TYPES.items())
def test_numbers_of_another_type(path, read, content, kind, pack, name, code):
    path.write_bytes(pack(content[:2] + bytes([code]) + content[3:]))
    scaled = ", times 255 if they go from 0 to 1" if code == 13 and kind == "images" else ""
    assert_refused(
        read, path, f"holds {name}, but {kind} are unsigned bytes. Write {kind}.astype.numpy.uint8.{scaled}, and 8 as"
    )


@PACKINGS
@pytest.mark.parametrize(
    ("shape", "advice"),
    [
        ((3, 28, 28, 1), "Write images.reshape(-1, 28, 28)."),
        ((3, 1, 28, 28), "Write images.reshape(-1, 28, 28)."),
        ((3, 784), "Write images.reshape(-1, 28, 28)."),
        ((3, 28, 28, 3), "Write one grey image of 28×28 pixels after the other."),
        ((3, 2, 2, 7, 28, 1), "Write images.reshape(-1, 28, 28)."),
    ],
)
def test_images_of_other_axes(path, pack, shape, advice):
    header = bytes([0, 0, 8, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape)
    path.write_bytes(pack(header + bytes(int(np.prod(shape)))))
    assert_refused(
        read_images,
        path,
        re.escape(
            f"holds an array {shape}, but the axes of images are three, (number, 28, 28), in an IDX file. {advice}"
        ),
    )


@PACKINGS
@pytest.mark.parametrize(
    ("shape", "advice"),
    [
        ((5, 1), "Write labels.reshape(-1)."),
        ((5, 10), "Write labels.argmax(axis=1), numbers in place of one-hot rows."),
        ((5, 8), "Write the column of the labels alone."),
    ],
)
def test_labels_of_other_axes(path, pack, shape, advice):
    header = bytes([0, 0, 8, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape)
    path.write_bytes(pack(header + bytes(int(np.prod(shape)))))
    assert_refused(read_labels, path, re.escape(f"holds an array {shape}, but the axes of labels are one") + ".*")
    assert_refused(read_labels, path, re.escape(advice))


@READERS
@PACKINGS
def test_a_header_of_little_endian_numbers(path, read, content, kind, pack):
    num_sizes = 4 if kind == "images" else 2
    numbers = struct.unpack(f">{num_sizes}I", content[: 4 * num_sizes])
    advice = "Write the header with struct.pack"
    path.write_bytes(pack(struct.pack(f"<{num_sizes}I", *numbers) + content[4 * num_sizes :]))
    assert_refused(
        read, path, f"has a header of little-endian numbers .0[13]080000 .*but those of IDX are big-endian.*{advice}"
    )
    path.write_bytes(pack(content[:4] + struct.pack(f"<{num_sizes - 1}I", *numbers[1:]) + content[4 * num_sizes :]))
    assert_refused(read, path, f"has a header of little-endian numbers .*{advice}")
    path.write_bytes(pack(content[:4] + struct.pack("<I", numbers[1]) + content[8:]))  # the number of items alone
    assert_refused(read, path, f"has a header of little-endian numbers .0[35]000000.*{advice}")


@READERS
def test_gzip_within_gzip(path, read, content, kind):
    path.write_bytes(gzip.compress(gzip.compress(content)))
    assert_refused(
        read, path, f"is gzip within gzip, but an IDX file of {kind} was expected. Unpack it once with gunzip"
    )


@READERS
def test_other_containers(path, read, content, kind):
    path.write_bytes(b"PK\x03\x04" + content)
    assert_refused(
        read, path, f"is a zip archive, as .npz files are too, but an IDX file of {kind} was expected. Unpack"
    )
    path.write_bytes(b"\x93NUMPY" + content)
    assert_refused(read, path, "is an array of NumPy.*`mnistlab data convert` makes IDX files of it")


@PACKINGS
def test_images_and_labels_with_swapped_names(path, pack):
    path.write_bytes(pack(LABELS_FILE))
    assert_refused(read_images, path, "0x00000801.*0x00000803. It holds labels: check whether two files have swapped")
    path.write_bytes(pack(IMAGES_FILE))
    assert_refused(read_labels, path, "0x00000803.*0x00000801. It holds images: check whether two files have swapped")


@PACKINGS
def test_a_header_that_breaks_off(path, pack):
    path.write_bytes(pack(IMAGES_FILE[:10]))
    assert_refused(read_images, path, "breaks off in its header: 10 of 16 bytes came")


@PACKINGS
def test_images_of_another_size(path, pack):
    path.write_bytes(pack(struct.pack(">4I", 0x803, 1, 32, 24) + bytes(32 * 24)))
    assert_refused(read_images, path, "images of 32×24 pixels, but 28×28 was expected")


@pytest.mark.parametrize("label", [10, 26, 255])
@PACKINGS
def test_a_label_that_is_no_digit(path, pack, label):
    path.write_bytes(pack(LABELS_FILE[:-2] + bytes([label, 9])))
    assert_refused(read_labels, path, f"has the label {label} at position 3, but labels are digits from 0 to 9")


@pytest.mark.parametrize(("pack", "verb"), [(bytes, "has"), (gzip.compress, "unpacks to")], ids=["plain", "gzip"])
def test_a_truncated_file(path, pack, verb):
    path.write_bytes(pack(IMAGES_FILE[:-1]))
    assert_refused(read_images, path, f"is truncated: it {verb} 2,367 bytes, but its header promises 2,368")
    path.write_bytes(pack(LABELS_FILE[:-1]))
    assert_refused(read_labels, path, f"is truncated: it {verb} 12 bytes, but its header promises 13")


def test_trailing_bytes(path):
    path.write_bytes(LABELS_FILE + b"\0")
    assert_refused(read_labels, path, "has trailing bytes: it has 14 bytes, but its header promises 13")
    path.write_bytes(gzip.compress(LABELS_FILE + b"\0"))
    assert_refused(read_labels, path, "has trailing bytes: it unpacks to more than the 13 bytes its header promises")


def test_a_count_that_is_wrong_by_one(path):
    path.write_bytes(IMAGES_FILE[:7] + b"\x02" + IMAGES_FILE[8:])
    assert_refused(read_images, path, "has trailing bytes: it has 2,368 bytes, but its header promises 1,584")
    path.write_bytes(IMAGES_FILE[:7] + b"\x04" + IMAGES_FILE[8:])
    assert_refused(read_images, path, "is truncated: it has 2,368 bytes, but its header promises 3,152")


@READERS
def test_a_gzip_stream_that_breaks_off(path, read, content, kind):
    path.write_bytes(gzip.compress(content)[:-9])
    assert_refused(read, path, "breaks off in the middle of its gzip stream")


@pytest.mark.parametrize(("body", "reason"), [(PACKED[10:-8], "CRC"), (b"\xff" * 20, "invalid block type")])
def test_a_gzip_stream_with_a_wrong_checksum_or_a_broken_body(path, body, reason):
    checksum = bytes([PACKED[-8] ^ 1]) + PACKED[-7:]  # the last eight bytes are CRC-32 and length
    path.write_bytes(PACKED[:10] + body + checksum)
    assert_refused(read_labels, path, f"is damaged: an intact gzip stream was expected.*{reason}")


@READERS
def test_a_missing_file(path, read, content, kind):
    assert_refused(read, path, "is missing: an IDX file, plain or .gz, was expected there")


@READERS
def test_a_folder(tmp_path, read, content, kind):
    assert_refused(read, tmp_path, "is a folder, but an IDX file was expected")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_without_waiting_for_a_writer(path):
    os.mkfifo(path)
    assert_refused(read_labels, path, "is not a regular file, but an IDX file was expected")


@pytest.mark.parametrize(
    ("error", "pattern"),
    [
        (PermissionError(13, "Permission denied"), "may not be read by this user"),
        (OSError(5, "I/O error"), "I/O error"),
    ],
)
def test_what_the_system_refuses(path, monkeypatch, error, pattern):
    path.write_bytes(LABELS_FILE)

    def refuse(self, mode):
        raise error

    monkeypatch.setattr(Path, "open", refuse)  # a real chmod does not stop root, as which containers run tests
    assert_refused(read_labels, path, pattern)


@READERS
def test_a_gzip_bomb_costs_no_memory(path, read, content, kind):
    compressor = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    with path.open("wb") as file:
        file.write(compressor.compress(content))
        for _ in range(300):  # 315 MB of zeros in 300 kB
            file.write(compressor.compress(zeros))
        file.write(compressor.flush())
    tracemalloc.start()
    assert_refused(read, path, "has trailing bytes: it unpacks to more than")
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 2_000_000


@PACKINGS
@pytest.mark.parametrize(
    ("read", "header"), [(read_images, "00000803 ffffffff 0000001c 0000001c"), (read_labels, "00000801 ffffffff")]
)
def test_a_header_that_promises_terabytes_costs_no_memory(path, read, header, pack):
    path.write_bytes(pack(bytes.fromhex(header) + bytes(1000)))
    tracemalloc.start()
    assert_refused(read, path, "is truncated")
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 4_000_000


# Any damage


@given(st.data(), st.booleans())
@settings(max_examples=80)
def test_truncation_at_any_byte_is_refused(data, packed):
    content = gzip.compress(LABELS_FILE) if packed else LABELS_FILE
    end = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(DataError):
        read_bytes(read_labels, content[:end])


@given(st.integers(0, len(IMAGES_FILE) - 1))
@settings(max_examples=40)
def test_truncation_of_images_at_any_byte_is_refused(end):
    with pytest.raises(DataError):
        read_bytes(read_images, IMAGES_FILE[:end])
    with pytest.raises(DataError):
        read_bytes(read_images, gzip.compress(IMAGES_FILE[:end]))


@given(st.binary(min_size=1, max_size=50), st.sampled_from([(read_images, IMAGES_FILE), (read_labels, LABELS_FILE)]))
@settings(max_examples=50)
def test_any_trailing_bytes_are_refused(trailing, reader):
    read, content = reader
    for broken in (content + trailing, gzip.compress(content + trailing)):
        with pytest.raises(DataError, match="trailing bytes"):
            read_bytes(read, broken)


@given(st.binary(min_size=1, max_size=50).filter(lambda trailing: trailing.strip(b"\0")))
@settings(max_examples=50)
def test_trailing_bytes_after_the_gzip_stream_are_refused(trailing):
    """Zero bytes are not: gzip defines them as padding."""
    with pytest.raises(DataError):
        read_bytes(read_labels, gzip.compress(LABELS_FILE) + trailing)


def flipped(content, bit):
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("bit", range(16 * 8))
@PACKINGS
def test_any_flipped_bit_of_the_header_is_refused(bit, pack):
    for read, content in ((read_images, IMAGES_FILE), (read_labels, LABELS_FILE))[: 2 if bit < 8 * 8 else 1]:
        with pytest.raises(DataError):
            read_bytes(read, pack(flipped(content, bit)))


@given(st.integers(0, 8 * len(PACKED) - 1))
@settings(max_examples=150)
def test_any_flipped_bit_of_a_gzip_file_is_refused_or_harmless(bit):
    """Harmless are bits that carry no data, such as the time in gzip's header: the labels are the same."""
    try:
        labels = read_bytes(read_labels, flipped(PACKED, bit))
    except DataError:
        return
    np.testing.assert_array_equal(labels, LABELS)


@given(st.binary(max_size=64), st.booleans())
@settings(max_examples=100)
def test_random_bytes_are_refused(content, packed):
    for read in (read_images, read_labels):
        with pytest.raises(DataError):
            read_bytes(read, gzip.compress(content) if packed else b"\x1f\x8b" + content)


def test_messages_name_the_file_once_and_stay_short(path):
    path.write_bytes(b"\x89PNG")
    with pytest.raises(DataError) as caught:
        read_images(path)
    assert str(caught.value).count(str(path)) == 1
    assert len(re.findall(r"\.(?: |$)", str(caught.value))) <= 2
