"""Reports are self-contained, say the numbers they were given and nothing else, and escape what they did not make."""

import copy
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from mnistlab import figures
from mnistlab.evaluation import Evaluation
from mnistlab.exceptions import UsageError
from mnistlab.recipes import RECIPES
from mnistlab.reports import pages
from mnistlab.system import theme
from other_data import SHOES

VOID = {"meta", "link", "br", "hr", "img", "input"}
HOSTILE = "<script>alert(1)</script>&\"'"


class Page(HTMLParser):
    """Collects what a page holds, and refuses tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += data.replace("\u00a0", " ")

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def make_history(validation: bool) -> list[dict[str, Any]]:
    # history.csv gives epochs back as floats.
    rows = [
        {"epoch": float(n), "loss": 0.31 / n, "accuracy": 1 - 0.07 / n, "seconds": 3.0 + n / 10} for n in range(1, 6)
    ]
    extra = [{"val_loss": 0.21 / n, "val_accuracy": 1 - 0.05 / n} for n in range(1, 6)]
    return [row | more for row, more in zip(rows, extra, strict=True)] if validation else rows


def make_model(name: str, errors: int, seconds: float, num_parameters: int, num_train_images: int) -> dict[str, Any]:
    run = {
        "seed": 0,
        "folder": f"runs/{name}",
        "train_seconds": seconds,
        "images_per_second": 5 * num_train_images / seconds,
        "test_accuracy": 1 - errors / 10000,
        "test_loss": errors / 3000,
        "test_errors": errors,
        "interval": [1 - 1.15 * errors / 10000, 1 - 0.87 * errors / 10000],
        "history": make_history(name == "cnn"),
    }
    return {
        "recipe": RECIPES[name].settings(),
        "summary": f'Model: "{name}"\n│ hidden1 (Dense) │ (None, 512) │',
        "num_parameters": num_parameters,
        "num_train_images": num_train_images,
        "runs": [run],
        "test_accuracy_mean": run["test_accuracy"],
        "test_accuracy_std": None,
        "per_digit_accuracy": [0.99] * 9 + [None],
        "confusion": (np.diag([1000] * 10) + np.arange(100).reshape(10, 10)).tolist(),
    }


def make_results() -> dict[str, Any]:
    sizes = ((32, 9375, 41.2, 195), (128, 2345, 14.9, 187), (10000, 30, 6.3, 694))
    return {
        "mnistlab": "0.1.0",
        "total_seconds": 151.3,
        "seconds": {"starting": 5.4, "training": 130.1, "scoring_and_saving": 7.7, "figures_and_report": 8.1},
        "environment": {"cpu": "Example CPU", "num_cpus": 2, "keras": "3.15.1", "backend": "jax"},
        "dataset": {
            "name": "MNIST",
            "train_images": 60000,
            "test_images": 10000,
            "height": 28,
            "width": 28,
            "class_counts": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
            "sample": {"index": 4242, "label": 5, "matrix": "0 0 253\n0 17 0"},
            "one_hot": [{"label": n, "row": [int(n == place) for place in range(10)]} for n in range(3)],
        },
        "models": {
            "mlp": make_model("mlp", 187, 14.9, 669706, 60000),
            "cnn": make_model("cnn", 62, 96.2, 597738, 55000),
        },
        "batch_size": {
            "model": "mlp",
            "epochs": 5,
            "rows": [
                {
                    "batch_size": size,
                    "steps": steps,
                    "train_seconds": seconds,
                    "test_accuracy": 1 - errors / 10000,
                    "test_errors": errors,
                    "interval": [0.92, 0.985],
                }
                for size, steps, seconds, errors in sizes
            ],
            "answer": ["First answer.", "Second answer."],
        },
        "comparison": {
            "errors": {"mlp": 187, "cnn": 62},
            "both_wrong": 31,
            "only_mlp_wrong": 156,
            "only_cnn_wrong": 33,
            "sentence": "The verdict.",
        },
        "folders": {"mlp": "runs/mlp", "cnn": "runs/cnn"},
    }


def make_run_results() -> dict[str, Any]:
    model = make_results()["models"]["cnn"]
    run = model["runs"][0]
    kept = ("seed", "train_seconds", "test_accuracy", "test_loss", "test_errors")
    return {
        "mnistlab": "0.1.0",
        "recipe": model["recipe"],
        "metrics": {"recipe": "cnn", "model": "cnn", "epochs": 5, "batch_size": 128, "num_parameters": 597738}
        | {key: run[key] for key in kept},
        "interval": run["interval"],
        "num_test_images": 10000,
        "history": run["history"],
        "per_digit_accuracy": model["per_digit_accuracy"],
        "confusion": model["confusion"],
        "environment": {"cpu": "Example CPU", "num_cpus": 2},
    }


def placeholders(names: tuple[str, ...]) -> dict[str, str]:
    return {name: f'<svg role="img" data-figure="{name}"></svg>' for name in names}


def render_notebook(results: dict[str, Any]) -> str:
    return pages.render_notebook(results, placeholders(pages.NOTEBOOK_FIGURES))


def render_run(results: dict[str, Any]) -> str:
    return pages.render_run(results, placeholders(pages.RUN_FIGURES))


PAGES = {"notebook": render_notebook(make_results()), "run": render_run(make_run_results())}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_one_complete_document(name: str):
    page = Page(PAGES[name])
    assert PAGES[name].startswith("<!doctype html>")
    assert page.named("html") == [{"lang": "en"}]
    assert [len(page.named(tag)) for tag in ("title", "h1", "main", "header", "footer")] == [1] * 5
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.named("meta")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in page.named("section"):
        assert attributes["aria-labelledby"] in ids
    for attributes in page.named("a"):
        href = str(attributes["href"])
        assert href.removeprefix("#") in ids or href.startswith("https://")


@pytest.mark.parametrize("name", PAGES)
def test_page_runs_nothing_and_asks_nobody(name: str):
    page = Page(PAGES[name])
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in page.tags}
    assert not re.search(r"url\(\s*['\"]?(?!#)|@import", PAGES[name])
    for tag, attributes in page.tags:
        assert not any(attribute.startswith("on") for attribute in attributes)
        assert "src" not in attributes and "srcset" not in attributes
        assert tag == "a" or "href" not in attributes


@pytest.mark.parametrize("name", PAGES)
def test_every_table_and_figure_has_a_sentence_under_it(name: str):
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", PAGES[name], re.DOTALL)
    assert len(captions) == PAGES[name].count("<figure")
    assert all(re.search(r"[.?]$", unescape(caption).strip()) for caption in captions)
    assert PAGES[name].count("<table") + PAGES[name].count("data-figure") == len(captions)


@pytest.mark.parametrize(("name", "expected"), [("notebook", pages.NOTEBOOK_FIGURES), ("run", pages.RUN_FIGURES)])
def test_every_figure_stands_once_and_unescaped(name: str, expected: tuple[str, ...]):
    assert sorted(re.findall(r'<svg role="img" data-figure="(\w+)">', PAGES[name])) == sorted(expected)


def test_a_missing_figure_is_named():
    incomplete = placeholders(pages.NOTEBOOK_FIGURES)
    del incomplete["mlp_wrong"]
    with pytest.raises(UsageError, match="lacks the figures mlp_wrong; it needs"):
        pages.render_notebook(make_results(), incomplete)


def test_numbers_of_the_notebook_are_those_of_the_results():
    results, text = make_results(), Page(PAGES["notebook"]).text
    for model in results["models"].values():
        run = model["runs"][0]
        low, high = run["interval"]
        assert f"{100 * run['test_accuracy']:.2f} %" in text
        assert f"{100 * low:.2f}–{100 * high:.2f} %" in text
        assert f"{run['train_seconds']:.1f} s" in text
        assert f"{model['num_parameters']:,}" in text
        assert model["summary"] in text
        for row in run["history"]:
            assert f"{row['loss']:.4f}" in text and f"{100 * row['accuracy']:.2f} %" in text
            assert "val_loss" not in row or f"{row['val_loss']:.4f}" in text
    for row in results["batch_size"]["rows"]:
        cells = (f"{row['batch_size']:,}", f"{row['steps']:,}", f"{row['train_seconds']:.1f} s")
        assert "".join(cells) in text
    for count in results["dataset"]["class_counts"]:
        assert f"{count:,}" in text
    for said in ("The verdict.", "First answer.", "Second answer.", "4,242", "0 0 253\n0 17 0", "151.3 s", "runs/cnn"):
        assert said in text


def tables(html: str) -> dict[str, list[list[str]]]:
    """The cells of every table, row by row, under the table's label."""
    found = re.findall(
        r'<(?:div|table)[^>]* aria-label="([^"]+)">\s*(?:<table[^>]*>)?\s*<t(.*?)</table>', html, re.DOTALL
    )
    assert len(found) == html.count("<table") == len(dict(found))  # each table has a label of its own
    return {
        label: [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)]
        for label, body in found
    }


