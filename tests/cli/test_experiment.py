"""`mnistlab experiment` as a user meets it."""

import csv
import json

import pytest

from mnistlab.datasets import Dataset
from mnistlab.exceptions import UsageError
from mnistlab.experiments import comparison
from mnistlab.experiments.experiment import run_experiment
from mnistlab.recipes import RECIPES
from mnistlab.system.files import write_json
from processes import run_mnistlab

SMALL = ("--recipe", "epochs=1", "--recipe", "batch_size=100", "--seeds", "2")


def written(folder, figures):
    """What every experiment leaves; returns its results."""
    results = json.loads((folder / "results.json").read_text())
    with (folder / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["folder"] for row in rows] == [row["folder"] for row in results["rows"]]
    assert [float(row["test_accuracy"]) for row in rows] == [row["test_accuracy"] for row in results["rows"]]
    page = (folder / "report.html").read_text().replace("\u00a0", " ")  # numbers stay with their units
    assert page.index(results["answer"][0].replace("'", "&#39;")[:40]) < page.index("<svg")
    assert "<script" not in page
    assert sorted(path.stem for path in (folder / "figures").glob("*.png")) == sorted(figures)
    return results


def test_batch_size_has_three_views(tiny_folder, tmp_path):
    out = tmp_path / "experiment"
    arguments = ("experiment", "batch-size", "--data", tiny_folder, "--sizes", "300", "--steps", "4", "--out", out)
    result = run_mnistlab(*arguments, "--recipe", "epochs=2", "--seeds", "2")
    assert result.returncode == 0, result.stderr
    results = written(out, ["accuracy", "loss", "seconds"])
    steps = {(row["view"], row["batch_size"]): row["steps"] for row in results["groups"]}
    assert steps == {
        ("equal epochs", 128): 10,
        ("equal epochs", 300): 4,
        ("equal steps", 128): 4,
        ("equal steps", 300): 4,
        ("scaled learning rate", 128): 10,
        ("scaled learning rate", 300): 4,
    }
    assert all(sentence in result.stdout for sentence in results["answer"])
    assert "10 trainings." in result.stdout  # of 12 places; those of 128 stand in two views
    settings = {(row["view"], row["batch_size"]): row for row in results["settings"]}
    assert settings["equal steps", 300]["max_steps"] == 4
    assert settings["equal epochs", 300]["max_steps"] is None
    assert settings["scaled learning rate", 300]["learning_rate"] == pytest.approx(0.001 * (300 / 128) ** 0.5)
    assert "In these settings the recipes differ" in (out / "report.html").read_text()


def test_compare_says_who_is_better(tiny_folder, tmp_path):
    out = tmp_path / "experiment"
    result = run_mnistlab("experiment", "compare", "mlp", "fast", "--data", tiny_folder, "--out", out, *SMALL)
    assert result.returncode == 0, result.stderr
    results = written(out, {"difference", *(path.stem for path in (out / "figures").glob("only_*.png"))})
    mlp, fast = results["groups"]
    assert (mlp["multiply_adds"], fast["multiply_adds"]) == (668_672, 471_040)
    assert results["difference"]["mean"] == pytest.approx(mlp["accuracy"]["mean"] - fast["accuracy"]["mean"])
    right = {
        name: [200 - row["test_errors"] for row in results["rows"] if row["recipe"] == name] for name in ("mlp", "fast")
    }
    images = results["images"]
    assert images["only_first"] - images["only_second"] == sum(right["mlp"]) - sum(right["fast"])
    for name, other, num in (
        ("mlp", "fast", images["num_favouring_first"]),
        ("fast", "mlp", images["num_favouring_second"]),
    ):
        examples = images["examples"][f"only_{name}"]
        assert len(examples) == num
        for one in examples:
            hits = {each: one["predictions"][each].count(one["label"]) for each in (name, other)}
            assert hits[name] > hits[other]


@pytest.mark.slow
def test_label_noise_and_augmentation_run(tiny_folder, tmp_path):
    noise, ranges = tmp_path / "noise", tmp_path / "ranges"
    result = run_mnistlab(
        *("experiment", "label-noise", "--data", tiny_folder, "--models", "softmax,mlp", "--alphas", "0,5"),
        *("--out", noise, *SMALL),
    )
    assert result.returncode == 0, result.stderr
    results = written(noise, ["accuracy"])
    assert [(row["model"], row["alpha"]) for row in results["groups"]] == [
        *(("softmax", 0), ("softmax", 5), ("mlp", 0), ("mlp", 5))
    ]
    result = run_mnistlab(
        *("experiment", "augmentation", "--model", "best", "--data", tiny_folder, "--out", ranges, *SMALL),
        *("--recipe", "test_shifts=false"),
    )
    assert result.returncode == 0, result.stderr
    kinds = [row["augmentation"] for row in written(ranges, ["differences"])["groups"]]
    assert kinds == ["none", "all", "rotation", "width_shift", "height_shift", "shear", "zoom"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("batch-size", "--sizes", "32,many"),
            "'many' is not a whole number from 1 to 1,000,000; a list has commas between its numbers",
        ),
        (("batch-size", "--sizes", "0"), "'0' is not a whole number from 1 to 1,000,000"),
        (("batch-size", "--recipe", "batch_size=7"), "this experiment gives batch_size its own values"),
        (("label-noise", "--recipe", "label_noise=7"), "this experiment gives label_noise its own values"),
        (("compare", "best", "mlp", "--recipe", "test_shifts=no"), "test_shifts is 'no'; it must be true or false"),
        (("compare", "best", "mlp", "--recipe", "label_smoothing=x"), "label_smoothing is 'x'; it must be a number"),
        (("batch-size", "--cluster", "127.0.0.1:1"), "There is no Ray cluster at 127.0.0.1:1"),
        (("compare", "mlp", "mlp"), "Two different recipes were expected"),
        (("compare", "mlp", "resnet"), "'resnet' is not one of"),
        (("label-noise", "--models", "mlp,gpt"), "'gpt' is not a network of this experiment; expected some of softmax"),
        (("label-noise", "--biases", "2"), "'2' is not a number from 0 to 1"),
        (("augmentation", "--model", "mlp"), "The recipe mlp has no augmentation to take apart"),
        (("augmentation", "--recipe", "epochs=many"), "The recipe's epochs is 'many'"),
        (("augmentation", "--recipe", "speed=9"), "'speed=9' is no setting of a recipe"),
    ],
)
def test_bad_arguments_are_named(arguments, message, tmp_path):
    result = run_mnistlab("experiment", *arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_data_that_is_too_small_is_named(tiny_folder, tmp_path):
    command = ("experiment", "batch-size", "--model", "cnn", "--data", tiny_folder, "--out", tmp_path / "experiment")
    result = run_mnistlab(*command)
    assert (result.returncode, result.stdout) == (2, "")
    assert "holds back 5,000 validation images, but" in result.stderr
    assert "--recipe validation=none" in result.stderr
    assert not (tmp_path / "experiment").exists()


def test_an_answer_is_not_overwritten_by_another(tiny_mnist: Dataset, tmp_path):
    write_json(tmp_path / "results.json", {"mnistlab": "0", "question": "How many random labels can a network take?"})
    with pytest.raises(UsageError, match="holds an experiment: How many random labels can a network take"):
        run_experiment(comparison.experiment(RECIPES["mlp"], RECIPES["fast"]), tiny_mnist, tmp_path)


def test_another_folder_is_left_alone(tiny_mnist: Dataset, tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not an experiment"):
        run_experiment(comparison.experiment(RECIPES["mlp"], RECIPES["fast"]), tiny_mnist, tmp_path)
