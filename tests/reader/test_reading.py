"""Digits on whole photos: found, read, explained and drawn; and what the command says of other pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from scipy import ndimage
from skimage.morphology import skeletonize

from mnistlab import datasets
from mnistlab.cli.read import read
from mnistlab.datasets.classes import NUMBERED, named_classes
from mnistlab.exceptions import DataError, UsageError
from mnistlab.inference import pretrained
from mnistlab.reader import DigitReader, annotate, lines_of
from mnistlab.system.text import chance
from other_data import SHOES
from processes import run_python

PAPER, INK = 225, 60


def page_of(rows, seed=0, height=90, noise=3.0):
    """Training digits in rows on paper with a slope of light; returns the page and what stands on it."""
    train = datasets.load_mnist().train
    rng = np.random.default_rng(seed)
    page = np.full((60 + 170 * len(rows), 60 + 130 * max(map(len, rows))), float(PAPER))
    page += np.linspace(-30, 20, page.shape[1])
    for number, row in enumerate(rows):
        for place, digit in enumerate(row):
            chosen = int(rng.choice(np.flatnonzero(train.labels[:5000] == int(digit))))
            glyph = np.asarray(Image.fromarray(train.images[chosen]).resize((height, height), Image.Resampling.BICUBIC))
            top, left = 50 + 170 * number, 40 + 130 * place
            page[top : top + height, left : left + height] -= glyph / 255 * (PAPER - INK)
    page += rng.normal(0, noise, page.shape)
    return np.clip(page, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def reader():
    return DigitReader()


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "number.png"
    Image.fromarray(page_of(["0617294", "38"])).save(path)
    return path


def run(*arguments):
    return CliRunner().invoke(read, [str(argument) for argument in arguments])


def test_lines_are_read_in_order(reader):
    lines = lines_of(reader.read(page_of(["31415", "926", "5358979"])))
    assert ["".join(map(str, line)) for line in lines] == ["31415", "926", "5358979"]
    for number, line in enumerate(lines):
        assert [reading.found.line for reading in line] == [number] * len(line)
        assert [reading.found.position for reading in line] == list(range(len(line)))
        assert all(reading.image.shape == (28, 28) and reading.confidence > 0.5 for reading in line)


def test_light_ink_on_dark_ground_is_read_too(reader):
    readings = reader.read(255 - page_of(["271828"], seed=1))
    assert "".join(map(str, readings)) == "271828"


def test_an_empty_page_has_no_readings(reader):
    assert reader.read(np.full((300, 400), 230, np.uint8)) == []


def test_what_is_no_digit_is_said_to_be_none(reader):
    page = np.pad(page_of(["5"]), ((0, 0), (0, 200)), mode="edge")
    rng = np.random.default_rng(3)
    for _ in range(60):  # a scribble to the right of the digit
        x, y = rng.integers(0, 80, 2)
        page[60 + y : 64 + y, 220 : 220 + x] = INK
    digit, *scribbles = reader.read(page)
    assert digit.digit == 5
    assert scribbles
    assert all(one.kind != "digit" for one in scribbles)  # whatever pieces it falls into, none is a sure digit


def test_every_reading_can_be_explained(reader):
    for reading in reader.read(page_of(["4791"], seed=2)):
        sentences = reader.explain(reading)
        assert sentences[0] == reading.verdict.reason and all(sentence.endswith(".") for sentence in sentences)


def test_an_explanation_names_the_step_that_changed_the_answer(reader):
    """Strokes of a hair are thickened before the network sees them; without that some digits are lost."""
    train = datasets.load_mnist().train
    changed = []
    for index in range(12):
        large = np.asarray(Image.fromarray(train.images[index]).resize((448, 448), Image.Resampling.BICUBIC))
        lines = ndimage.binary_dilation(skeletonize(large > 128))
        page = np.where(np.pad(lines, 40), INK, PAPER).astype(np.uint8)
        changed += [" ".join(reader.explain(reading)) for reading in reader.read(page)]
    named = [text for text in changed if "Without a change of its strokes it would be" in text]
    assert named and all("pixels thick, MNIST's are 2 to 3" in text for text in named)


def test_the_annotated_picture_shows_a_box_around_each_digit(reader):
    page = page_of(["25"])
    readings = reader.read(page)
    picture = np.asarray(annotate(page, readings).convert("RGB")).astype(int)
    changed = np.abs(picture - page[..., None]).max(axis=2) > 40
    for reading in readings:
        top, left, bottom, right = reading.found.box
        assert changed[top - 2, left:right].mean() > 0.9 and changed[top:bottom, left - 2].mean() > 0.9
    large = annotate(np.full((5000, 100), 200, np.uint8), [])
    assert large.size == (48, 2400)


def test_the_command_prints_the_digits(photo):
    result = run(photo)
    assert result.exit_code == 0, result.output
    first, second = result.output.splitlines()[:2]
    assert first.startswith("0 6 1 7 2 9 4 ") and "lowest confidence" in first
    assert second.startswith("3 8")


def test_the_command_writes_json_and_a_picture(photo, tmp_path):
    target = tmp_path / "answers.png"
    result = run(photo, "--json", "--annotate", target, "--explain")
    found = json.loads(result.output)[0]
    assert found["lines"] == ["0617294", "38"] and len(found["digits"]) == len(found["explanations"]) == 9
    assert set(found["digits"][0]["box"]) == {"top", "left", "bottom", "right"}
    with Image.open(target) as picture:
        assert picture.format == "PNG"
    again = run(photo, "--annotate", target)
    assert isinstance(again.exception, UsageError) and "left as it is" in str(again.exception)


def test_one_bad_photo_does_not_stop_the_others(photo, tmp_path):
    blank, text = tmp_path / "blank.png", tmp_path / "text.jpg"
    Image.new("L", (300, 200), 240).save(blank)
    text.write_text("no picture")
    result = run(photo, blank, text)
    assert "0 6 1 7 2 9 4" in result.output and "shows no digit" in result.output
    assert isinstance(result.exception, DataError) and "2 of 3" in str(result.exception)
    alone = run(blank)
    assert isinstance(alone.exception, DataError) and "nothing stands out" in str(alone.exception)


def test_a_photo_without_digits_is_explained_and_drawn(tmp_path):
    blob, drawn = tmp_path / "blob.png", tmp_path / "drawn.png"
    picture = np.full((600, 600), PAPER, np.uint8)
    picture[100:200, 80:220] = INK
    Image.fromarray(picture).save(blob)
    result = run(blob, "--explain", "--annotate", drawn)
    assert isinstance(result.exception, DataError) and "It looks" in str(result.exception)
    assert "another mark, at 80, 100 to 220, 200" in result.output and drawn.is_file()
    found = json.loads(run(blob, "--json").output)[0]
    assert found["lines"] == [] and found["digits"][0]["kind"] == "no digit"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured on Linux")
def test_a_dense_page_is_read_in_bounded_memory(tmp_path):
    page = np.full((1250, 1600), PAPER, np.uint8)
    for top in range(20, 1220, 26):
        for left in range(20, 1570, 24):
            page[top : top + 16, left : left + 10] = INK
            page[top + 4 : top + 12, left + 3 : left + 7] = PAPER
    Image.fromarray(page).save(tmp_path / "dense.png")
    program = (
        "import sys; from mnistlab.reader import DigitReader; found = DigitReader().read(sys.argv[1]); "
        "status = open('/proc/self/status').read(); print(len(found), status.split('VmHWM:')[1].split()[0])"
    )
    count, peak = run_python(program, tmp_path / "dense.png").stdout.split()
    assert int(count) > 2500
    assert int(peak) / 1024 < 300


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.png", "b.png", "--annotate", "c.png"), "2 were given"),
        (("a.png", "--annotate", "c.jpg"), "ends in .png"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_read(arguments, message):
    result = run(*arguments)
    assert isinstance(result.exception, UsageError) and message in str(result.exception)


def test_a_network_of_other_classes_gives_their_names(reader):
    named = DigitReader(pretrained(), named_classes(SHOES))
    page = page_of(["72"])
    for digit, other in zip(reader.read(page), named.read(page), strict=True):
        assert other.name == SHOES[digit.digit]
        assert other.to_dict()["class"] == other.name
        assert "class" not in digit.to_dict()
        assert str(other) == str(digit).replace(str(digit.digit), other.name)
        assert other.reason == f"It is {other.name} ({chance(other.confidence)})."
        for sentence in named.explain(other)[1:]:
            assert not any(f"a {number}" in sentence for number in range(10))


def test_classes_without_names_are_numbered():
    (reading,) = DigitReader(pretrained(), NUMBERED).read(page_of(["7"]))
    assert reading.reason.startswith("It is class 7 (")
    assert (str(reading), reading.name) == ("7", "7")
