"""Inside explains: the numbers of a cell are those of the network, computed again in NumPy from its own weights."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from mnistlab.inference import Classifier
from mnistlab.inference.arithmetic import Arithmetic
from mnistlab.inference.onnx_files import checked_network, read_file
from mnistlab.inference.pretrained import PRETRAINED

ANY = Callable[..., Any]
TWO = 1  # number of a test image that shows a 2
IDS = {"digits": "shipped", "mlp": "shipped-mlp", "cnn": "shipped-cnn"}
PICK = """async (pixels) => {
  const { drawing } = await import("/web/digits/drawing.js");
  drawing.pick(Uint8Array.from(pixels));
  return location.hash.slice(1);
}"""


@pytest.fixture(scope="module")
def digit(page_of_module: Any, mnist: Any) -> str:
    """What the address says of a 2 once the page has it."""
    page: Page = page_of_module.open("tab=inside")
    found = page.evaluate(PICK, mnist.test.images[TWO].ravel().tolist())
    page_of_module.quiet()
    return re.search(r"digit=[^&]*", found)[0]  # type: ignore[index]


def open_cell(watched: Any, digit: str, network: str, layer: str, cell: str = "") -> Page:
    page: Page = watched.open(f"tab=inside&{digit}&network={network}&layer={layer}" + (f"&cell={cell}" if cell else ""))
    expect(page.locator(".explanation h3")).to_be_visible()
    watched.quiet()
    return page


def numbers_in(place: Locator) -> np.ndarray:
    """The numbers of a table's cells, row by row."""
    rows = [row.locator("td").all_inner_texts() for row in place.locator("tbody tr").all()]
    return np.array([[float(text.replace("−", "-").replace(",", "")) for text in row] for row in rows])


def results_of(page: Page) -> dict[str, float]:
    """The lines of the calculation: what is done, and what it gives."""
    rows = page.locator(".explanation .calculation tbody tr").all()
    return {
        row.locator("th").inner_text(): float(row.locator("td").inner_text().replace("−", "-").replace(",", ""))
        for row in rows
    }


@pytest.fixture(scope="module")
def known() -> dict[str, tuple[Classifier, Arithmetic]]:
    """Each network that ships, with the numbers of its layers."""
    found = {}
    for name, path in PRETRAINED.items():
        classifier = Classifier(path, num_threads=1)
        found[name] = (classifier, Arithmetic(checked_network(read_file(path))[0], classifier.layers))
    return found


def test_the_nine_products_their_sum_normalization_and_relu(reused: Any, digit: str, known: Any, mnist: Any) -> None:
    classifier, arithmetic = known["cnn"]
    image = mnist.test.images[TWO]
    values = classifier.activations(image)
    map_, row, column = 5, 9, 12
    page = open_cell(reused, digit, "shipped-cnn", "conv1_relu", f"{map_}.{row}.{column}")
    pixels, weights, products = (numbers_in(table) for table in page.locator(".explanation .numbers").all())
    unit, norm = arithmetic.unit("conv1", map_), arithmetic.unit("conv1_norm", map_)
    patch = image[row : row + 3, column : column + 3] / 255
    kernel = unit.weights[..., 0]
    assert patch.max() > 0.5
    for shown, expected in ((pixels, patch), (weights, kernel), (products, patch * kernel)):
        np.testing.assert_allclose(shown, expected, atol=0.0051)
    total = float((patch * kernel).sum())
    normed = (total + unit.offset) * norm.factor + norm.offset
    shown_results = list(results_of(page).values())
    assert shown_results == pytest.approx([total, total + unit.offset, normed, max(normed, 0)], abs=0.0015)
    assert shown_results[-1] == pytest.approx(float(values["conv1_relu"][row, column, map_]), abs=0.0015)


def test_folded_pixels_lie_side_by_side_again(reused: Any, digit: str, known: Any, mnist: Any) -> None:
    classifier, arithmetic = known["digits"]
    image = mnist.test.images[TWO]
    page = open_cell(reused, digit, "shipped", "conv1", "3.0.5")  # in the first row, whose window leaves the image
    pixels, weights, _ = (numbers_in(table) for table in page.locator(".explanation .numbers").all())
    assert pixels.shape == weights.shape == (6, 6)
    np.testing.assert_allclose(pixels, np.pad(image, 2)[0:6, 10:16] / 255, atol=0.0051)
    kernel = arithmetic.unit("conv1", 3).weights.reshape(3, 3, 2, 2).transpose(0, 2, 1, 3).reshape(6, 6)
    np.testing.assert_allclose(weights, kernel, atol=0.0051)
    expected = float(classifier.activations(image)["conv1"][0, 5, 3])
    assert list(results_of(page).values())[-1] == pytest.approx(expected, abs=0.0015)
    assert float((np.pad(image, 2)[0:6, 10:16] / 255 * kernel).sum()) == pytest.approx(expected, abs=0.0015)


