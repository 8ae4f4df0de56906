"""Networks as files for the browser: what they hold, and what is refused. That they compute is tested in a browser."""

import json
import struct

import numpy as np
import onnx
import pytest

from mnistlab import models
from mnistlab.exceptions import RunError
from mnistlab.inference import pretrained
from mnistlab.inference.classifier import Classifier
from mnistlab.inference.onnx_files import halves
from mnistlab.inference.pretrained import PRETRAINED
from mnistlab.inference.web import MAGIC, web_network
from mnistlab.models.export import export_onnx


def opened(content):
    """Header and arrays of a file, read as its description says."""
    assert content[:8] == MAGIC
    (length,) = struct.unpack("<I", content[8:12])
    begin = 12 + length
    assert begin % 4 == 0
    header = json.loads(content[12:begin])
    arrays = []
    for one in header["arrays"]:
        count, place = int(np.prod(one["shape"])), begin + one["offset"]
        assert one["offset"] % 4 == 0
        if one["type"] == "float24":
            bits = np.zeros((count, 4), np.uint8)
            bits[:, 1:] = np.frombuffer(content, np.uint8, 3 * count, place).reshape(-1, 3)
            numbers = bits.view("<f4")
        else:
            numbers = np.frombuffer(content, {"float16": "<f2", "float32": "<f4"}[one["type"]], count, place)
        arrays.append(numbers.astype(np.float32).reshape(one["shape"]))
    return header, arrays


@pytest.mark.parametrize("name", PRETRAINED)
def test_a_file_holds_every_layer_and_every_number_of_a_network(name):
    header, arrays = opened(web_network(PRETRAINED[name]))
    classifier = pretrained(name)
    assert [one for one in header["outputs"] if one != "kinds"] == [*classifier.layers]
    assert header["calibration"]["temperature"] == classifier.calibration.temperature
    assert header["calibration"]["kinds"] == [*classifier.calibration.kinds]
    blank = classifier.activations(np.zeros((28, 28), np.uint8))
    for output, values in blank.items():
        assert tuple(header["steps"][header["outputs"][output]]["shape"]) == values.shape, output
    network = onnx.load(PRETRAINED[name])
    halves.widen_halves(network.graph)
    weights = [onnx.numpy_helper.to_array(one) for one in network.graph.initializer]
    numbers = np.unique(np.concatenate([one.ravel() for one in weights if one.dtype == np.float32]))
    found = np.unique(np.concatenate([one.ravel() for one in arrays]))
    after = np.searchsorted(found, numbers).clip(1, len(found) - 1)
    nearest = np.minimum(np.abs(found[after] - numbers), np.abs(found[after - 1] - numbers))
    assert np.all(nearest <= np.abs(numbers) * 2.0**-16)  # the rounding of what lies in three bytes


def test_numbers_are_halved_where_that_loses_nothing(tmp_path):
    export_onnx(models.softmax(), tmp_path / "model.onnx")
    header, _ = opened(web_network(tmp_path / "model.onnx"))
    weights = next(header["arrays"][one["weights"]] for one in header["steps"] if one["do"] == "dense")
    assert weights == {"shape": [784, 10], "type": "float24", "offset": weights["offset"]}
    halves.store_halves(tmp_path / "model.onnx")
    header, _ = opened(web_network(tmp_path / "model.onnx"))
    assert header["arrays"][0]["type"] == "float32"  # 1/255, which half a number cannot hold
    assert "float16" in [one["type"] for one in header["arrays"] if one["shape"] == [784, 10]]


def test_the_same_network_gives_the_same_bytes():
    assert web_network(PRETRAINED["cnn"]) == web_network(PRETRAINED["cnn"])


def test_what_the_page_cannot_compute_is_refused(tmp_path):
    """A row of numbers joined with nothing, which no network of ours does."""
    path = tmp_path / "model.onnx"
    export_onnx(models.softmax(), path)
    network = onnx.load(path)
    dense = next(node for node in network.graph.node if node.op_type == "MatMul")
    joined = onnx.helper.make_node("Concat", [dense.input[0]], ["joined"], axis=1)
    network.graph.node.insert([*network.graph.node].index(dense), joined)
    dense.input[0] = "joined"
    onnx.save(network, path)
    Classifier(path)
    with pytest.raises(RunError, match=r"cannot be written for the browser: its operation Concat is not one"):
        web_network(path)


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"something else")
    with pytest.raises(RunError, match="not a network that mnistlab can use"):
        web_network(tmp_path / "model.onnx")
