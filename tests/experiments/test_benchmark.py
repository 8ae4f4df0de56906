import importlib.util
import json
import math

import numpy as np
import pytest
from scipy import stats

from mnistlab.experiments.benchmark import pytorch, stock, suite
from mnistlab.models import MODELS
from mnistlab.models.backend import keras
from mnistlab.system import processor
from mnistlab.training.augmentation import AffineParameters, affine_transforms, transform_images
from processes import run_mnistlab, run_python

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")


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
                {
                    "train_seconds": second,
                    "test_accuracy": accuracy,
                    "gflops": 100 / second,
                    "images_per_second": 1000 / second,
                }
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


def with_torch(measured, rate):
    for name in ("mlp", "cnn"):
        measured[f"torch_{name}"] = [
            {**figures, "images_per_second": rate, "precision": "float32"} for figures in measured[f"stock_{name}"]
        ]
    return measured


def test_pytorch_has_its_row_and_ratio_where_it_was_measured():
    summary = suite.summarize(with_torch(rounds([10, 20], [5, 4], [0.97, 0.98], [0.98, 0.98]), rate=100.0))
    # The rates of mnistlab are 200 and 250 images a second.
    assert summary["speedup_over_torch_cnn"]["median"] == pytest.approx((200 + 250) / 2 / 100)
    text = suite.format_summary({"summary": summary, "work": suite.WORK["quick"], "quick": True})
    assert [line.split(" | ")[1] for line in text.splitlines() if line.startswith("| `cnn`")] == [
        "stock Keras",
        "PyTorch",
        "mnistlab",
    ]
    assert text.count("2.25 times as fast as PyTorch (2.00 to 2.50)") == 2


def test_ways_to_compute_have_a_row_each():
    paths = [
        {"network": name, "onednn": onednn, "precision": "float32", "step_ms": ms, "chosen": onednn}
        for name, onednn, ms in [("mlp", True, 2.0), ("mlp", False, 3.0), ("cnn", True, 40.0), ("cnn", False, 1234.5)]
    ]
    summary = suite.summarize(rounds([10], [5], [0.97], [0.98]))
    text = suite.format_summary({"summary": summary, "work": suite.WORK["quick"], "quick": True, "paths": paths})
    assert text.splitlines()[-2:] == [
        "| oneDNN kernels, float32 (chosen) | 2.0 | 40.0 |",
        "| TensorFlow kernels, float32 | 3.0 | 1,234.5 |",
    ]


@pytest.mark.parametrize(("features", "value"), [("avx2", "0"), ("avx2 avx512f avx512_vnni", "1")])
def test_stock_keras_gets_the_kernels_that_tensorflow_would_take(features, value, monkeypatch):
    here = processor.Processor("x86_64", frozenset(features.split()))
    monkeypatch.setattr(suite, "processor", lambda: here)
    monkeypatch.setenv(processor.ONEDNN, "")
    monkeypatch.delenv(processor.ONEDNN)
    assert suite.variables_of("stock") == {processor.ONEDNN: value}
    assert suite.variables_of("mnistlab") == suite.variables_of("torch") == {}
    monkeypatch.setenv(processor.ONEDNN, "1")
    assert suite.variables_of("stock") == {}  # the user has decided


def fake_measure(kind, *arguments, variables=None):
    if kind == "machine":
        return {"float32_gflops": 100.0, "bfloat16_gflops": 100.0}
    if kind == "path":
        return {"step_ms": 1.0}
    figures = {"train_seconds": 1.0, "images_per_second": 10.0 + arguments[-1], "test_accuracy": 0.5}
    return figures | ({"environment": {"cpu": "example"}} if kind == "mnistlab" else {})


