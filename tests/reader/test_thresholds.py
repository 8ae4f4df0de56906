"""The two thresholds, compared with scikit-image's."""

import numpy as np
import pytest
from skimage.filters import threshold_otsu, threshold_sauvola

from mnistlab.reader.segmentation.thresholds import otsu_threshold, sauvola_threshold


@pytest.mark.parametrize("seed", range(20))
def test_otsus_threshold_is_scikit_images(seed):
    rng = np.random.default_rng(seed)
    values = rng.gamma(2, 0.1, int(rng.integers(2, 3000))).astype(np.float32)
    assert otsu_threshold(values) == threshold_otsu(values)


@pytest.mark.parametrize(
    ("height", "width", "window"), [(2, 2, 3), (3, 50, 3), (40, 61, 31), (50, 50, 49), (120, 97, 7)]
)
def test_sauvolas_threshold_is_scikit_images(height, width, window):
    levels = np.random.default_rng(height).integers(0, 256, (height, width)).astype(np.uint8)
    levels[: height // 2, : width // 2] = 230  # a place without contrast
    np.testing.assert_array_equal(
        sauvola_threshold(levels, window, k=0.2, r=128), threshold_sauvola(levels, window, k=0.2, r=128)
    )
