"""The page's HTTP interface says what the library says, in the form that OpenAPI promises."""

import asyncio
import base64
import io
import json
import shutil
import threading

import numpy as np
import pytest
from PIL import Image

from live_server import client_of, finished_run
from mnistlab.inference import Classifier, Judge, pretrained
from mnistlab.inference.occlusion import covered_images
from mnistlab.inference.pretrained import PRETRAINED_PATH
from mnistlab.reader import DigitReader, lines_of
from mnistlab.reader.normalization import normalize_digit
from mnistlab.runs.run import write_manifest
from mnistlab.server.http.errors import ApiError
from mnistlab.server.http.static import PAGE_FOLDER, load_assets
from mnistlab.server.http.work import Workers
from mnistlab.server.run_ids import run_id
from mnistlab.server.settings import Settings
from mnistlab.system import theme
from other_data import SHOES


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "runs"
    finished_run(folder / "cnn-seed0")
    finished_run(folder / "Some Run" / "ü", seed=1)
    damaged = finished_run(folder / "damaged", seed=2)
    (damaged / "model.onnx").write_bytes(b"something else")
    (folder / "unfinished").mkdir()
    return folder


@pytest.fixture(scope="module")
def client(runs):
    with client_of(Settings(runs=runs)) as made:
        yield made


def encoded(image):
    return base64.b64encode(image.tobytes()).decode()


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def test_health_and_version(client):
    assert client.get("/api/health").json() == {"status": "ok"}
    assert set(client.get("/api/version").json()) == {"mnistlab", "python", "onnxruntime", "numpy"}


def test_networks_are_those_that_ship_and_those_of_finished_runs(client, runs):
    networks = {one["id"]: one for one in client.get("/api/networks").json()["networks"]}
    assert next(iter(networks)) == "shipped"
    from_runs = {network_id: one for network_id, one in networks.items() if one["source"] == "run"}
    assert set(from_runs) == {"cnn-seed0", run_id((runs / "Some Run" / "ü").relative_to(runs))}
    known = from_runs["cnn-seed0"]
    assert (known["recipe"], known["model"], known["test_accuracy"], known["num_parameters"]) == (
        *("cnn", "cnn"),
        *(0.9875, 597_738),
    )
    assert [one["name"] for one in known["layers"]][-1] == "probabilities"


def test_a_run_says_what_its_classes_are_called(client, runs):
    """Only where they are other than digits."""
    for name, classes in (("shoes", SHOES), ("sheet", tuple("0123456789"))):
        folder = finished_run(runs / name)
        identity = {"name": name, "fingerprint": "1f", "class_names": classes}
        (folder / "dataset.json").write_text(json.dumps(identity))
        write_manifest(folder)
    networks = {one["id"]: one["class_names"] for one in client.get("/api/networks").json()["networks"]}
    assert networks.pop("shoes") == list(SHOES)
    assert set(networks.values()) == {None}
    for name in ("shoes", "sheet"):
        shutil.rmtree(runs / name)


def test_a_run_that_comes_later_is_found(client, runs):
    image = encoded(np.zeros((28, 28), np.uint8))
    asked = {"image": image, "networks": ["cnn-later"]}
    assert client.post("/api/classify", json=asked).status_code == 404
    finished_run(runs / "cnn-later", seed=3)
    assert client.post("/api/classify", json=asked).status_code == 200


def test_a_damaged_run_is_refused_in_a_sentence(client):
    answer = client.get("/api/networks/damaged/filters")
    assert answer.status_code == 422
    assert "damaged" in answer.json()["error"] and "train again" in answer.json()["error"]


