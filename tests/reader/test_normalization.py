"""Any crop comes into MNIST's form, whatever its size, polarity and place; and MNIST's own images stay as they are."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw
from scipy import ndimage
from skimage.draw import polygon2mask

from mnistlab.exceptions import UsageError
from mnistlab.reader.normalization import NEARER_THICKNESS, USUAL_THICKNESS, measure_thickness, normalize_digit
from mnistlab.reader.normalization.strokes import resample
from repository import DATA

VECTORS = json.loads((DATA / "normalize_digit.json").read_text(encoding="utf-8"))
SEVEN = np.array([(10, 8), (10, 50), (14, 56), (70, 34), (68, 26), (20, 44), (18, 8)])


def seven(shape=(80, 64), corner=(0, 0), scale=1.0):
    """A seven as a polygon, light on dark."""
    return polygon2mask(shape, SEVEN * scale + corner).astype(np.uint8) * 255


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector):
    crop = np.array(vector["crop"], np.uint8).reshape(vector["height"], vector["width"])
    normalized, expected = normalize_digit(crop, **vector["arguments"]), vector["normalized"]
    assert normalized.is_blank == expected["is_blank"]
    if expected["is_blank"]:
        assert not normalized.image.any()
        return
    assert normalized.image.ravel().tolist() == expected["image"]
    assert (normalized.is_flipped, list(normalized.box)) == (expected["is_flipped"], expected["box"])
    assert list(normalized.shift) == expected["shift"]
    for name in ("scale", "off_centre", "thickness_before", "thickness"):
        assert getattr(normalized, name) == pytest.approx(expected[name], abs=1e-6)


def test_images_of_mnist_stay_as_they_are(mnist):
    images = mnist.train.images[:600]
    normalized = [normalize_digit(image) for image in images]
    kept = [one.thickness == one.thickness_before for one in normalized]
    assert sum(kept) >= 597
    same_box = [max(one.box[2] - one.box[0], one.box[3] - one.box[1]) == 20 for one in normalized]
    assert sum(same_box) >= 598
    # What is lost are levels up to 32 beside the box; what is gained is the contrast from 253 or 254 to 255.
    differences = [np.abs(one.image.astype(int) - image).max() for one, image in zip(normalized, images, strict=True)]
    assert np.mean(np.array(differences) <= 35) >= 0.99
    again = [normalize_digit(one.image).image for one in normalized[:100]]
    changed = [np.abs(a.astype(int) - b.image).max() for a, b in zip(again, normalized, strict=False)]
    assert sum(change > 35 for change in changed) <= 2  # a centre of mass between two pixels


def test_resampling_is_an_area_average():
    """Against the means of blocks of a grid so fine that both sizes divide it."""
    values = np.random.default_rng(0).uniform(0, 255, (9, 6))
    fine = np.pad(np.kron(values, np.ones((4, 4))), ((0, 0), (0, 3)))  # 36 x 27: 4 x 3 blocks of 9 x 9
    assert np.allclose(resample(values, 9, 4), fine.reshape(4, 9, 3, 9).mean(axis=(1, 3)))
    assert resample(values, 9, 9) is values


def test_enlarging_agrees_with_interpolation():
    values = np.random.default_rng(1).uniform(0, 255, (5, 7))
    places = np.stack(np.meshgrid(*((np.arange(4 * n) + 0.5) / 4 - 0.5 for n in values.shape), indexing="ij"))
    expected = ndimage.map_coordinates(np.pad(values, 1), places + 1, order=1)
    assert np.allclose(resample(values, 7, 28), expected)


@pytest.mark.parametrize("degrees", [0, 17, 45, 80])
@pytest.mark.parametrize("width", [4.0, 10.0])
def test_thickness_of_a_bar(width, degrees):
    """A bar of length l and width w has area l · w and outline 2 · (l + w)."""
    down, right = np.meshgrid(np.arange(120) - 59.5, np.arange(120) - 59.5, indexing="ij")
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    along, across = right * cosine + down * sine, down * cosine - right * sine
    bar = 255 * np.clip(40.5 - np.abs(along), 0, 1) * np.clip(width / 2 + 0.5 - np.abs(across), 0, 1)
    assert measure_thickness(bar) == pytest.approx(80 * width / (80 + width), rel=0.1 if degrees == 45 else 0.05)


def test_thickness_agrees_with_the_distance_transform(mnist):
    """Independent: twice the mean depth of the strokes' ridges."""
    measured, ridges = [], []
    for image in mnist.train.images[:80]:
        fine = resample(image.astype(float), 28, 112)
        depth = ndimage.distance_transform_edt(fine > 127)
        ridge = (depth == ndimage.maximum_filter(depth, 3)) & (depth > 0)
        measured.append(measure_thickness(fine) / 4)
        ridges.append(2 * depth[ridge].mean() / 4)
    assert np.corrcoef(measured, ridges)[0, 1] > 0.95
    assert np.mean(measured) == pytest.approx(np.mean(ridges), rel=0.12)


