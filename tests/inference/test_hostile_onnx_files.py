"""Files made to do harm are refused as they are: no code runs, nothing outside is read or written, no memory fills.

The property is tested, not the payload. A child process opens every file with an audit hook that reports whatever
Python runs, opens or connects to. In the slow tests each file has a process of its own, and strace reports what the
libraries in C and C++ open, which no audit hook sees.
"""

import io
import json
import marshal
import math
import os
import pickle
import re
import shutil
import struct
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from mnistlab.archives import read_network_file
from mnistlab.exceptions import RunError
from mnistlab.inference import Classifier

MAX_SECONDS = 2
MAX_MEGABYTES = 256
HDF5_PLUGINS = "/usr/local/hdf5/lib/plugin"
CANARY = b"\x01canary: only who reads outside the file knows this\x01" * 100

CHILD = r"""
import codecs, json, os, sys, time
from pathlib import Path

good_keras, good_onnx, *files = map(Path, sys.argv[1:])
import numpy as np
from mnistlab.archives import read_network_file
from mnistlab.exceptions import RunError
from mnistlab.inference import Classifier

ink = np.full((2, 28, 28), 255, np.uint8)

def use(path):
    if path.suffix == ".onnx":
        Classifier(path)(ink)
    else:
        read_network_file(path)

codecs.lookup("ascii")  # as h5py does now and then
for path in (good_keras, good_onnx):
    use(path)
    try:
        use(path.with_name("none" + path.suffix))
    except RunError:
        pass

armed, seen, writing = None, [], os.O_WRONLY | os.O_RDWR | os.O_CREAT
watched = tuple(
    "exec compile import open os. subprocess. socket. pickle. marshal. ctypes. shutil tempfile. glob. urllib. http. "
    "mmap. code. builtins.input pty. webbrowser. sqlite3.".split()
)

def hook(event, arguments):
    if armed is None or not event.startswith(watched):
        return
    if event == "open" and str(arguments[0]) == str(armed) and not arguments[2] & writing:
        return
    seen.append(f"{event} {str(arguments)[:200]}")

sys.addaudithook(hook)
for path in files:
    seen.clear()
    try:
        os.stat("/marker-begin")
    except OSError:
        pass
    start, armed = time.perf_counter(), path
    try:
        use(path)
        outcome, message = "accepted", ""
    except RunError as error:
        outcome, message = "refused", str(error)
    except BaseException as error:
        outcome, message = type(error).__name__, str(error)
    seconds, armed = time.perf_counter() - start, None
    try:
        os.stat("/marker-end")
    except OSError:
        pass
    # Not ru_maxrss, which starts at what the parent had before it became this process.
    status = Path("/proc/self/status").read_text() if sys.platform == "linux" else "VmHWM: 0 kB"
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    report = dict(name=path.name, outcome=outcome, message=message, seconds=seconds, peak=peak, seen=seen)
    print(json.dumps(report), flush=True)
"""

# Files that are as they should be, and the means to make others


def config(name="mlp", layers=None):
    layers = [{"class_name": "Dense", "config": {"name": "output", "units": 10}}] if layers is None else layers
    return {"class_name": "Sequential", "config": {"name": name, "layers": layers}}


def weights(fill=None, **options):
    """The bytes of an HDF5 file: one kernel, and whatever `fill` adds."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        file["layers/dense/vars/0"] = np.zeros((784, 10), np.float32)
        if fill is not None:
            fill(file)
    return buffer.getvalue()


def keras_file(path, *, description=None, numbers=None, compression=zipfile.ZIP_STORED, extra=()):
    """Writes a `.keras` file; `description` may be bytes or what JSON can hold, `extra` further members."""
    description = config() if description is None else description
    content = description if isinstance(description, bytes) else json.dumps(description).encode()
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        archive.writestr("config.json", content)
        archive.writestr("model.weights.h5", weights() if numbers is None else numbers)
        for name, member in extra:
            archive.writestr(name, member)


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
        inputs or [helper.make_tensor_value_info("images", TensorProto.UINT8, ["num_images", 28, 28])],
        outputs or [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["num_images", 10])],
        [tensor("flat", np.array([-1, 784])), tensor("kernel", np.zeros((784, 10), np.float32)), *tensors],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def tensor(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def node(kind, came, gives, **attributes):
    return helper.make_node(kind, came.split(), gives.split(), **attributes)


def write(path, model):
    path.write_bytes(model.SerializeToString())


def part(number, content):
    """A field of a protobuf message: its number, length and content."""
    length, rest = b"", len(content)
    while rest > 127:
        length, rest = length + bytes([rest & 127 | 128]), rest >> 7
    return bytes([number << 3 | 2]) + length + bytes([rest]) + content


class Payload:
    """Pickled, it creates a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


class Places:
    """Where the canary lies, what must not appear, and where the files are."""

    def __init__(self, folder):
        self.files = folder / "files"
        self.canary = folder / "outside" / "canary.bin"
        self.trace = folder / "outside" / "a-trace"
        self.files.mkdir()
        self.canary.parent.mkdir()
        self.canary.write_bytes(CANARY)


