"""Figures and cards: light ink on dark plates on a light page, and the other way round."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mnistlab.datasets import load_mnist
from mnistlab.reader import DigitReader
from mnistlab.reader.segmentation import Search, blend, find_plates
from read_lines import texts_of

PAGE, GROUND = 250, 25


@pytest.fixture(scope="module")
def images():
    """A test image of each digit."""
    test = load_mnist().test
    return [test.images[np.flatnonzero(test.labels == digit)[0]] for digit in range(10)]


def plot(images, columns, side=120, gap=18, tilt=0.0):
    """Plates in rows, as a figure of MNIST shows them."""
    rows = -(-len(images) // columns)
    page = np.full((rows * (side + gap) + 3 * gap, columns * (side + gap) + 3 * gap), PAGE, np.uint8)
    for at, image in enumerate(images):
        top, left = (2 * gap + place * (side + gap) for place in divmod(at, columns))
        page[top : top + side, left : left + side] = np.asarray(Image.fromarray(image).resize((side, side)))
    return np.asarray(Image.fromarray(page).rotate(tilt, Image.Resampling.BICUBIC, fillcolor=PAGE))


def read(photo):
    return texts_of(DigitReader().read(photo))


@pytest.mark.parametrize("turn", [lambda photo: photo, lambda photo: 255 - photo], ids=["dark plates", "light plates"])
@pytest.mark.parametrize("tilt", [0, 3])
def test_a_figure_of_mnist_is_read(images, turn, tilt):
    photo = turn(plot(images, 5, tilt=tilt))
    assert len(find_plates(photo)) == 10
    assert read(photo) == ["01234", "56789"]


@pytest.mark.parametrize("digit", range(10))
def test_one_image_in_a_plot_is_read(images, digit):
    photo = plot([images[digit]], 1, side=280, gap=60)
    (plate,) = find_plates(photo)
    assert plate.corners == pytest.approx(np.array([(120, 120), (399, 120), (399, 399), (120, 399)]), abs=2)
    assert plate.holds((200, 200, 300, 300)) and not plate.holds((0, 0, 90, 500))
    assert read(photo) == [str(digit)]


def test_ticks_at_its_axes_and_ink_at_its_edge_leave_a_plate(images):
    photo = plot([np.roll(images[7], 4, axis=1)], 1, side=196, gap=30).copy()
    for at in range(70, 250, 30):
        photo[at, 52:60] = photo[256:264, at] = 0  # ticks left of it and below it
    (plate,) = find_plates(photo)
    assert plate.corners == pytest.approx(np.array([(60, 60), (255, 60), (255, 255), (60, 255)]), abs=9)


def test_blending_leaves_the_page_and_makes_the_plate_like_it(images):
    photo = plot([images[3]], 1)
    blended = blend(photo, find_plates(photo))
    assert blended.shape == photo.shape and blended.dtype == np.uint8
    assert np.array_equal(blended[:30], photo[:30])
    assert np.median(blended[36:156, 36:156]) == PAGE
    assert blended[36:156, 36:156].min() < 60
    assert np.array_equal(blend(photo, []), photo)


@pytest.mark.parametrize("size", [48, 120])
@pytest.mark.parametrize("text", list("0689ABDOPQR%:="))
def test_thick_letters_and_digits_are_no_plates(text, size):
    picture = Image.new("L", (220, 220), PAGE)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(picture).text((60, 40), text, fill=GROUND, font=font, stroke_width=size // 14)
    assert find_plates(np.asarray(picture)) == []


def test_a_box_a_sheet_and_a_bare_card_are_no_plates():
    box = np.full((200, 300), PAGE, np.uint8)
    box[50:150, 80:220] = GROUND
    bare = find_plates(box)
    box[56:144, 86:214] = PAGE  # a frame
    sheet = np.full((200, 300), GROUND, np.uint8)
    sheet[20:, 30:] = PAGE  # reaches two borders
    assert [*bare, *find_plates(box), *find_plates(sheet)] == []
    assert find_plates(np.full((40, 40), 128, np.uint8)) == []


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("digit", [0, 5, 8])
def test_the_canvas_of_a_program_is_read_among_its_captions(images, digit, is_dark):
    window = Image.new("L", (420, 480), 240)
    draw = ImageDraw.Draw(window)
    draw.rectangle((0, 0, 420, 28), fill=255)
    draw.text((10, 8), "Digit recognizer", fill=0)
    canvas = Image.fromarray(images[digit] if is_dark else 255 - images[digit]).resize((300, 300))
    window.paste(canvas, (60, 50))
    for left, text in ((70, "Clear"), (220, "Predict")):
        draw.rectangle((left, 390, left + 120, 420), fill=225, outline=150)
        draw.text((left + 30, 398), text, fill=0)
    sure = [reading.digit for reading in DigitReader().read(np.asarray(window)) if reading.kind == "digit"]
    assert sure == [digit]


@pytest.mark.parametrize("ground", [255, 25], ids=["white plates", "dark plates"])
@pytest.mark.parametrize("columns", [1, 3])
def test_numbers_at_the_axes_and_titles_are_not_read(images, ground, columns):
    side, chosen = 200, images[4:10:2][:columns]
    page = Image.new("L", (columns * 260 + 40, 290), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(11)
    for at, image in enumerate(chosen):
        left = 40 + 260 * at
        plate = Image.fromarray(image if ground < 128 else 255 - image).resize((side, side), 0)
        page.paste(plate, (left, 40))
        pen.rectangle((left - 1, 39, left + side, 40 + side), outline=0)
        pen.text((left + 100, 22), f"Label: {4 + 2 * at}", fill=0, font=font)
        for number in range(0, 28, 5):
            place = (number + 0.5) / 28 * side
            pen.text((left + place, 46 + side), str(number), fill=0, font=font, anchor="mt")
            pen.text((left - 7, 40 + place), str(number), fill=0, font=font, anchor="rm")
    assert read(np.asarray(page)) == ["468"[:columns]]
    print_like = [one for one in DigitReader().read(np.asarray(page)) if one.kind == "no digit"]
    assert len(print_like) > 8 and {one.trouble.kind for one in print_like} == {"no digit"}


def test_a_page_with_nothing_on_it_has_no_labels():
    assert Search(np.full((200, 300), PAGE, np.uint8)).labels_of_plots([]) == []


def test_small_digits_beside_large_ones_on_squared_paper_are_read(images):
    """Every digit has rules on all sides there; these go on beyond the squares around it."""
    page = np.full((420, 900), 235, np.uint8)
    page[20::44], page[:, 20::44] = 170, 170
    for side, top in ((150, 30), (26, 300)):
        for at, image in enumerate(images[2:7]):
            left = 40 + at * round(1.08 * side)
            ink = np.asarray(Image.fromarray(image).resize((side, side)))
            window = page[top : top + side, left : left + side]
            window[:] = np.minimum(window, 235 - (ink.astype(int) * 200) // 255)
    readings = DigitReader().read(page)
    assert not any("print" in one.found.marks for one in readings)
    assert read(page) == ["23456", "23456"]