@pytest.mark.parametrize(
    ("name", "network", "model"),
    [
        ("notebook", "fully connected network", "mlp"),
        ("notebook", "convolutional network", "cnn"),
        ("run", "trained network", "cnn"),
    ],
)
def test_answers_per_digit_stand_in_tables_too(name: str, network: str, model: str):
    results, found = make_results()["models"][model], tables(PAGES[name])
    header, *rows = found[f"Confusion of the {network}"]
    assert header == ["true digit", *"0123456789"]
    assert [[int(cell.replace(",", "")) for cell in row[1:]] for row in rows] == results["confusion"]
    assert [row[0] for row in rows] == list("0123456789")
    expected = [[str(digit), "99.00\u00a0%"] for digit in range(9)] + [["9", "–"]]
    assert found[f"Accuracy of the {network} by digit"][1:] == expected


def test_a_run_without_confusion_has_no_table_of_it():
    results = make_run_results()
    del results["confusion"]
    assert "Confusion of" not in render_run(results) and "Confusion of" in PAGES["run"]


@pytest.mark.parametrize("name", PAGES)
def test_what_takes_the_focus_has_a_label_of_its_own(name: str):
    focusable = [attributes for _, attributes in Page(PAGES[name]).tags if "tabindex" in attributes]
    labels = [str(attributes["aria-label"]) for attributes in focusable]
    assert len(labels) == len(set(labels)) > 0
    # What fits a phone needs no focus: two columns of settings, or three of numbers.
    assert not any(re.search("Recipe|Hardware|Folders|by digit|each digit|answer", label) for label in labels)
    assert any(label.startswith("Confusion") for label in labels)


