"""Networks from `.keras` files: built by our own code, with the numbers of the file."""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.evaluation.metrics import are_probabilities
from mnistlab.evaluation.scoring import no_probabilities
from mnistlab.exceptions import RunError, require_path, require_type
from mnistlab.models.backend import keras
from mnistlab.models.building import build, finished_model, standard_network
from mnistlab.models.networks import MODELS
from mnistlab.models.parts import standard_parts
from mnistlab.recipes import RECIPES, Recipe
from mnistlab.runs import Run
from mnistlab.runs.archives import NetworkFile, read_network_file

_PAPER_AND_INK = np.stack([np.zeros(IMAGE_SHAPE, np.float32), np.full(IMAGE_SHAPE, 255, np.float32)])


def load_network(path: Path | str, recipe: Recipe | None = None) -> Any:
    """Loads one of mnistlab's networks from a `.keras` file, which may be of unknown origin.

    The network is built by our own code; from the file come its name, which must be one of ours, and numbers, which
    must have the shapes of ours. Nothing that the file names is ever looked up, imported or run.

    Args:
        path: Path of the file.
        recipe: Recipe of the training run, if known; it decides optimizer and members.

    Returns:
        A compiled float32 Keras model of Keras' own layers; with the optimizer's state if the file has one.

    Raises:
        RunError: if the file is missing, damaged or anything else than such a network, or gives no probabilities.
    """
    path = require_path(path, "The network's file", "Give the path of a .keras file, such as run.model_path.")
    return network_from(
        read_network_file(path) if recipe is None else read_network_file(path, {recipe.name, recipe.model}), recipe
    )


def network_from(found: NetworkFile, recipe: Recipe | None = None) -> Any:
    """The network of a `.keras` file whose numbers were read already, as `load_network` returns it.

    Args:
        found: What the file says.
        recipe: What it was trained by, where that is known.

    Raises:
        RunError: If these are not the numbers of such a network, or it gives no probabilities.
    """
    own, path = _own_network(found, recipe), found.path
    layers = [(layer.name, type(layer).__name__) for layer in own.layers]
    claimed = [layer for layer in found.layers if layer[1] != "InputLayer"]
    if claimed != [layer for layer in layers if layer[1] != "InputLayer"]:
        raise RunError(f"{path} does not hold the layers of our {found.name}. Expected a .keras file of that network.")
    with tempfile.TemporaryDirectory() as folder:
        ours = Path(folder) / "model.keras"
        own.save(ours)
        with zipfile.ZipFile(ours) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        members["model.weights.h5"] = _grafted(members["model.weights.h5"], found)
        with zipfile.ZipFile(ours, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        network = keras.saving.load_model(ours)
    # Finite weights may still be so large that the layers overflow.
    if not are_probabilities(keras.ops.convert_to_numpy(network(_PAPER_AND_INK, training=False))):
        raise no_probabilities(path)
    return network


def load_run(run: Run) -> Any:
    """The trained Keras model of a complete run, with its optimizer's state; only numbers come from its file.

    Raises:
        RunError: if the run is not complete, or damaged.

    Example:
        `load_run(Run(Path("runs/mlp-seed0"))).predict(images)`
    """
    require_type(run, Run, "The run", 'Make one of its folder: Run("runs/mlp-seed0").')
    return load_network(run.require().model_path, run.recipe)


def _own_network(found: NetworkFile, recipe: Recipe | None) -> Any:
    """An untrained network of ours with the name that a file gives."""
    if recipe is None:
        recipe = RECIPES[found.name] if found.name in RECIPES and found.name not in MODELS else _plain(found.name)
    members = [
        standard_network(member, build(member, standard_parts(), precision="float32").get_weights())
        for member in recipe.member_recipes()
    ]
    return finished_model(members, recipe)


def _plain(name: str) -> Recipe:
    return Recipe(name=name, model=name)  # type: ignore[arg-type]


def _grafted(weights: bytes, found: NetworkFile) -> bytes:
    """The HDF5 file of our own network with the numbers of another file."""
    buffer = io.BytesIO(weights)
    with h5py.File(buffer, "r+") as file:
        places: list[str] = []
        file.visititems(lambda place, item: places.append(place) if isinstance(item, h5py.Dataset) else None)
        for place in places:
            if place not in found.arrays and place.startswith("optimizer/"):
                continue  # a file made only for use has no such state
            if place not in found.arrays:
                raise RunError(f"{found.path} lacks {place}. Expected all weights of our {found.name}.")
            array, ours = found.arrays[place], file[place]
            if array.shape != ours.shape or array.dtype != ours.dtype:
                raise RunError(
                    f"{found.path} has {array.dtype} {array.shape} at {place}; expected {ours.dtype} {ours.shape}."
                )
            ours[()] = array
    return buffer.getvalue()
