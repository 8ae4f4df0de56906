"""What a program does to the machine that it is a guest on: whom it speaks to, and what it writes where.

`strace` sees every process from its first instruction on, native code included. Where it is not installed or not
permitted, Python's audit hooks see what Python code does; of native code only what appears in the home folder is seen.
"""

import contextlib
import dataclasses
import functools
import ipaddress
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_CALLS = (
    *("connect", "bind", "sendto", "sendmsg", "sendmmsg"),
    *("?open", "openat", "?openat2", "?creat", "?mkdir", "mkdirat", "?mknod", "mknodat", "truncate"),
    *("?rename", "?renameat", "renameat2", "?link", "linkat", "?symlink", "symlinkat"),
    *("?unlink", "unlinkat", "?rmdir", "?chmod", "fchmodat", "?chown", "fchownat", "utimensat"),
)  # ?: not every kernel has it
_STRACE = (
    "strace",
    "-f",
    "--seccomp-bpf",
    "-qq",
    "-y",
    "-s",
    "256",
    "-e",
    "signal=none",
    "-e",
    f"trace={','.join(_CALLS)}",
)
_WORDS = re.compile(r'(AT_FDCWD|\d+)<([^>]*)>|"((?:[^"\\]|\\.)*)"')
_HOST = re.compile(r'sin6?_port=htons\((\d+)\).*?(?:inet_addr\(|AF_INET6, )"([^"]+)"')
_LOOKUPS = ("resolve", "avahi", "mdns")  # services that look up names, as sockets on this machine
_LOOKUP_PORTS = (53, 853, 5353)
_AUDITED = {
    "open": (0, None),
    "os.mkdir": (0, 2),
    "os.rename": (1, 3),
    "os.link": (1, 3),
    "os.symlink": (1, 2),
    "os.remove": (0, 1),
    "os.rmdir": (0, 1),
    "os.truncate": (0, None),
    "sqlite3.connect": (0, None),
}
"""The events of Python's that write, each with the position of its path and of the folder's descriptor."""

_HOOK = """
import json, os, sys

_log = os.open(LOG, os.O_WRONLY | os.O_APPEND)
os.write(_log, b'["process", ""]\\n')


def _hook(event, arguments):
    try:
        if event in AUDITED:
            if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return
            path, folder = AUDITED[event]
            path = arguments[path]
            if not isinstance(path, (str, bytes)):
                return
            place = os.getcwd()
            if folder is not None and arguments[folder] >= 0:
                place = os.readlink(f"/proc/self/fd/{arguments[folder]}")
            noted = ["write", os.path.join(place, os.fsdecode(path))]
        elif event in ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"):
            noted = ["socket", arguments[1]]
        elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
            noted = ["name", str(arguments[0])]
        else:
            return
        os.write(_log, json.dumps(noted, default=str).encode() + b"\\n")
    except Exception:
        pass


sys.addaudithook(_hook)
"""


@functools.cache
def can_strace() -> bool:
    """Whether this machine has strace, and lets it look at processes."""
    if shutil.which("strace") is None:
        return False
    tried = subprocess.run([*_STRACE, "-o", os.devnull, "true"], capture_output=True, check=False)
    return tried.returncode == 0


@dataclasses.dataclass(frozen=True)
class Conduct:
    """What a program did.

    Args:
        returncode: the exit status.
        stdout: what it printed.
        stderr: what it printed to standard error.
        calls: how many calls of the system, or events of Python's, were looked at.
        sockets: how many of them were about addresses.
        beyond: addresses beyond this machine, and names that were looked up.
        outside: what was written, made or deleted outside the folders that it may use.
    """

    returncode: int
    stdout: str
    stderr: str
    calls: int
    sockets: int
    beyond: list[str]
    outside: list[str]


