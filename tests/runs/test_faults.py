"""What a dying process, a failing disk and a full one leave of a run: the old file or the new one, never neither.

Real processes meet real faults: `strace` kills a process at a chosen system call, or lets that call fail as a disk
would; a file system of a few pages fills up, or turns read-only.
"""

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import save_a_run
from mnistlab import training
from mnistlab.exceptions import RunError
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run
from mnistlab.runs.checkpoint import Checkpoint
from mnistlab.system.files import is_leftover, make_folder, remove_leftovers
from processes import run_mnistlab
from save_a_run import FILES, VERSIONS, save

resource = pytest.importorskip("resource", reason="faults as POSIX systems have them")

SCRIPT = save_a_run.__file__
CALLS = "?write,?pwrite64,?writev,?fsync,?fdatasync,?rename,?renameat,?renameat2"  # not every machine has each
FAULTS = {"SIGKILL": "signal=KILL", "ENOSPC": "error=ENOSPC", "EIO": "error=EIO"}
MESSAGES = {
    "ENOSPC": r"(?P<path>.+) could not be written: the disk is full\. It needs (?P<needed>[\d,]+) bytes and "
    r"(?P<free>[\d,]+) bytes are free\. Make room and run the same command again; everything that was finished is "
    r"kept\.",
    "EIO": r"(?P<path>.+) could not be written \((?P<needed>[\d,]+) bytes\): Input/output error\. Mend that, or choose "
    r"another folder\.",
    "EROFS": r"(?P<path>.+) could not be written \((?P<needed>[\d,]+) bytes\): Read-only file system\. Mend that, or "
    r"choose another folder\.",
    "ENOENT": r"(?P<path>.+) could not be written \((?P<needed>[\d,]+) bytes\): there is no folder (?P<folder>.+) any "
    r"more, or there never was\. Run the same command again, which makes the folder of a run, or choose another "
    r"place\.",
}
ELSEWHERE = {  # while a writer that insists on a path writes into the folder for temporary files
    "ENOSPC": r"(?P<path>.+) could not be written: it needs more than the [\d,]+ bytes that are free in "
    r"(?P<folder>.+), the folder for temporary files\. Make room there and run the same command again; or set TMPDIR "
    r"to another folder\.",
    "EIO": r"(?P<path>.+) could not be written: Input/output error in (?P<folder>.+)\. Mend that and run the same "
    r"command again; or set TMPDIR to another folder\.",
}
TWO_KINDS = ("checkpoint", "model")  # bytes at hand, and a writer that insists on a path
KINDS = [pytest.param(TWO_KINDS, id="two-files"), pytest.param(tuple(FILES), id="every-file", marks=pytest.mark.slow)]


def strace(log, calls, *options):
    """The start of a command line that traces some calls of a command and of all that it starts."""
    # Stopping at no other call halves the time, but strace 6.1 then never sends the signal that is to be injected.
    fast = [] if any("signal=" in option for option in options) else ["--seccomp-bpf"]
    return ["strace", *fast, "-f", "-qq", "-y", "-o", log, "-e", f"trace={calls}", *options]


def inject(call, number, fault):
    """An option of `strace`: a fault in the call of that name and number, counted from 1 in each thread."""
    return "-e", f"inject={call}:{FAULTS[fault]}:when={number}"


