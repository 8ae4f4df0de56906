"""What a public function says of an argument of another type: what came, what was expected, how to get one."""

import re
from pathlib import Path

import numpy as np
import pytest

from made_runs import made_run
from mnistlab import datasets, evaluation, figures, models, training
from mnistlab.datasets import Dataset, Split
from mnistlab.exceptions import UsageError
from mnistlab.inference import Classifier, pretrained
from mnistlab.reader import DigitReader, load_photo
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run, find_runs, list_runs, summarize
from mnistlab.runs.fine_tuning import fine_tuning_recipe

IMAGES, LABELS = np.zeros((4, 28, 28), np.uint8), np.arange(4)
SPLIT = Split("test", IMAGES, LABELS)
DATASET = Dataset("four", SPLIT, SPLIT)
MLP = RECIPES["mlp"]


def classifier():
    return pretrained("mlp")


CASES = {
    "the model of a path": (lambda: models.load_run("runs/a"), "The run is 'runs/a', but a Run was expected."),
    "a network's file that is a number": (
        lambda: models.load_network(5),
        "The network's file is 5, but text or a path was",
    ),
    "runs in a number": (lambda: find_runs(5), "The folder to look in is 5, but text or a path was expected."),
    "list of runs in a number": (lambda: list_runs(5), "The folder to look in is 5, but text or a path was"),
    "summary of nothing": (lambda: summarize(None), "The run folder is None, but text or a path was expected."),
    "data in a number": (lambda: datasets.load_idx(5), "The folder is 5, but text or a path was expected."),
    "data in nothing": (lambda: datasets.load_idx(None), "The folder is None, but text or a path was expected."),
    "a photo of nothing": (lambda: load_photo(None), "The photo is None, but text or a path was expected."),
    "a folder that is a number": (lambda: training.train(MLP, DATASET, 3), "The run folder is 3, but text or a path"),
    "a path with code 0": (lambda: Run("a\0b"), "The run folder holds a character that no path can have"),
    "a network with code 0": (lambda: Classifier("a\0b"), "holds a character that no path can have"),
    "train a name": (
        lambda: training.train("mlp", DATASET),
        "The recipe is 'mlp', but a Recipe was expected. Take one",
    ),
    "train all recipes": (lambda: training.train(RECIPES, DATASET), "The recipe is a dict of 5, but a Recipe was"),
    "train on arrays": (lambda: training.train(MLP, (IMAGES, LABELS)), "The data set is a tuple of 2, but a Dataset"),
    "train on a split": (lambda: training.train(MLP, SPLIT), "The data set is a Split, but a Dataset was expected."),
    "train on nothing": (lambda: training.train(MLP, None), "The data set is None, but a Dataset was expected."),
    "arguments swapped": (lambda: training.train(DATASET, MLP), "The recipe is a Dataset, but a Recipe was expected."),
    "start from a path": (lambda: training.train(MLP, DATASET, start="runs/a"), "is 'runs/a', but a Run or None was"),
    "assist with a name": (lambda: training.assist("mlp", DATASET, None), "The recipe is 'mlp', but a Recipe was"),
    "extend a path": (lambda: training.extend("runs/a", MLP, DATASET), "The run is 'runs/a', but a Run was expected."),
    "fine-tune from a path": (
        lambda: fine_tuning_recipe(MLP, "runs/a"),
        "The run to start from is 'runs/a', but a Run",
    ),
    "evaluate on arrays": (
        lambda: evaluation.evaluate(classifier(), (IMAGES, LABELS)),
        "The split is a tuple of 2, but",
    ),
    "evaluate on images": (
        lambda: evaluation.evaluate(classifier(), IMAGES),
        "is an array uint8 (4, 28, 28), but a Split",
    ),
    "evaluate on a data set": (
        lambda: evaluation.evaluate(classifier(), DATASET),
        "The split is a Dataset, but a Split",
    ),
    "evaluate on nothing": (
        lambda: evaluation.evaluate(classifier(), SPLIT.take([])),
        "'test' has no images, but a score",
    ),
    "evaluate a name": (lambda: evaluation.evaluate("mlp", SPLIT), "The model is 'mlp', but a function from images to"),
    "evaluate a run": (
        lambda: evaluation.evaluate(Run("runs/a"), SPLIT),
        "The model is a Run, but a function from images",
    ),
    "evaluate labels": (
        lambda: evaluation.evaluate(lambda images: np.zeros(len(images)), SPLIT),
        "The model gave an array float64 (4,) for 4 images, but probabilities (4, 10) were expected.",
    ),
    "evaluate words": (
        lambda: evaluation.evaluate(lambda images: ["seven"] * len(images), SPLIT),
        "The model gave a list of 4 for 4 images, but probabilities (4, 10) were expected.",
    ),
    "a run of a number": (lambda: Run(5), "The run folder is 5, but text or a path was expected."),
    "a classifier of a run": (
        lambda: Classifier(Run("runs/a")),
        "The path of the network is a Run, but text or a path",
    ),
    "classify a list": (
        lambda: classifier()([[0] * 28] * 28),
        "The batch of images is a list of 28, but a NumPy array",
    ),
    "activations of a split": (
        lambda: classifier().activations(SPLIT),
        "The batch of images is a Split, but a NumPy",
    ),
    "read with a path": (
        lambda: DigitReader("model.onnx"),
        "The classifier is 'model.onnx', but a Classifier or None was",
    ),
    "a data set of arrays": (
        lambda: Dataset("x", (IMAGES, LABELS), SPLIT),
        "The train split is a tuple of 2, but a Split",
    ),
    "validate on arrays": (lambda: datasets.split_validation(IMAGES), "The split is an array uint8 (4, 28, 28), but a"),
    "validate on text": (
        lambda: datasets.split_validation(SPLIT, "2"),
        "num_validation is '2', but an int or an integer",
    ),
    "draw images as samples": (
        lambda: figures.plot_samples(IMAGES),
        "The split is an array uint8 (4, 28, 28), but a Split",
    ),
    "predictions swapped": (
        lambda: figures.plot_predictions(evaluation.evaluate(classifier(), SPLIT), SPLIT, [0]),
        "The split is an Evaluation, but a Split was expected.",
    ),
    "predictions of labels": (
        lambda: figures.plot_predictions(SPLIT, LABELS, [0]),
        "The evaluation is an array int64 (4,)",
    ),
    "an index too large": (
        lambda: figures.plot_predictions(SPLIT, evaluation.evaluate(classifier(), SPLIT), [9]),
        "The indices go from 9 to 9, but the split 'test' has 4 images.",
    ),
    "indices of floats": (
        lambda: figures.plot_predictions(SPLIT, evaluation.evaluate(classifier(), SPLIT), [0.5]),
        "The indices are a list of 1, but whole numbers were expected",
    ),
    "a matrix of a batch": (
        lambda: figures.plot_matrix(IMAGES),
        "The image is an array uint8 (4, 28, 28); expected (height",
    ),
    "an image of a split": (lambda: figures.plot_image(SPLIT), "The image is a Split; expected (height, width)"),
    "flatten a batch": (lambda: figures.plot_flattening(IMAGES), "The image is an array uint8 (4, 28, 28); expected"),
    "augmentation of lists": (
        lambda: figures.plot_augmentation([1], [2]),
        "The array of originals is a list of 1, but",
    ),
    "confusion of a batch": (
        lambda: figures.plot_confusion(IMAGES),
        "The confusion matrix is an array uint8 (4, 28, 28)",
    ),
    "save swapped": (
        lambda: figures.save_png("a.png", figures.plot_image(IMAGES[0])),
        "The figure is 'a.png', but a Figure",
    ),
    "save into no folder": (
        lambda: figures.save_png(figures.plot_image(IMAGES[0]), "no-such-folder/a.png"),
        "There is no folder no-such-folder to write a.png into.",
    ),
    "a summary of a name": (lambda: models.summary_text("mlp"), "The model is 'mlp', but a Model was expected."),
    "a network of a number": (lambda: models.mlp(5), "The build is 5, but a Build or None was expected."),
}


@pytest.mark.parametrize(("call", "message"), CASES.values(), ids=CASES)
def test_another_type_is_named(call, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=re.escape(message)):
        call()
    assert list(tmp_path.iterdir()) == []


def test_text_is_taken_for_a_path(tmp_path):
    assert Run("runs/mlp-seed0") == Run(Path("runs/mlp-seed0"))
    assert Run("runs/mlp-seed0").onnx_path == Path("runs/mlp-seed0/model.onnx")
    assert Classifier(str(pretrained("mlp").path)).path == pretrained("mlp").path


def test_runs_are_listed_below_a_folder_given_as_text(tmp_path):
    made_run(tmp_path / "one")
    expected = list_runs([tmp_path])
    assert list_runs(tmp_path) == list_runs(str(tmp_path)) == list_runs([str(tmp_path)]) == expected
    assert len(expected) == 1


def test_lists_of_numbers_are_images_and_matrices():
    figures.plot_matrix([[0, 255], [12, 7]])
    figures.plot_confusion([[3, 1], [0, 2]])
