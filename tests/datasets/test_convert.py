"""Data of other forms: what goes in comes out of the written folder, and what is damaged or unclear is refused."""

import io
import os
import re
import struct
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.lib import format as npy
from PIL import Image

from idx_files import write_folder
from mnistlab.datasets import Dataset, load_idx
from mnistlab.datasets.convert import Changes, conversion, convert, fit_square, parts
from mnistlab.datasets.folders import folder_files
from mnistlab.exceptions import DataError, MnistlabError, UsageError
from mnistlab.reader import load_photo
from mnistlab.system.files import write_folder as write_whole
from other_data import SHOES

IMAGES = arrays.arrays(np.uint8, st.tuples(st.integers(2, 6), st.just(28), st.just(28)))


def prepare(path):
    return fit_square(load_photo(path))


def converted(source, **options):
    return convert(source, name="new", prepare=prepare, **options)[0]


def notes_of(source, **options):
    return convert(source, name="new", prepare=prepare, **options)[1]


def refused(source, pattern, error=DataError, **options):
    with pytest.raises(error, match=pattern) as caught:
        converted(source, **options)
    message = str(caught.value)
    assert message.isprintable()
    assert message.endswith(".")
    assert message.count(". ") <= 1
    return message


@pytest.fixture
def digits(mnist):
    return Dataset("digits", mnist.train.take(np.arange(30)), mnist.test.take(np.arange(20)))


def save_npz(path, dataset, change=lambda images: images, **others):
    np.savez(
        path,
        x_train=change(dataset.train.images),
        y_train=dataset.train.labels,
        x_test=change(dataset.test.images),
        y_test=dataset.test.labels,
        **others,
    )
    return path


def csv_of(split, header=True):
    lines = [
        f"{label},{','.join(map(str, image.reshape(-1)))}"
        for image, label in zip(split.images, split.labels, strict=True)
    ]
    names = ["label," + ",".join(f"pixel{number}" for number in range(784))] if header else []
    return "\n".join([*names, *lines]) + "\n"


def equal(dataset, other):
    for name in ("train", "test"):
        for kind in ("images", "labels"):
            np.testing.assert_array_equal(getattr(getattr(dataset, name), kind), getattr(getattr(other, name), kind))


def together(dataset):
    """Images with labels of both splits as a sorted list of bytes, whatever their order."""
    return sorted(
        image.tobytes() + bytes([label])
        for split in (dataset.train, dataset.test)
        for image, label in zip(split.images, split.labels, strict=True)
    )


# .npz


@pytest.mark.parametrize(
    "change",
    [
        lambda images: images,
        lambda images: images.reshape(-1, 784),
        lambda images: images[..., None],
        lambda images: images[:, None],
        lambda images: images.astype(np.int64),
        lambda images: images.astype(">u2"),
        lambda images: images.astype(np.float32),
    ],
    ids=["as in Keras", "flat", "channels last", "channels first", "int64", "big-endian", "whole floats"],
)
def test_an_npz_file(tmp_path, digits, change):
    dataset = converted(save_npz(tmp_path / "mnist.npz", digits, change))
    equal(dataset, digits)
    assert dataset.name == "new"
    assert dataset.warnings == converted(save_npz(tmp_path / "mnist.npz", digits)).warnings


def test_mnist_as_keras_saves_it_is_mnist(tmp_path, mnist):
    write_whole(tmp_path / "mnist", folder_files(converted(save_npz(tmp_path / "mnist.npz", mnist))))
    dataset = load_idx(tmp_path / "mnist")
    assert dataset.fingerprint() == mnist.fingerprint()
    assert dataset.classes.is_digits
    assert dataset.warnings == ()


