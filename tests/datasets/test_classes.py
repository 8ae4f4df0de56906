"""`classes.txt`: ten names or a refusal in words; and what text calls a class with and without it."""

import numpy as np
import pytest

from idx_files import write_folder
from mnistlab.datasets import Dataset, Split, load_idx, load_test_split, packaged
from mnistlab.datasets.classes import DIGITS, MNIST_FINGERPRINT, NUMBERED, classes_of, named_classes, read_classes
from mnistlab.exceptions import DataError
from other_data import SHOES


@pytest.fixture
def folder(tmp_path, tiny):
    return write_folder(tmp_path / "shoes", Dataset("shoes", tiny, tiny))


def test_a_folder_names_its_classes(folder):
    (folder / "classes.txt").write_text("\n".join(SHOES) + "\n\n", encoding="utf-8")
    dataset = load_idx(folder)
    assert dataset.class_names == SHOES
    assert dataset.test.classes == dataset.train.classes == dataset.train.take([1, 0]).classes
    assert dataset.identity() == {
        "name": "shoes",
        "fingerprint": dataset.fingerprint(),
        "class_names": list(SHOES),
    }
    assert load_test_split(folder).classes.names == SHOES
    assert "classes: 0 T-shirt/top, 1 Trouser, 2 Pullover," in str(dataset)
    assert not dataset.classes.is_digits


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["utf-8", "with a mark"])
def test_names_may_have_any_letters_and_line_ends(folder, start):
    names = ["お", "き", "す", "つ", "な", "は", "ま", "や", "れ", "を"]
    (folder / "classes.txt").write_bytes((start + "\r\n".join(names)).encode())
    assert load_idx(folder).class_names == tuple(names)


def test_without_names_classes_are_numbered(folder):
    dataset = load_idx(folder)
    assert dataset.class_names is None
    assert dataset.classes == NUMBERED
    assert set(dataset.identity()) == {"name", "fingerprint"}


def test_mnists_classes_are_digits_wherever_its_files_lie(mnist):
    assert mnist.classes == load_idx(packaged.MNIST_FOLDER).classes == DIGITS
    assert load_test_split(packaged.MNIST_FOLDER).classes == DIGITS
    assert mnist.fingerprint() == MNIST_FINGERPRINT
    assert set(mnist.identity()) == {"name", "fingerprint"}


def test_digits_may_be_named(folder):
    (folder / "classes.txt").write_text("\n".join("0123456789"))
    dataset = load_idx(folder)
    assert dataset.classes.is_digits
    assert dataset.identity()["class_names"] == list("0123456789")
    assert classes_of(dataset.identity()).is_digits


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it has 0 names"),
        (b"one\ntwo", "it has 2 names"),
        ("\n".join("abcdefghijk").encode(), "it has 11 names"),
        (b"a\nb\n\nd\ne\nf\ng\nh\ni\nj", "name 3 is empty"),
        (b"a\nb\na\nd\ne\nf\ng\nh\ni\nj", "a stands there twice"),
        (b"a\nb\n" + b"c" * 41 + b"\nd\ne\nf\ng\nh\ni\nj", "name 3 has 41 characters"),
        (b"a\nb\n\x1b[2J\nd\ne\nf\ng\nh\ni\nj", "name 3 has characters that cannot be printed"),
        ("a\nb\n\u202ec\nd\ne\nf\ng\nh\ni\nj".encode(), "name 3 has characters that cannot be printed"),
        (b"a\nb\n\xff\nd\ne\nf\ng\nh\ni\nj", "it is not UTF-8"),
        (b"x" * 10_000_000, "it has more than 8,192 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_that_are_none_are_refused(folder, content, reason):
    (folder / "classes.txt").write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_idx(folder)
    assert str(caught.value) == (
        f"{folder / 'classes.txt'} does not name the classes: {reason}. Expected ten different names, one per line, in "
        "the order of the labels, in UTF-8, of at most 40 characters each."
    )
    with pytest.raises(DataError):
        load_test_split(folder)


def test_a_folder_without_names_has_none(tmp_path):
    assert read_classes(tmp_path) is None


def test_classes_in_words():
    shoes = named_classes(SHOES)
    assert [classes.one(7) for classes in (DIGITS, NUMBERED, shoes)] == ["a 7", "class 7", "Sneaker"]
    assert [classes.the(7) for classes in (DIGITS, NUMBERED, shoes)] == ["the 7", "class 7", "Sneaker"]
    assert [classes.listed([1, 2, 7]) for classes in (DIGITS, NUMBERED, shoes)] == [
        "digits 1, 2 and 7",
        "classes 1, 2 and 7",
        "Trouser, Pullover and Sneaker",
    ]
    assert DIGITS.one(8) == "an 8"


@pytest.mark.parametrize(
    ("identity", "classes"),
    [
        ({"name": "MNIST", "fingerprint": "1f"}, DIGITS),
        ({"name": "copy", "fingerprint": MNIST_FINGERPRINT}, DIGITS),
        ({"name": "shoes", "fingerprint": "1f"}, NUMBERED),
        ({"name": "shoes", "fingerprint": "1f", "class_names": list(SHOES)}, named_classes(SHOES)),
        ({"name": "shoes", "fingerprint": "1f", "class_names": 3}, NUMBERED),
        ({"name": "shoes", "fingerprint": "1f", "class_names": [1] * 10}, NUMBERED),
        ({"name": "shoes", "fingerprint": "1f", "class_names": ["\x1b"] * 10}, NUMBERED),
    ],
)
def test_what_a_run_says_of_its_classes(identity, classes):
    assert classes_of(identity) == classes


def test_a_split_made_by_hand_has_digits():
    assert Split("train", np.zeros((1, 28, 28), np.uint8), np.zeros(1, int)).classes == DIGITS
