"""Files made to do harm, opened in a child process that tells what happened: the rule is tested, not the payload.

An audit hook in the child reports whatever Python runs, opens or connects to. Under strace, the child also tells what
the libraries in C and C++ open, which no audit hook sees. The weights of a `.keras` file are read in that child too, by
the function that otherwise runs in a sandbox, so that the hook sees it; and once more as users read them, in a sandbox.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

MAX_CPU_SECONDS = 5
MAX_MEGABYTES = 256
HDF5_PLUGINS = "/usr/local/hdf5/lib/plugin"
CANARY = b"\x01canary: only who reads outside the file knows this\x01" * 100

CHILD = r"""
import codecs, json, os, sys, time
from pathlib import Path

good, *files = map(Path, sys.argv[1:])
import numpy as np
from mnistlab.exceptions import RunError
from mnistlab.runs import archives

if good.suffix == ".onnx":
    from mnistlab.inference import Classifier
weights = good.parent.parent / "weights.h5"
if not os.environ.get("SANDBOXED"):
    from mnistlab.runs.hdf5 import read_arrays

    def read_weights(content):
        global armed
        path, armed = armed, None
        weights.write_bytes(content)
        armed = path
        return dict(read_arrays(weights))

    archives.read_weights = read_weights

ink = np.full((2, 28, 28), 255, np.uint8)

def use(path):
    if path.suffix == ".onnx":
        Classifier(path)(ink)
    else:
        archives.read_network_file(path)

armed, seen, writing = None, [], os.O_WRONLY | os.O_RDWR | os.O_CREAT
codecs.lookup("ascii")  # as h5py does now and then
use(good)
try:
    use(good.with_name("none" + good.suffix))
except RunError:
    pass

watched = tuple(
    "exec compile import open os. subprocess. socket. pickle. marshal. ctypes. shutil tempfile. glob. urllib. http. "
    "mmap. code. builtins.input pty. webbrowser. sqlite3.".split()
)

def hook(event, arguments):
    if armed is None or not event.startswith(watched):
        return
    if event == "open" and str(arguments[0]) in (str(armed), str(weights)) and not arguments[2] & writing:
        return
    seen.append(f"{event} {str(arguments)[:200]}")

def cpu_seconds():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system

