"""`mnistlab experiment` as a user meets it, and the sentences that it makes of numbers."""

import csv
import json

import pytest

from conftest import run_mnistlab
from mnistlab.datasets import Dataset
from mnistlab.evaluation.significance import McNemarTest, paired_test
from mnistlab.exceptions import UsageError
from mnistlab.experiments import augmentation_ranges, batch_size, comparison, label_noise
from mnistlab.experiments.experiment import run_experiment
from mnistlab.recipes import RECIPES
from mnistlab.system.files import write_json

SMALL = ("--recipe", "epochs=1", "--recipe", "batch_size=100", "--seeds", "2")


def written(folder, figures):
    """What every experiment leaves; returns its results."""
    results = json.loads((folder / "results.json").read_text())
    with (folder / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["folder"] for row in rows] == [row["folder"] for row in results["rows"]]
    assert [float(row["test_accuracy"]) for row in rows] == [row["test_accuracy"] for row in results["rows"]]
    page = (folder / "report.html").read_text()
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
    mcnemar = results["mcnemar"]
    assert mcnemar["only_first"] - mcnemar["only_second"] == sum(right["mlp"]) - sum(right["fast"])


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
        (("batch-size", "--sizes", "32,many"), "'32,many' is no list of numbers"),
        (("batch-size", "--sizes", "0"), "outside 1 to 1,000,000"),
        (("batch-size", "--recipe", "batch_size=7"), "this experiment gives batch_size its own values"),
        (("label-noise", "--recipe", "label_noise=7"), "this experiment gives label_noise its own values"),
        (("compare", "best", "mlp", "--recipe", "test_shifts=no"), "test_shifts is 'no'; it must be true or false"),
        (("compare", "best", "mlp", "--recipe", "label_smoothing=x"), "label_smoothing is 'x'; it must be a number"),
        (("batch-size", "--cluster", "127.0.0.1:1"), "There is no Ray cluster at 127.0.0.1:1"),
        (("compare", "mlp", "mlp"), "Two different recipes were expected"),
        (("compare", "mlp", "resnet"), "'resnet' is not one of"),
        (("label-noise", "--models", "mlp,gpt"), "'gpt' is no network of this experiment; expected some of softmax"),
        (("label-noise", "--biases", "2"), "outside 0 to 1"),
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


# Sentences


def group(name, accuracy, **more):
    interval = {"mean": accuracy, "low": accuracy - 0.001, "high": accuracy + 0.001, "num": 3}
    return {"recipe": name, "accuracy": interval, "seconds": {"mean": 2.0}, "num_seeds": 3, **more}


def test_the_verdict_follows_the_test():
    sizes = {"num_parameters": 10, "multiply_adds": 20}
    groups = [group("mlp", 0.98, **sizes), group("cnn", 0.99, **sizes)]
    pooled = McNemarTest(1, 9, 0.02)
    clear = comparison.explain(groups, paired_test([0.98, 0.981, 0.979], [0.99, 0.991, 0.9905]), pooled)[0]
    assert clear.startswith("cnn is more accurate than mlp, beyond what chance explains: ")
    unclear = comparison.explain(groups, paired_test([0.98, 0.991, 0.979], [0.99, 0.98, 0.985]), pooled)[0]
    assert unclear.startswith("There is no evidence of a difference in accuracy between mlp and cnn: ")
    single = comparison.explain(groups, paired_test([0.98], [0.99]), pooled)[0]
    assert single.startswith("One seed cannot tell mlp from cnn: train at least two: ")


@pytest.mark.parametrize(("accuracy", "verdict"), [(0.92, "holds"), (0.90, "is not reached")])
def test_the_claim_is_judged(accuracy, verdict):
    row = group("", accuracy, model="cnn", alpha=100, bias=0.0) | {"seconds": {"mean": 130.0}}
    sentence = label_noise.explain([row], 60_000)[0]
    assert f"{verdict}: here the cnn reads {accuracy * 100:.2f} %" in sentence


def test_biased_noise_names_the_share_at_which_the_labels_turn():
    rows = [group("", accuracy, model="mlp", alpha=20, bias=bias) for bias, accuracy in ((0.0, 0.93), (0.1, 0.03))]
    assert label_noise.explain(rows, 60_000) == [
        "mlp: with 20 random labels an image, 93.00 % when 0 % of them are one confusing digit, 3.00 % when 10 % are. "
        "From a share of 1/20, 5 %, on an image bears the confusing digit more often than its own."
    ]


def test_augmentation_says_what_each_range_buys():
    test = {"difference": {"mean": 0.004, "num": 3}, "p_value": 0.01}
    groups = [
        group("", 0.99, augmentation="none", difference=None, p_value=None),
        group("", 0.994, augmentation="all", **test),
        group("", 0.99, augmentation="shear", difference={"mean": 0.0001, "num": 3}, p_value=0.8),
    ]
    said = augmentation_ranges.explain(groups)
    assert said[1] == "All of it together: 0.40 points more (p = 0.01)."
    assert said[2] == "Shear alone: no evidence of a difference (+0.01 points, p = 0.8)."


def test_batch_sizes_are_compared_with_the_notebooks():
    base = {"view": "equal epochs", "seconds": {"mean": 10.0}, "accuracy": {"mean": 0.98}}
    groups = [
        base | {"batch_size": 128, "difference": None, "p_value": None},
        base | {"batch_size": 512, "difference": {"mean": 0.0, "num": 3}, "p_value": None},
        base
        | {
            "batch_size": 10_000,
            "seconds": {"mean": 5.0},
            "difference": {"mean": -0.05, "num": 3},
            "p_value": 0.00002,
        },
    ]
    assert batch_size.explain(groups) == (
        "At equal epochs, batches of 128 reach 98.00 % in 10.0 s; batches of 10,000 are worse. In detail, batches of "
        "512: exactly the same accuracy, in 1.0 times the time; batches of 10,000: 5.00 points less (p < 0.0001), in "
        "0.5 times the time."
    )
    assert "no other size is shown to be better or worse. " in batch_size.explain(groups[:2])
    assert batch_size.explain(groups[:1]) == "At equal epochs, batches of 128 reach 98.00 % in 10.0 s."


def test_a_single_noise_has_an_answer_too():
    row = group("", 0.93, model="mlp", alpha=20, bias=0.0)
    assert label_noise.explain([row], 60_000) == ["mlp: 93.00 % with 20 random labels an image."]
