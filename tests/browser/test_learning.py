"""Training in the browser: the mathematics against numerical derivatives, what it learns, and what the page shows."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from mnistlab.server.http.sentences import say

from .conftest import THREE, Watched

GRADIENTS = """async ({ sizes, images, labels, seed }) => {
  const { createLayers, forward, backward, score } = await import("/web/learning/network.js");
  const { createRandom } = await import("/web/learning/random.js");
  const layers = createLayers(sizes, createRandom(seed));
  layers.forEach(({ biases }, at) => biases.fill(0.1 * (at + 1)));
  const truth = Uint8Array.from(labels);
  const outputs = forward(layers, Float32Array.from(images), labels.length);
  const { loss, right } = score(outputs[layers.length], truth);
  const gradients = backward(layers, outputs, truth).map(({ weights, biases }) => [[...weights], [...biases]]);
  return { layers: layers.map(({ weights, biases }) => [[...weights], [...biases]]), gradients, loss, right };
}"""
ADAM = """async ({ weights, gradients, rate }) => {
  const { createAdam } = await import("/web/learning/adam.js");
  const biases = new Float32Array(1);
  const layers = [{ inputs: weights.length, units: 1, weights: Float32Array.from(weights), biases }];
  const step = createAdam(layers, rate);
  for (const one of gradients) step([{ weights: Float32Array.from(one), biases: new Float32Array(1) }]);
  return [...layers[0].weights];
}"""
LEARN = """async ({ count, settings }) => {
  const { fetchSplit } = await import("/web/learning/images.js");
  const { createLearner } = await import("/web/learning/learner.js");
  const [train, test] = await Promise.all([fetchSplit("train"), fetchSplit("test")]);
  const some = { images: train.images.subarray(0, 784 * count), labels: train.labels.subarray(0, count), count };
  const learner = createLearner(settings, some, test);
  const kept = [];
  const began = performance.now();
  while (learner.step < learner.numSteps) {
    learner.learn();
    kept.push(learner.remember()?.length ?? 0);
  }
  const last = learner.remember(true);
  const own = test.images.subarray(0, 784);
  return {
    accuracy: learner.accuracy(test), seconds: (performance.now() - began) / 1000, most: Math.max(...kept),
    steps: last.map(({ step }) => step), predictions: last.at(-1).predictions, labels: [...test.labels.subarray(0, 48)],
    looked: [learner.look(own, 0), learner.look(own, -1)],
  };
}"""
SETTINGS = {"hidden": [128, 64], "epochs": 2, "batchSize": 64, "learningRate": 0.001, "seed": 0}


@pytest.fixture(scope="module")
def page(browser: Browser, server: str) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(server)
    yield page
    page.close()


def loss_of(layers: list[Any], images: np.ndarray, labels: np.ndarray) -> float:
    """Mean cross-entropy of a network in float64: `(rows, inputs)` and `(rows,)`."""
    values = images.astype(np.float64)
    for at, (weights, biases) in enumerate(layers):
        values = values @ weights + biases
        if at < len(layers) - 1:
            values = np.maximum(values, 0)
    values = values - values.max(axis=1, keepdims=True)
    logs = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
    return float(-logs[np.arange(len(labels)), labels].mean())


def test_gradients_are_the_numerical_derivatives_of_the_loss(page):
    random = np.random.default_rng(0)
    sizes, rows = [6, 5, 7, 4], 9
    images = np.round(random.random((rows, 6)), 3) * (random.random((rows, 6)) < 0.6)
    labels = random.integers(0, 4, rows)
    asked = {"sizes": sizes, "images": images.ravel().tolist(), "labels": labels.tolist(), "seed": 3}
    found = page.evaluate(GRADIENTS, asked)
    shapes = list(itertools.pairwise(sizes))
    layers = [
        [np.array(weights).reshape(shape), np.array(biases)]
        for (weights, biases), shape in zip(found["layers"], shapes, strict=True)
    ]
    assert found["loss"] == pytest.approx(loss_of(layers, images, labels), abs=1e-6)
    small = 1e-5
    for layer, gradients in zip(layers, found["gradients"], strict=True):
        for array, gradient in zip(layer, gradients, strict=True):
            numerical = np.empty(array.size)
            for at in range(array.size):
                before = array.flat[at]
                array.flat[at] = before + small
                above = loss_of(layers, images, labels)
                array.flat[at] = before - small
                numerical[at] = (above - loss_of(layers, images, labels)) / (2 * small)
                array.flat[at] = before
            assert np.abs(numerical).max() > 1e-3  # a gradient of zeros would agree with nothing
            np.testing.assert_allclose(gradient, numerical, atol=1e-5)


def test_adam_is_that_of_the_paper(page):
    random = np.random.default_rng(1)
    weights, gradients, rate = random.normal(size=5), random.normal(size=(7, 5)), 0.01
    expected, mean, square = weights.copy(), np.zeros(5), np.zeros(5)
    for step, gradient in enumerate(gradients, start=1):
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        expected -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-7)
    asked = {"weights": weights.tolist(), "gradients": gradients.tolist(), "rate": rate}
    np.testing.assert_allclose(page.evaluate(ADAM, asked), expected, atol=1e-5)


def test_it_learns_from_5000_images_and_remembers_at_most_60_moments(page):
    found = page.evaluate(LEARN, {"count": 5000, "settings": SETTINGS})
    assert found["accuracy"] > 0.85
    assert 30 < found["most"] <= 60
    assert found["steps"] == sorted(set(found["steps"]))
    assert found["steps"][-1] == 2 * 79
    right = np.mean(np.array(found["predictions"]) == found["labels"])
    assert right > 0.75
    early, late = (np.array(one) for one in found["looked"])
    assert early.sum() == pytest.approx(1, abs=1e-5)
    assert late.argmax() == found["labels"][0] and late.max() > early.max()
    again = page.evaluate(LEARN, {"count": 5000, "settings": SETTINGS})
    assert again["accuracy"] == found["accuracy"]  # a seed decides everything
    other = page.evaluate(LEARN, {"count": 5000, "settings": SETTINGS | {"seed": 1}})
    assert other["looked"] != found["looked"]


@pytest.mark.slow
def test_it_learns_all_images(page):
    found = page.evaluate(LEARN, {"count": 60_000, "settings": SETTINGS | {"epochs": 5, "batchSize": 128}})
    assert found["accuracy"] >= 0.97


def test_the_train_tab_shows_a_network_while_it_learns(
    open_watched: Callable[..., Watched], drawings: list[dict[str, Any]]
):
    watched = open_watched()
    page = watched.open(f"tab=train&{THREE}")
    page.get_by_label(say("learning.layers")).fill("16")
    form = page.get_by_role("form", name=say("learning.title"))
    form.get_by_label(say("train.epochs"), exact=True).fill("3")
    form.get_by_role("button", name=say("learning.start")).click()
    view = page.get_by_role("region", name=say("learning.view"))
    expect(view.locator(".learning-filters canvas")).to_have_count(16)
    expect(view.locator(".learning-digits li")).to_have_count(48)
    watched.until("Number(document.querySelector('#learning-moment').max) >= 2")
    page.get_by_role("button", name=say("learning.pause"), exact=True).click()
    expect(form.get_by_role("status")).to_have_text(say("learning.paused"))
    slider = view.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", say("learning.step", {"step": 0}))
    watched.until("document.querySelectorAll('#learning-view .bar')[3].getAttribute('style')")
    wrong_at_first = view.locator(".learning-digits .is-wrong").count()
    first_share = view.locator(".bar").nth(3).get_attribute("style")
    page.keyboard.press("End")
    assert view.locator(".learning-digits .is-wrong").count() < wrong_at_first
    watched.until(f"document.querySelectorAll('#learning-view .bar')[3].getAttribute('style') !== {first_share!r}")
    page.get_by_role("button", name=say("learning.resume"), exact=True).click()
    expect(form.get_by_role("status")).to_contain_text("10,000", timeout=120_000)


def test_layers_that_cannot_be_are_refused(watched: Watched):
    page = watched.open("tab=train")
    layers = page.get_by_label(say("learning.layers"))
    for text in ("128, x", "0", "257", "8 8 8 8", "1.5"):
        layers.fill(text)
        page.get_by_role("button", name=say("learning.start")).click()
        assert layers.evaluate("field => field.validity.customError"), text
    assert page.locator("#learning-view").is_hidden()
