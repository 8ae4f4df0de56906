"""The networks that ship: there, small, good, and those that their card tells of."""

import json

import numpy as np
import onnx
import pytest
from hatchling.builders.wheel import WheelBuilder
from onnx.reference import ReferenceEvaluator

from benchmarks.shipped import card
from mnistlab.evaluation import evaluate
from mnistlab.exceptions import UsageError
from mnistlab.inference import Classifier, pretrained
from mnistlab.inference.pretrained import (
    PRETRAINED,
    PRETRAINED_PATH,
    accuracies_of_pretrained,
    parameters_of_pretrained,
)
from processes import imports_of
from repository import BENCHMARKS, ROOT

RESULTS = BENCHMARKS / "results"


def test_it_is_in_the_wheel():
    shipped = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    names = ("digits.onnx", "mlp.onnx", "cnn.onnx", "README.md")
    assert {f"mnistlab/inference/pretrained/{name}" for name in names} <= shipped


def test_it_is_small_and_loaded_once():
    assert PRETRAINED_PATH.stat().st_size <= 3_000_000
    assert pretrained() is pretrained("digits")


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_notebooks_networks_are_small_and_those_of_the_card(name, mnist):
    made = json.loads((RESULTS / "notebook_networks.json").read_text(encoding="utf-8"))[name]
    assert PRETRAINED[name].stat().st_size == made["num_bytes"] <= 1_500_000
    assert pretrained(name) is pretrained(name)
    assert made["calibration"] == pretrained(name).calibration.to_notes()
    assert made["against_keras"]["num_images"] == 10_000
    assert made["against_keras"]["other_answers"] <= 3
    assert made["against_keras"]["largest_difference"] <= 0.01
    part = mnist.test.take(np.arange(0, 10_000, 5))
    right = evaluate(pretrained(name), part).accuracy
    low, high = made["test"]["interval"]
    # A fifth of the images has √5 times the interval, about the accuracy on all of them.
    assert abs(right - made["test"]["accuracy"]) <= (high - low) / 2 * 5**0.5
    assert made["test"]["accuracy"] >= {"mlp": 0.97, "cnn": 0.985}[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_notebooks_networks_read_the_test_set(name, mnist):
    made = json.loads((RESULTS / "notebook_networks.json").read_text(encoding="utf-8"))[name]
    assert evaluate(pretrained(name), mnist.test).accuracy == pytest.approx(made["test"]["accuracy"], abs=2e-4)


def test_an_unknown_name_is_refused():
    with pytest.raises(UsageError, match=r"No network named 'best' ships .* one of digits, mlp, cnn"):
        pretrained("best")


def test_it_reads_the_test_set(mnist):
    measured = json.loads((RESULTS / "refusals.json").read_text(encoding="utf-8"))
    result = evaluate(pretrained(), mnist.test)
    assert result.accuracy >= 0.995
    assert result.accuracy == pytest.approx(measured["test_digits"]["accuracy"], abs=2e-4)
    assert result.loss == pytest.approx(measured["calibration"]["loss_after"], rel=0.01)
    own = evaluate(Classifier(PRETRAINED_PATH, calibrated=False), mnist.test)
    assert own.loss == pytest.approx(measured["calibration"]["loss_before"], rel=0.01)


def test_every_layer_answers_as_the_reference_implementation_of_onnx(mnist):
    images = mnist.test.images[:3]
    outputs = dict(
        zip(
            [output.name for output in onnx.load(PRETRAINED_PATH).graph.output],
            ReferenceEvaluator(str(PRETRAINED_PATH)).run(None, {"images": images}),
            strict=True,
        )
    )
    classifier = Classifier(PRETRAINED_PATH, calibrated=False)
    for name, value in classifier.activations(images).items():
        assert np.abs(value - outputs[name]).max() < 1e-3 * max(1, np.abs(value).max()), name
    assert np.abs(classifier.with_kinds(images)[1] - outputs["kinds"]).max() < 1e-5
    assert np.abs(classifier(images) - outputs["probabilities"]).max() < 1e-5


def test_the_claims_hold():
    """What the card promises, as measured on everything."""
    measured = json.loads((RESULTS / "refusals.json").read_text(encoding="utf-8"))
    assert measured["test_digits"]["num_images"] == 10_000
    assert measured["test_digits"]["refused"] <= 0.02  # what it costs to be 99 % sure of broken and cut digits too
    assert measured["letters_and_scribbles"]["refused"] >= 0.9
    made = json.loads((RESULTS / "pretrained.json").read_text(encoding="utf-8"))
    for compared in made["onnx_against_keras"].values():
        assert compared["num_images"] == 10_000
        assert compared["largest_difference"] <= 1e-5
        assert compared["other_answers"] == 0
    assert made["num_bytes"] == PRETRAINED_PATH.stat().st_size
    assert made["calibration"] == pretrained().calibration.to_notes()


def test_the_card_is_that_of_the_stored_results():
    results = [json.loads(path.read_text(encoding="utf-8")) for path in (card.MADE, card.MEASURED, card.NOTEBOOK)]
    assert card.PATH.read_text(encoding="utf-8") == card.text(*results)
    assert accuracies_of_pretrained() == card.accuracy(*results[1:])
    assert parameters_of_pretrained() == card.parameters(results[0], results[2])


def test_it_answers_without_keras():
    program = (
        "import numpy; from mnistlab.inference import Judge, pretrained; "
        "Judge(pretrained()).verdict(numpy.zeros((28, 28), numpy.uint8)); pretrained('mlp'), pretrained('cnn')"
    )
    assert imports_of(program, "keras", "tensorflow", "scipy", "matplotlib") == []
