"""mnistlab is a good guest: it speaks to this machine alone, and writes where it was told to.

Every command runs in a home that is empty, watched from its first instruction on. What may be written: the folder of
its output, the temporary folder, Matplotlib's list of fonts.
"""

import http.client
import importlib.util
import json
import os
import re
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from mnistlab.cli.main import cli
from mnistlab.reader.sheet import draw_page, layout
from tracing import Conduct, Guest, can_strace

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and processes of POSIX systems")

TALKERS_AWAKE = {"ORT_DISABLE_TELEMETRY": "0", "RAY_USAGE_STATS_ENABLED": "1", "MLFLOW_DISABLE_TELEMETRY": "false"}
"""What would make the libraries speak, if mnistlab left them the choice."""

SMALL = ("--seeds", "2", "--recipe", "epochs=1")
COMMANDS = [
    ("--version",),
    ("evaluate", "{run}"),
    pytest.param(("evaluate", "{run}/model.keras"), marks=pytest.mark.slow),
    ("read", "{photo}", "--annotate", "{out}/annotated.png"),
    ("read", "{photo}", "--run", "{run}"),
    ("data", "convert", "{npz}", "{out}/converted"),
    ("runs", "{out}", "--csv", "{out}/runs.csv"),
    ("export", "{run}", "--format", "onnx", "--out", "{out}/mlp.onnx"),
    ("export", "{run}", "--format", "keras", "--out", "{out}/mlp.keras"),
    pytest.param(("export", "{run}", "--format", "litert", "--out", "{out}/mlp.tflite"), marks=pytest.mark.slow),
    ("sheet", "make", "{out}/sheet.pdf"),
    pytest.param(("site", "build", "{out}/site"), marks=pytest.mark.slow),
    ("sheet", "read", "{page}", "--out", "{out}/sheet"),
    ("lesson", "start", "{out}/lesson"),
    ("lesson", "hint", "cnn.conv2"),
    ("lesson", "migrate", "{old}", "--out", "{out}/new.py"),
    ("lesson", "check", "{prediction}"),
    ("lesson", "grade", "{prediction}"),
]

LONG_COMMANDS = [
    ("run", "--epochs", "1"),
    ("experiment", "compare", "mlp", "fast", *SMALL),
    ("experiment", "batch-size", "--sizes", "300", "--steps", "4", *SMALL),
    ("experiment", "label-noise", "--models", "softmax", "--alphas", "0,5", *SMALL),
    ("experiment", "augmentation", "--model", "best", "--recipe", "test_shifts=false", *SMALL),
    ("train", "mlp", "--epochs", "1", "--tensorboard"),
]

OTHERS = {"serve", "bench"}
"""What has a test of its own."""

PREDICTION = """# %%
from mnistlab.lesson import check
check("batch.predict", {10_000: ("shorter", "lower"), 32: ("longer", "higher")})
"""
OLD = "# %%\nfrom keras.datasets import mnist\nfrom keras.utils import np_utils\n"
CELLS = """
import sys, nbclient, nbformat

cell = nbformat.v4.new_code_cell(sys.argv[1])
nbclient.NotebookClient(nbformat.v4.new_notebook(cells=[cell]), timeout=1200, kernel_name="python3").execute()
print(cell.outputs[-1].output_type)
"""
IN_A_CELL = """
from mnistlab import datasets, figures
from mnistlab.inference import pretrained
from mnistlab.lesson import check
from mnistlab.models.backend import keras
mnist = datasets.load_mnist()
pretrained()(mnist.test.images[:10])
figures.plot_samples(mnist.train, num=9, seed=0)
"""
TINY_BENCH = """
from mnistlab.cli.main import main
from mnistlab.experiments.benchmark import suite
suite.WORK["quick"] = {"mlp": (1, 1280), "cnn": (1, 256)}
main(["bench", "--quick", "--rounds", "1"])
"""
TALKER = """
import os, pathlib, socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to_nobody:
    to_nobody.connect(("192.0.2.1", 9))
home = pathlib.Path.home() / "folder"
home.mkdir()
(home / "file").write_text("text")
os.rename(home / "file", "moved")
if os.fork() == 0:
    os.mkdir("made")
    os._exit(0)
os.wait()
"""


@pytest.fixture(scope="module")
def guest():
    """In a short path: Ray's sockets have long names."""
    with tempfile.TemporaryDirectory(prefix="guest") as folder:
        yield Guest(Path(folder))


@pytest.fixture(scope="module")
def training(guest, tiny_folder) -> Conduct:
    """A training, whose run the other commands are given."""
    return guest.run(
        "train", "mlp", "--epochs", "1", "--data", tiny_folder, "--out", guest.out / "run", **TALKERS_AWAKE
    )


