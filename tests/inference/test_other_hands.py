"""Digits of other hands: what they are made of, and how the network that ships reads a few of each kind."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.material import cases, strokes
from benchmarks.material.hands import papers, pens, writing
from benchmarks.measure import kinds
from benchmarks.shipped import handwriting, teaching
from mnistlab.reader import DigitReader

GROUPS = ("fit", "choose", "measure")


def test_the_groups_share_no_form_and_hardly_a_pen():
    seen: set[str] = set()
    for group in GROUPS:
        tables = (*writing.GROUPS[group].values(), *writing.SIGNS[group].values())
        own = {form for table in tables for form in table}
        assert not own & seen
        seen |= own
    page = {tuple(stroke) for form in strokes.FORMS.values() for stroke in form}
    measured = [form for table in writing.GROUPS["measure"].values() for form in table]
    assert not any(
        {tuple(map(tuple, points.tolist())) for points, _ in writing.parse(form)} & page for form in measured
    )
    for one, other in (("fit", "choose"), ("fit", "measure"), ("choose", "measure")):
        assert set(pens.PENS[one]) & set(pens.PENS[other]) == {"round", "fine"}


@pytest.mark.parametrize("group", GROUPS)
def test_every_form_is_one_character(group):
    """Ink in one size, nowhere cut: as large as its box, and its strokes together."""
    rng = np.random.default_rng(1)
    for table in (writing.GROUPS[group], writing.SIGNS[group]):
        for forms in table.values():
            for form in forms:
                paths = writing.written(writing.parse(form), rng, writing.HABITS[group])
                moved, size = pens.placed(paths, 100, 8)
                ink = pens.draw(moved, size, "round", 6, rng)
                rows, columns = np.nonzero(ink)
                assert max(np.ptp(rows), np.ptp(columns)) == pytest.approx(106, abs=4), form
                assert not (ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any()), form


def test_images_are_a_function_of_the_seed_and_not_of_the_number_of_processes(monkeypatch):
    monkeypatch.setattr(handwriting, "CHUNK", 3)
    maker = partial(handwriting.hand_digit, "fit", 7, None)
    one, again, other = (handwriting.make(maker, 7, seed, "7", 1) for seed in (1, 1, 2))
    assert one.dtype == np.uint8 and one.shape == (7, 28, 28)
    assert (one == again).all() and (one != other).any()
    assert (handwriting.make(maker, 7, 1, "7", 2) == one).all()


def test_trouble_is_what_it_says():
    rng = np.random.default_rng(2)
    ink = np.zeros((60, 60), np.float32)
    ink[5:55, 25:35] = 1
    left = [float(pens.cut(ink, rng).sum()) for _ in range(50)]
    assert 0.5 * ink.sum() < min(left) < np.mean(left) < ink.sum()  # some lose nothing, none loses its form
    thin = np.zeros((60, 60), np.float32)
    thin[5:55, 29] = thin[54, 10:50] = 1  # a line of one pixel is not cut away
    assert all(pens.cut(thin, rng).sum() >= 0.8 * thin.sum() for _ in range(50))
    assert pens.broken(ink, rng, "fit").sum() < 0.97 * ink.sum()
    assert pens.beside(ink, rng).sum() > ink.sum()


def test_a_skipping_pen_leaves_gaps_and_loses_no_stroke():
    path = [np.array([(20.0, 20.0), (60.0, 20.0)]), np.array([(60.0, 20.0), (40.0, 100.0)])]
    for seed in range(40):
        rng = np.random.default_rng(seed)
        ink = pens.draw(path, (80, 120), "skipping", 3, rng)
        whole = pens.draw(path, (80, 120), "round", 3, rng)
        assert ink[30:].sum() > 0.6 * whole[30:].sum() and ink[:25].sum() > 0.5 * whole[:25].sum()


def test_turned_digits_are_none_that_are_digits_again(mnist):
    turned = handwriting.turned(mnist.train.take(np.arange(60)))
    assert not {0, 1} & set(turned.labels.tolist()) and len(turned) > 20


def test_a_photo_keeps_the_ink_where_it_was():
    rng = np.random.default_rng(3)
    ink = papers.on_page(np.pad(np.ones((40, 10), np.float32), 4), rng)
    for paper in papers.PAPERS:
        photo = papers.photograph(ink, rng, paper)
        assert photo.dtype == np.uint8 and photo.shape == ink.shape
        middle, ground = float(photo[ink == 1].mean()), float(photo[ndimage.binary_dilation(ink == 0)].mean())
        assert abs(middle - ground) > 20, paper


def read_as(text, sure=True):
    reading = SimpleNamespace(kind="digit" if sure else "unsure", digit=text, name=str(text))
    reading.verdict = SimpleNamespace(alternatives=((3, 0.2),))
    reading.found = SimpleNamespace(line=0)
    return reading


@pytest.mark.parametrize(
    ("written", "read", "outcome"),
    [
        (("1",), [read_as(1)], "right"),
        (("1",), [read_as(1, sure=False)], "right"),
        (("1",), [read_as(7)], "sure and wrong"),
        (("1",), [read_as(7, sure=False)], "unsure"),
        (("1",), [], "unsure"),
        (("1",), [read_as(1), read_as(1)], "sure and wrong"),
        ((), [], "right"),
        ((), [read_as(0)], "sure and wrong"),
        ((), [read_as(0, sure=False)], "unsure"),
        (("12",), [read_as(2)], "unsure"),
    ],
)
def test_an_outcome(written, read, outcome):
    counts = kinds.judged(cases.Case(np.zeros((1, 1), np.uint8), written), read)
    assert [name for name in kinds.OUTCOMES if counts[name]] == [outcome]


def test_answers_are_paired_at_the_least_number_of_changes():
    readings = [read_as(digit) for digit in (4, 7, 0, 5)]
    pairs = [(digit, one and one.digit) for digit, one in kinds.aligned("4015", readings)]
    assert sum(digit != str(answer) for digit, answer in pairs) == 2  # a 7 too many, a 1 missing or changed


def test_single_digits_of_hands_never_seen_are_read(mnist):
    """A few pictures of the kinds whose goal is 98 %; benchmarks/measure/kinds.py reads 300 of each."""
    reader, wrong, right, number = DigitReader(), [], 0, 0
    for name in ("1 with a flag", "7 with a bar or serif", "fine pens", "any digit"):
        for seed in range(15):
            case = cases.KINDS[name].make(np.random.default_rng([1, seed, *name.encode()]), mnist.test)
            counts = kinds.judged(case, reader.read(case.photo))
            right, number = right + counts["right"], number + 1
            wrong += [(name, seed)] if counts["sure and wrong"] else []
    assert right >= 0.93 * number and len(wrong) <= 2, (right, wrong)


@pytest.mark.parametrize(("kind", "most"), [("symbol", 4), ("letter", 4), ("scribble", 8)])  # a house looks like a 0
def test_signs_and_drawings_of_hands_never_seen_are_no_sure_digits(kind, most):
    from mnistlab.inference import Judge, pretrained

    images = teaching.sign_images(kind, "measure", 60, 1).images
    sure = [one.digit for one in Judge(pretrained()).verdicts(images) if one.kind == "digit"]
    assert len(sure) <= most, sure
