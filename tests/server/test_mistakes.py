"""Mistakes as the page shows them, held to counting by hand and to a search of all training images."""

import base64

import numpy as np
import pytest

from live_server import client_of, finished_run
from mnistlab.datasets.contested import CONTESTED_TEST_LABELS
from mnistlab.evaluation.neighbours import Neighbours
from mnistlab.exceptions import RunError
from mnistlab.inference import Classifier
from mnistlab.inference.pretrained import PRETRAINED
from mnistlab.server.mistakes.answers import TestSplitAnswers
from mnistlab.server.networks import Networks
from mnistlab.server.settings import Settings
from mnistlab.server.training.trainings import NOTES

NETWORK = PRETRAINED["mlp"]  # the quickest of those that ship


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mistakes") / "runs"
    run = finished_run(folder / "mine", network=NETWORK)
    return run.parent


@pytest.fixture(scope="module")
def client(runs, mnist):
    with client_of(Settings(runs=runs)) as made:
        yield made


@pytest.fixture(scope="module")
def probabilities(mnist):
    """Of all test images, in other batches than the server's."""
    classifier = Classifier(NETWORK)
    return np.concatenate([classifier(images) for images in np.array_split(mnist.test.images, 40)])


def image_of(answer):
    return np.frombuffer(base64.b64decode(answer["image"]), np.uint8).reshape(28, 28)


def test_the_matrix_counts_every_test_image(client, mnist, probabilities):
    found = client.get("/api/mistakes/mine").json()
    predictions = probabilities.argmax(axis=1)
    counted = [[0] * 10 for _ in range(10)]
    for label, prediction in zip(mnist.test.labels.tolist(), predictions.tolist(), strict=True):
        counted[label][prediction] += 1
    assert found["matrix"] == counted
    assert found["num_images"] == 10_000
    assert found["num_wrong"] == len(found["wrong"]) == sum(predictions != mnist.test.labels)
    assert found["accuracy"] == pytest.approx(np.trace(np.array(counted)) / 10_000)
    sure = [one["confidence"] for one in found["wrong"]]
    assert sure == sorted(sure, reverse=True)
    for one in found["wrong"]:
        assert one["label"] == mnist.test.labels[one["index"]] != one["prediction"] == predictions[one["index"]]
        assert one["confidence"] == pytest.approx(probabilities[one["index"]].max(), abs=1e-5)


def test_cells_hold_the_images_that_are_counted(client):
    found = client.get("/api/mistakes/mine").json()
    listed = {(one["label"], one["prediction"]): [] for one in found["wrong"]}
    for one in found["wrong"]:
        listed[one["label"], one["prediction"]].append(one["index"])
    for (label, prediction), indices in listed.items():
        cell = client.get(f"/api/mistakes/mine/cell?label={label}&prediction={prediction}").json()
        assert (
            cell == {"count": len(indices), "indices": indices} == {**cell, "count": found["matrix"][label][prediction]}
        )
    right = client.get("/api/mistakes/mine/cell?label=3&prediction=3&offset=100&limit=50").json()
    everything = [client.get(f"/api/mistakes/mine/cell?label=3&prediction=3&offset={at}").json() for at in (0, 200)]
    assert right["count"] == found["matrix"][3][3]
    assert right["indices"] == everything[0]["indices"][100:150]
    assert not set(everything[0]["indices"]) & set(everything[1]["indices"])


def test_an_image_comes_with_what_the_network_says_and_its_neighbours(client, mnist, probabilities):
    index = 2130
    answer = client.get(f"/api/images/test/{index}?network=mine").json()
    np.testing.assert_array_equal(image_of(answer), mnist.test.images[index])
    assert (answer["label"], answer["contested"]) == (mnist.test.labels[index], "undecided")
    np.testing.assert_allclose(answer["probabilities"], probabilities[index], atol=1e-5)
    assert client.get(f"/api/images/test/{index}").json()["probabilities"] is None
    # Brute force, in float64 and without any trick.
    train = mnist.train.images.reshape(-1, 784)
    pixels = mnist.test.images[index].reshape(-1) / 255
    distances = np.concatenate([np.sqrt(((rows / 255 - pixels) ** 2).sum(axis=1)) for rows in np.split(train, 60)])
    nearest = np.argsort(distances, kind="stable")[:8]
    assert [near["index"] for near in answer["nearest"]] == nearest.tolist()
    np.testing.assert_allclose([near["distance"] for near in answer["nearest"]], distances[nearest])
    for near in answer["nearest"]:
        np.testing.assert_array_equal(image_of(near), mnist.train.images[near["index"]])
        assert near["label"] == mnist.train.labels[near["index"]]


