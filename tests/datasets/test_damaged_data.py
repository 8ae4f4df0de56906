"""Two hundred damaged data files, of every kind that downloads and disks produce: all are refused before a training.

The packaged MNIST has known checksums, so there a single changed bit counts. Of a folder of one's own nothing is known
but its structure: there the header, the size and the range of labels are held to each other, and a changed pixel
cannot be seen.
"""

import functools
import gzip
import io
import json
import os
import sys
import zipfile
import zlib

import numpy as np
import pytest

from mnistlab.datasets import load_idx, load_mnist, packaged
from mnistlab.exceptions import DataError
from processes import run_mnistlab, run_python

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
SEED = 20_261_122
MAX_BOMB_MEGABYTES = 64  # the bombs below unfold to 300 MB and more


class Payload:
    """Pickled, it makes a folder where it is loaded."""

    def __reduce__(self):
        return os.mkdir, ("a-trace",)


def flip(content, low, high, rng):
    """One bit of the bytes from `low` to before `high`, or to the end."""
    changed = bytearray(content)
    bit = int(rng.integers(8 * low, 8 * (high or len(content))))
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def bomb(content):
    """A gzip file that goes on long after its last byte: 300 MB of zeros in 300 kB."""
    return gzip.compress(content, 1) + zeros()


@functools.cache
def zeros():
    compressor = zlib.compressobj(1, wbits=31)
    return b"".join([*(compressor.compress(bytes(1 << 20)) for _ in range(300)), compressor.flush()])


def pickle_in_npz():
    buffer = io.BytesIO()
    np.savez(buffer, images=np.array([Payload()], dtype=object))
    return buffer.getvalue()


def page():
    return b"<!DOCTYPE html>\n<html><title>503 Service Unavailable</title></html>\n"


def header_bytes(content):
    return 16 if content[3] == 3 else 8


def one_less_promised(content):
    return content[:4] + (int.from_bytes(content[4:8], "big") - 1).to_bytes(4, "big") + content[8:]


def label_above_nine(content, rng):
    changed = bytearray(content)
    changed[int(rng.integers(8, len(content)))] = int(rng.integers(10, 256))
    return bytes(changed)


# Each takes the unpacked content of an IDX file and a generator of random numbers, and gives the damaged file.
STRUCTURE = {
    "truncated": lambda content, rng: content[: int(rng.integers(1, len(content)))],
    "truncated gzip": lambda content, rng: (packed := gzip.compress(content, 1))[: int(rng.integers(2, len(packed)))],
    "one bit of the header": lambda content, rng: flip(content, 0, header_bytes(content), rng),
    "one bit of the header, packed": lambda content, rng: gzip.compress(
        flip(content, 0, header_bytes(content), rng), 1
    ),
    "one bit of the checksum": lambda content, rng: flip(
        packed := gzip.compress(content, 1), len(packed) - 8, None, rng
    ),
    "web page": lambda content, rng: page(),
    "web page, packed": lambda content, rng: gzip.compress(page()),
    "empty": lambda content, rng: b"",
    "empty, packed": lambda content, rng: gzip.compress(b""),
    "gzip bomb": lambda content, rng: bomb(content),
    "garbage after gzip": lambda content, rng: gzip.compress(content, 1) + b"\x01" + rng.bytes(20),
    "one byte more": lambda content, rng: content + b"\0",
    "one byte more, packed": lambda content, rng: gzip.compress(content + b"\0", 1),
    "one byte less": lambda content, rng: content[:-1],
    "one byte less, packed": lambda content, rng: gzip.compress(content[:-1], 1),
    "pickle in npz": lambda content, rng: pickle_in_npz(),
    "random bytes": lambda content, rng: rng.bytes(1000),
    "wrong magic number": lambda content, rng: b"\x89PNG" + content[4:],
    "numbers of 32 bits": lambda content, rng: content[:2] + b"\x0c" + content[3:],
    "billions promised": lambda content, rng: content[:4] + b"\xff\xff\xff\xff" + content[8:],
    "one item too few promised": lambda content, rng: one_less_promised(content),
}
IMAGES_ONLY = {
    "images of 28×27": lambda content, rng: content[:12] + (27).to_bytes(4, "big") + content[16:],
    "images of 56×14": lambda content, rng: (
        content[:8] + (56).to_bytes(4, "big") + (14).to_bytes(4, "big") + content[16:]
    ),
}
LABELS_ONLY = {"label above nine": label_above_nine}
# These are seen only where the checksum is known.
CONTENT = {
    "one bit anywhere": lambda content, rng: flip(content, 0, None, rng),
    "one bit of the content, packed": lambda content, rng: gzip.compress(flip(content, 16, None, rng), 1),
    "two images or labels exchanged": lambda content, rng: exchanged(content),
}
SWAPS = {
    "images and labels swapped": (0, 1),
    "train and test images swapped": (0, 2),
    "train and test labels swapped": (1, 3),
}


