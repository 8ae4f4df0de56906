"""`.keras` files made to do harm are refused as they are: no code runs, nothing else is read, no memory fills."""

import io
import json
import marshal
import os
import pickle
import re
import shutil
import struct
import zipfile

import h5py
import numpy as np
import pytest

from hostile_files import CHILD, Corpus
from mnistlab.exceptions import RunError
from mnistlab.inference.pretrained import PRETRAINED_PATH
from mnistlab.runs.archives import read_network_file

# A file that is as it should be, and the means to make others


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


def archive(*, description=None, numbers=None, compression=zipfile.ZIP_STORED, mode=0o600, extra=()):
    """A `.keras` file; `description` may be bytes or what JSON can hold, `mode` belongs to the weights."""
    description = config() if description is None else description
    content = description if isinstance(description, bytes) else json.dumps(description).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        file.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        file.writestr("config.json", content)
        member = zipfile.ZipInfo("model.weights.h5")
        member.external_attr, member.create_system, member.compress_type = mode << 16, 3, compression
        file.writestr(member, weights() if numbers is None else numbers)
        for name, more in extra:
            file.writestr(name, more)
    return buffer.getvalue()


def with_layer(kind, name="output", **settings):
    return archive(description=config(layers=[{"class_name": kind, "config": {"name": name, **settings}}]))


def with_numbers(values):
    return archive(numbers=weights(lambda file: file.__setitem__("a", values)))


def with_data_set(*arguments, **options):
    return archive(numbers=weights(lambda file: file.create_dataset("a", *arguments, **options)))


class Payload:
    """Pickled, it creates a folder when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def lambda_layer(at):
    code = compile(f"__import__('os').mkdir({str(at.trace)!r})", "lambda", "exec")
    function = {"class_name": "__lambda__", "config": {"code": marshal.dumps(code).hex(), "defaults": None}}
    return with_layer("Lambda", function=function)


def foreign_function(at):
    layer = {"module": "os", "class_name": "mkdir", "config": {"name": str(at.trace)}, "registered_name": "mkdir"}
    return archive(description=config(layers=[layer]) | {"module": "os", "class_name": "mkdir"})


def foreign_class(at):
    settings = {"name": "output", "args": f"mkdir {at.trace}"}
    return archive(description=config(layers=[{"module": "subprocess", "class_name": "Popen", "config": settings}]))


def unsafe_deserialization(at):
    name = "enable_unsafe_deserialization"
    call = {"module": "keras.config", "class_name": "function", "config": {"name": name}, "registered_name": name}
    return archive(description=config(layers=[call]))


def npz_with_a_pickle(at):
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.array([Payload(at.trace)], dtype=object))
    return buffer.getvalue()


def legacy_hdf5(at):
    description = json.dumps(config("legacy", [{"class_name": "Lambda", "config": {"name": "x"}}]))
    return weights(lambda file: file.attrs.__setitem__("model_config", description))


def external_numbers(at):
    """A file of numbers outside, for a link or a virtual data set to point at."""
    path = at.canary.with_name("numbers.h5")
    with h5py.File(path, "w") as file:
        file["numbers"] = np.arange(10.0)
    return str(path)


def virtual_data_set(at):
    layout = h5py.VirtualLayout((10,), "f8")
    layout[:] = h5py.VirtualSource(external_numbers(at), "numbers", (10,))
    return archive(numbers=weights(lambda file: file.create_virtual_dataset("a", layout)))


def product_beyond_64_bits(at):
    """The product is negative in 64 bits, so a sum with it seems small; what follows promises 32 GB."""
    content = weights(
        lambda file: (file.create_dataset("a", (3, 5, 2**30), "u1"), file.create_dataset("b", (2**33,), "f4"))
    )
    old, new = struct.pack("<3Q", 3, 5, 2**30), struct.pack("<3Q", 2**31, 2**31, 2)
    assert content.count(old) >= 1
    return archive(numbers=content.replace(old, new))


def cyclic_groups(at):
    """A group that holds itself twenty times: twelve levels would be 20**12 groups."""

    def fill(file):
        group = file.create_group("g")
        for number in range(20):
            group[f"again{number}"] = group

    return archive(numbers=weights(fill))


def many_groups(at):
    def fill(file):
        for number in range(11_000):
            file.create_group(f"g{number}")

    return archive(numbers=weights(fill, libver="latest"))


def endless_names(at):
    """The free list of a group's names begins anew where it ends: HDF5 gathers for ever, and takes memory for each."""
    content = weights()
    heap = next(place for place in places_of(b"HEAP", content) if struct.unpack_from("<Q", content, place + 16)[0] > 1)
    _, head, names = struct.unpack_from("<3Q", content, heap + 8)
    return archive(numbers=patched(content, (names + head, struct.pack("<Q", head))))