def test_names_are_explained_elsewhere():
    links = [attributes.get("href") for attributes in Page(PAGES["notebook"]).named("a")]
    assert "https://keras.io/guides/sequential_model/" in links
    assert "https://en.wikipedia.org/wiki/Cross_entropy" in links


def test_no_sentence_presumes_the_light_theme():
    for html in PAGES.values():
        assert not re.search("black on white|as here|ink on paper", Page(html).text)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "differ in more than the network, namely in: augmentation, validation. Think"),
        ({"augmentation": None, "validation": "none"}, "differ in nothing but the network."),
    ],
)
def test_recipes_are_compared_by_what_they_hold(change: dict[str, Any], expected: str):
    results = make_results()
    results["models"]["cnn"]["recipe"] |= change
    assert expected in Page(render_notebook(results)).text


def test_epochs_are_whole_numbers():
    for html in PAGES.values():
        assert '<th scope="row">5</th>' in html and '<th scope="row">5.0</th>' not in html


def test_the_answer_comes_first():
    text = Page(PAGES["notebook"]).text
    answer = text.index("the fully connected network reads 98.13 % correctly after 14.9 s of training")
    assert answer < text.index("One digit, as the computer sees it")
    assert "The fully connected network makes 3.0 times as many errors: 187 against 62." in text


def test_one_hot_rows_have_ten_entries():
    rows = re.findall(r"→\s+\[([01, ]+)\]", Page(PAGES["notebook"]).text)
    assert [row.split(", ").index("1") for row in rows] == [0, 1, 2]
    assert all(len(row.split(", ")) == 10 for row in rows)


def test_derived_numbers_of_the_story():
    text = Page(PAGES["notebook"]).text
    assert "784 numbers" in text
    assert "it takes 469 steps" in text and "gets the 96 images that are left" in text  # 60,000 = 468 × 128 + 96
    assert "an epoch takes 430 steps" in text and "gets the 88 images that are left" in text  # 55,000 = 429 × 128 + 88
    assert "5,000 training images were held back" in text and "learned from 55,000" in text
    assert "by up to 2.2 pixels sideways" in text  # 0.08 × 28
    assert "at most 0.07 pixel against the middle" in text  # tan(0.3°) × 13.5
    assert "a factor from 0.92 to 1.08" in text
    assert "47 MB" in text  # 60,000 × 784 bytes
    assert "here it was JAX" in text
    assert "597,738 parameters, fewer than the fully connected network's 669,706" in text


