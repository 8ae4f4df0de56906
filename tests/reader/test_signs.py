"""Signs that look like digits: the stroke between the numbers of a date is no 1, a dollar sign no sure 8."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.material.cases import cut_to_ink
from mnistlab.datasets import load_mnist
from mnistlab.reader import DigitReader
from read_lines import texts_of

HEIGHT, PAPER, INK = 60, 240, 30


@pytest.fixture(scope="module")
def digits():
    """A test image of each digit, cut to its ink; the 1 leans."""
    test = load_mnist().test
    found = {}
    for digit in range(10):
        image = test.images[np.flatnonzero(test.labels == digit)[0]]
        found[str(digit)] = Image.fromarray(cut_to_ink(image))
    return found


def written(digits, text, length=1.4, lean=20.0):
    """A line of digits 60 pixels high; each slash so many times as long, and so many degrees from upright."""
    page = Image.new("L", (80 * len(text) + 80, 200), PAPER)
    left, pen = 40, ImageDraw.Draw(page)
    for character in text:
        if character in digits:
            ink = digits[character]
            ink = ink.resize((max(round(ink.width * HEIGHT / ink.height), 4), HEIGHT))
            page.paste(INK, (left, 70), ink)
            left += ink.width + 22
        else:
            high, aside = length * HEIGHT, length * HEIGHT * np.tan(np.radians(lean))
            pen.line((left, 100 + high / 2, left + aside, 100 - high / 2), fill=INK, width=6)
            left += round(aside) + 26
    return np.asarray(page)


@pytest.mark.parametrize("text", ["24/12/2025", "3/4", "07/05", "2/3/98"])
def test_a_date_is_its_digits(digits, text):
    readings = DigitReader().read(written(digits, text))
    assert texts_of(readings) == [text.replace("/", "")]
    refused = [one for one in readings if one.kind == "no digit"]
    assert len(refused) == text.count("/")
    assert {one.reason for one in refused} == {"It is longer than the digits beside it and leans, as a slash does."}
    assert {one.trouble.kind for one in refused} == {"long"}


@pytest.mark.parametrize(("length", "lean"), [(1.2, 20), (1.4, 0)], ids=["short slash", "bar"])
def test_what_may_be_a_slash_or_a_bar_is_unsure(digits, length, lean):
    readings = DigitReader().read(written(digits, "52/07", length, lean))
    assert [one.kind for one in readings if one.digit == 1] in (["unsure"], [])
    assert "".join(str(one.digit) for one in readings if one.kind == "digit") == "5207"


@pytest.mark.parametrize("text", ["2125", "617", "4110", "1512"])
def test_ones_stay_sure(digits, text):
    readings = DigitReader().read(written(digits, text))
    assert texts_of(readings) == [text] and {one.kind for one in readings} == {"digit"}


def test_two_in_a_row_are_not_refused(digits):
    readings = DigitReader().read(written(digits, "5//7"))
    assert [one.kind for one in readings] == ["digit", "unsure", "unsure", "digit"]


@pytest.mark.parametrize("amount", ["350", "16", "2048"])
def test_a_dollar_sign_is_no_sure_digit(digits, amount):
    page = Image.fromarray(written(digits, amount))
    whole = Image.new("L", (page.width + 80, page.height), PAPER)
    whole.paste(page, (80, 0))
    pen = ImageDraw.Draw(whole)
    pen.arc((50, 72, 86, 100), 90, 330, fill=INK, width=6)
    pen.arc((50, 96, 86, 126), 270, 150, fill=INK, width=6)
    pen.line((69, 58, 69, 140), fill=INK, width=5)
    readings = DigitReader().read(np.asarray(whole))
    assert "".join(str(one.digit) for one in readings if one.kind == "digit") == amount
    assert len(readings) == len(amount) + 1


@pytest.mark.parametrize("text", ["8068", "3589", "9632"])
def test_digits_with_curves_are_no_dollar_signs(digits, text):
    assert not any("dollar" in one.found.marks for one in DigitReader().read(written(digits, text)))


def ringed(digits, text, wide=1.0):
    """A line of digits with an ellipse around it, as around the number of a question."""
    page = Image.fromarray(np.pad(written(digits, text), 100, constant_values=PAPER))
    columns = np.flatnonzero((np.asarray(page) < 128).any(axis=0))
    middle, half = (columns[0] + columns[-1]) / 2, max((columns[-1] - columns[0]) / 2, 20) + 32
    ImageDraw.Draw(page).ellipse((middle - wide * half, 135, middle + wide * half, 265), outline=INK, width=5)
    return np.asarray(page)


@pytest.mark.parametrize("text", ["3", "7", "52", "96"])
def test_a_number_in_a_circle_is_read(digits, text):
    assert texts_of(DigitReader().read(ringed(digits, text))) == [text]


def test_a_face_and_a_ring_alone_are_no_digits():
    page = Image.new("L", (300, 300), PAPER)
    pen = ImageDraw.Draw(page)
    pen.ellipse((50, 50, 250, 250), outline=INK, width=8)
    for left in (100, 170):
        pen.ellipse((left, 110, left + 30, 140), outline=INK, width=6)
    pen.arc((100, 140, 200, 210), 20, 160, fill=INK, width=7)
    assert all(one.kind != "digit" for one in DigitReader().read(np.asarray(page)))