def test_rounds_are_added_to_earlier_ones_with_new_seeds(monkeypatch):
    monkeypatch.setattr(suite, "_measure", fake_measure)
    monkeypatch.setattr(suite, "has_torch", lambda: False)
    monkeypatch.setattr(suite, "processor", lambda: processor.Processor("x86_64", frozenset({"avx2"})))
    monkeypatch.setattr(suite, "chooses_onednn", lambda: True)
    kept = []
    first = suite.run_suite(work="short", rounds=2, quiet=True, keep=lambda results: kept.append(json.dumps(results)))
    both = suite.run_suite(work="short", rounds=1, quiet=True, earlier=json.loads(kept[-1]))
    assert len(kept) == 2
    assert [row["network"] for row in first["paths"] if row["chosen"]] == ["mlp", "cnn"]
    assert len(first["paths"]) == 4  # without bfloat16, which this processor would emulate
    assert [figures["images_per_second"] for figures in both["rounds"]["stock_cnn"]] == [10.0, 11.0, 12.0]
    assert both["summary"]["speedup_cnn"]["n"] == 3
    assert both["environment"] == {"cpu": "example"}
    assert "torch_cnn" not in both["rounds"]


def test_stock_keras_and_pytorch_are_not_loaded_before_they_are_measured():
    finished = run_python(
        "import sys, mnistlab.experiments.benchmark.suite; print({'torch', 'keras'} & set(sys.modules))"
    )
    assert finished.stdout.strip() == "set()", finished.stderr


@needs_torch
@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_pytorchs_network_is_the_notebooks(name, tiny_mnist):
    """With Keras' weights it says what Keras says; training goes on for as long as it should."""
    import torch

    model, network = MODELS[name](), pytorch.network(name)
    layers = [layer for layer in network if list(layer.parameters())]
    for ours, theirs in zip(layers, (layer for layer in model.layers if layer.weights), strict=True):
        first, *others = theirs.get_weights()
        if first.ndim == 4:
            first = first.transpose(3, 2, 0, 1)  # (rows, columns, in, out) -> (out, in, rows, columns)
        elif first.shape == (1024, 512):
            first = first.reshape(4, 4, 64, 512).transpose(3, 2, 0, 1).reshape(512, 1024)  # PyTorch flattens by channel
        elif first.ndim == 2:
            first = first.T
        values = [value for key, value in ours.state_dict().items() if key != "num_batches_tracked"]
        for value, given in zip(values, (first, *others), strict=True):
            value.copy_(torch.from_numpy(np.ascontiguousarray(given)))
    images = pytorch._prepare(tiny_mnist.test.images, name)
    with torch.inference_mode():
        got = network.eval()(images).softmax(1).numpy()
    assert got == pytest.approx(model.predict(tiny_mnist.test.images, verbose=0), abs=1e-4)

    measured = pytorch.train_torch(name, tiny_mnist, epochs=3)
    assert len(measured["epoch_seconds"]) == 3
    if name == "mlp":  # the moving averages of the other need more than 15 steps, in Keras too
        assert measured["test_accuracy"] > 0.2


@needs_torch
def test_pytorch_moves_images_as_keras_does(monkeypatch):
    """The same draws must give the images that TensorFlow's kernel gives for mnistlab's closed form."""
    import torch

    unit = np.random.default_rng(0).uniform(-1, 1, (6, 20))
    monkeypatch.setattr(torch, "rand", lambda *_shape: torch.tensor((unit + 1) / 2, dtype=torch.float32))
    images = np.random.default_rng(1).integers(0, 256, (20, 28, 28)).astype("float32")
    moved = pytorch.augment(torch.from_numpy(images)[:, None]).numpy()[:, 0]
    drawn = AffineParameters(
        rotation=8 * unit[0],
        shear=0.3 * unit[1],
        x_zoom=1 + 0.08 * unit[2],
        y_zoom=1 + 0.08 * unit[3],
        x_shift=0.08 * 28 * unit[4],
        y_shift=0.08 * 28 * unit[5],
    )
    expected = np.asarray(transform_images(images, affine_transforms(drawn)))
    assert np.abs(moved - expected).max() < 0.05  # of 255


@pytest.mark.slow
def test_quick_bench_writes_json_and_a_table(tmp_path):
    result = run_mnistlab("bench", "--quick", "--rounds", "1", "--json", tmp_path / "bench.json")
    assert result.returncode == 0, result.stderr
    summary = json.loads((tmp_path / "bench.json").read_text())["summary"]
    assert summary["machine"]["float32_gflops"]["median"] > 1
    for name in ("mlp", "cnn"):
        assert f"`{name}`: mnistlab is {summary[f'speedup_{name}']['median']:.1f} times as fast" in result.stdout
