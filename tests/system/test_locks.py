"""One owner of a folder at a time, in real processes."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from mnistlab.exceptions import RunError
from mnistlab.system.locks import lock, lock_owner, require_lock

HOLD = """
import sys, time
from pathlib import Path
from mnistlab.system.locks import lock, lock_owner, require_lock
from mnistlab.exceptions import RunError
try:
    with lock(Path(sys.argv[1])):
        print("owner", flush=True)
        time.sleep(float(sys.argv[2]))
except RunError as error:
    print(error)
"""


def start(folder, seconds):
    command = [sys.executable, "-c", HOLD, str(folder), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Clock:
    """A clock for one process alone, which goes on only while that waits."""

    now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def test_the_second_is_told_who_the_first_is_and_waits_less_than_two_seconds(tmp_path, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("mnistlab.system.locks.time", clock)
    owner = start(tmp_path, 600)
    assert owner.stdout.readline() == "owner\n"
    with pytest.raises(RunError, match=rf"is in use by process {owner.pid}\. Wait until that has ended, or choose"):
        lock(tmp_path).__enter__()
    assert 0 < clock.now < 2
    owner.kill()
    owner.communicate()


def test_a_killed_owner_leaves_nothing_to_do(tmp_path):
    owner = start(tmp_path, 600)
    assert owner.stdout.readline() == "owner\n"
    os.kill(owner.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    owner.communicate()
    with lock(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_free_afterwards_and_after_an_error(tmp_path):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), lock(tmp_path):
            assert [path.name for path in tmp_path.iterdir()] == [".owner"]
            raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RunError, match=r"gone could not be locked for this process: No such file or directory\."):
        lock(tmp_path / "gone").__enter__()


def test_threads_take_turns(tmp_path):
    """Many claims of a moment each: never two at once, although owners remove the file that they lock."""
    inside, most, refused = [], [], []

    def work():
        for _ in range(20):
            try:
                with lock(tmp_path):
                    inside.append(1)
                    most.append(len(inside))
                    time.sleep(0.001)
                    inside.pop()
            except RunError:
                refused.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(most) + len(refused) == 160


@pytest.mark.parametrize("count", [6, pytest.param(50, marks=pytest.mark.slow)])
def test_simultaneous_starts_have_one_owner(tmp_path, count):
    processes = [start(tmp_path, 600) for _ in range(count)]
    losers = []
    while len(losers) < count - 1:
        losers = [process for process in processes if process.poll() is not None]
        time.sleep(0.05)
    (owner,) = [process for process in processes if process.poll() is None]
    owner.kill()
    assert owner.communicate()[0] == "owner\n"
    for process in losers:
        output, errors = process.communicate()
        assert f"is in use by process {owner.pid}." in output
        assert not errors


def test_the_same_thread_claims_again_and_again(tmp_path):
    with lock(tmp_path):
        with lock(tmp_path):
            pass
        assert [path.name for path in tmp_path.iterdir()] == [".owner"]
        second = start(tmp_path, 0)
        assert "is in use by process" in second.communicate()[0]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_came_back_belongs_to_who_claimed_it_last(tmp_path):
    """Deleted under its owner and made anew by another: the first must stop, and must not free the other's claim."""
    folder = tmp_path / "run"
    folder.mkdir()
    with lock(folder):
        shutil.rmtree(folder)
        require_lock(folder)  # nobody else has it
        folder.mkdir()
        second = start(folder, 600)
        assert second.stdout.readline() == "owner\n"
        with pytest.raises(RunError, match=rf"was deleted and belongs to process {second.pid} now; this one stops"):
            require_lock(folder)
    with pytest.raises(RunError, match=rf"is in use by process {second.pid}\."):
        lock(folder).__enter__()
    second.kill()
    second.communicate()


@pytest.mark.skipif(os.name != "posix", reason="links as POSIX systems have them")
def test_a_link_in_place_of_the_claim_is_not_followed(tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".owner").symlink_to(tmp_path / "precious.txt")
    with pytest.raises(RunError, match="could not be locked"):
        lock(tmp_path / "run").__enter__()
    assert (tmp_path / "precious.txt").read_text() == "mine"


@pytest.mark.parametrize("pairs", [1, pytest.param(50, marks=pytest.mark.slow)])
def test_of_two_commands_at_once_one_leaves(pairs, tiny_folder, tmp_path):
    """`mnistlab train` twice in the same moment on one folder: one trains, the other names it and is gone."""
    for number in range(pairs):
        arguments = ["train", "mlp", "--epochs", "1", "--data", str(tiny_folder), "--out", str(tmp_path / str(number))]
        command = [sys.executable, "-m", "mnistlab", *arguments]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        both = [subprocess.Popen(command, **options) for _ in range(2)]
        while not (left := [process for process in both if process.poll() is not None]):
            time.sleep(0.02)
        (winner,) = [process for process in both if process is not left[0]]
        output, errors = left[0].communicate()
        assert (left[0].returncode, output) == (1, "")
        assert f"is in use by process {winner.pid}." in errors
        assert winner.poll() is None  # it has seconds of imports before it
        assert winner.communicate()[1] == ""
        assert winner.returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="Windows has other locks")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL])
def test_a_drive_without_locks_is_named(number, tmp_path, monkeypatch):
    """Some network drives have none; training there without a lock could end with two processes in one folder."""

    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", fail)
    with pytest.raises(RunError, match=r"lies on a drive without file locks, .* Choose a folder on another") as caught:
        lock(tmp_path).__enter__()
    assert caught.value.argument == "folder"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".owner").write_text("1")
    assert lock_owner(tmp_path) is None  # a list of runs there has no process to show


@pytest.mark.skipif(os.name != "posix", reason="Windows has other locks")
def test_another_failure_of_the_lock_keeps_its_reason(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("fcntl.flock", fail)
    with pytest.raises(RunError, match=r"could not be locked for this process: Input/output error\.$"):
        lock(tmp_path).__enter__()
    assert list(tmp_path.iterdir()) == []
