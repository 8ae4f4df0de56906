"""One training in several processes: the numbers of one process, whatever the batch, and one that fails fails all."""

import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from idx_files import write_folder
from mnistlab.runs import Run
from processes import run_mnistlab, start_mnistlab

pytestmark = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
TOLERANCE = 1e-4  # of losses: float32 sums in another order


@pytest.fixture(scope="module")
def odd_folder(mnist, tmp_path_factory):
    """597 training and 199 test images: no last batch here can be cut into two."""
    return write_folder(tmp_path_factory.mktemp("odd"), mnist, 597, 199)


def arguments(name, data, out, *options):
    common = ("--batch-size", "60", "--precision", "float32", "--validation", "test", "--data", data, "--out", out)
    return ["train", name, *common, *options]


# Trains the cnn in float64 and writes the running loss of every step beside the run.
IN_DOUBLE_PRECISION = """
import dataclasses, json, sys
import jax
from pathlib import Path
from mnistlab import datasets, training
from mnistlab.models.backend import keras
from mnistlab.models import networks
from mnistlab.runs.processes import Processes
from mnistlab.recipes import RECIPES
from mnistlab.training import callbacks

jax.config.update("jax_enable_x64", True)
keras.config.set_floatx("float64")
networks.policy_name = lambda precision: "float64"
activation = keras.layers.Activation
keras.layers.Activation = lambda *arguments, **options: activation(*arguments, **options | {"dtype": "float64"})
losses = []

class Losses(callbacks.CheckpointCallback):
    def on_train_batch_end(self, batch, logs=None):
        losses.append(float(logs["loss"]))
        if len(losses) == 10:
            raise KeyboardInterrupt

sys.modules["mnistlab.training.trainer"].CheckpointCallback = Losses
recipe = dataclasses.replace(RECIPES["cnn"], epochs=1, batch_size=60, validation="none")
dataset = datasets.load_idx(Path(sys.argv[1]))
out, address, number = Path(sys.argv[2]), sys.argv[3], sys.argv[4]
processes = Processes(address, 2, int(number)) if number != "alone" else None
try:
    if number == "1":
        training.assist(recipe, dataset, processes)
    else:
        training.train(recipe, dataset, out, progress=False, processes=processes)
except KeyboardInterrupt:
    out.with_suffix(".json").write_text(json.dumps(losses))
"""


@pytest.mark.slow
def test_convolutions_have_the_same_steps_in_double_precision(odd_folder, tmp_path):
    """Batch statistics, augmentation and dropout of the whole batch.

    In float32 rounding hides that: Adam makes steps of full length from gradients that are next to nothing.
    """
    address, environment = free_address(), os.environ | {"KERAS_BACKEND": "jax"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", IN_DOUBLE_PRECISION, odd_folder, tmp_path / number, address, number], env=environment
        )
        for number in ("0", "1", "alone")
    ]
    for process in processes:
        process.wait(timeout=300)
    one, two = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("alone", "0"))
    assert len(one) == 10
    assert two == pytest.approx(one, abs=TOLERANCE)


def free_address():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{listener.getsockname()[1]}"


def assert_same_curve(one, several):
    assert [row["epoch"] for row in one.history] == [row["epoch"] for row in several.history]
    for expected, row in zip(one.history, several.history, strict=True):
        assert row["loss"] == pytest.approx(expected["loss"], abs=TOLERANCE)
        assert row["val_loss"] == pytest.approx(expected["val_loss"], abs=TOLERANCE)
        assert row["accuracy"] == pytest.approx(expected["accuracy"], abs=1e-6)
    assert several.metrics["test_accuracy"] == one.metrics["test_accuracy"]
    assert several.metrics["test_loss"] == pytest.approx(one.metrics["test_loss"], abs=TOLERANCE)
    assert several.metrics["steps"] == one.metrics["steps"]


@pytest.mark.slow
def test_two_processes_have_the_loss_curve_of_one(odd_folder, tmp_path):
    """With dropout, and a last batch of 57 images."""
    with ThreadPoolExecutor() as executor:
        runs = {"one": (), "two": ("--distribute", "2")}
        finished = executor.map(
            lambda run: run_mnistlab(
                *arguments("mlp", odd_folder, tmp_path / run, "--epochs", "2", *runs[run]), KERAS_BACKEND="jax"
            ),
            runs,
        )
        one, two = finished
    assert (one.returncode, one.stderr) == (0, "")
    assert (two.returncode, two.stderr) == (0, "")
    # One process shows the training, and Gloo does not greet.
    assert [line.split()[0] for line in two.stdout.splitlines()] == [
        line.split()[0] for line in one.stdout.splitlines()
    ]
    assert_same_curve(Run(tmp_path / "one").require(), Run(tmp_path / "two").require())
    assert Run(tmp_path / "two").environment["num_processes"] == 2