@pytest.mark.parametrize(
    ("mlp", "cnn", "expected"),
    [
        (187, 62, "1.25 percentage points apart, and one may call them fairly similar. Near 100 % it is the errors"),
        (60, 58, "Counted in errors they are close as well. The fully connected network makes 60 errors, the"),
        (62, 187, "The convolutional network makes 3.0 times as many errors: 187 against 62."),
        (50, 50, "The two accuracies are equal. Both make the same number of errors: 50."),
        (9, 0, "The convolutional network makes no error, the fully connected network 9."),
        (900, 60, "8.40 percentage points apart, and nobody would call them fairly similar. The fully connected"),
    ],
)
def test_the_reading_of_fairly_similar_follows_the_numbers(mlp: int, cnn: int, expected: str):
    results = make_results()
    results["comparison"]["errors"] = {"mlp": mlp, "cnn": cnn}
    assert expected in Page(render_notebook(results)).text


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(0.3, "0.07 pixel against the middle, too little"), (20.0, "4.91 pixel against the middle.")],
)
def test_shear_is_explained_by_what_it_does(degrees: float, expected: str):
    results = make_results()
    results["models"]["cnn"]["recipe"]["augmentation"]["shear"] = degrees
    assert expected in Page(render_notebook(results)).text


@pytest.mark.parametrize(
    ("validation", "expected"), [("test", "as the original exercise did"), ("none", "sets none aside")]
)
def test_other_recipes_get_their_own_sentences(validation: str, expected: str):
    results = make_results()
    results["models"]["cnn"]["recipe"] |= {"validation": validation, "augmentation": None}
    text = Page(render_notebook(results)).text
    assert expected in text and "were held back" not in text
    assert "trains on the images as they are" in text


def test_several_seeds_give_mean_and_spread():
    results = make_results()
    model = results["models"]["mlp"]
    model["runs"].append(model["runs"][0] | {"seed": 1, "test_errors": 190})
    model |= {"test_accuracy_mean": 0.98115, "test_accuracy_std": 0.0011}
    text = Page(render_notebook(results)).text
    assert "Over 2 seeds: 98.11 % on average, with a standard deviation of 0.11 percentage points" in text


def test_what_is_unknown_is_left_out_or_dashed():
    results = make_results()
    results["total_seconds"] = None
    results["batch_size"]["rows"] = results["batch_size"]["rows"][:1]
    results["models"]["mlp"]["runs"][0]["test_loss"] = None
    text = Page(render_notebook(results)).text
    assert "Everything on this page took" not in text and "None" not in text.replace("(None, 512)", "")
    assert "batches of" not in text


def test_the_place_among_other_runs_is_told_where_it_is_known():
    results, sentences = make_results(), ["This run lies in the middle.", "The rate stays & the weights < move."]
    results["cnn_among_others"] = {"sentences": sentences}
    page = Page(render_notebook(results))
    for sentence in sentences:
        assert page.text.count(sentence) == 1
        assert sentence not in Page(PAGES["notebook"]).text


def test_the_parts_of_the_time_are_told_if_all_of_it_is_known():
    told = (
        "Everything on this page took 151.3 s: 5.4 s to load Keras and the data, 130.1 s of training, 7.7 s to build, "
        "score and save the networks, and 8.1 s to draw the figures and write the reports."
    )
    assert told in Page(PAGES["notebook"]).text
    kept = Page(render_notebook(make_results() | {"total_seconds": None, "seconds": None})).text
    assert "Everything on this page" not in kept and "to load Keras" not in kept


def test_another_data_set_is_not_called_handwritten_digits():
    results = make_results()
    results["dataset"]["name"] = "Fashion-MNIST"
    text = Page(render_notebook(results)).text
    assert "Fashion-MNIST is a collection of images of ten classes" in text
    assert "handwritten digits" not in text and "postcodes" not in text


