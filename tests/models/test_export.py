"""What the trainings write, their own readers accept."""

import numpy as np
import pytest

from mnistlab import models
from mnistlab.inference import Classifier
from mnistlab.models.export import export_onnx, save_keras
from mnistlab.recipes import RECIPES, Recipe
from mnistlab.runs.archives import read_network_file
from mnistlab.training.compiling import build_for_training

ARCHITECTURES = [
    "mlp",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("cnn", "small_cnn", "deep_cnn", "deeper_cnn", "fast", "best", "record")
    ),
]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_our_own_files_are_accepted(name, tmp_path, mnist):
    """A network of each kind is written, read back number by number, and gives the same probabilities as in Keras."""
    recipe = RECIPES[name] if name in RECIPES else Recipe(name=name, model=name)
    members = [models.to_standard(build_for_training(one, 1), one) for one in recipe.member_recipes()]
    model = models.finished_model(members, recipe)
    save_keras(model, tmp_path / "model.keras")
    export_onnx(model, tmp_path / "model.onnx")
    found = read_network_file(tmp_path / "model.keras")
    assert found.name == model.name
    assert (
        sum(array.size for place, array in found.arrays.items() if not place.startswith("optimizer/"))
        >= model.count_params()
    )
    classifier = Classifier(tmp_path / "model.onnx")
    images = mnist.test.images[:300]
    for num_images in (0, 1, 7, 300):
        probabilities = classifier(images[:num_images])
        assert probabilities.shape == (num_images, 10)
        assert np.allclose(probabilities, model.predict(images[: num_images or 1], verbose=0)[:num_images], atol=1e-5)
