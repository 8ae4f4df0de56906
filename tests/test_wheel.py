"""The wheel without extras, installed into an empty environment: it reads, evaluates and serves, and trains nothing."""

import importlib.metadata
import importlib.util
import io
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import httpx
import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

from processes import MANY
from repository import ROOT

STORED_RUN = ROOT / "tests" / "data" / "stored" / "run"
MAX_BYTES = 500e6
ABSENT = ("keras", "tensorflow", "tf2onnx", "h5py", "skimage", "jax", "ray", "nbformat", "pytest")
NEEDS_TRAINING = "needs Keras, TensorFlow and tf2onnx, which are not installed. Run: pip install 'mnistlab[train]'\n"

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or importlib.util.find_spec("pip") is None, reason="pip installs the wheel, into bin"
)


def base_requirements(wheel):
    """The distributions that the wheel says it needs without extras, and those that they need in turn."""
    with ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    installed = {canonicalize_name(one.name): one for one in importlib.metadata.distributions()}
    needed, left = {}, metadata.get_all("Requires-Dist")
    while left:
        requirement = Requirement(left.pop())
        name = canonicalize_name(requirement.name)
        if name in needed or not (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            continue
        needed[name] = installed[name]
        left += installed[name].requires or []
    return needed.values()


def link_files(distribution, target):
    """Puts a distribution's files into another environment, as its installer listed them; returns their size."""
    source, num_bytes = Path(sysconfig.get_path("purelib")), 0
    for file in distribution.files:
        if file.is_absolute() or ".." in file.parts:  # programs in bin, which nothing here calls
            continue
        place = target / file
        if not (source / file).exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.parts[0].endswith(".dist-info"):  # which pip may not take for the other environment's
            place.write_bytes((source / file).read_bytes())
        else:
            place.symlink_to((source / file).resolve())
        num_bytes += place.stat().st_size
    return num_bytes


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A Python that has the wheel and what it needs without extras; no package is fetched for it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    python = folder / "env" / "bin" / "python"
    target = Path(next((folder / "env").glob("lib/python*/site-packages")))
    num_bytes = sum(link_files(distribution, target) for distribution in base_requirements(wheel))
    # With its dependencies, which pip looks for in the new environment and nowhere else.
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", str(wheel)]
    installed = subprocess.run(pip, capture_output=True, text=True, check=False, env=clean_environment())
    assert installed.returncode == 0, installed.stderr
    package = target / "mnistlab"
    num_bytes += sum(path.stat().st_size for path in package.rglob("*") if path.is_file())
    return python, num_bytes


def clean_environment():
    """The environment without what would make the packages of this one importable in the other."""
    left_out = ("PYTHONPATH", "PIP_", "KERAS_BACKEND")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def run(python, *arguments, cwd):
    return subprocess.run(
        [str(python), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=clean_environment(),
        check=False,
        timeout=600,
    )


def commands(python, folder, *templates):
    """Exit code, output and errors of several commands, run one after the other in one process."""
    result = run(python, "-c", MANY, json.dumps(templates), json.dumps(["utf-8"]), cwd=folder)
    assert result.returncode == 0, result.stderr
    return [tuple(report[2:]) for report in json.loads(result.stdout)]


def test_it_is_small_and_has_nothing_to_train_with(empty, tmp_path):
    python, num_bytes = empty
    probe = "import importlib.util, sys; print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name)))"
    assert run(python, "-c", probe, *ABSENT, "mnistlab", cwd=tmp_path).stdout == "mnistlab\n"
    assert 100e6 < num_bytes < MAX_BYTES


def test_it_reads_and_evaluates(empty, tmp_path, mnist, tiny_folder):
    page = np.full((80, 150), 255, np.uint8)
    for number, left in enumerate((10, 80)):
        page[20:76, left : left + 56] -= np.kron(mnist.test.images[number], np.ones((2, 2), np.uint8))
    Image.fromarray(page).save(tmp_path / "photo.png")
    # As it is typed, with the program that pip made.
    program = empty[0].with_name("mnistlab")
    read = subprocess.run(
        [program, "read", "photo.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=True,
    )
    assert read.stdout.startswith("7 2 ")
    reports = commands(
        empty[0],
        tmp_path,
        ["evaluate", str(STORED_RUN), "--data", str(tiny_folder), "--json"],
        ["evaluate", str(STORED_RUN / "model.onnx"), "--data", str(tiny_folder)],
        ["export", str(STORED_RUN), "--format", "onnx"],
        ["runs", str(STORED_RUN.parent)],
        ["sheet", "make", "sheet.pdf"],
        ["lesson", "hint", "cnn.conv2"],
        ["train", "--help"],
    )
    assert [(code, errors) for code, _, errors in reports] == [(0, "")] * len(reports)
    assert json.loads(reports[0][1])["num_images"] == 200


def test_it_serves_and_says_why_it_does_not_train(empty, tmp_path, mnist):
    process = subprocess.Popen(
        [empty[0], "-m", "mnistlab", "serve", "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )
    try:
        port = int(re.search(r":(\d+)/", process.stdout.readline())[1])

        digit = io.BytesIO()
        Image.fromarray(255 - mnist.test.images[0]).resize((280, 280)).save(digit, "png")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            read = client.post("/api/read", content=digit.getvalue(), headers={"Content-Type": "image/png"})
            assert read.json()["lines"] == ["7"]
            begun = client.post("/api/runs", json={"recipe": "mlp"})
        assert begun.status_code == 409
        assert begun.json() == {"error": f"Training {NEEDS_TRAINING.strip()}"}
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert errors == ""


def test_whoever_lacks_the_extra_is_told_the_command(empty, tmp_path):
    notebook = tmp_path / "exercise.py"
    (tmp_path / "model.keras").write_bytes(b"a network")
    notebook.write_text("# %%\nprint(1)\n")
    training = [
        ["train", "mlp"],
        ["train", "mlp", "--distribute", "2"],
        ["run"],
        ["bench", "--quick", "--json", "bench.json"],
        ["experiment", "batch-size"],
        ["experiment", "compare", "mlp", "cnn"],
        ["experiment", "label-noise"],
        ["experiment", "augmentation"],
        ["export", str(STORED_RUN), "--format", "litert"],
        ["evaluate", "model.keras"],
    ]
    lesson = [["lesson", "check", str(notebook)], ["lesson", "grade", str(notebook)], ["lesson", "start", "lesson"]]
    reports = commands(empty[0], tmp_path, *training, *lesson, ["lesson", "migrate", str(notebook)])
    for (code, out, errors), command in zip(reports, training, strict=False):
        assert (code, out) == (2, ""), command
        assert errors.endswith(NEEDS_TRAINING), command
    for code, out, errors in reports[len(training) :]:
        assert (code, out) == (2, "")
        assert "pip install 'mnistlab[lesson]'" in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exercise.py", "model.keras"]
    # The library says the same.
    imported = run(empty[0], "-c", "from mnistlab import training", cwd=tmp_path)
    assert f"UsageError: Training {NEEDS_TRAINING}" in imported.stderr
