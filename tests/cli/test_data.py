"""`mnistlab data convert`, warnings about data, and where a run's data are named, as a user meets them."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from idx_files import write_folder
from mnistlab.cli.options import DataFolder
from mnistlab.datasets import Dataset, Split, load_idx
from mnistlab.datasets.classes import NUMBERED
from mnistlab.exceptions import DataError
from other_data import SHOES
from processes import imports_of, run_mnistlab

WARNING = "Warning: "


@pytest.fixture(scope="module")
def shoes_folder(mnist, tmp_path_factory):
    """Data that are called shoes: MNIST's images, so that a network learns them in a second."""
    part = Dataset("shoes", mnist.train.take(np.arange(3000)), mnist.test.take(np.arange(500)))
    folder = write_folder(tmp_path_factory.mktemp("data") / "shoes", part)
    (folder / "classes.txt").write_text("\n".join(SHOES))
    return folder


@pytest.fixture(scope="module")
def shoes_run(shoes_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "shoes-run"
    result = run_mnistlab("train", "mlp", "--data", shoes_folder, "--epochs", "2", "--out", folder)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return folder


@pytest.fixture(scope="module")
def unnamed_run(shoes_folder, shoes_run, tmp_path_factory):
    """The same without names of the classes."""
    folder = shutil.copytree(shoes_folder, tmp_path_factory.mktemp("data") / "things")
    (folder / "classes.txt").unlink()
    out = tmp_path_factory.mktemp("runs") / "things-run"
    assert run_mnistlab("train", "mlp", "--data", folder, "--epochs", "1", "--out", out).returncode == 0
    return out


@pytest.fixture(scope="module")
def photo(mnist, tmp_path_factory):
    """A light page with a dark seven."""
    page = np.full((280, 280), 230, np.uint8)
    digit = np.kron(mnist.test.images[0], np.ones((5, 5), np.uint8))
    page[70:210, 70:210] -= (digit * 0.8).astype(np.uint8)
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.fromarray(page).save(path)
    return path


# Warnings


def test_training_on_doubtful_data_says_so_and_keeps_it(mnist, tmp_path):
    """Black on white and swapped splits: two sentences on standard error, in metrics.json and on the page."""
    part = Dataset("", mnist.train.take(np.arange(300)), mnist.test.take(np.arange(900)))
    dark = [Split(split.name, 255 - split.images, split.labels) for split in (part.train, part.test)]
    folder = write_folder(tmp_path / "dark", Dataset("dark", *dark))
    result = run_mnistlab("train", "mlp", "--data", folder, "--epochs", "2", "--out", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    told = result.stderr.splitlines()
    assert told[0].startswith(f"{WARNING}In 100 % of the images the border is brighter than what it surrounds")
    assert told[1].startswith(f"{WARNING}There are fewer training images (300) than test images (900)")
    warnings = json.loads((tmp_path / "run" / "metrics.json").read_text())["warnings"]
    assert told == [f"{WARNING}{sentence}" for sentence in warnings]
    page = (tmp_path / "run" / "report.html").read_text()
    assert page.count('<p class="warning">') == len(warnings)
    assert run_mnistlab("evaluate", tmp_path / "run", "--data", folder).stderr.splitlines()[:2] == told[:2]


def test_an_accuracy_of_guessing_is_told_after_training(mnist, tmp_path):
    """Labels that have nothing to do with the images."""
    rng = np.random.default_rng(1)
    splits = [
        Split(split.name, split.images, rng.permutation(split.labels), NUMBERED)
        for split in (mnist.train.take(np.arange(500)), mnist.test.take(np.arange(500)))
    ]
    folder = write_folder(tmp_path / "mixed", Dataset("mixed", *splits))
    for out in ("run", "run"):  # a finished run says it again
        result = run_mnistlab("train", "mlp", "--data", folder, "--epochs", "1", "--out", tmp_path / out)
        assert result.returncode == 0
        assert re.fullmatch(
            r"Warning: The test accuracy of [\d.]+ % is no better than that of always giving the most frequent class, "
            r"[\d.]+ %\.\n",
            result.stderr,
        )
    (warning,) = json.loads((tmp_path / "run" / "metrics.json").read_text())["warnings"]
    assert warning in result.stderr
    assert warning.replace("%", "%") in (tmp_path / "run" / "report.html").read_text()


def test_a_sound_run_has_no_warnings(shoes_run):
    assert "warnings" not in json.loads((shoes_run / "metrics.json").read_text())
    assert 'class="warning"' not in (shoes_run / "report.html").read_text()


def test_experiments_keep_warnings(mnist, tmp_path):
    part = Dataset("", mnist.train.take(np.arange(200)), mnist.train.take(np.arange(150), name="test"))
    folder = write_folder(tmp_path / "same", part)
    out = tmp_path / "out"
    result = run_mnistlab(
        *("experiment", "compare", "mlp", "fast", "--seeds", "1", "--data", folder, "--out", out),
        *("--recipe", "epochs=1", "--recipe", "validation=none"),
    )
    assert result.returncode == 0, result.stderr
    sentence = (
        "150 of the 150 test images are among the training images too, byte for byte, so the test accuracy says less "
        "about new images."
    )
    assert result.stderr.splitlines()[0] == f"{WARNING}{sentence}"
    assert json.loads((out / "results.json").read_text())["warnings"][0] == sentence
    assert sentence in (out / "report.html").read_text()


# Which data a run is of


def test_a_run_keeps_the_names_of_its_classes(shoes_run, shoes_folder):
    kept = json.loads((shoes_run / "dataset.json").read_text())
    assert kept == load_idx(shoes_folder).identity()
    assert kept["class_names"] == list(SHOES)


def test_evaluate_says_on_which_data(shoes_run, shoes_folder, tmp_path):
    own = run_mnistlab("evaluate", shoes_run, "--data", shoes_folder)
    assert own.stderr == ""
    assert "\nclass        accuracy %\nT-shirt/top  " in own.stdout
    assert "row the true class, column the predicted one" in own.stdout
    assert re.search(r"\n 9 .* Ankle boot\n", own.stdout)
    other = run_mnistlab("evaluate", shoes_run)
    accuracy = json.loads((shoes_run / "metrics.json").read_text())["test_accuracy"] * 100
    assert other.stderr == (
        f"{WARNING}This run was trained on shoes, where it classified {accuracy:.2f} % correctly, and is scored on "
        "MNIST here.\n"
    )
    assert run_mnistlab("evaluate", shoes_run / "model.onnx").stderr == other.stderr
    shutil.copy(shoes_run / "model.onnx", tmp_path / "model.onnx")
    assert run_mnistlab("evaluate", tmp_path / "model.onnx").stderr == ""  # nothing is known of it


def test_evaluate_says_that_a_score_is_far_below(shoes_run, mnist, tmp_path):
    part = Dataset("", mnist.train.take(np.arange(300)), mnist.test.take(np.arange(300)))
    turned = [Split(split.name, split.images, (split.labels + 5) % 10, NUMBERED) for split in (part.train, part.test)]
    folder = write_folder(tmp_path / "boots", Dataset("", *turned))
    result = run_mnistlab("evaluate", shoes_run, "--data", folder, "--json")
    accuracy = json.loads(result.stdout)["accuracy"] * 100
    assert result.stderr.startswith(f"{WARNING}This run was trained on shoes, where ")
    assert result.stderr.endswith(f" and is scored on boots here, with {accuracy:.2f} % far below that.\n")
    assert json.loads(result.stdout)["warnings"] == [result.stderr.removeprefix(WARNING).strip()]


def test_evaluate_on_the_test_files_of_its_own_data_alone(shoes_run, shoes_folder, tmp_path):
    folder = tmp_path / "shoes"
    folder.mkdir()
    for path in shoes_folder.glob("t10k*"):
        shutil.copy(path, folder)
    assert run_mnistlab("evaluate", shoes_run, "--data", folder).stderr == ""
    assert (
        "T-shirt/top" not in run_mnistlab("evaluate", shoes_run, "--data", shutil.move(folder, tmp_path / "x")).stdout
    )


def test_evaluate_json_has_names_and_no_warnings_of_sound_data(shoes_run, shoes_folder):
    scored = json.loads(run_mnistlab("evaluate", shoes_run, "--data", shoes_folder, "--json").stdout)
    assert scored["class_names"] == list(SHOES)
    assert "warnings" not in scored


def test_read_says_that_a_network_knows_no_digits(shoes_run, unnamed_run, photo):
    result = run_mnistlab("read", photo, "--run", shoes_run)
    assert result.returncode == 0, result.stderr
    assert result.stderr == (
        f"{WARNING}{shoes_run} was trained on shoes, not on digits, so what follows are names of its classes.\n"
    )
    assert result.stdout.split()[0].strip("?") in " ".join(SHOES)
    read = json.loads(run_mnistlab("read", photo, "--run", shoes_run, "--json").stdout)[0]
    (digit,) = read["digits"]
    assert digit["class"] == SHOES[digit["digit"]]
    assert read["lines"] == [digit["class"]]
    assert digit["class"] in digit["reason"]
    assert run_mnistlab("read", photo, "--run", unnamed_run).stderr == (
        f"{WARNING}{unnamed_run} was trained on things, not on MNIST, so what follows are its class numbers, which are "
        "digits only if those of its data are.\n"
    )
    assert run_mnistlab("read", photo).stderr == ""


def test_the_page_of_a_run_names_its_data(shoes_run, unnamed_run):
    page = (shoes_run / "report.html").read_text()
    assert "The data: shoes, 3,000 images to train on and 500 to test on; the classes are T-shirt/top, Trouser," in page
    assert 'true class</th><th scope="col">T-shirt/top</th>' in page
    for text in (page, (unnamed_run / "report.html").read_text()):
        assert not re.search(r"\bdigits?\b", re.sub(r"<style>.*?</style>|--digit-filter", "", text, flags=re.DOTALL))
    assert "The data: things, 3,000 images to train on and 500 to test on." in (unnamed_run / "report.html").read_text()


def test_the_note_of_an_export_says_what_its_network_knows(shoes_run, unnamed_run, tmp_path):
    for run, said in (
        (shoes_run, "Images of ten classes, 0 T-shirt/top, 1 Trouser,"),
        (unnamed_run, "Images of ten classes, numbered 0 to 9: "),
    ):
        target = tmp_path / f"{run.name}.onnx"
        assert run_mnistlab("export", run, "--format", "onnx", "--out", target).returncode == 0
        note = (tmp_path / f"{run.name}.onnx.md").read_text()
        assert said in note
        assert "digit" not in note


@pytest.mark.slow
def test_the_report_of_other_data_calls_nothing_a_digit(shoes_folder, tmp_path):
    shutil.copytree(shoes_folder, tmp_path / "data" / "my shoes")
    result = run_mnistlab("run", "--data", "data/my shoes", "--epochs", "1", "--out", "out", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    page = (tmp_path / "out" / "report.html").read_text()
    text = re.sub(r"<style>.*?</style>|--digit-filter", "", page, flags=re.DOTALL)
    assert not re.search(r"\bdigits?\b", text)
    for command in ("train cnn --epochs 20", "evaluate runs/cnn-20"):
        assert re.search(rf"<code>mnistlab {command}.* --data &#39;data/my shoes&#39;</code>", page)


# Conversion


def test_convert_is_light():
    program = (
        "from mnistlab.cli.main import cli; cli.main(['data', 'convert', 'nowhere.csv', 'new'], standalone_mode=False)"
    )
    assert imports_of(f"try:\n    {program}\nexcept Exception: pass", "keras", "tensorflow", "matplotlib") == []


def test_convert_writes_a_folder_that_trains(mnist, tmp_path):
    part = Dataset("", mnist.train.take(np.arange(300)), mnist.test.take(np.arange(100)))
    arrays = {"x_train": part.train.images, "y_train": part.train.labels}
    np.savez(tmp_path / "mnist.npz", **arrays, x_test=part.test.images, y_test=part.test.labels)
    result = run_mnistlab("data", "convert", "mnist.npz", "new", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "new: 300 images to train on, 100 to test on",
        "Then: mnistlab train mlp --data new",
    ]
    np.testing.assert_array_equal(load_idx(tmp_path / "new").test.images, part.test.images)
    again = run_mnistlab("data", "convert", "mnist.npz", "new", cwd=tmp_path)
    assert again.returncode == 2
    assert again.stderr == "new exists and is left as it is. Delete it, or choose another folder.\n"


def test_convert_reads_pictures_and_warns(mnist, tmp_path):
    for number, (image, label) in enumerate(zip(mnist.train.images[:70], mnist.train.labels[:70], strict=True)):
        folder = tmp_path / "pictures" / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - image).resize((56, 56)).save(folder / f"{number}.png")
    result = run_mnistlab("data", "convert", "pictures", "new", cwd=tmp_path)
    assert result.stdout.splitlines()[:3] == [
        "70 pictures to read",
        "new: 60 images to train on, 10 to test on",
        "The source does not say which images are to test on: one in seven was drawn, with seed 0.",
    ]
    assert result.stderr.startswith(f"{WARNING}In 100 % of the training images the border is brighter than")
    normalized = run_mnistlab("data", "convert", "pictures", "mended", "--normalize", cwd=tmp_path)
    assert "the border" not in normalized.stderr
    assert "Every image was brought into MNIST's form." in normalized.stdout
    images = load_idx(tmp_path / "mended").train.images
    assert images[:, 0].max() == 0
    assert images.max() == 255


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (
            ["convert", "nowhere", "new"],
            2,
            "There is no file nowhere; expected an .npz or .csv file, or a folder of pict",
        ),
        (["convert", "nowhere.npz", "new"], 2, "There is no file nowhere.npz; expected an .npz or .csv file"),
        (["convert", "a.csv"], 2, "Missing argument 'FOLDER'. See mnistlab data convert --help."),
        (["convert", "a", "b", "--invert", "--normalize"], 2, "--normalize finds the ink itself, dark or light. Leave"),
        (["convert", "a.npz", "b", "--test", "c.csv"], 2, "A second file is for CSV files, but a.npz is none."),
    ],
)
def test_what_cannot_be_converted(tmp_path, arguments, code, text):
    for name in ("a.npz", "c.csv"):
        (tmp_path / name).touch()
    result = run_mnistlab("data", *arguments, cwd=tmp_path)
    assert result.returncode == code
    assert text in result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "c.csv"]


def test_a_damaged_source_leaves_nothing_behind(tmp_path):
    (tmp_path / "a.csv").write_text("1,2,3\n")
    result = run_mnistlab("data", "convert", "a.csv", "new", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("name", ["mnist.npz", "train.csv"])
def test_a_file_in_place_of_a_folder_names_the_conversion(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"")
    with pytest.raises(DataError, match=re.escape(f"`mnistlab data convert {path} FOLDER` makes of it.")):
        DataFolder().convert(str(path), None, None)