def test_classify_says_what_the_library_says(client, mnist):
    judge, classifier = Judge(pretrained()), Classifier(PRETRAINED_PATH, num_threads=1)
    for image in mnist.test.images[:20]:
        answer = client.post("/api/classify", json={"image": encoded(image), "networks": ["shipped", "cnn-seed0"]})
        assert answer.status_code == 200
        verdict, expected = answer.json()["verdict"], judge.verdict(image)
        assert (verdict["kind"], verdict["digit"], verdict["reason"]) == (
            expected.kind,
            expected.digit,
            expected.reason,
        )
        assert verdict["confidence"] == pytest.approx(expected.confidence, abs=1e-6)
        for one, network in zip(answer.json()["answers"], ("shipped", "cnn-seed0"), strict=True):
            assert one["network"] == network
            np.testing.assert_allclose(one["probabilities"], classifier(image), atol=1e-6)
            assert one["digit"] == int(np.argmax(one["probabilities"]))
            assert one["confidence"] == max(one["probabilities"])
            powers = np.exp(np.array(one["logits"]) - max(one["logits"]))
            np.testing.assert_allclose(powers / powers.sum(), one["probabilities"], atol=1e-5)
            raw = np.array(one["logits"]) * one["temperature"]
            np.testing.assert_allclose(raw, classifier.activations(image)["output"], rtol=1e-4, atol=1e-4)


def test_nothing_drawn_is_no_digit(client):
    blank = encoded(np.zeros((28, 28), np.uint8))
    verdict = client.post("/api/classify", json={"image": blank, "networks": ["shipped"]}).json()["verdict"]
    assert (verdict["kind"], verdict["digit"]) == ("no digit", None)


def test_activations_are_those_of_the_classifier(client, mnist):
    image = mnist.test.images[3]
    answer = client.post("/api/activations", json={"image": encoded(image), "network": "shipped"}).json()
    expected = Classifier(PRETRAINED_PATH).activations(image)
    assert {"fold", "conv1_relu", "pool2", "output", "probabilities"} <= {layer["name"] for layer in answer["layers"]}
    for layer in answer["layers"]:
        values = floats(layer["values"]).reshape(layer["shape"])
        np.testing.assert_allclose(values, expected[layer["name"]], rtol=1e-4, atol=1e-4)
        assert (layer["minimum"], layer["maximum"]) == (values.min(), values.max())


def test_occlusion_is_what_covering_does(client, mnist):
    image = mnist.test.images[0]
    asked = {"image": encoded(image), "network": "shipped", "size": 8, "step": 5}
    answer = client.post("/api/occlusion", json=asked).json()
    assert (answer["rows"], answer["columns"], answer["size"], answer["step"]) == (5, 5, 8, 5)
    classifier = pretrained()
    whole = classifier(image)
    assert answer["digit"] == int(whole.argmax()) == 7
    drops = floats(answer["drop"]).reshape(5, 5)
    for row, column in ((0, 0), (1, 2), (4, 4), (2, 3)):
        covered = image.copy()
        covered[5 * row : 5 * row + 8, 5 * column : 5 * column + 8] = 0
        there = classifier(covered)
        assert drops[row, column] == pytest.approx(whole[7] - there[7], abs=1e-5)
        assert answer["answers"][row * 5 + column] == int(there.argmax())


def test_every_pixel_may_be_covered_by_itself(client, mnist):
    image = mnist.test.images[1]
    asked = {"image": encoded(image), "network": "shipped", "size": 1, "step": 1}
    answer = client.post("/api/occlusion", json=asked).json()
    drops = floats(answer["drop"]).reshape(28, 28)
    assert (answer["rows"], answer["columns"], len(answer["answers"])) == (28, 28, 784)
    np.testing.assert_allclose(drops[image == 0], 0, atol=1e-6)  # ground over ground
    assert np.abs(drops[image > 0]).max() > 1e-6


def test_a_patch_may_cover_everything():
    covered = covered_images(np.full((28, 28), 9, np.uint8), 28, 28)
    assert covered.shape == (1, 1, 28, 28) and not covered.any()


