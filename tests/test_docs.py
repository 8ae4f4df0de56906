"""What the documentation promises: its code runs, its commands exist, its links lead somewhere, nothing is left out."""

import contextlib
import dataclasses
import doctest
import importlib
import io
import json
import re
import shlex
import tomllib
from pathlib import Path
from urllib.parse import unquote

import click
import numpy as np
import pytest
import yaml

import mnistlab
from mnistlab.cli.main import cli
from mnistlab.datasets import load_idx
from mnistlab.recipes import RECIPES
from mnistlab.runs.run import RUN_FILES

ROOT = Path(__file__).parents[1]
README, TUTORIAL, REFERENCE = ROOT / "README.md", ROOT / "docs" / "tutorial.md", ROOT / "docs" / "reference.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), ROOT / "benchmarks" / "README.md"]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
PICTURE = re.compile(r'\b(?:src|srcset)="([^"]+)"|!\[[^\]]*\]\(([^)\s]+)\)')
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

MEASURING = (  # programs with a table in a document
    *("speed", "step_profile", "notebook", "recipes", "memory", "interruptions"),
    *("questions", "refusals", "reader", "serving", "fuzzing", "drawing", "spread", "installation", "kinds"),
    *("site", "learning"),
)

# Written in pieces, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.$~-])/(?:work|home|root|Users|tmp|mnt)" + "/")
REGISTRY_HOST = re.compile(
    "|".join(["py" + r"pi\.", "python" + "hosted", "npm" + "js", "arti" + "factory", "/simp" + r"le\b"])
)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(document: Path) -> list[tuple[str, str]]:
    """Language and content of each fenced block, in order."""
    return FENCE.findall(document.read_text(encoding="utf-8"))


def commands(document: Path) -> list[str]:
    """What stands after a `$` in the console blocks, without comments."""
    lines = [line for language, text in blocks(document) if language == "console" for line in text.splitlines()]
    return [line.removeprefix("$ ").partition("#")[0].strip() for line in lines if line.startswith("$ ")]


