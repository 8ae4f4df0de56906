"""Breaking networks over HTTP: what is broken, what is still right, and the numbers of a single cell."""

import base64

import numpy as np
import pytest

from live_server import client_of
from mnistlab.inference import Classifier
from mnistlab.inference.pretrained import PRETRAINED
from mnistlab.inference.surgery import Cut, Damage, damaged
from mnistlab.server.recognition import surgery
from mnistlab.server.settings import Settings

IDS = {"digits": "shipped", "mlp": "shipped-mlp", "cnn": "shipped-cnn"}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with client_of(Settings(runs=tmp_path_factory.mktemp("none"))) as made:
        yield made


def encoded(array):
    return base64.b64encode(array.tobytes()).decode()


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def broken(name, damage):
    layers = Classifier(PRETRAINED[name], num_threads=1).layers
    return Classifier(PRETRAINED[name], num_threads=1, edit=lambda content: damaged(content, damage, layers))


@pytest.mark.parametrize("name", ["mlp", "cnn", pytest.param("digits", marks=pytest.mark.slow)])
def test_the_accuracy_is_that_of_every_tenth_test_image(client, name, mnist, monkeypatch):
    images, labels = mnist.test.images[::10], mnist.test.labels[::10]
    network = {"network": IDS[name]}
    sound = client.post("/api/accuracy", json=network).json()
    assert sound == {"correct": int((Classifier(PRETRAINED[name])(images).argmax(1) == labels).sum()), "count": 1000}
    damage = {"cuts": [{"part": 1, "units": [1, 2, 3, 5, 8]}, {"part": 2, "biases": True}], "noise": 1.5, "seed": 3}
    answer = client.post("/api/accuracy", json=network | {"damage": damage}).json()
    expected = broken(name, Damage((Cut(1, (1, 2, 3, 5, 8)), Cut(2, biases=True)), 1.5, 3))(images).argmax(1) == labels
    assert abs(answer["correct"] - int(expected.sum())) <= 1  # the last digit of a sum may decide
    assert answer["correct"] < sound["correct"]
    monkeypatch.setattr(surgery, "damaged", None)  # nothing is computed again
    assert client.post("/api/accuracy", json=network | {"damage": damage}).json() == answer


def test_covered_pixels_are_covered_in_every_image(client, mnist):
    mask = np.zeros((28, 28), bool)
    mask[10:18] = True
    damage = {"covered": encoded(np.packbits(mask.ravel()))}
    images = np.where(mask, 0, mnist.test.images[::10]).astype(np.uint8)
    right = int((Classifier(PRETRAINED["mlp"])(images).argmax(1) == mnist.test.labels[::10]).sum())
    answer = client.post("/api/accuracy", json={"network": "shipped-mlp", "damage": damage}).json()
    assert answer["correct"] == right < 950
    asked = {"image": encoded(mnist.test.images[0]), "network": "shipped-mlp", "damage": damage}
    looked = client.post("/api/activations", json=asked).json()
    np.testing.assert_allclose(floats(looked["layers"][0]["values"]), images[0].ravel() / 255, atol=1e-6)
    assert looked["answer"]["probabilities"] == pytest.approx(
        Classifier(PRETRAINED["mlp"])(images[:1])[0].tolist(), abs=1e-5
    )


@pytest.mark.parametrize("name", IDS)
def test_layers_and_answer_are_those_of_the_broken_network(client, name, mnist):
    image = mnist.test.images[4]
    damage = {"cuts": [{"part": 2, "units": [3], "linear": True}]}
    looked = client.post(
        "/api/activations", json={"image": encoded(image), "network": IDS[name], "damage": damage}
    ).json()
    expected = broken(name, Damage((Cut(2, (3,), linear=True),))).activations(image)
    for layer in looked["layers"]:
        np.testing.assert_allclose(floats(layer["values"]), expected[layer["name"]].ravel(), rtol=1e-4, atol=1e-4)
    assert looked["answer"]["digit"] == int(expected["probabilities"].argmax())
    covered = client.post(
        "/api/occlusion", json={"image": encoded(image), "network": IDS[name], "damage": damage, "size": 28}
    ).json()
    assert covered["confidence"] == pytest.approx(float(expected["probabilities"].max()), abs=1e-5)