def test_of_a_deeper_convolution_the_maps_that_add_most_are_named(
    reused: Any, digit: str, known: Any, mnist: Any
) -> None:
    classifier, arithmetic = known["cnn"]
    image = mnist.test.images[TWO]
    values = classifier.activations(image)
    page = open_cell(reused, digit, "shipped-cnn", "conv3", "7.2.3")
    windows = values["pool1"][2:5, 3:6].astype(float) * arithmetic.unit("conv3", 7).weights
    per_map = windows.sum(axis=(0, 1))
    largest = np.argsort(-abs(per_map))[:6]
    rows = page.locator(".explanation .sums tbody tr").all()
    named = [row.locator("th").inner_text() for row in rows]
    assert named == [*(f"map {at + 1}" for at in largest), "the other 26 together"]
    sums = [float(row.locator("td").nth(1).inner_text().replace("−", "-")) for row in rows]
    rest = float(np.delete(per_map, largest).sum())
    assert sums == pytest.approx([*per_map[largest].tolist(), rest], abs=0.0051)
    products = numbers_in(page.locator(".explanation .numbers").nth(2))
    np.testing.assert_allclose(products, windows[..., largest[0]], atol=0.0051)
    page.get_by_role("button", name=named[2], exact=True).click()
    products = numbers_in(page.locator(".explanation .numbers").nth(2))
    np.testing.assert_allclose(products, windows[..., largest[2]], atol=0.0051)
    page.get_by_role("button", name=re.compile("^Go back")).click()
    expect(page.locator(".layer-title")).to_have_text("Pooling 1")
    assert f"cell={largest[2]}.3.4" in page.url


@pytest.mark.parametrize(
    "network, layer, unit", [("mlp", "hidden1_relu", 37), ("cnn", "hidden", 100), ("digits", "output", 2)]
)
def test_of_a_dense_layer_the_largest_products_are_named(
    reused: Any, digit: str, known: Any, mnist: Any, network: str, layer: str, unit: int
) -> None:
    classifier, arithmetic = known[network]
    image = mnist.test.images[TWO]
    values = classifier.activations(image)
    name = layer.removesuffix("_relu")
    source = values[arithmetic.derivations[name].source].ravel().astype(float)
    products = source * arithmetic.unit(name, unit).weights
    columns = min(values[layer].size, 64)
    page = open_cell(reused, digit, IDS[network], layer, f"0.{unit // columns}.{unit % columns}")
    rows = page.locator(".explanation .sums tbody tr").all()
    sums = [float(row.locator("td").nth(1).inner_text().replace("−", "-")) for row in rows]
    expected = products[np.argsort(-abs(products))][:6]
    assert sums == pytest.approx([*expected.tolist(), float(products.sum() - expected.sum())], abs=0.0051)
    assert list(results_of(page).values())[-1] == pytest.approx(float(values[layer][unit]), abs=0.0015)


def test_of_pooling_the_four_numbers_are_shown_and_the_largest_is_marked(
    reused: Any, digit: str, known: Any, mnist: Any
) -> None:
    classifier, _ = known["cnn"]
    image = mnist.test.images[TWO]
    values = classifier.activations(image)
    map_, row, column = np.unravel_index(values["pool1"].transpose(2, 0, 1).argmax(), (32, 12, 12))
    page = open_cell(reused, digit, "shipped-cnn", "pool1", f"{map_}.{row}.{column}")
    four = values["conv2_relu"][2 * row : 2 * row + 2, 2 * column : 2 * column + 2, map_]
    table = page.locator(".explanation .numbers")
    np.testing.assert_allclose(numbers_in(table), four, atol=0.0051)
    assert float(table.locator(".is-marked").inner_text()) == pytest.approx(float(four.max()), abs=0.0051)
    assert list(results_of(page).values()) == pytest.approx([float(four.max())], abs=0.0015)


def test_every_layer_has_its_why_and_the_path_leads_through_all_by_keyboard(reused: Any, digit: str) -> None:
    for network in IDS.values():
        page = open_cell(reused, digit, network, "")
        stops = page.locator(".way-stop")
        reasons = set()
        for at in range(stops.count()):
            stops.nth(at).focus()
            page.keyboard.press("Enter")
            expect(stops.nth(at)).to_have_attribute("aria-current", "true")
            assert page.locator(".way-stop[aria-current]").count() == 1
            reused.quiet()
            for step in range(page.locator(".stop-layers:visible button").count()):
                page.locator(".stop-layers button").nth(step).click()
                reused.quiet()
                why = page.locator(".why").first.inner_text()
                assert len(why.split()) > 5 and why.endswith(".")
                reasons.add(why)
            reasons.add(page.locator(".why").first.inner_text())
        assert len(reasons) >= 5
        expect(page.locator("table.softmax")).to_be_visible()  # the last stop


def test_two_networks_side_by_side_come_from_the_link(reused: Any, digit: str) -> None:
    page = open_cell(reused, digit, "shipped-cnn", "conv2")
    page.select_option("#inside-second", "shipped-mlp")
    expect(page.locator(".view:visible")).to_have_count(2)
    expect(page.locator(".view").nth(1)).to_contain_text("Hidden layer 1")
    assert "second=shipped-mlp" in page.url
    page.locator(".view").nth(1).locator(".way-stop", has_text="Hidden layer 2").click()
    expect(page.locator(".layer-title").nth(1)).to_contain_text("Hidden layer 2")
    expect(page.locator(".layer-title").nth(0)).to_have_text("Convolution 2")
    reused.quiet()
    page.reload()
    expect(page.locator(".layer-title").nth(1)).to_contain_text("Hidden layer 2")
    page.select_option("#inside-second", "")
    expect(page.locator(".view:visible")).to_have_count(1)
