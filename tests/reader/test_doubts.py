"""What looks like a digit but may be something else: nothing is sure, and the reason is said."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistlab.reader import DigitReader
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
    assert all("edge or a mark" in one.reason or "cut off" in one.reason for one in doubtful)
    assert all(one.trouble.kind in ("no digit", "cut off") for one in doubtful)


def test_a_broken_six_is_one_digit_and_not_sure(reader):
    """Its stem and its bowl, each of which looks like a digit."""
    stem, bowl = [(128, 30), (104, 84)], (80, 96, 150, 176)
    (one,) = reader.read(drawn(stem, bowl))
    assert (str(one), one.trouble.kind) == ("6?", "broken")
    assert "two pieces" in one.reason
    column = reader.read(drawn([(118, 20), (110, 90)], (76, 130, 150, 206)))
    assert [str(one) for one in column] == ["1", "0"]
