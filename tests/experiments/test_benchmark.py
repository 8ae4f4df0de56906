import json
import math

import pytest
from scipy import stats

from mnistlab.experiments.benchmark import stock, suite
from mnistlab.models import MODELS
from mnistlab.models.backend import keras
from processes import run_mnistlab


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_multiply_adds_are_those_of_the_layers(name):
    counts = []
    for layer in MODELS[name]().layers:
        if isinstance(layer, keras.layers.Dense):
            counts.append(layer.kernel.shape[0] * layer.kernel.shape[1])
        elif isinstance(layer, keras.layers.Conv2D):
            rows, columns, channels, filters = layer.kernel.shape
            counts.append(rows * columns * channels * filters * layer.output.shape[1] * layer.output.shape[2])
    assert suite.MULTIPLY_ADDS[name] == sum(counts)
    assert suite.FLOP[name] == 4 * counts[0] + 6 * sum(counts[1:])


def rounds(stock_seconds, our_seconds, stock_accuracy, our_accuracy):
    measured = {"machine": [{"float32_gflops": 200.0, "bfloat16_gflops": 400.0}] * len(stock_seconds)}
    for kind, seconds, accuracies in (
        ("stock", stock_seconds, stock_accuracy),
        ("mnistlab", our_seconds, our_accuracy),
    ):
        for name in ("mlp", "cnn"):
            measured[f"{kind}_{name}"] = [
                {"train_seconds": second, "test_accuracy": accuracy, "gflops": 100 / second, "images_per_second": 1000}
                for second, accuracy in zip(seconds, accuracies, strict=True)
            ]
    return measured


def test_ratios_are_taken_pair_by_pair():
    summary = suite.summarize(rounds([10, 20, 40], [5, 4, 10], [0.97, 0.98, 0.99], [0.98, 0.98, 0.985]))
    assert summary["speedup_mlp"] == {"median": 4, "min": 2, "max": 5, "n": 3}
    assert summary["mnistlab_cnn"]["fraction_of_bfloat16_rate"]["median"] == pytest.approx(20 / 400)
    difference = summary["accuracy_difference_cnn"]
    expected = stats.ttest_1samp([0.01, 0.0, -0.005], 0).confidence_interval()
    assert (difference["low"], difference["high"]) == pytest.approx(tuple(expected))


def test_one_round_gives_no_interval():
    summary = suite.summarize(rounds([10], [5], [0.97], [0.98]))
    assert summary["accuracy_difference_mlp"]["low"] is None


def test_the_table_has_a_row_for_each_even_without_memory_figures():
    summary = suite.summarize(rounds([10, 20], [5, 4], [0.97, 0.98], [0.98, 0.98]))
    text = suite.format_summary({"summary": summary, "work": suite.WORK["quick"], "quick": True})
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert [row.split(" | ")[:2] for row in rows] == [
        *[["| `mlp`", "stock Keras"], ["| `mlp`", "mnistlab"]],
        *[["| `cnn`", "stock Keras"], ["| `cnn`", "mnistlab"]],
    ]
    assert all(row.endswith(" | – |") for row in rows)
    assert "3.5 times as fast as stock Keras (2.0 to 5.0 in 2 rounds side by side)" in text


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        ([0.98, 0.982, 0.979], "no evidence of a difference"),
        ([0.99, 0.991, 0.990], "more than chance explains, in favour of mnistlab"),
        ([0.97, 0.971, 0.970], "more than chance explains, in favour of stock Keras"),
    ],
)
def test_accuracies_are_judged_by_their_interval(ours, verdict):
    summary = suite.summarize(rounds([10, 10, 10], [5, 5, 5], [0.98, 0.981, 0.98], ours))
    text = suite.format_summary({"summary": summary, "work": suite.WORK["full"], "quick": False})
    assert text.count(f"): {verdict}.") == 2


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_stock_notebook_trains_every_epoch(name, tiny_mnist, monkeypatch):
    """The reference trains on every image in every epoch; with the notebook's step count every second one is lost."""
    steps = []
    fit = keras.Sequential.fit

    def counting_fit(model, *arguments, **options):
        history = fit(model, *arguments, **options)
        steps.append(int(model.optimizer.iterations))
        return history

    monkeypatch.setattr(keras.Sequential, "fit", counting_fit)
    measured = stock.train_stock(name, tiny_mnist, epochs=4)
    assert steps == [1, 4 * math.ceil(600 / 128)]  # the first starts TensorFlow
    assert measured["train_seconds"] > 0
    assert 0 < measured["test_accuracy"] < 1


@pytest.mark.slow
def test_quick_bench_writes_json_and_a_table(tmp_path):
    result = run_mnistlab("bench", "--quick", "--rounds", "1", "--json", tmp_path / "bench.json")
    assert result.returncode == 0, result.stderr
    summary = json.loads((tmp_path / "bench.json").read_text())["summary"]
    assert summary["machine"]["float32_gflops"]["median"] > 1
    for name in ("mlp", "cnn"):
        assert f"`{name}`: mnistlab is {summary[f'speedup_{name}']['median']:.1f} times as fast" in result.stdout