def exchanged(content):
    """The first item in the place of the first that differs, which leaves every size and every count as it was."""
    size, start = (784, 16) if content[3] == 3 else (1, 8)
    items = np.frombuffer(content, np.uint8, offset=start).reshape(-1, size).copy()
    other = int(np.argmax((items != items[0]).any(axis=1)))
    items[[0, other]] = items[[other, 0]]
    return content[:start] + items.tobytes()


def trials(num_trials, kinds):
    """The first so many of all pairs of damage and file, in an order that a seed decides; each kind comes round."""
    rng = np.random.default_rng(SEED)
    pairs = []
    while len(pairs) < num_trials:
        for name in rng.permutation(sorted(kinds)):
            position = int(rng.choice([1, 3] if name in LABELS_ONLY else [0, 2] if name in IMAGES_ONLY else range(4)))
            pairs.append((str(name), position, int(rng.integers(2**32))))
    return pairs[:num_trials]


def damage(folder, whole, name, position, seed):
    """Puts the four whole files in a folder, one of them (or two, where they are swapped) damaged; gives its name."""
    makers = STRUCTURE | IMAGES_ONLY | LABELS_ONLY | CONTENT
    for path in folder.iterdir():
        path.unlink()
    contents = dict(whole)
    if name in SWAPS:
        one, other = (FILES[place] for place in SWAPS[name])
        contents[one], contents[other] = contents[other], contents[one]
        damaged = one
    else:
        damaged = FILES[position]
        contents[damaged] = makers[name](unpacked(whole[damaged]), np.random.default_rng(seed))
        assert contents[damaged] != whole[damaged]
    for file, content in contents.items():
        (folder / f"{file}.gz").write_bytes(content)
    return damaged


def unpacked(content):
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def refusal(load, folder, damaged):
    """The message with which a folder was refused; it names one of its files and is at most two sentences."""
    with pytest.raises(DataError) as caught:
        load()
    message = str(caught.value)
    assert str(folder) in message
    assert damaged.partition("-")[0] in message
    assert message.isprintable()
    assert message.count(". ") <= 1
    return message


@pytest.fixture(scope="module")
def small(tiny_folder):
    """The four plain files of the small data set."""
    return {file: (tiny_folder / file).read_bytes() for file in FILES}


@pytest.fixture(scope="module")
def shipped():
    """The four packed files of the package."""
    return {file: (packaged.MNIST_FOLDER / f"{file}.gz").read_bytes() for file in FILES}


KINDS_OF_ANY_FOLDER = [
    *STRUCTURE,
    *IMAGES_ONLY,
    *LABELS_ONLY,
    "images and labels swapped",
    "train and test labels swapped",
]
KINDS_OF_THE_PACKAGE = [*STRUCTURE, *IMAGES_ONLY, *LABELS_ONLY, *CONTENT, *SWAPS]


def test_damaged_folders_are_refused(small, tmp_path):
    """A hundred files of a folder of one's own, each damaged in its structure: a hundred refused, by name."""
    done = [
        refusal(lambda: load_idx(tmp_path), tmp_path, damage(tmp_path, small, *trial))
        for trial in trials(100, KINDS_OF_ANY_FOLDER)
    ]
    assert len(done) == 100


def test_whole_folders_are_accepted(small, tmp_path):
    """What refuses the damaged ones does not refuse everything: the same four files, plain and packed."""
    for pack in (bytes, gzip.compress):
        for file, content in small.items():
            (tmp_path / f"{file}.gz").write_bytes(pack(content))
        assert load_idx(tmp_path).train.num_images == 600


def test_a_changed_pixel_of_ones_own_data_is_not_seen(small, tmp_path):
    """The limit of what can be known without a checksum, so that nobody takes the tests above for more."""
    pixel = flip(small[FILES[0]], 16, None, np.random.default_rng(SEED))
    for file, content in (small | {FILES[0]: pixel}).items():
        (tmp_path / file).write_bytes(content)
    assert load_idx(tmp_path).train.num_images == 600


