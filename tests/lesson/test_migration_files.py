"""Migrated notebooks and files: cells, encodings, the command, and a whole notebook that runs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pytest
from click.testing import CliRunner

from migrations import notebook
from mnistlab.cli.migrate import migrate
from mnistlab.exceptions import DataError, UsageError
from mnistlab.lesson.migration import default_path, migrate_file, migrate_text

OLD_NOTEBOOK = Path(__file__).parents[1] / "data" / "keras2_mnist.ipynb"


def test_names_reach_from_cell_to_cell_and_magics_stay():
    text = notebook(
        "%matplotlib inline\nfrom keras.utils import np_utils\n!ls *.h5",
        "%%time\nrows = np_utils.to_categorical(y)\nfiles = !ls\nrows?",
        "%%bash\necho np_utils",
    )
    migration = migrate_text(text)
    new = nbformat.reads(migration.new_text, as_version=4)
    assert [cell.source for cell in new.cells] == [
        "# Title, `np_utils`",
        "%matplotlib inline\nfrom keras.utils import to_categorical\n!ls *.h5",
        "%%time\nrows = to_categorical(y)\nfiles = !ls\nrows?",
        "%%bash\necho np_utils",
    ]
    assert [change.cell for change in migration.changes] == [2, 3]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in new.cells[1:])
    assert migrate_text(migration.new_text).new_text == migration.new_text
    assert "-rows = np_utils.to_categorical(y)\n+rows = to_categorical(y)\n" in migration.diff()


def test_a_python_2_kernel_becomes_python_3():
    text = notebook("import keras", kernelspec={"name": "python2", "display_name": "Python 2"})
    migration = migrate_text(text)
    assert json.loads(migration.new_text)["metadata"]["kernelspec"]["name"] == "python3"
    assert migration.changes[0].cell == 0
    assert not migrate_text(migration.new_text).is_changed


def test_cells_that_cannot_be_read_do_not_stop_the_others():
    migration = migrate_text(notebook("from keras.utils import np_utils", "print 'x'", "np_utils.to_categorical(y)"))
    sources = [source for _, source in migration.new_cells]
    assert sources[0] == "from keras.utils import to_categorical" and sources[2] == "to_categorical(y)"
    assert sources[1] == "print('x')"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("not JSON", "not JSON"),
        ("[1, 2]", "a list and not a notebook"),
        ('{"a": 1}', "not a notebook: a list of cells"),
        ('{"cells": 3}', "a list of cells was expected"),
        ('{"cells": [4], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "damaged notebook"),
        ("[" * 100_000, "nested too deeply|cut off"),
    ],
)
def test_what_is_no_notebook_is_refused_in_a_sentence(text, said):
    with pytest.raises(DataError, match=said):
        migrate_text(text)


def test_code_that_is_nested_beyond_measure_is_marked():
    for deep in ("(" * 5000 + "1" + ")" * 5000, "[" * 150 + "]" * 150, "-" * 5000 + "1", "1" + " + 1" * 5000):
        assert len(migrate_text(notebook(f"import keras\nx = {deep}")).notes) == 1


def test_the_old_file_is_never_touched_and_nothing_is_overwritten(tmp_path):
    old = tmp_path / "mnist.ipynb"
    old.write_bytes(OLD_NOTEBOOK.read_bytes())
    migrate_file(old)
    assert old.read_bytes() == OLD_NOTEBOOK.read_bytes()
    new = default_path(old)
    assert new.name == "mnist-keras3.ipynb" and nbformat.read(new, as_version=4).cells
    before = new.read_bytes()
    with pytest.raises(UsageError, match="exists and is left as it is"):
        migrate_file(old)
    with pytest.raises(UsageError, match="exists and is left as it is"):
        migrate_file(old, old)
    assert (old.read_bytes(), new.read_bytes()) == (OLD_NOTEBOOK.read_bytes(), before)


def test_files_that_cannot_be_read_are_refused_in_a_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"ends in \.ipynb or \.py"):
        migrate_file(tmp_path / "mnist.txt")
    with pytest.raises(DataError, match=r"There is no file .*mnist\.ipynb"):
        migrate_file(tmp_path / "mnist.ipynb")
    (tmp_path / "bytes.ipynb").write_bytes(b'{"cells": [\n"it\x92s"]}')
    with pytest.raises(
        DataError, match=r"bytes\.ipynb is not text in UTF-8: byte 0x92 in line 2, column 4, which is ’"
    ):
        migrate_file(tmp_path / "bytes.ipynb")


def test_files_in_other_encodings_become_utf_8(tmp_path):
    (tmp_path / "wide.ipynb").write_bytes(OLD_NOTEBOOK.read_text("utf-8").encode("utf-16"))
    assert migrate_file(tmp_path / "wide.ipynb").new_text == migrate_text(OLD_NOTEBOOK.read_text("utf-8")).new_text
    old = tmp_path / "old.py"
    old.write_bytes("# coding: latin-1\nfrom keras.layers.core import Dense  # Zoë\n".encode("latin-1"))
    migrate_file(old)
    new = default_path(old).read_text("utf-8")
    assert new == "# coding: utf-8\nfrom keras.layers import Dense  # Zoë\n"


def test_the_command_says_what_why_and_where(tmp_path):
    new = tmp_path / "new.ipynb"
    result = CliRunner().invoke(migrate, [str(OLD_NOTEBOOK), "--out", str(new)])
    assert result.exit_code == 0, result.output
    assert "  - from keras.utils import np_utils\n  + from keras.utils import to_categorical\n" in result.output
    assert "for you to look at\n  ? " in result.output
    assert f"The new notebook is {new}" in result.output
    assert new.exists()


def test_diff_only_prints_a_diff_and_writes_nothing(tmp_path):
    old = tmp_path / "old.py"
    old.write_text("from keras.layers.core import Dense\n")
    result = CliRunner().invoke(migrate, [str(old), "--diff-only"])
    assert "-from keras.layers.core import Dense\n+from keras.layers import Dense\n" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["old.py"]


def test_a_notebook_of_today_gets_no_copy(tmp_path):
    old = tmp_path / "today.py"
    old.write_text("import keras\n")
    result = CliRunner().invoke(migrate, [str(old)])
    assert "no file was written" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["today.py"]


def test_a_migration_imports_no_keras():
    code = (
        "import sys; from mnistlab.lesson.migration import migrate_text; "
        "migrate_text('from keras.layers.core import Dense', 'py'); "
        "sys.exit(' '.join({'keras', 'tensorflow'} & set(sys.modules)) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


# Keras trusts an mnist.npz only by its checksum; this one holds the same images, packed by NumPy here.
LOAD_LOCALLY = "from keras.src.datasets import mnist as _mnist\n_mnist.get_file = lambda *args, **kwargs: {path!r}"


def run_migrated(mnist, folder: Path, *, num_images: int) -> nbformat.NotebookNode:
    """Migrates the old notebook and runs it from top to bottom on the first images of the real MNIST."""
    train, test = mnist.train, mnist.test
    path = folder / "mnist.npz"
    arrays = {"x_train": train.images[:num_images], "y_train": train.labels[:num_images]}
    np.savez(path, x_test=test.images, y_test=test.labels, **arrays)
    new = migrate_text(OLD_NOTEBOOK.read_text("utf-8"))
    book = nbformat.reads(new.new_text, as_version=4)
    book.cells.insert(0, nbformat.v4.new_code_cell(LOAD_LOCALLY.format(path=str(path))))
    place = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(book, timeout=1800, kernel_name="python3", resources=place).execute()
    return book


def printed(book: nbformat.NotebookNode, pattern: str) -> float:
    text = "".join(output.get("text", "") for cell in book.cells for output in cell.get("outputs", []))
    found = re.search(pattern + r"\s+([\d.]+)", text)
    assert found is not None, text[-2000:]
    return float(found.group(1))


def test_the_old_notebook_has_every_breakage_and_loses_it():
    old = OLD_NOTEBOOK.read_text("utf-8")
    names = ("np_utils", "keras.layers.core", "keras.layers.convolutional", "fit_generator", "ImageDataGenerator")
    names += ("steps_per_epoch", "input_shape", "predict_classes", ".h5", "learning_phase", "from_keras", "tfjs")
    names += ("nb_epoch", "samples_per_epoch", "border_mode", "tensorflow.keras", "random.randint", "lr=", "'acc'")
    assert [name for name in names if name not in old] == []
    migration = migrate_text(old)
    code = "\n".join(source for _, source in migration.new_cells)
    gone = set(names) - {"ImageDataGenerator", ".h5", "tfjs", "random.randint"}
    assert [name for name in gone if name in code.replace("cnn_weights.weights.h5", "")] == []
    assert "keras.preprocessing.image import ImageDataGenerator" not in code and "'cnn.h5'" not in code
    assert [note.cell for note in migration.notes] == [21]  # tfjs
    assert migrate_text(migration.new_text).new_text == migration.new_text


@pytest.mark.slow
def test_the_migrated_notebook_runs_to_the_end_and_reaches_98_percent(mnist, tmp_path):
    book = run_migrated(mnist, tmp_path, num_images=20_000)
    assert printed(book, "CNN test accuracy:") > 0.98
    assert printed(book, "read again:") > 0.96  # of 500 images, by the model that was saved and loaded
    assert (tmp_path / "cnn.onnx").stat().st_size > 10_000


@pytest.mark.slow
def test_the_migrated_notebook_on_all_images(mnist, tmp_path):
    book = run_migrated(mnist, tmp_path, num_images=60_000)
    assert printed(book, "CNN test accuracy:") > 0.985
    assert printed(book, "dense") > 0.95