def absurd_addresses(at):
    """Names lie just below 2**64: past what Python takes for a place in a file."""
    content = weights()
    places = [place + 24 for place in places_of(b"HEAP", content)]
    return archive(numbers=patched(content, *((place, struct.pack("<Q", 2**64 - 16)) for place in places)))


def user_block(at):
    """A page before the numbers: the same file is two things."""
    content = weights(userblock_size=512)
    return archive(numbers=b"<script>fetch('http://127.0.0.1')</script>".ljust(512) + content[512:])


def text_as_numbers(at):
    def fill(file):
        file.create_dataset("a", (3,), h5py.string_dtype())[:] = ["x", str(at.canary), "z"]

    return archive(numbers=weights(fill))


def references_as_numbers(at):
    def fill(file):
        file.create_dataset("a", (1,), h5py.ref_dtype)[0] = file["layers"].ref

    return archive(numbers=weights(fill))


def patched(content, *changes):
    """The same bytes with others at some places."""
    content = bytearray(content)
    for at, new in changes:
        content[at : at + len(new)] = new
    return bytes(content)


def places_of(mark, content):
    return [found.start() for found in re.finditer(re.escape(mark), content)]


def lzma_bomb(at):
    """A dictionary of 1.5 GB is promised in five bytes."""
    content = archive(compression=zipfile.ZIP_LZMA)
    return patched(content, (content.index(b"\x09\x04\x05\x00\x5d") + 5, struct.pack("<I", 3 * 2**29)))


def million_members(at):
    """A directory that says the same entry again and again: 64 bytes each, half a kilobyte once it is read."""
    content = archive()
    start = content.index(b"PK\x01\x02")
    entries = content[start : start + 46 + len("metadata.json")] * 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(entries), start, 0)
    return content[:start] + entries + end


def encrypted(at):
    content = archive()
    flags = [place + 6 for place in places_of(b"PK\x03\x04", content)]
    flags += [place + 8 for place in places_of(b"PK\x01\x02", content)]
    return patched(content, *((place, bytes([content[place] | 1])) for place in flags))


def false_sizes(at):
    """The directory says one byte for each member."""
    content = archive()
    return patched(content, *((place + 24, struct.pack("<I", 1)) for place in places_of(b"PK\x01\x02", content)))


def broken_compression(at):
    content = archive(compression=zipfile.ZIP_DEFLATED)
    return patched(content, (content.index(b"metadata.json") + len("metadata.json"), b"\xff" * 12))


def member_beyond_the_end(at):
    """A place of 2**63 in a 64-bit field."""
    content = bytearray(archive())
    start = content.index(b"PK\x01\x02")
    name_length = struct.unpack_from("<H", content, start + 28)[0]
    extra = struct.pack("<HHQ", 1, 8, 2**64 - 1)
    struct.pack_into("<H", content, start + 30, len(extra))
    struct.pack_into("<I", content, start + 42, 0xFFFFFFFF)
    content[start + 46 + name_length : start + 46 + name_length] = extra
    end = content.rindex(b"PK\x05\x06")
    struct.pack_into("<I", content, end + 12, struct.unpack_from("<I", content, end + 12)[0] + len(extra))
    return bytes(content)