KINDS = {}


def kind(make):
    """Registers how to make a hostile file, under the name of its function: `keras_...` or `onnx_...`."""
    suffix, _, name = make.__name__.partition("_")
    KINDS[f"{name}.{suffix}"] = make
    return make


# .keras: code that a loader might run


@kind
def keras_lambda_bytecode(path, places):
    code = compile(f"__import__('os').mkdir({str(places.trace)!r})", "lambda", "exec")
    function = {"class_name": "__lambda__", "config": {"code": marshal.dumps(code).hex(), "defaults": None}}
    layer = {"class_name": "Lambda", "config": {"name": "output", "function": function}}
    keras_file(path, description=config("mlp", [layer]))


@kind
def keras_foreign_function(path, places):
    """CVE-2025-1550: any function of any module."""
    layer = {"module": "os", "class_name": "mkdir", "config": {"name": str(places.trace)}, "registered_name": "mkdir"}
    keras_file(path, description={"module": "os", "class_name": "mkdir", "config": {"name": "mlp", "layers": [layer]}})


@kind
def keras_foreign_class(path, places):
    place = {
        "module": "subprocess",
        "class_name": "Popen",
        "config": {"name": "output", "args": f"mkdir {places.trace}"},
    }
    keras_file(path, description=config("mlp", [place]))


@kind
def keras_enables_unsafe_deserialization(path, places):
    """CVE-2025-9906: the file switches the guard off itself."""
    call = {
        "module": "keras.config",
        "class_name": "function",
        "config": {"name": "enable_unsafe_deserialization"},
        "registered_name": "enable_unsafe_deserialization",
    }
    keras_file(path, description=config("mlp", [call]))


@kind
def keras_torch_module(path, places):
    """CVE-2025-49655: a pickle within the layer."""
    module = pickle.dumps(Payload(places.trace)).hex()
    layer = {"class_name": "TorchModuleWrapper", "config": {"name": "output", "module": module}}
    keras_file(path, description=config("mlp", [layer]))


@kind
def keras_saved_model(path, places):
    """CVE-2026-1462: a layer that loads a foreign SavedModel."""
    layer = {"class_name": "TFSMLayer", "config": {"name": "output", "filepath": str(places.canary.parent)}}
    keras_file(path, description=config("mlp", [layer]))


@kind
def keras_vocabulary_file(path, places):
    """CVE-2025-12058: a layer whose vocabulary is a local file."""
    layer = {"class_name": "StringLookup", "config": {"name": "output", "vocabulary": str(places.canary)}}
    keras_file(path, description=config("mlp", [layer]))


@kind
def keras_vocabulary_address(path, places):
    layer = {"class_name": "StringLookup", "config": {"name": "output", "vocabulary": "http://127.0.0.1:9/secret"}}
    keras_file(path, description=config("mlp", [layer]))


@kind
def keras_pickle_renamed(path, places):
    path.write_bytes(pickle.dumps(Payload(places.trace)))


@kind
def keras_npz_with_a_pickle(path, places):
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.array([Payload(places.trace)], dtype=object))
    path.write_bytes(buffer.getvalue())


@kind
def keras_pickle_as_weights(path, places):
    keras_file(path, numbers=pickle.dumps(Payload(places.trace)))


@kind
def keras_legacy_hdf5(path, places):
    """CVE-2025-9905: an .h5 file with a Lambda, renamed."""

    def fill(file):
        file.attrs["model_config"] = json.dumps(config("legacy", [{"class_name": "Lambda", "config": {"name": "x"}}]))

    path.write_bytes(weights(fill))


# .keras: HDF5 that points elsewhere, or promises what is not there


@kind
def keras_external_link(path, places):
    keras_file(path, numbers=weights(lambda file: file.__setitem__("a", h5py.ExternalLink(str(places.canary), "/"))))


@kind
def keras_external_link_to_numbers(path, places):
    other = places.canary.with_name("other.h5")
    with h5py.File(other, "w") as file:
        file["numbers"] = np.arange(10.0)
    keras_file(path, numbers=weights(lambda file: file.__setitem__("a", h5py.ExternalLink(str(other), "/numbers"))))


@kind
def keras_soft_link(path, places):
    def fill(file):
        file["a"], file["b"] = np.zeros(3, "f4"), h5py.SoftLink("/a")

    keras_file(path, numbers=weights(fill))


@kind
def keras_external_storage(path, places):
    """CVE-2026-1669: numbers that are the bytes of another file."""

    def fill(file):
        file.create_dataset("a", (100,), "u1", external=[(str(places.canary), 0, 100)])

    keras_file(path, numbers=weights(fill))


@kind
def keras_virtual_data_set(path, places):
    """CVE-2026-12480: the same by way of a virtual data set."""
    other = places.canary.with_name("virtual.h5")
    with h5py.File(other, "w") as file:
        file["numbers"] = np.arange(10.0)

    def fill(file):
        layout = h5py.VirtualLayout((10,), "f8")
        layout[:] = h5py.VirtualSource(str(other), "numbers", (10,))
        file.create_virtual_dataset("a", layout)

    keras_file(path, numbers=weights(fill))


