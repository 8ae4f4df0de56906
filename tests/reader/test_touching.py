"""Digits that touch are parted where the pieces are most like digits, and what makes them doubtful has a name."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw

from benchmarks.material import page_cases, pages
from mnistlab.cli.read import read
from mnistlab.reader import DigitReader, lines_of, text_of
from mnistlab.reader.segmentation import Search

PAPER, INK = 235, 50


@pytest.fixture(scope="module")
def reader():
    return DigitReader()


def chain_of_zeros(count, overlap=4):
    picture = Image.new("L", (90 + 40 * count, 110), PAPER)
    draw = ImageDraw.Draw(picture)
    for at in range(count):
        left = 40 + (40 - overlap) * at
        draw.ellipse((left, 30, left + 40, 82), outline=INK, width=5)
    return np.asarray(picture)


@pytest.mark.parametrize("count", [2, 3])
def test_zeros_that_share_a_stroke_are_never_another_number(reader, count):
    readings = reader.read(chain_of_zeros(count))
    text = "".join(text_of(line) for line in lines_of(readings))
    assert text == "0" * count or all(reading.kind != "digit" for reading in readings)


def test_small_lines_of_digits_that_touch_are_no_print(reader, mnist):
    """Pieces look less like digits than the rest, and their line is far smaller than others."""
    touching = [pages.compose(mnist.train, seed, pages.TOUCHING) for seed in (1002, 1005)]
    for page in touching:
        readings = reader.read(page.photo)
        assert sum("print" in one.found.marks for one in readings) < 0.02 * len(page.digits)
        assert sum(one.digit is not None for one in readings) > 0.9 * len(page.digits)


def test_pieces_of_a_find_cover_it_in_every_way():
    search = Search(chain_of_zeros(3))
    (found,) = search.found
    rows = search.pieces(found)
    assert rows[0][-1][0] == len(rows)  # one piece is the whole
    whole = rows[0][-1][1]
    assert whole.box == found.box
    for first, row in enumerate(rows):
        for last, piece in row:
            assert last > first
            top, left, bottom, right = piece.box
            assert found.box[0] <= top < bottom <= found.box[2]
            assert found.box[1] <= left < right <= found.box[3]


def troubles_of(photo, reader):
    return {reading.trouble.kind for reading in reader.read(photo) if reading.trouble is not None}


def test_every_doubt_has_a_name_and_an_advice(reader):
    cut = np.full((200, 200), PAPER, np.uint8)
    cut[0:70, 80:90] = cut[0:70, 100:108] = cut[60:70, 60:130] = INK  # strokes from beyond the edge
    assert troubles_of(cut, reader) <= {"cut off", "touching"}
    small = np.full((60, 90), PAPER, np.uint8)
    small[20:28, 20:29:2] = INK
    assert troubles_of(small, reader) <= {"small"}
    for reading in reader.read(cut) + reader.read(small):
        assert (reading.trouble is None) == (reading.kind == "digit")
        if reading.trouble is not None:
            assert reading.trouble.sentence.endswith(".") and reading.trouble.advice.endswith(".")
            assert str(reading.trouble) in reader.explain(reading)
            assert reading.to_dict()["trouble"] == reading.trouble.to_dict()


def test_the_command_tells_of_the_photo(tmp_path, mnist):
    case = page_cases.kinds("choose")["turned pages"].make(np.random.default_rng(3), mnist.train)
    Image.fromarray(case.photo).save(tmp_path / "turned.png")
    result = CliRunner().invoke(read, [str(tmp_path / "turned.png"), "--json"])
    (found,) = json.loads(result.output)
    assert {"turn", "troubles"} <= set(found)
    if found["turn"]:
        assert found["troubles"][0]["kind"] == "turned"
        text = CliRunner().invoke(read, [str(tmp_path / "turned.png")]).output
        assert text.startswith(f"The photo was rotated by {found['turn']} degrees")


@pytest.mark.parametrize("name", page_cases.MAKERS)
def test_pages_are_the_same_for_the_same_seed(name, mnist):
    kind = page_cases.KINDS[name]
    one, same, other = (kind.make(np.random.default_rng(seed), mnist.train) for seed in (1, 1, 2))
    assert np.array_equal(one.photo, same.photo) and one.lines == same.lines
    assert one.photo.shape != other.photo.shape or (one.photo != other.photo).any()
    assert one.photo.dtype == np.uint8 and all(line.isdigit() for line in one.lines)


def test_cuts_run_through_the_stroke_that_two_zeros_share(reader):
    """Two slanted rings that overlap by a whole stroke, where there is more ink than anywhere else."""
    picture = Image.new("L", (200, 140), PAPER)
    draw = ImageDraw.Draw(picture)
    for left in (40, 85):
        points = [
            (left + 26 + 26 * np.cos(a) - 8 * np.sin(a), 70 + 40 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 60)
        ]
        draw.line(points, INK, 8, joint="curve")
    readings = reader.read(np.asarray(picture))
    assert [one.digit for one in readings] == [0, 0]
