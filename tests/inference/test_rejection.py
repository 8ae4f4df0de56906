"""Verdicts: digits pass, other things do not, and every refusal has its reason."""

import dataclasses

import numpy as np
import pytest

from benchmarks.shipped import nondigits
from mnistlab.evaluation.calibration import Calibration
from mnistlab.inference import Classifier, Judge, Verdict, pretrained
from mnistlab.models import softmax
from mnistlab.models.export import export_onnx
from mnistlab.system.text import chance


@pytest.fixture(scope="module")
def judge():
    return Judge(pretrained())


def refused(verdicts: list[Verdict]) -> float:
    return float(np.mean([verdict.kind != "digit" for verdict in verdicts]))


def test_hardly_a_test_digit_is_refused(judge, mnist):
    verdicts = judge.verdicts(mnist.test.images[:3000])
    assert refused(verdicts) <= 0.03  # the first 3,000; benchmarks/measure/refusals.py counts all 10,000
    kept = [(one.digit, label) for one, label in zip(verdicts, mnist.test.labels, strict=False) if one.kind == "digit"]
    assert np.mean([digit == label for digit, label in kept]) > 0.995


def test_letters_and_scribbles_never_seen_are_refused(judge, mnist):
    """Nine of ten together; of each kind most, a pen that turns at random being the hardest."""
    materials = nondigits.generators("measure", mnist.test)
    shares = {
        name: refused(judge.verdicts(nondigits.make(materials[name][1], 150, 99, name)))
        for name in ("letters", "walks", "hatching", "stars")
    }
    assert np.mean(list(shares.values())) >= 0.9, shares
    assert min(shares.values()) >= 0.75, shares


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((28, 28), np.uint8), "There is no ink."),
        (np.full((28, 28), 40, np.uint8), "There is too little ink for a digit."),
        (np.pad(np.full((2, 2), 255, np.uint8), 13), "There is too little ink for a digit."),
    ],
)
def test_blank_images_show_nothing(judge, image, reason):
    verdict = judge.verdict(image)
    assert (verdict.kind, verdict.digit, verdict.reason) == ("no digit", None, reason)
    assert verdict.alternatives == ()


def test_the_reason_names_what_it_looks_like(judge, mnist):
    materials = nondigits.generators("fit", mnist.test)
    for name, phrase in (("letters", "a letter"), ("pairs", "two digits"), ("checks", "a texture or a shadow")):
        reasons = [verdict.reason for verdict in judge.verdicts(nondigits.make(materials[name][1], 40, 7, name))]
        assert sum(f"more like {phrase} than" in reason for reason in reasons) > 20


def test_a_verdict_holds_the_numbers_behind_it(judge, mnist):
    verdict = judge.verdict(mnist.test.images[0])
    probabilities, kinds = pretrained().with_kinds(mnist.test.images[:1])
    assert (verdict.kind, verdict.digit) == ("digit", 7)
    assert verdict.confidence == pytest.approx(probabilities[0, 7], abs=1e-6)
    assert verdict.likeness == pytest.approx(kinds[0, 0], abs=1e-6)
    assert verdict.ink == pytest.approx(mnist.test.images[0].sum() / 255)
    assert str(verdict) == verdict.reason == f"It is a 7 ({chance(verdict.confidence)})."
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdict.kind = "unsure"


def test_no_images_no_verdicts(judge):
    assert judge.verdicts(np.zeros((0, 28, 28), np.uint8)) == []
    with pytest.raises(ValueError, match="Images came as float64"):
        judge.verdict(np.zeros((28, 28)))


def test_two_digits_that_are_equally_likely_leave_it_unsure(tmp_path, mnist):
    """A network with known answers: without weights, its offsets decide whatever the image is."""
    model = softmax()
    offsets = np.full(10, -9.0)
    offsets[[4, 9, 7]] = np.log([0.5, 0.4, 0.1])
    model.set_weights([np.zeros((784, 10)), offsets])
    export_onnx(model, tmp_path / "model.onnx", Calibration(least_confidence=0.6))
    verdict = Judge(Classifier(tmp_path / "model.onnx")).verdict(mnist.test.images[0])
    assert (verdict.kind, verdict.digit, verdict.likeness) == ("unsure", 4, None)
    assert verdict.reason == "It may be a 4 (50 %), a 9 (40 %) or a 7 (10 %)."
    assert [digit for digit, _ in verdict.alternatives] == [9, 7]
    guarded = Judge(Classifier(tmp_path / "model.onnx"), guard=pretrained())
    assert guarded.verdict(mnist.test.images[0]).likeness > 0.9
    assert guarded.verdict(mnist.test.images[0]).kind == "unsure"
    cross = np.zeros((28, 28), np.uint8)
    cross[4:24, 12:16] = cross[12:16, 4:24] = 255
    assert guarded.verdict(cross).kind == "no digit"


def test_materials_are_a_function_of_the_seed(mnist):
    for group in ("fit", "choose", "measure"):
        for name, (_, generator) in nondigits.generators(group, mnist.test).items():
            first, again, other = (nondigits.make(generator, 4, seed, name) for seed in (1, 1, 2))
            assert first.dtype == np.uint8 and first.shape == (4, 28, 28)
            assert (first == again).all(), name
            assert (first != other).any(), name


def test_the_groups_share_no_font_and_no_generator_of_scribbles(mnist):
    table = nondigits.glyphs()
    fonts = {group: set(table["fonts"][table["groups"] == group]) for group in ("fit", "choose", "measure")}
    assert not fonts["fit"] & fonts["measure"] and not (fonts["fit"] | fonts["measure"]) & fonts["choose"]
    assert all(len(names) >= 3 for names in fonts.values())
    names = {group: set(nondigits.generators(group, mnist.test)) for group in fonts}
    assert names["fit"] & names["measure"] == {"letters", "symbols", "halves", "pairs", "specks"}
