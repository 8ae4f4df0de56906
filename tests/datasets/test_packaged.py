"""The MNIST that ships, compared with what is published about it."""

import gzip
import hashlib
import re
import shutil

import numpy as np
import pytest

from mnistlab import datasets
from mnistlab.datasets import load_mnist, packaged
from mnistlab.exceptions import DataError
from processes import imports_of

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def test_mnist_has_the_published_class_counts(mnist):
    assert mnist.train.class_counts.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert mnist.test.class_counts.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_mnist_starts_with_the_published_labels(mnist):
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.test.labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_mnist_has_the_published_mean_and_standard_deviation(mnist):
    """0.1307 and 0.3081 of the scaled training pixels are the constants of PyTorch's MNIST example."""
    histogram = np.bincount(mnist.train.images.reshape(-1), minlength=256)
    pixels = np.arange(256) / 255
    mean = np.average(pixels, weights=histogram)
    assert mean == pytest.approx(0.1307, abs=5e-5)
    assert np.sqrt(np.average((pixels - mean) ** 2, weights=histogram)) == pytest.approx(0.3081, abs=5e-5)


def test_mnist_is_whole_and_of_the_documented_types(mnist):
    assert mnist.name == "MNIST"
    assert (mnist.train.name, mnist.test.name) == ("train", "test")
    for split, num_images in ((mnist.train, 60_000), (mnist.test, 10_000)):
        assert len(split) == split.num_images == num_images
        assert split.images.shape == (num_images, 28, 28)
        assert split.images.dtype == split.labels.dtype == np.uint8


def test_packaged_files_have_the_checksums_that_their_readme_prints():
    readme = (packaged.MNIST_FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"\| `(\S+)\.gz` \| .* \| ([\d,]+) \| `([0-9a-f]{64})` \|", readme)
    assert [name for name, _, _ in rows] == list(FILES)
    for name, num_bytes, sha256 in rows:
        content = gzip.decompress((packaged.MNIST_FOLDER / f"{name}.gz").read_bytes())
        assert f"{len(content):,}" == num_bytes
        assert hashlib.sha256(content).hexdigest() == sha256


@pytest.mark.parametrize("position", range(4))
def test_a_changed_packaged_file_is_refused(position, tmp_path, monkeypatch):
    """One bit of one pixel or label, in a file that is otherwise perfect."""
    for name in FILES:
        shutil.copy(packaged.MNIST_FOLDER / f"{name}.gz", tmp_path)
    changed = tmp_path / f"{FILES[position]}.gz"
    content = bytearray(gzip.decompress(changed.read_bytes()))
    found = hashlib.sha256(content).hexdigest()
    content[-1] ^= 1
    changed.unlink()
    (tmp_path / FILES[position]).write_bytes(content)
    monkeypatch.setattr(packaged, "MNIST_FOLDER", tmp_path)
    with pytest.raises(
        DataError, match=f"{FILES[position]}.*SHA-256 [0-9a-f]{{64}}, but {found} was expected.*Install"
    ):
        load_mnist()


def test_loading_imports_neither_keras_nor_tensorflow():
    program = (
        "from mnistlab import datasets; from mnistlab.datasets import preprocessing; "
        "from mnistlab.evaluation import metrics; datasets.load_mnist()"
    )
    assert imports_of(program, "keras", "tensorflow", "torch", "jax", "matplotlib", "scipy") == []


def test_the_package_exports_what_it_documents():
    assert all(hasattr(datasets, name) for name in datasets.__all__)
    assert {
        "IMAGE_SHAPE",
        "NUM_CLASSES",
        "Dataset",
        "Split",
        "load_idx",
        "load_mnist",
        "load_test_split",
        "split_validation",
        "validation_indices",
    } == set(datasets.__all__)
