"""Small pictures made large: what they show is found at the size that it has."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mnistlab.datasets import load_mnist
from mnistlab.reader import DigitReader
from mnistlab.reader.segmentation import grain
from read_lines import texts_of

NEAREST, BICUBIC = Image.Resampling.NEAREST, Image.Resampling.BICUBIC


@pytest.fixture(scope="module")
def small():
    """Test images of all digits, cut to their ink and brought to 11 pixels, as coarse as they can be told."""
    test = load_mnist().test
    found = {}
    for digit in range(10):
        image = test.images[np.flatnonzero(test.labels == digit)[0]]
        found[digit] = np.asarray(Image.fromarray(image[3:25, 3:25]).resize((11, 11), Image.Resampling.BOX))
    return found


def enlarged(image, side, resampling):
    return np.asarray(Image.fromarray(image).resize((side, side), resampling))


def read(photo):
    return texts_of(DigitReader().read(photo))


@given(st.integers(4, 30), st.integers(10, 30), st.integers(0, 2**32))
def test_squares_keep_two_pixels_each(side, pixels, seed):
    dots = np.random.default_rng(seed).integers(0, 256, (pixels, pixels)).astype(np.uint8)
    picture = np.kron(dots, np.ones((side, side), np.uint8))
    most = pixels * side // 12
    assert grain(picture) == pytest.approx(min(side / 2, most), abs=1)


@pytest.mark.parametrize("by", [12, 20])
def test_a_smooth_picture_loses_nothing(small, by):
    picture = enlarged(small[5], 11 * by, BICUBIC)
    factor = grain(picture)
    assert by / 5 <= factor <= by / 2
    again = Image.fromarray(picture).reduce(factor).resize(picture.shape[::-1], BICUBIC)
    assert np.abs(np.asarray(again, int) - picture).mean() < 8


def test_sharp_strokes_noise_and_bare_paper_stay_as_they_are():
    sharp = np.full((200, 200), 240, np.uint8)
    sharp[40:160, 95:103] = 20
    noise = np.random.default_rng(1).integers(0, 256, (200, 200)).astype(np.uint8)
    assert [grain(picture) for picture in (sharp, noise, np.full((200, 200), 240, np.uint8))] == [1, 1, 1]


@pytest.mark.parametrize("resampling", [NEAREST, BICUBIC], ids=["squares", "smooth"])
@pytest.mark.parametrize("ground", [0, 255])
def test_digits_of_eleven_pixels_made_large_are_read(small, resampling, ground):
    answers = [
        read(enlarged(np.abs(ground - small[digit].astype(int)).astype(np.uint8), 242, resampling)) for digit in small
    ]
    assert sum(answer == [str(digit)] for digit, answer in zip(small, answers, strict=True)) >= 9


def test_boxes_are_those_of_the_photo(small):
    photo = 255 - enlarged(small[3], 242, NEAREST)
    photo = np.pad(photo, ((30, 90), (60, 30)), constant_values=255)
    (found,) = DigitReader().read(photo)
    top, left, bottom, right = found.found.box
    rows, columns = (np.flatnonzero((photo < 128).any(axis=axis)) for axis in (1, 0))
    assert (top, left, bottom, right) == pytest.approx((rows[0], columns[0], rows[-1], columns[-1]), abs=26)
