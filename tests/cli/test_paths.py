"""Every command with a path that cannot be what it is meant to be: its own sentence, nothing written, nothing slow."""

import os
import shutil
from pathlib import Path

import pytest

from processes import run_commands
from repository import DATA

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links as POSIX systems have them")

LONG = "x" * 300

FOLDERS_TO_WRITE = {  # what is at the path: what is said of it
    "file": "file is a file, not a folder. Choose another folder",
    "file/x": "file/x cannot be written: file is a file. Choose another folder",
    "dangling": "dangling is a link to nowhere, which is not there. Choose another folder",
    "circle": "circle cannot be written: its links lead round in a circle. Choose another folder",
    LONG: " is too long: 300 bytes. Choose another folder",
}
FILES_TO_WRITE = {
    "folder{}": "folder{} is a folder, not a file. Choose another name",
    "file/x{}": "file/x{} cannot be written: file is a file. Choose another name",
    "no/x{}": "There is no folder no to write x{} into. Choose another name",
    "dangling{}": "dangling{} is a link to nowhere, which is not there. Choose another name",
    "circle/x{}": "circle/x{} cannot be written: its links lead round in a circle. Choose another name",
    LONG + "{}": " is too long: 30",
}
FOLDERS_TO_READ = {
    "nothing": "There is no folder nothing",
    "file": "file is a file, not a folder",
    "file/x": "There is no folder file/x: file is a file",
    "dangling": "dangling is a link to nowhere, which is not there",
    "circle": "There is no folder circle: its links lead round in a circle",
    LONG: ": the name is too long",
}