def test_damaged_packaged_files_are_refused(shipped, tmp_path, monkeypatch):
    """Six of the packaged MNIST, which the slow test extends to a hundred."""
    monkeypatch.setattr(packaged, "MNIST_FOLDER", tmp_path)
    content = (("one bit anywhere", 1), ("two images or labels exchanged", 3), ("one bit of the content, packed", 3))
    structure = (("train and test images swapped", 0), ("pickle in npz", 0), ("truncated gzip", 2))
    for trial in [(*damaged, seed) for seed, damaged in enumerate(content + structure, 1)]:
        refusal(load_mnist, tmp_path, damage(tmp_path, shipped, *trial))


@pytest.mark.slow
def test_a_hundred_damaged_packaged_files_are_refused(shipped, tmp_path, monkeypatch):
    """With the hundred of a folder of one's own, two hundred: 200 refused."""
    monkeypatch.setattr(packaged, "MNIST_FOLDER", tmp_path)
    done = [
        refusal(load_mnist, tmp_path, damage(tmp_path, shipped, *trial)) for trial in trials(100, KINDS_OF_THE_PACKAGE)
    ]
    assert len(done) == 100


@pytest.mark.slow
def test_a_flipped_bit_of_a_packaged_gzip_file_is_refused_or_changes_nothing(shipped, tmp_path, monkeypatch):
    """Some bits of gzip's own header say nothing about the data, such as its time: then the data are MNIST's."""
    monkeypatch.setattr(packaged, "MNIST_FOLDER", tmp_path)
    rng = np.random.default_rng(SEED)
    harmless = 0
    for low, high in [(0, 40)] * 25 + [(40, None)] * 25:
        for file, content in shipped.items():
            (tmp_path / f"{file}.gz").write_bytes(content)
        content = shipped[FILES[3]]
        (tmp_path / f"{FILES[3]}.gz").write_bytes(flip(content, low, high, rng))
        try:
            load_mnist()  # verifies the SHA-256 of every byte
        except DataError as error:
            assert FILES[3] in str(error)
        else:
            assert high == 40
            harmless += 1
    assert harmless < 25


CHILD = r"""
import json, os, sys
from pathlib import Path

from mnistlab.datasets import load_idx
from mnistlab.exceptions import DataError

seen = []
sys.addaudithook(lambda event, arguments: seen.append(event))
def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
before, folders = peak(), sys.argv[1:]
for folder in folders:
    try:
        load_idx(folder)
    except DataError:
        folders = folders[1:]
forbidden = ("pickle.", "socket.", "subprocess.", "os.mkdir", "os.exec", "os.system")
bad = sorted(event for event in set(seen) if event.startswith(forbidden))
print(json.dumps([folders, bad, "open" in seen, peak() - before]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_bombs_and_pickles_do_nothing(small, tmp_path):
    """Neither fills the memory; no pickle is loaded, no connection made, as an audit hook in a child process tells."""
    folders = []
    for name in ("gzip bomb", "pickle in npz", "billions promised", "web page"):
        for position in range(4):
            folder = tmp_path / f"{name} {position}"
            folder.mkdir()
            damage(folder, small, name, position, SEED)
            folders.append(folder)
    accepted, bad, watched, megabytes = json.loads(run_python(CHILD, *folders, cwd=tmp_path).stdout)
    assert (accepted, bad, watched) == ([], [], True)
    assert megabytes < MAX_BOMB_MEGABYTES
    assert not (tmp_path / "a-trace").exists()
    assert zipfile.is_zipfile(io.BytesIO(pickle_in_npz()))


@pytest.mark.parametrize("name", ["truncated", "web page", "gzip bomb", "pickle in npz", "label above nine"])
def test_training_refuses_before_the_first_step(name, small, tmp_path):
    """The command line says which file it is and ends with 1, before TensorFlow is even imported; no run is left."""
    folder = tmp_path / "data"
    folder.mkdir()
    damaged = damage(folder, small, name, 1, SEED)
    out = tmp_path / "runs"
    finished = run_mnistlab("train", "mlp", "--data", folder, "--out", out, cwd=tmp_path, PYTHONPROFILEIMPORTTIME="1")
    imported = [line for line in finished.stderr.splitlines() if line.startswith("import time:")]
    told = [line for line in finished.stderr.splitlines() if not line.startswith("import time:")]
    assert finished.returncode == 1
    assert damaged in " ".join(told)
    assert finished.stdout == ""
    assert any(line.endswith(" mnistlab.datasets.idx") for line in imported)
    assert not any(line.split("|")[-1].strip() in ("tensorflow", "keras", "jax", "torch") for line in imported)
    assert not out.exists() or not list(out.rglob("*.*"))
    assert sorted(path.name for path in tmp_path.iterdir()) in (["data"], ["data", "runs"])
