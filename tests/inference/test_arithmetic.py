"""How layers come from each other is said of every layer that the page draws, and of nothing that is not there."""

import numpy as np
import pytest

from mnistlab.inference import Classifier
from mnistlab.inference.arithmetic import Arithmetic
from mnistlab.inference.onnx_files import checked_network, read_file
from mnistlab.inference.pretrained import PRETRAINED


@pytest.fixture(scope="module", params=PRETRAINED)
def known(request):
    path = PRETRAINED[request.param]
    layers = Classifier(path, num_threads=1).layers
    return layers, Arithmetic(checked_network(read_file(path))[0], layers)


def test_every_layer_comes_from_an_earlier_one(known):
    layers, arithmetic = known
    for layer in layers[1:]:
        how = arithmetic.derivations[layer]
        assert layers.index(how.source) < layers.index(layer)
        if layer.endswith("_relu"):
            assert how.operation == "relu"
        if layer.endswith("_norm"):
            assert how.operation == "scale"
        if layer.startswith("conv") and "_" not in layer:
            assert (how.operation, how.window, how.strides) == ("convolution", (3, 3), (1, 1))
        if layer.startswith("pool"):
            assert (how.operation, how.window, how.strides) == ("pool", (2, 2), (2, 2))


def test_a_dense_layer_is_its_weights_and_what_is_added(known, mnist):
    layers, arithmetic = known
    how = arithmetic.derivations["output"]
    name = next(path for path in PRETRAINED.values() if Classifier(path, num_threads=1).layers == layers)
    values = Classifier(name, num_threads=1).activations(mnist.test.images[0])
    for digit in range(10):
        unit = arithmetic.unit("output", digit)
        z = values[how.source].astype(float) @ unit.weights.astype(float) + unit.offset
        assert z == pytest.approx(float(values["output"][digit]), abs=1e-3)
    assert how.num_weights == 10 * (np.size(values[how.source]) + 1)


def test_what_is_not_there_has_no_numbers(known):
    _, arithmetic = known
    with pytest.raises(IndexError):
        arithmetic.unit("output", 10)
    with pytest.raises(IndexError):
        arithmetic.unit("output", -1)
    with pytest.raises(KeyError):
        arithmetic.unit("nothing", 0)
