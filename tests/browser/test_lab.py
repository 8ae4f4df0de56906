"""Train, Mistakes and Experiments: curves, axes and tables hold the figures of the server; their code runs."""

import dataclasses
import json
import random
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from mnistlab.cli.train import train
from mnistlab.recipes import RECIPES, AffineRanges
from mnistlab.runs.progress import PROGRESS_FILE, Progress
from mnistlab.server.training.routes import Lines
from mnistlab.server.training.status import Place

RESULTS = json.loads((Path(__file__).parents[2] / "benchmarks/results/questions.json").read_text(encoding="utf-8"))


@pytest.fixture
def page(reused: Any) -> Page:
    """The page, for its modules alone."""
    opened: Page = reused.open("tab=experiments")
    return opened


def told_at_random(seed: int) -> list[dict[str, Any]]:
    """Lines of a progress file with interruptions, as the writer may leave them."""
    drawn = random.Random(seed)
    lines: list[dict[str, Any]] = []
    step = 0
    history: list[dict[str, Any]] = []
    for _ in range(drawn.randint(1, 4)):
        step = drawn.randint(0, step)
        history = [row for row in history if row["ended"] <= step]
        rows = [{key: value for key, value in row.items() if key != "ended"} for row in history]
        begin = {"event": "begin", "step": step, "num_steps": 90, "seconds": 1.0, "process": 1, "history": rows}
        lines.append(begin)
        for _ in range(drawn.randint(0, 9)):
            step += drawn.randint(1, 3)
            figures = {"loss": drawn.random(), "accuracy": drawn.random(), "seconds": step / 2}
            lines.append({"event": "step", "step": step, "epoch": 1 + step // 10, **figures})
            if drawn.random() < 0.2:
                row = {"epoch": len(history) + 1, "loss": drawn.random(), "accuracy": 0.5, "seconds": 1.0}
                history.append(row | {"ended": step})
                lines.append({"event": "epoch", "step": step, **row})
    return lines


def test_the_page_puts_curves_together_as_the_server_does(page: Page, tmp_path: Path) -> None:
    """From the events that the server makes of the lines of a progress file, some of which were undone later."""
    put_together = """async (events) => {
      const { Curves } = await import("/web/train/curves.js");
      const curves = new Curves();
      return events.map(({ event, ...line }) => {
        curves[event](line);
        const { steps, history, numSteps, done, leftSeconds } = curves;
        return structuredClone({
          steps, history: history.map(({ epoch, loss }) => [epoch, loss]), numSteps, done, leftSeconds,
        });
      });
    }"""
    for seed in range(40):
        lines, expected, curves = told_at_random(seed), Progress(), []
        for line in lines:
            expected.add(line)
            told = {
                "steps": [*expected.steps],
                "history": [[row["epoch"], row["loss"]] for row in expected.history],
                "numSteps": expected.num_steps,
                "done": expected.done,
                "leftSeconds": None if expected.left_seconds is None else pytest.approx(expected.left_seconds),
            }
            curves.append(told)
        (tmp_path / PROGRESS_FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
        events = [event for _, event in Lines(Place("run", tmp_path, "run", None, tmp_path / "log"), 0).read()]
        assert page.evaluate(put_together, events) == curves


def test_axes_show_every_value_between_round_figures(page: Page) -> None:
    scaled = """async ([kind, values, count]) => {
      const { createScale } = await import("/web/charts/scales.js");
      const { place, ticks, format } = createScale(kind, values, count);
      return [values.map(place), ticks, ticks.map(place), ticks.map(format)];
    }"""
    drawn = random.Random(1)
    for kind in ("linear", "zero", "log", "accuracy"):
        for _ in range(60):
            size = 10 ** drawn.uniform(-4, 4)
            values = [drawn.uniform(1e-3, 1) * (1 if kind == "accuracy" else size) for _ in range(drawn.randint(1, 30))]
            places, ticks, tick_places, texts = page.evaluate(scaled, [kind, values, drawn.randint(2, 8)])
            assert all(-1e-6 <= place <= 1 + 1e-6 for place in [*places, *tick_places])
            by_value = [place for _, place in sorted(zip(values, places, strict=True))]
            assert by_value == sorted(by_value)
            assert 1 <= len(ticks) <= 16
            assert len(set(texts)) == len(texts)  # no two ticks that read alike
            for tick, text in zip(ticks, texts, strict=True):
                number = float(text.removesuffix("%").strip().replace(",", "").replace("−", "-"))
                assert number == pytest.approx(100 * tick if text.endswith("%") else tick, rel=1e-2, abs=1e-9 * size)
    assert page.evaluate(scaled, ["log", [32, 128, 512, 2048, 10_000] * 3, 4])[3] == [
        *("32", "128", "512", "2,048", "10,000")
    ]
    assert page.evaluate(scaled, ["exact", [0, 5], 3])[:2] == [[0, 1], [0, 2, 4]]  # five epochs, and no sixth
    assert page.evaluate(scaled, ["names", ["mlp", "cnn"], 4])[:2] == [[0.25, 0.75], ["mlp", "cnn"]]


def test_names_of_lines_stand_apart(page: Page) -> None:
    """Beside the ends of lines that end together, and in a list above lines that do not."""
    drawn = """async ([ends, levels]) => {
      const { createChart } = await import("/web/charts/charts.js");
      const chart = createChart("Loss");
      document.querySelector("main").prepend(chart.root);
      chart.root.style.width = "800px";
      const series = ends.map((end, at) => ({
        name: `mlp-${at}`, points: [{ x: 0, y: 1 }, { x: end, y: levels[at] }],
      }));
      chart.show({ title: "Loss", x: { title: "epochs", scale: "linear" }, y: { title: "", scale: "log" }, series });
      for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
      const boxes = [...chart.root.querySelectorAll(".chart-name, .chart-names span")].map((one) => {
        const { left, right, top, bottom } = one.getBoundingClientRect();
        return [left, right, top, bottom];
      });
      const inside = chart.root.querySelectorAll(".chart-name").length;
      chart.root.remove();
      return [boxes.filter(([left, right]) => right > left), inside];
    }"""
    drawer = random.Random(3)
    for same in (True, False):
        for _ in range(10):
            levels = [0.1 * (1 + drawer.random() / 100) for _ in range(6)]
            boxes, inside = page.evaluate(drawn, [[5 if same else at + 1 for at in range(6)], levels])
            assert (len(boxes), inside) == (6, 6 if same else 0)
            for at, (left, right, top, bottom) in enumerate(boxes):
                for other in boxes[:at]:
                    is_beside = right <= other[0] or other[1] <= left
                    assert is_beside or bottom <= other[2] + 2 or other[3] <= top + 2  # pixels of line height, no ink


def test_the_table_beside_a_chart_holds_every_figure(reused: Any) -> None:
    page = reused.open("tab=experiments&experiment=label-noise")
    expect(page.get_by_role("heading", name=RESULTS["label-noise"]["question"])).to_be_visible()
    page.get_by_role("button", name="Show as a table").click()
    cells = "rows => rows.map((row) => row.innerText.split(/\\s*\\t\\s*/))"
    rows = page.locator(".chart-table tbody tr").evaluate_all(cells)
    expected = []
    for group in RESULTS["label-noise"]["groups"]:
        mean, low, high = (f"{100 * group['accuracy'][key]:.2f}" for key in ("mean", "low", "high"))
        expected.append([group["model"], str(group["alpha"]), mean, f"{low} to {high}"])
    assert rows == expected
    assert page.locator(".chart-interval").count() == len(expected)
    for line in RESULTS["label-noise"]["answer"]:
        expect(page.locator(".finding-answer")).to_contain_text(line)


def test_results_of_an_older_version_say_that_they_have_no_charts(watched: Any) -> None:
    def forget_charts(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | {"charts": []})

    watched.page.route("**/api/experiments/compare", forget_charts)
    page = watched.open("tab=experiments&experiment=compare")
    expect(page.locator(".finding")).to_contain_text(
        "These results contain no charts. If they come from an older version of mnistlab"
    )
    expect(page.locator(".finding-answer li")).to_have_count(len(RESULTS["compare"]["answer"]))
    assert page.locator(".finding .chart").count() == 0


def code_of(page: Page) -> tuple[str, str]:
    page.get_by_role("button", name="How to do this in code").click()
    expect(page.locator("#code-panel")).to_be_visible()  # only then is the code that of the screen
    command, python = (page.locator(f"#code-{kind}").inner_text() for kind in ("command", "python"))
    page.keyboard.press("Escape")
    expect(page.locator("#code-panel")).to_be_hidden()
    return command, python


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("tab=train", RECIPES["mlp"]),
        ("tab=train&recipe=record", RECIPES["record"]),
        (
            "tab=train&recipe=cnn&epochs=7&batch=64&rate=0.0025&augment=no&seed=11",
            dataclasses.replace(
                RECIPES["cnn"], epochs=7, batch_size=64, learning_rate=0.0025, augmentation=None, seed=11
            ),
        ),
        ("tab=train&augment=yes", dataclasses.replace(RECIPES["mlp"], augmentation=AffineRanges())),
        ("tab=train&epochs=1000&batch=x&rate=-1&recipe=none&seed=1.5", RECIPES["mlp"]),  # out of bounds: the recipe's
    ],
)
def test_the_code_for_a_training_trains_what_the_form_says(reused: Any, fragment: str, expected: Any) -> None:
    command, python = code_of(reused.open(fragment))
    words = shlex.split(command)
    assert words[:2] == ["mnistlab", "train"]
    parsed = train.make_context("train", words[2:]).params
    options = {"epochs", "batch_size", "learning_rate", "seed"}
    given = {key: parsed[key] for key in options if parsed[key] is not None}
    if parsed["augmentation"]:
        given["augmentation"] = AffineRanges() if parsed["augmentation"] == "yes" else None
    assert dataclasses.replace(RECIPES[parsed["recipe"]], **given) == expected
    *_, definition, training = python.splitlines()
    assert training == f'print(training.train(recipe, load_mnist(), "{parsed["out"]}"))'
    namespace: dict[str, Any] = {}
    exec("import dataclasses\nfrom mnistlab.recipes import RECIPES, AffineRanges\n" + definition, namespace)
    assert namespace["recipe"] == expected


def test_the_code_for_mistakes_finds_the_same(reused: Any, tmp_path: Path) -> None:
    page = reused.open("tab=mistakes&network=shipped-mlp&label=4&prediction=9&image=115")
    cell = page.get_by_role("button", name=re.compile("^4 mistaken for 9"))
    count = int(cell.inner_text())
    share = re.search(r"([\d.]+ %)", page.locator(".mistakes-sum").inner_text().replace("\xa0", " "))
    command, python = code_of(page)
    ran = subprocess.run([sys.executable, "-c", python], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ran.returncode == 0, ran.stderr
    assert share is not None and share[1] in ran.stdout
    indices = re.search(r"\n\[([\d\s]+)\]\n", ran.stdout)
    assert indices is not None and len(indices[1].split()) == count
    shell = command.replace("mnistlab evaluate", f"{sys.executable} -m mnistlab evaluate", 1)
    shell = shell.replace("$(python", f"$({sys.executable}")
    ran = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ran.returncode == 0, ran.stderr
    assert share[1] in ran.stdout


def test_contested_labels_are_marked_and_explained(watched: Any) -> None:
    page = watched.open("tab=mistakes&network=shipped-mlp&label=contested")
    expect(page.get_by_role("heading", name="15 disputed labels")).to_be_visible()
    digits = page.locator("ul.digits button")
    expect(digits).to_have_count(15)
    digits.first.click()
    watched.quiet()
    expect(page.locator(".detail .contested")).to_contain_text("five people")
    expect(page.locator(".detail .contested")).to_contain_text("Pervasive Label Errors")
    assert "image=947" in page.url
    page.get_by_role("button", name="All mistakes").click()
    expect(page.get_by_role("heading", name="The mistakes it was most certain about")).to_be_visible()
    watched.quiet()
    shown = digits.count()
    page.get_by_role("button", name="Show more").click()
    expect(digits.nth(shown)).to_be_focused()  # who uses the keyboard goes on where the new ones begin
