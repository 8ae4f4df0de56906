"""One owner of a folder at a time, in real processes."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from mnistlab.claims import claim
from mnistlab.exceptions import RunError

HOLD = """
import sys, time
from pathlib import Path
from mnistlab.claims import claim
from mnistlab.exceptions import RunError
try:
    with claim(Path(sys.argv[1])):
        print("owner", flush=True)
        time.sleep(float(sys.argv[2]))
except RunError as error:
    print(error)
"""


def start(folder, seconds):
    command = [sys.executable, "-c", HOLD, str(folder), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_second_is_told_who_the_first_is_and_leaves_within_two_seconds(tmp_path):
    owner = start(tmp_path, 60)
    assert owner.stdout.readline() == "owner\n"
    started = time.perf_counter()
    with pytest.raises(RunError, match=rf"is in use by process {owner.pid}\. Wait until that has ended, or choose"):
        claim(tmp_path).__enter__()
    assert time.perf_counter() - started < 2
    owner.kill()
    owner.communicate()


def test_a_killed_owner_leaves_nothing_to_do(tmp_path):
    owner = start(tmp_path, 60)
    assert owner.stdout.readline() == "owner\n"
    os.kill(owner.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    owner.communicate()
    with claim(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_free_afterwards_and_after_an_error(tmp_path):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), claim(tmp_path):
            assert [path.name for path in tmp_path.iterdir()] == [".owner"]
            raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RunError, match=r"gone could not be claimed for this process: No such file or directory\."):
        claim(tmp_path / "gone").__enter__()


def test_threads_take_turns(tmp_path):
    """Many claims of a moment each: never two at once, although owners remove the file that they lock."""
    inside, most, refused = [], [], []

    def work():
        for _ in range(20):
            try:
                with claim(tmp_path):
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
    processes = [start(tmp_path, 30) for _ in range(count)]
    losers = []
    deadline = time.monotonic() + 60
    while len(losers) < count - 1 and time.monotonic() < deadline:
        losers = [process for process in processes if process.poll() is not None]
        time.sleep(0.05)
    (owner,) = [process for process in processes if process.poll() is None]
    owner.kill()
    assert owner.communicate()[0] == "owner\n"
    for process in losers:
        output, errors = process.communicate()
        assert f"is in use by process {owner.pid}." in output
        assert not errors
