"""Temperature, thresholds and calibration error, against other implementations and known answers."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from mnistlab.evaluation.calibration import Calibration, calibrate, fit_temperature, temper, threshold
from mnistlab.evaluation.metrics import cross_entropy, expected_calibration_error

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(0, 2, (4000, 10))
LABELS = np.array([RNG.choice(10, p=row) for row in special.softmax(LOGITS, axis=1)])


@pytest.mark.parametrize("temperature", [0.3, 1.0, 1.7, 20.0])
def test_tempered_probabilities_are_those_of_divided_logits(temperature):
    probabilities = special.softmax(LOGITS, axis=1).astype(np.float32)
    expected = special.softmax(LOGITS / temperature, axis=1)
    assert np.abs(temper(probabilities, temperature) - expected).max() < 1e-6
    assert np.abs(temper(probabilities[0], temperature) - expected[0]).max() < 1e-6


def test_certain_answers_stay_finite():
    certain = np.array([[1, 0, 0]], np.float32)
    assert temper(certain, 20.0).sum() == pytest.approx(1)
    assert temper(certain, 0.05).tolist() == [[1, 0, 0]]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_answers_that_are_too_sure_is_found(temperature):
    """The labels were drawn with the probabilities of `LOGITS`, so these are right; what is multiplied is not."""
    answers = special.softmax(LOGITS * temperature, axis=1).astype(np.float32)
    assert fit_temperature(LABELS, answers) == pytest.approx(temperature, rel=0.05)
    fitted = calibrate(LABELS, answers)
    calibrated = temper(answers, fitted.temperature)
    assert cross_entropy(LABELS, calibrated) <= cross_entropy(LABELS, answers) + 1e-9
    assert expected_calibration_error(LABELS, calibrated) < 0.02
    assert np.mean(calibrated.max(axis=1) < fitted.least_confidence) <= 0.007


def test_the_calibration_error_is_the_mean_gap():
    answers = special.softmax(LOGITS * 2, axis=1).astype(np.float32)
    confidences, right = answers.max(axis=1).astype(float), answers.argmax(axis=1) == LABELS
    edges = np.linspace(0, 1, 16)
    expected = 0.0
    for low, high in itertools.pairwise(edges):
        inside = (confidences >= low) & (confidences < high + (high == 1))
        if inside.any():
            expected += inside.mean() * abs(confidences[inside].mean() - right[inside].mean())
    assert expected_calibration_error(LABELS, answers) == pytest.approx(expected)
    assert expected > 0.05


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=300), st.floats(0, 0.99))
def test_a_threshold_refuses_as_many_as_it_may_and_no_more(values, fraction):
    array = np.array(values)
    least = threshold(array, fraction)
    assert np.mean(array < least) <= fraction
    above = array[array > least]
    if len(above):  # the next one would be too much
        assert np.sum(array < above.min()) > int(fraction * len(array))


@given(
    st.floats(0.05, 20),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from([(), ("digit", "letter"), ("digit", "half a digit", "two digits")]),
)
def test_notes_bring_back_every_bit(temperature, confidence, likeness, kinds):
    calibration = Calibration(temperature, confidence, likeness, kinds)
    assert Calibration.from_notes(calibration.to_notes()) == calibration


@pytest.mark.parametrize(
    "notes",
    [
        {"temperature": "0"},
        {"temperature": "nan"},
        {"temperature": "-1"},
        {"temperature": "hot"},
        {"least_confidence": "1.5"},
        {"least_likeness": "inf"},
        {"kinds": "letter,digit"},
        {"kinds": "digit"},
        {"kinds": "digit,digit"},
        {"kinds": "digit,\x1b[31m"},
        {"kinds": "digit," + "a" * 31},
        {"kinds": ",".join(["digit", *"abcdefghij"])},
        {"humour": "good"},
    ],
)
def test_notes_that_nobody_measured_are_refused(notes):
    with pytest.raises(ValueError):
        Calibration.from_notes(notes)
