"""Folders of IDX files."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from idx_files import write_folder, write_idx
from mnistlab.datasets import load_idx, load_test_split
from mnistlab.exceptions import DataError

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@pytest.fixture
def folder(tmp_path, tiny):
    """A data set of six training and two test images, one file of each split compressed."""
    folder = tmp_path / "my-digits"
    folder.mkdir()
    write_idx(folder / f"{FILES[0]}.gz", tiny.images, gzip.compress)
    write_idx(folder / FILES[1], tiny.labels)
    write_idx(folder / FILES[2], tiny.images[:2])
    write_idx(folder / f"{FILES[3]}.gz", tiny.labels[:2], gzip.compress)
    return folder


def test_a_folder_loads_plain_and_compressed_files(folder, tiny):
    dataset = load_idx(folder)
    assert dataset.name == "my-digits"
    np.testing.assert_array_equal(dataset.train.images, tiny.images)
    np.testing.assert_array_equal(dataset.train.labels, tiny.labels)
    np.testing.assert_array_equal(dataset.test.images, tiny.images[:2])
    np.testing.assert_array_equal(dataset.test.labels, tiny.labels[:2])
    assert isinstance(dataset.test.images, np.memmap)
    assert load_idx(str(folder), name="mine").name == "mine"


def test_the_plain_file_is_preferred(folder, tiny):
    write_idx(folder / FILES[0], 255 - tiny.images)
    images = load_idx(folder).train.images
    np.testing.assert_array_equal(images, 255 - tiny.images)
    assert isinstance(images, np.memmap)


def test_missing_files_are_named(folder):
    (folder / FILES[1]).unlink()
    (folder / f"{FILES[3]}.gz").unlink()
    with pytest.raises(
        DataError,
        match=r"lacks 2 of the 4 expected IDX files: train-labels-idx1-ubyte, t10k-labels-idx1-ubyte. Put them",
    ):
        load_idx(folder)


def test_a_folder_that_is_none(folder, tmp_path):
    with pytest.raises(DataError, match=r"The folder .*nowhere is missing: one with MNIST's IDX files was expected"):
        load_idx(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is a file, but a folder with MNIST's IDX files was expected"):
        load_idx(folder / FILES[1])


@pytest.mark.parametrize(
    ("error", "pattern"),
    [
        (PermissionError(13, "Permission denied"), "may not be read by this user"),
        (OSError(5, "I/O error"), "I/O error"),
    ],
)
def test_a_folder_that_the_system_refuses(folder, monkeypatch, error, pattern):
    def refuse(self):
        raise error

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DataError, match=pattern):
        load_idx(folder)


def test_images_and_labels_must_agree_in_number(folder):
    write_idx(folder / FILES[1], [1, 2, 3])
    with pytest.raises(
        DataError, match=r"train-images-idx3-ubyte.gz holds 6 images, but train-labels-idx1-ubyte holds 3 labels"
    ):
        load_idx(folder)


def test_a_training_split_without_images_is_refused(folder):
    write_idx(folder / FILES[0], np.zeros((0, 28, 28)))
    write_idx(folder / FILES[1], [])
    with pytest.raises(DataError, match="train-images-idx3-ubyte holds no images, but a training needs some"):
        load_idx(folder)


def test_a_broken_file_in_a_folder_is_named(folder):
    (folder / f"{FILES[3]}.gz").write_bytes(b"<html>")
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte.gz is a web page"):
        load_idx(folder)


def test_a_test_split_loads_from_two_files(folder, tiny):
    (folder / f"{FILES[0]}.gz").unlink()
    (folder / FILES[1]).unlink()
    split = load_test_split(folder)
    assert split.name == "test"
    np.testing.assert_array_equal(split.images, tiny.images[:2])
    np.testing.assert_array_equal(split.labels, tiny.labels[:2])


def test_a_test_split_names_what_is_missing_and_needs_an_image(folder):
    (folder / FILES[2]).unlink()
    with pytest.raises(DataError, match="lacks 1 of the 2 expected IDX files: t10k-images-idx3-ubyte"):
        load_test_split(folder)
    write_idx(folder / FILES[2], np.zeros((0, 28, 28)))
    write_idx(folder / FILES[3], [])
    with pytest.raises(DataError, match="holds no images, but a score needs some"):
        load_test_split(folder)


def test_an_empty_test_split_is_refused(mnist, tmp_path):
    write_folder(tmp_path, mnist, 2, 0)
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte holds no images, but a score needs some"):
        load_idx(tmp_path)
