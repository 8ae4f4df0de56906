"""`.onnx` files made to do harm are refused as they are: no code runs, nothing else is read, no memory fills."""

import io
import math
import os
import shutil
import zipfile

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from hostile_files import Corpus
from mnistlab.exceptions import RunError
from mnistlab.inference import Classifier, anatomy
from mnistlab.inference.anatomy import dissect

# A file that is as it should be, and the means to make others


def network(nodes=(), tensors=(), *, result="scores", inputs=None, outputs=None):
    """A linear network in ONNX, in which `nodes` may come between the scores and the probabilities."""
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["images"], ["pixels"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["pixels", "flat"], ["rows"]),
            helper.make_node("MatMul", ["rows", "kernel"], ["scores"]),
            *nodes,
            helper.make_node("Softmax", [result], ["probabilities"], axis=-1),
        ],
        "network",
        inputs or [array("images", TensorProto.UINT8, ["num_images", 28, 28])],
        outputs or [array("probabilities", TensorProto.FLOAT, ["num_images", 10])],
        [tensor("flat", np.array([-1, 784])), tensor("kernel", np.zeros((784, 10), np.float32)), *tensors],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def array(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def tensor(name, values):
    return numpy_helper.from_array(np.asarray(values), name)


def node(kind, came, gives, **attributes):
    return helper.make_node(kind, came.split(), gives.split(), **attributes)


def between(*nodes, **tensors):
    """The network with operations between its scores and `v`, of which the probabilities are made."""
    return network(nodes, [tensor(name, values) for name, values in tensors.items()], result="v")


def beside(*nodes, **tensors):
    """The network with operations that its answer does not need."""
    return network(nodes, [tensor(name, values) for name, values in tensors.items()])


def with_kernel(kernel):
    model = network()
    model.graph.initializer[1].CopyFrom(kernel)
    return model


def with_notes(key, *values):
    model = network()
    for value in values:
        model.metadata_props.add(key=key, value=value)
    return model


def elsewhere(location, **keys):
    """A tensor whose numbers lie in another file."""
    found = tensor("kernel", np.zeros((25, 10), np.float32))
    found.ClearField("raw_data")
    found.data_location = TensorProto.EXTERNAL
    for key, value in {"location": str(location), "length": "1000", **keys}.items():
        found.external_data.add(key=key, value=value)
    return found


def keys_without_a_mark(at):
    kernel = elsewhere(at.canary)
    kernel.data_location = TensorProto.DEFAULT
    return with_kernel(kernel)


def function(domain, name, *body):
    return helper.make_function(domain, name, ["a"], ["b"], body, [helper.make_opsetid(domain, 17)])


def functions_that_call_each_other(at):
    model = between(helper.make_node("F", ["scores"], ["v"], domain="own"))
    for name, other in (("F", "G"), ("G", "F")):
        model.functions.append(function("own", name, helper.make_node(other, ["a"], ["b"], domain="own")))
    model.opset_import.append(helper.make_opsetid("own", 17))
    return model


def function_that_has_our_name(at):
    model = network()
    model.functions.append(function("", "Softmax", node("Identity", "a", "b")))
    return model


def subgraph():
    return helper.make_graph(
        [node("Identity", "scores", "branch")], "branch", [], [array("branch", TensorProto.FLOAT, None)]
    )


def part(number, content):
    """A field of a protobuf message: its number, length and content."""
    length, rest = b"", len(content)
    while rest > 127:
        length, rest = length + bytes([rest & 127 | 128]), rest >> 7
    return bytes([number << 3 | 2]) + length + bytes([rest]) + content


def deep_graphs(at):
    graph = b""
    for _ in range(2000):
        graph = part(1, part(5, part(6, graph)))  # a node's attribute's graph
    return b"\x08\x08" + part(7, graph)


def format_of_onnx_runtime(at):
    """Bytes 4 to 8 are the mark of another format, which ONNX Runtime would read instead of what was checked."""
    content = part(2, b"xxORTM") + network().SerializeToString()
    assert content[4:8] == b"ORTM"
    return content


def training_part(at):
    model = network()
    model.training_info.add().algorithm.CopyFrom(subgraph())
    return model


def outer_product(at):
    """120 kB of columns and rows make 600 MB, while the network loads."""
    return between(
        node("MatMul", "a b", "ab"),
        node("Gather", "ab first", "row", axis=0),
        node("Slice", "row zero ten", "c"),
        node("Add", "scores c", "v"),
        **{"a": np.ones((15_000, 1), "f4"), "b": np.ones((1, 10_000), "f4"), "first": 0, "zero": [0], "ten": [10]},
    )


def joined(steps, first=0):
    """Lists that are joined with themselves again and again."""
    return [node("Concat", " ".join([f"c{step}"] * 4), f"c{step + 1}", axis=0) for step in range(first, steps)]


def work_without_end(at):
    """Little memory, much time: 1,900 products with a large matrix, 7.6 billion multiplications for one image."""
    steps = [node("MatMul", f"x{step} w", f"x{step + 1}") for step in range(1900)]
    return beside(*steps, w=np.zeros((2000, 2000), "f4"), x0=np.zeros((1, 2000), "f4"))


def huge_setting(at):
    return beside(
        node("Reshape", "pixels shape", "p"),
        node("Conv", "p filter", "q", pads=[0, 0, 2**40, 2**40]),
        shape=[1, 1, 28, 28],
        filter=np.zeros((1, 1, 3, 3), "f4"),
    )


def version_beyond_32_bits(at):
    model = network()
    model.opset_import[0].version = 2**40
    return model


def versions_for_every_operation(at):
    model = beside(*(node("Relu", "scores", f"v{number}") for number in range(1900)))
    for number in range(20_000):
        model.opset_import.append(helper.make_opsetid(f"d{number}", 1))
    return model


def with_output(kind, *nodes, **tensors):
    """The network with one more output, `v`, of a kind of numbers."""
    outputs = [array("probabilities", TensorProto.FLOAT, ["n", 10]), array("v", kind, None)]
    return network(nodes, [tensor(name, values) for name, values in tensors.items()], outputs=outputs)


def sparse_tensor(at):
    model = network()
    sparse = model.graph.sparse_initializer.add(dims=[2**40])
    sparse.values.CopyFrom(tensor("s", np.ones(1, "f4")))
    sparse.indices.CopyFrom(tensor("i", [2**39]))
    return model


def no_probabilities(at):
    model = network()
    model.graph.node[-1].CopyFrom(node("Identity", "scores", "probabilities"))
    return model


def zip_archive(at):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("config.json", "{}")
    return buffer.getvalue()


ELSEWHERE, NOTES = "its numbers lie in another file", "it has notes that no network of ours has"
COSTS = "its operations would take memory or time out of all proportion"
LISTS = "it computes lists out of all proportion"
PARTS, TENSOR = "it has more parts than any network of ours", "its tensor 'kernel' has another size than it says"
AXES = "its tensor {!r} has axes out of all proportion"
INPUT, ENDS, NAMES = "its input is another", "its input or output is another", "it has names that are not text"
NOT_FINITE, DAMAGED, CALIBRATION = "its outputs are not finite numbers", "it is damaged", "its calibration is none"

CASES = {  # name: what takes the place of a good file, what its message says
    # Numbers in other files
    "numbers_at_an_absolute_path": (lambda at: with_kernel(elsewhere(at.canary)), ELSEWHERE),
    "numbers_above": (lambda at: with_kernel(elsewhere("../outside/canary.bin")), ELSEWHERE),
    "numbers_behind_a_link": (lambda at: with_kernel(elsewhere("link.bin")), ELSEWHERE),
    "numbers_beside": (lambda at: with_kernel(elsewhere("beside.bin", offset="-8")), ELSEWHERE),
    "unknown_keys_of_numbers_elsewhere": (  # CVE-2026-34445: keys of the file became attributes of an object
        lambda at: with_kernel(elsewhere(at.canary, __class__="os", basepath="/")),
        ELSEWHERE,
    ),
    "keys_without_a_mark": (keys_without_a_mark, ELSEWHERE),
    "constant_elsewhere": (
        lambda at: between(node("Constant", "", "c", value=elsewhere(at.canary)), node("Add", "scores c", "v")),
        ELSEWHERE,
    ),
    # Code, and graphs within graphs
    "functions_that_call_each_other": (  # GHSA-7w46-vvrh-m8q5: the stack overflows
        functions_that_call_each_other,
        "its model has the part functions",
    ),
    "function_that_has_our_name": (function_that_has_our_name, "its model has the part functions"),
    "branches": (
        lambda at: between(node("If", "yes", "v", then_branch=subgraph(), else_branch=subgraph()), yes=True),
        "its attribute has the part g",
    ),
    "loop_without_end": (
        lambda at: between(node("Loop", "times yes scores", "v", body=subgraph()), times=2**62, yes=True),
        "its attribute has the part g",
    ),
    "graph_in_a_plain_operation": (
        lambda at: between(node("Identity", "scores", "v", body=subgraph())),
        "its attribute has the part g",
    ),
    "deep_graphs": (deep_graphs, DAMAGED),
    "foreign_operation": (
        lambda at: between(
            helper.make_node("Run", ["scores"], ["v"], domain="\x1b[31mevil\n", command=f"mkdir {at.trace}")
        ),
        r"operation '\x1b[31mevil\n:Run'",
    ),
    "answers_by_chance": (lambda at: between(node("RandomNormalLike", "scores", "v")), "operation 'RandomNormalLike'"),
    "operation_of_onnx_runtime": (
        lambda at: between(helper.make_node("Gelu", ["scores"], ["v"], domain="com.microsoft")),
        "operation 'com.microsoft:Gelu'",
    ),
    "format_of_onnx_runtime": (format_of_onnx_runtime, "it is in ONNX Runtime's own format"),
    "training_part": (training_part, "its model has the part training_info"),
    "settings_for_onnx_runtime": (
        lambda at: with_notes("ort_config", '{"session_options": {"enable_profiling": true}}'),
        NOTES,
    ),
    "temperature_that_is_no_number": (lambda at: with_notes("mnistlab.temperature", "nan"), CALIBRATION),
    "kinds_with_control_characters": (lambda at: with_notes("mnistlab.kinds", "digit,\x1b[2J"), CALIBRATION),
    "kinds_without_their_output": (lambda at: with_notes("mnistlab.kinds", "digit,letter"), ENDS),
    "long_note": (lambda at: with_notes("mnistlab.temperature", "1" * 10_000_000), NOTES),
    "same_note_twice": (lambda at: with_notes("mnistlab.temperature", "1", "2"), NOTES),
    # Bombs
    "constant_of_huge_shape": (
        lambda at: between(node("ConstantOfShape", "shape", "c"), node("Add", "scores c", "v"), shape=[2**20, 2**20]),
        "operation 'ConstantOfShape'",
    ),
    "expand": (lambda at: between(node("Expand", "scores shape", "v"), shape=[2**20, 1, 10]), "operation 'Expand'"),
    "tile": (lambda at: between(node("Tile", "scores times", "v"), times=[2**30, 1]), "operation 'Tile'"),
    "outer_product": (outer_product, COSTS),
    "sum_of_a_row_and_a_column": (
        lambda at: beside(
            node("Add", "a b", "ab"),
            node("Shape", "ab", "s"),
            a=np.ones((30_000, 1), "f4"),
            b=np.ones((1, 30_000), "f4"),
        ),
        COSTS,
    ),
    "list_joined_with_itself": (  # not large yet as numbers, but as shapes, which ONNX Runtime lists while it loads
        lambda at: beside(*joined(9), c0=np.ones(10, "f4")),
        LISTS,
    ),
    "shape_joined_with_itself": (lambda at: beside(node("Shape", "scores", "c0"), *joined(14)), LISTS),
    "padding": (
        lambda at: between(node("Pad", "scores pads zero", "v"), pads=[0, 0, 0, 2**31], zero=np.float32(0)),
        COSTS,
    ),
    "work_without_end": (work_without_end, COSTS),
    "huge_setting": (huge_setting, "its operation Conv has a setting out of all proportion"),
    "hundred_thousand_operations": (
        lambda at: beside(*(node("Identity", "scores", f"v{number}") for number in range(100_000))),
        PARTS,
    ),
    "million_empty_operations": (  # two bytes each in the file, more than a hundred once they are parsed
        lambda at: b"\x08\x08" + part(7, part(1, b"") * 8_000_000),
        PARTS,
    ),
    "tensor_with_a_million_axes": (
        lambda at: with_kernel(TensorProto(name="kernel", data_type=TensorProto.FLOAT, dims=[1] * 1_000_000)),
        PARTS,
    ),
    "tensor_larger_than_its_numbers": (
        lambda at: with_kernel(TensorProto(name="kernel", data_type=1, dims=[784, 2**20], raw_data=bytes(40))),
        TENSOR,
    ),
    "tensor_larger_than_any_file": (
        lambda at: with_kernel(TensorProto(name="kernel", data_type=1, dims=[784, 2**40], raw_data=bytes(40))),
        AXES.format("kernel"),
    ),
    "no_rows_of_huge_size": (  # no bytes at all, so it is as large as it says, and NumPy cannot hold it
        lambda at: network(tensors=[TensorProto(name="none", data_type=1, dims=[0, 2**62])]),
        AXES.format("none"),
    ),
    "more_axes_than_numpy_has": (
        lambda at: network(tensors=[TensorProto(name="deep", data_type=1, dims=[1] * 65, raw_data=bytes(4))]),
        AXES.format("deep"),
    ),
    "product_of_a_million_digits": (  # which alone would take minutes to compute
        lambda at: network(tensors=[TensorProto(name="vast", data_type=1, dims=[2**62] * 20_000)]),
        AXES.format("vast"),
    ),
    "constant_without_rows": (
        lambda at: beside(node("Constant", "", "c", value=TensorProto(data_type=1, dims=[0, 2**62]))),
        AXES.format(""),
    ),
    "claimed_shape_of_huge_size": (
        lambda at: network(outputs=[array("probabilities", TensorProto.FLOAT, [2**62, 10])]),
        AXES.format("probabilities"),
    ),
    "shape_whose_product_wraps_to_none": (
        lambda at: beside(node("Reshape", "scores shape", "v"), shape=[2**32, 2**32]),
        "its operation Reshape does not fit what comes before it",
    ),
    "huge_index": (
        lambda at: beside(node("Shape", "scores", "s"), node("Gather", "s far", "v"), far=2**62),
        "its operation Gather does not fit what comes before it",
    ),
    "less_than_nothing": (  # a size below 0 would make up for what the next operations take
        lambda at: beside(node("Pad", "scores pads zero", "p"), pads=[0, -(2**40), 0, -(2**40)], zero=np.float32(0)),
        "its operation Pad does not fit what comes before it",
    ),
    "version_beyond_32_bits": (version_beyond_32_bits, "its operation Cast does not fit what comes before it"),
    "hundreds_of_outputs": (
        lambda at: network(outputs=[array("probabilities", TensorProto.FLOAT, ["n", 10])] * 500),
        "it has 500 outputs; at most 100 were expected",
    ),
    "list_for_every_operation": (  # 24 MB that each of 1,900 operations would get a copy of
        lambda at: beside(
            *(node("Slice", "list zero one", f"v{number}") for number in range(1900)),
            list=np.zeros(3_000_000, np.int64),
            zero=[0],
            one=[1],
        ),
        "it has lists out of all proportion",
    ),
    "versions_for_every_operation": (versions_for_every_operation, "it has 20,001 versions of operations; at most 10"),
    "operations_with_thousands_of_inputs": (
        lambda at: beside(*(node("Sum", "scores " * 3000, f"v{number}") for number in range(10))),
        "it has 30,006 inputs of operations; at most 6,000 were expected",
    ),
    "shape_of_a_thousand_axes": (
        lambda at: beside(node("Reshape", "scores shape", "v"), shape=[1] * 1000),
        "its operation Reshape does not fit what comes before it",
    ),
    "endless_name": (
        lambda at: between(node("Relu", "scores", "v" * 1_000_000), node("Relu", "v" * 1_000_000, "v")),
        "it has names out of all proportion",
    ),
    "negative_axis": (
        lambda at: with_kernel(TensorProto(name="kernel", data_type=1, dims=[-784, -10], raw_data=bytes(784 * 40))),
        AXES.format("kernel"),
    ),
    "sparse_tensor": (sparse_tensor, "its graph has the part sparse_initializer"),
    "text_tensor": (
        lambda at: network(
            [node("Identity", "text", "t")], [helper.make_tensor("text", TensorProto.STRING, [1], [b"x"])]
        ),
        "its tensor has the part string_data",
    ),
    "huge_input": (lambda at: network(inputs=[array("images", TensorProto.UINT8, ["n", 2**31, 2**31])]), INPUT),
    # What is no network of ours
    "other_inputs": (
        lambda at: network(inputs=[array(name, TensorProto.UINT8, ["n", 28, 28]) for name in ("images", "more")]),
        INPUT,
    ),
    "other_input_type": (lambda at: network(inputs=[array("images", TensorProto.FLOAT, ["n", 28, 28])]), INPUT),
    "other_outputs": (lambda at: network(outputs=[array("scores", TensorProto.FLOAT, ["n", 10])]), ENDS),
    "output_of_text": (
        lambda at: with_output(TensorProto.STRING, node("Cast", "scores", "v", to=TensorProto.STRING)),
        ENDS,
    ),
    "output_of_doubles": (
        lambda at: with_output(TensorProto.DOUBLE, node("Cast", "scores", "v", to=TensorProto.DOUBLE)),
        ENDS,
    ),
    "cycle": (
        lambda at: network([node("Add", "scores b", "a"), node("Add", "a a", "b")], result="b"),
        "its operations are not in order",
    ),
    "names_that_are_no_text": (
        lambda at: network([node("Relu", "scores", "vvvv")]).SerializeToString().replace(b"vvvv", b"\xff\xfe\x80v"),
        NAMES,
    ),
    "input_axis_that_is_no_text": (  # nobody looks at it but ONNX Runtime, and its exception is of another kind
        lambda at: network().SerializeToString().replace(b"num_images", b"num_\xff\xfeages"),
        NAMES,
    ),
    "two_results_of_one_name": (
        lambda at: between(node("Relu", "scores", "v"), node("Relu", "scores", "v")),
        "two of its results have the same name",
    ),
    "reshape_that_does_not_fit": (lambda at: between(node("Reshape", "scores shape", "v"), shape=[3, 7]), ENDS),
    "nan": (
        lambda at: beside(node("Relu", "nan", "v"), nan=np.float32([0, np.nan])),
        "its tensor 'nan' has numbers that are not finite",
    ),
    "nan_in_a_setting": (
        lambda at: beside(node("Constant", "", "c", value_float=math.nan)),
        "its operation Constant has a setting that is not a finite number",
    ),
    "division_by_zero": (  # finite weights, NaN as the answer
        lambda at: between(node("Div", "scores zero", "v"), zero=np.float32(0)),
        NOT_FINITE,
    ),
    "overflow_where_there_is_ink": (  # an answer for empty paper, none for ink: infinity minus infinity
        lambda at: with_kernel(tensor("kernel", np.tile(np.float32([3e38, -3e38]), (784, 5)))),
        NOT_FINITE,
    ),
    "answers_that_are_no_probabilities": (no_probabilities, "its outputs are not probabilities"),
    "cut_off": (lambda at: network().SerializeToString()[:5000], DAMAGED),
    "empty": (lambda at: b"", INPUT),
    "text": (lambda at: b"ir_version: 8\ngraph { }\n", DAMAGED),
    "random_bytes": (lambda at: np.random.default_rng(0).bytes(100_000), DAMAGED),
    "too_large": (lambda at: 3 * 2**30, f"it has {3 * 2**30:,} bytes, more than {2**25:,}"),
    "keras_renamed": (zip_archive, DAMAGED),
}


# The tests


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return Corpus(tmp_path_factory.mktemp("hostile"), ".onnx", network(), CASES)


def test_the_corpus_is_as_large_as_it_says():
    assert len(CASES) >= 16


def test_a_good_file_passes_through_the_same_child(corpus):
    corpus.assert_accepted()


def test_every_hostile_file_is_refused(corpus):
    """All in one process: none runs code, opens another file, or takes more than 5 s of work and 256 MB."""
    corpus.assert_refused(corpus.reasons)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_alone_is_refused(name, corpus):
    """Each in a process of its own, whose memory is then that file's."""
    corpus.assert_refused([f"{name}.onnx"])


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_the_libraries_open_nothing_else(corpus, tmp_path):
    corpus.assert_libraries_open_nothing_else([*corpus.reasons], tmp_path / "strace.log")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_without_waiting(tmp_path):
    """A pipe has no size and no end."""
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(RunError, match=r"pipe"):
        Classifier(tmp_path / "pipe.onnx")


def test_an_output_without_axes_is_refused(tmp_path):
    """Nobody can say which image it belongs to."""
    path = tmp_path / "scalar.onnx"
    path.write_bytes(
        with_output(TensorProto.FLOAT, node("Identity", "one", "v"), one=np.float32(1)).SerializeToString()
    )
    with pytest.raises(RunError, match="its outputs are not finite numbers"):
        Classifier(path).activations(np.zeros((2, 28, 28), np.uint8))


def test_a_field_of_any_number_of_digits_is_left_out(tmp_path):
    """Windows over windows: with more than the 4,300 digits that Python writes, the list of all networks would fail."""
    windows = [
        node("MaxPool", f"p{number}", f"p{number + 1}", kernel_shape=[1024, 1024], strides=[1000, 1000], pads=[999] * 4)
        for number in range(1700)
    ]
    outputs = [array("probabilities", TensorProto.FLOAT, ["n", 10]), array("p1700", TensorProto.FLOAT, None)]
    model = network(
        [node("Reshape", "pixels shape", "p0"), *windows], [tensor("shape", [-1, 1, 28, 28])], outputs=outputs
    )
    (tmp_path / "deep.onnx").write_bytes(model.SerializeToString())
    shapes = {"probabilities": (10,), "p1700": (1, 1, 1)}
    assert [layer.field for layer in dissect(tmp_path / "deep.onnx", shapes).layers] == [None, None]


def test_layers_that_cannot_be_described_are_an_error_with_the_name_of_the_file(tmp_path, monkeypatch):
    """Whatever in a graph is odder than a convolution without its kernel's shape, which ONNX allows."""
    path = tmp_path / "odd.onnx"
    filters = {"filter": np.zeros((2, 1, 3, 3), "f4"), "shape": [-1, 1, 28, 28]}
    path.write_bytes(
        beside(node("Reshape", "pixels shape", "p"), node("Conv", "p filter", "v"), **filters).SerializeToString()
    )
    shapes = {name: values.shape for name, values in Classifier(path).activations(np.zeros((28, 28), np.uint8)).items()}
    assert dissect(path, shapes).num_parameters == 7840
    monkeypatch.setattr(anatomy, "title_of", lambda *arguments: 1 / 0)
    with pytest.raises(RunError, match=r"odd\.onnx is not a network whose layers can be described"):
        dissect(path, shapes)


def test_what_grows_faster_than_the_number_of_images_is_refused_when_it_is_too_much(tmp_path):
    """Images times images, and that squared: nothing for one image, 250 GB for 500."""
    model = between(
        node("Transpose", "scores", "columns", perm=[1, 0]),
        node("MatMul", "scores columns", "square"),
        node("Reshape", "square column", "long"),
        node("Reshape", "square row", "wide"),
        node("MatMul", "long wide", "huge"),
        node("Slice", "huge zeros ones", "corner"),
        node("Add", "scores corner", "v"),
        **{"column": [-1, 1], "row": [1, -1], "zeros": [0, 0], "ones": [1, 1]},
    )
    (tmp_path / "square.onnx").write_bytes(model.SerializeToString())
    classifier = Classifier(tmp_path / "square.onnx")
    assert classifier(np.zeros((2, 28, 28), np.uint8)).shape == (2, 10)
    with pytest.raises(RunError, match="memory or time out of all proportion"):
        classifier(np.zeros((500, 28, 28), np.uint8))