class Guest:
    """A user's machine as a new program finds it: an empty home, a temporary folder, and a folder where it is called.

    Args:
        folder: where these lie; `out` in it is what commands may write into.
        strace: whether to look with `strace`, or with Python's audit hooks.
    """

    def __init__(self, folder: Path, *, strace: bool | None = None) -> None:
        self.home, self.temporary, self.here, self.out, self._hooks = (
            folder / name for name in ("home", "temporary", "here", "out", "hooks")
        )
        for path in (self.home, self.temporary, self.here, self.out, self._hooks):
            path.mkdir(parents=True)
        self._strace = can_strace() if strace is None else strace
        self._log = self._hooks / "log"

    def run(self, *arguments: str | Path, **environment: str) -> Conduct:
        """Runs the command line to its end."""
        return self.python("-m", "mnistlab", *arguments, **environment)

    def python(self, *arguments: str | Path, **environment: str) -> Conduct:
        """Runs Python to its end."""
        with self.started(*arguments, **environment) as process:
            out, errors = process.communicate(timeout=1200)
        return self.conduct(process.returncode, out, errors)

    @contextlib.contextmanager
    def started(self, *arguments: str | Path, **environment: str) -> Iterator["subprocess.Popen[str]"]:
        """Starts Python in a process group of its own, and ends what is left of it."""
        kept = {
            name: text for name, text in os.environ.items() if not name.startswith(("XDG_", "MPL", "KERAS_", "ORT_"))
        }
        places = {"HOME": self.home, "USERPROFILE": self.home, "TMPDIR": self.temporary, "TEMP": self.temporary}
        paths = [str(Path(path).absolute()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
        self._log.write_text("")
        if not self._strace:
            settings = f"LOG, AUDITED = {str(self._log)!r}, {_AUDITED!r}\n"
            (self._hooks / "sitecustomize.py").write_text(settings + _HOOK)
            paths.insert(0, str(self._hooks))
        kept |= {name: str(path) for name, path in places.items()} | {"PYTHONPATH": os.pathsep.join(paths)}
        process = subprocess.Popen(
            [*([*_STRACE, "-o", str(self._log)] if self._strace else []), sys.executable, *map(str, arguments)],
            cwd=self.here,
            env=kept | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def conduct(self, returncode: int, stdout: str, stderr: str) -> Conduct:
        """What the program did that ended last."""
        read = self._of_strace if self._strace else self._of_hooks
        calls, sockets, beyond, written = read(self._log.read_text(errors="replace"))
        written |= {str(path) for path in self.home.rglob("*") if path.is_file()}
        outside = sorted(path for path in written if not self._may_write(path))
        return Conduct(returncode, stdout, stderr, calls, sockets, sorted(beyond), outside)

    def _may_write(self, path: str) -> bool:
        """Whether mnistlab may write there: its output, temporary files, Matplotlib's own, Python's compiled files."""
        where = Path(os.path.normpath(path))
        matplotlib = [self.home / folder / "matplotlib" for folder in (".cache", ".config")]
        return (
            any(where.is_relative_to(folder) for folder in (self.out, self.temporary, *matplotlib, "/dev", "/proc"))
            or where in [folder.parent for folder in matplotlib]
            or "__pycache__" in where.parts
        )

    def _of_strace(self, log: str) -> tuple[int, int, set[str], set[str]]:
        calls = sockets = 0
        beyond: set[str] = set()
        written: set[str] = set()
        begun: dict[str, str] = {}
        folders: dict[str, str] = {}  # of each process, where it is
        for line in log.splitlines():
            pid, _, text = line.partition(" ")
            text = text.strip()
            if text.endswith("<unfinished ...>"):
                begun[pid] = text.removesuffix("<unfinished ...>")
                continue
            if text.startswith("<... "):
                text = begun.pop(pid, "") + text.partition("resumed>")[2]
            name, _, rest = text.partition("(")
            arguments, _, result = rest.rpartition(" = ")
            calls += 1
            if name in ("connect", "bind", "sendto", "sendmsg", "sendmmsg"):
                sockets += "sa_family=" in arguments
                beyond |= set(_beyond(name, arguments))
                continue
            words = _WORDS.findall(arguments)
            for kind, folder, _ in words:
                if kind == "AT_FDCWD":
                    folders[pid] = folder
            if result.startswith("-1") or (name.startswith("open") and not _writes(arguments)):
                continue
            place, paths = "", []
            for kind, folder, path in words:
                if kind:
                    place = folder
                else:
                    paths.append(str(Path(place or folders.get(pid, self.here)) / _unescaped(path)))
                    place = ""
            written |= set(paths[1:] if "link" in name and "unlink" not in name else paths)
        return calls, sockets, beyond, written

    def _of_hooks(self, log: str) -> tuple[int, int, set[str], set[str]]:
        noted = [json.loads(line) for line in log.splitlines()]
        written = {what for kind, what in noted if kind == "write"}
        sockets = [what for kind, what in noted if kind == "socket"]
        beyond = {
            f"{what[0]} port {what[1]}"
            for what in sockets
            if isinstance(what, list) and not _is_here(str(what[0])) and what[0] != "localhost"
        }
        names = {what for kind, what in noted if kind == "name"}
        beyond |= {f"name {name}" for name in names if name not in ("None", "", "localhost") and not _is_here(name)}
        return len(noted), len(sockets), beyond, written


def _writes(arguments: str) -> bool:
    return any(flag in arguments for flag in ("O_WRONLY", "O_RDWR", "O_CREAT"))


def _beyond(name: str, arguments: str) -> Iterator[str]:
    """The addresses of a call that are not this machine's, and what looks up names."""
    for port, host in _HOST.findall(arguments):
        if not _is_here(host) or int(port) in _LOOKUP_PORTS:
            yield f"{name} {host} port {port}"
    for path in re.findall(r'sun_path=@?"([^"]*)"', arguments):
        if any(service in path for service in _LOOKUPS):
            yield f"{name} {path}"


def _is_here(host: str) -> bool:
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        return (getattr(address, "ipv4_mapped", None) or address).is_loopback
    return False


def _unescaped(text: str) -> str:
    """A path as strace quotes it."""
    return os.fsdecode(text.encode("latin-1", "replace").decode("unicode_escape").encode("latin-1", "replace"))
