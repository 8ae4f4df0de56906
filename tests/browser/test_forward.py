"""The forward pass in JavaScript, held to ONNX Runtime: the networks that ship, and every kind that a recipe trains."""

import base64
import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from mnistlab import models
from mnistlab.datasets import load_mnist
from mnistlab.inference.classifier import Classifier
from mnistlab.inference.pretrained import PRETRAINED
from mnistlab.inference.web import web_network
from mnistlab.models.building import finished_model
from mnistlab.models.export import export_onnx
from mnistlab.models.networks import MODELS, Build
from mnistlab.recipes import RECIPES

CLOSE = 1e-4  # between probabilities
BATCH = 500  # images in one message

COMPUTE = """async ({ file, images, names }) => {
  const { readWeights } = await import("/web/networks/weights.js");
  const { forward } = await import("/web/networks/forward.js");
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  if (file) window.network = readWeights(bytes(file).buffer);
  const pixels = bytes(images);
  const found = [];
  for (let at = 0; at < pixels.length; at += 784) {
    const { outputs } = forward(window.network, pixels.subarray(at, at + 784));
    found.push(names.map((name) => outputs[name]));
  }
  const letters = (values) => Array.from(new Uint8Array(values.buffer), (byte) => String.fromCharCode(byte)).join("");
  return found.map((one) => one.map((values) => btoa(letters(values.slice()))));
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, server: str) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(server)
    yield page
    page.close()


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def compute(page: Page, file: bytes, images: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    """Some outputs of a network in the browser, float32 `(num_images, num_values)`."""
    found: list[Any] = []
    for first in range(0, len(images), BATCH):
        asked = {"file": "" if first else text(file), "images": text(images[first : first + BATCH].tobytes())}
        found += page.evaluate(COMPUTE, asked | {"names": names})
    return {
        name: np.array([np.frombuffer(base64.b64decode(one[at]), "<f4") for one in found])
        for at, name in enumerate(names)
    }


def hold(page: Page, name: str, images: np.ndarray) -> None:
    """No other answer than ONNX Runtime's, and the probabilities of digits and of kinds close to its own."""
    classifier = Classifier(PRETRAINED[name], calibrated=False)
    names = ["probabilities", *(["kinds"] if classifier.calibration.kinds else [])]
    found = compute(page, web_network(PRETRAINED[name]), images, names)
    for at, expected in enumerate(classifier.with_kinds(images)[: len(names)]):
        assert np.abs(found[names[at]] - expected).max() < CLOSE
        assert np.array_equal(found[names[at]].argmax(1), expected.argmax(1))


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_networks_that_ship_answer_as_with_onnx_runtime(page: Page, name: str) -> None:
    hold(page, name, load_mnist().test.images[:250])


@pytest.mark.slow
@pytest.mark.parametrize("name", PRETRAINED)
def test_the_networks_that_ship_answer_the_whole_test_split_as_with_onnx_runtime(page: Page, name: str) -> None:
    hold(page, name, load_mnist().test.images)


ALIKE = {"deep_cnn", "deeper_cnn", "widening_cnn"}  # the same layers as small_cnn, more of them


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in ALIKE else name for name in MODELS]
)
def test_every_kind_of_network_gives_every_activation(page: Page, name: str, tmp_path: Any) -> None:
    """With weights at random, moving statistics and offsets among them."""
    model, rng = MODELS[name](Build(seed=3)), np.random.default_rng(3)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            layer.set_weights([rng.uniform(0.5, 1.5, one.shape) for one in layer.get_weights()])
        elif getattr(layer, "use_bias", False):
            layer.bias.assign(rng.normal(0, 0.1, layer.bias.shape))
    export_onnx(model, tmp_path / "model.onnx")
    classifier, images = Classifier(tmp_path / "model.onnx", calibrated=False), load_mnist().test.images[:5]
    found = compute(page, web_network(tmp_path / "model.onnx"), images, [*classifier.layers])
    for layer, expected in classifier.activations(images).items():
        assert found[layer] == pytest.approx(expected.reshape(len(images), -1), abs=1e-4, rel=1e-4), layer


def test_an_average_over_shifted_images_answers_as_with_onnx_runtime(page: Page, tmp_path: Any) -> None:
    recipe = dataclasses.replace(RECIPES["record"], members=2)
    export_onnx(
        finished_model([models.small_cnn(Build(seed=seed)) for seed in (1, 2)], recipe), tmp_path / "model.onnx"
    )
    images = load_mnist().test.images[:5]
    found = compute(page, web_network(tmp_path / "model.onnx"), images, ["probabilities"])
    expected = Classifier(tmp_path / "model.onnx", calibrated=False)(images)
    assert found["probabilities"] == pytest.approx(expected, abs=CLOSE)
    assert expected.std(axis=0).max() > 1e-3  # the images differ


def test_a_file_that_is_none_is_refused(page: Page) -> None:
    refused = """async (texts) => {
      const { readWeights } = await import("/web/networks/weights.js");
      return texts.map((text) => {
        try {
          readWeights(new TextEncoder().encode(text).buffer);
          return "";
        } catch (error) {
          return error.message;
        }
      });
    }"""
    assert page.evaluate(refused, ["", "mnistwe", "something else altogether"]) == ["no-network"] * 3
