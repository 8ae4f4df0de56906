"""What looks like a digit but may be something else: nothing is sure, and the reason is said."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistlab.reader import DigitReader
from mnistlab.reader.segmentation import Search
from mnistlab.reader.segmentation.skew import measure_skew

PAPER, INK = 235, 50


@pytest.fixture(scope="module")
def reader():
    return DigitReader()


def drawn(*strokes, size=(220, 220), pen=9):
    """A picture of strokes, each a list of points (right, down), or a ring (left, top, right, bottom)."""
    canvas = Image.new("L", size, PAPER)
    draw = ImageDraw.Draw(canvas)
    for stroke in strokes:
        if isinstance(stroke, tuple):
            draw.ellipse(stroke, outline=INK, width=pen)
        else:
            draw.line(stroke, INK, pen, joint="curve")
            for x, y in (stroke[0], stroke[-1]):
                draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=INK)
    return np.asarray(canvas)


def flagged(degrees, length=0.5):
    """A 1 whose flag falls to the left by some degrees, 120 pixels high."""
    angle = np.radians(degrees)
    top = np.array([130.0, 50.0])
    start = top + 120 * length * np.array([-np.cos(angle), np.sin(angle)])
    return [tuple(start.tolist()), (130, 50), (112, 170)]


@pytest.mark.parametrize("degrees", [38, 45, 55, 65])
@pytest.mark.parametrize("pen", [4, 9, 14])
def test_a_lone_character_stays_as_it_was_written(reader, degrees, pen):
    """The ink along its flag would make the flag level, and the 1 a 7."""
    photo = drawn(flagged(degrees), pen=pen)
    assert measure_skew(photo < 128) == 0
    assert [str(one) for one in reader.read(photo)] == ["1"]


@pytest.mark.parametrize("degrees", [-8, -4, 4, 8])
def test_a_line_of_characters_and_a_rule_tell_how_a_page_is_turned(degrees):
    """A few digits are no line; four and more are, and so is a rule across the page."""

    def turned(canvas):
        return np.asarray(canvas.rotate(-degrees, Image.Resampling.BILINEAR, fillcolor=PAPER)) < 140

    line = Image.new("L", (600, 300), PAPER)
    draw = ImageDraw.Draw(line)
    for left in range(60, 540, 70):
        draw.rectangle((left, 120, left + 40, 170), outline=INK, width=7)
    assert measure_skew(turned(line)) == pytest.approx(degrees, abs=0.5)
    few = line.copy()
    ImageDraw.Draw(few).rectangle((250, 0, 600, 300), fill=PAPER)
    assert measure_skew(turned(few)) == 0
    ImageDraw.Draw(few).line([(40, 250), (560, 250)], INK, 4)
    assert measure_skew(turned(few)) == pytest.approx(degrees, abs=0.5)


@pytest.mark.parametrize("pen", [5, 8])
@pytest.mark.parametrize("ring", [44, 56])
def test_the_pieces_of_a_percent_sign_are_not_sure(reader, pen, ring):
    slash = [(150, 50), (70, 170)]
    photo = drawn((50, 50, 50 + ring, 50 + ring), slash, (170 - ring, 170 - ring, 170, 170), pen=pen)
    assert not [one for one in reader.read(photo) if one.kind == "digit"]


def test_zeros_around_a_one_are_no_percent_sign(reader):
    """Of one height in a row."""
    photo = drawn((20, 50, 100, 170), [(140, 50), (120, 170)], (160, 50, 240, 170), size=(260, 220))
    assert [str(one) for one in reader.read(photo)] == ["0", "1", "0"]


@pytest.mark.parametrize(("left", "height"), [(5, 110), (211, 100), (24, 30)])
def test_an_edge_or_a_mark_beside_a_digit_is_no_sure_one(reader, left, height):
    """A thin line at the edge of the picture; a short stroke far smaller than the digit, in a line of its own."""
    photo = drawn((60, 40, 150, 180)).copy()
    top = 8 if height < 50 else 30
    photo[top : top + height, left : left + (3 if height > 50 else 6)] = INK
    readings = reader.read(photo)
    assert [one.digit for one in readings if one.kind == "digit"] == [0]
    doubtful = [one for one in readings if one.kind == "unsure"]
    assert all("edge or part" in one.reason or "cut off" in one.reason for one in doubtful)
    assert all(one.trouble.kind in ("no digit", "cut off") for one in doubtful)


def test_a_broken_six_is_one_digit_and_not_sure(reader):
    """Its stem and its bowl, each of which looks like a digit."""
    stem, bowl = [(128, 30), (104, 84)], (80, 96, 150, 176)
    (one,) = reader.read(drawn(stem, bowl))
    assert (str(one), one.trouble.kind) == ("6?", "broken")
    assert "two pieces" in one.reason
    column = reader.read(drawn([(118, 20), (110, 90)], (76, 130, 150, 206)))
    assert [str(one) for one in column] == ["1", "0"]


LEGS = [[(70, 40), (62, 180)], [(150, 40), (142, 180)]]


@pytest.mark.parametrize(
    "strokes",
    [
        [*LEGS, [(80, 112), (132, 108)]],  # an H whose bar touches nothing
        [[(30, 110), (190, 108)], [(113, 70), (109, 88)], [(111, 130), (108, 148)]],  # a sign of division
        [(70, 70, 150, 150), [(110, 20), (108, 55)], [(110, 165), (112, 205)], [(20, 108), (55, 110)]],  # a sun
    ],
)
def test_a_stroke_beside_something_that_is_no_digit_is_no_sure_one(reader, strokes):
    assert not [one for one in reader.read(drawn(*strokes, pen=7)) if one.kind == "digit" and one.digit == 1]


def test_two_strokes_alone_are_two_ones(reader):
    assert [str(one) for one in reader.read(drawn(*LEGS, pen=7))] == ["1", "1"]


def test_what_stands_close_above_may_be_a_piece(reader):
    """A 7 above a 1 that begins where it ends; further apart, both are digits."""

    def column(gap):
        one = [(96, 130 + gap), (84, 200 + gap)]
        return drawn([(60, 50), (140, 50), (100, 130)], one, (200, 90, 260, 180), size=(320, 340))

    doubtful = [one for one in reader.read(column(12)) if one.kind == "unsure"]
    assert sorted(one.digit for one in doubtful) == [1, 7]
    assert {one.trouble.kind for one in doubtful} == {"broken"}
    assert sorted(str(one) for one in reader.read(column(60))) == ["0", "1", "7"]


@pytest.mark.parametrize("size", [(120, 130), (300, 320)])
def test_a_finger_at_the_border_is_no_digit_and_no_piece_of_one(reader, size):
    """On small pictures, ground is added around what reaches the border."""
    width, height = size
    points = np.array([(0.62, 0.2), (0.4, 0.2), (0.38, 0.38), (0.55, 0.4), (0.6, 0.55), (0.5, 0.64), (0.36, 0.6)])
    photo = drawn([tuple(point) for point in (points * size).tolist()], size=size, pen=height // 18).copy()
    rows, columns = np.indices(photo.shape)
    photo[np.hypot(rows - height * 1.02, columns - width / 2) < 0.28 * height] = INK + 60
    answers = reader.read(photo)
    assert 5 in [one.digit for one in answers]
    assert all(one.digit == 5 for one in answers if one.kind == "digit")


@pytest.mark.parametrize("size", [(43, 71), (56, 84)])
def test_light_ink_at_the_border_is_as_light_as_the_rest_on_black(size):
    """Where cells of the picture hold ink, its ground is not quite black; it must not make the ink upon it fainter."""
    width, height = size
    points = np.array([(0.8, 0.1), (0.25, 0.1), (0.2, 0.45), (0.6, 0.4), (0.8, 0.65), (0.6, 0.85), (0.15, 0.85)])
    for number in range(8):
        rng = np.random.default_rng(number)
        canvas = Image.new("L", size)
        line = [tuple(point) for point in (points * size + rng.uniform(-2, 2, points.shape)).tolist()]
        ImageDraw.Draw(canvas).line(line, 255, 5, joint="curve")
        ink = (np.asarray(canvas) > 0) & (rng.random((height, width)) > 0.2)
        (one,) = Search(np.where(ink, 255, 0).astype(np.uint8)).found
        assert one.crop[one.crop > 0].min() > 200