@kind
def keras_shape_bomb(path, places):
    """CVE-2026-0897: a terabyte promised, nothing there."""
    keras_file(path, numbers=weights(lambda file: file.create_dataset("a", (2**38,), "f4")))


@kind
def keras_shape_bomb_beyond_64_bits(path, places):
    """Its product is negative in 64 bits, so a sum with it seems small; what follows promises 32 GB."""
    content = weights(
        lambda file: (file.create_dataset("a", (3, 5, 2**30), "u1"), file.create_dataset("b", (2**33,), "f4"))
    )
    old, new = struct.pack("<3Q", 3, 5, 2**30), struct.pack("<3Q", 2**31, 2**31, 2)
    assert content.count(old) >= 1
    keras_file(path, numbers=content.replace(old, new))


@kind
def keras_chunk_bomb(path, places):
    def fill(file):
        file.create_dataset("a", data=np.zeros(2**25, "f4"), chunks=(2**24,), compression="gzip")

    keras_file(path, numbers=weights(fill))


@kind
def keras_filtered_numbers(path, places):
    """Few of them, but behind a filter; HDF5 looks for those that it does not know among its plugins."""
    keras_file(
        path, numbers=weights(lambda file: file.create_dataset("a", data=np.zeros(9), chunks=(9,), shuffle=True))
    )


@kind
def keras_cyclic_groups(path, places):
    """A group that holds itself twenty times: twelve levels would be 20**12 groups."""

    def fill(file):
        group = file.create_group("g")
        for number in range(20):
            group[f"again{number}"] = group

    keras_file(path, numbers=weights(fill))


@kind
def keras_deep_groups(path, places):
    keras_file(path, numbers=weights(lambda file: file.create_group("/".join("g" * 500))))


@kind
def keras_many_data_sets(path, places):
    def fill(file):
        for number in range(11_000):
            file.create_group(f"g{number}")

    keras_file(path, numbers=weights(fill, libver="latest"))


@kind
def keras_user_block(path, places):
    """A page before the numbers: the same file is two things."""
    content = weights(userblock_size=512)
    keras_file(path, numbers=b"<script>fetch('http://127.0.0.1')</script>".ljust(512) + content[512:])


@kind
def keras_text_as_numbers(path, places):
    def fill(file):
        file.create_dataset("a", (3,), h5py.string_dtype())[:] = ["x", str(places.canary), "z"]

    keras_file(path, numbers=weights(fill))


@kind
def keras_compound_numbers(path, places):
    keras_file(path, numbers=weights(lambda file: file.__setitem__("a", np.zeros(3, [("x", "f4"), ("y", "S9")]))))


@kind
def keras_references_as_numbers(path, places):
    def fill(file):
        file.create_dataset("a", (1,), h5py.ref_dtype)[0] = file["layers"].ref

    keras_file(path, numbers=weights(fill))


@kind
def keras_empty_data_set(path, places):
    keras_file(path, numbers=weights(lambda file: file.__setitem__("a", h5py.Empty("f4"))))


@kind
def keras_nan(path, places):
    keras_file(path, numbers=weights(lambda file: file.__setitem__("a", np.array([0, np.nan], "f4"))))


@kind
def keras_infinity(path, places):
    keras_file(path, numbers=weights(lambda file: file.__setitem__("a", np.array([0, -np.inf], "f2"))))


@kind
def keras_names_that_move_the_cursor(path, places):
    name = "\x1b[2J\r\nAll is well, trust me, " * 30
    keras_file(path, numbers=weights(lambda file: file.__setitem__(name, h5py.SoftLink("/x"))))


@kind
def keras_hdf5_cut_off(path, places):
    keras_file(path, numbers=weights()[:3000])


# .keras: archives


@kind
def keras_member_bomb(path, places):
    """A member that unfolds a thousandfold."""
    keras_file(path, numbers=bytes(100 * 2**20), compression=zipfile.ZIP_DEFLATED)


@kind
def keras_config_bomb(path, places):
    keras_file(path, description=b" " * (10 * 2**20), compression=zipfile.ZIP_DEFLATED)


@kind
def keras_lzma_bomb(path, places):
    """A dictionary of 1.5 GB is promised in five bytes."""
    keras_file(path, compression=zipfile.ZIP_LZMA)
    content = bytearray(path.read_bytes())
    at = content.index(b"\x09\x04\x05\x00\x5d") + 5
    content[at : at + 4] = struct.pack("<I", 3 * 2**29)
    path.write_bytes(content)


@kind
def keras_member_above(path, places):
    keras_file(path, extra=[("../../outside/a-trace", b"x")])


@kind
def keras_absolute_member(path, places):
    keras_file(path, extra=[(str(places.trace), b"x")])


