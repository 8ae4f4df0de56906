"""What a confined process cannot do. Every attempt is made for real, in a process that `run_sandboxed` starts."""

import errno
import json
import os
import platform
import re
import struct
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from mnistlab.system.sandbox import landlock, scratch, seccomp
from mnistlab.system.sandbox.limits import MIB, PROTECTIONS, Limits
from mnistlab.system.sandbox.pipes import LineSplitter
from mnistlab.system.sandbox.supervisor import run_sandboxed
from processes import child_cpu_seconds

on_linux = pytest.mark.skipif(
    not landlock.version() or platform.machine() not in seccomp.ARCHITECTURES, reason="needs Linux with Landlock"
)
LIMITS = Limits(seconds=60)

PROBE = """
import ctypes, errno, json, os

def tell(**entry):
    os.write(PIPE, json.dumps(entry).encode() + b"\\n")

def attempt(function):
    "The name of the error, or what came of it."
    try:
        return repr(function())
    except OSError as error:
        return errno.errorcode[error.errno]

def call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(argument) for argument in arguments))
    return errno.errorcode[ctypes.get_errno()] if result == -1 else "allowed"

def main(pipe, arguments):
    globals()["PIPE"] = pipe
    exec(arguments[0], globals())
"""


@pytest.fixture
def confined(tmp_path, monkeypatch):
    """Runs code in a confined process; returns how it ended, and what it told."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "probe.py").write_text(PROBE)
    package = Path(scratch.__file__).parents[3]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "modules"), str(package)]))

    def run(code, limits=LIMITS):
        lines = []
        with scratch.scratch_folder() as folder:
            ending = run_sandboxed("probe", [textwrap.dedent(code)], folder, limits, lines.append)
        assert not folder.exists()
        return ending, [json.loads(line) if line.startswith(b"{") else line for line in lines]

    return run


@on_linux
def test_everything_is_in_force_here(confined):
    ending, told = confined("tell(done=True)")
    assert (ending.reason, ending.message, ending.exit_code) == ("ended", "", 0)
    assert told == [{"in_force": list(PROTECTIONS)}, {"done": True}]


# What each attempt comes to. `call` makes a system call of Linux on x86_64 by its number.
ATTEMPTS = {
    "os.fork()": "EPERM",
    "__import__('subprocess').run(['true'])": "EPERM",
    "os.posix_spawn('/bin/true', ['true'], {})": "EPERM",
    "os.execv('/bin/true', ['true'])": "EPERM",
    "os.system('true')": "32512",
    "os.unshare(0x10000000) if hasattr(os, 'unshare') else call(272, 0x10000000)": "EPERM",
    "os.kill(os.getppid(), 9)": "EPERM",
    "os.kill(os.getppid(), 0)": "EPERM",
    "os.kill(0, 9)": "EPERM",
    "os.kill(-1, 9)": "EPERM",
    "os.kill(os.getpid(), 0)": "None",
    "os.killpg(os.getpgid(os.getppid()), 9)": "EPERM",
    "os.pidfd_open(os.getppid())": "ENOSYS",
    "__import__('resource').prlimit(os.getppid(), 0, (1, 1))": "EPERM",
    "__import__('resource').setrlimit(0, (-1, -1))": "not allowed to raise maximum limit",
    "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)": "EPERM",
    "os.sched_setaffinity(os.getppid(), {0})": "EPERM",
    "__import__('fcntl').fcntl(0, 8, os.getppid())": "EPERM",  # F_SETOWN
    "__import__('fcntl').fcntl(0, 10, 9)": "EPERM",  # F_SETSIG
    "__import__('fcntl').ioctl(2, 0x5412, b'x')": "EPERM",  # TIOCSTI
    "ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)": "-1",  # PR_SET_PDEATHSIG
    "__import__('socket').socket()": "EACCES",
    "__import__('socket').socket(__import__('socket').AF_UNIX)": "EACCES",
    "[end.send(b'1') for end in __import__('socket').socketpair()]": "[1, 1]",
    "__import__('socket').socketpair(1, 2)[0].sendto(b'1', '/run/systemd/notify')": "EACCES",
    "__import__('socket').socketpair(1, 2)[0].connect('/dev/log')": "EACCES",
    "os.memfd_create('x')": "ENOSYS",
    "os.open('/dev/shm/mnistlab-test', os.O_CREAT | os.O_RDWR)": "EACCES",
    "os.listdir('/')": "EACCES",
    "os.listdir(os.path.expanduser('~'))[:0]": "[]",
    "open('/etc/shadow').read()[:0]": "EACCES",
    "open(f'/proc/{os.getppid()}/environ').read()[:0]": "EACCES",
    "open(f'/proc/{os.getppid()}/mem', 'r+b')": "EACCES",
    "os.chown('.', 1, 1)": "EPERM",
    "os.setxattr('.', 'user.x', b'1')": "EPERM",
    "len(os.urandom(3)), open('/dev/null', 'w').write('1')": "(3, 1)",
    "[__import__('threading').Thread(target=print).start() for _ in range(3)]": "[None, None, None]",
}
SYSTEM_CALLS = {
    "call(57)": "EPERM",  # fork
    "call(58)": "EPERM",  # vfork
    "call(56, 17, 0, 0, 0, 0)": "EPERM",  # clone of a process
    "call(435, 0, 0)": "ENOSYS",  # clone3
    "call(57 | 0x40000000)": "ENOSYS",  # fork in the x32 table
    "call(425, 1, 0)": "ENOSYS",  # io_uring_setup
    "call(101, 16, os.getppid(), 0, 0)": "EPERM",  # ptrace
    "call(311, os.getppid(), 0, 0, 0, 0, 0)": "EPERM",  # process_vm_writev
    "call(129, os.getppid(), 9, 0)": "EPERM",  # rt_sigqueueinfo
    "call(200, os.getppid(), 9)": "EPERM",  # tkill
    "call(234, os.getppid(), os.getppid(), 9)": "EPERM",  # tgkill
    "call(424, 0, 9, 0, 0)": "EPERM",  # pidfd_send_signal
    "call(29, 0, 4096, 0o1666)": "EPERM",  # shmget
    "call(321, 0, 0, 0)": "EPERM",  # bpf
    "call(250, 0, 0)": "EPERM",  # keyctl
}


@on_linux
def test_each_attempt_is_refused(confined):
    attempts = ATTEMPTS | (SYSTEM_CALLS if platform.machine() == "x86_64" else {})
    code = f"""
    for text in {list(attempts)!r}:
        try:
            tell(text=text, came=attempt(lambda: eval(text)).strip("'"))
        except Exception as error:
            tell(text=text, came=str(error))
    """
    ending, told = confined(code)
    assert ending.exit_code == 0, ending.tail
    assert {entry["text"]: entry["came"] for entry in told[1:]} == attempts


@on_linux
def test_only_the_own_folder_can_be_changed(confined, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("precious")
    moment = secret.stat().st_mtime_ns
    code = f"""
    path = {str(secret)!r}
    tell(
        read=attempt(lambda: open(path).read()),
        write=attempt(lambda: open(path, "a")),
        truncate=attempt(lambda: os.truncate(path, 0)),
        unlink=attempt(lambda: os.unlink(path)),
        rename=attempt(lambda: os.rename(path, "here.txt")),
        link=attempt(lambda: os.link(path, "here.txt")),
        make=attempt(lambda: os.mkdir(path + ".d")),
        listing=attempt(lambda: os.listdir(os.path.dirname(path))),
    )
    os.symlink(path, "link.txt")
    tell(through_link=attempt(lambda: open("link.txt", "a")))
    os.chmod(path, 0)
    os.utime(path, (0, 0))
    os.makedirs("a/b")
    open("a/b/file.txt", "w").write("kept")
    os.rename("a/b", "c")
    tell(own=open("c/file.txt").read(), device=attempt(lambda: os.mknod("device", 0o60600, 0x801)))
    """
    ending, told = confined(code)
    assert ending.exit_code == 0, ending.tail
    assert told[1].pop("link") in ("EXDEV", "EACCES")  # as the kernel's version has it
    assert told[1].pop("rename") in ("EXDEV", "EACCES")
    assert told[1] == dict.fromkeys(("read", "write", "truncate", "unlink", "make", "listing"), "EACCES")
    assert told[2:] == [{"through_link": "EACCES"}, {"own": "kept", "device": told[3]["device"]}]
    assert told[3]["device"] in ("EPERM", "EACCES")
    assert (secret.read_text(), secret.stat().st_mtime_ns) == ("precious", moment)
    assert os.access(secret, os.R_OK)
    assert secret.stat().st_mode & 0o400


@on_linux
@pytest.mark.parametrize("version", [1, 2, 3])
def test_no_file_can_be_emptied_that_cannot_be_written(confined, tmp_path, version):
    """Landlock before version 3, on Linux 5.13 to 6.1, watches only files that are opened to write."""
    if landlock.version() < version:
        pytest.skip("this Linux has an older Landlock")
    here = tmp_path / "modules"
    (here / "sitecustomize.py").write_text(
        f"from mnistlab.system.sandbox import landlock\nlandlock.version = lambda: {version}\n"
    )
    outside, readable = tmp_path / "outside.txt", here / "readable.txt"
    for path in (outside, readable):
        path.write_text("precious")
    code = f"""
    for path in ({str(outside)!r}, {str(readable)!r}):
        tell(
            truncate=attempt(lambda: os.truncate(path, 0)),
            to_read=attempt(lambda: os.open(path, os.O_RDONLY | os.O_TRUNC)),
            to_write=attempt(lambda: os.open(path, os.O_WRONLY | os.O_TRUNC)),
            for_neither=attempt(lambda: os.open(path, os.O_ACCMODE | os.O_TRUNC)),
        )
    if os.uname().machine == "x86_64":
        path = ctypes.create_string_buffer({str(readable)!r}.encode())
        how = (ctypes.c_uint64 * 3)(os.O_RDONLY | os.O_TRUNC)
        came = call(437, -100, ctypes.addressof(path), ctypes.addressof(how), 24)  # openat2
        tell(openat2=came, open=call(2, ctypes.addressof(path), os.O_TRUNC, 0))
    else:
        tell(openat2="EACCES", open="EACCES")
    with open("own.txt", "w+") as file:
        file.write("content")
        file.flush()
        os.ftruncate(file.fileno(), 3)
    sizes = [os.stat("own.txt").st_size]
    os.close(os.open("own.txt", os.O_RDWR | os.O_TRUNC))
    tell(own=[*sizes, os.stat("own.txt").st_size])
    """
    ending, told = confined(code)
    assert ending.exit_code == 0, ending.tail
    assert "files" in told[0]["in_force"]
    assert told[1:3] == [dict.fromkeys(("truncate", "to_read", "to_write", "for_neither"), "EACCES")] * 2
    assert told[3]["openat2"] in ("ENOSYS", "EACCES")
    assert told[3]["open"] == "EACCES"
    assert told[4] == {"own": [3, 0]}
    assert (outside.read_text(), readable.read_text()) == ("precious", "precious")


def test_the_environment_is_scrubbed(confined, monkeypatch):
    monkeypatch.setenv("CLOUD_PASSWORD", "hunter2")
    _, told = confined("tell(names=sorted(os.environ), home=os.environ['HOME'], here=os.getcwd())")
    assert "CLOUD_PASSWORD" not in told[1]["names"]
    assert told[1]["home"] == told[1]["here"]


# Too much of something


@pytest.mark.parametrize(
    ("code", "limits", "reason", "message"),
    [
        ("while True: pass", Limits(seconds=2), "time", "it ran longer than 2 seconds"),
        ("pow(7, 10**9)", Limits(seconds=2), "time", "it ran longer than 2 seconds"),  # C code that never looks up
        (
            "import signal\nfor number in range(1, 65):\n try: signal.signal(number, signal.SIG_IGN)\n"
            " except (OSError, ValueError): pass\nwhile True: pass",
            Limits(seconds=2),
            "time",
            "it ran longer than 2 seconds",
        ),
        ("while True: print('x' * 10**6)", Limits(output_bytes=3 * MIB), "output", "it printed more than 3 MB"),
        ("while True: tell(x='x' * 10**5)", Limits(report_bytes=3 * MIB), "reports", "it reported more than 3 MB"),
        ("os.close(PIPE); os.close(1); os.close(2)\nwhile True: pass", Limits(seconds=2), "time", "it ran longer than"),
        ("os._exit(0)", LIMITS, "ended", ""),
        ("os._exit(3)", LIMITS, "ended", "the process ended with exit code 3"),
        ("os.abort()", LIMITS, "ended", "the process was ended by SIGABRT"),
        ("ctypes.string_at(0)", LIMITS, "ended", "the process was ended by SIGSEGV"),
    ],
    ids=["loop", "c-code", "deaf", "output", "reports", "closed", "exit", "exit-3", "abort", "crash"],
)
def test_too_much_ends_it(confined, code, limits, reason, message):
    before = child_cpu_seconds()
    ending, _ = confined(code, limits)
    assert ending.reason == reason
    assert ending.message.startswith(message)
    assert child_cpu_seconds() - before < 30


@on_linux
@pytest.mark.parametrize(
    ("code", "limits", "reason"),
    [
        ("kept = []\nwhile True: kept.append(b'x' * (2**20 + len(kept)))", Limits(memory_bytes=300 * MIB), "memory"),
        (
            "import mmap\nkept = mmap.mmap(-1, 2**30)\nwhile True: kept.write(b'x' * 2**20)",  # shared: no data limit
            Limits(memory_bytes=300 * MIB),
            "memory",
        ),
        (
            "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=[60]).start()",
            Limits(num_threads=100),
            "threads",
        ),
        ("n = 0\nwhile True: open(str(n), 'w').close(); n += 1", Limits(num_files=500), "files"),
        (
            "n = 0\nwhile True: open(str(n), 'wb').write(bytes(2**20)); n += 1",
            Limits(folder_bytes=50 * MIB),
            "files",
        ),
        (
            "while True:\n file = open('x', 'wb'); os.unlink('x'); file.write(bytes(2**20))",
            Limits(written_bytes=200 * MIB),
            "files",
        ),
        ("while True: os.mkdir('d'); os.chdir('d')", Limits(num_files=500), "files"),
    ],
    ids=["memory", "shared-memory", "threads", "many-files", "large-files", "unlinked-files", "deep-folders"],
)
def test_floods_end_it(confined, code, limits, reason):
    ending, _ = confined(code, limits)
    assert ending.reason == reason


@on_linux
def test_a_list_of_ten_gigabytes_is_refused_at_once(confined):
    code = """
    try:
        [0] * (10 * 2**30 // 8)
    except MemoryError:
        tell(refused=True)
    """
    assert confined(code, Limits(memory_bytes=2**30))[1][1:] == [{"refused": True}]


@on_linux
def test_a_large_file_is_refused(confined):
    code = "with open('x', 'wb', 0) as file: tell(came=attempt(lambda: [file.write(bytes(2**20)) for _ in range(5)]))"
    assert confined(code, Limits(file_bytes=3 * MIB))[1][1] == {"came": "EFBIG"}


def test_long_lines_are_dropped_and_counted(confined):
    ending, told = confined("tell(x='x' * 5000); tell(ok=1)", Limits(line_bytes=1000, seconds=30))
    assert told[1:] == [b"", {"ok": 1}]
    assert ending.reason == "ended"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_do_not_depend_on_how_they_are_read(size):
    content = b"one\n" + b"x" * 11 + b"\n\ntwo\n" + b"y" * 10 + b"\nthree"
    lines = []
    cutter = LineSplitter(10, lines.append)
    for start in range(0, len(content), size):
        cutter.add(content[start : start + size])
    assert lines == [b"one", b"", b"", b"two", b"y" * 10]


@on_linux
def test_it_ends_with_the_process_that_watches(confined, tmp_path):
    watcher = f"""
    import sys
    from pathlib import Path
    from mnistlab.system.sandbox import scratch, supervisor
    from mnistlab.system.sandbox.limits import Limits
    code = "tell(pid=os.getpid())\\nwhile True: pass"
    tell = lambda line: print(line.decode(), flush=True)
    supervisor.run_sandboxed("probe", [code], Path({str(tmp_path)!r}), Limits(), tell)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(watcher)], stdout=subprocess.PIPE, text=True
    ) as process:
        pid = next(json.loads(line)["pid"] for line in process.stdout if "pid" in line)
        assert Path(f"/proc/{pid}").exists()
        process.kill()
    deadline = time.monotonic() + 300  # a busy machine may take long
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