DEFLATED = zipfile.ZIP_DEFLATED
LINK, STORAGE, NOT_NUMBERS = "is a link to somewhere else", "'a' is not stored plainly", "'a' does not hold numbers"
SHAPE, NOT_FINITE = "'a' has the shape {}, which the file cannot hold", "'a' has numbers that are not finite"
DEEP, NOT_HDF5, NOT_ZIP = (
    "are nested too deeply",
    "its weights are not a complete HDF5 file",
    "it is not a complete zip archive",
)
FOREIGN, SIZE = "it has the foreign member", "{:,} bytes; at most {:,} were expected"
NOT_CONFIG = "its config.json describes no network"

CASES = {  # name: what takes the place of a good file, what its message says
    # Code that a loader might run
    "lambda_bytecode": (lambda_layer, "of the kind 'Lambda'"),
    "foreign_function": (foreign_function, "of the kind 'mkdir'"),  # CVE-2025-1550: any function of any module
    "foreign_class": (foreign_class, "of the kind 'Popen'"),
    "enables_unsafe_deserialization": (unsafe_deserialization, "of the kind 'function'"),  # CVE-2025-9906
    "torch_module": (  # CVE-2025-49655: a pickle within the layer
        lambda at: with_layer("TorchModuleWrapper", module=pickle.dumps(Payload(at.trace)).hex()),
        "of the kind 'TorchModuleWrapper'",
    ),
    "saved_model": (  # CVE-2026-1462: a layer that loads a foreign SavedModel
        lambda at: with_layer("TFSMLayer", filepath=str(at.canary.parent)),
        "of the kind 'TFSMLayer'",
    ),
    "vocabulary_file": (  # CVE-2025-12058: a layer whose vocabulary is a local file
        lambda at: with_layer("StringLookup", vocabulary=str(at.canary)),
        "of the kind 'StringLookup'",
    ),
    "vocabulary_address": (
        lambda at: with_layer("StringLookup", vocabulary="http://127.0.0.1:9/secret"),
        "of the kind 'StringLookup'",
    ),
    "pickle_renamed": (lambda at: pickle.dumps(Payload(at.trace)), NOT_ZIP),
    "npz_with_a_pickle": (
        npz_with_a_pickle,
        FOREIGN + " 'weights.npy'; only config.json, metadata.json, model.weights.h5 were expected",
    ),
    "pickle_as_weights": (lambda at: archive(numbers=pickle.dumps(Payload(at.trace))), NOT_HDF5),
    "legacy_hdf5": (legacy_hdf5, NOT_ZIP),  # CVE-2025-9905: an .h5 file with a Lambda, renamed
    # HDF5 that points elsewhere, or promises what is not there
    "external_link": (lambda at: with_numbers(h5py.ExternalLink(str(at.canary), "/")), LINK),
    "external_link_to_numbers": (lambda at: with_numbers(h5py.ExternalLink(external_numbers(at), "/numbers")), LINK),
    "soft_link": (lambda at: with_numbers(h5py.SoftLink("/layers/dense/vars/0")), LINK),
    "external_storage": (  # CVE-2026-1669: numbers that are the bytes of another file
        lambda at: with_data_set((100,), "u1", external=[(str(at.canary), 0, 100)]),
        STORAGE,
    ),
    "virtual_data_set": (virtual_data_set, STORAGE),  # CVE-2026-12480: the same by way of a virtual data set
    "shape_bomb": (lambda at: with_data_set((2**38,), "f4"), SHAPE.format((2**38,))),  # CVE-2026-0897: a terabyte
    "shape_bomb_beyond_64_bits": (product_beyond_64_bits, SHAPE.format((2**31, 2**31, 2))),
    "chunk_bomb": (lambda at: with_data_set(data=np.zeros(2**25, "f4"), chunks=(2**24,), compression="gzip"), STORAGE),
    "filtered_numbers": (  # few of them, but HDF5 looks for filters that it does not know among its plugins
        lambda at: with_data_set(data=np.zeros(9), chunks=(9,), shuffle=True),
        STORAGE,
    ),
    "cyclic_groups": (cyclic_groups, DEEP),
    "endless_names": (endless_names, NOT_HDF5),
    "absurd_addresses": (absurd_addresses, NOT_HDF5),
    "deep_groups": (lambda at: archive(numbers=weights(lambda file: file.create_group("/".join("g" * 500)))), DEEP),
    "many_data_sets": (many_groups, "its weights have too many parts"),
    "user_block": (user_block, NOT_HDF5),
    "text_as_numbers": (text_as_numbers, NOT_NUMBERS),
    "compound_numbers": (lambda at: with_numbers(np.zeros(3, [("x", "f4"), ("y", "S9")])), NOT_NUMBERS),
    "references_as_numbers": (references_as_numbers, NOT_NUMBERS),
    "empty_data_set": (lambda at: with_numbers(h5py.Empty("f4")), NOT_NUMBERS),
    "nan": (lambda at: with_numbers(np.array([0, np.nan], "f4")), NOT_FINITE),
    "infinity": (lambda at: with_numbers(np.array([0, -np.inf], "f2")), NOT_FINITE),
    "names_that_move_the_cursor": (
        lambda at: archive(
            numbers=weights(
                lambda file: file.__setitem__("\x1b[2J\r\nAll is well, trust me, " * 30, h5py.SoftLink("/x"))
            )
        ),
        r"'\x1b[2J\r\nAll is well, trust me, \x1b[2J\r\nAll is well, trust me, \x1b[...' " + LINK,
    ),
    "hdf5_cut_off": (lambda at: archive(numbers=weights()[:3000]), NOT_HDF5),
    # Archives
    "member_bomb": (  # a member that unfolds a thousandfold
        lambda at: archive(numbers=bytes(100 * 2**20), compression=DEFLATED),
        "model.weights.h5 would have " + SIZE.format(100 * 2**20, 2**26),
    ),
    "config_bomb": (
        lambda at: archive(description=b" " * (10 * 2**20), compression=DEFLATED),
        "config.json would have " + SIZE.format(10 * 2**20, 2**20),
    ),
    "lzma_bomb": (lzma_bomb, "metadata.json is compressed in another way than Keras does"),
    "member_above": (
        lambda at: archive(extra=[("../../outside/a-trace", b"x")]),
        FOREIGN + " '../../outside/a-trace'; only ",
    ),
    "absolute_member": (lambda at: archive(extra=[(str(at.trace), b"x")]), FOREIGN + " '/"),
    "symbolic_link": (lambda at: archive(numbers=str(at.canary).encode(), mode=0o120777), NOT_HDF5),
    "twice_the_same_member": (
        lambda at: archive(extra=[("model.weights.h6", weights())]).replace(b"weights.h6", b"weights.h5"),
        "it has the member model.weights.h5 2 times; config.json, metadata.json, model.weights.h5 were expected",
    ),
    "further_members": (
        lambda at: archive(extra=[("assets/vocabulary.txt", b"x"), ("model.py", b"import os")]),
        FOREIGN + "s 'assets/vocabulary.txt', 'model.py'; only ",
    ),
    "many_further_members": (
        lambda at: archive(extra=[(f"{number}\x1b[2J", b"x") for number in range(8)]),
        FOREIGN + r"s '0\x1b[2J', '1\x1b[2J', '2\x1b[2J' and 5 more; only ",
    ),
    "no_weights": (
        lambda at: archive().replace(b"model.weights.h5", b"metadata.json...").replace(b"metadata.json...", b"x" * 16),
        FOREIGN + " 'xxxxxxxxxxxxxxxx'; only ",
    ),
    "nothing_in_it": (
        lambda at: b"PK\x05\x06" + bytes(18),
        "it lacks the members config.json, metadata.json, model.weights.h5; ",
    ),
    "million_members": (million_members, "it has too many members"),
    "encrypted": (encrypted, NOT_ZIP),
    "false_sizes": (false_sizes, NOT_ZIP),
    "broken_compression": (broken_compression, NOT_ZIP),
    "member_beyond_the_end": (member_beyond_the_end, NOT_ZIP),
    # config.json, and what is no .keras file
    "million_layers": (
        lambda at: archive(
            description=config(layers=[{"class_name": "Dense", "config": {"name": "x"}}] * 1_000_000),
            compression=DEFLATED,
        ),
        "config.json would have " + SIZE.format(50_000_067, 2**20),
    ),
    "deep_json": (
        lambda at: archive(description=b'{"config": {"name": "mlp", "layers": ' + b"[" * 500_000),
        NOT_CONFIG,
    ),
    "huge_number_in_json": (
        lambda at: archive(description=b'{"config": {"name": "mlp", "layers": ' + b"9" * 900_000 + b"}}"),
        NOT_CONFIG,
    ),
    "layers_of_other_types": (lambda at: with_layer({"a": 1}, ["x"]), NOT_CONFIG),
    "foreign_network": (lambda at: archive(description=config("resnet50")), "its network is called 'resnet50'"),
    "cut_off": (lambda at: archive()[:-30], NOT_ZIP),
    "empty": (lambda at: b"", NOT_ZIP),
    "too_large": (lambda at: 5 * 2**30, "it has " + SIZE.format(5 * 2**30, 2**26)),
    "onnx_renamed": (lambda at: PRETRAINED_PATH.read_bytes(), NOT_ZIP),
}