WRITE_FOLDER = [
    (["run", "--out", "PATH"], "--out"),
    (["train", "mlp", "--out", "PATH"], "--out"),
    (["experiment", "compare", "mlp", "cnn", "--out", "PATH"], "--out"),
    (["sheet", "read", "photo.jpg", "--out", "PATH"], "--out"),
    (["lesson", "start", "PATH"], ""),
    (["data", "convert", "class", "PATH"], ""),
    (["serve", "--runs", "PATH"], ""),
]
WRITE_FILE = [
    (["export", "run", "--format", "onnx", "--out", "PATH"], ".onnx", "--out"),
    (["read", "photo.jpg", "--annotate", "PATH"], ".png", ""),
    (["sheet", "make", "PATH"], ".pdf", ""),
    (["runs", "run", "--csv", "PATH"], ".csv", ""),
    (["lesson", "grade", "class", "--csv", "PATH"], ".csv", ""),
    (["lesson", "migrate", "old.ipynb", "--out", "PATH"], ".ipynb", "--out"),
    (["bench", "--quick", "--json", "PATH"], ".json", ""),
]
READ_FOLDER = [
    (["runs", "PATH"], "; expected one with runs of `mnistlab train` in or below it."),
    (["evaluate", "PATH"], "; expected a run that `mnistlab train` wrote"),
    (["export", "PATH", "--format", "onnx"], "; expected a run that `mnistlab train` wrote."),
    (["read", "photo.jpg", "--run", "PATH"], "; expected a run that `mnistlab train` wrote"),
    (["train", "mlp", "--start-from", "PATH"], "; expected a run that `mnistlab train` wrote."),
    (["train", "mlp", "--data", "PATH"], "; one with MNIST's IDX files was expected. Check the path."),
    (["run", "--data", "PATH"], "; one with MNIST's IDX files was expected. Check the path."),
    (["experiment", "augmentation", "--data", "PATH"], "; one with MNIST's IDX files was expected."),
    (["evaluate", "run", "--data", "PATH"], "; one with MNIST's IDX files was expected. Check the path."),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    (folder / "file").write_text("mine")
    for suffix in ("", ".onnx", ".png", ".pdf", ".csv", ".ipynb", ".json"):
        (folder / f"folder{suffix}").mkdir()
        (folder / f"dangling{suffix}").symlink_to("nowhere")
    (folder / "circle").symlink_to("circle")
    (folder / "class").mkdir()
    (folder / "class" / "one.ipynb").write_text("{}")
    shutil.copytree(DATA / "stored" / "run", folder / "run")
    shutil.copy(DATA / "keras2_mnist.ipynb", folder / "old.ipynb")
    return folder


def with_path(arguments, path):
    return [path if part == "PATH" else part for part in arguments]


def check(expected, place):
    """Runs commands with the message that each must give; nothing may be written."""
    before = sorted(place.rglob("*"))
    reports = run_commands([command for command, _, _ in expected], cwd=place)
    for (command, code, messages), (_, _, found, output, errors) in zip(expected, reports, strict=True):
        assert all(message in errors for message in messages), (command, errors)
        assert (found, output, errors.count("\n")) == (code, "", 1), (command, errors)
        assert len(errors) < 400
    assert sorted(place.rglob("*")) == before


def test_a_folder_that_cannot_be_made(place):
    check(
        [
            (with_path(arguments, path), 2, [message, f"folder with {option}." if option else "folder."])
            for arguments, option in WRITE_FOLDER
            for path, message in FOLDERS_TO_WRITE.items()
        ],
        place,
    )


def test_a_file_that_cannot_be_made(place):
    check(
        [
            (
                with_path(arguments, path.format(suffix)),
                2,
                [message.format(suffix, suffix), f"name with {option}." if option else "name."],
            )
            for arguments, suffix, option in WRITE_FILE
            for path, message in FILES_TO_WRITE.items()
        ],
        place,
    )


def test_a_folder_that_is_not_there(place):
    check(
        [
            (with_path(arguments, path), 1, [message + ending])
            for arguments, ending in READ_FOLDER
            for path, message in FOLDERS_TO_READ.items()
        ],
        place,
    )


def test_a_file_that_is_not_there(place):
    expected = [
        (["read", "nothing.png"], 2, ["There is no file nothing.png; expected a photo or scan. Check the path."]),
        (["read", "folder"], 2, ["folder is a folder, not a file; expected a photo or scan. Check the path."]),
        (["read", "dangling"], 2, ["dangling is a link to nowhere, which is not there; expected a photo or scan."]),
        (["evaluate", "file"], 1, ["wrote, or a file that ends in .onnx or .keras."]),
        (["read", "photo.jpg", "--run", "file"], 1, ["wrote, or a file that ends in .onnx."]),
        (["evaluate", "nothing.onnx"], 1, ["There is no file nothing.onnx; expected a model.onnx that"]),
        (["evaluate", "dangling.onnx"], 1, ["dangling.onnx is a link to nowhere, which is not there; expected a"]),
        (["evaluate", "file/x.onnx"], 1, ["There is no file file/x.onnx: file is a file; expected a model.onnx"]),
        (["evaluate", "folder"], 1, ["folder is not a run: it holds no recipe.toml."]),
        (["lesson", "check", "folder.ipynb"], 1, ["folder.ipynb is a folder, not a file; a notebook was expected."]),
        (["lesson", "check", "dangling.ipynb"], 1, ["dangling.ipynb is a link to nowhere, which is not there."]),
        (["lesson", "grade", "dangling"], 2, ["dangling is a link to nowhere, which is not there; a notebook or a"]),
        (["lesson", "grade", "nothing"], 2, ["There is no file nothing; a notebook or a folder of notebooks was"]),
        (["lesson", "grade", "class", "--csv", "."], 2, [". is a folder, not a file. Choose another name."]),
        (["lesson", "migrate", "folder.ipynb"], 1, ["folder.ipynb is a folder, not a file; a notebook was expected."]),
        (["data", "convert", "dangling", "new"], 2, ["dangling is a link to nowhere, which is not there; expected an"]),
        (["data", "convert", "file/x", "new"], 2, ["There is no file file/x: file is a file; expected an .npz or"]),
        (["data", "convert", LONG, "new"], 2, [": the name is too long; expected an .npz or .csv file"]),
        (["data", "convert", "class", "new", "--test", "circle"], 2, ["There is no file circle: its links lead round"]),
        (["evaluate", "shiped"], 1, ["There is no folder shiped", "Did you mean 'shipped'?"]),
    ]
    check(expected, place)


def test_a_missing_folder_does_not_hide_the_runs_of_the_others(place):
    [(_, _, code, output, errors)] = run_commands([["runs", "run", "nothing", "file"]], cwd=place)
    assert code == 1
    assert "29.00 %" in output
    assert errors == "There is no folder nothing; expected one with runs of `mnistlab train` in or below it.\n"


def test_a_network_that_ships_has_a_name(place, tiny_folder):
    accuracy = {}
    data = ["--data", str(tiny_folder)]
    for command, _, code, output, errors in run_commands(
        [["evaluate", name, *data] for name in ("shipped", "shipped-mlp", "shipped-cnn", "run")], cwd=place
    ):
        assert (code, errors) == (0, "")
        accuracy[command[1]] = int(output.split()[0])
    assert accuracy["run"] < 100 < 190 < accuracy["shipped-mlp"] <= accuracy["shipped"]
    shutil.copytree(place / "run", place / "shipped")  # a folder of that name is what its owner means
    [(_, _, _, output, _)] = run_commands([["evaluate", "shipped", *data]], cwd=place)
    shutil.rmtree(place / "shipped")
    assert int(output.split()[0]) == accuracy["run"]


def test_names_of_networks_that_ship_are_those_of_the_page():
    from mnistlab.inference.pretrained import PRETRAINED, SHIPPED_NAMES
    from mnistlab.server.networks import Networks

    shipped = {one.entry.id: one.entry.path for one in Networks(Path("nowhere")).listed()}
    assert shipped == {name: PRETRAINED[network] for name, network in SHIPPED_NAMES.items()}