# The filter


@pytest.mark.parametrize(
    ("machine", "header"),
    [("x86_64", "x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "asm-generic/unistd.h")],
)
def test_call_numbers_are_those_of_the_kernel(machine, header):
    path = Path("/usr/include") / header
    if not path.exists():
        pytest.skip("the kernel's headers are not installed")
    found = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)", path.read_text())}
    place = list(seccomp.ARCHITECTURES).index(machine)
    numbers = {name: both[place] for name, both in (seccomp.CALLS | seccomp.TRUNCATING).items()}
    compared = {name for name in numbers if name in found}
    assert len(compared) > 50
    assert {name: numbers[name] for name in compared} == {name: found[name] for name in compared}
    newest = max(found.values())
    assert all(number is None or number > newest for name, number in numbers.items() if name not in found)


def decide(program, architecture, number, *arguments):
    """Runs a filter as the kernel does; returns the errno, or `None` if the call is allowed."""
    data = struct.pack("<iIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    value, place = 0, 0
    while True:
        code, if_true, if_false, constant = program[place]
        place += 1
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, constant)
        elif code == 0x54:
            value &= constant
        elif code == 0x06:
            return None if constant == 0x7FFF0000 else constant & 0xFFFF
        else:
            is_true = {0x15: value == constant, 0x35: value >= constant, 0x45: bool(value & constant)}[code]
            place += if_true if is_true else if_false


@pytest.mark.parametrize("machine", list(seccomp.ARCHITECTURES))
def test_the_filter_decides_as_it_should(machine):
    program, architecture = seccomp.program(machine, 1234), seccomp.ARCHITECTURES[machine]
    place = list(seccomp.ARCHITECTURES).index(machine)

    def ask(name, *arguments):
        return decide(program, architecture, seccomp.CALLS[name][place], *arguments)

    assert ask("clone", 0x3D0F00) is None  # what glibc passes for a thread
    assert ask("clone", 17) == ask("clone", 0x01200011) == errno.EPERM
    assert ask("clone3") == errno.ENOSYS
    assert (ask("kill", 1234, 9), ask("kill", 1, 9), ask("kill", 2**64 - 1, 9)) == (None, errno.EPERM, errno.EPERM)
    assert (ask("prlimit64", 0), ask("prlimit64", 1234), ask("prlimit64", 1)) == (None, None, errno.EPERM)
    assert (ask("fcntl", 3, 8), ask("fcntl", 3, 10), ask("fcntl", 3, 15)) == (errno.EPERM,) * 3
    assert ask("fcntl", 3, 1) is None
    assert (ask("ioctl", 0, 0x5401), ask("ioctl", 0, 0x5412)) == (None, errno.EPERM)
    assert (ask("prctl", 1, 0), ask("prctl", 15)) == (errno.EPERM, None)
    assert (ask("sendto", 3, 4, 5, 0, 0), ask("sendto", 3, 4, 5, 0, 1)) == (None, errno.EACCES)
    assert ask("sendto", 3, 4, 5, 0, 2**32) == errno.EACCES
    assert ask("fchmodat") == 0
    assert decide(program, architecture, 0 if machine == "x86_64" else 63) is None  # read
    assert decide(program, 0x40000003, 1) == errno.ENOSYS  # the calls of 32-bit programs
    refused = {name for name, both in seccomp.CALLS.items() if both[place] is not None and ask(name) is not None}
    assert refused >= {"execve", "execveat", "ptrace", "socket", "io_uring_setup", "unshare", "pidfd_send_signal"}


@pytest.mark.parametrize("machine", list(seccomp.ARCHITECTURES))
def test_the_filter_refuses_to_empty_files_where_landlock_does_not_watch(machine):
    architecture, place = seccomp.ARCHITECTURES[machine], list(seccomp.ARCHITECTURES).index(machine)
    programs = [seccomp.program(machine, 1234, guards_truncation=guards) for guards in (False, True)]

    def ask(name, *arguments):
        number = seccomp.TRUNCATING[name][place]
        return [decide(program, architecture, number, *arguments) for program in programs]

    assert ask("truncate", 0, 0) == [None, errno.EACCES]
    assert ask("openat2", 0, 0) == [None, errno.ENOSYS]
    for access, emptying in ((0, errno.EACCES), (1, None), (2, None), (3, errno.EACCES)):
        assert ask("openat", 0, 0, 0o2000000 | access) == [None, None]
        assert ask("openat", 0, 0, 0o2001000 | access) == [None, emptying]
    ftruncate = (77, 46)[place]
    assert [decide(program, architecture, ftruncate, 3, 0) for program in programs] == [None, None]


# Folders that were left badly


def test_any_folder_can_be_removed(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file.txt").write_text("kept")
    with scratch.scratch_folder() as folder:
        (folder / "link").symlink_to(precious)
        (folder / "closed").mkdir()
        (folder / "closed" / "file").write_text("x")
        (folder / "closed").chmod(0)
        here = Path.cwd()
        try:
            os.chdir(folder)
            for _ in range(1200):
                Path("deep").mkdir()
                os.chdir("deep")
        finally:
            os.chdir(here)
        assert scratch.measure(folder, 10_000)[1] >= 1200
    assert not folder.exists()
    assert (precious / "file.txt").read_text() == "kept"


def test_a_folder_is_measured(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(bytes(100_000))
    (tmp_path / "link").symlink_to("/usr")
    num_bytes, num_entries = scratch.measure(tmp_path, 100)
    assert num_entries == 3
    assert 100_000 <= num_bytes < 300_000
    assert scratch.measure(tmp_path, 1)[1] == 2