@kind
def keras_symbolic_link(path, places):
    """The weights are a link to another file."""
    keras_file(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            if name == "model.weights.h5":
                info.external_attr, info.create_system = 0o120777 << 16, 3
                content = str(places.canary).encode()
            archive.writestr(info, content)


@kind
@pytest.mark.filterwarnings("ignore:Duplicate name")
def keras_twice_the_same_member(path, places):
    keras_file(path, extra=[("model.weights.h6", weights())])
    path.write_bytes(path.read_bytes().replace(b"model.weights.h6", b"model.weights.h5"))


@kind
def keras_further_members(path, places):
    keras_file(path, extra=[("assets/vocabulary.txt", b"x"), ("model.py", b"import os")])


@kind
def keras_million_members(path, places):
    """A directory that says the same entry again and again: 64 bytes each, half a kilobyte once it is read."""
    keras_file(path)
    content = path.read_bytes()
    start = content.index(b"PK\x01\x02")
    length = 46 + len("metadata.json")
    entries = content[start : start + length] * 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(entries), start, 0)
    path.write_bytes(content[:start] + entries + end)


@kind
def keras_encrypted(path, places):
    keras_file(path)
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(mark, at + 1)) >= 0:
            content[at + offset] |= 1
    path.write_bytes(content)


@kind
def keras_false_sizes(path, places):
    """The directory says one byte for each member."""
    keras_file(path)
    content, at = bytearray(path.read_bytes()), -1
    while (at := content.find(b"PK\x01\x02", at + 1)) >= 0:
        content[at + 24 : at + 28] = struct.pack("<I", 1)
    path.write_bytes(content)


@kind
def keras_broken_compression(path, places):
    keras_file(path, compression=zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    at = content.index(b"metadata.json") + len("metadata.json")
    content[at : at + 12] = b"\xff" * 12
    path.write_bytes(content)


@kind
def keras_member_beyond_the_end(path, places):
    """A place of 2**63 in a 64-bit field."""
    keras_file(path)
    content = bytearray(path.read_bytes())
    start = content.index(b"PK\x01\x02")
    name_length = struct.unpack_from("<H", content, start + 28)[0]
    extra = struct.pack("<HHQ", 1, 8, 2**64 - 1)
    struct.pack_into("<H", content, start + 30, len(extra))
    struct.pack_into("<I", content, start + 42, 0xFFFFFFFF)
    content[start + 46 + name_length : start + 46 + name_length] = extra
    end = content.rindex(b"PK\x05\x06")
    struct.pack_into("<I", content, end + 12, struct.unpack_from("<I", content, end + 12)[0] + len(extra))
    path.write_bytes(content)


# .keras: config.json, and what is no .keras file


@kind
def keras_million_layers(path, places):
    layer = {"class_name": "Dense", "config": {"name": "x"}}
    keras_file(path, description=config(layers=[layer] * 1_000_000), compression=zipfile.ZIP_DEFLATED)


@kind
def keras_deep_json(path, places):
    keras_file(path, description=b'{"config": {"name": "mlp", "layers": ' + b"[" * 500_000)


@kind
def keras_huge_number_in_json(path, places):
    keras_file(path, description=b'{"config": {"name": "mlp", "layers": ' + b"9" * 900_000 + b"}}")


@kind
def keras_layers_of_other_types(path, places):
    keras_file(path, description=config(layers=[{"class_name": {"a": 1}, "config": {"name": ["x"]}}]))


@kind
def keras_foreign_network(path, places):
    keras_file(path, description=config("resnet50"))


@kind
def keras_cut_off(path, places):
    keras_file(path)
    path.write_bytes(path.read_bytes()[:-30])


@kind
def keras_empty(path, places):
    path.touch()


@kind
def keras_too_large(path, places):
    with path.open("wb") as file:
        file.truncate(5 * 2**30)


@kind
def keras_onnx_renamed(path, places):
    write(path, network())


# .onnx: numbers in other files


def elsewhere(location, **keys):
    """A tensor whose numbers lie in another file."""
    found = tensor("kernel", np.zeros((25, 10), np.float32))
    found.ClearField("raw_data")
    found.data_location = TensorProto.EXTERNAL
    for key, value in {"location": str(location), "length": "1000", **keys}.items():
        found.external_data.add(key=key, value=value)
    return found


def with_kernel(kernel):
    model = network()
    del model.graph.initializer[1]
    model.graph.initializer.append(kernel)
    return model


@kind
def onnx_numbers_at_an_absolute_path(path, places):
    write(path, with_kernel(elsewhere(places.canary)))


@kind
def onnx_numbers_above(path, places):
    write(path, with_kernel(elsewhere("../outside/canary.bin")))


@kind
def onnx_numbers_behind_a_link(path, places):
    link = path.with_name("link.bin")
    link.symlink_to(places.canary)
    write(path, with_kernel(elsewhere(link.name)))


@kind
def onnx_numbers_beside(path, places):
    path.with_name("beside.bin").write_bytes(CANARY)
    write(path, with_kernel(elsewhere("beside.bin", offset="-8")))


@kind
def onnx_unknown_keys_of_numbers_elsewhere(path, places):
    """CVE-2026-34445: keys of the file became attributes of an object."""
    write(path, with_kernel(elsewhere(places.canary, __class__="os", basepath="/")))


@kind
def onnx_keys_without_a_mark(path, places):
    kernel = elsewhere(places.canary)
    kernel.data_location = TensorProto.DEFAULT
    write(path, with_kernel(kernel))


@kind
def onnx_constant_elsewhere(path, places):
    write(
        path,
        network([node("Constant", "", "c", value=elsewhere(places.canary)), node("Add", "scores c", "v")], result="v"),
    )


# .onnx: code, and graphs within graphs


@kind
def onnx_functions_that_call_each_other(path, places):
    """GHSA-7w46-vvrh-m8q5: the stack overflows."""
    model, version = network([helper.make_node("F", ["scores"], ["v"], domain="own")], result="v"), helper.make_opsetid
    for name, other in (("F", "G"), ("G", "F")):
        body = [helper.make_node(other, ["a"], ["b"], domain="own")]
        model.functions.append(helper.make_function("own", name, ["a"], ["b"], body, [version("own", 1)]))
    model.opset_import.append(version("own", 1))
    write(path, model)


@kind
def onnx_function_that_has_our_name(path, places):
    model = network()
    body = [helper.make_node("Identity", ["a"], ["b"])]
    model.functions.append(helper.make_function("", "Softmax", ["a"], ["b"], body, [helper.make_opsetid("", 17)]))
    write(path, model)


def subgraph(nodes=(), name="branch"):
    return helper.make_graph(
        list(nodes) or [helper.make_node("Identity", ["scores"], [name])],
        name,
        [],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)],
    )


