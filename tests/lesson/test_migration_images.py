"""The class that takes the place of ImageDataGenerator, held against the old one; schedules; the homes of names."""

import sys
from pathlib import Path

import numpy as np
import pytest

from migrations import migrated
from mnistlab.lesson.migration import migrate_text
from mnistlab.lesson.migration.homes import LEAVES, MODULES, exists

GENERATOR = Path(sys.modules["mnistlab.lesson.migration"].__file__).parent / "rules" / "image_generator.txt"


def test_image_generator_is_replaced_and_its_uses_stay():
    old = (
        "from keras.preprocessing.image import ImageDataGenerator as Gen, img_to_array\n"
        "gen = Gen(rotation_range=8, zca_whitening=False)\ngen.fit(x)\n"
        "model.fit_generator(gen.flow(x, y), nb_epoch=1)\n"
    )
    new = migrated(old)
    assert new.startswith(
        "import keras\nimport numpy as np\nfrom keras.preprocessing.image import img_to_array\n\n\nclass"
    )
    end = "Gen = ImageDataGenerator\ngen = Gen(rotation_range=8)\ngen.fit(x)\nmodel.fit(gen.flow(x, y), epochs=1)\n"
    assert new.endswith(end)
    assert any("in degrees" in change.reason for change in migrate_text(old, "py").changes)


def test_what_is_imported_in_a_block_is_defined_above_it():
    old = (
        '"""Trains."""\nfrom __future__ import print_function\ntry:\n'
        "    from keras.preprocessing.image import ImageDataGenerator\nexcept ImportError:\n    pass\n"
    )
    new = migrated(old)
    assert new.startswith(
        '"""Trains."""\nfrom __future__ import print_function\nimport keras\nimport numpy as np\n\n\nclass ImageBatches'
    )
    assert new.endswith("\n\n\ntry:\n    pass\nexcept ImportError:\n    pass\n")
    compile(new, "new", "exec")


def test_image_generator_for_folders_stays_tensorflows():
    old = "from keras.preprocessing import image\nx = image.ImageDataGenerator().flow_from_directory('digits')\n"
    lines = [line for line in migrated(old).splitlines() if not line.startswith("#")]
    assert lines[1:] == [
        "from tensorflow.keras.preprocessing.image import ImageDataGenerator",
        "x = ImageDataGenerator().flow_from_directory('digits')",
    ]


def _new_generator() -> dict:
    import keras

    names = {"keras": keras, "np": np}
    exec(GENERATOR.read_text("utf-8").replace("{keras}", "keras").replace("{np}", "np"), names)
    return names


class _Drawn:
    """Keeps what a generator draws."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(5)
        self.drawn: list[np.ndarray] = []

    def uniform(self, *arguments):
        self.drawn.append(self._rng.uniform(*arguments))
        return self.drawn[-1]


def test_image_generator_makes_the_images_that_the_old_one_made(mnist):
    from keras.src.legacy.preprocessing.image import apply_affine_transform

    images = mnist.train.images[:20, ..., None].astype("float32")
    generator = _new_generator()["ImageDataGenerator"](
        rotation_range=20, width_shift_range=0.1, height_shift_range=0.05, shear_range=15, zoom_range=0.2
    )
    rng = _Drawn()
    transformed = generator.transform(images, rng)
    theta, shear, down, right, (zoom_y, zoom_x) = rng.drawn
    assert np.abs(theta).max() > 10 and np.abs(theta).max() <= 20 and np.abs(shear).max() <= 15
    for number, image in enumerate(images):
        expected = apply_affine_transform(
            image,
            theta=theta[number],
            tx=right[number] * 28,
            ty=down[number] * 28,
            shear=shear[number],
            zx=zoom_x[number],
            zy=zoom_y[number],
            row_axis=0,
            col_axis=1,
            channel_axis=2,
        )
        np.testing.assert_allclose(transformed[number], expected, atol=0.01)  # of 255


def test_batches_hold_every_image_once_and_end():
    images = np.arange(7, dtype="float32").reshape(7, 1, 1, 1) * np.ones((1, 4, 4, 1), "float32")
    batches = _new_generator()["ImageDataGenerator"](rescale=0.5).flow(images, np.arange(7), batch_size=3, seed=1)
    orders = []
    for _ in range(2):
        seen = [batches[index] for index in range(len(batches))]
        assert [len(labels) for _, labels in seen] == [3, 3, 1]
        orders.append(np.concatenate([labels for _, labels in seen]))
        for batch, labels in seen:
            np.testing.assert_array_equal(batch[:, 0, 0, 0], labels * 0.5)
        batches.on_epoch_end()
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(7))
    assert list(orders[0]) != list(orders[1])


def test_the_schedule_is_the_old_decay():
    import keras

    schedule = keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=1, decay_rate=1e-3)
    for step in (0, 1, 1000, 20_000):
        assert float(schedule(step)) == pytest.approx(0.1 * (1 / (1 + 1e-3 * step)), rel=1e-5)


def test_every_new_home_is_in_keras():
    """`exists` reads files; the imported package must agree."""
    import importlib

    for old, new in (MODULES | LEAVES).items():
        module, _, name = new.rpartition(".")
        assert exists(new), (old, new)
        assert hasattr(importlib.import_module(module), name)
    for gone in ("keras.layers.core", "keras.backend.function", "keras.utils.np_utils", "keras.layers.Merge"):
        module, _, name = gone.rpartition(".")
        assert not exists(gone) and not hasattr(importlib.import_module(module), name)
