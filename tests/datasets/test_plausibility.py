"""A look at what the images show: a sentence for each common mistake, and none for sound data of any kind."""

import gzip

import numpy as np
import pytest

from idx_files import write_folder, write_idx
from mnistlab.datasets import Dataset, Split, load_idx, packaged
from mnistlab.datasets.folders import load_scored, read_folder
from mnistlab.datasets.mapping import is_mapped
from mnistlab.datasets.plausibility import _DIGIT_MEANS, look_at
from other_data import fashion_like, kuzushiji_like

INVERTED = (
    "In 100 % of the images the border is brighter than what it surrounds, as with dark ink on light ground, but 0 is "
    "ground and 255 ink here (`mnistlab data convert --invert` turns them round)."
)
TRANSPOSED = (
    "The images look like digits with rows and columns exchanged, as EMNIST's are "
    "(`mnistlab data convert --transpose` exchanges them back)."
)


@pytest.fixture(scope="module")
def digits(mnist):
    """3,000 training and 1,000 test images of MNIST."""
    return Dataset("digits", mnist.train.take(np.arange(3000)), mnist.test.take(np.arange(1000)))


def changed(dataset, change, test_change=None):
    """Both splits with images that a function has changed."""
    test_change = change if test_change is None else test_change
    return (
        Split("train", change(dataset.train.images), dataset.train.labels),
        Split("test", test_change(dataset.test.images), dataset.test.labels),
    )


def test_mnist_gives_no_warning(mnist):
    assert look_at(mnist.train, mnist.test) == []
    assert load_idx(packaged.MNIST_FOLDER).warnings == ()
    assert mnist.warnings == ()


@pytest.mark.parametrize("num_images", [60, 100, 200, 600])
def test_a_small_part_of_mnist_gives_no_warning(mnist, num_images):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        train = mnist.train.take(rng.permutation(60_000)[: 2 * num_images])
        assert look_at(train, mnist.test.take(rng.permutation(10_000)[:num_images], name="test")) == []


def test_images_that_fill_the_frame_give_no_warning(mnist):
    for dataset in (fashion_like(4000, 1000), kuzushiji_like(mnist, 4000, 1000)):
        border = np.ones((28, 28), bool)
        border[1:-1, 1:-1] = False
        assert dataset.train.images[:, border].mean() > 25  # those of MNIST have 0.05
        assert look_at(dataset.train, dataset.test) == []


def test_inverted_images_of_any_kind_are_seen(mnist, digits):
    for dataset in (digits, fashion_like(2000, 500), kuzushiji_like(mnist, 2000, 500)):
        found = look_at(*changed(dataset, lambda images: 255 - images))
        assert len(found) == 1
        assert found[0].startswith("In ") and "the images the border is brighter" in found[0]


def test_black_on_white(digits):
    assert look_at(*changed(digits, lambda images: 255 - images)) == [INVERTED]


def test_one_split_black_on_white(digits):
    found = look_at(*changed(digits, lambda images: images, lambda images: 255 - images))
    assert found == [INVERTED.replace("the images", "the test images")]


def test_transposed(digits):
    assert look_at(*changed(digits, lambda images: images.transpose(0, 2, 1).copy())) == [TRANSPOSED]


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda images: images[:, :, ::-1], "mirrored from left to right"),
        (lambda images: images[:, ::-1], "upside down and mirrored"),
        (lambda images: np.rot90(images, 1, (1, 2)), "turned by 90° to the left"),
        (lambda images: np.rot90(images, 2, (1, 2)), "upside down"),
        (lambda images: np.rot90(images, 3, (1, 2)), "turned by 90° to the right"),
        (lambda images: np.rot90(images, 2, (1, 2)).transpose(0, 2, 1), "mirrored and turned by 90°"),
    ],
)
def test_every_other_way_that_digits_can_lie(digits, change, how):
    assert look_at(*changed(digits, change)) == [f"The images look like digits {how}."]