@pytest.mark.parametrize("pen", [0.6, 1.5, 2.5])
def test_thin_strokes_become_as_thick_as_usual(pen):
    path = np.zeros((120, 90))
    path[10, 10:80] = path[10:110, 79] = 1
    crop = np.clip(255 * (pen - ndimage.distance_transform_edt(path == 0)), 0, 255).astype(np.uint8)
    normalized = normalize_digit(crop)
    assert normalized.thickness_before < USUAL_THICKNESS[0]
    assert normalized.thickness == pytest.approx(NEARER_THICKNESS[0], abs=0.25)
    assert normalize_digit(crop, thickness=False).thickness == normalized.thickness_before


@pytest.mark.parametrize("height", [150, 400, 1000, 1800])
def test_a_hairline_stays_whole_whatever_its_size(height):
    """A 7 with a bar and a serif, drawn with a pen of two pixels: a path leads along every stroke."""
    picture = Image.new("L", (height, height + 40))
    points = [(0.1, 0.2), (0.1, 0.02), (0.6, 0.02), (0.3, 1.0)]
    canvas = ImageDraw.Draw(picture)
    canvas.line([(20 + x * height, 10 + y * height) for x, y in points], fill=255, width=2)
    canvas.line([(20 + x * height, 10 + y * height) for x, y in ((0.25, 0.55), (0.6, 0.5))], fill=255, width=2)
    image = normalize_digit(np.asarray(picture)).image
    pieces, number = ndimage.label(image > 80, np.ones((3, 3)))
    assert number == 1
    rows, columns = np.nonzero(pieces)
    assert np.ptp(rows) >= 18 and np.ptp(columns) >= 9  # the serif and the whole top are there
    assert (image > 80).sum() == pytest.approx(1.6 * 20 * (0.18 + 0.5 + 1.02 + 0.35), rel=0.4)


@given(
    arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.sampled_from([0, 3, 100, 250, 255])
    ),
    st.fixed_dictionaries({name: st.booleans() for name in ("contrast", "crop_to_ink", "thickness", "centre")}),
)
@settings(max_examples=200)
def test_every_crop_has_an_answer(crop, steps):
    normalized = normalize_digit(crop, **steps)
    assert normalized.image.shape == (28, 28)
    assert normalized.image.dtype == np.uint8
    if normalized.is_blank:
        assert not normalized.image.any()
        return
    top, left, bottom, right = normalized.box
    assert 0 <= top < bottom <= crop.shape[0]
    assert 0 <= left < right <= crop.shape[1]
    rows, columns = np.flatnonzero(normalized.image.any(axis=1)), np.flatnonzero(normalized.image.any(axis=0))
    if len(rows) and steps["crop_to_ink"]:
        assert max(rows[-1] - rows[0], columns[-1] - columns[0]) < 20


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
@settings(max_examples=50)
def test_the_place_in_the_crop_does_not_matter(top, bottom, left, right):
    crop = np.pad(seven(), ((top, bottom), (left, right)))
    assert np.array_equal(normalize_digit(crop).image, normalize_digit(seven()).image)


@given(st.integers(0, 120), st.integers(60, 255))
@settings(max_examples=50)
def test_polarity_and_levels_do_not_matter(ground, ink):
    expected = normalize_digit(seven())
    if abs(ink - ground) < 24:
        return
    crop = np.where(seven() > 0, ink, ground).astype(np.uint8)
    normalized = normalize_digit(crop)
    assert np.array_equal(normalized.image, expected.image)
    assert normalized.is_flipped == (ink < ground)
    assert np.array_equal(normalize_digit(255 - crop).image, expected.image)


@given(st.floats(0.5, 6))
@settings(max_examples=30)
def test_size_does_not_matter(scale):
    crop = seven((int(80 * scale) + 2, int(64 * scale) + 2), scale=scale)
    image = normalize_digit(crop).image.astype(float)
    expected = normalize_digit(seven((640, 512), scale=8.0)).image.astype(float)
    shifted = [np.roll(image, (y, x), axis=(0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    assert min(np.abs(one - expected).mean() for one in shifted) < (12 if scale < 1 else 8)


@pytest.mark.parametrize("level", [0, 100, 255])
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (28, 28), (300, 2)])
def test_one_level_is_blank(shape, level):
    assert normalize_digit(np.full(shape, level, np.uint8)).is_blank


@pytest.mark.parametrize("seed", range(5))
def test_noise_and_slopes_are_blank(seed):
    rng = np.random.default_rng(seed)
    noise = np.clip(rng.normal(rng.uniform(80, 180), rng.uniform(2, 25), rng.integers(20, 90, 2)), 0, 255)
    assert normalize_digit(noise.astype(np.uint8)).is_blank
    slope = np.add.outer(np.linspace(90, 130, 50), np.linspace(0, 50, 70))
    assert normalize_digit(slope.astype(np.uint8)).is_blank


def test_noise_does_not_move_the_box():
    rng = np.random.default_rng(3)
    clean = normalize_digit(seven())
    noisy = np.clip(40 + 0.7 * seven() + rng.normal(0, 8, seven().shape), 0, 255).astype(np.uint8)
    assert np.abs(np.subtract(normalize_digit(noisy).box, clean.box)).max() <= 2


@pytest.mark.parametrize(
    "crop", [np.zeros((28, 28)), np.zeros((2, 28, 28), np.uint8), np.zeros((0, 5), np.uint8), np.zeros(5, np.uint8)]
)
def test_other_arrays_are_refused(crop):
    with pytest.raises(UsageError, match=r"normalize_digit got .* expected"):
        normalize_digit(crop)