@kind
def onnx_branches(path, places):
    nodes = [node("If", "yes", "v", then_branch=subgraph(), else_branch=subgraph())]
    write(path, network(nodes, [tensor("yes", True)], result="v"))


@kind
def onnx_loop_without_end(path, places):
    nodes = [node("Loop", "times yes scores", "v", body=subgraph())]
    write(path, network(nodes, [tensor("times", 2**62), tensor("yes", True)], result="v"))


@kind
def onnx_graph_in_a_plain_operation(path, places):
    write(path, network([node("Identity", "scores", "v", body=subgraph())], result="v"))


@kind
def onnx_deep_graphs(path, places):
    graph = b""
    for _ in range(2000):
        graph = part(1, part(5, part(6, graph)))  # a node's attribute's graph
    path.write_bytes(b"\x08\x08" + part(7, graph))


@kind
def onnx_foreign_operation(path, places):
    foreign = helper.make_node("Run", ["scores"], ["v"], domain="\x1b[31mevil\n", command=f"mkdir {places.trace}")
    write(path, network([foreign], result="v"))


@kind
def onnx_answers_by_chance(path, places):
    write(path, network([node("RandomNormalLike", "scores", "v")], result="v"))


@kind
def onnx_operation_of_onnx_runtime(path, places):
    write(path, network([helper.make_node("Gelu", ["scores"], ["v"], domain="com.microsoft")], result="v"))


@kind
def onnx_format_of_onnx_runtime(path, places):
    """Bytes 4 to 8 are the mark of another format, which ONNX Runtime would read instead of what was checked."""
    path.write_bytes(part(2, b"xxORTM") + network().SerializeToString())
    assert path.read_bytes()[4:8] == b"ORTM"


@kind
def onnx_training_part(path, places):
    model = network()
    model.training_info.add().algorithm.CopyFrom(subgraph())
    write(path, model)


@kind
def onnx_settings_for_onnx_runtime(path, places):
    model = network()
    model.metadata_props.add(key="ort_config", value='{"session_options": {"enable_profiling": true}}')
    write(path, model)


@kind
def onnx_temperature_that_is_no_number(path, places):
    model = network()
    model.metadata_props.add(key="mnistlab.temperature", value="nan")
    write(path, model)


@kind
def onnx_kinds_with_control_characters(path, places):
    model = network()
    model.metadata_props.add(key="mnistlab.kinds", value="digit,\x1b[2J")
    write(path, model)


@kind
def onnx_kinds_without_their_output(path, places):
    model = network()
    model.metadata_props.add(key="mnistlab.kinds", value="digit,letter")
    write(path, model)


@kind
def onnx_long_note(path, places):
    model = network()
    model.metadata_props.add(key="mnistlab.temperature", value="1" * 10_000_000)
    write(path, model)


@kind
def onnx_same_note_twice(path, places):
    model = network()
    for value in ("1", "2"):
        model.metadata_props.add(key="mnistlab.temperature", value=value)
    write(path, model)


# .onnx: bombs


@kind
def onnx_constant_of_huge_shape(path, places):
    nodes = [node("ConstantOfShape", "shape", "c"), node("Add", "scores c", "v")]
    write(path, network(nodes, [tensor("shape", [2**20, 2**20])], result="v"))


