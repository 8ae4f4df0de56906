"""The notebook's steps, against the notebook's own arithmetic and hand-written rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnistlab.datasets.preprocessing import flatten_images, from_one_hot, one_hot, scale_pixels
from mnistlab.exceptions import UsageError

RAMP = np.arange(256, dtype=np.uint8)


def test_flatten_lays_rows_end_to_end():
    images = np.arange(2 * 784).reshape(2, 28, 28)
    flat = flatten_images(images)
    assert flat.shape == (2, 784)
    assert flat[1, 28 * 3 + 5] == images[1, 3, 5]
    assert np.shares_memory(flat, images)
    assert flatten_images(images[:0]).shape == (0, 784)


@pytest.mark.parametrize("shape", [(28, 28), (2, 784), (2, 32, 32), (2, 28, 28, 1)])
def test_flatten_refuses_other_shapes(shape):
    with pytest.raises(UsageError, match=r"flatten_images got shape \(.*\), but \(num_images, 28, 28\) was expected"):
        flatten_images(np.zeros(shape, dtype=np.uint8))


def test_scale_is_the_notebooks_arithmetic_bit_by_bit():
    notebook = RAMP.astype("float32")
    notebook /= 255
    scaled = scale_pixels(RAMP)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, notebook)
    assert (scaled.min(), scaled.max()) == (0, 1)


def test_scale_and_flatten_may_swap():
    images = np.tile(RAMP, 49)[: 16 * 784].reshape(16, 28, 28)
    np.testing.assert_array_equal(flatten_images(scale_pixels(images)), scale_pixels(flatten_images(images)))


def test_scaling_twice_is_refused():
    with pytest.raises(ValueError, match=r"scale_pixels got float32, but uint8 pixels.*scale them once"):
        scale_pixels(scale_pixels(RAMP))


def test_one_hot_rows_are_the_identity_in_the_order_of_the_labels():
    labels = np.array([3, 0, 9, 3], dtype=np.uint8)
    rows = one_hot(labels)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, np.eye(10)[labels])
    assert one_hot([]).shape == (0, 10)


@given(arrays.arrays(np.uint8, st.integers(0, 50)))
def test_one_hot_comes_back(labels):
    decoded = from_one_hot(one_hot(labels, num_classes=256))
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, labels)


@pytest.mark.parametrize(
    ("labels", "num_classes", "pattern"),
    [
        ([1, 10], 10, "labels from 1 to 10, but 0 to 9 was expected. Raise num_classes"),
        ([-1], 10, "labels from -1 to -1, but 0 to 9 was expected"),
        ([1.0], 10, r"labels float64 \(1,\), but integers \(num_labels,\) were expected"),
        (np.eye(3, dtype=int), 10, r"labels int64 \(3, 3\), but integers.*encode them once"),
        ([0], 0, "num_classes is 0, but 1 to 256 was expected"),
        ([0], 257, "num_classes is 257, but 1 to 256 was expected"),
    ],
)
def test_one_hot_refuses(labels, num_classes, pattern):
    with pytest.raises(UsageError, match=pattern):
        one_hot(labels, num_classes)


@pytest.mark.parametrize("row", [[0, 0, 0], [1, 1, 0], [0.2, 0.7, 0.1], [2, 0, 0], [1, -1, 1], [np.nan, 1, 0]])
def test_from_one_hot_refuses_rows_that_are_not_one_hot(row):
    with pytest.raises(UsageError, match="a row that is not one-hot at position 1, but a single 1 among zeros was"):
        from_one_hot([[0, 1, 0], row])


@pytest.mark.parametrize("shape", [(3,), (0, 0), (2, 257), (1, 2, 3)])
def test_from_one_hot_refuses_other_shapes(shape):
    with pytest.raises(
        UsageError, match=r"from_one_hot got shape \(.*\), but \(num_labels, num_classes\) with 1 to 256"
    ):
        from_one_hot(np.zeros(shape))