@pytest.mark.parametrize("damage", [{}, {"cuts": [{"part": 2, "units": [1], "biases": True}], "noise": 0.4, "seed": 2}])
@pytest.mark.parametrize("name", IDS)
def test_with_the_numbers_of_a_unit_every_layer_can_be_computed_by_hand(client, name, damage, mnist):
    asked = {"image": encoded(mnist.test.images[1]), "network": IDS[name], "damage": damage}
    layers = client.post("/api/activations", json=asked).json()["layers"]
    values = {one["name"]: floats(one["values"]).reshape(one["shape"]) for one in layers}
    structure = client.get(f"/api/networks/{IDS[name]}/structure").json()
    derived = {one["layer"]: one for one in structure["derivations"]}
    assert set(derived) >= set(values) - {"scale", "fold"}
    for layer, how in derived.items():
        if how["operation"] in ("softmax", "arrange") or how["source"] not in values:
            continue
        source, result = values[how["source"]], values[layer]
        for unit in {0, 2, result.shape[-1] - 1}:
            found = client.post(
                "/api/unit", json={"network": IDS[name], "layer": layer, "unit": unit + 1, "damage": damage}
            ).json()
            weights = floats(found["weights"]).reshape(found["shape"])
            by_hand = computed(how, source, weights, unit) * found["factor"] + found["offset"]
            np.testing.assert_allclose(by_hand, result[..., unit], rtol=1e-3, atol=2e-3, err_msg=f"{layer} {unit}")


def computed(how, source, weights, unit):
    """One channel or unit of a layer, without what is added, in plain NumPy."""
    if how["operation"] == "relu":
        return np.maximum(source[..., unit], 0)
    if how["operation"] == "scale":
        return source[..., unit].astype(float)
    if how["operation"] == "dense":
        return source.astype(float) @ weights.astype(float)
    top, left, bottom, right = how["pads"]
    padded = np.pad(source, ((top, bottom), (left, right), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, how["window"], axis=(0, 1))
    windows = windows[:: how["strides"][0], :: how["strides"][1]]  # (rows, columns, channels, r, c)
    if how["operation"] == "pool":
        return windows[:, :, unit].max(axis=(-2, -1))
    return np.einsum("ijcrs,rsc->ij", windows.astype(float), weights.astype(float))


@pytest.mark.parametrize(
    "path, body, status, words",
    [
        ("accuracy", {"damage": {"cuts": [{"part": 9}]}}, 200, ""),  # nothing of it is broken
        ("accuracy", {"damage": {"cuts": [{"part": 9, "off": True}]}}, 404, "does not have"),
        ("accuracy", {"damage": {"cuts": [{"part": 1, "units": [33]}]}}, 404, "does not have"),
        ("accuracy", {"damage": {"cuts": [{"part": 1, "units": [1] * 65}]}}, 422, "at most 64"),
        ("accuracy", {"damage": {"noise": 2.5}}, 422, "at most 2"),
        ("accuracy", {"damage": {"seed": -1}}, 422, "at least 0"),
        ("accuracy", {"damage": {"covered": "AAAA"}}, 422, "must match"),
        ("accuracy", {"damage": {"more": 1}}, 422, "leave it out"),
        ("accuracy", {"network": "nobody"}, 404, "no network nobody"),
        ("unit", {"layer": "conv1", "unit": 33}, 404, "no such layer or unit"),
        ("unit", {"layer": "conv9", "unit": 1}, 404, "no such layer or unit"),
        ("unit", {"layer": "conv1", "unit": 0}, 422, "at least 1"),
    ],
)
def test_what_cannot_be_broken_is_said(client, path, body, status, words):
    answer = client.post(f"/api/{path}", json={"network": "shipped"} | body)
    assert answer.status_code == status, answer.text
    assert words in (answer.json()["error"] if status != 200 else "")
