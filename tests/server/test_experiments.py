"""What experiments found, as the page charts it: every figure is one of the results."""

import dataclasses
import json
import re
import subprocess
import sys

import pytest

from benchmarks.measure import questions
from live_server import client_of
from mnistlab.evaluation.charts import Axis, Chart
from mnistlab.experiments import augmentation_ranges, batch_size, comparison, label_noise
from mnistlab.experiments.cells import Training
from mnistlab.experiments.experiment import Experiment, Findings, run_experiment
from mnistlab.experiments.published import PUBLISHED
from mnistlab.experiments.summaries import by_place, mean_series, summarize
from mnistlab.recipes import RECIPES
from mnistlab.server.experiments.results import PUBLISHED_PATH
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
    assert (tmp_path / "published.json").read_bytes() == PUBLISHED_PATH.read_bytes()
    assert set(questions.ARGUMENTS) == set(MEASURED) == set(PUBLISHED)


def lines(name, chart):
    """The values of a chart: of each line, its points by their places."""
    series = MEASURED[name]["charts"][chart]["series"]
    return {one["name"]: {point["x"]: point for point in one["points"]} for one in series}


def test_the_one_sentence_about_each_experiment_is_what_was_measured():
    """They are written by hand: whoever measures anew is told which of them no longer holds."""
    accuracy, seconds = (lines("batch-size", chart)["equal epochs"] for chart in ("accuracy", "seconds"))
    assert max(accuracy, key=lambda size: accuracy[size]["y"]) == 128
    assert seconds[32]["y"] > seconds[128]["y"] and all(
        accuracy[size]["y"] < accuracy[128]["y"] for size in (512, 2048, 10_000)
    )
    accuracy, seconds = (lines("compare", chart)[""] for chart in ("accuracy", "seconds"))
    assert 100 - accuracy["cnn"]["y"] < (100 - accuracy["mlp"]["y"]) / 2
    assert 7.5 < seconds["cnn"]["y"] / seconds["mlp"]["y"] < 8.5
    assert 90 <= lines("label-noise", "accuracy")["cnn"][100]["y"] < 95
    biased = lines("biased-noise", "accuracy")["mlp, alpha 20"]
    assert all((point["y"] > 50) == (share < 0.05) for share, point in biased.items())
    assert all("no evidence of a difference" in one for one in MEASURED["augmentation"]["answer"][1:])


def test_published_results_are_said_in_german(client):
    """Every sentence, title and name but those that are the same in German, with the same numbers."""
    same = {"mlp", "cnn", "softmax", "mlp, alpha 20", "%", "s", ""}
    for name in MEASURED:
        english, german = (
            client.get(f"/api/experiments/{name}", headers={"Accept-Language": language}).json()
            for language in ("en", "de")
        )
        for one, other in zip(texts(english), texts(german), strict=True):
            assert (one == other) == (one in same), one
            assert numbers(one, ",") == numbers(other.replace("\xa0", " "), "."), other


def texts(found):
    charts = [
        text
        for chart in found["charts"]
        for text in (
            *(chart["title"], *(chart[axis][part] for axis in ("x", "y") for part in ("title", "unit"))),
            *(text for one in chart["series"] for text in (one["name"], *(point["x"] for point in one["points"]))),
        )
    ]
    return [
        text
        for text in (found["question"], found["title"], *found["answer"], *found["method"], *charts)
        if isinstance(text, str)
    ]


def numbers(text, group):
    """The digits of a text, without what stands between thousands and before decimals, and without words of numbers."""
    found = re.findall(rf"\d(?:[\d{group}]*\d)?(?:[.,]\d+)?", text.replace("91 %", ""))
    return sorted(one.replace(",", "").replace(".", "") for one in found if one not in ("1705.10694",))


@pytest.mark.parametrize(
    ("name", "charts"),
    [
        ("batch-size", batch_size.charts),
        ("compare", comparison.charts),
        ("label-noise", lambda groups: label_noise.charts(groups, by_bias=False)),
        ("biased-noise", lambda groups: label_noise.charts(groups, by_bias=True)),
        ("augmentation", augmentation_ranges.charts),
    ],
)
def test_measured_charts_are_those_of_the_groups(name, charts):
    made = {key: chart.to_plain() for key, chart in charts(MEASURED[name]["groups"]).items()}
    assert made.items() <= MEASURED[name]["charts"].items()
    assert {key: Chart.from_plain(plain).to_plain() for key, plain in made.items()} == made


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
        ("biased-noise", lambda group: (f"{group['model']}, alpha {group['alpha']}", group["bias"])),
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


def write_own(folder, results):
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(json.dumps(results))


