"""Files larger than memory: copies out of a mapping are right, and the process does not grow with the file."""

import mmap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnistlab.datasets import Dataset, Split, load_idx, mapping, validation_indices
from mnistlab.datasets.idx import idx_header, read_images
from processes import run_python

NUM_IMAGES = 400_000  # 314 MB, six windows
WINDOW_MB = 65_536 * 784 / 1e6

on_linux = pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="reads what is resident from Linux' /proc")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Five hundred images of noise in a plain IDX file: 392 kB, about a hundred pages."""
    path = tmp_path_factory.mktemp("images") / "train-images-idx3-ubyte"
    images = np.random.default_rng(0).integers(0, 256, (500, 28, 28), dtype=np.uint8)
    path.write_bytes(idx_header(images) + images.tobytes())
    return path


VIEWS = [slice(None), slice(100, 300), slice(7, None, 3), slice(None, None, -1), slice(499, 500)]


@given(st.data())
@settings(max_examples=100)
def test_what_is_gathered_from_a_file_is_what_it_holds(path, data):
    images = read_images(path)
    in_memory = np.array(images)
    view = data.draw(st.sampled_from(VIEWS))
    num_images = len(in_memory[view])
    indices = np.array(data.draw(st.lists(st.integers(0, num_images - 1), max_size=400)), np.int64)
    indices = data.draw(st.sampled_from([indices, np.sort(indices), np.arange(num_images)]))
    gathered = mapping.gather(images[view], indices)
    assert type(gathered) is np.ndarray
    assert gathered.dtype == np.uint8
    assert np.array_equal(gathered, in_memory[view][indices])
    mapping.read_ahead(images[view], indices)
    assert np.array_equal(images, in_memory)  # nothing is lost by giving pages back


def test_without_advice_to_the_system_copies_are_the_same(path, monkeypatch):
    for advice in ("MADV_DONTNEED", "MADV_WILLNEED"):
        monkeypatch.delattr(mmap, advice, raising=False)
    images = read_images(path)
    assert np.array_equal(mapping.gather(images, np.arange(500)), np.array(images))


def test_images_in_memory_are_indexed():
    images = np.arange(4 * 784, dtype=np.uint8).reshape(4, 28, 28)
    mapping.read_ahead(images, np.array([3, 1]))
    assert np.array_equal(mapping.gather(images, np.array([3, 1])), images[[3, 1]])


def test_only_files_that_cannot_be_written_to_are_managed(path, tmp_path):
    """To give back a page of a private copy would lose what was written to it."""
    images = read_images(path)
    split = Split("train", images, np.zeros(500, np.uint8))
    assert all(mapping.is_mapped(view) for view in (images, images[3:], split.images, np.asarray(images)))
    copy = np.memmap(path, np.uint8, "c", 16, (500, 28, 28))
    assert not any(mapping.is_mapped(other) for other in (copy, np.array(images), images[[1, 2]], np.zeros(3)))
    copy[5] = 99
    assert (mapping.gather(copy, np.arange(500))[5] == 99).all()
    assert (copy[5] == 99).all()


def resident_kb(path):
    """How much of a file this process has resident, from Linux' list of what is mapped where."""
    areas = Path("/proc/self/smaps").read_text(encoding="utf-8").split("VmFlags:")
    return sum(int(area.split("Rss:")[1].split()[0]) for area in areas if f"{path}\n" in area)


@on_linux
@pytest.mark.parametrize("indices", [np.arange(500), np.arange(0, 500, 20), np.array([490, 3, 3])])
def test_pages_are_given_back_once_they_are_copied(path, tmp_path, indices):
    own = tmp_path / "images"
    own.write_bytes(path.read_bytes())
    images = read_images(own)
    assert images.sum() > 0
    assert resident_kb(own) > 300
    mapping.gather(images, np.arange(500))
    assert resident_kb(own) == 0
    mapping.gather(images, indices)
    assert resident_kb(own) == 0


def test_validation_images_are_those_with_the_smallest_numbers():
    """Drawn piece by piece, against all at once."""
    num_images = 200_000
    split = Split("train", np.broadcast_to(np.uint8(0), (num_images, 28, 28)), np.zeros(num_images, np.uint8))
    numbers = np.random.PCG64(3).random_raw(num_images)
    for num_validation in (1, 5000, 150_000):
        expected = np.sort(np.argsort(numbers, kind="stable")[:num_validation])
        assert np.array_equal(validation_indices(split, num_validation, seed=3), expected)


def test_a_fingerprint_is_the_same_in_memory_and_from_a_file(path):
    labels = np.arange(500) % 10
    splits = [Split("train", images, labels) for images in (read_images(path), np.array(read_images(path)))]
    assert len({Dataset("a", split, split).fingerprint() for split in splits}) == 1


PROGRAM = """
import sys
from pathlib import Path
from mnistlab.training.batches import BlockStream, prefetched
from mnistlab.datasets import load_idx, validation_indices

def peak_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6

before = peak_mb()
dataset = load_idx(sys.argv[1])
dataset.fingerprint()
str(dataset)
held_back = validation_indices(dataset.train, 5000)
dataset.train.take(held_back, name="validation")
loaded = peak_mb()
stream = BlockStream(dataset.train.images, dataset.train.labels, batch_size=128, seed=0, held_back=held_back)
num_images = sum(len(images) for images, _, _ in prefetched(stream.blocks(epochs=1)))
print(num_images, loaded - before, peak_mb() - loaded)
"""


@on_linux
def test_a_process_does_not_grow_with_the_file(tmp_path):
    """A file of zeros takes no disk, but its pages count when they are touched."""
    for stem, num_images in (("train", NUM_IMAGES), ("t10k", 10)):
        images = np.broadcast_to(np.uint8(0), (num_images, 28, 28))
        with (tmp_path / f"{stem}-images-idx3-ubyte").open("wb") as file:
            file.write(idx_header(images))
            file.truncate(16 + num_images * 784)
        labels = np.arange(num_images, dtype=np.uint8) % 10
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(idx_header(labels) + labels.tobytes())
    assert isinstance(load_idx(tmp_path).train.images, np.memmap)
    num_images, loading_mb, epoch_mb = map(float, run_python(PROGRAM, tmp_path).stdout.split())
    assert num_images == NUM_IMAGES - 5000
    assert loading_mb < 30
    assert epoch_mb < WINDOW_MB + 40
