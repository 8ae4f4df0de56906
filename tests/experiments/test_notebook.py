import json
import re

import numpy as np
import pytest

from mnistlab.experiments.notebook import augmented_variants, run_notebook
from mnistlab.inference import Classifier
from processes import run_mnistlab


@pytest.fixture(scope="module")
def report(tiny_mnist, tmp_path_factory):
    """The whole notebook on a few real images, with the notebook's own batch sizes."""
    folder = tmp_path_factory.mktemp("report") / "out"
    results = run_notebook(tiny_mnist, folder, num_seeds=2, epochs=1, progress=False)
    scored = []
    load = Classifier.__init__

    def noting_load(self, path, **options):
        scored.append(path.parent.name)
        load(self, path, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Classifier, "__init__", noting_load)
        again = run_notebook(tiny_mnist, folder, num_seeds=2, epochs=1, progress=True)
    return folder, results, again, scored


def test_everything_is_written(report):
    folder, results, *_ = report
    assert json.loads((folder / "results.json").read_text()) == results | {"total_seconds": None, "seconds": None}
    assert (folder / "report.html").is_file()
    runs = {path.name for path in (folder / "runs").iterdir()}
    assert runs == {"mlp-seed0", "mlp-seed1", "cnn-seed0", "cnn-seed1", "mlp-batch32", "mlp-batch10000"}
    assert all((folder / "runs" / name / "model.onnx").is_file() for name in runs)
    drawn = {path.stem for path in (folder / "figures").iterdir()}
    per_model = {
        f"{name}_{key}" for name in ("mlp", "cnn") for key in ("history", "right", "wrong", "confusion", "per_digit")
    }
    assert (
        drawn == {"samples", "matrix", "flattening", "network", "augmentation", "batch_size", "comparison"} | per_model
    )


def test_results_are_those_of_the_runs(report):
    folder, results, *_ = report
    for name in ("mlp", "cnn"):
        model = results["models"][name]
        metrics = [json.loads((folder / run["folder"] / "metrics.json").read_text()) for run in model["runs"]]
        assert [run["seed"] for run in model["runs"]] == [0, 1]
        assert model["test_accuracy_mean"] == pytest.approx(np.mean([m["test_accuracy"] for m in metrics]))
        assert model["test_accuracy_std"] == pytest.approx(np.std([m["test_accuracy"] for m in metrics], ddof=1))
        assert model["runs"][0]["test_errors"] == metrics[0]["test_errors"]
        assert np.trace(model["confusion"]) == 200 - metrics[0]["test_errors"]
    comparison = results["comparison"]
    assert comparison["errors"]["mlp"] == comparison["both_wrong"] + comparison["only_mlp_wrong"]
    assert comparison["errors"]["cnn"] == comparison["both_wrong"] + comparison["only_cnn_wrong"]


def test_batch_sizes_are_the_notebooks(report):
    _, results, *_ = report
    rows = results["batch_size"]["rows"]
    assert [(row["batch_size"], row["steps"]) for row in rows] == [(32, 19), (128, 5), (10_000, 1)]
    assert rows[1]["test_errors"] == results["models"]["mlp"]["runs"][0]["test_errors"]
    assert len(results["batch_size"]["answer"]) == 2


def test_a_second_call_trains_nothing(report):
    _, results, again, _ = report
    assert again["total_seconds"] is None and again["seconds"] is None
    assert again == results | {"total_seconds": None, "seconds": None}


def test_the_parts_of_the_time_are_all_of_it(report):
    folder, results, *_ = report
    assert results["total_seconds"] == pytest.approx(sum(results["seconds"].values()), abs=0.3)
    metrics = [json.loads(path.read_text()) for path in (folder / "runs").glob("*/metrics.json")]
    assert results["seconds"]["training"] == pytest.approx(sum(each["train_seconds"] for each in metrics), abs=0.06)


def test_a_figure_of_a_run_is_the_same_in_both_folders(report):
    folder, *_ = report
    for name in ("mlp", "cnn"):
        for source in (folder / "runs" / f"{name}-seed0" / "figures").iterdir():
            assert (folder / "figures" / f"{name}_{source.name}").read_bytes() == source.read_bytes()
            assert len(source.read_bytes()) > 1_000


def test_every_shown_network_is_scored_once(report):
    *_, scored = report
    assert sorted(scored) == ["cnn-seed0", "cnn-seed1", "mlp-seed0", "mlp-seed1"]


def test_the_report_shows_the_numbers(report):
    folder, results, *_ = report
    text = (folder / "report.html").read_text()
    assert "<script" not in text
    assert f"{results['models']['cnn']['num_parameters']:,}" in text
    for run in (results["models"]["mlp"]["runs"][0], results["models"]["cnn"]["runs"][0]):
        assert f"{run['test_accuracy'] * 100:.2f}" in text


def test_no_path_of_the_machine_is_written(report):
    folder, *_ = report
    for path in [
        *folder.glob("*.json"),
        *folder.glob("*.html"),
        *folder.glob("runs/*/*.json"),
        *folder.glob("runs/*/*.html"),
    ]:
        assert not re.search(rf"{folder.parent}", path.read_text()), path


def test_variants_differ_from_each_other_and_resemble_the_original(tiny_mnist):
    originals = tiny_mnist.train.images[:3]
    variants = augmented_variants(originals, num_variants=4)
    assert variants.shape == (3, 4, 28, 28)
    assert variants.dtype == np.uint8
    assert len({variant.tobytes() for variant in variants[0]}) == 4
    ink = originals.sum(axis=(1, 2), dtype=float)
    assert np.abs(variants.sum(axis=(2, 3)) / ink[:, None] - 1).max() < 0.3


@pytest.mark.slow
def test_run_on_another_folder_of_images(tiny_folder, tmp_path):
    result = run_mnistlab("run", "--data", tiny_folder, "--epochs", "1", "--out", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert json.loads((tmp_path / "out" / "results.json").read_text())["models"]["cnn"]["num_train_images"] == 540
    assert f"Open {tmp_path / 'out' / 'report.html'} after " in result.stdout
