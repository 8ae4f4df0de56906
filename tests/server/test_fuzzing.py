"""Broken pictures and broken requests over HTTP: every one gets a proper answer, and the server stays as it was.

A few hundred by default; `make test-long` and `benchmarks/measure/fuzzing.py` send ten thousand of each.
"""

import json
import warnings

import pytest
from PIL import Image

from benchmarks.material import odd_pictures, odd_requests
from benchmarks.measure import fuzzing

MEGABYTES = 300  # more than before, at the most, while ten thousand are dealt with


@pytest.fixture(scope="module")
def server():
    with fuzzing.running_server() as server:
        yield server


def assert_proper(outcomes):
    found = fuzzing.summary(outcomes)
    assert found["server_errors"] == found["improper"] == 0, found["faults"]
    assert found["closed"] <= 0.01 * len(outcomes)  # of a body that is too large, while it is still being sent
    assert found["refused"] > 0.3 * len(outcomes)  # broken enough
    assert found["answered"] > 0  # and not beyond recognition


@pytest.mark.parametrize("number", [150, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("what", ["pictures", "requests"])
def test_whatever_comes_gets_an_answer(server, what, number):
    make = {"pictures": fuzzing.sent_picture, "requests": fuzzing.sent_request}[what]
    fuzzing.send_all(server, make, range(number, number + fuzzing.WARM_UP))
    before = fuzzing.memory_megabytes(server.process.pid)
    with fuzzing.Meter(server) as meter:
        outcomes = fuzzing.send_all(server, make, range(number))
    assert [one.number for one in sorted(outcomes, key=lambda one: one.number)] == list(range(number))
    assert_proper(outcomes)
    assert meter.largest - before < MEGABYTES


def test_what_is_not_broken_is_answered(server):
    """The same pictures and requests before anything is done to them, through the same client."""
    pictures, requests = odd_pictures.pictures(), odd_requests.REQUESTS
    photos = [name for name in pictures if name.partition(" ")[0] in ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")]
    photos = [name for name in photos if " of " not in name]
    sent = [fuzzing.Sent(name, "/api/read", pictures[name], {"Content-Type": "image/png"}) for name in photos]
    for route in ("/api/classify", "/api/activations", "/api/occlusion"):
        content = json.dumps(requests[route]).encode()
        sent.append(fuzzing.Sent("plain", route, content, {"Content-Type": "application/json"}))
    outcomes = fuzzing.send_all(server, sent.__getitem__, range(len(sent)))
    assert [(one.kind, one.path) for one in outcomes if one.status != 200] == []


def test_one_number_makes_one_thing():
    """So that what was found once can be sent again."""
    for number in range(0, 400, 7):
        assert fuzzing.sent_picture(number) == fuzzing.sent_picture(number)
        assert fuzzing.sent_request(number) == fuzzing.sent_request(number)
    assert len({fuzzing.sent_picture(number).content for number in range(100)}) > 90


@pytest.mark.parametrize("bomb", ["png_bomb", "gif_bomb", "bmp_bomb", "tiff_bomb", "jpeg_bomb", "webp_bomb"])
def test_bombs_are_bombs(bomb, tmp_path, monkeypatch):
    """Pillow, which looks at headers alone, finds sides there that no reader should decode."""
    import numpy as np

    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    areas = []
    for seed in range(20):
        path = tmp_path / f"{seed}"
        path.write_bytes(getattr(odd_pictures, bomb)(np.random.default_rng(seed)))
        try:
            with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
                areas.append(abs(image.width * image.height))
        except (OSError, ValueError, SyntaxError):
            continue
    assert areas
    assert max(areas) >= 100_000_000


def test_faults_would_be_seen():
    """The summary itself: a 500, a 503 without Retry-After, a refusal without a sentence."""
    import httpx

    assert not fuzzing.is_proper(httpx.Response(503, json={"error": "The server is busy."}))
    assert fuzzing.is_proper(httpx.Response(503, json={"error": "The server is busy."}, headers={"Retry-After": "1"}))
    assert not fuzzing.is_proper(httpx.Response(422, text="Unprocessable"))
    assert not fuzzing.is_proper(httpx.Response(422, json={"detail": []}))
    assert fuzzing.is_proper(httpx.Response(200, text="anything"))
    outcomes = [fuzzing.Outcome(at, "x", "/", status, 0.1, True) for at, status in enumerate((200, 422, 500, 503, 0))]
    found = fuzzing.summary(outcomes)
    assert (found["server_errors"], found["busy"], found["closed"], found["refused"]) == (1, 1, 1, 1)
    assert [fault["status"] for fault in found["faults"]] == [500]