@given(IMAGES, st.data())
@settings(max_examples=20)
def test_any_npz_file_survives_the_round_trip(images, data):
    labels = data.draw(arrays.arrays(np.uint8, len(images), elements=st.integers(0, 9)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez_compressed(folder / "a.npz", x_train=images, y_train=labels, x_test=images[:1], y_test=labels[:1])
        write_whole(folder / "out", folder_files(converted(folder / "a.npz")))
        again = load_idx(folder / "out")
        np.testing.assert_array_equal(again.train.images, images)
        np.testing.assert_array_equal(again.train.labels, labels)
        again_converted = converted(folder / "out")
        equal(again_converted, again)
        del again, again_converted  # a mapped file does not outlive its folder everywhere


def test_parts_of_full_ink_are_brought_to_255(tmp_path, digits):
    path = save_npz(tmp_path / "a.npz", digits, lambda images: images.astype(np.float32) / 255)
    equal(converted(path), digits)
    assert notes_of(path) == ["The pixels went from 0 to 1 and were brought to 0 to 255."]


def test_zeros_and_ones_stay_as_they_are_and_are_told(tmp_path, digits):
    path = save_npz(tmp_path / "a.npz", digits, lambda images: (images > 127).astype(np.float64))
    assert converted(path).train.images.max() == 1
    assert [sentence[:24] for sentence in converted(path).warnings if "largest" in sentence] == [
        "The largest pixel is 1, "
    ]
    assert converted(path, changes=Changes(stretch=True)).train.images.max() == 255


def test_other_names_of_the_arrays(tmp_path, digits):
    train, test = digits.train, digits.test
    named = {"train_images": train.images, "train_labels": train.labels[:, None], "val_images": train.images}
    np.savez(tmp_path / "a.npz", **named, test_images=test.images, test_labels=test.labels)
    equal(converted(tmp_path / "a.npz"), digits)
    assert notes_of(tmp_path / "a.npz") == ["Left out: val_images."]


def test_an_npz_file_without_splits(tmp_path, digits):
    np.savez(tmp_path / "a.npz", images=digits.train.images, labels=digits.train.labels)
    dataset = converted(tmp_path / "a.npz", seed=3)
    assert (len(dataset.train), len(dataset.test)) == (26, 4)
    equal(dataset, converted(tmp_path / "a.npz", seed=3))
    assert together(dataset) == sorted(
        image.tobytes() + bytes([label]) for image, label in zip(digits.train.images, digits.train.labels, strict=True)
    )
    assert notes_of(tmp_path / "a.npz", seed=3) == [
        "The source does not say which images are to test on: one in seven was drawn, with seed 3."
    ]


class Payload:
    """Pickled, it makes a folder where it is loaded."""

    def __reduce__(self):
        return os.mkdir, ("a-trace",)


def with_arrays(**named):
    buffer = io.BytesIO()
    np.savez(buffer, **named)
    return buffer.getvalue()


def with_members(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def npy_header(shape, descr="|u1", fortran=False):
    buffer = io.BytesIO()
    npy.write_array_header_1_0(buffer, {"descr": descr, "fortran_order": fortran, "shape": shape})
    return buffer.getvalue()


ONE = np.zeros((3, 28, 28), np.uint8)
THREE = np.arange(3, dtype=np.uint8)
TEST = {"x_test": ONE, "y_test": THREE}
WHOLE = with_arrays(x_train=ONE, y_train=THREE, **TEST)
ENCRYPTED = WHOLE.replace(b"PK\x03\x04\x2d\x00\x00", b"PK\x03\x04\x2d\x00\x01").replace(
    b"PK\x01\x02\x2d\x03\x2d\x00\x00", b"PK\x01\x02\x2d\x03\x2d\x00\x01"
)
BAD_NPZ = {
    "pickled objects": (
        with_arrays(x_train=np.array([Payload()], dtype=object), y_train=THREE, **TEST),
        r"\(x_train\) holds pickled objects, which could do anything. Save plain numbers",
    ),
    "pickled labels": (
        with_arrays(x_train=ONE, y_train=np.array([Payload()] * 3, dtype=object), **TEST),
        r"\(y_train\) holds pickled objects",
    ),
    "no archive": (b"x" * 100, "is not an intact .npz file"),
    "empty": (b"", "is not an intact .npz file"),
    "cut off": (WHOLE[: len(WHOLE) // 2], "is not an intact .npz file"),
    "encrypted": (ENCRYPTED, "is not an intact .npz file .*encrypted"),
    "other names": (with_arrays(a=ONE, b=ONE), "holds a, b, but x_train, y_train, x_test and y_test were expected"),
    "no test images": (
        with_arrays(x_train=ONE, y_train=THREE),
        "holds x_train, y_train, but lacks x_test and y_test. Save the arrays that belong together",
    ),
    "no labels": (with_arrays(images=ONE), "holds images, but lacks labels. Save"),
    "no arrays": (with_members(), "holds nothing, but x_train"),
    "no array inside": (
        with_members(x_train=b"x" * 100, y_train=b"", x_test=b"", y_test=b""),
        r"\(x_train\) is not an array of NumPy",
    ),
    "a bomb": (
        with_members(
            x_train=npy_header((3, 28, 28)) + bytes(300 * 2**20),
            y_train=npy_header((3,)) + b"012",
            x_test=b"",
            y_test=b"",
        ),
        r"\(x_train\) is longer than its header promises",
    ),
    "billions promised": (
        with_members(x_train=npy_header((2**40, 28, 28)), y_train=b"", x_test=b"", y_test=b""),
        r"has the shape \(1099511627776, 28, 28\), but up to 500,000 images of 28×28 pixels were expected",
    ),
    "large images promised": (
        with_members(x_train=npy_header((1, 2**30, 2**30)), y_train=b"", x_test=b"", y_test=b""),
        r"\(number, 28, 28\) or \(number, 784\) was expected. Save one grey image of 28×28 pixels",
    ),
    "a negative size": (
        with_members(x_train=npy_header((-1, 28, 28)), y_train=b"", x_test=b"", y_test=b""),
        "but up to 500,000 images",
    ),
    "a header that is code": (
        with_members(x_train=b"\x93NUMPY\x01\x00\x10\x00__import__('os')", y_train=b"", x_test=b"", y_test=b""),
        "is not an array of NumPy",
    ),
    "an endless header": (
        with_members(
            x_train=b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + b"(" * 10**6, y_train=b"", x_test=b"", y_test=b""
        ),
        "is not an array of NumPy",
    ),
    "fewer bytes than promised": (
        with_members(
            x_train=npy_header((3, 28, 28)) + b"abc", y_train=npy_header((3,)) + b"\0\0\0", x_test=b"", y_test=b""
        ),
        r"\(x_train\) breaks off",
    ),
    "columns first": (
        with_members(x_train=npy_header((3, 28, 28), fortran=True), y_train=b"", x_test=b"", y_test=b""),
        "is stored column by column",
    ),
    "text": (
        with_arrays(x_train=ONE, y_train=np.array(["a", "b", "c"]), **TEST),
        r"\(y_train\) is <U1 \(3,\), but plain numbers were expected",
    ),
    "complex numbers": (with_arrays(x_train=ONE.astype(complex), y_train=THREE, **TEST), "plain numbers were expected"),
    "colour": (
        with_arrays(x_train=np.zeros((3, 28, 28, 3)), y_train=THREE, **TEST),
        r"has the shape \(3, 28, 28, 3\), but \(number, 28, 28\) or \(number, 784\) was expected",
    ),
    "large images": (
        with_arrays(x_train=np.zeros((3, 32, 32)), y_train=THREE, **TEST),
        r"has the shape \(3, 32, 32\), but \(number, 28, 28\) or \(number, 784\) was expected. Save one grey",
    ),
    "small images": (
        with_arrays(x_train=np.zeros((3, 8, 8)), y_train=THREE, **TEST),
        r"has the shape \(3, 8, 8\), but \(number, 28, 28\) or \(number, 784\) was expected",
    ),
    "sides that make 784": (
        with_arrays(x_train=np.zeros((3, 56, 14)), y_train=THREE, **TEST),
        r"has the shape \(3, 56, 14\), but",
    ),
    "one-hot labels": (
        with_arrays(x_train=ONE, y_train=np.eye(10)[:3], **TEST),
        r"\(y_train\) has the shape \(3, 10\), but \(number,\) was expected. Save labels.argmax\(axis=1\)",
    ),
    "other numbers of labels": (
        with_arrays(x_train=ONE, y_train=THREE[:2], **TEST),
        r"\(x_train\) has 3 images, but y_train 2 labels",
    ),
    "a label above nine": (
        with_arrays(x_train=ONE, y_train=np.array([0, 26, 1]), **TEST),
        r"\(y_train\) holds the label 26 at position 1, but labels are whole numbers from 0 to 9",
    ),
    "half a label": (with_arrays(x_train=ONE, y_train=np.array([0, 0.5, 1]), **TEST), "holds the label 0.5 at"),
    "a label that is not a number": (
        with_arrays(x_train=ONE, y_train=np.array([0, np.nan, 1]), **TEST),
        "label nan at",
    ),
    "a pixel above 255": (
        with_arrays(x_train=ONE.astype(int) + 256, y_train=THREE, **TEST),
        r"\(x_train\) holds the pixel 256, but pixels are whole numbers from 0 to 255, or all from 0 to 1",
    ),
    "a pixel below 0": (with_arrays(x_train=ONE.astype(float) - 1, y_train=THREE, **TEST), "holds the pixel -1, but"),
    "half a pixel": (with_arrays(x_train=ONE + 1.5, y_train=THREE, **TEST), "holds the pixel 1.5, but"),
    "a pixel that is not a number": (with_arrays(x_train=ONE + np.nan, y_train=THREE, **TEST), "holds the pixel nan"),
    "endless ink": (with_arrays(x_train=ONE + np.inf, y_train=THREE, **TEST), "holds the pixel inf, but"),
    "no images": (with_arrays(x_train=ONE[:0], y_train=THREE[:0], **TEST), "holds 0 images; expected 1 to 500,000"),
}


@pytest.mark.parametrize("name", BAD_NPZ)
def test_npz_files_that_are_none(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    content, pattern = BAD_NPZ[name]
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    tracemalloc.start()
    message = refused(path, pattern)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert message.startswith(str(path))
    assert peak < 16 * 2**20
    assert [each.name for each in tmp_path.iterdir()] == ["bad.npz"]


@given(
    st.binary(max_size=400)
    | st.builds(
        lambda at, value: WHOLE[:at] + bytes([value]) + WHOLE[at + 1 :], st.integers(0, len(WHOLE)), st.integers(0, 255)
    )
)
@settings(max_examples=200)
def test_any_npz_file_is_read_or_refused(content):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.npz"
        path.write_bytes(content)
        try:
            assert len(converted(path).train) == 3
        except DataError as error:
            assert str(path) in str(error)


# CSV


@pytest.mark.parametrize("header", [True, False])
def test_a_csv_file(tmp_path, digits, header):
    (tmp_path / "train.csv").write_text(csv_of(digits.train, header))
    dataset = converted(tmp_path / "train.csv")
    assert (len(dataset.train), len(dataset.test)) == (26, 4)
    (tmp_path / "test.csv").write_text(csv_of(digits.test, header))
    equal(converted(tmp_path / "train.csv", test_source=tmp_path / "test.csv"), digits)
    assert notes_of(tmp_path / "train.csv", test_source=tmp_path / "test.csv") == []


def test_forms_of_a_csv_file(tmp_path, digits):
    """Line ends of Windows, a mark at the beginning, spaces, empty lines, quotes, .0, and the label last."""
    (tmp_path / "test.csv").write_text(csv_of(digits.test))
    text = csv_of(digits.train)
    label_last = "\n".join(
        ",".join([*line.split(",")[1:], line.split(",")[0]]) for line in text.replace("label", "class").splitlines()
    )
    for form in (
        text.replace("\n", "\r\n"),
        "\ufeff" + text,
        "\ufeff" + csv_of(digits.train, header=False),
        text.replace(",", ", "),
        re.sub(r"\b(\w+)\b", r'"\1"', text),
        re.sub(r"\b(\d+)\b", r"\1.0", text),
        re.sub(r"\b(\d+)\b", r'"\1.0"', csv_of(digits.train, header=False)),
        text.replace("\n", "\n\n") + "\n\n",
        label_last,
    ):
        (tmp_path / "train.csv").write_bytes(form.encode())
        equal(converted(tmp_path / "train.csv", test_source=tmp_path / "test.csv"), digits)


@pytest.mark.parametrize("corner", [0, 200])
def test_a_label_in_the_last_column_without_a_header_is_refused(tmp_path, digits, corner):
    """The first column is a pixel: 0 in every line, or no label somewhere."""
    lines = [line.split(",") for line in csv_of(digits.train, header=False).splitlines()]
    lines[7][1] = str(corner)
    text = "\n".join(",".join([*line[1:], line[0]]) for line in lines)
    (tmp_path / "a.csv").write_text(text)
    refused(
        tmp_path / "a.csv",
        "a.csv: the label seems to stand in the last column, not in the first. Add a first line that names the columns",
    )
    (tmp_path / "a.csv").write_text(",".join([f"p{n}" for n in range(784)] + ["label"]) + "\n" + text)
    dataset = converted(tmp_path / "a.csv")
    assert sorted([*dataset.train.labels, *dataset.test.labels]) == sorted(digits.train.labels)


@given(IMAGES, st.data())
@settings(max_examples=20)
def test_any_csv_file_survives_the_round_trip(images, data):
    labels = data.draw(arrays.arrays(np.uint8, len(images), elements=st.integers(0, 9)))
    lines = [",".join(map(str, [label, *image.reshape(-1)])) for image, label in zip(images, labels, strict=True)]
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.csv"
        path.write_text("\n".join(lines))
        dataset = converted(path, test_source=path)
    np.testing.assert_array_equal(dataset.train.images, images)
    np.testing.assert_array_equal(dataset.test.labels, labels)


ROW = ",".join(["3"] + ["0"] * 784)
BAD_CSV = {
    "empty": ("", "is empty, but a CSV file of images was expected"),
    "only names": ("label," + ",".join(f"pixel{n}" for n in range(784)), "holds 0 images; expected 1 to 500,000"),
    "without labels": (
        ",".join(["0"] * 784),
        r"has 784 columns, the pixels without a label, as Kaggle's test.csv. Use a",
    ),
    "one column": ("hello", "line 1: it has 1 column with commas between them, but a label and 784 pixels were"),
    "semicolons": (ROW.replace(",", ";"), "line 1: it has 1 column with commas between them"),
    "too few columns": (
        f"{ROW}\n{ROW[:-2]}",
        "line 2: it has 784 columns, but 785 were expected, a label and 784 pixels",
    ),
    "too many columns": (f"{ROW}\n{ROW},0", "line 2: it has 786 columns, but 785 were expected"),
    "half quotes": (f'{ROW}\n"3{ROW[1:]}', "line 2, column 1: it holds '\"3', but a whole number from 0 to 255"),
    "quotes in the first line": (
        f'"3.5"{ROW[1:]}',
        "line 1: it begins with '\"3.5\"', but a line of whole numbers was",
    ),
    "a fraction": (f"{ROW}\n{ROW[:-1]}0.5", "line 2, column 785: it holds '0.5', but a whole number from 0 to 255"),
    "not a number": (f"{ROW}\n{ROW[:-1]}NaN", "line 2, column 785: it holds 'NaN', but a whole number"),
    "nothing": (f"{ROW}\n{ROW[:-1]}", "line 2, column 785: it holds nothing, but a whole number"),
    "below 0": (f"{ROW}\n{ROW[:-1]}-1", "line 2, column 785: it holds '-1', but"),
    "above 255": (f"{ROW}\n{ROW[:-1]}256", "line 2, column 785: it holds '256', but"),
    "a label above nine": (f"{ROW}\n1{ROW}", "line 2: the label is 13, but labels are 0 to 9"),
    "an endless line": ("0," * 10**6, "line 1: it has more than 32,768 bytes, so it is not a line of 785 numbers"),
    "commands for a terminal": (f"{ROW}\n\x1b[2J{ROW[1:]}", r"line 2, column 1: it holds '\\x1b\[2J', but"),
    "names without a label": (",".join(f"pixel{n}" for n in range(785)), "line 1: it begins with 'pixel0', but a line"),
    "zeros before a number": (f"{ROW}\n{ROW[:-1]}007", "line 2, column 785: it holds '007', but"),
    "no text": ("\0" * 1000, "line 1: it has 1 column with commas"),
}


@pytest.mark.parametrize("name", BAD_CSV)
def test_csv_files_that_are_none(tmp_path, name):
    content, pattern = BAD_CSV[name]
    (tmp_path / "bad.csv").write_text(content)
    assert refused(tmp_path / "bad.csv", pattern).startswith(str(tmp_path / "bad.csv"))


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from([ROW, ROW[:-1], f"{ROW},", "", '"', "label", "1,2"]), max_size=5).map("\n".join)
)
@settings(max_examples=100)
def test_any_csv_file_is_read_or_refused(text):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.csv"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            assert set(converted(path, test_source=path).train.labels) == {3}
        except DataError as error:
            assert str(path) in str(error)


def test_more_images_than_memory_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "MAX_IMAGES", 2)
    (tmp_path / "a.csv").write_text(f"{ROW}\n{ROW}\n{ROW}")
    refused(tmp_path / "a.csv", "holds 3 images; expected 1 to 2. Convert a part that is not empty")


# Pictures


def draw(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def by_folder(folder, split, names=tuple("0123456789")):
    for number, (image, label) in enumerate(zip(split.images, split.labels, strict=True)):
        draw(folder / names[label] / f"{number:03}.png", image)


def test_pictures_in_folders_of_their_label(tmp_path, digits):
    by_folder(tmp_path / "train", digits.train)
    by_folder(tmp_path / "test", digits.test)
    dataset = converted(tmp_path)
    assert (len(dataset.train), len(dataset.test)) == (30, 20)
    assert together(dataset) == together(digits)
    assert dataset.class_names is None
    assert notes_of(tmp_path) == []
    equal(dataset, converted(tmp_path))
    assert (converted(tmp_path, seed=1).train.labels != dataset.train.labels).any()


@pytest.mark.parametrize("names", [("training", "testing"), ("Train", "TEST")])
def test_other_names_of_the_splits(tmp_path, digits, names):
    by_folder(tmp_path / names[0], digits.train)
    by_folder(tmp_path / names[1], digits.test)
    (tmp_path / ".DS_Store").write_bytes(b"")
    (tmp_path / "readme.txt").write_bytes(b"")
    by_folder(tmp_path / "validation", digits.test)
    assert together(converted(tmp_path)) == together(digits)
    assert notes_of(tmp_path) == ["Left out: readme.txt, validation."]


def test_names_of_folders_are_those_of_the_classes(tmp_path, mnist):
    names = ("Zebra", "apple", "Bear", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis")
    train = mnist.train.take(np.arange(100))
    by_folder(tmp_path / "in" / "train", train, names)
    by_folder(tmp_path / "in" / "test", mnist.test.take(np.arange(3)), names)
    dataset = converted(tmp_path / "in")
    assert dataset.class_names == ("apple", "Bear", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "Zebra")
    counts = train.class_counts
    np.testing.assert_array_equal(dataset.train.class_counts, [*counts[1:], counts[0]])
    write_whole(tmp_path / "out", folder_files(dataset))
    assert load_idx(tmp_path / "out").class_names == dataset.class_names


def test_pictures_whose_names_begin_with_their_label(tmp_path, digits):
    for number, (image, label) in enumerate(zip(digits.train.images, digits.train.labels, strict=True)):
        draw(tmp_path / f"{label}_{number}.png", image)
    dataset = converted(tmp_path)
    assert (len(dataset.train), len(dataset.test)) == (26, 4)
    equal(dataset, converted(tmp_path))
    assert together(dataset) == together(Dataset("", digits.train, digits.train.take([])))


def test_pictures_of_other_sizes_are_brought_to_28_pixels(tmp_path):
    picture = np.full((56, 112), 10, np.uint8)
    picture[20:36, 40:72] = 250
    image = fit_square(picture)
    assert image.shape == (28, 28)
    assert image[0, 0] == image[-1, -1] == 10
    assert image[14, 14] == 250
    np.testing.assert_array_equal(
        fit_square(np.arange(784, dtype=np.uint8).reshape(28, 28)), np.arange(784).reshape(28, 28) % 256
    )


BAD_FOLDERS = {
    "no pictures": (
        ["a.txt", "0/b.txt"],
        "holds no pictures .*Give a folder with one folder of pictures for each class",
    ),
    "nothing": ([], "holds no pictures"),
    "no label": (
        ["x.png"],
        "x.png has no label: it lies in no folder of a class, and its name does not begin with a di",
    ),
    "a number and no label": (["00123.png"], "00123.png has no label"),
    "a label of two digits": (["10_a.png"], "10_a.png has no label"),
    "pictures and folders": (
        ["1_a.png", "1/a.png"],
        "holds pictures, among them 1_a.png, and folders, among them 1, so",
    ),
    "folders in folders": (["1/a/b.png"], "1 holds the folder a, so the labels of its pictures are not clear"),
    "one split": (["train/1/a.png"], "holds the folder train, but none called test. Add it, or convert"),
    "two names for one split": (
        ["train/1/a.png", "training/1/a.png", "test/1/a.png"],
        "holds two folders to train on, or two to test on",
    ),
    "two named classes": (
        ["cats/1.png", "dogs/1.png"],
        "holds 2 classes, cats, dogs, but a data set has 10. Name the folders 0 to 9, or leave ten of them",
    ),
    "eleven classes": (
        [f"{letter}/1.png" for letter in "abcdefghijk"],
        "holds 11 classes, a, b, c, d, e and 6 more, but",
    ),
    "labels and names": (["1/a.png", "cats/a.png"], "holds 2 classes, 1, cats, but a data set has 10"),
    "a damaged picture": (["1/!.png", "2/a.png"], "!.png is not a picture that can be read"),
    "one picture": (["1/a.png"], "holds one image, but training and testing need one each"),
}


@pytest.mark.parametrize("name", BAD_FOLDERS)
def test_folders_of_which_it_is_not_clear_what_is_meant(tmp_path, name):
    files, pattern = BAD_FOLDERS[name]
    for file in files:
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".png" and "!" not in file:
            draw(path, np.zeros((28, 28), np.uint8))
        else:
            path.write_bytes(b"?")
    refused(tmp_path, pattern)


def test_names_that_no_class_can_have(tmp_path):
    for name in [*"abcdefghi", "j" * 41]:
        draw(tmp_path / name / "1.png", np.zeros((28, 28), np.uint8))
    refused(tmp_path, "holds folders that cannot name classes: name 10 has 41 characters. Rename them")


def test_too_many_pictures_are_refused_before_one_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("mnistlab.datasets.convert.pictures.MAX_IMAGES", 1)
    for name in "ab":
        (tmp_path / f"1{name}.png").write_bytes(b"")
    refused(tmp_path, "holds 2 pictures; expected up to 1. Convert a part")


# IDX files, and what all sources share


def test_emnists_files_are_brought_upright(tmp_path, mnist):
    part = Dataset("", mnist.train.take(np.arange(600)), mnist.test.take(np.arange(300)))
    lying = [images.transpose(0, 2, 1) for images in (part.train.images, part.test.images)]
    folder = tmp_path / "emnist"
    write_folder(folder, part)
    for path in list(folder.iterdir()):
        path.rename(folder / f"emnist-digits-{path.name.replace('t10k', 'test')}")
    upright = converted(folder)
    assert upright.warnings == ()
    save_npz(tmp_path / "a.npz", part, lambda images: images.transpose(0, 2, 1).copy())
    assert "rows and columns exchanged" in converted(tmp_path / "a.npz").warnings[0]
    mended, notes = convert(tmp_path / "a.npz", name="", prepare=prepare, changes=Changes(transpose=True))
    equal(mended, part)
    np.testing.assert_array_equal(mended.train.images.transpose(0, 2, 1), lying[0])
    assert mended.warnings == ()
    assert notes == ["Rows and columns were exchanged."]


def test_dark_ink_on_light_ground_is_turned_round(tmp_path, mnist):
    part = Dataset("", mnist.train.take(np.arange(600)), mnist.test.take(np.arange(300)))
    save_npz(tmp_path / "a.npz", part, lambda images: 255 - images)
    assert "the border is brighter" in converted(tmp_path / "a.npz").warnings[0]
    mended, notes = convert(tmp_path / "a.npz", name="", prepare=prepare, changes=Changes(invert=True))
    equal(mended, part)
    assert notes == ["Light and dark were turned round."]


def test_grey_levels_of_another_scale_are_stretched(tmp_path, digits):
    save_npz(tmp_path / "a.npz", digits, lambda images: images // 15)
    stretched, notes = convert(tmp_path / "a.npz", name="", prepare=prepare, changes=Changes(stretch=True))
    np.testing.assert_array_equal(stretched.train.images, digits.train.images // 15 * 15)
    assert notes == ["The pixels went from 0 to 17 and were brought to 0 to 255."]


def test_a_function_may_change_every_image(tmp_path, digits):
    save_npz(tmp_path / "a.npz", digits)
    dataset = converted(tmp_path / "a.npz", changes=Changes(normalize=lambda image: image[::-1]))
    np.testing.assert_array_equal(dataset.test.images, digits.test.images[:, ::-1])


def test_names_of_a_folder_of_idx_files_are_kept(tmp_path, digits):
    folder = write_folder(tmp_path / "in", digits)
    (folder / "classes.txt").write_text("\n".join(SHOES))
    assert converted(folder).class_names == SHOES


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("nowhere", "nowhere does not exist; expected an .npz or .csv file, or a folder of pictures or IDX files"),
        ("nowhere.npz", "nowhere.npz cannot be read .No such file or directory"),
        ("nowhere.csv", "nowhere.csv cannot be read .No such file or directory"),
        ("notes.txt", "notes.txt is not a file that can be converted; expected"),
    ],
)
def test_sources_that_are_none(tmp_path, name, pattern):
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(MnistlabError, match=pattern):
        converted(tmp_path / name)


def test_a_folder_with_a_csv_file_says_which(tmp_path):
    (tmp_path / "train.csv").write_text("")
    refused(tmp_path, "is a folder with train.csv. Give that file itself", UsageError)


def test_a_folder_with_several_csv_files_says_which_is_for_what(tmp_path):
    (tmp_path / "test.csv").write_text("")
    refused(tmp_path, "is a folder with test.csv, but with no file to train on. Give such a file", UsageError)
    (tmp_path / "train.csv").write_text("")
    refused(
        tmp_path,
        "is a folder with train.csv. Give that file itself, and test.csv with --test if it has labels",
        UsageError,
    )


def test_a_second_file_is_for_csv_files(tmp_path, digits):
    save_npz(tmp_path / "a.npz", digits)
    refused(tmp_path / "a.npz", "A second file is for CSV files, but", UsageError, test_source=tmp_path / "b.csv")


def test_a_seventh_is_as_much_as_mnist_has():
    assert round(60_000 / 10_000) + 1 == conversion.TEST_SHARE