def test_a_photo_is_read_as_the_reader_reads_it(client, mnist):
    page = np.full((120, 400), 235, np.uint8)
    for place, digit in enumerate(mnist.test.images[:4]):
        large = np.asarray(Image.fromarray(digit).resize((84, 84), Image.Resampling.BICUBIC), np.float64)
        page[18:102, 10 + 95 * place : 94 + 95 * place] -= (large / 255 * 190).astype(np.uint8)
    answer = client.post("/api/read", content=png(page), headers={"Content-Type": "image/png"})
    assert answer.status_code == 200
    found, expected = answer.json(), DigitReader().read(page)
    assert (found["width"], found["height"]) == (400, 120)
    assert found["lines"] == ["".join(map(str, line)) for line in lines_of(expected)] == ["7210"]
    for one, reading in zip(found["digits"], expected, strict=True):
        assert {name: one[name] for name in reading.to_dict()} == reading.to_dict()
        assert one["image"] == encoded(reading.image)
        assert np.array_equal(reading.image, normalize_digit(reading.found.crop, ink="light").image)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<svg/>", b"\xff\xd8\xff\xe0" + bytes(1000), bytes(100_000)])
def test_what_is_no_photo_is_refused_in_a_sentence(client, content):
    answer = client.post("/api/read", content=content, headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 422 and answer.json()["error"].endswith(".")


def test_a_photo_must_say_that_it_is_one(client):
    answer = client.post("/api/read", content=b"x", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b"[]", 422),
        (b"{\xff}", 400),
        (b"[" * 30_000, 400),
        (b'{"image": ' + b"1" * 5000 + b"}", 400),
        (b'{"image": NaN, "networks": ["shipped"]}', 422),
        (b'{"image": "AAAA", "networks": ["shipped"]}', 422),
        (b'{"image": "\\ud800", "networks": ["\\ud800"], "\\ud800": 1}', 422),
    ],
)
def test_wrong_bodies_are_refused_in_a_sentence(client, body, status):
    answer = client.post("/api/classify", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert set(answer.json()) == {"error"} and len(answer.json()["error"]) < 500


def test_networks_of_a_request_are_one_to_six(client):
    image = encoded(np.zeros((28, 28), np.uint8))
    for networks in ([], ["shipped"] * 7, ["../x"], ["A"], [""], ["a" * 65]):
        assert client.post("/api/classify", json={"image": image, "networks": networks}).status_code == 422


def test_errors_are_sentences_everywhere(client):
    for method, path, status in (("GET", "/api/nothing", 404), ("POST", "/api/health", 405), ("DELETE", "/web/x", 404)):
        answer = client.request(method, path)
        assert answer.status_code == status and answer.json()["error"].endswith(".")
    assert client.post("/api/health").headers["allow"] == "GET, HEAD"


def test_the_description_documents_every_route(client):
    description = client.get("/api/openapi.json").json()
    operations = [one for path in description["paths"].values() for one in path.values()]
    assert len(operations) >= 8
    for operation in operations:
        assert operation["summary"] and "403" in operation["responses"]
        wrong = operation["responses"]["422"]["content"]["application/json"]["schema"]
        assert wrong == {"$ref": "#/components/schemas/ErrorAnswer"}


def test_the_page_is_a_fixed_table(client):
    assets = load_assets()
    assert set(assets) >= {"/web/css/tokens.css"}
    on_disk = {path for path in PAGE_FOLDER.rglob("*") if path.is_file()} if PAGE_FOLDER.is_dir() else set()
    assert len(assets) == len(on_disk) + 1, "a file of the page has a kind that is not served"
    for address, asset in assets.items():
        answer = client.get(address)
        assert answer.status_code == 200 and answer.content == asset.content
        assert answer.headers["content-type"] == asset.media_type
        again = client.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert client.get("/web/css/tokens.css").text == theme.css_variables()
    assert client.request("HEAD", "/web/css/tokens.css").status_code == 200
    assert client.post("/web/css/tokens.css").status_code == 405


def test_too_much_work_is_refused_at_once():
    async def ask():
        workers, release = Workers(1, 1), threading.Event()
        waiting = [asyncio.ensure_future(workers.run(release.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ApiError) as refused:
            await workers.run(int)
        assert refused.value.status_code == 503 and refused.value.headers == {"Retry-After": "1"}
        release.set()
        assert await asyncio.gather(*waiting) == [True, True]
        await asyncio.sleep(0)
        assert await workers.run(int) == 0
        workers.close()

    asyncio.run(ask())
