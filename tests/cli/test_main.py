"""The command line as a user meets it: processes, exit codes, the text of messages."""

import contextlib
import gzip
import importlib.util
import json
import os
import re
import shutil
import signal
import sys

import numpy as np
import onnxruntime
import pytest

from idx_files import write_idx
from mnistlab.cli.main import cli
from mnistlab.inference import Classifier
from mnistlab.inference.web import web_network
from mnistlab.models.backend import keras
from mnistlab.runs import Run
from processes import child_cpu_seconds, imports_of, run_alone, run_mnistlab, run_python


@pytest.fixture(scope="module")
def run_folder(tiny_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "run"
    result = run_alone("train", "mlp", "--data", tiny_folder, "--epochs", "2", "--out", folder)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == "mlp: 2 epochs, batch size 128, seed 0"
    assert lines[1].split(", ")[-1] == Run(folder).environment["processor"]
    assert [line.split()[:2] for line in lines[2:4]] == [["epoch", "1/2"], ["epoch", "2/2"]]
    assert " of 200 right: " in lines[4]
    assert lines[5] == f"The run lies in {folder}; open {folder / 'report.html'}"
    return folder


def test_help_is_light():
    program = "from mnistlab.cli.main import cli; cli.main(['--help'], standalone_mode=False)"
    assert imports_of(program, "keras", "tensorflow", "numpy", "matplotlib", "onnxruntime") == []


def test_help_names_every_command_with_little_work():
    """It needs about 0.2 s of one core, any network several seconds."""
    before = child_cpu_seconds()
    result = run_alone("--help")
    assert child_cpu_seconds() - before < 2
    for command in cli.commands:
        assert f"  {command} " in result.stdout


def test_without_arguments_the_help_is_shown():
    result = run_mnistlab()
    assert result.returncode == 2
    assert "Usage: mnistlab" in result.stderr


def test_version():
    from mnistlab import __version__

    assert run_mnistlab("--version").stdout == f"mnistlab {__version__}\n"


def test_train_leaves_figures_and_report(run_folder):
    assert (run_folder / "report.html").stat().st_size > 20_000
    names = sorted(path.name for path in (run_folder / "figures").iterdir())
    assert names == ["confusion.png", "history.png", "per_digit.png", "right.png", "wrong.png"]


def test_train_again_keeps_the_run(run_folder, tiny_folder):
    before = (run_folder / "metrics.json").read_bytes()
    result = run_mnistlab("train", "mlp", "--data", tiny_folder, "--epochs", "2", "--out", run_folder)
    assert result.returncode == 0
    assert "finished earlier" in result.stdout
    assert (run_folder / "metrics.json").read_bytes() == before


def test_evaluate_says_the_result(run_folder, tiny_folder):
    result = run_mnistlab("evaluate", run_folder, "--data", tiny_folder)
    assert result.returncode == 0, result.stderr
    metrics = json.loads((run_folder / "metrics.json").read_text())
    right = 200 - metrics["test_errors"]
    assert result.stdout.startswith(f"{right} of 200 right: {right / 2:.2f} % (95 % interval ")
    assert f"loss {metrics['test_loss']:.4f}" in result.stdout
    assert "confusion matrix" in result.stdout


def test_evaluate_as_json(run_folder, tiny_folder):
    scored = json.loads(run_mnistlab("evaluate", run_folder, "--data", tiny_folder, "--json").stdout)
    metrics = json.loads((run_folder / "metrics.json").read_text())
    assert scored["errors"] == metrics["test_errors"]
    assert scored["num_images"] == 200
    assert scored["loss"] == pytest.approx(metrics["test_loss"], rel=1e-4)


def test_evaluate_scores_mnist_by_default(run_folder):
    assert " of 10,000 right: " in run_mnistlab("evaluate", run_folder).stdout


def test_evaluate_imports_no_tensorflow(run_folder, tiny_folder):
    arguments = ["evaluate", str(run_folder), "--data", str(tiny_folder)]
    program = f"from mnistlab.cli.main import cli; cli.main({arguments!r}, standalone_mode=False)"
    assert imports_of(program, "keras", "tensorflow") == []


@pytest.mark.parametrize(("kind", "suffix"), [("onnx", "onnx"), ("keras", "keras"), ("litert", "tflite")])
def test_export(run_folder, kind, suffix, tmp_path):
    """The code of the note beside the file runs as it stands, and answers what the run answers."""
    result = run_mnistlab("export", run_folder, "--format", kind, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    target = tmp_path / f"mlp.{suffix}"
    assert result.stdout.startswith(f"mlp.{suffix}  ")
    if kind == "onnx":
        assert onnxruntime.InferenceSession(target).get_outputs()[-1].name == "probabilities"
    if kind == "keras":
        assert keras.saving.load_model(target).count_params() == 669_706
    code = re.search(r"```python\n(.*?)```", (tmp_path / f"mlp.{suffix}.md").read_text(), re.DOTALL)[1]
    code += "\nnp.save('answer.npy', probabilities)"
    snippet = run_python(code, cwd=tmp_path)
    assert snippet.returncode == 0, snippet.stderr
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 13:15] = 255
    expected = Classifier(run_folder / "model.onnx")(image)
    assert np.abs(np.load(tmp_path / "answer.npy")[0] - expected).max() < 1e-5
    assert snippet.stdout.split()[-1] == f"[{expected.argmax()}]"
    again = run_mnistlab("export", run_folder, "--format", kind, cwd=tmp_path)
    assert again.returncode == 2
    assert again.stderr == f"mlp.{suffix} exists and is left as it is. Delete it, or choose another name with --out.\n"


def test_an_export_for_the_web_is_the_network_of_the_run(run_folder, tmp_path):
    result = run_mnistlab("export", run_folder, "--format", "web", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "mlp.weights").read_bytes() == web_network(run_folder / "model.onnx")
    assert "readWeights(await (await fetch('mlp.weights'))" in (tmp_path / "mlp.weights.md").read_text()


def test_an_export_leaves_a_note_of_somebody_else(run_folder, tmp_path):
    (tmp_path / "mlp.onnx.md").write_text("mine")
    result = run_mnistlab("export", run_folder, "--format", "onnx", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("mlp.onnx.md exists and is left as it is.")
    assert [path.name for path in tmp_path.iterdir()] == ["mlp.onnx.md"]


WRONG_USE = [
    (["frobnicate"], "No such command 'frobnicate'. See mnistlab --help."),
    (["train"], "Missing argument 'RECIPE'. Choose from: mlp, cnn, fast, best, record. See mnistlab train --help."),
    (
        ["train", "vit"],
        "Invalid value for 'RECIPE': 'vit' is not one of 'mlp', 'cnn', 'fast', 'best', 'record'. See",
    ),
    (
        ["train", "mlp", "--epochs", "0"],
        "Invalid value for '--epochs': '0' is not a whole number from 1 to 1,000,000. See",
    ),
    (
        ["train", "mlp", "--epochs", "two"],
        "Invalid value for '--epochs': 'two' is not a whole number from 1 to 1,000,000. See",
    ),
    (
        ["train", "mlp", "--batch-size", "-5"],
        "Invalid value for '--batch-size': '-5' is not a whole number from 1 to 1,000,000. See",
    ),
    (
        ["train", "mlp", "--learning-rate", "0"],
        "'0' is not a number above 0 and at most 1,000. See mnistlab train --help.",
    ),
    (
        ["train", "mlp", "--learning-rate", "nan"],
        "Invalid value for '--learning-rate': 'nan' is not a number above 0 and",
    ),
    (["train", "mlp", "--seed", "-1"], "'-1' is not a whole number from 0 to 2,147,483,647. See"),
    (["train", "mlp", "--seed", "2147483648"], "'2147483648' is not a whole number from 0 to 2,147,483,647."),
    (["train", "mlp", "--out", ""], "Invalid value for '--out': the path is empty. See mnistlab train --help."),
    (["run", "--data", ""], "Invalid value for '--data': the path is empty. See mnistlab run --help."),
    (["evaluate", ""], "Invalid value for 'RUN': the path is empty. See mnistlab evaluate --help."),
    (["train", "mlp", "--validation", "some"], "'some' is not one of 'none', 'split', 'test'. See"),
    (["train", "mlp", "--precision", "int4"], "'int4' is not one of 'auto', 'float32', 'bfloat16'. See"),
    (["train", "mlp", "--batch-size", "9" * 20], f"'{'9' * 20}' is not a whole number from 1 to 1,000,000. See"),
    (["train", "mlp", "--epochs", "9" * 20], f"'{'9' * 20}' is not a whole number from 1 to 1,000,000. See"),
    (["train", "mlp", "--epochs", "1.5"], "'1.5' is not a whole number from 1 to 1,000,000. See"),
    (["train", "mlp", "--distribute", "two"], "--distribute is 'two'; at least 2 processes can share a training"),
    (["train", "mpl"], "'mpl' is not one of 'mlp', 'cnn', 'fast', 'best', 'record'. Did you mean 'mlp'? See"),
    (["trian", "mlp"], "No such command 'trian'. Did you mean 'train'? See mnistlab --help."),
    (["runs", "--sort", "acc"], "'accuracy', 'name', 'time', 'date'. Did you mean 'accuracy'? See"),
    (["export", "x", "--format", "onx"], "'onnx', 'keras', 'litert', 'web'. Did you mean 'onnx'? See"),
    (["serve", "--port", "70,000"], "'70,000' is not a whole number from 0 to 65,535. See"),
    (["bench", "--rounds", "1e3"], "'1e3' is not a whole number from 1 to 100. See"),
    (["train", "mlp", "--colour"], "No such option '--colour'. Did you mean '--out'? See mnistlab train --help."),
    (["run", "--seeds", "0"], "'0' is not a whole number from 1 to 100. See mnistlab run --help."),
    (["run", "--epochs", "0"], "'0' is not a whole number from 1 to 1,000,000. See mnistlab run --help."),
    (["evaluate"], "Missing argument 'RUN'. See mnistlab evaluate --help."),
    (["export", "somewhere"], "Missing option '--format'."),
    (
        ["export", "somewhere", "--format", "pdf"],
        "'pdf' is not one of 'onnx', 'keras', 'litert', 'web'. See mnistlab export --help.",
    ),
]


@pytest.mark.parametrize(("arguments", "text"), WRONG_USE, ids=[" ".join(arguments) for arguments, _ in WRONG_USE])
def test_wrong_usage_gets_one_message_and_exit_code_2(arguments, text, tmp_path):
    result = run_mnistlab(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert text in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["evaluate", "nowhere"], ["export", "nowhere", "--format", "onnx"]])
def test_a_missing_run_is_named(command, tmp_path):
    result = run_mnistlab(*command, cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr == "There is no folder nowhere; expected a run that `mnistlab train` wrote.\n"


def test_export_wants_the_fitting_suffix(run_folder, tmp_path):
    result = run_mnistlab("export", run_folder, "--format", "onnx", "--out", "model.h5", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr == "The file is called model.h5; a name that ends in .onnx was expected.\n"


def test_export_into_a_missing_folder(run_folder, tmp_path):
    result = run_mnistlab("export", run_folder, "--format", "onnx", "--out", "no/where.onnx", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr == "There is no folder no to write where.onnx into. Choose another name with --out.\n"


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("precious")
    for command in (["run", "--out", tmp_path], ["train", "mlp", "--out", tmp_path]):
        result = run_mnistlab(*command)
        assert result.returncode == 2
        assert result.stderr.startswith(f"{tmp_path} exists and is not a ")
        assert result.stderr.endswith("Choose another folder with --out.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_contradicting_recipe_is_named(run_folder, tiny_folder):
    result = run_mnistlab("train", "mlp", "--data", tiny_folder, "--epochs", "2", "--seed", "4", "--out", run_folder)
    assert result.returncode == 2
    assert "holds a run with seed 0, not 4." in result.stderr


def test_bad_data_is_refused_before_anything_is_trained(tiny_folder, tmp_path):
    """One kind of damage through the whole command; test_idx.py walks through them all."""
    folder = shutil.copytree(tiny_folder, tmp_path / "data")
    (folder / "train-images-idx3-ubyte").unlink()
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"<!DOCTYPE html><html><body>403 Forbidden</body></html>")
    for command in (["train", "mlp"], ["run"]):
        result = run_mnistlab(*command, "--data", folder, "--out", tmp_path / "out")
        assert result.returncode == 1
        assert "train-images-idx3-ubyte.gz" in result.stderr
        assert "web page" in result.stderr
        assert result.stderr.count("\n") == 1
        assert not (tmp_path / "out").exists()


def test_missing_data_files_are_named(tmp_path):
    with gzip.open(tmp_path / "train-labels-idx1-ubyte.gz", "wb") as file:
        file.write(b"")
    result = run_mnistlab("train", "mlp", "--data", tmp_path, "--out", tmp_path / "out")
    assert result.returncode == 1
    for name in ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        assert name in result.stderr


def test_debug_shows_the_traceback(tmp_path):
    plain = run_mnistlab("evaluate", tmp_path / "nowhere")
    debug = run_mnistlab("--debug", "evaluate", tmp_path / "nowhere")
    after = run_mnistlab("evaluate", tmp_path / "nowhere", "--debug")
    assert "Traceback" not in plain.stderr
    assert "Traceback" in debug.stderr
    assert "Traceback" in after.stderr
    assert plain.returncode == debug.returncode == after.returncode == 1


def test_evaluate_on_a_folder_with_only_a_test_split(run_folder, tiny_mnist, tmp_path):
    write_idx(tmp_path / "t10k-images-idx3-ubyte", tiny_mnist.test.images[:50])
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", tiny_mnist.test.labels[:50])
    assert " of 50 right: " in run_mnistlab("evaluate", run_folder, "--data", tmp_path).stdout


def test_a_backend_that_does_not_exist_is_named(tiny_folder, tmp_path):
    for backend, text in (("foo", "expected one of tensorflow, jax, torch"), ("torch", "which is not installed")):
        if importlib.util.find_spec(backend) is None:
            command = ("train", "mlp", "--data", tiny_folder, "--out", tmp_path / "run")
            result = run_mnistlab(*command, KERAS_BACKEND=backend)
            assert result.returncode == 2
            assert f"KERAS_BACKEND is {backend!r}" in result.stderr or f"KERAS_BACKEND is {backend}," in result.stderr
            assert text in result.stderr


def test_a_damaged_run_is_not_exported(run_folder, tmp_path):
    shutil.copytree(run_folder, tmp_path / "run")
    for name in ("model.keras", "model.onnx"):
        whole = (tmp_path / "run" / name).read_bytes()
        (tmp_path / "run" / name).write_bytes(whole[:1000])
        result = run_mnistlab("export", tmp_path / "run", "--format", name.rpartition(".")[2], cwd=tmp_path)
        assert result.returncode == 1, name
        assert name in result.stderr
        (tmp_path / "run" / name).write_bytes(whole)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_ctrl_c_on_a_terminal(tmp_path):
    """The live bar goes away, the cursor comes back, one message says what is kept, the exit code is 130."""
    import pty

    command = [sys.executable, "-m", "mnistlab", "train", "mlp", "--epochs", "50", "--out", str(tmp_path / "run")]
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # which tests that run in the background, and so children, ignore
        os.execv(sys.executable, command)
    shown = b""
    while b"loss" not in shown:
        shown += os.read(terminal, 4096)
    os.write(terminal, b"\x03")
    with contextlib.suppress(OSError):  # Linux reports the end of the terminal as an error
        while more := os.read(terminal, 4096):
            shown += more
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    assert shown.count(b"\x1b[?25l") == shown.count(b"\x1b[?25h") == 1
    assert b"The same command goes on from it." in shown
    assert b"Traceback" not in shown
    assert not (tmp_path / "run" / "metrics.json").exists()