@kind
def onnx_expand(path, places):
    nodes = [node("Expand", "scores shape", "v")]
    write(path, network(nodes, [tensor("shape", [2**20, 1, 10])], result="v"))


@kind
def onnx_tile(path, places):
    write(path, network([node("Tile", "scores times", "v")], [tensor("times", [2**30, 1])], result="v"))


@kind
def onnx_outer_product(path, places):
    """120 kB of columns and rows make 600 MB, while the network loads."""
    tensors = [tensor("a", np.ones((15_000, 1), "f4")), tensor("b", np.ones((1, 10_000), "f4"))]
    nodes = [node("MatMul", "a b", "ab"), node("Gather", "ab first", "row", axis=0), node("Slice", "row zero ten", "c")]
    tensors += [tensor("first", 0), tensor("zero", [0]), tensor("ten", [10])]
    write(path, network([*nodes, node("Add", "scores c", "v")], tensors, result="v"))


@kind
def onnx_sum_of_a_row_and_a_column(path, places):
    tensors = [tensor("a", np.ones((30_000, 1), "f4")), tensor("b", np.ones((1, 30_000), "f4"))]
    write(path, network([node("Add", "a b", "ab"), node("Shape", "ab", "s")], tensors))


@kind
def onnx_list_joined_with_itself(path, places):
    """Not large yet as numbers, but as shapes, for which ONNX Runtime takes lists while it loads."""
    nodes = [node("Concat", " ".join([f"c{step}"] * 4), f"c{step + 1}", axis=0) for step in range(9)]
    write(path, network(nodes, [tensor("c0", np.ones(10, "f4"))]))


@kind
def onnx_shape_joined_with_itself(path, places):
    nodes = [node("Shape", "scores", "c0")]
    nodes += [node("Concat", " ".join([f"c{step}"] * 4), f"c{step + 1}", axis=0) for step in range(14)]
    write(path, network(nodes))


@kind
def onnx_padding(path, places):
    tensors = [tensor("pads", [0, 0, 0, 2**31]), tensor("zero", np.float32(0))]
    write(path, network([node("Pad", "scores pads zero", "v")], tensors, result="v"))


@kind
def onnx_work_without_end(path, places):
    """Little memory, much time: 1,900 products with a large matrix, 7.6 billion multiplications for one image."""
    tensors = [tensor("w", np.zeros((2000, 2000), "f4")), tensor("x0", np.zeros((1, 2000), "f4"))]
    write(path, network([node("MatMul", f"x{step} w", f"x{step + 1}") for step in range(1900)], tensors))


@kind
def onnx_huge_setting(path, places):
    tensors = [tensor("shape", [1, 1, 28, 28]), tensor("filter", np.zeros((1, 1, 3, 3), "f4"))]
    nodes = [node("Reshape", "pixels shape", "p"), node("Conv", "p filter", "q", pads=[0, 0, 2**40, 2**40])]
    write(path, network(nodes, tensors))


@kind
def onnx_hundred_thousand_operations(path, places):
    write(path, network([node("Identity", "scores", f"v{number}") for number in range(100_000)]))


@kind
def onnx_million_empty_operations(path, places):
    """Two bytes each in the file, more than a hundred once they are parsed."""
    path.write_bytes(b"\x08\x08" + part(7, part(1, b"") * 8_000_000))


@kind
def onnx_tensor_with_a_million_axes(path, places):
    kernel = TensorProto(name="kernel", data_type=TensorProto.FLOAT, dims=[1] * 1_000_000)
    write(path, with_kernel(kernel))


@kind
def onnx_tensor_larger_than_its_numbers(path, places):
    write(path, with_kernel(TensorProto(name="kernel", data_type=1, dims=[784, 2**40], raw_data=bytes(40))))


@kind
def onnx_negative_axis(path, places):
    write(path, with_kernel(TensorProto(name="kernel", data_type=1, dims=[-784, -10], raw_data=bytes(784 * 40))))


@kind
def onnx_sparse_tensor(path, places):
    model = network()
    sparse = model.graph.sparse_initializer.add(dims=[2**40])
    sparse.values.CopyFrom(tensor("s", np.ones(1, "f4")))
    sparse.indices.CopyFrom(tensor("i", [2**39]))
    write(path, model)


@kind
def onnx_text_tensor(path, places):
    write(path, network([node("Identity", "text", "t")], [helper.make_tensor("text", TensorProto.STRING, [1], [b"x"])]))


@kind
def onnx_huge_input(path, places):
    write(path, network(inputs=[helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 2**31, 2**31])]))


# .onnx: what is no network of ours


@kind
def onnx_other_inputs(path, places):
    names = ("images", "more")
    write(
        path, network(inputs=[helper.make_tensor_value_info(name, TensorProto.UINT8, ["n", 28, 28]) for name in names])
    )


@kind
def onnx_other_input_type(path, places):
    write(path, network(inputs=[helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 28, 28])]))


@kind
def onnx_other_outputs(path, places):
    write(path, network(outputs=[helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 10])]))


