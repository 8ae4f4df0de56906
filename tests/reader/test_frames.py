"""Rules, tables, boxes and combs are removed by their geometry; the strokes of digits stay."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage.transform import ProjectiveTransform

from benchmarks.material import page_cases
from mnistlab.reader.segmentation import Search, find_digits

PAPER, INK = 235, 40


def page(shape=(240, 420)):
    picture = Image.new("L", shape[::-1], PAPER)
    return picture, ImageDraw.Draw(picture)


def ring(draw, left, top, width=26, height=40):
    """A ring in place of a digit."""
    draw.ellipse((left, top, left + width, top + height), outline=INK, width=5)


@pytest.mark.parametrize("pen", [2, 5])
@pytest.mark.parametrize("tilt", [-6, 0, 5])
def test_the_base_of_a_one_stays(pen, tilt):
    picture, draw = page((200, 200))
    draw.line([(70, 75), (104, 40), (101, 160)], fill=INK, width=pen)
    draw.line([(52, 161 + tilt), (150, 161 - tilt)], fill=INK, width=pen)
    (found,) = find_digits(np.asarray(picture))
    top, left, bottom, right = found.box
    assert (top, left, right) == (pytest.approx(40, abs=3), pytest.approx(52, abs=3), pytest.approx(151, abs=3))
    assert bottom >= 160


def test_a_rule_from_border_to_border_goes_below_a_single_digit():
    picture, draw = page((200, 200))
    ring(draw, 80, 50, 50, 90)
    draw.line([(0, 150), (200, 152)], fill=120, width=2)
    (found,) = find_digits(np.asarray(picture))
    assert found.box == (50, 80, 141, 131)


@pytest.mark.parametrize("gap", [0, 14])
@pytest.mark.parametrize("level", [INK, 150])
def test_boxes_are_no_digits(gap, level):
    picture, draw = page()
    for at in range(4):
        left = 40 + (60 + gap) * at
        draw.rectangle((left, 80, left + 60, 144), outline=level, width=2)
        ring(draw, left + 16, 92)
    found = find_digits(np.asarray(picture))
    assert [(one.line, one.position) for one in found] == [(0, at) for at in range(4)]
    assert all(one.box[3] - one.box[1] == pytest.approx(27, abs=2) for one in found)


def test_the_teeth_of_a_comb_are_no_ones_but_ones_on_a_line_are():
    picture, draw = page()
    draw.line([(40, 140), (280, 140)], fill=INK, width=2)
    for at in range(5):
        draw.line([(40 + 60 * at, 112), (40 + 60 * at, 140)], fill=INK, width=2)
    for at in range(4):
        ring(draw, 58 + 60 * at, 92)
    assert len(find_digits(np.asarray(picture))) == 4
    picture, draw = page()
    draw.line([(0, 140), (420, 140)], fill=150, width=2)
    for at in range(4):
        draw.line([(60 + 60 * at, 95), (60 + 60 * at, 138)], fill=INK, width=5)
    assert len(find_digits(np.asarray(picture))) == 4


def test_a_table_in_perspective_keeps_its_rows():
    """Its sheet is larger than the photo, so that only its rules tell of the perspective."""
    picture, draw = page((420, 520))
    for at in range(6):
        draw.line([(20 + 96 * at, 18), (20 + 96 * at, 402)], fill=110, width=2)
    for at in range(5):
        draw.line([(20, 18 + 96 * at), (500, 18 + 96 * at)], fill=110, width=2)
    for row in range(4):
        for column in range(5):
            ring(draw, 52 + 96 * column, 44 + 96 * row)
    corners = np.array([(0, 0), (520, 0), (520, 420), (0, 420)], float)
    moved = np.add(corners, [(14, 10), (-22, 24), (6, -16), (-4, -2)])
    matrix = np.asarray(ProjectiveTransform.from_estimate(moved, corners).params)
    coefficients = tuple((matrix / matrix[2, 2]).ravel()[:8])
    warped = picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC, fillcolor=PAPER
    )
    found = find_digits(np.asarray(warped))
    assert [(one.line, one.position) for one in found] == [(row, column) for row in range(4) for column in range(5)]


def test_the_leaning_rules_of_a_table_seen_at_a_steep_angle_are_no_ones():
    """By up to 20 degrees, more than a page is turned; not all of them end at a rule."""
    picture, draw = page((330, 700))
    for row in range(4):
        draw.line([(60, 60 + 70 * row), (640, 60 + 70 * row)], fill=90, width=2)
    for column in range(6):
        lean = 9 + 12 * column
        draw.line([(50 + 100 * column, 60), (50 + 100 * column + lean, 270)], fill=90, width=2)
    for row in range(3):
        for column in range(5):
            ring(draw, 90 + 108 * column, 75 + 70 * row)
    found = find_digits(np.asarray(picture))
    assert [(one.line, one.position) for one in found] == [(row, column) for row in range(3) for column in range(5)]


@pytest.mark.parametrize("seed", [5, 9, 77, 97])
def test_the_bars_of_signs_in_one_row_are_no_rule(seed, mnist):
    """Where a rule is taken for one, its plus signs lose their bars and are ones. Sums of the group to choose by."""
    case = page_cases.kinds("choose")["sums"].make(np.random.default_rng(seed), mnist.train)
    assert not Search(case.photo).has_rules


@pytest.mark.parametrize("dash", [40, 90, 260])
def test_squared_paper_in_pieces_leaves_strokes_whole(dash):
    """Rules that noise has cut into pieces hang together as one net that is smaller than the page."""
    picture, draw = page((640, 800))
    for at in range(40, 760, 40):
        for start in range(20 + at % dash, 600, dash):
            draw.line([(at, start), (at, start + dash - 6)], fill=170, width=2)
    for at in range(40, 600, 40):
        for start in range(20 + at % dash, 740, dash):
            draw.line([(start, at), (start + dash - 6, at)], fill=170, width=2)
    for row in range(5):
        for column in range(9):
            ring(draw, 64 + 75 * column, 66 + 110 * row, 36, 56)
    found = find_digits(np.asarray(picture))
    assert len(found) == 45
    assert all(one.box[2] - one.box[0] > 50 and one.box[3] - one.box[1] > 30 for one in found)


def test_small_dark_digits_between_pale_rules_are_no_crumbs_of_them():
    """Thin strokes of 14 pixels, on and beside the lines of squared paper."""
    picture, draw = page((400, 640))
    for at in range(20, 640, 28):
        draw.line([(at, 0), (at, 400)], fill=185, width=3)
    for at in range(20, 400, 28):
        draw.line([(0, at), (640, at)], fill=185, width=3)
    for row in range(6):
        for column in range(20):
            left, top = 26 + 29 * column, 24 + 60 * row
            draw.line([(left, top), (left + 5, top), (left + 2, top + 13)], fill=INK, width=2)
    found = find_digits(np.asarray(picture))
    assert len([one for one in found if one.box[2] - one.box[0] > 8]) >= 110


def test_an_angular_zero_is_not_taken_for_a_box():
    picture, draw = page((200, 200))
    draw.rectangle((70, 40, 125, 150), outline=INK, width=6)
    (found,) = find_digits(np.asarray(picture))
    assert found.box == (40, 70, 151, 126)