ENDLESS = {"endless_names.keras"}
"""Only what reads them in a sandbox comes back."""


# The tests


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return Corpus(tmp_path_factory.mktemp("hostile"), ".keras", archive(), CASES)


def test_the_corpus_is_as_large_as_it_says():
    assert len(CASES) >= 24


def test_a_good_file_passes_through_the_same_child(corpus):
    corpus.assert_accepted()


def test_every_hostile_file_is_refused(corpus):
    """All in one process: none runs code, opens another file, or takes more than 5 s of work and 256 MB."""
    corpus.assert_refused(corpus.reasons.keys() - ENDLESS)


def test_every_hostile_file_is_refused_in_a_sandbox(corpus):
    """As users read them: those too that nothing but the end of a process can stop."""
    corpus.assert_refused_in_a_sandbox(corpus.reasons)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CASES if f"{name}.keras" not in ENDLESS])
def test_a_hostile_file_alone_is_refused(name, corpus):
    """Each in a process of its own, whose memory is then that file's."""
    corpus.assert_refused([f"{name}.keras"])


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_the_libraries_open_nothing_else(corpus, tmp_path):
    corpus.assert_libraries_open_nothing_else([*corpus.reasons.keys() - ENDLESS], tmp_path / "strace.log")


def test_the_canary_is_seen_by_the_audit_hook(corpus):
    """The method itself: a child that does open the canary is reported."""
    armed = "    start, armed = cpu_seconds(), path\n"
    spy = CHILD.replace(armed, f"{armed}    open({str(corpus.canary)!r}).close()\n    eval('1')\n")
    assert spy != CHILD
    (report,) = corpus.open_in_child(["empty.keras"], child=spy)
    assert [event.split()[0] for event in report["seen"]] == ["open", "compile", "exec"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_without_waiting(tmp_path):
    """A pipe has no size and no end."""
    os.mkfifo(tmp_path / "pipe.keras")
    with pytest.raises(RunError, match=r"pipe"):
        read_network_file(tmp_path / "pipe.keras")