@kind
def onnx_cycle(path, places):
    write(path, network([node("Add", "scores b", "a"), node("Add", "a a", "b")], result="b"))


@kind
def onnx_names_that_are_no_text(path, places):
    path.write_bytes(network([node("Relu", "scores", "vvvv")]).SerializeToString().replace(b"vvvv", b"\xff\xfe\x80v"))


@kind
def onnx_input_axis_that_is_no_text(path, places):
    """Nobody looks at it but ONNX Runtime, and its exception is of another kind."""
    path.write_bytes(network().SerializeToString().replace(b"num_images", b"num_\xff\xfeages"))


@kind
def onnx_two_results_of_one_name(path, places):
    write(path, network([node("Relu", "scores", "v"), node("Relu", "scores", "v")], result="v"))


@kind
def onnx_reshape_that_does_not_fit(path, places):
    write(path, network([node("Reshape", "scores shape", "v")], [tensor("shape", [3, 7])], result="v"))


@kind
def onnx_nan(path, places):
    write(path, network([node("Relu", "nan", "v")], [tensor("nan", np.float32([0, np.nan]))]))


@kind
def onnx_nan_in_a_setting(path, places):
    write(path, network([node("Constant", "", "c", value_float=math.nan)]))


@kind
def onnx_division_by_zero(path, places):
    """Finite weights, NaN as the answer."""
    write(path, network([node("Div", "scores zero", "v")], [tensor("zero", np.float32(0))], result="v"))


@kind
def onnx_overflow_where_there_is_ink(path, places):
    """An answer for empty paper, none for ink: infinity minus infinity."""
    write(path, with_kernel(tensor("kernel", np.tile(np.float32([3e38, -3e38]), (784, 5)))))


@kind
def onnx_answers_that_are_no_probabilities(path, places):
    model = network()
    model.graph.node[-1].CopyFrom(helper.make_node("Identity", ["scores"], ["probabilities"]))
    write(path, model)


@kind
def onnx_cut_off(path, places):
    path.write_bytes(network().SerializeToString()[:5000])


@kind
def onnx_empty(path, places):
    path.touch()


@kind
def onnx_text(path, places):
    path.write_text("ir_version: 8\ngraph { }\n")


@kind
def onnx_random_bytes(path, places):
    path.write_bytes(np.random.default_rng(0).bytes(100_000))


@kind
def onnx_too_large(path, places):
    with path.open("wb") as file:
        file.truncate(3 * 2**30)


@kind
def onnx_keras_renamed(path, places):
    keras_file(path)


# The tests


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """All files, with two good ones beside them."""
    places = Places(tmp_path_factory.mktemp("hostile"))
    keras_file(places.files / "good.keras")
    write(places.files / "good.onnx", network())
    for name, make in KINDS.items():
        make(places.files / name, places)
    return places