@pytest.mark.parametrize("document", [README, TUTORIAL], ids=relative)
def test_python_blocks_run_and_print_what_is_said(document, tiny_mnist, tmp_path, monkeypatch):
    """A `text` block right after a Python block is its exact output; other blocks hold what differs by machine."""
    monkeypatch.chdir(tmp_path)
    for name, max_steps in {"mlp": 188, "cnn": 8}.items():  # 188: all steps of the longest run that is printed
        monkeypatch.setitem(RECIPES, name, dataclasses.replace(RECIPES[name], max_steps=max_steps))
    if document == README:  # the tutorial trains in the same way, and on all images
        monkeypatch.setattr(mnistlab.datasets, "load_mnist", lambda: tiny_mnist)
    namespace: dict[str, object] = {"__name__": "__main__"}
    found = blocks(document)
    assert "python" in [language for language, _ in found]
    for (language, code), (next_language, expected) in zip(found, [*found[1:], ("", "")], strict=True):
        if language != "python":
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, relative(document), "exec"), namespace)
        if next_language == "text":
            matches = doctest.OutputChecker().check_output(expected, printed.getvalue(), doctest.ELLIPSIS)
            assert matches, f"{relative(document)} promises\n{expected}\nand its code prints\n{printed.getvalue()}"


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_option_is_in_the_reference(name):
    sections = re.split(r"^### ", REFERENCE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    own = [text for text in sections if re.match(rf"`mnistlab {name}[ `]", text)]
    assert own, f"docs/reference.md has no section on mnistlab {name}"
    section, general = "".join(own), sections[0]
    command = cli.commands[name]
    for inner in getattr(command, "commands", {name: command}).values():  # those of a group share its section
        assert inner is command or f"mnistlab {name} {inner.name}" in section
        for parameter in inner.params:
            if isinstance(parameter, click.Argument):
                assert parameter.metavar in section.splitlines()[0] or inner is not command
                choices = parameter.type.choices if isinstance(parameter.type, click.Choice) else ()
                assert all(f"`{choice}`" in section for choice in choices) or inner is not command
                continue
            for option in parameter.opts:
                assert re.search(rf"`{option}\b", section + general), f"docs/reference.md: {name} lacks {option}"
            if isinstance(parameter.type, click.Choice) and inner is command:
                assert "\\|".join(parameter.type.choices) in section


@pytest.mark.parametrize("name", sorted(name for name in cli.commands if isinstance(cli.commands[name], click.Group)))
def test_every_command_of_a_group_is_in_the_reference(name):
    sections = re.split(r"^### ", REFERENCE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    section = "".join(text for text in sections if re.match(rf"`mnistlab {name}[ `]", text))
    for command in cli.commands[name].commands.values():
        assert f"mnistlab {name} {command.name}" in section
        for parameter in command.params:
            for option in parameter.opts if isinstance(parameter, click.Option) else ():
                assert re.search(rf"`{option}\b", section + sections[0]), f"docs/reference.md: {name} lacks {option}"


def test_options_of_the_group_are_in_the_reference():
    text = REFERENCE.read_text(encoding="utf-8")
    for option in ("--help", "-h", *(name for parameter in cli.params for name in parameter.opts)):
        assert f"{option}`" in text


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_commands_parse(document):
    for command in commands(document):
        program, *arguments = shlex.split(re.sub(r"^KERAS_BACKEND=(tensorflow|jax|torch) ", "", command))
        if program == "pip":
            extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
            assert arguments[0] == "install"
            assert re.fullmatch(r"\.\[(\w+)\]", arguments[1])[1] in extras["optional-dependencies"], command
            continue
        if program != "mnistlab":
            assert program == "make", f"{relative(document)} has a command that no test understands: {command}"
            continue
        if "--data" in arguments:  # the folder is the reader's own
            arguments[arguments.index("--data") + 1] = str(ROOT)
        name, *rest = arguments
        assert name in cli.commands, command
        cli.commands[name].make_context(name, rest)  # parses and does not run


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_links_lead_to_files_and_headings(document):
    text = FENCE.sub("", document.read_text(encoding="utf-8"))
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = document.parent / path if path else document
        assert target.exists(), f"{relative(document)} links to {link}"
        if anchor:
            headings = HEADING.findall(FENCE.sub("", target.read_text(encoding="utf-8")))
            assert anchor in [slug(heading) for heading in headings], f"{relative(document)} links to {link}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_pictures_exist(document):
    for found in PICTURE.findall(document.read_text(encoding="utf-8")):
        picture = "".join(found)
        assert (document.parent / picture).is_file(), f"{relative(document)} shows {picture}"


def test_the_readme_fits_on_a_page():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 120


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_make_targets_are_documented():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    header = "".join(line for line in makefile.splitlines(keepends=True) if line.startswith("#"))
    targets = set(re.findall(r"\bmake ([a-z][a-z-]*)", header))
    assert {"run", "test"} <= targets
    documented = README.read_text(encoding="utf-8") + REFERENCE.read_text(encoding="utf-8")
    for target in targets:
        assert re.search(rf"`make {target}\b(?!-)", documented), target
    named = {
        target for document in DOCUMENTS for target in re.findall(r"[`$] ?make ([a-z-]+)", document.read_text("utf-8"))
    }
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)), "the docs name a target that is none"


def test_every_recipe_setting_is_in_the_reference():
    """The table's columns are the recipes; an augmentation and what is true are "yes" there."""
    lines = [line for line in reference_section("Recipes").splitlines() if line.startswith("| ")]
    header, _, *settings = [[cell.strip("` ") for cell in line.strip("| ").split(" | ")] for line in lines]
    assert header[1:-1] == list(RECIPES)
    documented = {setting: dict(zip(RECIPES, values, strict=True)) for setting, *values, _ in settings}
    for name, recipe in RECIPES.items():
        for setting, value in recipe.settings().items():
            if setting != "name":
                shown = "none" if value is None else "yes" if isinstance(value, dict) else value
                shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else shown
                shown = f"{shown:g}" if isinstance(shown, float) else str(shown)
                assert documented[setting][name] == shown, f"docs/reference.md: {setting} of {name}"


def test_the_reference_makes_idx_files(mnist, tmp_path, monkeypatch):
    """Its lines of Python on a small `mnist.npz` and a `train.csv` of Kaggle's form."""
    monkeypatch.chdir(tmp_path)
    train, test = mnist.train, mnist.test.take(range(20))
    some = {"x_train": train.images[:50], "y_train": train.labels[:50], "x_test": test.images, "y_test": test.labels}
    np.savez("mnist.npz", **some)
    names = ",".join(["label", *(f"pixel{number}" for number in range(784))])
    rows = np.column_stack([train.labels[:6010], train.images[:6010].reshape(-1, 784)])
    np.savetxt("train.csv", rows, "%d", ",", header=names, comments="")
    section = reference_section("Data").partition("### Making IDX files")[2].partition("\n### ")[0]
    namespace: dict[str, object] = {}
    for language, code in FENCE.findall(section):
        assert language == "python"
        exec(compile(code, "reference", "exec"), namespace)
    np.testing.assert_array_equal(load_idx("mnist").train.images, some["x_train"])
    np.testing.assert_array_equal(load_idx("mnist").test.labels, some["y_test"])
    np.testing.assert_array_equal(load_idx("kaggle").train.images, train.images[:10])
    np.testing.assert_array_equal(load_idx("kaggle").test.labels, train.labels[10:6010])


