"""The folder that `mnistlab site build` writes: what is in it, what is refused, and that nothing is half written."""

import gzip
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from mnistlab.cli.main import main
from mnistlab.datasets.contested import CONTESTED_TEST_LABELS
from mnistlab.exceptions import RunError, UsageError
from mnistlab.inference.pretrained import PRETRAINED
from mnistlab.inference.web import web_network
from mnistlab.runs.snapshots import SNAPSHOT_FILE
from mnistlab.server.site import build_site, building, content
from mnistlab.server.site.content import LEARNING, MAX_EXPLAINED, with_service_worker
from moments import snapshot, write_moments

FEW_EXPLAINED = 4  # mistakes of each network: a search of all training images for each takes its time
STORED_RUN = Path(__file__).parents[2] / "data" / "stored" / "run"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the networks that ship and a run of our own, which kept how it learned."""
    run = Path(shutil.copytree(STORED_RUN, tmp_path_factory.mktemp("runs") / "run"))
    write_moments(run, [snapshot(0), snapshot(4)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "MAX_EXPLAINED", FEW_EXPLAINED)
        return build_site(tmp_path_factory.mktemp("host") / "some" / "where", [run])


@pytest.fixture
def quick(monkeypatch):
    """Builds without the server's answers, which take half a minute."""

    async def answered(_root, _ids):
        return {"data/networks/shipped.weights": b"network"}

    monkeypatch.setattr(building, "_answered", answered)


def load(site, path):
    return json.loads((site.folder / "data" / path).read_text(encoding="utf-8"))


def test_the_networks_are_those_that_ship_and_those_of_the_runs(site):
    listed = load(site, "en/networks.json")["networks"]
    assert [one["id"] for one in listed] == ["shipped", "shipped-mlp", "shipped-cnn", "run"]
    assert site.networks == 4
    for network, path in {"shipped": PRETRAINED["digits"], "run": STORED_RUN / "model.onnx"}.items():
        assert (site.folder / "data" / "networks" / f"{network}.weights").read_bytes() == web_network(path)
    german = load(site, "de/networks.json")["networks"]
    assert german[0]["title"] != listed[0]["title"]
    run, *recordings = load(site, "en/runs.json")["runs"]
    assert [(one["id"], one["folder"]) for one in recordings] == [
        (name, name) for name in ("shipped-mlp", "shipped-cnn")
    ]
    assert (run["state"], run["folder"], run["network"]) == ("finished", "runs/run", "run")
    detail = load(site, "en/runs/run.json")
    assert detail["history"] and detail["has_snapshots"]
    assert [moment["step"] for moment in load(site, "snapshots/run.json")["moments"]] == [0, 4]
    for one in recordings:
        assert len(load(site, f"snapshots/{one['id']}.json")["moments"]) > 5


def test_the_mistakes_are_those_of_all_test_images(site, mnist):
    mistakes = load(site, "mistakes/shipped-mlp.json")
    matrix = np.array(mistakes["matrix"])
    assert matrix.sum() == 10_000
    assert np.array_equal(matrix.sum(axis=1), np.bincount(mnist.test.labels))
    cells = load(site, "cells/shipped-mlp.json")
    assert {name: one["count"] for name, one in cells.items()} == {
        f"{label}{digit}": matrix[label, digit] for label, digit in np.argwhere(matrix)
    }
    packed = (site.folder / "data" / "test-images.bin").read_bytes()
    assert gzip.decompress(packed)[16:] == mnist.test.images.tobytes()
    assert {int(index): verdict for index, verdict in load(site, "contested.json").items()} == CONTESTED_TEST_LABELS


def test_the_nearest_images_of_mistakes_are_training_images(site, mnist):
    nearest = load(site, "nearest.json")
    pixels = np.frombuffer(gzip.decompress((site.folder / "data" / "nearest.bin").read_bytes()), np.uint8)
    images = pixels.reshape(-1, 28, 28)
    wrong = [one["index"] for one in load(site, "mistakes/shipped-cnn.json")["wrong"]]
    assert FEW_EXPLAINED < len(wrong) <= MAX_EXPLAINED  # so that all of them are there when nothing is cut short
    assert {str(index) for index in (*wrong[:FEW_EXPLAINED], *CONTESTED_TEST_LABELS)} <= set(nearest)
    for index in ("947", str(wrong[0])):
        for near in nearest[index]:
            assert np.array_equal(images[near["place"]], mnist.train.images[near["index"]])
            assert near["label"] == mnist.train.labels[near["index"]]
            difference = mnist.train.images[near["index"]] / 255 - mnist.test.images[int(index)] / 255
            assert near["distance"] == pytest.approx(np.sqrt((difference**2).sum()), abs=1e-4)


