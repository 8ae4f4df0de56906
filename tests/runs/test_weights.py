"""The process that reads foreign weights: what it may use, and what becomes of a report that is not to be trusted."""

import base64
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import mnistlab
from mnistlab.exceptions import RunError
from mnistlab.runs import weights
from mnistlab.runs.archives import read_network_file
from mnistlab.runs.weights import NOT_WHOLE, TOO_LARGE, TOO_SLOW, RefusalError, read_weights
from mnistlab.system.sandbox.supervisor import ExitReport
from processes import child_cpu_seconds, run_python

STORED = Path(__file__).parents[1] / "data" / "stored" / "run" / "model.keras"
ENDED = ExitReport("ended", "", 0, 1.0, "")
READY, DONE = {"ready": True}, {"done": True}


def array(values, **lies):
    """The lines that report an array."""
    described = {"place": "a", "dtype": values.dtype.str, "shape": values.shape} | lies
    return [described, base64.b64encode(values.tobytes())]


def reported(*entries, ending=ENDED):
    """What comes of a report of these lines."""
    report = weights._Report()
    for entry in ({"in_force": []}, *entries):
        report.listen(entry if isinstance(entry, bytes) else json.dumps(entry).encode())
    return report.arrays(ending)


ONES = np.ones((2, 3), np.float32)


def test_a_report_becomes_arrays():
    halves = base64.b64encode(ONES.tobytes()[:12]), base64.b64encode(ONES.tobytes()[12:])
    found = reported(READY, array(ONES)[0], *halves, *array(np.zeros((0, 4), ">i8"), place="none"), DONE)
    np.testing.assert_array_equal(found["a"], ONES)
    assert (found["none"].shape, found["none"].dtype) == ((0, 4), np.dtype(">i8"))


@pytest.mark.parametrize(
    "entries",
    [
        [READY, *array(ONES)],  # it ended before it was done
        [READY, array(ONES)[0], DONE],
        [READY, *array(ONES), array(ONES)[1], DONE],
        [READY, array(ONES)[1], DONE],
        [READY, *array(ONES, shape=[2**62, 0]), DONE],
        [READY, *array(ONES, shape=[-2, -3]), DONE],
        [READY, *array(ONES, shape=["many"]), DONE],
        [READY, *array(ONES, shape=[1] * 100), DONE],
        [READY, *array(ONES, shape=None), DONE],
        [READY, *array(ONES, dtype="|O"), DONE],
        [READY, *array(ONES, dtype="<U5"), DONE],
        [READY, *array(ONES, dtype=["f4"]), DONE],
        [READY, b"{" * 100_000, DONE],
        [READY, b'{"place": ', DONE],
        [READY, b"\xff\x00", DONE],
        [READY, b"", DONE],
    ],
)
def test_a_report_that_does_not_fit_is_refused(entries):
    with pytest.raises(RefusalError, match=f"^{NOT_WHOLE}$"):
        reported(*entries)


def test_what_it_says_is_shown_in_one_short_line():
    with pytest.raises(RefusalError) as raised:
        reported(READY, {"refusal": "\x1b[2Jbad\nnews" * 1000})
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) == 300


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (ExitReport("time", "it ran longer than 60 seconds", -9, 60.0, ""), TOO_SLOW),
        (ExitReport("memory", "it used more than 0.25 GB of memory", -9, 1.0, ""), TOO_LARGE),
        (ExitReport("reports", "it reported more than 128 MB", -9, 1.0, ""), NOT_WHOLE),
        (ExitReport("ended", "the process was ended by SIGSEGV", -11, 1.0, ""), NOT_WHOLE),
    ],
)
def test_the_end_of_the_process_is_the_reason(ending, text):
    with pytest.raises(RefusalError, match=text):
        reported(READY, ending=ending)


def test_a_system_that_starts_no_process_is_named(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(RunError, match=r"model\.keras cannot be read: no process could be started .*: No such file"):
        read_network_file(STORED)


@pytest.fixture
def instead(tmp_path, monkeypatch):
    """Makes the process do something else when it opens the file."""

    def do(code):
        (tmp_path / "sitecustomize.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path(mnistlab.__file__).parents[1])]))

    return do


def test_a_library_that_cannot_be_imported_is_named(instead):
    instead("import sys\nsys.modules['h5py'] = None\n")
    with pytest.raises(RunError, match=r"model\.keras cannot be read: no process could be started .*h5py"):
        read_network_file(STORED)


FILE = "import h5py\nclass File:\n def __init__(self, *arguments, **options):\n  {}\nh5py.File = File\n"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not keep all limits")
@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("while True: pass", TOO_SLOW),
        ("import time\n  pow(7, 10**9)", TOO_SLOW),  # C code that never looks up
        ("self.kept = [bytearray(2**20) for _ in range(10_000)]", TOO_LARGE),
        ("import ctypes\n  ctypes.string_at(0)", NOT_WHOLE),
        ("import os\n  os._exit(0)", NOT_WHOLE),
        ("raise SystemExit", NOT_WHOLE),
        ("import os\n  os.write(1, b'x' * 2**22)\n  raise ValueError", NOT_WHOLE),
    ],
    ids=["loop", "c-code", "memory", "crash", "exit", "end", "output"],
)
def test_what_it_may_use_is_limited(instead, code, text):
    instead(FILE.format(code))
    before = child_cpu_seconds()
    with pytest.raises(RefusalError, match=text):
        read_weights(b"\x89HDF\r\n\x1a\n")
    assert child_cpu_seconds() - before < 5


@pytest.mark.skipif(os.name != "posix", reason="needs limits of processor time")
def test_it_limits_itself_where_there_is_no_sandbox(tmp_path):
    """A process without Landlock and seccomp comes to an end just so."""
    (tmp_path / "weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    before = child_cpu_seconds()
    finished = run_python(
        FILE.format("while True: pass") + "import os, sys\nfrom mnistlab.runs import hdf5\nhdf5.main(1, sys.argv[1:])",
        tmp_path / "weights.h5",
    )
    assert -finished.returncode in (27, 29)  # SIGPROF of Linux and macOS
    assert finished.stdout.splitlines() == ['{"ready": true}']
    assert child_cpu_seconds() - before < 5
