"""Names of the four files that are nearly MNIST's: understood where they leave no choice, told in words elsewhere."""

import re

import pytest

from idx_files import write_folder
from mnistlab.datasets import Dataset, load_idx, load_test_split
from mnistlab.exceptions import DataError

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@pytest.fixture
def folder(tmp_path, tiny):
    return write_folder(tmp_path / "digits", Dataset("digits", tiny, tiny.take([0, 1])))


def renamed(folder, rename):
    for name in FILES:
        (folder / name).rename(folder / rename(name))


def copied(folder, rename, names=FILES):
    for name in names:
        (folder / rename(name)).write_bytes((folder / name).read_bytes())


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name.replace("s-idx", "s.idx"),
        str.upper,
        lambda name: name.upper() + ".GZ",
        lambda name: "emnist-digits-" + name.replace("t10k", "test"),
        lambda name: "emnist-digits-" + name.replace("t10k", "test") + ".gz",
        lambda name: name.replace("t10k", "test"),
        lambda name: name.replace("-", "_"),
        lambda name: name.replace("-", "."),
    ],
    ids=["dot", "capitals", "capitals, packed", "EMNIST", "EMNIST, packed", "test", "underscores", "dots"],
)
def test_names_that_leave_no_choice(folder, rename):
    renamed(folder, rename)
    dataset = load_idx(folder)
    assert (len(dataset.train), len(dataset.test)) == (6, 2)
    assert len(load_test_split(folder)) == 2


def test_styles_may_be_mixed(folder):
    (folder / FILES[0]).rename(folder / "train-images.idx3-ubyte")
    assert len(load_idx(folder).train) == 6


def test_two_data_sets_are_refused(folder):
    copied(folder, lambda name: "emnist-digits-" + name.replace("t10k", "test"))
    with pytest.raises(DataError) as caught:
        load_idx(folder)
    assert str(caught.value) == (
        f"The folder {folder} holds several data sets, as emnist-digits-train-images-idx3-ubyte and "
        "train-images-idx3-ubyte show, but one was expected. Give each a folder of its own."
    )


def test_two_sets_of_all_four_in_two_styles_are_refused(folder):
    copied(folder, lambda name: name.replace("s-idx", "s.idx"))
    with pytest.raises(
        DataError, match=r"holds several data sets, as train-images-idx3-ubyte and train-images\.idx3-uby"
    ):
        load_idx(folder)


def test_several_of_emnists_sets_are_refused(folder):
    for which in ("digits", "mnist"):
        copied(folder, lambda name, which=which: f"emnist-{which}-" + name.replace("t10k", "test"))
    for name in FILES:
        (folder / name).unlink()
    with pytest.raises(
        DataError, match=r"several data sets, as emnist-digits-train-images-idx3-ubyte and emnist-mnist-"
    ):
        load_idx(folder)


def test_two_files_for_one_role_are_refused(folder):
    (folder / FILES[1]).rename(folder / "train-labels.idx1-ubyte")
    copied(folder, lambda name: "train_labels_idx1_ubyte", ["train-labels.idx1-ubyte"])
    with pytest.raises(DataError) as caught:
        load_idx(folder)
    assert str(caught.value) == (
        f"The folder {folder} holds both train-labels.idx1-ubyte and train_labels_idx1_ubyte, but one of them was "
        "expected. Remove the other one."
    )


def test_mnists_own_names_come_first(folder, tiny):
    (folder / "train-labels.idx1-ubyte").write_bytes(b"something else")
    (folder / "emnist-digits-train-labels-idx1-ubyte").write_bytes(b"something else")
    assert load_idx(folder).train.labels.tolist() == tiny.labels.tolist()


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("mnist.npz", "It holds an .npz file, of which `mnistlab data convert {}/mnist.npz FOLDER` makes such files."),
        ("train.csv", "It holds a CSV file, of which `mnistlab data convert {}/train.csv FOLDER` makes such files."),
        ("7_1.png", "It holds pictures, of which `mnistlab data convert {} FOLDER` makes such files."),
        ("7/1.png", "It holds pictures, of which `mnistlab data convert {} FOLDER` makes such files."),
        ("train/7/1.png", "It holds pictures, of which `mnistlab data convert {} FOLDER` makes such files."),
        ("test.csv", "It holds test.csv, but no file to train on; convert one with `mnistlab data convert`."),
        ("archive.zip", "Unpack archive.zip, which lies there."),
        ("raw/train-images-idx3-ubyte.gz", "Give the folder raw in it, which holds such files."),
        ("notes.txt", "Put them there under these names, plain or with .gz."),
        ("train-images-idx1-ubyte", "Put them there under these names, plain or with .gz."),
    ],
)
def test_what_lies_there_instead_is_told(tmp_path, name, advice):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    with pytest.raises(DataError) as caught:
        load_idx(tmp_path)
    assert str(caught.value) == (
        f"The folder {tmp_path} lacks 4 of the 4 expected IDX files: {', '.join(FILES)}. {advice.format(tmp_path)}"
    )


@pytest.mark.parametrize("names", [("train.csv", "test.csv"), ("mnist_train.csv", "mnist_test.csv", "a.csv")])
def test_the_csv_file_to_train_on_is_advised(tmp_path, names):
    for name in names:
        (tmp_path / name).write_bytes(b"")
    train, test = tmp_path / names[0], tmp_path / names[1]
    advice = f"`mnistlab data convert {train} FOLDER` makes such files; if {test.name} has labels, add `--test {test}`."
    with pytest.raises(DataError, match=re.escape(advice)):
        load_idx(tmp_path)


@pytest.mark.parametrize("name", ["mnist.npz", "train.csv"])
def test_a_file_that_can_be_converted(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"")
    with pytest.raises(DataError, match=re.escape(f"Give the folder that `mnistlab data convert {path} FOLDER`")):
        load_idx(path)