def test_transposed_and_black_on_white(digits):
    assert look_at(*changed(digits, lambda images: 255 - images.transpose(0, 2, 1))) == [INVERTED, TRANSPOSED]


def test_digits_under_other_labels_are_no_transposed_ones(digits):
    labels = (digits.train.labels + 1) % 10
    assert look_at(Split("train", digits.train.images.transpose(0, 2, 1), labels), digits.test) == []


@pytest.mark.parametrize(("largest", "change"), [(1, lambda x: (x > 127).astype(np.uint8)), (15, lambda x: x // 16)])
def test_pixels_of_another_scale(digits, largest, change):
    assert look_at(*changed(digits, change)) == [
        f"The largest pixel is {largest}, but full ink is 255, so the networks see next to nothing "
        "(`mnistlab data convert --stretch` brings them to 0 to 255)."
    ]


@pytest.mark.parametrize("other", [255, 17])
@pytest.mark.parametrize("name", ["training", "test"])
def test_one_split_of_another_scale(digits, name, other):
    def ones(images):
        return (images > 127).astype(np.uint8)

    def whole(images):
        return images // (255 // other)

    changes, other_name = ((ones, whole), "test") if name == "training" else ((whole, ones), "training")
    assert look_at(*changed(digits, *changes)) == [
        f"The largest pixel of the {name} images is 1, {other} in the {other_name} images, and full ink is 255, "
        "so the networks see next to nothing in them (save both splits with pixels from 0 to 255)."
    ]


def test_one_blank_split(digits):
    found = look_at(*changed(digits, lambda images: images, np.zeros_like))
    assert found == ["All test images that were looked at are blank."]


def test_blank_images(digits):
    assert look_at(*changed(digits, np.zeros_like)) == ["All images that were looked at are blank."]


def test_splits_with_exchanged_names(digits):
    assert look_at(digits.test, digits.train) == [
        "There are fewer training images (1,000) than test images (3,000), as if the names of the two splits were "
        "exchanged."
    ]


def test_splits_of_one_size_are_sound(digits):
    assert look_at(digits.train.take(np.arange(1000)), digits.test) == []


def test_missing_classes(digits):
    train = digits.train.take(np.flatnonzero(~np.isin(digits.train.labels, (4, 7))))
    test = digits.test.take(np.flatnonzero(digits.test.labels != 9))
    assert look_at(train, digits.test) == ["There are no training images of digits 4 and 7."]
    assert look_at(train, test) == ["There are no training images of digits 4 and 7 and no test images of digit 9."]


def test_one_class_only(digits):
    train = digits.train.take(np.flatnonzero(digits.train.labels == 3))
    test = digits.test.take(np.arange(200))
    assert look_at(train, test) == [
        f"All {len(train)} training images are of digit 3, so there is nothing to tell apart."
    ]
    ones = digits.test.take(np.flatnonzero(digits.test.labels == 1))
    assert look_at(None, ones) == [f"All {len(ones)} test images are of digit 1, so there is nothing to tell apart."]


def test_test_images_among_the_training_images(digits):
    mixed = Split(
        "test",
        np.concatenate([digits.test.images, digits.train.images[100:150]]),
        np.concatenate([digits.test.labels, digits.train.labels[100:150]]),
    )
    assert look_at(digits.train, mixed) == [
        "50 of the 1,050 test images are among the training images too, byte for byte, so the test accuracy says less "
        "about new images."
    ]


def test_a_few_equal_images_are_in_many_a_data_set(digits):
    mixed = Split(
        "test",
        np.concatenate([digits.test.images, digits.train.images[:5]]),
        np.concatenate([digits.test.labels, digits.train.labels[:5]]),
    )
    assert look_at(digits.train, mixed) == []


def test_blank_images_are_not_counted_as_equal(digits):
    train, test = changed(digits, lambda images: np.where(np.arange(len(images))[:, None, None] % 9, images, 0))
    assert look_at(train, test) == []


def test_of_many_images_a_part_is_compared(digits, monkeypatch):
    monkeypatch.setattr("mnistlab.datasets.plausibility._MAX_HASHED", 512)
    found = look_at(digits.train, digits.train.take(np.arange(2000), name="test"))
    assert len(found) == 1
    assert found[0].startswith("At least ")
    assert look_at(digits.train, digits.test) == []


def test_packed_and_plain_files_that_differ(digits, tmp_path):
    folder = write_folder(tmp_path / "digits", digits)
    plain = folder / "train-labels-idx1-ubyte"
    write_idx(folder / "train-labels-idx1-ubyte.gz", digits.train.labels, gzip.compress)
    assert load_idx(folder).warnings == ()
    write_idx(folder / "train-labels-idx1-ubyte.gz", (digits.train.labels + 1) % 10, gzip.compress)
    told = ("train-labels-idx1-ubyte and train-labels-idx1-ubyte.gz lie side by side and differ; {} was used.",)
    expected = (told[0].format(plain.name),)
    assert load_idx(folder).warnings == expected
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(plain.read_bytes())[:-9])  # cut off
    assert load_idx(folder).warnings == expected
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(plain.read_bytes())  # unpacked on the way
    assert load_idx(folder).warnings == ()


def test_a_mapped_file_is_looked_at_too(digits, tmp_path):
    folder = write_folder(tmp_path, Dataset("", *changed(digits, lambda images: 255 - images)))
    dataset = load_idx(folder)
    assert is_mapped(dataset.train.images)
    assert dataset.warnings == (INVERTED,)


def test_a_test_split_alone_is_looked_at(digits, tmp_path):
    write_idx(tmp_path / "t10k-images-idx3-ubyte", 255 - digits.test.images)
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", digits.test.labels)
    scored = load_scored(tmp_path)
    assert scored.warnings == (INVERTED,)
    assert scored.fingerprint is None
    assert scored.is_data_of({"name": tmp_path.name, "fingerprint": "1f"})
    assert not scored.is_data_of({"name": "MNIST", "fingerprint": "1f"})


def test_classes_are_called_by_their_names(digits, tmp_path):
    train = digits.train.take(np.flatnonzero(digits.train.labels != 8))
    folder = write_folder(tmp_path, Dataset("", train, digits.test))
    assert load_idx(folder).warnings == ("There are no training images of class 8.",)
    (folder / "classes.txt").write_text("\n".join("abcdefghij"))
    assert load_idx(folder).warnings == ("There are no training images of i.",)


def test_the_mean_digits_are_mnists(mnist):
    train = mnist.train
    for digit, known in enumerate(_DIGIT_MEANS):
        mean = train.images[train.labels == digit].reshape(-1, 7, 4, 7, 4).mean(axis=(0, 2, 4))
        np.testing.assert_array_equal(np.rint(mean).astype(int).reshape(-1), list(bytes.fromhex(known)))


def test_the_look_touches_what_it_says(mnist, tmp_path, monkeypatch):
    """MNIST takes 0.2 s of one core; counted are the images that are touched, since a clock is not asked here."""
    from mnistlab.datasets import plausibility

    touched = []

    def counting(images, indices, gather=plausibility.gather):
        touched.append(len(indices))
        return gather(images, indices)

    monkeypatch.setattr(plausibility, "gather", counting)
    look_at(mnist.train, mnist.test)
    assert sum(touched) == 60_000 + 10_000 + 1_000 + 1_000


def test_the_packages_own_files_are_not_looked_at(monkeypatch):
    def refuse(*arguments):
        raise AssertionError

    monkeypatch.setattr("mnistlab.datasets.folders.look_at", refuse)
    assert packaged.load_mnist().warnings == ()
    assert read_folder(packaged.MNIST_FOLDER)[0].warnings == ()