def test_neighbours_are_exact_where_float32_is_not():
    """Two images that differ from a third by 1 of 255 in one pixel or two: rounding alone could not tell."""
    generator = np.random.default_rng(3)
    image = generator.integers(100, 250, (28, 28), np.uint8)
    one, two = image.copy(), image.copy()
    one[0, 0] += 1
    two[0, :2] += 1
    others = generator.integers(0, 255, (300, 28, 28), np.uint8)
    found = Neighbours(np.concatenate([others, [two, one, image]])).find(image, 3)
    assert [index for index, _ in found] == [302, 301, 300]
    assert [distance for _, distance in found] == pytest.approx([0, 1 / 255, np.sqrt(2) / 255])


def test_contested_labels_are_those_of_the_audit(client):
    answer = client.get("/api/images/test?indices=947,2130,0").json()["images"]
    assert [(one["index"], one["contested"]) for one in answer] == [(947, "wrong"), (2130, "undecided"), (0, None)]
    contested = client.get("/api/mistakes/mine").json()["contested"]
    assert {one["index"]: one["verdict"] for one in contested} == CONTESTED_TEST_LABELS
    assert sorted(CONTESTED_TEST_LABELS.values()) == ["undecided"] * 5 + ["wrong"] * 10


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/mistakes/none", 404),
        ("/api/mistakes/none/cell?label=1&prediction=2", 404),
        ("/api/mistakes/mine/cell?label=10&prediction=2", 422),
        ("/api/mistakes/mine/cell?label=1", 422),
        ("/api/mistakes/mine/cell?label=1&prediction=2&limit=201", 422),
        ("/api/images/test?indices=10000", 422),
        ("/api/images/test?indices=", 422),
        ("/api/images/test?indices=1,,2", 422),
        ("/api/images/test?indices=" + ",".join(["1"] * 201), 422),
        ("/api/images/test/10000", 422),
        ("/api/images/test/-1", 422),
        ("/api/images/test/1?network=none", 404),
        ("/api/images/test/1?network=../etc", 422),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json()["error"].endswith(".")


def test_answers_outlive_the_server_and_a_damaged_file_does_not_matter(runs):
    """A later server reads what was kept; where that is cut short or something else, the network is asked again."""

    def ask():
        answers = TestSplitAnswers(Networks(runs), runs / NOTES)
        found = answers.ask("mine").result(timeout=120).probabilities
        answers.close()
        return found

    expected = ask()
    (path,) = (runs / NOTES).glob("*.npy")
    np.save(path, expected[::-1])
    np.testing.assert_array_equal(ask(), expected[::-1])
    np.save(path, expected)
    content = path.read_bytes()
    for damage in (content[:1000], content.replace(b"'<f4'", b"'|O8'"), np.lib.format.magic(1, 0)):
        path.write_bytes(damage)
        np.testing.assert_array_equal(ask(), expected)
        assert path.read_bytes() == content


def test_others_are_answered_while_a_network_reads_the_test_split(runs):
    """A network is asked in small batches, in a thread that gives way."""
    answers = TestSplitAnswers(Networks(runs), runs / "elsewhere")
    asked = answers.ask("shipped")
    assert answers.ask("shipped") is asked  # and not read twice
    with client_of(Settings(runs=runs)) as client:
        assert client.get("/api/health").status_code == 200
    assert not asked.done()
    answers.close()
    with pytest.raises(RunError, match="The server ends"):  # and keeps nobody waiting who wants to go
        asked.result(timeout=30)
