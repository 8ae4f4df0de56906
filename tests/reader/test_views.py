"""Sheets seen at an angle are straightened, ground goes around a digit that fills its picture, and boxes lead back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from skimage.draw import polygon2mask

from mnistlab.reader.segmentation import find_digits
from mnistlab.reader.segmentation.views import find_sheet, pad_with_ground, straighten, view_of

CORNERS = np.array([(90.0, 70.0), (510.0, 95.0), (540.0, 400.0), (60.0, 370.0)])  # right, down


def on_desk(corners=CORNERS, shape=(460, 600), paper=220, desk=50):
    sheet = polygon2mask(shape, corners[:, ::-1])
    return np.where(sheet, paper, desk).astype(np.uint8)


@given(st.lists(st.floats(-25, 25), min_size=8, max_size=8))
@settings(max_examples=25, deadline=None)
def test_corners_are_where_they_were_drawn(moves):
    corners = CORNERS + np.reshape(moves, (4, 2))
    found = find_sheet(on_desk(corners))
    if found is not None:  # nearly a rectangle needs no help
        assert np.hypot(*(found - corners).T).max() < 4


def test_a_straightened_sheet_leads_back_to_the_photo():
    photo = on_desk()
    view = straighten(photo, find_sheet(photo))
    height, width = view.photo.shape
    right, down = view.on_photo(np.array([0.0, width, width, 0]), np.array([0.0, 0, height, height]))
    assert np.hypot(*(np.column_stack([right, down]) - CORNERS).T).max() < 12
    assert view.photo.mean() > 210  # no desk is left
    assert view.is_straightened


@pytest.mark.parametrize(
    "photo",
    [
        np.full((300, 400), 200, np.uint8),
        on_desk(np.array([(60, 50), (540, 50), (540, 410), (60, 410)], float)),  # from straight above
        on_desk(np.array([(-40, 70), (510, 95), (540, 400), (-60, 370)], float)),  # beyond the photo
        on_desk(desk=200),  # hardly darker
    ],
)
def test_what_is_no_clear_sheet_stays_as_it_is(photo):
    assert find_sheet(photo) is None


def test_digits_on_a_tilted_sheet_have_boxes_on_the_photo():
    photo = Image.fromarray(on_desk())
    draw = ImageDraw.Draw(photo)
    boxes = [(150 + 80 * at, 200, 190 + 80 * at, 260) for at in range(4)]
    for box in boxes:
        draw.rectangle(box, outline=30, width=8)
    found = find_digits(np.asarray(photo))
    assert len(found) == 4
    for one, (left, top, right, bottom) in zip(found, boxes, strict=True):
        assert np.abs(np.subtract(one.box, (top, left, bottom + 1, right + 1))).max() <= 4


@pytest.mark.parametrize("is_light", [False, True])
def test_a_digit_that_fills_its_picture_is_one_digit(is_light):
    picture = np.zeros((28, 28), np.uint8)
    picture[0:4, 2:26] = picture[0:28, 20:24] = 255  # a 7 from border to border
    photo = picture if is_light else 255 - picture
    view = pad_with_ground(photo)
    assert view.sign == (1 if is_light else -1)
    (found,) = find_digits(photo)
    assert found.box == (0, 2, 28, 26)
    assert (found.crop > 127).sum() == pytest.approx((picture > 0).sum(), rel=0.1)


def test_no_ground_is_added_where_none_is_known():
    large = np.full((1200, 1200), 230, np.uint8)
    large[:, :30] = 20
    assert pad_with_ground(large) is None
    rng = np.random.default_rng(0)
    assert pad_with_ground(rng.integers(0, 256, (60, 60), np.uint8)) is None
    inside = np.full((60, 60), 230, np.uint8)
    inside[20:40, 28:32] = 20
    assert view_of(inside).margin == 0
