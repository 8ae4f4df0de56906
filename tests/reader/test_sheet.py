"""The page for one's own digits: made, written on, photographed from anywhere, and read back."""

import shutil
import subprocess

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image
from scipy import ndimage
from skimage.transform import ProjectiveTransform

from mnistlab import evaluation, training
from mnistlab.cli.main import cli
from mnistlab.datasets import Dataset, load_idx
from mnistlab.exceptions import DataError, UsageError
from mnistlab.inference import Classifier
from mnistlab.reader.sheet import draw_page, layout, make_sheet, read_sheets, write_dataset
from mnistlab.reader.sheet.boxes import locate
from mnistlab.reader.sheet.page import find_page
from mnistlab.recipes import RECIPES

PIXELS_PER_MM = 8
HELD_BACK = 55_000  # the training images from here on are the handwriting
WRITTEN_MM = 12.0  # side of an MNIST image on paper, so digits are about 8.6 mm high
TURNS = {"upright": 0, "left": 90, "upside down": 180, "right": 270}


def render(paper="a4"):
    """The page as grey levels, drawn by Matplotlib's rasteriser from the same figure as the PDF."""
    figure = draw_page(paper)
    figure.set_dpi(25.4 * PIXELS_PER_MM)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("L"))


def frame_corner(paper):
    """Where the middle of the upper left mark is on the rendered page, x and y in millimetres."""
    width, height = layout.PAPERS[paper]
    return (width - layout.FRAME_WIDTH) / 2, (height - layout.FRAME_HEIGHT) / 2


def write(page, images, rng, paper="a4", ink=0.85, boxes=layout.BOXES):
    """The page with an MNIST image in each box, in a pen of some darkness, each a little off the middle."""
    page = page.astype(np.float32)
    left, top = frame_corner(paper)
    side = round(WRITTEN_MM * PIXELS_PER_MM)
    for box, image in zip(boxes, images, strict=True):
        x = left + box.left + layout.BOX_WIDTH / 2 + rng.uniform(-0.8, 0.8)
        y = top + box.top + layout.BOX_HEIGHT / 2 + rng.uniform(-1.5, 1.5)
        strokes = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC), np.float32) / 255
        corner = round(y * PIXELS_PER_MM - side / 2), round(x * PIXELS_PER_MM - side / 2)
        page[corner[0] : corner[0] + side, corner[1] : corner[1] + side] *= 1 - ink * strokes
    return page


def photograph(page, rng, *, turn=0, size=(1700, 2200), tilt=0.06, noise=4.0, blur=0.6, light=(0.55, 0.95), bend=0.0):
    """The page on a dark table: turned, in perspective, with uneven light, blur and noise; `bend` in millimetres."""
    height, width = page.shape
    out = np.array(size if turn % 180 == 0 else size[::-1], float)
    page_size = np.array([width, height] if turn % 180 == 0 else [height, width])
    fitted = page_size * min(out / page_size) * 0.86
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)
    corners = (out - fitted) / 2 + square * fitted + rng.uniform(-tilt, tilt, (4, 2)) * min(out) / 2
    source = np.roll(square * [width, height], turn // 90, axis=0)
    matrix = np.asarray(ProjectiveTransform.from_estimate(corners, source).params)
    xs, ys = np.meshgrid(np.arange(out[0]) + 0.5, np.arange(out[1]) + 0.5)
    x, y, w = np.tensordot(matrix, np.stack([xs, ys, np.ones_like(xs)]), 1)
    x, y = x / w, y / w
    y = y + bend * PIXELS_PER_MM * np.sin(np.pi * x / width)
    reduction = np.sqrt(page.size / (fitted[0] * fitted[1]))  # a lens blurs what a sensor would alias
    sharp = ndimage.gaussian_filter(page, 0.4 * reduction)
    photo = ndimage.map_coordinates(sharp, [y - 0.5, x - 0.5], order=1, cval=60.0)
    angle = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * xs / out[0] + np.sin(angle) * ys / out[1] + 1.5) / 3
    photo = ndimage.gaussian_filter(photo * (light[0] + (light[1] - light[0]) * slope), blur)
    return np.clip(photo + rng.normal(0, noise, photo.shape), 0, 255).astype(np.uint8)


def save(photo, path):
    Image.fromarray(photo).save(path, quality=88)
    return path


