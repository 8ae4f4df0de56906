"""The page's own modules, run in the browser that they are written for, against the library's answers."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from mnistlab.datasets import load_mnist
from mnistlab.reader.normalization import normalize_digit

VECTORS = Path(__file__).parents[1] / "data" / "normalize_digit.json"

NORMALIZE = """async (crops) => {
  const { normalizeDigit } = await import("/web/digits/normalize.js");
  return crops.map(({ crop, width, height, arguments: { crop_to_ink: cropToInk, ...others } }) => {
    const values = Uint8Array.from(atob(crop), (letter) => letter.charCodeAt(0));
    const { image, ...facts } = normalizeDigit({ values, width, height }, { cropToInk, ...others });
    return { ...facts, image: [...image] };
  });
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, server: str) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(server)
    yield page
    page.close()


def normalize(page: Page, crops: list[tuple[np.ndarray, dict[str, Any]]]) -> list[dict[str, Any]]:
    """What the page makes of crops."""
    asked = [
        {
            "crop": base64.b64encode(crop.astype(np.uint8).tobytes()).decode(),
            "width": crop.shape[1],
            "height": crop.shape[0],
            "arguments": arguments,
        }
        for crop, arguments in crops
    ]
    found: list[dict[str, Any]] = page.evaluate(NORMALIZE, asked)
    return found


def test_the_page_gives_the_vectors_of_the_specification(page: Page) -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    crops = [(np.reshape(one["crop"], (one["height"], one["width"])), one["arguments"]) for one in vectors]
    for vector, found in zip(vectors, normalize(page, crops), strict=True):
        wanted = vector["normalized"]
        assert found["isBlank"] == wanted["is_blank"], vector["name"]
        if wanted["is_blank"]:
            assert not any(found["image"]), vector["name"]
            continue
        assert found["image"] == wanted["image"], vector["name"]
        for name, key in [("isFlipped", "is_flipped"), ("box", "box"), ("shift", "shift")]:
            assert found[name] == wanted[key], (vector["name"], key)
        for name, key in [("thicknessBefore", "thickness_before"), ("offCentre", "off_centre")]:
            assert found[name] == pytest.approx(wanted[key], abs=1e-6), (vector["name"], key)
        for name in ("scale", "thickness"):
            assert found[name] == pytest.approx(wanted[name], abs=1e-6), (vector["name"], name)


def test_the_page_and_the_library_agree_on_crops_at_random(page: Page) -> None:
    rng = np.random.default_rng(7)
    images = load_mnist().train.images
    crops: list[tuple[np.ndarray, dict[str, Any]]] = []
    for number in range(60):
        height, width = rng.integers(2, 90, 2)
        ground = rng.normal(rng.integers(0, 256), rng.choice([0, 2, 8]), (height, width))
        digit = images[rng.integers(len(images))].repeat(rng.integers(1, 4), 0).repeat(rng.integers(1, 4), 1)
        top, left = rng.integers(0, height), rng.integers(0, width)
        part = digit[: height - top, : width - left]
        ground[top : top + part.shape[0], left : left + part.shape[1]] += rng.uniform(-1, 1) * part
        steps = {name: bool(rng.random() < 0.8) for name in ("contrast", "crop_to_ink", "thickness", "centre")}
        ink = ("auto", "light", "dark")[number % 3]
        crops.append((np.clip(ground, 0, 255).astype(np.uint8), {"ink": ink, **steps}))
    blank = 0
    for (crop, arguments), found in zip(crops, normalize(page, crops), strict=True):
        wanted = normalize_digit(crop, **arguments)
        assert found["image"] == wanted.image.ravel().tolist()
        assert found["isBlank"] == wanted.is_blank
        blank += wanted.is_blank
    assert 5 < blank < 50  # both kinds were there


def test_a_drawing_survives_the_address(page: Page) -> None:
    rng = np.random.default_rng(3)
    drawings = []
    for num_strokes in (0, 1, 2, 5):
        strokes = []
        for _ in range(num_strokes):
            places = np.cumsum(rng.integers(-9, 10, (rng.integers(1, 120), 2)), axis=0) + 128
            places[1::9] = rng.integers(0, 256, places[1::9].shape)  # leaps
            strokes.append({"width": int(rng.integers(1, 256)), "points": np.clip(places, 0, 255).ravel().tolist()})
        drawings.append(strokes)
    texts, back = page.evaluate(
        """async (drawings) => {
          const { decodeStrokes, encodeStrokes } = await import("/web/digits/strokes.js");
          const texts = drawings.map(encodeStrokes);
          return [texts, texts.map(decodeStrokes)];
        }""",
        drawings,
    )
    assert back == drawings
    assert texts[0] == ""
    assert all(character.isascii() and (character.isalnum() or character in "-_") for character in "".join(texts))


def test_an_address_that_was_tampered_with_gives_a_drawing_or_none(page: Page) -> None:
    rng = np.random.default_rng(5)
    letters = list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/+%=é")
    texts = ["".join(rng.choice(letters, rng.integers(0, 200))) for _ in range(300)]
    texts += ["_" * length for length in (1, 2, 3, 4, 7, 8, 40_000)]
    strokes, digits = page.evaluate(
        """async (texts) => {
          const { decodeDigit, decodeStrokes } = await import("/web/digits/strokes.js");
          return [texts.map(decodeStrokes), texts.map((text) => decodeDigit(text)?.length ?? null)];
        }""",
        texts,
    )
    for stroke in (stroke for drawing in strokes for stroke in drawing):
        assert 1 <= stroke["width"] <= 255
        assert len(stroke["points"]) % 2 == 0 and stroke["points"]
        assert all(isinstance(place, int) and 0 <= place <= 255 for place in stroke["points"])
    assert any(strokes) and set(digits) <= {None, 784}


def test_a_digit_survives_the_address(page: Page) -> None:
    images = [*load_mnist().test.images[:50].reshape(50, 784).tolist(), [0] * 784, [255] * 784]
    lengths, back = page.evaluate(
        """async (images) => {
          const { decodeDigit, encodeDigit } = await import("/web/digits/strokes.js");
          const texts = images.map((image) => encodeDigit(Uint8Array.from(image)));
          return [texts.map((text) => text.length), texts.map((text) => [...decodeDigit(text)])];
        }""",
        images,
    )
    assert back == images
    assert max(lengths) <= 2048


def test_events_arrive_whole_however_they_are_cut(page: Page) -> None:
    stream = (
        ': alive\n\nevent: step\nid: 1\ndata: {"step": 1}\n\n'
        "event: state\r\nid: 2\r\ndata: two\r\ndata:lines\r\n\r\n: alive\n\ndata: plain\n\nevent: cut off\ndata: x\n"
    )
    wanted = [
        {"type": "step", "data": '{"step": 1}', "id": "1"},
        {"type": "state", "data": "two\nlines", "id": "2"},
        {"type": "message", "data": "plain", "id": "2"},
    ]
    found = page.evaluate(
        """async (stream) => {
          const { createEventParser } = await import("/web/app/events.js");
          const cuts = [[stream], [...stream]];
          for (let at = 1; at < stream.length; at++) cuts.push([stream.slice(0, at), stream.slice(at)]);
          return cuts.map((parts) => {
            const events = [];
            parts.forEach(createEventParser((event) => events.push(event)));
            return events;
          });
        }""",
        stream,
    )
    assert len(found) > 100
    assert all(events == wanted for events in found)
