"""Checks of an ONNX file's content: its parts are counted before the parser sees them, then examined one by one."""

import functools
import math
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.evaluation.calibration import NOTE_PREFIX
from mnistlab.exceptions import RunError
from mnistlab.system.paths import absence, shortened

# Each limit is several times what the largest network here, `record`, needs: 3.5 MB and 353 nodes.
MAX_FILE_BYTES = 32 * 2**20
MAX_PARTS = 200_000  # fields of the file, each of which may cost 100 bytes once it is parsed: 20 MB
MAX_NODES = 2_000
MAX_OUTPUTS = 100
MAX_INPUTS = 6_000  # of all operations; three times as many as there may be operations
MAX_VERSIONS = 10
MAX_NAME = 1_000  # characters
MAX_WHOLE_NUMBERS = 10_000  # in tensors: shapes, and places where something is cut
MAX_SETTING = 1024  # of an operation: a stride, an axis, a size
MAX_AXES = 8
MAX_NOTE = 200  # characters of a note's text
OPERATIONS = frozenset(
    (
        *("Add", "BatchNormalization", "Cast", "Concat", "Constant", "Conv", "Div", "Flatten", "Gather", "Gemm"),
        *("Identity", "MatMul", "MaxPool", "Mean", "Mul", "Pad", "Relu", "Reshape", "Shape", "Slice", "Softmax"),
        *("Squeeze", "Sub", "Sum", "Transpose", "Unsqueeze"),
    )
)
"""What a network of ours may consist of. No loops, no subgraphs, no operators of others, which could do anything."""

_FIELDS = {
    "ModelProto": "ir_version producer_name producer_version domain model_version doc_string graph opset_import "
    "metadata_props",
    "StringStringEntryProto": "key value",
    "GraphProto": "node name initializer doc_string input output value_info",
    "NodeProto": "input output name op_type domain attribute doc_string",
    "AttributeProto": "name type doc_string i f s ints floats t",
    "TensorProto": "name dims data_type raw_data doc_string data_location",
}
"""What these parts of a file may have. What is missing here refers to other files, holds code, or is never needed."""
_OWN_FORMAT_MARK = b"ORTM"
DTYPES: Mapping[int, np.dtype[Any]] = {
    onnx.TensorProto.FLOAT: np.dtype("<f4"),
    onnx.TensorProto.FLOAT16: np.dtype("<f2"),  # weights only: `store_halves`
    onnx.TensorProto.INT32: np.dtype("<i4"),
    onnx.TensorProto.INT64: np.dtype("<i8"),
}


class RefusalError(Exception):
    """The reason why a file is rejected."""