def open_in_child(places, names, *before):
    """What each file did in one child process, as the child reports it."""
    files = [places.files / name for name in ("good.keras", "good.onnx", *names)]
    cwd = places.files.with_name("cwd")
    cwd.mkdir(exist_ok=True)
    watched = (places.files, places.canary.parent, cwd)
    listing = [sorted(path.name for path in folder.iterdir()) for folder in watched]
    finished = subprocess.run(
        [*before, sys.executable, "-c", CHILD, *files],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    assert finished.stderr == ""
    assert [sorted(path.name for path in folder.iterdir()) for folder in watched] == listing
    return [json.loads(line) for line in finished.stdout.splitlines()]


def assert_refused(report, places):
    """Refused in plain words, in time, within the memory, and nothing else happened."""
    message = report["message"]
    assert report["outcome"] == "refused", report
    assert message.startswith(str(places.files / report["name"]))
    assert message.isprintable()
    assert len(re.findall(r"\.(?: |$)", message)) <= 2
    assert len(message) < 600 + len(str(places.files))
    assert "canary:" not in message
    assert report["seen"] == []
    assert report["seconds"] < MAX_SECONDS
    assert report["peak"] < MAX_MEGABYTES


def test_the_corpus_is_as_large_as_it_says():
    """24 kinds of `.keras` files and 16 of `.onnx` are the least."""
    assert sum(name.endswith(".keras") for name in KINDS) >= 24
    assert sum(name.endswith(".onnx") for name in KINDS) >= 16


def test_good_files_pass_through_the_same_child(places):
    """What refuses all others does not refuse everything."""
    assert [(report["outcome"], report["seen"]) for report in open_in_child(places, ["good.keras", "good.onnx"])] == [
        ("accepted", [])
    ] * 2


def test_every_hostile_file_is_refused(places):
    """All in one process: none runs code, opens another file, or takes more than 2 s and 256 MB."""
    reports = open_in_child(places, KINDS)
    assert [report["name"] for report in reports] == list(KINDS)
    for report in reports:
        assert_refused(report, places)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_a_hostile_file_alone_is_refused(name, places):
    """Each in a process of its own, whose memory is then that file's."""
    (report,) = open_in_child(places, [name])
    assert_refused(report, places)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_the_libraries_open_nothing_else(places, tmp_path):
    """What HDF5 and ONNX Runtime open by themselves: between the marks, only the file, and what tells the processor."""
    log = tmp_path / "strace.log"
    calls = "trace=open,openat,openat2,creat,connect,socket,execve,stat,newfstatat,statx,unlink,mkdir,rename"
    reports = open_in_child(places, KINDS, "strace", "-f", "-o", str(log), "-e", calls, "-s", "500")
    current, foreign, seen, names = None, [], 0, iter(KINDS)
    for line in log.read_text(errors="replace").splitlines():
        if "/marker-begin" in line:
            current, seen = next(names), seen + 1
        elif "/marker-end" in line:
            current = None
        elif current and re.search(r"\b(open|openat|openat2|creat|connect|socket|execve|unlink|mkdir|rename)\(", line):
            opened = re.search(r'"([^"]*)"', line)
            place = opened[1] if opened else ""
            reads = "O_RDONLY" in line
            # HDF5 looks for its own plugins, in a folder that no file can choose, where it cannot open a file.
            known = place.startswith(("/proc/", "/sys/")) or (place == HDF5_PLUGINS and "ENOENT" in line)
            if not (reads and (known or place == str(places.files / current))):
                foreign.append((current, line))
    assert seen == len(reports) == len(KINDS)
    assert foreign == []


def test_the_canary_is_seen_by_the_audit_hook(places, tmp_path):
    """The method itself: a child that does open the canary is reported."""
    spy = CHILD.replace(
        "    start, armed = time.perf_counter(), path\n",
        "    start, armed = time.perf_counter(), path\n    open(sys.argv[1]).close()\n    eval('1')\n",
    )
    assert spy != CHILD
    files = [places.files / name for name in ("good.keras", "good.onnx", "empty.onnx")]
    finished = subprocess.run([sys.executable, "-c", spy, *files], capture_output=True, text=True, check=True)
    seen = json.loads(finished.stdout)["seen"]
    assert [event.split()[0] for event in seen] == ["open", "compile", "exec"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("suffix", [".keras", ".onnx"])
def test_a_pipe_is_refused_without_waiting(suffix, tmp_path):
    """A pipe has no size and no end."""
    path = tmp_path / f"pipe{suffix}"
    os.mkfifo(path)
    with pytest.raises(RunError, match=r"pipe"):
        (read_network_file if suffix == ".keras" else Classifier)(path)


def test_what_grows_faster_than_the_number_of_images_is_refused_when_it_is_too_much(tmp_path):
    """Images times images, and that squared: nothing for one image, 250 GB for 500."""
    nodes = [
        node("Transpose", "scores", "columns", perm=[1, 0]),
        node("MatMul", "scores columns", "square"),
        node("Reshape", "square column", "long"),
        node("Reshape", "square row", "wide"),
        node("MatMul", "long wide", "huge"),
        node("Slice", "huge zeros ones", "corner"),
        node("Add", "scores corner", "v"),
    ]
    tensors = [tensor("column", [-1, 1]), tensor("row", [1, -1]), tensor("zeros", [0, 0]), tensor("ones", [1, 1])]
    write(tmp_path / "square.onnx", network(nodes, tensors, result="v"))
    classifier = Classifier(tmp_path / "square.onnx")
    assert classifier(np.zeros((2, 28, 28), np.uint8)).shape == (2, 10)
    with pytest.raises(RunError, match="memory or time out of all proportion"):
        classifier(np.zeros((500, 28, 28), np.uint8))


ARCHITECTURES = [
    "mlp",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("cnn", "small_cnn", "deep_cnn", "deeper_cnn", "fast", "best", "record")
    ),
]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_our_own_files_are_still_accepted(name, tmp_path, mnist):
    """A network of each kind is written, read back number by number, and gives the same probabilities as in Keras."""
    from mnistlab import models
    from mnistlab.export import export_onnx, save_keras
    from mnistlab.recipes import RECIPES, Recipe

    recipe = RECIPES[name] if name in RECIPES else Recipe(name=name, model=name)
    members = [models.to_standard(models.build_for_training(one, 1), one) for one in recipe.member_recipes()]
    model = models.finished_model(members, recipe)
    save_keras(model, tmp_path / "model.keras")
    export_onnx(model, tmp_path / "model.onnx")
    found = read_network_file(tmp_path / "model.keras")
    assert found.name == model.name
    assert (
        sum(array.size for place, array in found.arrays.items() if not place.startswith("optimizer/"))
        >= model.count_params()
    )
    classifier = Classifier(tmp_path / "model.onnx")
    images = mnist.test.images[:300]
    for num_images in (0, 1, 7, 300):
        probabilities = classifier(images[:num_images])
        assert probabilities.shape == (num_images, 10)
        assert np.allclose(probabilities, model.predict(images[: num_images or 1], verbose=0)[:num_images], atol=1e-5)
