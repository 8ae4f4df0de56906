"""Break it: what the page switches off is off in the network, and a link holds it; nonsense changes nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from mnistlab.inference import Classifier
from mnistlab.inference.pretrained import PRETRAINED
from mnistlab.inference.surgery import Cut, Damage, damaged
from processes import cpu_seconds_of

from .conftest import Served

ANY = Callable[..., Any]
TWO = 1  # number of a test image that shows a 2
PICK = """async (pixels) => {
  const { drawing } = await import("/web/digits/drawing.js");
  drawing.pick(Uint8Array.from(pixels));
  return location.hash.slice(1);
}"""


@pytest.fixture
def two(reused: Any, mnist: Any) -> Page:
    """A 2, looked into by the convolutional network of the notebook."""
    page: Page = reused.open("tab=inside&network=shipped-cnn")
    page.evaluate(PICK, mnist.test.images[TWO].ravel().tolist())
    page.locator(".explanation .calculation").wait_for()
    reused.quiet()
    return page


def broken(name: str, damage: Damage) -> Classifier:
    layers = Classifier(PRETRAINED[name], num_threads=1).layers
    return Classifier(PRETRAINED[name], num_threads=1, edit=lambda content: damaged(content, damage, layers))


def correct_of(name: str, damage: Damage, mnist: Any) -> int:
    images = damage.cover(mnist.test.images[::10])
    return int((broken(name, damage)(images).argmax(axis=1) == mnist.test.labels[::10]).sum())


def counted(page: Page) -> int:
    """What the page says of the accuracy, once it has counted."""
    result = page.locator(".broken-result")
    expect(result).to_contain_text(re.compile(r"classifies \d+ of 1,000"))
    return int(re.search(r"classifies (\d+) of", result.inner_text())[1])  # type: ignore[index]


def test_filters_and_biases_that_are_switched_off_are_off(two: Page, mnist: Any, open_watched: ANY) -> None:
    assert counted(two) == correct_of("cnn", Damage(), mnist)
    for number in (1, 4, 9):
        two.get_by_role("button", name=f"Filter {number} off", exact=True).click()
        two.evaluate("isQuiet()")
    two.get_by_label("Without what it adds (biases)").check()
    two.evaluate("isQuiet()")
    assert "cut=1f1-4-9,1b" in two.url
    damage = Damage((Cut(1, (1, 4, 9), biases=True),))
    assert abs(counted(two) - correct_of("cnn", damage, mnist)) <= 1
    probabilities = broken("cnn", damage)(mnist.test.images[TWO])
    expect(two.locator(".inside-answer")).to_have_text(str(int(probabilities.argmax())))
    share = f"{100 * float(probabilities.max()):.1f}"
    expect(two.locator(".view-answer")).to_contain_text("more than 99.9" if share == "100.0" else share)
    expect(two.locator(".is-broken")).to_have_text("Unbroken, the network says 2.")

    other = open_watched()  # a link holds what was broken
    page = other.open(two.url.partition("#")[2])
    other.quiet()
    assert counted(page) == counted(two)
    expect(page.get_by_role("button", name="Filter 4 off", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Repair everything").click()
    other.quiet()
    assert counted(page) == correct_of("cnn", Damage(), mnist)
    assert "cut=" not in page.url and "digit=" in page.url


def test_noise_comes_from_its_seed(two: Page, mnist: Any) -> None:
    two.evaluate("location.hash += '&noise=35.0'")
    two.evaluate("isQuiet()")
    slider = two.get_by_label("Noise on all weights")
    expect(slider).to_have_value("35")
    slider.focus()
    two.keyboard.press("ArrowRight")
    two.evaluate("isQuiet()")
    assert "noise=40.0" in two.url
    assert abs(counted(two) - correct_of("cnn", Damage(noise=0.4, seed=0), mnist)) <= 3
    two.get_by_role("button", name="Other random numbers").click()
    two.evaluate("isQuiet()")
    assert "noise=40.1" in two.url
    assert abs(counted(two) - correct_of("cnn", Damage(noise=0.4, seed=1), mnist)) <= 3


def test_pixels_are_covered_with_the_pointer_and_the_keys(two: Page, mnist: Any) -> None:
    place = two.locator(".cover")
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    pixel = box["width"] / 28
    two.mouse.move(box["x"] + 14.5 * pixel, box["y"] + 10.5 * pixel)
    two.mouse.down()
    two.mouse.move(box["x"] + 14.5 * pixel, box["y"] + 13.5 * pixel)
    two.mouse.up()
    two.evaluate("isQuiet()")
    place.focus()
    for _ in range(6):
        two.keyboard.press("ArrowDown")
    two.keyboard.press("Space")
    two.evaluate("isQuiet()")
    mask = np.zeros((28, 28), bool)
    for row in (10, 13, 19):
        mask[row - 1 : row + 2, 13:16] = True
    damage = Damage(covered=np.packbits(mask.ravel()).tobytes())
    covered = int(re.search(r"(\d+) pixels", place.get_attribute("aria-label") or "")[1])  # type: ignore[index]
    assert covered == int(mask.sum())
    assert counted(two) == correct_of("cnn", damage, mnist)
    assert len(two.url) < 2048
    two.get_by_role("button", name="Uncover everything").click()
    two.evaluate("isQuiet()")
    assert "cover=" not in two.url


def test_the_numbers_of_a_cell_are_those_of_the_broken_network(two: Page, mnist: Any) -> None:
    values = broken("cnn", Damage((Cut(1, biases=True), Cut(2, (1,))))).activations(mnist.test.images[TWO])
    sound = Classifier(PRETRAINED["cnn"]).activations(mnist.test.images[TWO])
    change = np.abs(values["conv1_relu"] - sound["conv1_relu"])[9, 12]
    shown = int(change.argmax())  # a map that is broken there
    assert change[shown] > 0.01
    two.evaluate(f"location.hash += '&layer=conv1_relu&cell={shown}.9.12&cut=1b,2f1'")
    two.evaluate("isQuiet()")
    result = two.locator(".explanation .calculation .is-first td")
    expected = float(values["conv1_relu"][9, 12, shown])
    assert float(result.inner_text().replace("−", "-")) == pytest.approx(expected, abs=0.0015)


NONSENSE = (
    *("cut=9o", "cut=1f33", "cut=x", "cut=6r", "cut=1f0"),  # five layers have weights; the logits have no ReLU
    *("noise=40", "noise=999.1", "cover=AAAA", f"cover={'_' * 131}"),
)


def test_nonsense_in_the_address_gives_a_sentence_and_a_sound_network(two: Page, mnist: Any) -> None:
    sound, address = counted(two), two.evaluate("location.hash")
    faults = []
    for nonsense in NONSENSE:
        two.evaluate("(hash) => (location.hash = hash)", f"{address}&{nonsense}")
        two.evaluate("isQuiet()")
        try:
            expect(two.locator(".nonsense")).to_contain_text("the network is shown unbroken")
            assert counted(two) == sound
            expect(two.locator(".broken-result")).to_contain_text("Unbroken")
            two.get_by_role("button", name="Filter 1 off", exact=True).click()  # which is off when the next one comes
            two.evaluate("isQuiet()")
            expect(two.locator(".nonsense")).to_be_hidden()
            expect(two.locator(".broken-result")).not_to_contain_text("Unbroken")
        except AssertionError as fault:
            faults.append(f"{nonsense}: {fault}")
    assert faults == []


def test_what_the_address_holds_is_read_as_it_was_written(reused: Any) -> None:
    page = reused.open("tab=inside")
    texts = ["1f3-5,1b,2o,3r", "1f1-2-3", "4b"]
    parts = [{"layer": f"conv{at}", "num_units": 32, "adds": True, "has_relu": True} for at in range(1, 5)]
    script = """async ([texts, parts]) => {
      const { readDamage, writeDamage, withCut, maskOf, coveredBy } = await import("/web/inside/damage.js");
      const mask = Array.from({ length: 784 }, (_, at) => at % 5 === 0 || at === 783);
      const covered = coveredBy(mask);
      const whole = writeDamage(withCut(readDamage({ cut: "2b" }, parts), 2, { biases: false }));
      return [
        texts.map((cut) => writeDamage(readDamage({ cut, noise: "35.12" }, parts))),
        maskOf({ covered }).every((one, at) => one === mask[at]),
        readDamage(writeDamage({ cuts: [], noise: 0, seed: 0, covered }), parts).covered === covered,
        whole,
      ];
    }"""
    written, same_mask, same_text, whole = page.evaluate(script, [texts, parts])
    assert written == [{"cut": text, "noise": "35.12", "cover": None} for text in texts]
    assert same_mask and same_text
    assert whole == {"cut": None, "noise": None, "cover": None}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="where no /proc tells what a process spent")
def test_the_accuracy_moves_at_once(two: Page, serving: Served) -> None:
    """Little work for 1,000 images, by the server's processor time, which stands while others use the machine."""
    counted(two)
    before = cpu_seconds_of(serving.pid)
    two.evaluate(
        """async () => {
          const { api } = await import("/web/app/api.js");
          for (const unit of [11, 12, 13])
            await api.post("/api/accuracy", { network: "shipped-cnn", damage: { cuts: [{ part: 1, units: [unit] }] } });
        }"""
    )
    seconds = (cpu_seconds_of(serving.pid) - before) / 3
    assert seconds < 5