sys.addaudithook(hook)
for path in files:
    seen.clear()
    try:
        os.stat("/marker-begin")
    except OSError:
        pass
    start, armed = cpu_seconds(), path
    try:
        use(path)
        outcome, message = "accepted", ""
    except RunError as error:
        outcome, message = "refused", str(error)
    except BaseException as error:
        outcome, message = type(error).__name__, str(error)
    spent, armed = cpu_seconds() - start, None
    try:
        os.stat("/marker-end")
    except OSError:
        pass
    # Not ru_maxrss, which starts at what the parent had before it became this process.
    status = Path("/proc/self/status").read_text() if sys.platform == "linux" else "VmHWM: 0 kB"
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    if os.environ.get("SANDBOXED") and sys.platform == "linux":
        import resource

        peak = max(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    report = dict(name=path.name, outcome=outcome, message=message, cpu_seconds=spent, peak=peak, seen=seen)
    print(json.dumps(report), flush=True)
"""


class Corpus:
    """A good file, hostile ones, and what lies outside them: a canary, and the place where no trace may appear.

    Attributes:
        canary: Bytes that nobody may read; in a folder beside that of the files.
        trace: What a file that could run code would make.
        reasons: For each hostile file what its message must say.
    """

    def __init__(
        self, folder: Path, suffix: str, good: Any, cases: dict[str, tuple[Callable[["Corpus"], Any], str]]
    ) -> None:
        """Writes all files; a case has the content of one, or how many zeros, and its reason."""
        self.files, self.cwd, self.temporary = folder / "files", folder / "cwd", folder / "temporary"
        self.canary = folder / "outside" / "canary.bin"
        self.trace = folder / "outside" / "a-trace"
        for made in (self.files, self.cwd, self.temporary, self.canary.parent):
            made.mkdir()
        self.canary.write_bytes(CANARY)
        (self.files / "link.bin").symlink_to(self.canary)
        (self.files / "beside.bin").write_bytes(CANARY)
        self.good = self.files / f"good{suffix}"
        _write(self.good, good)
        self.reasons = {f"{name}{suffix}": reason for name, (_, reason) in cases.items()}
        for name, (make, _) in cases.items():
            _write(self.files / f"{name}{suffix}", make(self))

    def open_in_child(
        self, names: Iterable[str], *before: str, child: str = CHILD, sandboxed: bool = False
    ) -> list[dict[str, Any]]:
        """What each file did in one child process, as the child reports it; it leaves nothing behind."""
        watched = (self.files, self.canary.parent, self.cwd, self.temporary)
        listing = [sorted(path.name for path in folder.iterdir()) for folder in watched]
        finished = subprocess.run(
            [*before, sys.executable, "-c", child, self.good, *(self.files / name for name in names)],
            capture_output=True,
            text=True,
            cwd=self.cwd,
            env=os.environ | ({"TMPDIR": str(self.temporary), "SANDBOXED": "1"} if sandboxed else {}),
            timeout=600,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr[-2000:]
        assert finished.stderr == ""
        assert [sorted(path.name for path in folder.iterdir()) for folder in watched] == listing
        return [json.loads(line) for line in finished.stdout.splitlines()]

    def assert_accepted(self) -> None:
        """What refuses all others does not refuse everything."""
        (report,) = self.open_in_child([self.good.name])
        assert (report["outcome"], report["seen"]) == ("accepted", [])

    def assert_refused(self, names: Iterable[str]) -> None:
        """All are refused in plain words, with little work and memory, and nothing else happens."""
        names = list(names)
        reports = self.open_in_child(names)
        assert [report["name"] for report in reports] == names
        for report in reports:
            self._assert_refusal(report)
            assert report["seen"] == []

    def assert_refused_in_a_sandbox(self, names: Iterable[str]) -> None:
        """The same as users do it: their own process does nothing but start the sandbox, watch it and tidy up."""
        names = list(names)
        good, *reports = self.open_in_child([self.good.name, *names], sandboxed=True)
        assert good["outcome"] == "accepted"
        assert any(event.startswith("subprocess.Popen") for event in good["seen"])
        assert [report["name"] for report in reports] == names
        for report in reports:
            self._assert_refusal(report)
            assert set(map(_in_general, report["seen"])) <= set(map(_in_general, good["seen"]))

    def _assert_refusal(self, report: dict[str, Any]) -> None:
        message = report["message"]
        assert report["outcome"] == "refused", report
        assert message.startswith(f"{self.files / report['name']} is not a network that mnistlab can use: ")
        assert self.reasons[report["name"]] in message, report
        assert message.isprintable()
        assert len(re.findall(r"\.(?: |$)", message)) <= 2
        assert len(message) < 600 + len(str(self.files))
        assert "canary:" not in message
        assert report["cpu_seconds"] < MAX_CPU_SECONDS
        assert report["peak"] < MAX_MEGABYTES

    def assert_libraries_open_nothing_else(self, names: list[str], log: Path) -> None:
        """Between the marks, HDF5 and ONNX Runtime open only the file, and what tells the processor."""
        calls = "trace=open,openat,openat2,creat,connect,socket,execve,stat,newfstatat,statx,unlink,mkdir,rename"
        reports = self.open_in_child(names, "strace", "-f", "-o", str(log), "-e", calls, "-s", "500")
        touches = re.compile(r"\b(open|openat|openat2|creat|connect|socket|execve|unlink|mkdir|rename)\(")
        weights = str(self.files.parent / "weights.h5")  # which the child writes itself
        current, foreign, seen, upcoming = None, [], 0, iter(names)
        for line in log.read_text(errors="replace").splitlines():
            if "/marker-begin" in line:
                current, seen = next(upcoming), seen + 1
            elif "/marker-end" in line:
                current = None
            elif current and touches.search(line):
                opened = re.search(r'"([^"]*)"', line)
                place = opened[1] if opened else ""
                reads = "O_RDONLY" in line
                # HDF5 looks for its own plugins, in a folder that no file can choose, where it cannot open a file.
                known = place.startswith(("/proc/", "/sys/")) or (place == HDF5_PLUGINS and "ENOENT" in line)
                if place != weights and not (reads and (known or place == str(self.files / current))):
                    foreign.append((current, line))
        assert seen == len(reports) == len(names)
        assert foreign == []


def _in_general(event: str) -> str:
    """What happened, without the name of the temporary folder and the numbers of processes."""
    return re.sub(r"mnistlab-\w+|\d+", "*", event)


def _write(path: Path, content: Any) -> None:
    """Writes bytes, a model of ONNX, or so many zeros."""
    if isinstance(content, int):
        with path.open("wb") as file:
            file.truncate(content)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