@pytest.fixture(scope="module")
def run(guest, training):
    assert training.returncode == 0, training.stderr
    return guest.out / "run"


@pytest.fixture(scope="module")
def photo(mnist, tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.fromarray(255 - mnist.test.images[0]).resize((280, 280)).save(path)
    return path


@pytest.fixture(scope="module")
def filled_page(mnist, tmp_path_factory):
    """A photo of the page with a digit in each box."""
    figure, scale = draw_page("a4"), 8  # pixels per millimetre
    frame = (layout.FRAME_WIDTH, layout.FRAME_HEIGHT)
    path = tmp_path_factory.mktemp("page") / "page.png"
    figure.savefig(path, dpi=25.4 * scale)
    page = Image.open(path).convert("L")
    left, top = ((size - frame) / 2 for size, frame in zip(layout.PAPERS["a4"], frame, strict=True))
    digits = {digit: mnist.test.images[mnist.test.labels == digit] for digit in range(10)}
    for number, box in enumerate(layout.BOXES):
        digit = Image.fromarray(255 - digits[box.digit][number]).resize((12 * scale, 12 * scale))
        corner = (left + box.left + (layout.BOX_WIDTH - 12) / 2, top + box.top + (layout.BOX_HEIGHT - 12) / 2)
        page.paste(digit, tuple(round(scale * place) for place in corner))
    Image.fromarray(np.pad(np.asarray(page), 100, constant_values=60)).save(path)
    return path


def assert_quiet(conduct: Conduct) -> None:
    """And nothing on standard error but what mnistlab itself warns of, such as data that are not MNIST."""
    assert conduct.returncode == 0, conduct.stderr
    assert [line for line in conduct.stderr.splitlines() if not line.startswith("Warning: ")] == []
    assert conduct.calls > 0
    assert conduct.beyond == []
    assert conduct.outside == []


@pytest.mark.parametrize("strace", [True, False], ids=["strace", "hooks"])
def test_the_watcher_sees_what_a_program_does(tmp_path, strace):
    """Otherwise all that follows would prove nothing."""
    if strace and not can_strace():
        pytest.skip("strace is not installed, or may not look at processes here; Python's audit hooks are used")
    guest = Guest(tmp_path, strace=strace)
    conduct = guest.python("-c", TALKER)
    assert conduct.returncode == 0, conduct.stderr
    assert [address.removeprefix("connect ") for address in conduct.beyond] == ["192.0.2.1 port 9"]
    expected = [guest.here / "made", guest.here / "moved", guest.home / "folder", guest.home / "folder" / "file"]
    assert conduct.outside == sorted(map(str, expected))
    assert Guest(tmp_path / "other", strace=strace).python("-c", "print(open('/etc/passwd').read())").outside == []


def test_a_library_that_speaks_is_seen(tmp_path):
    """The same library that mnistlab keeps quiet, imported without mnistlab; what it looks up, it looks up later."""
    conduct = Guest(tmp_path).python("-c", "import onnxruntime")
    if not conduct.outside:
        pytest.skip("this release of ONNX Runtime is quiet by itself")
    assert any("onnxruntime" in path for path in conduct.outside)


def commands_of(group: click.Group, *names: str) -> Iterator[str]:
    for name, command in group.commands.items():
        yield from (
            commands_of(command, *names, name) if isinstance(command, click.Group) else (" ".join((*names, name)),)
        )


def test_every_command_is_watched():
    tables = [getattr(arguments, "values", (arguments,))[0] for arguments in (*COMMANDS, *LONG_COMMANDS)]
    starts = {" ".join(arguments[:number]) for arguments in tables for number in (1, 2)}
    assert set(commands_of(cli)) - starts == OTHERS


def test_a_training_is_quiet(training):
    """Keras, TensorFlow, the converter and ONNX Runtime, all of them asked to speak."""
    assert_quiet(training)


@pytest.mark.parametrize(
    "arguments", COMMANDS, ids=lambda arguments: " ".join(one for one in arguments if "{" not in one)
)
def test_a_command_is_quiet(guest, run, photo, filled_page, tiny_mnist, arguments):
    places = {"run": run, "photo": photo, "page": filled_page, "out": guest.out}
    places |= {name: guest.out / f"{name}.py" for name in ("old", "prediction")} | {"npz": guest.out / "digits.npz"}
    places["old"].write_text(OLD)
    places["prediction"].write_text(PREDICTION)
    train, test = tiny_mnist.train, tiny_mnist.test
    np.savez(places["npz"], x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    assert_quiet(guest.run(*(one.format(**places) for one in arguments), **TALKERS_AWAKE))


def test_the_code_beside_an_exported_network_is_quiet(guest, run):
    """It runs without mnistlab, which could keep the library quiet."""
    assert_quiet(guest.run("export", run, "--format", "onnx", "--out", guest.out / "noted.onnx"))
    code = re.search(r"```python\n(.*?)```", (guest.out / "noted.onnx.md").read_text(), re.DOTALL)[1]
    assert "mnistlab" not in code
    assert_quiet(guest.python("-c", f"import os; os.chdir({str(guest.out)!r})\n{code}"))


def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("trains", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_page_is_quiet(guest, run, photo, trains):
    """Its own files, its networks, a drawing that is read, and a training that it starts."""
    command = ("-m", "mnistlab", "serve", "--port", "0", "--runs", guest.out)
    with guest.started(*command, **TALKERS_AWAKE) as process:
        line = process.stdout.readline()
        port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)/  Ctrl-C ends it\.\n", line)[1])
        for path in ("/", "/api/health", "/api/networks", "/api/runs"):
            assert ask(port, "GET", path)[0] == 200
        if trains:
            status, body = ask(port, "POST", "/api/runs", {"recipe": "mlp", "epochs": 1})
            assert status == 201, body
            name = json.loads(body)["id"]
            while json.loads(ask(port, "GET", f"/api/runs/{name}")[1])["state"] == "running":
                time.sleep(0.5)
            assert json.loads(ask(port, "GET", f"/api/runs/{name}")[1])["state"] == "finished"
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=120)
    assert_quiet(guest.conduct(process.returncode, out, errors))


def test_without_a_home_a_training_says_nothing_of_it(guest, tiny_folder):
    """A home that cannot be written is no reason to write elsewhere, or to warn of what nobody needs."""
    nowhere = "/dev/null/home"
    arguments = ("train", "mlp", "--epochs", "1", "--data", tiny_folder, "--out", guest.out / "without-home")
    assert_quiet(guest.run(*arguments, HOME=nowhere, USERPROFILE=nowhere))


@pytest.mark.slow
@pytest.mark.parametrize("arguments", LONG_COMMANDS, ids=lambda arguments: " ".join(arguments[:2]))
def test_a_long_command_is_quiet(guest, tiny_folder, arguments):
    out = guest.out / "-".join(arguments[:2])
    assert_quiet(guest.run(*arguments, "--data", tiny_folder, "--out", out, **TALKERS_AWAKE))


@pytest.mark.slow
def test_a_ray_of_our_own_is_quiet(guest, tiny_folder):
    """Left to itself it asks three clouds whether it runs there, listens on the network, and keeps a password."""
    pytest.importorskip("ray")
    arguments = ("experiment", "compare", "mlp", "fast", *SMALL, "--cluster", "auto", "--data", tiny_folder)
    assert_quiet(guest.run(*arguments, "--out", guest.out / "ray", **TALKERS_AWAKE))


@pytest.mark.slow
def test_processes_of_one_training_meet_on_this_machine(guest, tiny_folder):
    pytest.importorskip("jax")
    with socket.socket() as own:
        own.bind((socket.gethostbyname(socket.gethostname()), 0))
        if not own.getsockname()[0].startswith("127."):
            pytest.skip("the machine's name stands for an address that others can reach, and JAX's Gloo meets there")
    arguments = ("train", "mlp", "--epochs", "1", "--distribute", "2", "--data", tiny_folder)
    assert_quiet(guest.run(*arguments, "--out", guest.out / "jax", KERAS_BACKEND="jax"))


@pytest.mark.slow
def test_the_exercise_and_the_benchmark_are_quiet(guest):
    assert_quiet(guest.run("lesson", "start", guest.out / "whole", "--format", "py"))
    assert_quiet(guest.run("lesson", "check", guest.out / "whole" / "exercise.py", **TALKERS_AWAKE))
    assert_quiet(guest.python("-c", TINY_BENCH, **TALKERS_AWAKE))


@pytest.mark.slow
def test_a_notebook_is_quiet(guest):
    """Jupyter makes its own folders before the first cell; they are told to lie elsewhere."""
    if importlib.util.find_spec("nbclient") is None:
        pytest.skip("nbclient is not installed")
    folders = {"IPYTHONDIR": str(guest.temporary / "ipython"), "JUPYTER_RUNTIME_DIR": str(guest.temporary / "jupyter")}
    conduct = guest.python("-c", CELLS, IN_A_CELL, **folders, **TALKERS_AWAKE)
    assert (conduct.returncode, conduct.stdout) == (0, "execute_result\n"), conduct.stderr
    assert (conduct.beyond, conduct.outside) == ([], [])
