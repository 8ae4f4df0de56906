"""What experiments found, as the page charts it: every figure is one of the results."""

import json
import subprocess
import sys

import pytest

from benchmarks.measure import questions
from live_server import client_of
from mnistlab.server.experiments import charts
from mnistlab.server.settings import Settings
from repository import BENCHMARKS

MEASURED = json.loads((BENCHMARKS / "results" / "questions.json").read_text(encoding="utf-8"))


@pytest.fixture
def client(tmp_path):
    with client_of(Settings(runs=tmp_path / "runs")) as made:
        yield made


def test_what_ships_is_what_was_measured(tmp_path):
    """The file is what the program that measures would write."""
    questions.publish(MEASURED, tmp_path / "published.json")
    assert (tmp_path / "published.json").read_bytes() == charts.PUBLISHED_PATH.read_bytes()
    assert set(questions.EXPERIMENTS) == set(MEASURED) == set(charts.COMMANDS)


def test_experiments_are_listed_with_question_and_answer(client):
    listed = client.get("/api/experiments").json()["experiments"]
    assert {one["id"] for one in listed} == set(MEASURED)
    for one in listed:
        assert one["answer"] == MEASURED[one["id"]]["answer"]
        assert (one["question"], one["source"]) == (MEASURED[one["id"]]["question"], "published")


def points_of(chart):
    return {(series["name"], point["x"]): point for series in chart["series"] for point in series["points"]}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("batch-size", lambda group: (group["view"], group["batch_size"])),
        ("label-noise", lambda group: (group["model"], group["alpha"])),
        ("biased-noise", lambda group: (group["model"], 100 * group["bias"])),
        ("compare", lambda group: ("", group["recipe"])),
    ],
)
def test_every_mean_is_on_the_chart_with_its_interval(client, name, key):
    found = client.get(f"/api/experiments/{name}").json()
    points = points_of(found["charts"][0])
    assert len(points) == len(MEASURED[name]["groups"])
    for group in MEASURED[name]["groups"]:
        point, accuracy = points[key(group)], group["accuracy"]
        expected = [100 * accuracy[end] for end in ("mean", "low", "high")]
        assert [point["y"], point["low"], point["high"]] == pytest.approx(expected, abs=1e-5)
        assert point["low"] <= point["y"] <= point["high"]
        assert point["num"] == group["num_seeds"]
    assert found["command"].startswith("mnistlab experiment ")
    for chart in found["charts"][1:]:
        assert set(points_of(chart)) == set(points)


def test_augmentation_is_charted_as_differences(client):
    (chart,) = client.get("/api/experiments/augmentation").json()["charts"]
    groups = [group for group in MEASURED["augmentation"]["groups"] if group["difference"]]
    shown = [point["y"] for point in chart["series"][0]["points"]]
    assert shown == pytest.approx([100 * group["difference"]["mean"] for group in groups], abs=1e-5)


def test_the_users_own_experiments_come_after(client, tmp_path):
    own = tmp_path / "experiments" / "My batches"
    own.mkdir(parents=True)
    single = json.loads(json.dumps(MEASURED["batch-size"]))
    for group in single["groups"]:  # one seed: no interval
        group["accuracy"] |= {"low": None, "high": None, "num": 1}
        group["seconds"] |= {"low": None, "high": None, "num": 1}
    (own / "results.json").write_text(json.dumps(single))
    listed = client.get("/api/experiments").json()["experiments"]
    assert [one["source"] for one in listed] == ["published"] * len(MEASURED) + ["own"]
    found = client.get(f"/api/experiments/{listed[-1]['id']}").json()
    assert found["folder"] == str(own) and found["title"] == "My batches"
    assert {point["low"] for point in points_of(found["charts"][0]).values()} == {None}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        '{"experiment": "batch-size"}',
        json.dumps(MEASURED["compare"] | {"experiment": "unheard of"}),
        json.dumps(MEASURED["compare"] | {"groups": [{"recipe": "mlp"}]}),
        json.dumps(MEASURED["compare"] | {"groups": None}),
        json.dumps(MEASURED["compare"]).replace("0.98186", "NaN"),
        json.dumps(MEASURED["compare"]).replace('"environment": {', '"environment": "none", "other": {'),
        "[" * 100_000,
    ],
    ids=range(10),
)
def test_results_that_are_none_are_left_out(client, tmp_path, content):
    folder = tmp_path / "runs" / "mine"
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(content)
    assert len(client.get("/api/experiments").json()["experiments"]) == len(MEASURED)
    assert client.get("/api/experiments/own-mine").status_code == 404


def test_the_commands_are_commands():
    """Each is one that the command line takes."""
    for arguments in charts.COMMANDS.values():
        asked = [sys.executable, "-m", "mnistlab", "experiment", *arguments, "--help"]
        assert subprocess.run(asked, capture_output=True, check=False).returncode == 0
