"""One network has one ONNX file: no order, name or mark of a converter is left, and no answer changes."""

import random

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from mnistlab.models.canonical import canonical

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 6), np.uint8)


def network(rng, *, copies=0):
    """A small network of two branches; `rng` decides all that must not matter."""
    numbers = np.random.default_rng(1)
    weights, offset = numbers.normal(size=(6, 4)).astype(np.float32), numbers.normal(size=4).astype(np.float32)
    named: dict[str, str] = {}

    def name(tensor):
        return named.setdefault(tensor, f"{tensor}__{rng.randrange(10**6)}")

    def node(operation, inputs, outputs, **settings):
        return helper.make_node(operation, inputs, outputs, name=f"{operation}__{rng.randrange(10**6)}", **settings)

    arrays = [numpy_helper.from_array(weights, name("weights")), numpy_helper.from_array(offset, name("offset"))]
    nodes = [
        node("Cast", ["images"], [name("numbers")], to=TensorProto.FLOAT),
        node("MatMul", [name("numbers"), name("weights")], [name("product")]),
        node("Add", [name("product"), name("offset")], [name("sum")]),
        node("Relu", [name("sum")], [name("relu")]),
        node("Transpose", [name("relu")], [name("turned")], perm=[1, 0]),
        node("Transpose", [name("turned")], [name("back")], perm=[1, 0]),
        node("Identity", [name("relu")], [name("dropout")]),
        node("Softmax", [name("dropout")], [name("softmax")], axis=1),
    ]
    for number in range(copies):  # what a converter merges in one process and not in another
        arrays.append(numpy_helper.from_array(offset, f"copy{number}"))
        nodes.append(node("Add", [name("product"), f"copy{number}"], [f"again{number}"]))
    made = {"sum": f"again{copies - 1}" if copies else name("sum"), "back": name("back"), "softmax": name("softmax")}
    nodes += [node("Identity", [tensor], [output]) for output, tensor in made.items()]
    placed, todo = {"images", *(array.name for array in arrays)}, nodes
    nodes = []
    while todo:  # in a random order of those that are possible
        ready = [one for one in todo if placed.issuperset(one.input)]
        nodes.append(rng.choice(ready))
        todo.remove(nodes[-1])
        placed |= set(nodes[-1].output)
    rng.shuffle(arrays)
    float_rows = [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["num_images", 4]) for output in made]
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["num_images", 6])
    graph = helper.make_graph(nodes, f"graph{rng.random()}", [images], float_rows, initializer=arrays)
    graph.doc_string = f"converted at {rng.random()}"
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 2)]
    rng.shuffle(opsets)
    return helper.make_model(graph, producer_version=str(rng.random()), opset_imports=opsets, ir_version=8)


def answers(model):
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"images": IMAGES})


@pytest.mark.parametrize("seed", range(20))
def test_what_does_not_matter_is_gone(seed):
    rng = random.Random(seed)
    one, other = network(rng), network(rng, copies=rng.randrange(3))
    assert one.SerializeToString() != other.SerializeToString()
    made = canonical(one)
    assert made.SerializeToString() == canonical(other).SerializeToString()
    assert canonical(made).SerializeToString() == made.SerializeToString()
    onnx.checker.check_model(made, full_check=True)
    for before, after in zip(answers(one), answers(made), strict=True):
        assert np.array_equal(before, after)


def test_the_order_is_that_of_the_outputs_and_names_say_where_a_part_belongs():
    made = canonical(network(random.Random(0)))
    assert [node.name for node in made.graph.node] == [
        *("sum/Cast", "sum/MatMul", "sum/Add", "output_sum"),
        *("back/Relu", "back/Transpose", "back/Transpose2", "output_back"),
        *("softmax/Softmax", "output_softmax"),
    ]
    assert [array.name for array in made.graph.initializer] == ["sum/array", "sum/array2"]
    assert (made.producer_name, made.producer_version, made.graph.doc_string) == ("mnistlab", "", "")


def test_what_matters_stays():
    """Other weights, other outputs and other settings make another network; notes stay."""
    one = network(random.Random(0))
    made = canonical(one).SerializeToString()
    for change in (
        lambda model: model.graph.initializer[0].CopyFrom(
            numpy_helper.from_array(
                2 * numpy_helper.to_array(model.graph.initializer[0]), model.graph.initializer[0].name
            )
        ),
        lambda model: model.graph.output.pop(),
        lambda model: model.metadata_props.add(key="note", value="text"),
        lambda model: (
            next(node for node in model.graph.node if node.op_type == "Cast")
            .attribute[0]
            .__setattr__("i", TensorProto.DOUBLE)
        ),
    ):
        other = onnx.ModelProto()
        other.CopyFrom(one)
        change(other)
        assert canonical(other).SerializeToString() != made


def test_a_constant_is_an_array():
    """Some converters write numbers as an operation."""
    one = network(random.Random(0))
    other = onnx.ModelProto()
    other.CopyFrom(one)
    array = other.graph.initializer[1]
    constant = helper.make_node("Constant", [], [array.name], value=array)
    del other.graph.initializer[1]
    other.graph.node.insert(0, constant)
    assert canonical(other).SerializeToString() == canonical(one).SerializeToString()