def test_the_page_asks_for_nothing_outside_its_folder(site):
    page = (site.folder / "index.html").read_text(encoding="utf-8")
    addresses = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert len(addresses) > 5
    assert not [one for one in addresses if one.startswith("/") or ":" in one]
    assert all((site.folder / one).is_file() for one in addresses)
    assert re.search(r'http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src \'self\'', page)
    for path in site.folder.rglob("*.js"):
        assert not re.search(r'(?:fetch|URL|import)\("/', path.read_text(encoding="utf-8")), path
    texts = [path.read_text(encoding="utf-8") for path in site.folder.rglob("*.json")]
    assert not [text for text in texts if "tmp" in re.sub(r"https?://\S+", "", text).split("/")]


def test_the_service_worker_keeps_every_file_of_a_first_visit(site):
    text = (site.folder / "offline.js").read_text(encoding="utf-8")
    listed = json.loads(re.search(r"const FILES = (\[.*?\]);", text, re.DOTALL)[1])
    there = {path.relative_to(site.folder).as_posix() for path in site.folder.rglob("*") if path.is_file()}
    later = {f"data/snapshots/{run}.json" for run in ("run", "shipped-mlp", "shipped-cnn")} | {*LEARNING}
    assert set(listed) == {"./"} | there - {"index.html", "offline.js", *later}
    assert site.num_files == len(there)
    # As much as there can be when no mistake is left out.
    share = (site.networks * MAX_EXPLAINED + len(CONTESTED_TEST_LABELS)) / len(load(site, "nearest.json"))
    nearest_bytes = sum((site.folder / "data" / f"nearest.{ending}").stat().st_size for ending in ("bin", "json"))
    assert site.first_visit_bytes + nearest_bytes * (share - 1) < 8_000_000


def test_the_version_changes_with_the_files():
    def version(files):
        return re.search(rb'VERSION = "(\w+)"', with_service_worker(files)["offline.js"])[1]

    files = {"index.html": b"page", "web/a.js": b"1"}
    assert version(files) == version(dict(reversed(files.items())))
    assert version(files) != version(files | {"web/a.js": b"2"})
    assert version(files) == version(files | dict.fromkeys(LEARNING, b"images"))
    assert version(files) == version(files | {"data/snapshots/run.json": b"moments"})


def test_an_earlier_page_is_replaced_as_a_whole(tmp_path, quick):
    folder = tmp_path / "site"
    build_site(folder)
    (folder / "left-over.txt").write_text("of an older release")
    built = build_site(folder)
    assert not (folder / "left-over.txt").exists()
    assert built.num_files == sum(path.is_file() for path in folder.rglob("*"))
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_folder_with_something_else_is_left_as_it_is(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else than a page that was built before"):
        build_site(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["site", "build", str(tmp_path / "mine.txt")])
    assert left.value.code == 2
    assert "is a file, not a folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_run_that_cannot_be_used_leaves_nothing(tmp_path):
    folder = tmp_path / "site"
    with pytest.raises(RunError, match="There is no folder"):
        build_site(folder, [tmp_path / "nowhere"])
    damaged = Path(shutil.copytree(STORED_RUN, tmp_path / "damaged"))
    (damaged / "model.onnx").write_bytes(b"something else")
    with pytest.raises(RunError, match="damaged"):
        build_site(folder, [damaged])
    blurred = Path(shutil.copytree(STORED_RUN, tmp_path / "blurred"))
    (blurred / SNAPSHOT_FILE).write_bytes(b"{}\n")
    with pytest.raises(RunError, match=r"blurred/snapshots\.jsonl is damaged.*Delete that file"):
        build_site(folder, [blurred])
    twin = Path(shutil.copytree(STORED_RUN, tmp_path / "other" / "run"))
    with pytest.raises(UsageError, match="Two runs are called run"):
        build_site(folder, [STORED_RUN, twin])
    assert not folder.exists()


def test_a_full_disk_keeps_the_earlier_page(tmp_path, quick, monkeypatch):
    folder = tmp_path / "site"
    build_site(folder)
    before = (folder / "index.html").read_bytes()
    written = Path.write_bytes

    def fill_up(path, content):
        if path.name == "main.js":
            raise OSError(28, "No space left on device")
        return written(path, content)

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(RunError, match="cannot be written: No space left on device"):
        build_site(folder)
    assert (folder / "index.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_the_command_says_what_to_do_next(tmp_path, quick, capsys):
    with pytest.raises(SystemExit) as left:
        main(["site", "build", str(tmp_path / "site")])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert "1 network, " in printed
    assert "any web server" in printed
    assert f"--directory {tmp_path / 'site'}" in printed


def test_the_training_images_are_there_for_a_page_that_learns(site, mnist):
    images, labels = ((site.folder / name).read_bytes() for name in LEARNING)
    assert gzip.decompress(images)[16:] == mnist.train.images.tobytes()
    assert gzip.decompress(labels)[8:] == mnist.train.labels.tobytes()