def read_file(path: Path) -> bytes:
    """The bytes of an ONNX file.

    Raises:
        RunError: if there is no such file, or it cannot be read.
        RefusalError: if the file is too large.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would never end
            raise RunError(f"{absence(path, 'file')}; expected a model.onnx that `mnistlab train` wrote.")
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunError(f"{absence(path, 'file')}; expected a model.onnx that `mnistlab train` wrote.") from error
    except OSError as error:
        raise RunError(f"{shortened(path)} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_FILE_BYTES:
        raise RefusalError(f"it has {status.st_size:,} bytes, more than {MAX_FILE_BYTES:,}")
    return content


def checked_network(content: bytes) -> tuple[bytes, onnx.ModelProto, dict[str, str]]:
    """Checks that an ONNX file is a plain network in one piece, and returns it.

    Returns:
        The bytes for ONNX Runtime: exactly what was checked, without fields that ONNX does not know; the same network
        without weights, to compute shapes with; and its notes, names and texts.

    Raises:
        RefusalError: if the file is anything else.
    """
    try:
        return _checked(content)
    except RefusalError:
        raise
    except Exception as error:  # whatever number or text is so odd that a library below stumbles over it
        raise RefusalError("it is damaged") from error


def _checked(content: bytes) -> tuple[bytes, onnx.ModelProto, dict[str, str]]:
    if content[4:8] == _OWN_FORMAT_MARK:
        raise RefusalError("it is in ONNX Runtime's own format")
    _count_parts(content)
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # the protobuf library has no common base class either
        raise RefusalError("it is damaged") from error
    model.DiscardUnknownFields()  # another release of ONNX might know them
    for name in ("producer_name", "producer_version", "domain", "doc_string"):
        model.ClearField(name)  # or such a mark might come about when the network is written again
    _check_fields(model)
    notes = _notes(model)
    model.ClearField("metadata_props")  # ONNX Runtime takes settings from there
    if len(model.graph.node) > MAX_NODES:
        raise RefusalError(f"it has {len(model.graph.node):,} operations; at most {MAX_NODES:,} were expected")
    for count, most, what in (
        (len(model.graph.output), MAX_OUTPUTS, "outputs"),
        (sum(len(node.input) for node in model.graph.node), MAX_INPUTS, "inputs of operations"),
        (len(model.opset_import), MAX_VERSIONS, "versions of operations"),
    ):
        if count > most:
            raise RefusalError(f"it has {count:,} {what}; at most {most:,} were expected")
    skeleton = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    skeleton.graph.input.extend(model.graph.input)
    skeleton.graph.node.extend(model.graph.node)
    _check_input(model.graph)
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        _check_sizes(value.name, [dim.dim_value for dim in value.type.tensor_type.shape.dim])
    names = {value.name for value in model.graph.input}
    whole_numbers = 0
    for tensor in model.graph.initializer:
        array = numbers_of(tensor)
        if array.dtype.kind == "i":
            whole_numbers += array.size
            if whole_numbers > MAX_WHOLE_NUMBERS:
                raise RefusalError("it has lists out of all proportion")
            skeleton.graph.initializer.append(tensor)
        else:
            skeleton.graph.input.append(
                onnx.ValueInfoProto(name=tensor.name, type=tensor_type(tensor.data_type, array.shape))
            )
        names.add(tensor.name)
    for node in model.graph.node:
        _check_node(node, names)
    return model.SerializeToString(), skeleton, notes


def _notes(model: onnx.ModelProto) -> dict[str, str]:
    """The notes that mnistlab wrote beside the network, without the prefix of their names."""
    notes = {prop.key.removeprefix(NOTE_PREFIX): prop.value for prop in model.metadata_props}
    whole = len(notes) == len(model.metadata_props) and all(len(value) <= MAX_NOTE for value in notes.values())
    if not whole or not all(prop.key.startswith(NOTE_PREFIX) for prop in model.metadata_props):
        raise RefusalError("it has notes that no network of ours has")
    return notes


def _count_parts(content: bytes) -> None:
    """Rejects files that would unfold: an empty part takes two bytes in a file, and a hundred once it is parsed."""
    parts = 0
    todo: list[tuple[int, int, Any]] = [(0, len(content), onnx.ModelProto.DESCRIPTOR)]
    try:
        while todo:
            at, end, kind = todo.pop()
            while at < end:
                tag, at = _varint(content, at)
                number, wire, size = tag >> 3, tag & 7, 0
                if wire == 0:
                    _, at = _varint(content, at)
                elif wire == 2:
                    size, at = _varint(content, at)
                elif wire in (1, 5):
                    size = 8 if wire == 1 else 4
                else:
                    raise RefusalError("it is damaged")
                part, counts_bytes = _kinds_of_fields(kind).get(number, (None, False))
                if wire == 2 and part is not None:
                    todo.append((at, at + size, part))
                parts += 1 + (size if counts_bytes else 0)
                at += size
                if at > end:
                    raise RefusalError("it is damaged")
                if parts > MAX_PARTS:
                    raise RefusalError("it has more parts than any network of ours")
    except IndexError as error:
        raise RefusalError("it is damaged") from error


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A number of protobuf's, with seven bits per byte, and the position after it."""
    value = shift = 0
    while (byte := content[at]) > 127 and shift < 63:
        value |= (byte & 127) << shift
        shift, at = shift + 7, at + 1
    return value | (byte & 127) << shift, at + 1


@functools.cache
def _kinds_of_fields(kind: Any) -> Mapping[int, tuple[Any, bool]]:
    """For each field: its kind if it has parts itself, and whether each of its bytes may be a number."""
    floats, text = (kind.fields[0].CPPTYPE_FLOAT, kind.fields[0].CPPTYPE_DOUBLE), kind.fields[0].CPPTYPE_STRING
    return {
        field.number: (field.message_type, field.message_type is None and field.cpp_type not in (*floats, text))
        for field in kind.fields
    }