@pytest.fixture(scope="module")
def tracing():
    if shutil.which("strace") is None:
        pytest.skip("needs strace to break off a process at a chosen system call")
    if subprocess.run([*strace(os.devnull, CALLS), "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not trace processes")


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """Every file of a run by name, as the old run has it and as the new one has it."""
    folder = tmp_path_factory.mktemp("versions")
    for version in VERSIONS:
        save(folder / version, version)
    contents = {version: contents_of(folder / version) for version in VERSIONS}
    names = [name for kind in FILES.values() for name in kind]
    assert set(contents["old"]) == set(contents["new"]) == set(names)
    assert all(contents["old"][name] != contents["new"][name] for name in names)
    return contents


def contents_of(folder):
    """The bytes of a run's files by name, without what a dead process left."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not is_leftover(path)]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def lay(folder, files):
    """Makes a run folder of files that are known."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def num_renewed(folder, versions, kinds):
    """How many files of a save are new; sees that those before it are whole and new, and all others whole and old."""
    names = [name for kind in kinds for name in FILES[kind]]
    found = contents_of(folder)
    number = sum(found.get(name) == versions["new"][name] for name in names)
    assert found == versions["old"] | {name: versions["new"][name] for name in names[:number]}
    return number


def leftovers(folder):
    return [path for path in folder.rglob("*") if is_leftover(path)]


def start_again(folder, kinds):
    """What the next start does: it clears up, and saves without a fault."""
    for place in (folder, folder / "checkpoint", folder / "figures"):
        remove_leftovers(place)
    assert not leftovers(folder)
    save(folder, "new", kinds)


class TracedSave:
    """Saves new files over old ones in a process that can be broken off at any of its calls to the disk."""

    def __init__(self, tmp_path, versions, kinds):
        self.folder, self.elsewhere, self.log = tmp_path / "run", tmp_path / "elsewhere", tmp_path / "strace.log"
        self.versions, self.kinds = versions, kinds
        self.elsewhere.mkdir()

    def run(self, *options, log=os.devnull, calls=CALLS, **more):
        lay(self.folder, self.versions["old"])
        return subprocess.run(
            [*strace(log, calls, *options), sys.executable, SCRIPT, self.folder, "new", *self.kinds],
            capture_output=True,
            text=True,
            env=os.environ | {"TMPDIR": str(self.elsewhere), "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
            **more,
        )

    def calls(self):
        """The names of the calls that a save without a fault makes, in their order; none concerns anything else."""
        finished = self.run(log=self.log)
        assert (finished.returncode, finished.stderr) == (0, "")
        lines = self.log.read_text().splitlines()
        assert all(str(self.folder) in line or str(self.elsewhere) in line for line in lines)
        return [re.match(r"\d+ +(\w+)\(", line)[1] for line in lines]


@pytest.mark.parametrize("kinds", KINDS)
def test_bytes_reach_the_disk_before_the_name_and_the_name_before_the_next_file(tracing, tmp_path, versions, kinds):
    """In the system calls of a process: write, fsync of the file, rename, fsync of the folder, file after file."""
    letters = "".join(name[0] for name in TracedSave(tmp_path, versions, kinds).calls())
    assert re.fullmatch("(w+frf)+", letters)
    assert letters.count("r") == sum(len(FILES[kind]) for kind in kinds)


@pytest.mark.parametrize("kinds", KINDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_save_that_breaks_at_any_call_leaves_each_file_old_or_new(tracing, tmp_path, versions, kinds, fault):
    """At every write, fsync and rename in turn.

    A kill comes before its call has done anything, so the one at the next call is the one right after it.
    """
    save_once = TracedSave(tmp_path, versions, kinds)
    names = [name for kind in kinds for name in FILES[kind]]
    counts, outcomes = Counter(save_once.calls()), Counter()
    for call, count in counts.items():
        for number in range(1, count + 1):
            finished = save_once.run(*inject(call, number, fault))
            renewed = num_renewed(save_once.folder, versions, kinds)
            outcomes[renewed] += 1
            if fault == "SIGKILL":
                assert finished.returncode == -signal.SIGKILL
            else:
                assert finished.returncode == 1
                check_message(finished.stderr, fault, save_once, names[max(0, renewed - 1) : renewed + 1])
                assert not leftovers(save_once.folder)
                assert not list(save_once.elsewhere.iterdir())
            start_again(save_once.folder, kinds)
            assert num_renewed(save_once.folder, versions, kinds) == len(names)
    assert set(outcomes) == set(range(len(names) + 1))  # from none of the files to all but the last fsync


def check_message(text, fault, save_once, names):
    """The path is that of the file under way, the bytes are all of it; of a writer's file nobody knows how many."""
    message = re.fullmatch(MESSAGES[fault] + "\n", text)
    elsewhere = re.fullmatch(ELSEWHERE[fault] + "\n", text)
    assert message or elsewhere, text
    name = Path((message or elsewhere)["path"]).relative_to(save_once.folder).as_posix()
    assert name in names
    if message:
        assert message["needed"] == f"{len(save_once.versions['new'][name]):,}"
    else:
        assert elsewhere["folder"] == str(save_once.elsewhere)


def test_a_kill_in_the_middle_of_a_write_leaves_the_old_file(tracing, tmp_path, versions):
    """A limit of half its size cuts the write of a checkpoint short, and a kill comes before the half is removed."""
    save_once = TracedSave(tmp_path, versions, ("checkpoint",))
    half = len(versions["new"]["checkpoint/state.npz"]) // 2
    unlink = "?unlink,?unlinkat"
    finished = save_once.run(
        *inject(unlink, 1, "SIGKILL"),
        calls=unlink,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (half, resource.RLIM_INFINITY)),
    )
    assert finished.returncode == -signal.SIGKILL
    assert [path.stat().st_size for path in leftovers(save_once.folder)] == [half]
    assert num_renewed(save_once.folder, versions, ("checkpoint",)) == 0
    start_again(save_once.folder, ("checkpoint",))
    assert num_renewed(save_once.folder, versions, ("checkpoint",)) == 1


# Disks that are full, read-only or gone


class Disk:
    """A file system of its own in memory, whose size and mode can be changed while it is in use."""

    size = "64m"

    def __init__(self, folder):
        self.folder = folder
        self.locked = []

    def resize(self, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", self.folder], check=True)

    def fill(self):
        """Leaves no page free."""
        used = os.statvfs(self.folder)
        self.resize((used.f_blocks - used.f_bfree) * used.f_frsize)

    def lock(self, folder):
        """Lets a folder be read only, whatever files are open elsewhere on the disk."""
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        self.locked.append(folder)

    def mend(self):
        while self.locked:
            subprocess.run(["umount", self.locked.pop()], check=True)
        self.resize(self.size)


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("needs a disk of its own, which only root may mount")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={Disk.size}", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs a disk of its own, and this user may not mount one")
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_disk_that_is_full_after_any_page_keeps_the_old_files_until_there_is_room(disk, versions):
    """With every number of free pages in turn, down to none: what fits is new, what does not is old, and named."""
    folder, kinds, refused = disk.folder / "run", tuple(FILES), set()
    lay(folder, versions["old"])
    page = os.statvfs(folder).f_frsize
    full = sum(-(-len(content) // page) for content in versions["old"].values())
    names = [name for kind in kinds for name in FILES[kind]]
    for num_pages in range(100):
        lay(folder, versions["old"])
        disk.resize((full + num_pages) * page)
        try:
            save(folder, "new", kinds)
            break
        except RunError as error:
            message = re.fullmatch(MESSAGES["ENOSPC"], str(error))
        renewed = num_renewed(folder, versions, kinds)
        assert Path(message["path"]) == folder / names[renewed]
        assert message["needed"] == f"{len(versions['new'][names[renewed]]):,}"
        assert int(message["free"].replace(",", "")) < int(message["needed"].replace(",", ""))
        assert not leftovers(folder)
        refused.add(names[renewed])
        disk.mend()
        save(folder, "new", kinds)
        assert num_renewed(folder, versions, kinds) == len(names)
    assert num_renewed(folder, versions, kinds) == len(names)
    assert refused == {
        *("dataset.json", "checkpoint/state.npz", "model.keras", "model.onnx", "figures/history.png", "report.html")
    }  # one page is enough for each of the others


def test_a_read_only_disk_keeps_the_old_files(disk, versions):
    """Each kind of file is refused with its path and size, and written once the disk may be written to."""
    folder = disk.folder / "run"
    lay(folder, versions["old"])
    disk.lock(disk.folder)
    for kind, names in FILES.items():
        with pytest.raises(RunError) as caught:
            save(folder, "new", (kind,))
        message = re.fullmatch(MESSAGES["EROFS"], str(caught.value))
        assert Path(message["path"]) == folder / names[0]
        assert contents_of(folder) == versions["old"]
    with pytest.raises(RunError, match=r"new cannot be written: Read-only file system\. Choose another folder"):
        make_folder(folder / "new")
    disk.mend()
    save(folder, "new")
    assert contents_of(folder) == versions["new"]


def train(dataset, folder):
    """Three epochs, with a checkpoint after the first and the second."""
    recipe = dataclasses.replace(RECIPES["mlp"], epochs=3, batch_size=32)
    return training.train(recipe, dataset, folder, progress=False, checkpoint_seconds=0)


@pytest.fixture(scope="module")
def undisturbed(tiny_mnist, tmp_path_factory):
    return train(tiny_mnist, tmp_path_factory.mktemp("undisturbed") / "run").digests()


def break_second_save(monkeypatch, trouble):
    """Lets something happen right before the second checkpoint of a training."""
    save_checkpoint, numbers = Checkpoint.save, iter((1, 2))

    def save_in_trouble(checkpoint, state):
        if next(numbers) == 2:
            trouble()
        save_checkpoint(checkpoint, state)

    monkeypatch.setattr(Checkpoint, "save", save_in_trouble)


@pytest.mark.parametrize(("trouble", "text"), [("full", MESSAGES["ENOSPC"]), ("read-only", MESSAGES["EROFS"])])
def test_a_training_goes_on_from_its_checkpoint_when_the_disk_is_mended(
    disk, tiny_mnist, undisturbed, monkeypatch, trouble, text
):
    """The second checkpoint of three epochs cannot be written: the first stays, and the run ends as any other."""
    run = Run(disk.folder / "run")
    with monkeypatch.context() as patch:
        break_second_save(
            patch, {"full": disk.fill, "read-only": lambda: disk.lock(run.checkpoint_path.parent)}[trouble]
        )
        with pytest.raises(RunError) as caught:
            train(tiny_mnist, run.folder)
    message = re.fullmatch(text, str(caught.value))
    assert Path(message["path"]) == run.checkpoint_path
    assert int(message["needed"].replace(",", "")) == pytest.approx(run.checkpoint_path.stat().st_size, rel=0.001)
    assert Checkpoint(run.checkpoint_path, 10).num_calls == 1
    disk.mend()
    assert train(tiny_mnist, run.folder).digests() == undisturbed


def test_a_training_whose_folder_vanishes_says_so_and_begins_again(tiny_mnist, tmp_path, undisturbed, monkeypatch):
    """Somebody deletes the run folder between two checkpoints."""
    run = Run(tmp_path / "run")
    with monkeypatch.context() as patch:
        break_second_save(patch, lambda: shutil.rmtree(run.folder))
        with pytest.raises(RunError) as caught:
            train(tiny_mnist, run.folder)
    message = re.fullmatch(MESSAGES["ENOENT"], str(caught.value))
    assert (Path(message["path"]), Path(message["folder"])) == (run.checkpoint_path, run.checkpoint_path.parent)
    assert int(message["needed"].replace(",", "")) > 2e6  # the network alone
    assert not run.folder.exists()
    assert train(tiny_mnist, run.folder).digests() == undisturbed


# The command line, in processes of its own

# The command `mnistlab`, but with a checkpoint after every epoch: these trainings are over before ten seconds are.
MNISTLAB = """
import functools
from mnistlab import training
training.train = functools.partial(training.train, checkpoint_seconds=0)
from mnistlab.cli.main import main
main()
"""


def command(folder, data):
    return ("train", "mlp", "--epochs", "3", "--batch-size", "32", "--data", data, "--out", folder)


def run_traced(folder, data, *options, log=os.devnull):
    return subprocess.run(
        [*strace(log, CALLS, *options), sys.executable, "-c", MNISTLAB, *command(folder, data)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_command_killed_at_any_rename_is_finished_by_the_same_command(tracing, tiny_folder, tmp_path):
    """At every second one, from the recipe over checkpoint, networks and figures to the report."""
    log, undisturbed = tmp_path / "strace.log", tmp_path / "undisturbed"
    assert run_traced(undisturbed, tiny_folder, log=log).returncode == 0
    expected, whole = Run(undisturbed).require().digests(), contents_of(undisturbed)
    (call,), num_renames = zip(*Counter(re.findall(r"\d+ +(rename\w*)\(", log.read_text())).items(), strict=True)
    assert num_renames == (len(whole) + 2,)  # and two checkpoints
    for number in range(2, num_renames[0] + 1, 2):
        folder = tmp_path / f"killed{number}"
        killed = run_traced(folder, tiny_folder, *inject(call, number, "SIGKILL"))
        assert killed.returncode == -signal.SIGKILL
        left = contents_of(folder)
        assert all(left[name] == whole[name] for name in left if name in expected)
        finished = run_mnistlab(*command(folder, tiny_folder))
        assert finished.returncode == 0, finished.stderr
        assert Run(folder).require().digests() == expected
        assert set(contents_of(folder)) == set(whole)
        assert not leftovers(folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "name", "num_calls"), [("2m", "state.npz", 0), ("12m", "state.npz", 1), ("17m", "model.onnx", 2)]
)
def test_a_command_on_a_full_disk_is_finished_by_the_same_command(disk, tiny_folder, tmp_path, size, name, num_calls):
    """Disks that are too small for the first checkpoint, for a second beside it, and for the ONNX file."""
    undisturbed, folder = tmp_path / "undisturbed", disk.folder / "run"
    assert run_mnistlab(*command(undisturbed, tiny_folder)).returncode == 0
    disk.resize(size)
    stopped = subprocess.run(
        [sys.executable, "-c", MNISTLAB, *command(folder, tiny_folder)], capture_output=True, text=True, check=False
    )
    assert stopped.returncode == 1
    message = re.fullmatch(MESSAGES["ENOSPC"] + "\n", stopped.stderr)
    assert message, stopped.stderr
    assert Path(message["path"]).name == name
    assert int(message["free"].replace(",", "")) < int(message["needed"].replace(",", ""))
    assert Checkpoint(Run(folder).checkpoint_path, 10).num_calls == num_calls
    assert not leftovers(folder)
    disk.mend()
    finished = run_mnistlab(*command(folder, tiny_folder))
    assert finished.returncode == 0, finished.stderr
    assert ("goes on from its last checkpoint" in finished.stdout) == (num_calls > 0)
    assert Run(folder).require().digests() == Run(undisturbed).digests()


@pytest.mark.slow
def test_a_command_in_a_read_only_folder_ends_with_one_line(disk, tiny_folder):
    """It changes nothing, and works once the folder may be written to."""
    disk.lock(disk.folder)
    refused = run_mnistlab(*command(disk.folder / "run", tiny_folder))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"{disk.folder / 'run'} cannot be written: Read-only file system. Choose another folder with --out.\n"
    )
    disk.mend()
    assert not list(disk.folder.iterdir())
    assert run_mnistlab(*command(disk.folder / "run", tiny_folder)).returncode == 0
