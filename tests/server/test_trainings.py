"""Trainings from the page: they outlive the server, end when asked to, and go on as if nothing had happened."""

import contextlib
import dataclasses
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_server import client_of, finished_run, live_server
from mnistlab.cli.train import train as train_command
from mnistlab.recipes import AUGMENTATIONS, MAX_SEED, RECIPES, to_arguments
from mnistlab.runs import Run
from mnistlab.runs.folders import begin
from mnistlab.runs.progress import PROGRESS_FILE
from mnistlab.server.settings import Settings
from mnistlab.server.training.process import Start, ask_to_end, command_of, read_start
from mnistlab.server.training.schemas import ChosenRecipe, describe_run
from mnistlab.server.training.status import Place, status_of
from mnistlab.server.training.trainings import NOTES, Trainings
from processes import run_mnistlab

PATIENCE = 300  # seconds; a busy machine may take long, and what never comes is still found
LONG = {"recipe": "mlp", "epochs": 6, "batch_size": 1, "seed": 7}  # 3,600 steps, some seconds


def events_of(server, run, last=None, until=lambda name, data: False):
    """What comes of a run's events, as (id, name, data), until one that is waited for, or the end."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    found, event = [], {}
    with httpx.stream(
        "GET", f"http://127.0.0.1:{server.port}/api/runs/{run}/events", headers=headers, timeout=PATIENCE
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line and name:
                event[name] = value
            elif event:
                data = json.loads(event["data"])
                found.append((int(event["id"]) if "id" in event else None, event["event"], data))
                event = {}
                if until(*found[-1][1:]):
                    break
    return found


def own_of(listed):
    """The list of runs without the recordings that ship."""
    return listed | {"runs": [report for report in listed["runs"] if not report["id"].startswith("shipped-")]}


def report_of(server, run):
    return json.loads(server.get(f"/api/runs/{run}")[2])


def wait_until_ended(server, run):
    deadline = time.monotonic() + PATIENCE
    while (report := report_of(server, run))["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return report


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
def test_a_training_outlives_the_server_is_stopped_by_the_next_and_goes_on(tiny_folder, tmp_path):
    """The whole life of a training: started, watched, left alone, found again, stopped, resumed, finished."""
    runs = tmp_path / "runs"
    with live_server(runs, data=str(tiny_folder)) as server:
        status, _, body = server.post("/api/runs", LONG)
        assert (status, json.loads(body)) == (201, {"id": "mlp"})
        status, _, body = server.post("/api/runs", LONG)
        assert status == 409 and "mlp is still running" in json.loads(body)["error"]
        seen = events_of(server, "mlp", until=lambda name, _: name == "epoch")
        assert [number for number, _, _ in seen if number] == list(range(1, seen[-1][0] + 1))
        assert {name for _, name, _ in seen} == {"state", "begin", "step", "epoch"}
        assert seen[0][2]["phase"] == "starting"
        process = read_start(runs / NOTES / "mlp.json").pid
        os.kill(process, signal.SIGSTOP)  # so that it is not finished before the next server is there
    # The server is dead; the training is not.
    assert command_of(process)
    with live_server(runs, data=str(tiny_folder)) as server:
        assert json.loads(server.get("/api/runs")[2])["running"] == "mlp"
        assert server.post("/api/runs", LONG)[0] == 409
        os.kill(process, signal.SIGCONT)
        later = events_of(server, "mlp", last=seen[-1][0], until=lambda name, _: name == "step")
        assert min(number for number, _, _ in later if number) == seen[-1][0] + 1
        os.kill(process, signal.SIGSTOP)
        assert server.post("/api/runs/mlp/stop", {})[0] == 202
        os.kill(process, signal.SIGCONT)
        stopped = wait_until_ended(server, "mlp")
        assert (stopped["state"], stopped["resumable"], stopped["message"]) == ("stopped", True, None)
        assert 0 < stopped["epochs_done"] < LONG["epochs"]
        assert (runs / "mlp" / "checkpoint" / "state.npz").exists()
        assert server.post("/api/runs/mlp/stop", {})[0] == 409
        assert server.post("/api/runs/mlp/resume", {})[0] == 202
        assert server.post("/api/runs/mlp/resume", {})[0] == 409
        rest = events_of(server, "mlp", last=later[-1][0])
        assert rest[-1][1:] == ("state", report_on_disk(runs))
        assert [name for _, name, _ in rest].count("begin") == 1
        last = max(number for number, _, _ in rest if number)
        assert events_of(server, "mlp", last=last) == [(None, "state", report_on_disk(runs))]
        finished = report_of(server, "mlp")
        assert len(finished["history"]) == finished["epochs_done"] == LONG["epochs"]
        assert server.post("/api/runs/mlp/resume", {})[0] == 409
        assert not zombies_of(server.process.pid)
    # The command that the page shows makes the same run, without a page.
    words = finished["command"].split()
    assert words[:3] == ["mnistlab", "train", "mlp"]
    assert run_mnistlab(*words[1:-1], tmp_path / "alone").returncode == 0
    assert Run(runs / "mlp").require().digests() == Run(tmp_path / "alone").require().digests()


def report_on_disk(runs):
    place = Place("mlp", runs / "mlp", "mlp", read_start(runs / NOTES / "mlp.json"), runs / NOTES / "mlp.log")
    return describe_run(status_of(place))


def zombies_of(pid):
    listed = subprocess.run(["ps", "-o", "stat=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [line for line in listed.stdout.splitlines() if line.startswith("Z")]


def test_a_training_that_fails_says_why(tiny_folder, tmp_path):
    data = shutil.copytree(tiny_folder, tmp_path / "data")
    (data / "train-labels-idx1-ubyte").write_bytes(b"no labels")
    with live_server(tmp_path / "runs", data=str(data)) as server:
        assert server.post("/api/runs", {"recipe": "fast", "name": "mine"})[0] == 201
        failed = wait_until_ended(server, "mine")
        assert (failed["state"], failed["recipe"], failed["resumable"]) == ("failed", "fast", True)
        assert "train-labels-idx1-ubyte" in failed["message"] and failed["message"].endswith(".")
        assert not (tmp_path / "runs" / "mine").exists()
        status, _, body = server.post("/api/runs", {"recipe": "fast", "name": "mine"})
        assert status == 409 and "taken" in json.loads(body)["error"]
    with client_of(Settings(runs=tmp_path / "runs")) as client:  # a later server knows it too
        assert client.get("/api/runs/mine").json()["message"] == failed["message"]


def test_only_a_process_that_trains_there_is_asked_to_end(tmp_path):
    """Some other program owns the folder; that its number stands in the note proves nothing."""
    folder = tmp_path / "runs" / "mlp"
    folder.mkdir(parents=True)
    begin(folder, RECIPES["mlp"], {"name": "MNIST", "fingerprint": "0" * 64})
    code = (
        "import sys, time; from pathlib import Path; from mnistlab.system.locks import lock\n"
        "with lock(Path(sys.argv[1])): print('mine', flush=True); time.sleep(60)"
    )
    with owner_of(folder, code) as process, client_of(Settings(runs=tmp_path / "runs")) as client:
        listed = client.get("/api/runs").json()
        assert (listed["running"], listed["runs"][0]["state"]) == ("mlp", "running")
        answer = client.post("/api/runs/mlp/stop", json={})
        assert answer.status_code == 409 and "started by another program" in answer.json()["error"]
        note = Start("", (sys.executable, "-m", "mnistlab", "train"), process.pid, 0.0)
        assert not ask_to_end(folder, note)
        assert client.post("/api/runs", json={"recipe": "mlp"}).status_code == 409
        time.sleep(0.2)
        assert process.poll() is None
    with client_of(Settings(runs=tmp_path / "runs")) as client:
        assert client.get("/api/runs/mlp").json()["state"] == "stopped"
        assert client.post("/api/runs/mlp/stop", json={}).status_code == 409


@contextlib.contextmanager
def owner_of(folder, code):
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "mine\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_runs_of_all_kinds_are_told_apart(tmp_path):
    runs = tmp_path / "runs"
    finished_run(runs / "done")
    finished_run(runs / "Deep Down" / "done", seed=1)
    damaged = finished_run(runs / "damaged", seed=2)
    (damaged / "metrics.json").unlink()
    (runs / "special").mkdir()
    begin(runs / "special", dataclasses.replace(RECIPES["mlp"], max_steps=9), {"name": "MNIST", "fingerprint": "0"})
    (runs / NOTES).mkdir()
    start = Start(RECIPES["mlp"].to_toml(), ("python",), 2**22 + 1, 0.0, -signal.SIGKILL)
    for name in ("killed", "..", "Not An Id", "shipped-mine", "x" * 65):
        (runs / NOTES / f"{name}.json").write_text(json.dumps(dataclasses.asdict(start)))
    finished = dataclasses.replace(start, exit_code=0)  # whose folder somebody deleted
    (runs / NOTES / "gone.json").write_text(json.dumps(dataclasses.asdict(finished)))
    (runs / NOTES / "worse.json").write_text('{"pid": 1e999}')
    with client_of(Settings(runs=runs)) as client:
        listed = {report["id"]: report for report in own_of(client.get("/api/runs").json())["runs"]}
        states = {run: report["state"] for run, report in listed.items()}
        deep = next(run for run in states if run.startswith("deep-down-done-"))
        assert states == {
            **{"done": "finished", deep: "finished", "damaged": "damaged", "special": "stopped", "killed": "failed"}
        }
        assert listed["done"]["network"] == "done" and listed["done"]["test_accuracy"] == 0.9875
        assert "signal 9" in listed["killed"]["message"] and listed["killed"]["resumable"]
        assert "metrics.json" in listed["damaged"]["message"]
        assert not listed["special"]["resumable"]
        refused = client.post("/api/runs/special/resume", json={})
        assert refused.status_code == 409 and "no option can give" in refused.json()["error"]
        assert client.get("/api/runs/special").json()["command"] is None
        known = {one["id"] for one in client.get("/api/networks").json()["networks"]}
        assert {run for run, report in listed.items() if report["network"]} <= known


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"recipe": "no such"},
        {"recipe": "mlp", "epochs": 0},
        {"recipe": "mlp", "epochs": 101},
        {"recipe": "mlp", "batch_size": 10_001},
        {"recipe": "mlp", "learning_rate": 0},
        {"recipe": "mlp", "learning_rate": "1e999"},
        {"recipe": "mlp", "seed": MAX_SEED + 1},
        {"recipe": "mlp", "name": "../up"},
        {"recipe": "mlp", "name": "Upper"},
        {"recipe": "mlp", "out": "elsewhere"},
    ],
    ids=str,
)
def test_orders_out_of_bounds_start_nothing(order, tmp_path):
    with client_of(Settings(runs=tmp_path / "runs")) as client:
        answer = client.post("/api/runs", json=order)
        assert answer.status_code == 422 and answer.json()["error"].endswith(".")
        assert client.post("/api/runs", json={"recipe": "mlp", "name": "shipped-x"}).status_code == 409
        for path in ("", "/events", "/stop", "/resume"):
            method = client.get if path in ("", "/events") else client.post
            assert method(f"/api/runs/none{path}", **({} if method == client.get else {"json": {}})).status_code == 404
    assert not (tmp_path / "runs").exists()


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "epochs": st.integers(1, 100),
        "batch_size": st.integers(1, 10_000),
        "learning_rate": st.floats(1e-6, 1.0),
        "augmentation": st.booleans(),
        "seed": st.integers(0, MAX_SEED),
    },
)


@given(st.sampled_from(sorted(RECIPES)), SETTINGS)
def test_the_command_line_gives_exactly_the_recipe(name, settings):
    """As click reads the arguments, independently of what wrote them."""
    recipe = ChosenRecipe(recipe=name, **settings).make()
    parsed = train_command.make_context("train", to_arguments(recipe)).params
    fields = {field.name for field in dataclasses.fields(recipe)}
    given_options = {key: value for key, value in parsed.items() if key in fields and value is not None}
    if "augmentation" in given_options:
        given_options["augmentation"] = AUGMENTATIONS[given_options["augmentation"]]
    assert dataclasses.replace(RECIPES[parsed["recipe"]], **given_options) == recipe
    wanted = settings.get("augmentation")
    assert wanted is None or (recipe.augmentation is not None) == wanted


@pytest.mark.parametrize("data", [None, 'the "data"'])
def test_code_trains_what_the_form_says(tmp_path, data):
    """As a shell and Python read it, in a folder whose name has quotes and turns the direction of writing."""
    runs, data = tmp_path / 'it\'s \u202emy "runs"', None if data is None else tmp_path / data
    order = {"recipe": "cnn", "batch_size": 32.0, "learning_rate": 0.001, "augmentation": False}
    recipe, folder = (
        RECIPES["cnn"].override(["batch_size=32", "augmentation=none"]),
        runs / "cnn-size32-augmentationnone",
    )
    with client_of(Settings(runs=runs, data=data)) as client:
        code = client.post("/api/recipes/code", json=order).json()
        for wrong in ({"name": "mine"}, {"epochs": 101}, {"epochs": 1.5}, {"epochs": "3"}, {"epochs": True}):
            assert client.post("/api/recipes/code", json=order | wrong).status_code == 422
        finished_run(runs / "done")
        shown = client.get("/api/runs/done").json()
    options = [] if data is None else ["--data", str(data)]
    chosen = ["cnn", "--batch-size", "32", "--augmentation", "none"]
    assert shlex.split(code["command"]) == ["mnistlab", "train", *chosen, *options, "--out", str(folder)]
    assert shlex.split(shown["command"]) == ["mnistlab", "train", "cnn", *options, "--out", str(runs / "done")]
    for python, expected, where in ((code["python"], recipe, folder), (shown["python"], RECIPES["cnn"], runs / "done")):
        assert all(line.isprintable() for line in python.splitlines())
        *imports, definition, training = python.splitlines()
        names = {"dataclasses": dataclasses, "RECIPES": RECIPES, "print": lambda trained: trained}
        names |= {"training": SimpleNamespace(train=lambda *arguments: arguments)}
        names |= {"load_mnist": lambda: None, "load_idx": lambda folder: folder}
        exec(definition, names)
        assert eval(training, names) == (expected, None if data is None else str(data), str(where))
        assert ("from mnistlab.datasets import load_mnist" in imports) == (data is None)


def test_a_run_whose_name_json_cannot_hold_is_left_out(tmp_path):
    finished_run(tmp_path / "good")
    try:
        finished_run(Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xffd")), seed=1)
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    with client_of(Settings(runs=tmp_path)) as client:
        assert [report["id"] for report in own_of(client.get("/api/runs").json())["runs"]] == ["good"]
        own = [one["id"] for one in client.get("/api/networks").json()["networks"] if one["source"] == "run"]
        assert own == ["good"]


def test_every_event_says_how_long_the_rest_will_take(tmp_path):
    """At the speed of the last steps since the training began or went on; what an interruption undid does not count."""
    folder = finished_run(tmp_path / "runs" / "done")
    begin_first = {"event": "begin", "step": 0, "num_steps": 100, "seconds": 0, "process": 1, "history": []}
    steps = [{"step": 10 * n, "epoch": 1, "loss": 0.5, "accuracy": 0.8, "seconds": 2.0 * n} for n in range(1, 6)]
    slow = [{"step": 10 * n, "epoch": 1, "loss": 0.5, "accuracy": 0.8, "seconds": 50.0 + 4 * n} for n in (4, 5)]
    lines = [
        begin_first,
        *({"event": "step"} | step for step in steps),
        begin_first | {"step": 30, "seconds": 6.0, "process": 2},
        *({"event": "step"} | step for step in slow),
    ]
    (folder / PROGRESS_FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    with client_of(Settings(runs=tmp_path / "runs")) as client:
        whole, rest = (
            [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
            for text in (
                client.get("/api/runs/done/events").text,
                client.get("/api/runs/done/events", headers={"Last-Event-ID": "6"}).text,
            )
        )
    left = [None, None, 16.0, 14.0, 12.0, 10.0, None, None, 20.0, None]  # the last one is the finished run's state
    assert [event["left_seconds"] for event in whole] == left
    assert rest == whole[6:]
    assert [event["steps"] for event in whole if "steps" in event] == [[], steps[:3]]


def test_events_of_a_finished_run_come_at_once_and_resume_by_their_numbers(tmp_path):
    folder = finished_run(tmp_path / "runs" / "done")
    step = {"event": "step", "epoch": 1, "loss": 0.5, "accuracy": 0.8, "seconds": 1.0}
    lines = [
        {"event": "begin", "step": 0, "num_steps": 3, "seconds": 0, "process": 1, "history": []},
        *({**step, "step": number} for number in (1, 2, 3)),
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / PROGRESS_FILE).write_text(text.replace('"step": 2}', '"step": no}') + '{"event": "st')
    with client_of(Settings(runs=tmp_path / "runs")) as client:
        whole = client.get("/api/runs/done/events").text
        assert [line for line in whole.splitlines() if line.startswith("id")] == ["id: 1", "id: 2", "id: 4"]
        assert whole.count("event: state") == 1 and '"state": "finished"' in whole
        rest = client.get("/api/runs/done/events", headers={"Last-Event-ID": "2"}).text
        assert [line for line in rest.splitlines() if line.startswith("id")] == ["id: 4"]
        last = client.get("/api/runs/done/events", headers={"Last-Event-ID": "4"}).text
        assert last.startswith("event: state") and '"state": "finished"' in last  # whoever lost it waits for it
        assert client.get("/api/runs/done/events", headers={"Last-Event-ID": "no number"}).text == whole
        assert [row["step"] for row in client.get("/api/runs/done").json()["steps"]] == [1, 3]


def test_a_server_that_can_write_nowhere_says_so(tmp_path):
    (tmp_path / "runs").write_text("a file")
    with client_of(Settings(runs=tmp_path / "runs")) as client:
        assert own_of(client.get("/api/runs").json()) == {"runs": [], "running": None}
        answer = client.post("/api/runs", json={"recipe": "mlp"})
        assert answer.status_code == 422 and "cannot be written" in answer.json()["error"]


def test_the_list_is_quick_with_many_runs(tmp_path):
    for number in range(30):
        finished_run(tmp_path / f"run-{number}", seed=number)
    trainings = Trainings(tmp_path)
    assert len(trainings.statuses()) == 32  # with two recordings
    known = trainings.statuses()
    assert all(one is other for one, other in zip(known, trainings.statuses(), strict=True))  # not read again