def _check_fields(message: Any) -> None:
    """Rejects everything that no network of ours has: other files, functions, graphs within graphs, text as numbers."""
    kind = message.DESCRIPTOR.name
    allowed = _FIELDS.get(kind, "").split()
    for field, value in message.ListFields():
        if field.name in ("data_location", "external_data") and value != onnx.TensorProto.DEFAULT:
            raise RefusalError("its numbers lie in another file")
        if kind in _FIELDS and field.name not in allowed:
            raise RefusalError(
                f"its {kind.removesuffix('Proto').lower()} has the part {field.name}, which no network of ours has"
            )
        one = isinstance(value, str | bytes) or hasattr(value, "ListFields")
        if field.type == field.TYPE_STRING:
            texts = [value] if one else value
            if any(isinstance(text, bytes) for text in texts):  # protobuf gives bytes where it cannot decode
                raise RefusalError("it has names that are not text")
            if kind != "StringStringEntryProto" and any(len(text) > MAX_NAME for text in texts):
                raise RefusalError("it has names out of all proportion")
        if field.message_type is not None:
            for part in [value] if one else value:
                _check_fields(part)


def _check_sizes(name: str, sizes: Sequence[int]) -> None:
    """Refuses sizes that no file could hold: with an axis of none beside them they would make a tensor of no bytes."""
    if len(sizes) > MAX_AXES or any(not 0 <= size <= MAX_FILE_BYTES for size in sizes):
        raise RefusalError(f"its tensor {_quoted(name)} has axes out of all proportion")


def _quoted(name: str) -> str:
    return f"{name[:40]!a}"


def _check_input(graph: onnx.GraphProto) -> None:
    tensors = [value.type.tensor_type for value in graph.input]
    if (
        len(tensors) != 1
        or tensors[0].elem_type != onnx.TensorProto.UINT8
        or [dim.dim_value for dim in tensors[0].shape.dim][1:] != [*IMAGE_SHAPE]
    ):
        raise RefusalError("its input is another")


def _check_node(node: onnx.NodeProto, names: set[str]) -> None:
    """Rejects an operation that our networks do not have, or that is out of order; adds the names of its results."""
    if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATIONS:
        operation = f"{node.domain[:20]}:{node.op_type[:40]}".removeprefix(":")
        raise RefusalError(f"it uses the operation {operation!a}")
    for attribute in node.attribute:
        if any(abs(value) > MAX_SETTING for value in (attribute.i, *attribute.ints)):
            raise RefusalError(f"its operation {node.op_type} has a setting out of all proportion")
        if not all(map(math.isfinite, (attribute.f, *attribute.floats))):
            raise RefusalError(f"its operation {node.op_type} has a setting that is not a finite number")
        if attribute.HasField("t"):
            numbers_of(attribute.t)
    if any(name and name not in names for name in node.input):
        raise RefusalError("its operations are not in order")
    if any(name in names for name in node.output):
        raise RefusalError("two of its results have the same name")
    names.update(filter(None, node.output))


def numbers_of(tensor: onnx.TensorProto) -> NDArray[Any]:
    """The numbers of a tensor, checked to be of its type and shape and finite."""
    dtype = DTYPES.get(tensor.data_type)
    name = _quoted(tensor.name)
    if dtype is None:
        raise RefusalError(f"its tensor {name} does not hold numbers as a network of ours does")
    shape = tuple(tensor.dims)
    _check_sizes(tensor.name, shape)
    if math.prod(shape) * dtype.itemsize != len(tensor.raw_data):
        raise RefusalError(f"its tensor {name} has another size than it says")
    array = np.frombuffer(tensor.raw_data, dtype).reshape(shape)
    if dtype.kind == "f" and not np.isfinite(array).all():
        raise RefusalError(f"its tensor {name} has numbers that are not finite")
    return array


def tensor_type(data_type: int, shape: Sequence[int]) -> Any:
    """ONNX's description of a tensor."""
    return onnx.helper.make_tensor_type_proto(data_type, shape)
