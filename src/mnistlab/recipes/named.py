"""The recipes that mnistlab has names for."""

import dataclasses

from mnistlab.recipes.recipe import AffineRanges, Recipe

_FAST = Recipe(
    name="fast",
    title="The quickest way to 99 %",
    model="small_cnn",
    epochs=1,
    batch_size=256,
    learning_rate=0.04,
    schedule="one-cycle",
    beta_1=0.8,
    beta_2=0.95,
    label_smoothing=0.1,
    norm_momentum=0.9,
)
_BEST = dataclasses.replace(
    _FAST,
    name="best",
    title="The most that a minute buys",
    model="widening_cnn",
    epochs=5,
    learning_rate=0.02,
    augmentation=AffineRanges(rotation=10.0, width_shift=0.1, height_shift=0.1, shear=5.0, zoom=0.1),
    test_shifts=True,
)

RECIPES: dict[str, Recipe] = {
    "mlp": Recipe(name="mlp", model="mlp", title="The notebook's MLP: two hidden layers of 512"),
    "cnn": Recipe(
        name="cnn",
        model="cnn",
        augmentation=AffineRanges(),
        validation="split",
        title="The notebook's CNN: four convolutions, with augmentation",
    ),
    "fast": _FAST,
    "best": _BEST,
    "record": dataclasses.replace(
        _BEST,
        name="record",
        title="Three networks, the most that 15 minutes buy",
        model="deeper_cnn",
        epochs=12,
        members=3,
        augmentation=AffineRanges(rotation=10.0, width_shift=0.1, height_shift=0.1, shear=5.0, zoom=0.1),
    ),
}
"""The trainings by name: the notebook's two, the quickest way to 99 %, the most that a minute and 15 minutes buy."""
