"""Pages that lie on their side or upside down are read upright; what is too little to tell stays as it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnistlab import datasets
from mnistlab.reader import DigitReader, lines_of, text_of
from mnistlab.reader.turning import TURNS, turn_box, turn_photo

PAPER, INK = 235, 60


@pytest.fixture(scope="module")
def reader():
    return DigitReader()


def page_of(rows, seed=0, size=64):
    """Training digits in rows."""
    train = datasets.load_mnist().train
    rng = np.random.default_rng(seed)
    page = np.full((60 + 100 * len(rows), 60 + 80 * max(map(len, rows))), float(PAPER))
    for number, row in enumerate(rows):
        for place, digit in enumerate(row):
            chosen = int(rng.choice(np.flatnonzero(train.labels[:5000] == int(digit))))
            glyph = np.asarray(Image.fromarray(train.images[chosen]).resize((size, size), Image.Resampling.BICUBIC))
            top, left = 40 + 100 * number, 30 + 80 * place
            page[top : top + size, left : left + size] -= glyph / 255 * (PAPER - INK)
    return np.clip(page + rng.normal(0, 2, page.shape), 0, 255).astype(np.uint8)


@given(st.sampled_from(TURNS), st.integers(0, 20), st.integers(0, 30), st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=40)
def test_boxes_lead_back_to_the_photo(turn, top, left, height, width):
    photo = np.zeros((30, 40), np.uint8)
    photo[top : top + height, left : left + width] = 255
    rows, columns = np.nonzero(turn_photo(photo, turn))
    box = int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1
    assert turn_box(box, turn, photo.shape) == (top, left, min(top + height, 30), min(left + width, 40))


@pytest.mark.parametrize("turn", TURNS)
def test_a_page_is_read_as_it_was_written(reader, turn):
    rows = ["27345", "49372", "65243"]
    photo = turn_photo(page_of(rows, seed=2), -turn % 360)
    look = reader.look(photo)
    assert look.turn == turn
    assert [text_of(line) for line in lines_of(look.readings)] == rows
    for reading in look.readings:
        top, left, bottom, right = reading.found.box
        assert photo[top:bottom, left:right].min() < INK + 60  # its ink, on the photo as it lies
    assert [trouble.kind for trouble in look.troubles] == (["turned"] if turn else [])


@pytest.mark.parametrize("digit", "0168")
def test_a_digit_alone_is_never_turned(reader, digit):
    for turn in TURNS:
        assert reader.look(turn_photo(page_of([digit]), turn)).turn == 0


def test_nothing_is_sure_on_a_page_without_anything_like_digits(reader):
    rng = np.random.default_rng(5)
    page = np.full((300, 500), PAPER, np.uint8)
    for at in range(8):  # hatchings
        for _ in range(40):
            top, left = 60 + 110 * (at // 4) + int(rng.integers(0, 60)), 40 + 115 * (at % 4)
            page[top : top + 2, left + int(rng.integers(0, 20)) : left + int(rng.integers(30, 70))] = INK
    look = reader.look(page)
    assert not look.turn
    assert all(reading.kind != "digit" for reading in look.readings)