def changed(change):
    """Results with a change to them."""
    results = json.loads(json.dumps(MEASURED["batch-size"]))
    change(results)
    return results


def forget_intervals(results):
    for chart in results["charts"].values():
        for series in chart["series"]:
            for point in series["points"]:
                point |= {"low": None, "high": None, "num": 1}


def test_the_users_own_experiments_come_after(client, tmp_path):
    own = tmp_path / "experiments" / "My batches"
    write_own(own, changed(forget_intervals))  # one seed
    listed = client.get("/api/experiments").json()["experiments"]
    assert [one["source"] for one in listed] == ["published"] * len(MEASURED) + ["own"]
    found = client.get(f"/api/experiments/{listed[-1]['id']}").json()
    assert found["folder"] == str(own) and found["title"] == "My batches"
    assert {point["low"] for point in points_of(found["charts"][0]).values()} == {None}


def test_results_of_an_older_version_are_shown_without_charts(client, tmp_path):
    write_own(tmp_path / "experiments" / "old", changed(lambda results: results.pop("charts")))
    heading = client.get("/api/experiments").json()["experiments"][-1]
    found = client.get(f"/api/experiments/{heading['id']}").json()
    assert (found["question"], found["answer"]) == tuple(MEASURED["batch-size"][key] for key in ("question", "answer"))
    assert found["charts"] == []


def test_an_experiment_that_nobody_knows_appears_with_its_charts(client, tiny_mnist, tmp_path):
    """Nothing in the server names an experiment: what one found is enough."""

    def conclude(rows, _dataset, _folder):
        groups = [{"rate": rate, **summarize(group)} for (rate,), group in by_place(rows, "rate")]
        means = mean_series(groups, "rate", "accuracy", factor=100)
        chart = Chart("Test accuracy", Axis("learning rate", scale="log"), Axis("test accuracy", "%"), means, "Told.")
        return Findings(["Larger steps are better."], groups, {"accuracy": chart})

    small = dataclasses.replace(RECIPES["mlp"], epochs=1, batch_size=200)
    trainings = [
        Training({"rate": rate}, dataclasses.replace(small, learning_rate=rate, seed=seed))
        for rate in (0.001, 0.01)
        for seed in (0, 1)
    ]
    invented = Experiment("learning-rate", "How large a step is best?", ["By trying."], trainings, conclude)
    folder = tmp_path / "experiments" / "rates"
    findings = run_experiment(invented, tiny_mnist, folder, progress=False)

    heading = client.get("/api/experiments").json()["experiments"][-1]
    assert (heading["question"], heading["answer"]) == ("How large a step is best?", ["Larger steps are better."])
    (chart,) = client.get(f"/api/experiments/{heading['id']}").json()["charts"]
    assert chart["x"] == {"title": "learning rate", "unit": "", "scale": "log"}
    assert (chart["y"]["title"], chart["y"]["unit"]) == ("test accuracy", "%")
    for group in findings.groups:
        point = points_of(chart)["", group["rate"]]
        assert point["y"] == pytest.approx(100 * group["accuracy"]["mean"], abs=1e-5)
        assert (point["num"], point["low"] < point["y"] < point["high"]) == (2, True)
    assert (folder / "figures" / "accuracy.png").is_file()
    assert "Told." in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        '{"experiment": "batch-size"}',
        json.dumps(MEASURED["compare"] | {"charts": [{"title": "Test accuracy"}]}),
        json.dumps(MEASURED["compare"] | {"charts": {"accuracy": {"title": "Test accuracy"}}}),
        json.dumps(MEASURED["compare"] | {"charts": None}),
        json.dumps(MEASURED["compare"]).replace("98.186", "NaN"),
        json.dumps(MEASURED["compare"]).replace("98.186", "1" + 400 * "0"),
        json.dumps(MEASURED["compare"]).replace('"scale": "zero"', '"scale": "unheard of"'),
        json.dumps(MEASURED["compare"]).replace('"environment": {', '"environment": "none", "other": {'),
        "[" * 100_000,
    ],
    ids=range(12),
)
def test_results_that_are_none_are_left_out(client, tmp_path, content):
    folder = tmp_path / "runs" / "mine"
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(content)
    assert len(client.get("/api/experiments").json()["experiments"]) == len(MEASURED)
    assert client.get("/api/experiments/own-mine").status_code == 404


def test_the_commands_are_commands():
    """Each is one that the command line takes."""
    for _, arguments in PUBLISHED.values():
        asked = [sys.executable, "-m", "mnistlab", "experiment", *arguments.split(), "--help"]
        assert subprocess.run(asked, capture_output=True, check=False).returncode == 0