def test_every_file_of_a_run_is_in_the_reference():
    for name in RUN_FILES:
        assert f"| `{name}` |" in reference_section("A run folder")


def reference_section(heading: str) -> str:
    """What stands under a second-level heading of the reference."""
    return REFERENCE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_the_floors_are_those_of_the_contract():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    floors = [set(layer.split(" | ")) for layer in contract["contracts"][0]["layers"]]
    rooms = set().union(*floors)
    text = ARCHITECTURE.read_text(encoding="utf-8")
    drawn = re.findall(r"^floor (\d+) +(.+)$", text, re.MULTILINE)
    assert [int(number) for number, _ in drawn] == list(range(len(floors), 0, -1))
    # Rooms stand in columns; what they are for is told behind them, after a wider gap.
    assert [rooms & set(re.split(r" {2,}", line)) for _, line in drawn] == floors
    for room in rooms:
        assert re.search(rf"^\| `{room}` \| ", text, re.MULTILINE), f"docs/architecture.md says nothing of {room}"


def test_the_results_have_their_place_in_the_documents():
    documents = [README, *(ROOT / "docs").glob("*.md")]
    lines = [line for path in documents for line in path.read_text(encoding="utf-8").splitlines()]
    programs = {path.stem: path.read_text("utf-8") for path in (ROOT / "benchmarks" / "measure").glob("*.py")}
    assert {name for name, text in programs.items() if "BENCHMARK.run()" in text} == set(MEASURING)
    for program in MEASURING:
        assert lines.count(f"<!-- results: written by benchmarks/measure/{program}.py -->") == 1
    assert lines.count("<!-- end of results -->") == len(MEASURING)


@pytest.mark.parametrize("program", MEASURING)
def test_tables_are_those_of_the_stored_results(program):
    benchmark = importlib.import_module(f"benchmarks.measure.{program}").BENCHMARK
    expected = benchmark.table(benchmark.read())
    texts = [path.read_text(encoding="utf-8") for path in (README, *(ROOT / "docs").glob("*.md"))]
    begin, end = f"<!-- results: written by benchmarks/measure/{program}.py -->\n", "\n<!-- end of results -->"
    assert [text.partition(begin)[2].partition(end)[0] for text in texts if begin in text] == [expected]


def test_the_stored_results_are_of_the_recipes_as_they_are():
    measured = json.loads((ROOT / "benchmarks" / "results" / "recipes.json").read_text(encoding="utf-8"))
    for name, results in measured.items():
        for run in results["runs"]:
            for setting in ("model", "epochs", "batch_size", "members"):
                assert run.get(setting, 1) == getattr(RECIPES[name], setting), f"{setting} of {name}"


def test_the_citation_has_the_version_and_licences_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert citation["title"] == project["name"]
    assert citation["version"] == mnistlab.__version__
    assert " AND ".join(citation["license"]) == project["license"]
    assert citation["abstract"] == project["description"]
    assert citation["keywords"] == project["keywords"]


def test_pre_commit_runs_what_make_check_runs():
    """With the tools of the lock alone: other repositories would be fetched, and have other versions."""
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    (hook,) = repositories[0]["hooks"]
    assert (hook["entry"], hook["language"]) == ("make check", "system")
    assert hook["always_run"] and not hook["pass_filenames"]


@pytest.mark.parametrize("form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*_*.yml")), ids=relative)
def test_issue_forms_are_complete(form):
    content = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert content["name"] and content["description"]
    questions = [part for part in content["body"] if part["type"] != "markdown"]
    assert all(part["type"] in {"input", "textarea", "dropdown"} for part in questions)
    assert all(part["attributes"]["label"] for part in questions)
    assert len({part["id"] for part in questions}) == len(questions) > 0


def test_no_file_names_a_machine_or_a_registry():
    """What is committed must mean the same on every machine."""
    folders = [ROOT / name for name in (".ci", ".github", "benchmarks", "docs", "notebooks", "src", "tests")]
    files = [path for folder in folders for path in folder.rglob("*")] + [
        path for path in ROOT.iterdir() if path.name[0] != "." or path.suffix == ".yaml"
    ]
    for path in files:
        if not path.is_file() or path.suffix in {".gz", ".pyc", ".png"}:
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        for pattern in (MACHINE_PATH, REGISTRY_HOST):
            found = pattern.search(text)
            assert not found, f"{relative(path)} holds {found.group()!r}"