@pytest.fixture(scope="module")
def blank():
    return render()


@pytest.fixture(scope="module")
def handwriting(mnist):
    """Digits that no test's network has seen, in the order of the boxes."""

    def choose(rng):
        labels = mnist.train.labels[HELD_BACK:]
        chosen = [HELD_BACK + rng.choice(np.flatnonzero(labels == box.digit)) for box in layout.BOXES]
        return mnist.train.images[chosen]

    return choose


def similarity(image, other):
    """Correlation of two images, the best of small shifts."""
    shifts = [np.roll(image, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return max(np.corrcoef(shift.ravel(), other.ravel())[0, 1] for shift in shifts)


def test_layout_fits_the_papers():
    for width, height in layout.PAPERS.values():
        reach = layout.MARK_SIDES[0] / 2 + 5  # printers leave 5 mm
        assert layout.FRAME_WIDTH / 2 + reach <= width / 2
        assert layout.FRAME_HEIGHT / 2 + reach <= height / 2
    assert len(layout.BOXES) == layout.NUM_BOXES == 100
    for split in (True, False):
        digits = [box.digit for box in layout.BOXES if box.is_for_test is split]
        assert np.bincount(digits).tolist() == [5] * 10
    assert layout.STRIP_BITS[::-1] != layout.STRIP_BITS  # a mirror image is another strip


@pytest.mark.parametrize("paper", layout.PAPERS)
def test_pdf_is_a_page_of_the_papers_size_and_never_replaces_a_file(paper, tmp_path):
    path = tmp_path / "sheet.pdf"
    make_sheet(path, paper)
    content = path.read_bytes()
    assert content.startswith(b"%PDF-")
    width, height = (side / 25.4 * 72 for side in layout.PAPERS[paper])
    box = content[content.index(b"/MediaBox") :].partition(b"]")[0].partition(b"[")[2].split()
    assert [float(number) for number in box] == pytest.approx([0, 0, width, height], abs=0.1)
    with pytest.raises(UsageError, match=r"sheet\.pdf exists and is left as it is"):
        make_sheet(path, paper)
    assert path.read_bytes() == content
    make_sheet(tmp_path / "again.pdf", paper)
    assert (tmp_path / "again.pdf").read_bytes() == content
    with pytest.raises(UsageError, match=r"ends in \.pdf"):
        make_sheet(tmp_path / "sheet.png")


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="another program draws the PDF")
def test_pdf_shows_what_the_figure_shows(blank, tmp_path):
    make_sheet(tmp_path / "sheet.pdf")
    command = ["pdftoppm", "-gray", "-r", str(25.4 * PIXELS_PER_MM), tmp_path / "sheet.pdf", tmp_path / "page"]
    subprocess.run(command, check=True)
    with Image.open(next(tmp_path.glob("page*.pgm"))) as picture:
        drawn = np.asarray(picture)
    assert np.abs(np.subtract(drawn.shape, blank.shape)).max() <= 1
    height, width = np.minimum(drawn.shape, blank.shape)
    difference = drawn[:height, :width].astype(float) - blank[:height, :width]
    assert np.abs(ndimage.gaussian_filter(difference, PIXELS_PER_MM)).max() < 40  # letters are drawn in different ways
    page = find_page(photograph(drawn, np.random.default_rng(0)), "photo")
    assert np.abs(locate(page)).max() < 0.25


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_every_digit_comes_back_from_its_box(turn, blank, handwriting, tmp_path):
    """Each box must give the very digit that was written there: a wrong box or way up would give another."""
    rng = np.random.default_rng(turn)
    images = handwriting(rng)
    photo = save(photograph(write(blank, images, rng), rng, turn=turn), tmp_path / "photo.jpg")
    cells = read_sheets([photo]).cells[0]
    assert [(cell.box.row, cell.box.digit) for cell in cells] == [
        (row, digit) for row in range(10) for digit in range(10)
    ]
    close = [similarity(cell.image, image) > 0.8 for cell, image in zip(cells, images, strict=True) if cell.image.any()]
    assert sum(close) >= 99


@pytest.mark.parametrize(
    ("paper", "conditions"),
    [
        ("letter", {"turn": 0}),
        ("a4", {"tilt": 0.16}),
        ("a4", {"noise": 10.0, "light": (0.25, 0.6)}),
        ("a4", {"bend": 1.2}),
        ("a4", {"size": (850, 1100)}),
        ("a4", {"size": (3000, 4000), "blur": 2.0}),
    ],
    ids=["letter", "tilted", "dark and noisy", "bent", "small", "12 megapixels"],
)
def test_hard_photos(paper, conditions, blank, handwriting, tmp_path):
    rng = np.random.default_rng(5)
    images = handwriting(rng)
    page = write(blank if paper == "a4" else render(paper), images, rng, paper)
    cells = read_sheets([save(photograph(page, rng, **conditions), tmp_path / "photo.jpg")]).cells[0]
    close = [
        similarity(cell.image, image) > 0.75 for cell, image in zip(cells, images, strict=True) if cell.image.any()
    ]
    assert sum(close) >= 99


def test_boxes_of_a_bent_page_are_found_by_their_lines(blank):
    """The middle of the page is 1.2 mm from where the corners say it is; the marks' own rows are not."""
    photo = photograph(blank, np.random.default_rng(0), bend=1.2, tilt=0.0)
    down = locate(find_page(photo, "photo"))[:, 1].reshape(10, 10)
    assert down[:, 4:6].min() < -0.9
    assert np.abs(down[:, 4:6].mean() - down[:, [0, 9]].mean()) > 0.5
    assert np.abs(locate(find_page(photograph(blank, np.random.default_rng(0)), "photo"))).max() < 0.25


def test_empty_and_blackened_boxes_are_left_out(blank, handwriting, tmp_path):
    rng = np.random.default_rng(1)
    written = [number for number in range(100) if number % 7 and number != 12]
    images = handwriting(rng)[written]
    page = write(blank, images, rng, boxes=[layout.BOXES[number] for number in written])
    left, top = frame_corner("a4")
    spoiled, specked = layout.BOXES[12], layout.BOXES[0]
    y, x = (round((offset + at) * PIXELS_PER_MM) for offset, at in ((top, spoiled.top), (left, spoiled.left)))
    page[y + 8 : y + 16 * PIXELS_PER_MM - 8, x + 8 : x + 13 * PIXELS_PER_MM - 8] = 30
    y, x = (round((offset + at + 6) * PIXELS_PER_MM) for offset, at in ((top, specked.top), (left, specked.left)))
    page[y : y + 4, x : x + 4] = 30  # half a millimetre of dirt
    reading = read_sheets([save(photograph(page, rng), tmp_path / "photo.jpg")])
    states = [cell.state for cell in reading.cells[0]]
    assert [number for number in range(100) if states[number] == "digit"] == written
    assert [number for number in range(100) if states[number] == "blackened"] == [12]
    assert reading.count("empty") == 15
    dataset = write_dataset(reading, tmp_path / "mydigits")
    again = load_idx(tmp_path / "mydigits")
    for split in ("train", "test"):
        mine = [
            cell for cell in reading.cells[0] if cell.state == "digit" and cell.box.is_for_test == (split == "test")
        ]
        assert getattr(again, split).labels.tolist() == [cell.box.digit for cell in mine]
        np.testing.assert_array_equal(getattr(again, split).images, [cell.image for cell in mine])
    assert again.fingerprint() == dataset.fingerprint()
    assert again.classes.is_digits  # a network that was trained on them reads digits
    with Image.open(tmp_path / "mydigits" / "contact-sheet.png") as contact:
        assert contact.size[0] > 1000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mydigits", "photo.jpg"]
    with pytest.raises(UsageError, match="mydigits exists and is left as it is"):
        write_dataset(reading, tmp_path / "mydigits")


def test_one_row_is_no_data_set(blank, handwriting, tmp_path):
    rng = np.random.default_rng(2)
    page = write(blank, handwriting(rng)[:10], rng, boxes=layout.BOXES[:10])
    reading = read_sheets([save(photograph(page, rng), tmp_path / "photo.jpg")])
    with pytest.raises(DataError, match=r"10 for the train split and 0 for the test split.*two rows or more"):
        write_dataset(reading, tmp_path / "mydigits")
    assert not (tmp_path / "mydigits").exists()


def mark_covered(page, corner):
    page = page.copy()
    left, top = frame_corner("a4")
    x, y = (round((a + b) * PIXELS_PER_MM) for a, b in zip((left, top), layout.MARKS[corner], strict=True))
    page[y - 60 : y + 60, x - 60 : x + 60] = 255
    return page


@pytest.mark.parametrize("corner", range(4))
def test_a_missing_corner_is_named(corner, blank):
    place = ["upper left", "upper right", "lower right", "lower left"][corner]
    with pytest.raises(DataError, match=f"3 of the 4 corner marks; the one at the {place} of the photo is missing"):
        find_page(photograph(mark_covered(blank, corner), np.random.default_rng(3)), "photo")


def test_what_cannot_be_read_is_refused_in_a_sentence(blank, tmp_path):
    rng = np.random.default_rng(4)
    good = photograph(blank, rng)
    with pytest.raises(DataError, match="shows no page of `mnistlab sheet make`: 0 of its 4 corner marks"):
        find_page(rng.integers(0, 256, (900, 700)).astype(np.uint8), "photo")
    with pytest.raises(DataError, match="shows no page"):
        find_page(np.full((900, 700), 200, np.uint8), "photo")
    with pytest.raises(DataError, match=r"photo is too small: a millimetre of the page has 1\.\d pixels"):
        find_page(photograph(blank, rng, size=(500, 650), blur=0.1), "photo")
    with pytest.raises(DataError, match=r"not the black strip.*not in a mirror"):
        find_page(good[:, ::-1], "photo")
    with pytest.raises(DataError, match=r"too blurred|shows no page|3 of the 4"):
        find_page(ndimage.gaussian_filter(good, 6), "photo")
    with pytest.raises(DataError, match=r"photo is too blurred: from black to white it takes [12]\.\d mm"):
        find_page(ndimage.gaussian_filter(good, 4.5), "photo")
    with pytest.raises(DataError, match="Nothing is written in the boxes"):
        read_sheets([save(good, tmp_path / "photo.jpg")])


def test_commands(blank, handwriting, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(6)
    run = CliRunner().invoke
    assert "mnistlab sheet read" in run(cli, ["sheet", "make", "sheet.pdf", "--paper", "letter"]).output
    assert isinstance(run(cli, ["sheet", "make", "sheet.pdf"]).exception, UsageError)
    written = [number for number in range(100) if number != 40]
    page = write(blank, handwriting(rng)[written], rng, boxes=[layout.BOXES[number] for number in written])
    save(photograph(page, rng), tmp_path / "photo.jpg")
    result = run(cli, ["sheet", "read", "photo.jpg", "photo.jpg", "--out", "mydigits"])
    assert result.exit_code == 0, result.output
    assert "198 digits; left out: 2 empty boxes" in result.output
    assert "98 images to train on (odd rows), 100 to test on (even rows)" in result.output
    assert len(load_idx(tmp_path / "mydigits").train) == 98
    assert isinstance(run(cli, ["sheet", "read", "photo.jpg", "--out", "mydigits"]).exception, UsageError)
    assert isinstance(run(cli, ["sheet", "read", "nothing.jpg", "--out", "other"]).exception, UsageError)
    assert isinstance(run(cli, ["sheet", "read", "sheet.pdf", "--out", "other"]).exception, DataError)
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_a_network_of_the_fast_recipe_reads_the_sheets(mnist, blank, handwriting, tmp_path):
    """Trained without the digits that are written on the sheets, of which there are eight, two each way up."""
    trained = Dataset("part", mnist.train.take(np.arange(HELD_BACK)), mnist.train.take(np.arange(HELD_BACK, 60_000)))
    run = training.train(RECIPES["fast"], trained, tmp_path / "run", progress=False)
    photos = []
    for number, turn in enumerate([*TURNS.values(), *TURNS.values()]):
        rng = np.random.default_rng(100 + number)
        photos.append(save(photograph(write(blank, handwriting(rng), rng), rng, turn=turn), tmp_path / f"{number}.jpg"))
    dataset = write_dataset(read_sheets(photos), tmp_path / "mydigits")
    scores = [evaluation.evaluate(Classifier(run.onnx_path), split) for split in (dataset.train, dataset.test)]
    assert sum(score.num_images for score in scores) >= 0.99 * 800
    assert all(score.accuracy >= 0.97 for score in scores)
