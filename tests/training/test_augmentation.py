import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src.legacy.preprocessing.image import apply_affine_transform
from scipy import ndimage

from mnistlab.recipes import AffineRanges
from mnistlab.training.augmentation import AffineParameters, RandomAffine, affine_transforms, transform_images


def to_numpy(images, transforms):
    return np.asarray(transform_images(images, transforms))


@pytest.mark.parametrize("ranges", [AffineRanges(), AffineRanges(40, 0.3, 0.2, 25, 0.4)], ids=["notebook", "wide"])
def test_equals_keras_legacy_generator_on_the_same_draws(mnist, ranges):
    images = mnist.train.images[:64]
    drawn = RandomAffine(ranges, seed=3).draw(64, step=5)
    expected = [
        apply_affine_transform(
            (image[..., None] / 255).astype("float32"),
            theta=drawn.rotation[i],
            tx=drawn.x_shift[i],
            ty=drawn.y_shift[i],
            shear=drawn.shear[i],
            zx=drawn.x_zoom[i],
            zy=drawn.y_zoom[i],
            row_axis=0,
            col_axis=1,
            channel_axis=2,
            fill_mode="nearest",
            order=1,
        )[..., 0]
        for i, image in enumerate(images)
    ]
    ours = to_numpy(images, affine_transforms(drawn)) / 255
    assert np.abs(ours - np.stack(expected)).max() < 1e-5


def parameters(**given_values):
    values = {"rotation": 0, "x_shift": 0, "y_shift": 0, "shear": 0, "x_zoom": 1, "y_zoom": 1} | given_values
    return AffineParameters(**{name: np.array([value], dtype=float) for name, value in values.items()})


def test_nothing_drawn_is_the_identity(mnist):
    images = mnist.train.images[:1]
    assert np.array_equal(to_numpy(images, affine_transforms(parameters())), images)


def test_shifts_move_along_their_own_axis(mnist):
    image = mnist.train.images[:1]
    left = to_numpy(image, affine_transforms(parameters(x_shift=2)))
    up = to_numpy(image, affine_transforms(parameters(y_shift=2)))
    assert np.array_equal(left[0, :, :-2], image[0, :, 2:])
    assert np.array_equal(up[0, :-2], image[0, 2:])


def test_a_quarter_turn_is_a_transposition(mnist):
    image = mnist.train.images[:1]
    turned = to_numpy(image, affine_transforms(parameters(rotation=90)))[0]
    assert np.abs(turned - np.rot90(image[0])).max() < 0.01


@settings(max_examples=40)
@given(
    rotation=st.floats(-180, 180),
    x_shift=st.floats(-14, 14),
    y_shift=st.floats(-14, 14),
    shear=st.floats(-60, 60),
    x_zoom=st.floats(0.3, 2),
    y_zoom=st.floats(0.3, 2),
)
def test_any_transform_equals_scipys_resampling(rotation, x_shift, y_shift, shear, x_zoom, y_zoom):
    """The formula is written out here once more, in matrices, and SciPy interpolates."""
    image = np.random.default_rng(0).integers(0, 256, (1, 28, 28)).astype(np.uint8)
    drawn = parameters(rotation=rotation, x_shift=x_shift, y_shift=y_shift, shear=shear, x_zoom=x_zoom, y_zoom=y_zoom)
    theta, phi = np.deg2rad(rotation), np.deg2rad(shear)
    turn = np.array([[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]])
    move = np.array([[1, 0, x_shift], [0, 1, y_shift], [0, 0, 1]])
    slant = np.array([[1, -np.sin(phi), 0], [0, np.cos(phi), 0], [0, 0, 1]])
    scale = np.diag([x_zoom, y_zoom, 1])
    center = np.array([[1, 0, 13.5], [0, 1, 13.5], [0, 0, 1]])
    matrix = center @ turn @ move @ slant @ scale @ np.linalg.inv(center)
    x, y = np.meshgrid(np.arange(28), np.arange(28))
    source = matrix @ np.stack([x.ravel(), y.ravel(), np.ones(784)])
    expected = ndimage.map_coordinates(image[0].astype(float), [source[1], source[0]], order=1, mode="nearest")
    ours = to_numpy(image, affine_transforms(drawn))[0].ravel()
    assert np.abs(ours - expected).max() < 0.05  # of 255; float32 against float64


def test_draws_depend_on_seed_and_step_alone():
    first = RandomAffine(AffineRanges(), seed=1).draw_transforms(16, step=9)
    again = RandomAffine(AffineRanges(), seed=1)
    again.draw_transforms(5, step=2)
    assert np.array_equal(first, again.draw_transforms(16, step=9))
    assert not np.array_equal(first, again.draw_transforms(16, step=10))
    assert not np.array_equal(first, RandomAffine(AffineRanges(), seed=2).draw_transforms(16, step=9))


def test_draws_fill_their_ranges_evenly():
    drawn = RandomAffine(AffineRanges(), seed=0).draw(20_000, step=0)
    for values, limit, center in (
        (drawn.rotation, 8, 0),
        (drawn.x_shift, 0.08 * 28, 0),
        (drawn.y_shift, 0.08 * 28, 0),
        (drawn.shear, 0.3, 0),
        (drawn.x_zoom, 0.08, 1),
        (drawn.y_zoom, 0.08, 1),
    ):
        assert np.abs(values - center).max() <= limit
        assert np.abs(values - center).max() > 0.999 * limit
        assert np.std(values) == pytest.approx(limit / np.sqrt(3), rel=0.02)  # of a uniform distribution
    assert abs(np.corrcoef(drawn.x_zoom, drawn.y_zoom)[0, 1]) < 0.03


def test_the_notebooks_shear_moves_no_pixel_by_a_tenth():
    extreme = affine_transforms(parameters(shear=0.3))[0].astype(float)
    x, y = np.meshgrid(np.arange(28), np.arange(28))
    moved = np.hypot(extreme[0] * x + extreme[1] * y + extreme[2] - x, extreme[3] * x + extreme[4] * y + extreme[5] - y)
    assert moved.max() == pytest.approx(0.0707, abs=0.001)