@pytest.mark.parametrize("names", [SHOES, None], ids=["names", "numbers"])
def test_what_is_no_digit_is_not_called_one(names):
    named = {} if names is None else {"class_names": list(names)}
    results, run = make_results(), make_run_results()
    results["dataset"] |= {"name": "shoes", "noun": "class"} | named
    run["dataset"] = {"name": "shoes", "train_images": 60_000, "validation_images": 5000, "noun": "class"} | named
    for text in (Page(render_notebook(results)).text, Page(render_run(run)).text):
        assert not re.search(r"\bdigits?\b", text)
        assert all(name in text for name in names or ())
    assert "The data: shoes, 60,000 images to train on, 5,000 held back to validate on and 10,000 to test on" in text


def test_warnings_stand_at_the_top_of_every_page():
    sentence = f"Something is wrong {HOSTILE}."
    for render, results in (
        (render_notebook, make_results()),
        (render_run, make_run_results()),
    ):
        assert "Warning" not in Page(render(results)).text
        page = Page(render(results | {"warnings": [sentence]}))
        assert f"Warning: {sentence}" in page.text
        assert page.text.index("Warning") < page.text.index("Hardware and versions")


@pytest.mark.parametrize(
    ("folder", "added"), [(None, ""), ("data/shoes", " --data data/shoes"), ("my shoes", " --data 'my shoes'")]
)
def test_what_to_do_next_is_about_the_same_data(folder, added):
    results = make_results()
    results["dataset"] |= {} if folder is None else {"folder": folder}
    text = Page(render_notebook(results)).text
    for _, command in pages.NEXT_COMMANDS:
        assert f"{command}{added}\n" in text


def test_numbers_of_a_run_are_those_of_its_results():
    results, text = make_run_results(), Page(PAGES["run"]).text
    low, high = results["interval"]
    assert (
        f"9,938 of 10,000 test images right: 99.38 % (95 % interval {100 * low:.2f}–{100 * high:.2f} %), "
        "after 5 epochs in 96.2 s." in text
    )
    for row in results["history"]:
        assert f"{row['val_loss']:.4f}" in text and f"{row['seconds']:.1f} s" in text
    assert "99.00 %" in text and "–" in text  # nine digits have an accuracy, the last none
    assert "rotation 8, width shift 0.08, height shift 0.08, shear 0.3, zoom 0.08" in text
    assert "Example CPU" in text


def poison(value: Any) -> Any:
    """The same structure with every text followed by HTML."""
    if isinstance(value, dict):
        return {key: poison(part) for key, part in value.items()}
    if isinstance(value, list):
        return [poison(part) for part in value]
    return value + HOSTILE if isinstance(value, str) else value


def test_hostile_text_stays_text():
    for render, results in ((render_notebook, make_results()), (render_run, make_run_results())):
        html = render(poison(copy.deepcopy(results)))
        assert "<script" not in html
        assert HOSTILE in Page(html).text


def test_the_page_carries_the_tokens():
    for html in PAGES.values():
        assert theme.css_variables() in html


def test_commands_to_try_are_recipes_that_exist():
    for _, command in pages.NEXT_COMMANDS:
        program, action, *rest = command.split()
        assert program == "mnistlab" and action in {"train", "evaluate"}
        assert action == "evaluate" or rest[0] in RECIPES
        assert command in Page(PAGES["notebook"]).text


def test_a_full_report_with_real_figures_stays_small():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 500).astype(np.uint8)
    evaluation = Evaluation(labels, rng.dirichlet(np.ones(10), 500).astype(np.float32))
    confusion = figures.to_svg(figures.plot_confusion(evaluation.confusion))  # no other figure but the matrix is longer
    matrix = figures.to_svg(figures.plot_matrix(rng.integers(0, 256, (28, 28)).astype(np.uint8)))
    svgs = dict.fromkeys(pages.NOTEBOOK_FIGURES, confusion) | {"matrix": matrix}
    assert len(pages.render_notebook(make_results(), svgs).encode()) < 2_000_000


def test_several_networks_are_told_apart():
    results = make_run_results()
    results["metrics"]["members"] = 3
    results["history"] = [row | {"member": member} for member in (1.0, 2.0, 3.0) for row in results["history"][:2]]
    page = render_run(results)
    assert "epochs of each of 3 networks, averaged, in" in Page(page).text
    assert page.count('<th scope="col">network</th>') == 1
    assert "<td>3</td>" in page
