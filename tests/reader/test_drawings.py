"""What is no digit though a part of it looks like one: drawings, letters in words, and ink that hardly stands out."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from benchmarks.material import page_cases
from mnistlab.reader import DigitReader
from mnistlab.reader.segmentation import Search
from read_lines import texts_of

PAPER, INK = 235, 50


@pytest.fixture(scope="module")
def reader():
    return DigitReader()


def picture(width=200, height=200):
    canvas = Image.new("L", (width, height), PAPER)
    return canvas, ImageDraw.Draw(canvas)


def face(size=120, pen=6):
    canvas, draw = picture()
    left = top = (200 - size) / 2
    draw.ellipse((left, top, left + size, top + size), outline=INK, width=pen)
    eye = size / 14
    for x in (0.33, 0.67):
        x, y = left + x * size, top + 0.36 * size
        draw.ellipse((x - eye, y - eye, x + eye, y + eye), fill=INK)
    draw.arc((left + 0.25 * size, top + 0.35 * size, left + 0.75 * size, top + 0.8 * size), 30, 150, INK, pen)
    return np.asarray(canvas)


def window(pen=5):
    canvas, draw = picture()
    draw.line([(50, 90), (100, 30), (150, 90), (150, 170), (50, 170), (50, 90)], INK, pen)
    draw.rectangle((65, 105, 90, 130), outline=INK, width=pen)
    draw.rectangle((110, 120, 132, 168), outline=INK, width=pen)
    return np.asarray(canvas)


@pytest.mark.parametrize(
    "photo", [face(), face(80, 4), face(150, 9), window()], ids=["face", "small", "thick", "house"]
)
def test_an_outline_with_something_in_it_is_no_sure_digit(reader, photo):
    assert not [one for one in reader.read(photo) if one.kind == "digit"]


def test_what_is_in_an_outline_is_found_with_it():
    search = Search(face())
    ring = max(search.found, key=lambda one: one.box[2] - one.box[0])
    whole, inner = search.with_enclosed(ring)
    assert len(inner) == 3  # two eyes and a mouth
    assert np.count_nonzero(whole.crop > 100) > np.count_nonzero(ring.crop > 100)
    canvas, draw = picture()
    draw.ellipse((60, 40, 130, 160), outline=INK, width=6)
    draw.ellipse((150, 90, 160, 100), fill=INK)
    search = Search(np.asarray(canvas))
    assert all(search.with_enclosed(one) is None for one in search.found)


def test_a_zero_stays_a_zero_beside_and_around_specks(reader):
    rng = np.random.default_rng(3)
    canvas, draw = picture()
    draw.ellipse((60, 40, 130, 160), outline=INK, width=9)
    photo = np.clip(np.asarray(canvas) + rng.normal(0, 8, (200, 200)), 0, 255).astype(np.uint8)
    photo[100:102, 95:97] = INK
    assert [str(one) for one in reader.read(photo)] == ["0"]


def test_a_letter_in_a_word_is_no_digit_beside_larger_digits(reader, mnist):
    canvas, draw = picture(520, 330)
    draw.text((40, 20), "Amount in EURO", fill=INK, font=ImageFont.load_default(40))
    for at, image in enumerate(mnist.train.images[[7, 9, 0]]):  # a 3, a 4 and a 5
        glyph = Image.fromarray(image).resize((160, 160), Image.Resampling.BICUBIC)
        canvas.paste(INK, (20 + 150 * at, 130), glyph)
    look = reader.look(np.asarray(canvas))
    assert not look.turn
    assert texts_of(look.readings) == ["345"]
    printed = [one for one in look.readings if {"print", "letters"} & {*one.found.marks}]
    assert printed
    assert all(one.trouble is not None and one.trouble.kind == "no digit" for one in printed)
    assert {one.reason for one in printed if one.verdict.kind == "digit"} <= {"It stands in a line of small print."}


def test_boxes_leave_no_ones_and_their_headings_no_digits(reader, mnist):
    """Pictures of the group to choose by, some of them too blurred to be read."""
    make = page_cases.kinds("choose")["boxes of a form"].make
    wrong = []
    for at in range(8):
        case = make(np.random.default_rng(at), mnist.train)
        look = reader.look(case.photo)
        assert not look.turn
        sure = "".join(str(one) for one in look.readings if one.kind == "digit")
        rest = iter("".join(case.lines))
        wrong += [at] if not all(digit in rest for digit in sure) else []  # in this order, some left out
    assert len(wrong) <= 1


@pytest.mark.parametrize("difference", [12, 20])
def test_nothing_is_sure_that_hardly_stands_out(reader, mnist, difference):
    rng = np.random.default_rng(difference)
    image = np.asarray(Image.fromarray(mnist.train.images[0]).resize((120, 120)), float) / 255
    page = np.pad(image, 60)
    photo = np.clip(160 - difference * page + rng.normal(0, difference / 5, page.shape), 0, 255).astype(np.uint8)
    readings = reader.read(photo)
    assert not [one for one in readings if one.kind == "digit"]
    doubtful = [one for one in readings if one.kind == "unsure"]
    assert all(one.trouble is not None for one in doubtful)


def test_a_short_stroke_alone_may_be_a_comma_and_beside_digits_is_a_one(reader):
    def bars(count):
        canvas, draw = picture(200 * count, 200)
        for at in range(count):
            draw.line([(120 + 200 * at, 50), (90 + 200 * at, 150)], INK, 26)
        return [str(one) for one in reader.read(np.asarray(canvas))]

    assert bars(1) == ["1?"]
    assert bars(3) == ["1", "1", "1"]


def test_specks_around_a_broken_digit_belong_to_it(reader, mnist):
    """Digits of one bit, of which a third of the pixels is missing."""
    rng = np.random.default_rng(8)
    right = 0
    for image, label in zip(mnist.train.images[:30], mnist.train.labels[:30].tolist(), strict=True):
        photo = np.where((image > 90) & (rng.random(image.shape) > 0.3), 255, 0).astype(np.uint8)
        right += [one.digit for one in reader.read(photo)] == [label]
    assert right >= 26


def test_a_mark_with_a_dot_below_is_not_sure(reader):
    canvas, draw = picture()
    draw.arc((60, 30, 130, 95), 180, 400, INK, 9)
    draw.line([(118, 85), (95, 130)], INK, 9)
    without = [str(one) for one in reader.read(np.asarray(canvas))]
    draw.ellipse((90, 150, 104, 164), fill=INK)
    dotted = reader.read(np.asarray(canvas))
    assert "7" in without[0] or "2" in without[0]
    assert [one.kind for one in dotted if one.digit is not None] in ([], ["unsure"])


def test_a_bar_along_the_edge_is_no_digit_and_a_one_in_a_tight_cut_is(reader, mnist):
    glyph = np.asarray(Image.fromarray(mnist.train.images[9]).resize((120, 120), Image.Resampling.BICUBIC))
    photo = np.full((200, 220), PAPER, np.uint8)
    photo[40:160, 60:180] -= (glyph.astype(float) / 255 * (PAPER - INK)).astype(np.uint8)
    assert [str(one) for one in reader.read(photo)] == ["4"]
    photo[:, 14:19] = photo[:, 206:211] = INK
    assert [one.digit for one in reader.read(photo) if one.digit is not None] == [4]
    tight = photo[55:150, 60:180].copy()
    tight = np.pad(tight, ((6, 6), (40, 20)), constant_values=PAPER)
    tight[6:-6, 16:26] = INK
    assert [one.digit for one in reader.read(tight)] == [1, 4]


def test_what_reaches_the_edge_of_a_photo_is_not_sure(reader, mnist):
    glyph = np.asarray(Image.fromarray(mnist.train.images[9]).resize((120, 120), Image.Resampling.BICUBIC), float)
    photo = np.full((300, 400), float(PAPER))
    photo[90:210, 140:260] -= glyph / 255 * (PAPER - INK)
    photo[220:, 320:326] = INK  # a stroke that goes on beyond the photo
    readings = reader.read(photo.astype(np.uint8))
    assert [str(one) for one in readings if one.kind == "digit"] == ["4"]
    assert [one.trouble.kind for one in readings if "cut" in one.found.marks] == ["cut off"]
