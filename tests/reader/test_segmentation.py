"""Digits are found on drawn and composed pages, in reading order, whatever light, paper and turn."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from benchmarks.material import pages
from mnistlab.exceptions import UsageError
from mnistlab.reader.segmentation import find_digits
from mnistlab.reader.segmentation.light import find_ink, remove_light
from mnistlab.reader.segmentation.ruling import remove_ruling
from mnistlab.reader.segmentation.skew import level, measure_skew

BOXES = [[(60, 40, 100, 62), (58, 90, 99, 118), (61, 150, 98, 175)], [(150, 50, 190, 70), (152, 120, 188, 150)]]


def draw(boxes=BOXES, shape=(240, 220), paper=225, ink=40):
    """Rings in place of digits: as large, and with ground inside."""
    photo = np.full(shape, paper, np.uint8)
    for line in boxes:
        for top, left, bottom, right in line:
            photo[top:bottom, left:right] = ink
            photo[top + 6 : bottom - 6, left + 6 : right - 6] = paper
    return photo


def moved(by):
    """The boxes so many pixels further down and right."""
    return [[tuple(place + by for place in box) for box in row] for row in BOXES]


def check(photo, boxes=BOXES, tolerance=1):
    """Each box is found, in its line and place."""
    found = find_digits(photo)
    assert [(one.line, one.position) for one in found] == [
        (i, j) for i, row in enumerate(boxes) for j in range(len(row))
    ]
    flat = [box for line in boxes for box in line]
    assert np.abs(np.subtract([one.box for one in found], flat)).max() <= tolerance
    return found


def share(one, other):
    """Intersection over union of two boxes."""
    sides = [min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1)]
    both = max(sides[0], 0) * max(sides[1], 0)
    return both / (sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - both)


def test_boxes_and_crops():
    photo = draw()
    for one in check(photo):
        top, left, bottom, right = one.box
        assert one.marks == ()
        rows, columns = np.nonzero(one.crop > 127)
        assert (rows.max() + 1 - rows.min(), columns.max() + 1 - columns.min()) == (bottom - top, right - left)
        cut = one.crop[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert np.abs(cut.astype(int) - np.where(photo[top:bottom, left:right] == 40, 255, 0)).max() <= 8
        border = np.concatenate([one.crop[0], one.crop[-1], one.crop[:, 0], one.crop[:, -1]])
        assert not border.any()


def test_light_ink_on_dark_ground():
    for bright, dark in zip(check(draw()), check(255 - draw()), strict=True):
        assert np.abs(bright.crop.astype(int) - dark.crop).max() <= 8


def test_uneven_light():
    down, right = np.meshgrid(np.linspace(0, 1, 240), np.linspace(0, 1, 220), indexing="ij")
    light = 1 - 0.5 * right - 0.15 * down * right
    check(np.round(draw() * light).astype(np.uint8))


@pytest.mark.parametrize("table", [5, 40, 90, 140])
def test_a_sheet_on_a_table(table):
    sheet = np.pad(draw(), 100, constant_values=225)
    photo = np.pad(sheet, 100, constant_values=table) + np.random.default_rng(0).normal(0, 2, (640, 620))
    check(np.clip(photo, 0, 255).astype(np.uint8), moved(200), tolerance=2)


def test_a_sharp_shadow_across_digits_is_no_digit():
    photo = np.pad(draw(), 200, constant_values=225)
    down, right = np.indices(photo.shape)
    in_shadow = right - 0.4 * down > 180  # through the middle of both lines
    noise = np.random.default_rng(0).normal(0, 2, photo.shape)
    photo = np.clip(np.where(in_shadow, 0.4, 1) * photo + noise, 0, 255).astype(np.uint8)
    check(photo, moved(200), tolerance=2)
    blank = np.clip(np.where(in_shadow, 90, 225) + noise, 0, 255).astype(np.uint8)
    assert find_digits(blank) == []


def test_the_dark_edge_of_a_scan_is_no_digit():
    photo = np.pad(draw(), 200, constant_values=225)
    photo[:, :40] = 20
    check(photo, moved(200))


@pytest.mark.parametrize("stroke", [60, 120, 200])
def test_bold_strokes(stroke):
    photo = np.full((1200, 1200), 230, np.uint8)
    photo[150:1050, 500 : 500 + stroke] = 30
    (found,) = find_digits(photo)
    assert share(found.box, (150, 500, 1050, 500 + stroke)) > 0.95


def test_pencil_beside_a_marker():
    photo = np.vstack([draw(ink=20), draw(ink=155)])
    lower = [[(top + 240, left, bottom + 240, right) for top, left, bottom, right in row] for row in BOXES]
    check(photo, BOXES + lower)


def test_noise_and_specks():
    rng = np.random.default_rng(0)
    photo = np.clip(draw() + rng.normal(0, 8, (240, 220)), 0, 255)
    for _ in range(25):
        row, column = rng.integers(0, 215, 2)
        if (photo[max(row - 9, 0) : row + 11, max(column - 9, 0) : column + 11] > 100).all():
            photo[row : row + 2, column : column + 2] = 40
    check(photo.astype(np.uint8))


@pytest.mark.parametrize("ruling", ["ruled", "squared"])
@pytest.mark.parametrize("width", [1, 3])
def test_printed_lines_are_taken_away(ruling, width):
    photo = draw(shape=(240, 420))
    lines = np.zeros(photo.shape, bool)
    for start in range(7, 240, 24):
        lines[start : start + width] = True
    for start in range(11, 420, 24) if ruling == "squared" else ():
        lines[:, start : start + width] = True
    ruled = np.where(lines, np.minimum(photo, 140), photo).astype(np.uint8)
    check(ruled, tolerance=3)
    lit = remove_light(ruled)
    left, where = remove_ruling(find_ink(lit.ink, lit.noise), lit.ink)
    assert left[lines & (photo == 225)].mean() < 0.02
    assert not left[~lines & (photo == 225)].any()
    assert (where | ~lines | (photo != 225)).mean() > 0.99
    assert (left[photo == 40]).mean() > 0.97


def test_broken_strokes_are_joined():
    photo = draw()
    photo[78:81] = 225  # through every digit of the first line
    found = check(photo)
    assert len(found) == 5


def test_touching_digits_are_parted():
    """Two of a line that a short bar connects, beside others that tell how wide digits are."""
    boxes = [[(60, 30, 100, 56), (60, 60, 100, 86), (60, 120, 100, 146), (60, 170, 100, 196)]]
    photo = draw(boxes)
    photo[78:82, 55:61] = 40
    found = find_digits(photo)
    assert [one.marks for one in found] == [("parted",), ("parted",), (), ()]
    assert all(share(one.box, box) > 0.8 for one, box in zip(found, boxes[0], strict=True))


def test_what_cannot_be_parted_is_marked():
    photo = draw([[(60, 30, 100, 56), (60, 120, 100, 146), (60, 170, 100, 196)]])
    photo[60:100, 30:90] = 40  # a block
    assert [one.marks for one in find_digits(photo)] == [("touching",), (), ()]


@pytest.mark.parametrize("degrees", [-10, -3, 5, 10])
def test_turned_pages(degrees):
    boxes = [[(60 + 70 * i, 60 + 45 * j, 100 + 70 * i, 84 + 45 * j) for j in range(9)] for i in range(4)]
    photo = draw(boxes, (400, 520))
    turned = ndimage.rotate(photo, degrees, order=1, cval=225)
    lit = remove_light(turned)
    assert measure_skew(lit.ink > 0.4) == pytest.approx(-degrees, abs=0.5)
    found = find_digits(turned)
    assert [(one.line, one.position) for one in found] == [(i, j) for i in range(4) for j in range(9)]
    # The crop is level again: its rings are as upright as they were.
    heights = [np.ptp(np.nonzero(one.crop > 127)[0]) + 1 for one in found]
    assert np.abs(np.subtract(heights, 40)).max() <= 2


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.4, 3.0))
@settings(max_examples=25)
def test_place_and_size_do_not_matter(down, right, scale):
    boxes = [[tuple(round(scale * side) for side in box) for box in line] for line in BOXES]
    shape = tuple(round(scale * side) for side in (240, 220))
    small = Image.fromarray(draw()).resize(shape[::-1], Image.Resampling.BOX)
    photo = np.pad(np.asarray(small), ((down, 10), (right, 10)), constant_values=225)
    moved = [[(t + down, le + right, b + down, r + right) for t, le, b, r in line] for line in boxes]
    check(photo, moved, tolerance=2)


def test_a_strip_is_not_turned_into_a_field():
    """Slanted marks on a strip of paper 50 pixels wide: turned, it would be as large as 25 photos."""
    strip = np.full((12_000, 50), 230, np.uint8)
    for top in range(20, 11_900, 40):
        for right in range(40):
            strip[top + right // 5 : top + right // 5 + 4, 5 + right] = 20
    assert abs(measure_skew(strip < 100)) > 5
    tracemalloc.start()
    find_digits(strip)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6  # 1.2 GB if it is turned
    for shape in ((1000, 1400), (300, 3000), (3000, 300)):  # what people take photos of
        assert level(shape, 12.0).offset.any()


def test_large_photos_are_looked_at_reduced_and_cut_from_whole():
    photo = np.kron(draw(), np.ones((14, 14), np.uint8))  # 10.3 million pixels
    large = [[tuple(14 * side for side in box) for box in line] for line in BOXES]
    found = check(photo, large, tolerance=8)
    assert all(max(one.crop.shape) > 100 for one in found)
    photo = np.full((3000, 4000), 225, np.uint8)
    photo[100:340, 200:420] = draw()  # as small as before, on a large photo
    moved = [[(t + 100, le + 200, b + 100, r + 200) for t, le, b, r in line] for line in BOXES]
    for one in check(photo, moved, tolerance=4):
        assert max(np.ptp(np.nonzero(one.crop > 127), axis=1)) + 1 >= 36  # not the 13 pixels of the copy


@pytest.mark.parametrize("style", ["clean", "hard"])
def test_composed_pages(mnist, style):
    """Small pages of what benchmarks/measure/reader.py measures on large ones."""
    digits = hits = in_order = 0
    for seed in range(4):
        page = pages.compose(mnist.train, seed, pages.STYLES[style], shape=(800, 1000))
        found = find_digits(page.photo)
        nearest = [max(range(len(found)), key=lambda i: share(digit.box, found[i].box)) for digit in page.digits]
        good = [
            (index, digit)
            for index, digit in zip(nearest, page.digits, strict=True)
            if share(digit.box, found[index].box) >= 0.5
        ]
        digits, hits = digits + len(page.digits), hits + len({index for index, _ in good})
        in_order += sum(one[0] < other[0] for one, other in pairwise(good))
    assert digits > 60
    assert hits >= 0.97 * digits
    assert in_order >= 0.97 * (hits - 4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (10, 10), (3, 3000), (300, 300)])
def test_nothing_is_found_where_nothing_is(shape):
    rng = np.random.default_rng(0)
    assert find_digits(np.full(shape, 128, np.uint8)) == []
    assert find_digits(np.zeros(shape, np.uint8)) == []
    noise = np.clip(rng.normal(200, 6, shape), 0, 255).astype(np.uint8)
    assert find_digits(noise) == []


@given(
    st.integers(1, 60).flatmap(lambda height: st.tuples(st.just(height), st.integers(1, 60))), st.integers(0, 2**32 - 1)
)
@settings(max_examples=60)
def test_anything_has_an_answer(shape, seed):
    rng = np.random.default_rng(seed)
    photo = rng.choice(np.array([0, 90, 200, 255], np.uint8), shape, p=[0.1, 0.1, 0.3, 0.5])
    for one in find_digits(ndimage.median_filter(photo, 3)):
        top, left, bottom, right = one.box
        assert 0 <= top < bottom <= shape[0]
        assert 0 <= left < right <= shape[1]


@pytest.mark.parametrize("photo", [np.zeros((20, 20)), np.zeros((20, 20, 3), np.uint8), np.zeros((0, 4), np.uint8)])
def test_other_arrays_are_refused(photo):
    with pytest.raises(UsageError, match=r"find_digits got .* expected"):
        find_digits(photo)
