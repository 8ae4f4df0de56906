"""Figures show what their data says, in every size of data, and become files and SVG that fit in any page."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnistlab import figures
from mnistlab.datasets import Split
from mnistlab.datasets.classes import NUMBERED, named_classes
from mnistlab.evaluation import Evaluation
from mnistlab.evaluation.charts import POINTS, Axis, Chart, Point, Series
from mnistlab.exceptions import UsageError
from mnistlab.system import theme
from other_data import SHOES
from processes import imports_of

Drawing = Figure | Axes


def make_split(num: int, seed: int = 0) -> Split:
    """Images whose first pixel is their own index, so that a picture can be traced back to its image."""
    rng = np.random.default_rng(seed)
    images = np.zeros((num, 28, 28), np.uint8)
    images[:, 6:22, 10:18] = rng.integers(1, 256, (num, 16, 8))
    images[:, 0, 0] = np.arange(num)
    return Split("test", images, rng.integers(0, 10, num).astype(np.uint8))


def make_evaluation(labels: np.ndarray, wrong: list[int]) -> Evaluation:
    """Right everywhere with probability 0.91, except that `wrong` images are taken for the next digit."""
    predictions = labels.astype(int)
    predictions[wrong] = (predictions[wrong] + 1) % 10
    probabilities = np.full((len(labels), 10), 0.01, np.float32)
    probabilities[np.arange(len(labels)), predictions] = 0.91
    return Evaluation(labels, probabilities)


SPLIT = make_split(100)
EVALUATION = make_evaluation(SPLIT.labels, [3, 4, 50])
HISTORY = [
    {"epoch": n, "loss": 0.3 / n, "accuracy": 1 - 0.1 / n, "val_loss": 0.2 / n, "val_accuracy": 1 - 0.08 / n}
    for n in (1, 2, 3)
]
BATCH_SIZES = [
    {"batch_size": 10000, "steps": 30, "train_seconds": 6.5, "test_accuracy": 0.93, "interval": [0.925, 0.935]},
    {"batch_size": 32, "steps": 9375, "train_seconds": 40.0, "test_accuracy": 0.98, "interval": [0.977, 0.983]},
]
LINES = Chart(
    "Test accuracy",
    Axis("batch size", "images", "log"),
    Axis("test accuracy", "%"),
    (
        Series("equal epochs", (Point(32, 97.8, 97.6, 98.0, 5), Point(128, 98.2, 98.1, 98.3, 5), Point(10_000, 93.4))),
        Series("equal steps", (Point(32, 94.3, 93.9, 94.6, 5), Point(128, 96.7, 96.4, 96.9, 5))),
    ),
    marks=(Series("claimed: 97 %", (Point(128, 97.0),)),),
)
DIFFERENCES = Chart(
    "What each part changes",
    Axis("", scale="names"),
    Axis("test accuracy against none", POINTS, "zero"),
    (Series("", (Point("rotation", 0.04, -0.03, 0.11, 5), Point("zoom", -0.01, -0.09, 0.07, 5))),),
)
TIMES = Chart(
    "Training time",
    Axis("", scale="names"),
    Axis("training time", "s"),
    tuple(Series(name, (Point("mlp", 18.5, 14.0, 23.0, 5), Point("cnn", 145.8))) for name in ("here", "there")),
)
DRAWINGS: dict[str, Callable[[], Drawing]] = {
    "samples": lambda: figures.plot_samples(SPLIT),
    "image": lambda: figures.plot_image(SPLIT.images[0]),
    "matrix": lambda: figures.plot_matrix(SPLIT.images[0, 4:12, 8:20]),
    "flattening": lambda: figures.plot_flattening(SPLIT.images[0]),
    "network": lambda: figures.plot_network((784, 512, 512, 10), ("pixels", "hidden layer", "hidden\nlayer", "digits")),
    "right": lambda: figures.plot_predictions(SPLIT, EVALUATION, EVALUATION.right[:9]),
    "wrong": lambda: figures.plot_predictions(SPLIT, EVALUATION, EVALUATION.wrong[:9]),
    "augmentation": lambda: figures.plot_augmentation(SPLIT.images[:2], SPLIT.images[2:8].reshape(2, 3, 28, 28)),
    "history": lambda: figures.plot_history(HISTORY),
    "confusion": lambda: figures.plot_confusion(EVALUATION.confusion),
    "per_digit": lambda: figures.plot_per_digit(EVALUATION),
    "batch_sizes": lambda: figures.plot_batch_sizes(BATCH_SIZES),
    "comparison": lambda: figures.plot_comparison({"mlp": EVALUATION, "cnn": EVALUATION}),
    "lines": lambda: figures.plot_chart(LINES),
    "differences": lambda: figures.plot_chart(DIFFERENCES),
    "times": lambda: figures.plot_chart(TIMES),
}


def whole(drawing: Drawing) -> Figure:
    figure = drawing.get_figure(root=True) if isinstance(drawing, Axes) else drawing
    assert isinstance(figure, Figure)
    return figure


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


@pytest.fixture(scope="module")
def drawn() -> dict[str, Drawing]:
    return {name: draw() for name, draw in DRAWINGS.items()}


@pytest.fixture(scope="module")
def svgs(drawn: dict[str, Drawing]) -> dict[str, str]:
    return {name: figures.to_svg(drawing) for name, drawing in drawn.items()}


@pytest.mark.parametrize(("num", "seed"), [(1, 0), (2, 1), (5, 2), (9, 3), (12, 4)])
def test_samples_stand_under_their_own_labels_in_splits_of_any_size(num: int, seed: int):
    split = make_split(num)
    axes = figures.plot_samples(split, seed=seed).axes
    shown = [int(ax.images[0].get_array()[0, 0, 3]) for ax in axes]
    assert [ax.get_title(loc="left") for ax in axes] == [f"Class {split.labels[i]}" for i in shown]
    assert len(shown) == len(set(shown)) == min(9, num)


def test_the_seed_decides_the_samples():
    def titles(seed: int) -> list[str]:
        return [ax.get_title(loc="left") for ax in figures.plot_samples(SPLIT, seed=seed).axes]

    assert titles(1) == titles(1)
    assert titles(1) != titles(2)


def test_an_empty_split_is_refused():
    with pytest.raises(UsageError, match="no image to draw"):
        figures.plot_samples(make_split(0))


def test_too_few_axes_are_refused():
    with pytest.raises(UsageError, match="9 images to draw and 2 axes"):
        figures.plot_samples(SPLIT, axes=list(Figure().subplots(1, 2)))


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: figures.plot_image(SPLIT.images[0], ax=ax),
        lambda ax: figures.plot_matrix(SPLIT.images[0, :4, :4], ax=ax),
        lambda ax: figures.plot_flattening(SPLIT.images[0], ax=ax),
        lambda ax: figures.plot_network((3, 2), ("in", "out"), ax=ax),
        lambda ax: figures.plot_confusion(EVALUATION.confusion, ax=ax),
        lambda ax: figures.plot_per_digit(EVALUATION, ax=ax),
        lambda ax: figures.plot_comparison({"mlp": EVALUATION}, ax=ax),
        lambda ax: figures.plot_chart(LINES, ax=ax),
        lambda ax: figures.plot_chart(DIFFERENCES, ax=ax),
    ],
)
def test_given_axes_are_drawn_on_and_returned(draw: Callable[[Axes], Axes]):
    ax = Figure().add_subplot()
    assert draw(ax) is ax


@pytest.mark.parametrize(
    ("num", "draw"),
    [
        (9, lambda axes: figures.plot_samples(SPLIT, axes=axes)),
        (2, lambda axes: figures.plot_predictions(SPLIT, EVALUATION, [3, 5], axes=axes)),
        (4, lambda axes: figures.plot_augmentation(SPLIT.images[:1], SPLIT.images[None, 1:4], axes=axes)),
        (2, lambda axes: figures.plot_history(HISTORY, axes=axes)),
        (2, lambda axes: figures.plot_batch_sizes(BATCH_SIZES, axes=axes)),
    ],
)
def test_given_axes_of_a_grid_are_drawn_on(num: int, draw: Callable[[list[Axes]], Figure]):
    figure = Figure()
    axes = [figure.add_subplot(1, num, place + 1) for place in range(num)]
    assert draw(axes) is figure
    assert all(ax.has_data() for ax in axes)


def test_an_image_is_ink_on_paper_pixel_by_pixel():
    image = SPLIT.images[7]
    pixels = np.asarray(figures.plot_image(image).images[0].get_array())
    np.testing.assert_array_equal(pixels[..., 3], image)
    assert {tuple(color) for color in pixels[..., :3].reshape(-1, 3)} == {tuple(bytes.fromhex(theme.LIGHT.ink[1:]))}


def test_the_matrix_writes_every_pixel():
    image = SPLIT.images[7, 4:9, 8:15]
    assert texts(figures.plot_matrix(image)) == [str(value) for value in image.ravel()]


@pytest.mark.parametrize(
    "image", [SPLIT.images[7], SPLIT.images[7, 4:9, 8:15], SPLIT.images[7, :2], SPLIT.images[7, :1]]
)
def test_flattening_lays_the_rows_end_to_end(image: np.ndarray):
    height, width = image.shape
    ax = figures.plot_flattening(image)
    picture, vector, *rows = [np.asarray(shown.get_array())[..., 3] for shown in ax.images]
    np.testing.assert_array_equal(picture, image)
    np.testing.assert_array_equal(vector, [np.concatenate(list(image))])
    assert ax.images[1].get_extent()[:2] == [0, image.size]
    names = [text for text in texts(ax) if text.startswith("row ")]
    assert len(names) == len(rows) == min(3, height)
    for name, row in zip(names, rows, strict=True):
        np.testing.assert_array_equal(row, image[int(name.split()[1])][None])
    assert ax.get_title(loc="left") == f"{height} rows of {width} pixels become one vector of {image.size} numbers"


def test_flattening_marks_a_row_at_its_places_in_the_vector():
    ax = figures.plot_flattening(SPLIT.images[7])
    # Each row has a mark in the picture, one where it is enlarged and one in the vector.
    marks = [patch for patch in ax.patches if patch.get_alpha()]
    assert [mark.get_x() for mark in marks[2::3]] == [12 * 28, 13 * 28, 14 * 28]
    assert {mark.get_width() for mark in marks[2::3]} == {28}


@pytest.mark.parametrize("shape", [(0, 28), (28, 28, 1)])
def test_flattening_refuses_what_is_no_image(shape: tuple[int, ...]):
    with pytest.raises(UsageError, match=r"expected \(height, width\)"):
        figures.plot_flattening(np.zeros(shape, np.uint8))


def test_the_network_counts_its_parameters_and_abridges_large_layers():
    ax = whole(DRAWINGS["network"]()).axes[0]
    assert "669,706 parameters" in ax.get_title(loc="left")  # Keras' own count of the model
    assert "784 × 512\nweights\n512 biases" in texts(ax)
    nodes = [line for line in ax.lines if line.get_markersize() > 3]
    assert [len(line.get_ydata()) for line in nodes] == [8, 8, 8, 10]
    assert len(ax.lines) - len(nodes) == 3  # ellipses
    assert [len(lines.get_segments()) for lines in ax.collections] == [64, 64, 80]  # each node to all of the next
    assert texts(ax)[-10:] == list("0123456789")


@pytest.mark.parametrize("sizes", [(1, 1), (10, 11), (2, 3, 1)])
def test_networks_of_other_sizes_are_drawn_upright_and_in_their_frame(sizes: tuple[int, ...]):
    ax = figures.plot_network(sizes, ["layer"] * len(sizes))
    for line in ax.lines:
        heights = np.asarray(line.get_ydata())
        assert 0 <= heights.min() <= heights.max() <= 1
        np.testing.assert_allclose(heights.min(), 1 - heights.max())


@pytest.mark.parametrize(("sizes", "names"), [((3,), ("a",)), ((3, 0), ("a", "b")), ((3, 2), ("a",))])
def test_the_network_refuses_what_is_none(sizes: tuple[int, ...], names: tuple[str, ...]):
    with pytest.raises(UsageError, match="at least two layers of at least one node and a name for each"):
        figures.plot_network(sizes, names)


def test_predictions_are_large_and_mistakes_differ_in_shape_and_colour():
    right, wrong = figures.plot_predictions(SPLIT, EVALUATION, [5, 3]).axes
    assert right.get_title(loc="left") == f"{SPLIT.labels[5]} ✓"
    assert wrong.get_title(loc="left") == f"{(int(SPLIT.labels[3]) + 1) % 10} ✗"
    assert wrong.get_title(loc="right") == f"label {SPLIT.labels[3]}\n91 % sure"
    prediction, label = wrong._left_title, wrong._right_title  # type: ignore[attr-defined]
    assert prediction.get_fontsize() > 1.5 * label.get_fontsize()
    assert prediction.get_color() == theme.LIGHT.accent != right._left_title.get_color()  # type: ignore[attr-defined]


def test_no_confidence_is_rounded_up_to_certainty():
    probabilities = np.zeros((1, 10), np.float32)
    probabilities[0, :2] = 0.9996, 0.0004
    split = make_split(1)
    (ax,) = figures.plot_predictions(split, Evaluation(split.labels, probabilities), [0]).axes
    assert ">99 % sure" in ax.get_title(loc="right")


def test_a_perfect_model_has_a_picture_of_its_wrong_answers_too():
    figure = figures.plot_predictions(SPLIT, make_evaluation(SPLIT.labels, []), [])
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["There is no such image."]


def test_sample_indices_are_those_that_are_drawn():
    indices = figures.sample_indices(len(SPLIT), seed=5)
    titles = [ax.get_title(loc="left") for ax in figures.plot_samples(SPLIT, seed=5).axes]
    assert titles == [f"Class {label}" for label in SPLIT.labels[indices]]


def test_history_holds_the_values_and_names_its_lines():
    accuracy, loss = figures.plot_history(HISTORY).axes
    np.testing.assert_allclose(accuracy.lines[1].get_ydata(), [100 * row["val_accuracy"] for row in HISTORY])
    np.testing.assert_allclose(loss.lines[0].get_ydata(), [row["loss"] for row in HISTORY])
    assert texts(accuracy) == texts(loss) == ["training", "validation"]
    assert accuracy.get_title(loc="left") == "Accuracy: 96.67 % training, 97.33 % validation"


def test_history_does_without_validation_and_with_a_single_epoch():
    row = {"epoch": 1, "loss": 0.25, "accuracy": 0.9, "val_accuracy": None}
    accuracy, _ = figures.plot_history([row]).axes
    assert texts(accuracy) == ["training"]
    assert [tick for tick in accuracy.get_xticks() if tick != int(tick)] == []


def test_direct_labels_of_meeting_lines_do_not_touch():
    history = [{"epoch": n, "loss": 1.0 / n, "accuracy": 0.9, "val_loss": 1.0 / n} for n in (1, 2)]
    loss = figures.plot_history(history).axes[1]
    heights = [annotation.xy[1] for annotation in loss.texts]  # type: ignore[attr-defined]
    assert abs(heights[0] - heights[1]) > 0.08


def test_confusion_prints_every_count_and_colours_mistakes_only():
    confusion = np.diag(np.arange(900, 1000, 10))
    confusion[4, 9], confusion[2, 7] = 16, 1
    ax = figures.plot_confusion(confusion)
    assert texts(ax) == [str(count) if count else "·" for count in confusion.ravel()]
    coloured = {(round(patch.get_y() + 0.5), round(patch.get_x() + 0.5)): patch for patch in ax.patches}
    assert coloured.keys() == {(4, 9), (2, 7)}
    assert coloured[4, 9].get_alpha() == 4 * coloured[2, 7].get_alpha() > 0  # square root: 16 mistakes against 1
    assert ax.get_title(loc="left") == "Most often, a 4 is read as 9: 16 times"


def test_confusion_without_mistakes_says_so():
    ax = figures.plot_confusion(np.diag([5] * 10))
    assert ax.get_title(loc="left") == "No digit is taken for another"
    assert not ax.patches


def test_per_digit_shows_rates_with_counts():
    labels = np.repeat(np.arange(9, dtype=np.uint8), 4)  # no image shows a 9
    ax = figures.plot_per_digit(make_evaluation(labels, [0, 20, 21]))
    assert [bar.get_width() for bar in ax.patches] == [25, 0, 0, 0, 0, 50, 0, 0, 0, 0]
    assert texts(ax)[5] == "2 of 4"
    assert texts(ax)[9] == "none in this split"
    assert ax.get_title(loc="left") == "Missed most: the 5, 50.0 % of its images"


def test_batch_sizes_share_one_logarithmic_axis():
    seconds, accuracy = figures.plot_batch_sizes(BATCH_SIZES).axes
    assert seconds.get_xscale() == accuracy.get_xscale() == "log"
    np.testing.assert_array_equal(seconds.lines[0].get_xdata(), [32, 10000])
    np.testing.assert_allclose(accuracy.lines[0].get_ydata(), [98, 93])
    assert [label.get_text() for label in accuracy.get_xticklabels()] == ["32\n9,375", "10,000\n30"]
    assert seconds.get_title(loc="left") == "Shortest training: 6.5 s at batch size 10,000"


def test_comparison_counts_errors_with_their_interval():
    better = make_evaluation(SPLIT.labels, [3])
    ax = figures.plot_comparison({"mlp": EVALUATION, "cnn": better})
    low, high = EVALUATION.interval
    assert texts(ax)[0] == f"3 ({100 * (1 - high):.0f} to {100 * (1 - low):.0f})"
    assert ax.get_title(loc="left") == "Fewest errors: cnn, 1"
    assert "of 100 images" in ax.get_xlabel()


def test_comparison_refuses_different_splits():
    with pytest.raises(UsageError, match=r"scored on \[1, 100\] images"):
        figures.plot_comparison({"mlp": EVALUATION, "cnn": make_evaluation(SPLIT.labels[:1], [])})


def test_a_chart_of_lines_has_every_point_with_its_interval_and_names_its_lines():
    ax = figures.plot_chart(LINES)
    for container, series in zip(ax.containers, LINES.series, strict=True):
        line, _, (bars,) = container.lines
        np.testing.assert_array_equal(line.get_xdata(), [point.x for point in series.points])
        np.testing.assert_array_equal(line.get_ydata(), [point.y for point in series.points])
        for (low, high), point in zip(bars.get_segments(), series.points, strict=True):
            ends = (point.y, point.y) if point.low is None else (point.low, point.high)
            np.testing.assert_allclose((low[1], high[1]), ends)
    assert texts(ax) == ["claimed: 97 %", "equal epochs", "equal steps"]
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["32", "128", "10,000"]


def test_a_chart_of_names_has_a_row_for_each_and_signs_on_differences():
    ax = figures.plot_chart(DIFFERENCES)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["rotation", "zoom"]
    assert texts(ax) == ["+0.04", "-0.01"]
    assert ax.get_xlim()[0] < -0.09 and ax.get_xlim()[1] > 0.11
    assert texts(figures.plot_chart(TIMES)) == ["18.50", "145.80"] * 2


def test_points_without_intervals_have_no_bars_and_many_settings_get_round_numbers():
    losses = tuple(Point(epoch, 1 / epoch) for epoch in range(1, 41))
    chart = Chart("Loss", Axis("training", "epochs"), Axis("cross-entropy", "nats", "log"), (Series("32", losses),))
    ax = figures.plot_chart(chart)
    assert ax.get_yscale() == "log" and not ax.collections
    shown = [tick for tick in ax.get_xticks() if 1 <= tick <= 40]
    assert 4 <= len(shown) <= 10 and all(tick == int(tick) for tick in shown)


def test_a_chart_without_a_point_is_refused():
    with pytest.raises(UsageError, match="The chart 'Test accuracy' has no point to draw"):
        figures.plot_chart(dataclasses.replace(LINES, series=(Series("mlp", ()),)))


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("matrix", {"column (pixels)", "row (pixels)"}),
        ("history", {"accuracy (%)", "cross-entropy (nats)", "training (epochs)"}),
        ("confusion", {"predicted digit (cells: images)", "true digit"}),
        ("per_digit", {"error rate (%)", "true digit"}),
        ("comparison", {"errors (of 100 images; bars: 95 % interval)"}),
        ("lines", {"batch size (images, logarithmic axis)", "test accuracy (%)"}),
        ("differences", {"test accuracy against none (percentage points)"}),
        ("times", {"training time (s)"}),
    ],
)
def test_axes_are_labelled_with_units(drawn: dict[str, Drawing], name: str, labels: set[str]):
    axes = whole(drawn[name]).axes
    assert {label for ax in axes for label in (ax.get_xlabel(), ax.get_ylabel())} - {""} == labels


def test_nothing_is_cut_off_at_the_edges(drawn: dict[str, Drawing]):
    for name, drawing in drawn.items():
        figure = whole(drawing)
        figure.draw_without_rendering()
        box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, name


def test_svg_is_well_formed_and_labelled(svgs: dict[str, str]):
    for name, svg in svgs.items():
        root = ElementTree.fromstring(svg)
        title = root[0]
        assert root.tag == "{http://www.w3.org/2000/svg}svg" and root.get("role") == "img", name
        assert title.tag.endswith("title") and root.get("aria-labelledby") == title.get("id"), name


def test_svg_ids_are_unique_across_figures_and_every_reference_resolves(svgs: dict[str, str]):
    page = "".join(svgs.values())
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) > len(svgs)
    assert set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', page)) != set()
    assert {a or b for a, b in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', page)} <= set(ids)


def test_svg_follows_the_page(svgs: dict[str, str]):
    tokens = {color for theme in theme.THEMES.values() for color in theme.tokens().values()}
    for name, svg in svgs.items():
        assert not {color for color in re.findall(r"#[0-9a-fA-F]{6}\b", svg) if color.lower() in tokens}, name
        assert "var(--" in svg, name
        assert "DejaVu" not in svg and "<style" not in svg, name
        assert svg.count("<image") == svg.count("filter: var(--digit-filter)"), name
    assert svgs["samples"].count("<image") == 9


def test_svg_asks_nobody_for_anything(svgs: dict[str, str]):
    for svg in svgs.values():
        targets = re.findall(r'(?:href|src)="([^"]*)"', svg)
        assert all(target.startswith(("#", "data:image/png;base64,")) for target in targets)


def test_a_label_replaces_the_titles_and_is_escaped():
    ax = figures.plot_confusion(np.eye(10, dtype=int))
    assert ElementTree.fromstring(figures.to_svg(ax, label="<b> & co"))[0].text == "<b> & co"


def test_the_same_figure_gives_the_same_bytes(tmp_path: Path, svgs: dict[str, str]):
    for attempt in "ab":
        figures.save_png(figures.plot_confusion(EVALUATION.confusion), tmp_path / f"{attempt}.png", dpi=50)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert figures.to_svg(figures.plot_confusion(EVALUATION.confusion)) == svgs["confusion"]


def test_drawing_a_figure_before_does_not_change_its_bytes(svgs: dict[str, str]):
    ax = figures.plot_confusion(EVALUATION.confusion)
    whole(ax).draw_without_rendering()
    assert figures.to_svg(ax) == figures.to_svg(ax) == svgs["confusion"]


def test_png_has_an_opaque_light_ground(tmp_path: Path):
    figures.save_png(figures.plot_samples(SPLIT), tmp_path / "samples.png", dpi=50)
    pixels = matplotlib.image.imread(tmp_path / "samples.png")
    assert pixels.shape[2] == 3 or (pixels[..., 3] == 1).all()
    np.testing.assert_allclose(pixels[0, 0, :3], matplotlib.colors.to_rgb(theme.LIGHT.paper), atol=1 / 255)


def test_the_dark_style_turns_ink_light_and_is_refused_by_to_svg():
    with matplotlib.rc_context(theme.matplotlib_style("dark")):
        ax = figures.plot_image(SPLIT.images[0], "Class 1")
    assert tuple(ax.images[0].get_array()[0, 0, :3]) == tuple(bytes.fromhex(theme.DARK.ink[1:]))
    with pytest.raises(UsageError, match="light theme"):
        figures.to_svg(ax)


def test_drawing_leaves_the_style_of_others_alone():
    before = dict(matplotlib.rcParams)
    figures.to_svg(figures.plot_confusion(np.eye(10, dtype=int)))
    assert dict(matplotlib.rcParams) == before


def test_jupyter_can_show_axes_and_figures(drawn: dict[str, Drawing]):
    for name in ("confusion", "samples"):
        assert drawn[name]._repr_png_().startswith(b"\x89PNG")  # type: ignore[union-attr]


def test_figures_need_neither_keras_nor_pyplot():
    program = "import mnistlab.figures, mnistlab.reports"
    assert imports_of(program, "keras", "tensorflow", "matplotlib.pyplot") == []


def test_networks_trained_one_after_the_other_do_not_share_a_line():
    history = [{"member": m, "epoch": e, "accuracy": 0.9, "loss": 0.1 * e} for m in (1, 2) for e in (1, 2, 3)]
    figure = figures.plot_history(history)
    lines = [line.get_xdata().tolist() for line in figure.axes[0].get_lines()]
    assert lines == [[1, 2, 3], [4, 5, 6]]
    assert figure.axes[1].get_xlabel() == "training (epochs, one network after the other)"


def texts_of(drawing: Drawing) -> list[str]:
    """Everything that a drawing says."""
    figure = drawing if isinstance(drawing, Figure) else drawing.figure
    found: list[str] = []
    for ax in figure.axes:
        titles = [ax.get_title(loc) for loc in ("left", "center", "right")]
        ticks = [label.get_text() for label in [*ax.get_xticklabels(), *ax.get_yticklabels()]]
        found += [*titles, *ticks, ax.get_xlabel(), ax.get_ylabel(), *(text.get_text() for text in ax.texts)]
    return found


def titles_of(figure: Figure) -> set[str]:
    return {ax.get_title("left") for ax in figure.axes}


def drawings_of_classes(names) -> dict[str, Drawing]:
    """Every figure that speaks of classes, on data whose classes have these names, or none."""
    classes = NUMBERED if names is None else named_classes(names)
    split = Split("test", SPLIT.images, SPLIT.labels, classes)
    evaluation = Evaluation(EVALUATION.labels, EVALUATION.probabilities, classes)
    return {
        "samples": figures.plot_samples(split),
        "right": figures.plot_predictions(split, evaluation, evaluation.right[:9]),
        "wrong": figures.plot_predictions(split, evaluation, evaluation.wrong[:9]),
        "confusion": figures.plot_confusion(evaluation.confusion, classes=classes),
        "per digit": figures.plot_per_digit(evaluation),
    }


@pytest.mark.parametrize("names", [SHOES, None], ids=["names", "numbers"])
def test_what_is_no_digit_is_not_called_one(names):
    for drawing in drawings_of_classes(names).values():
        assert not any(re.search("digit", text) for text in texts_of(drawing))


def test_classes_stand_under_their_names():
    drawn = drawings_of_classes(SHOES)
    for name in ("confusion", "per digit"):
        assert set(SHOES) <= set(texts_of(drawn[name]))
    assert titles_of(drawn["samples"]) <= set(SHOES)
    label = int(SPLIT.labels[EVALUATION.wrong[0]])
    told = texts_of(drawn["wrong"])
    assert f"{SHOES[(label + 1) % 10]} ✗\n\n" in told
    assert f"label {SHOES[label]}\n91 % sure" in told
    most_often = drawn["confusion"].get_title("left")
    assert re.fullmatch(r"Most often, [\w /-]+\nis taken for [\w /-]+: (once|\d times)", most_often)
    assert re.fullmatch(r"Missed most: [\w /-]+, \d+\.\d % of its images", drawn["per digit"].get_title("left"))


def test_names_are_drawn_inside_their_figure():
    long = [f"{letter * 40}" for letter in "abcdefghij"]
    for names in (SHOES, long):
        for drawing in drawings_of_classes(names).values():
            figure = drawing if isinstance(drawing, Figure) else drawing.figure
            figure.draw_without_rendering()
            box = figure.get_tightbbox()
            assert box.x0 >= -0.02 and box.x1 <= figure.get_size_inches()[0] + 0.02
    assert "a" * 13 + "…" in texts_of(drawings_of_classes(long)["confusion"])


def test_names_that_look_like_formulas_are_written_as_they_are():
    names = ["$x", "$\\frac{", "a$b$", *"cdefghi"]
    drawn = drawings_of_classes(names)
    svg = figures.to_svg(drawn["confusion"])
    assert "a$b$" in "".join(ElementTree.fromstring(svg).itertext())


def test_names_that_the_font_cannot_write_become_numbers():
    """As KMNIST's: Matplotlib's own font has no Japanese letters, and would warn and draw boxes."""
    drawn = drawings_of_classes(list("おきすつなはまやれを"))
    assert all(re.fullmatch(r"Class \d", text) for text in titles_of(drawn["samples"]))
    assert re.match(r"Most often, class \d is taken for class \d", drawn["confusion"].get_title("left"))
    for drawing in drawn.values():
        figures.to_svg(drawing)