@pytest.mark.slow
def test_two_processes_write_the_curves_for_tensorboard(odd_folder, tmp_path):
    """The learning rate of a schedule is computed by JAX, which must not begin before the processes have met."""
    options = ("--epochs", "1", "--tensorboard", "--distribute", "2")
    result = run_mnistlab(*arguments("fast", odd_folder, tmp_path / "run", *options), KERAS_BACKEND="jax")
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "run" / "tensorboard" / "train" / "events.out.tfevents.mnistlab").stat().st_size > 100


def test_what_cannot_be_distributed_is_refused(tiny_folder, tmp_path):
    def refusal(*options, backend="jax"):
        command = arguments("mlp", tiny_folder, tmp_path / "run", *options)
        result = run_mnistlab(*command, KERAS_BACKEND=backend)
        assert result.returncode == 2
        assert result.stdout == ""
        assert not (tmp_path / "run").exists()
        return result.stderr

    assert "needs JAX, but Keras computes with tensorflow here" in refusal("--distribute", "2", backend="tensorflow")
    assert "at least 2 processes" in refusal("--distribute", "1")
    assert "60 images cannot be cut into 7 equal parts" in refusal("--distribute", "7")
    assert "also needs --processes" in refusal("--distribute", "127.0.0.1:4000")
    assert "which is missing" in refusal("--processes", "2")
    assert "HOST:PORT of process 0, or a number of processes with --distribute." in refusal(
        "--distribute", "nowhere", "--processes", "2", "--process", "0"
    )
    assert "process 2 of 2" in refusal("--distribute", "127.0.0.1:4000", "--processes", "2", "--process", "2")


def start(name, data, out, *options):
    return start_mnistlab(*arguments(name, data, out, *options), KERAS_BACKEND="jax")


def on(address, number):
    return ("--distribute", address, "--processes", "2", "--process", str(number))


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
def test_interrupted_it_goes_on_in_two_processes_or_in_one(odd_folder, tmp_path):
    options = ("--epochs", "60")
    two = ("--distribute", "2")
    process = start("mlp", odd_folder, tmp_path / "stopped", *options, *two)
    for _ in range(3):
        assert "epoch" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 130
    stopped = re.fullmatch(
        r"Stopped after step (\d+); .*state\.npz keeps everything.* The same command goes on from it\.\n", errors
    )
    assert int(stopped[1]) < 60 * 10  # before its end
    again = run_mnistlab(*arguments("mlp", odd_folder, tmp_path / "stopped", *options, *two), KERAS_BACKEND="jax")
    assert (again.returncode, again.stderr) == (0, "")
    assert "goes on from its last checkpoint" in again.stdout
    whole = run_mnistlab(*arguments("mlp", odd_folder, tmp_path / "whole", *options, *two), KERAS_BACKEND="jax")
    assert (whole.returncode, whole.stderr) == (0, "")
    stopped, whole = Run(tmp_path / "stopped").require(), Run(tmp_path / "whole").require()
    assert stopped.digests() == whole.digests()
    finished = run_mnistlab(*arguments("mlp", odd_folder, tmp_path / "whole", *options, *two), KERAS_BACKEND="jax")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "finished earlier" in finished.stdout


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1])
def test_one_that_is_killed_ends_the_others(killed, odd_folder, tmp_path):
    address = free_address()
    processes = [start("mlp", odd_folder, tmp_path / "run", "--epochs", "4000", *on(address, i)) for i in (0, 1)]
    for _ in range(3):
        assert "epoch" in processes[0].stdout.readline()
    processes[killed].kill()
    other = processes[1 - killed]
    _, errors = other.communicate(
        timeout=150
    )  # JAX notices a dead machine after 100 seconds, a closed connection at once
    processes[killed].communicate()
    assert other.returncode != 0
    if killed == 1:
        assert other.returncode == 1
        assert "lost the connection to another process" in errors
    assert not (tmp_path / "run" / "model.keras").exists()


@pytest.mark.slow
def test_processes_that_do_not_train_the_same_refuse(odd_folder, tmp_path):
    address = free_address()
    processes = [
        start("mlp", odd_folder, tmp_path / "run", "--seed", str(number), *on(address, number)) for number in (0, 1)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 2
        assert "do not train the same" in errors
    assert not (tmp_path / "run").exists()
