"""Windows of masks, beside SciPy's filters of numbers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from mnistlab.reader.segmentation.windows import all_within, any_around, any_within

MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=30))


@given(MASKS, st.integers(1, 25), st.integers(0, 1), st.data())
def test_any_and_all_are_maximum_and_minimum(mask, size, axis, data):
    ahead = data.draw(st.integers(-((size - 1) // 2), size // 2))
    levels = mask.view(np.uint8)
    highest = ndimage.maximum_filter1d(levels, size, axis=axis, origin=-ahead)
    lowest = ndimage.minimum_filter1d(levels, size, axis=axis, origin=-ahead)
    assert np.array_equal(any_within(mask, size, axis, ahead), highest)
    assert np.array_equal(all_within(mask, size, axis, ahead), lowest)


@given(MASKS, st.integers(1, 12))
def test_around_is_a_square(mask, size):
    assert np.array_equal(any_around(mask, size), ndimage.maximum_filter(mask.view(np.uint8), size))
