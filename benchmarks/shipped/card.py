"""The model card of the networks that ship, made of the results of pretrained, refusals and notebook_networks."""

import json
from typing import Any

from benchmarks.measure.benchmark import RESULTS
from mnistlab.inference.pretrained import ACCURACY_PATH, PARAMETERS_PATH, PRETRAINED_PATH
from mnistlab.system.files import write_json, write_text

MADE, MEASURED, NOTEBOOK = (RESULTS / f"{name}.json" for name in ("pretrained", "refusals", "notebook_networks"))
PATH = PRETRAINED_PATH.with_name("README.md")

CARD = """# digits.onnx: the network that ships with mnistlab

Reads one handwritten digit in MNIST's form, and tells digits from other things. One ONNX file, {megabytes:.2f} MB, for
ONNX Runtime; `mnistlab.inference.pretrained()` loads it. `make pretrained` makes file and card; the figures come from
`benchmarks/results/pretrained.json` and `benchmarks/results/refusals.json`.

## What it is

| | network of digits | network of kinds |
| --- | --- | --- |
| parameters | {parameters[digits]:,} (`{digits_model}`) | {parameters[kinds]:,} (`{kinds_model}`) |
| training images an epoch | {images[digits]:,} | {images[kinds]:,} |
| input | `images`: uint8 `(num_images, 28, 28)`, ink 255 on ground 0 | the same |
| output | `probabilities` `(num_images, 10)`, and every layer's activations | `kinds` `(num_images, {num_kinds})` |

The kinds: {kinds}.

Notes in the file hold the temperature that brings confidence and accuracy together, and the thresholds below which an
answer is "unsure" or "no digit". `mnistlab.inference.Classifier` and `mnistlab.inference.rejection.Judge` apply them.

## How it was made

Two trainings of mnistlab's own, recipes `best` and `fast` with the changes in `benchmarks/shipped/pretrained.py`,
seed 0, on {num_cpus} cores of an {cpu}, {precision}.

Trained on: 55,000 training images of MNIST; a variant of each with thinner or thicker strokes, blur, fainter ink or
grain (`benchmarks/shipped/widening.py`); digits of 16 handwriting fonts; {hands:,} digits of hands that a program of
ours draws, with forms of many schools; and {worn:,} digits of MNIST and of fonts redrawn with the same pens, cut and
broken (`benchmarks/shipped/handwriting.py`; `benchmarks/material/README.md` is the data card).
The network of kinds also on letters and symbols of these fonts and hands, drawings, scribbles, lines, blobs, textures,
dust, and digits that are halved, touch another or are turned (`benchmarks/shipped/nondigits.py`).

Chosen and calibrated on: the other 5,000 training images of MNIST, and digits of hands, pens and fonts of a group of
their own. The test set chose nothing.

## How good it is

| measured on | result |
| --- | ---: |
| MNIST's 10,000 test images, all answers | {accuracy} right |
| the same, refused | {refused} |
| the same, not refused | {accuracy_of_kept} right |
| letters and scribbles of fonts and generators never seen, refused | {claimed} |
| 5,000 validation images | {validation_accuracy} right |
| the same with other strokes, blur and grain | {widened_accuracy} right |
| digits of 3 handwriting fonts never seen | {fonts_accuracy} right |
| digits of other hands and pens, of the group to choose by | {hands_sure} right |
| the same, cut at the border, broken, or with something beside them | {trouble_sure} right |
| log-loss on the test images, before and after the temperature {temperature:.3f} | {loss} |
| expected calibration error there, before and after | {calibration_error} |
| ONNX Runtime and Keras on the test images | {compared} |

## What it cannot do

- It reads one digit that was brought into MNIST's form: longest side 20 pixels, centre of mass in the middle of 28×28.
- MNIST was written in the United States in about 1990. Forms of other schools, such as a 1 with a long upstroke or a 7
  with a bar, come from strokes that were set down by hand; digits of other scripts are missing.
- O, l, Z, S, b, g and their like are digits to anybody without context; it does not refuse them.
- A half of a digit is often another digit, and is read as one.

The licence of the file is that of mnistlab; of MNIST it is CC BY-SA 3.0, see `datasets/mnist/README.md`. The fonts are
under the SIL Open Font License; no part of them is in the file.
"""

NOTEBOOK_CARD = """
# mlp.onnx and cnn.onnx: the notebook's two networks

To look into, and to compare with: `mnistlab.inference.pretrained("mlp")` and `pretrained("cnn")`. Every layer's
activations are outputs of the file. `make pretrained` makes them; the figures come from
`benchmarks/results/notebook_networks.json`.

| | `mlp` | `cnn` |
| --- | ---: | ---: |
{rows}

Each is one training of the recipe of its name, seed 0, on {num_cpus} cores of an {cpu}, {precision}; 5,000 of MNIST's
training images were held back. Temperature and least confidence come from these; the test set chose nothing.

`recordings/` has what both runs noted while they learned, for the page: losses and accuracies, first weights, and
answers to some test images.

Arrays of a thousand numbers and more are stored in half precision, and widened when the file is loaded; the arithmetic
is that of float32. Keras, above, computes with the weights as they were trained.

They cannot tell digits from other things: they answer with a digit whatever they see. What digits.onnx cannot do, they
cannot do either. The licence of the files is that of mnistlab.
"""


def percent(fraction: float, digits: int = 2) -> str:
    """A fraction in percent."""
    return f"{fraction * 100:.{digits}f} %"


def share(row: dict[str, Any]) -> str:
    """The share that was refused, with its interval."""
    return f"{percent(row['refused'])} ({row['refused_low'] * 100:.2f}–{row['refused_high'] * 100:.2f})"


def sure(rows: list[dict[str, int]]) -> str:
    """The accuracy of the sure answers of several parts, and the share that is sure."""
    number, kept, right = (sum(row[name] for row in rows) for name in ("num_images", "sure", "sure_right"))
    return f"{percent(kept / number, 1)} sure, {percent(right / kept)} of these"


def text(made: dict[str, Any], measured: dict[str, Any], notebook: dict[str, Any]) -> str:
    """The card in Markdown.

    Args:
        made: Content of `pretrained.json`.
        measured: Content of `refusals.json`.
        notebook: Content of `notebook_networks.json`.
    """
    digits, fitted = measured["test_digits"], measured["calibration"]
    compared, environment = made["onnx_against_keras"]["digits"], made["environment"]
    kinds = made["calibration"]["kinds"].split(",")
    plain = [row for name, row in made["choice"].items() if name.endswith("plain")]
    trouble = [row for name, row in made["choice"].items() if name.endswith(("cut", "beside", "broken"))]
    digits_card = CARD.format(
        megabytes=made["num_bytes"] / 1e6,
        parameters=made["num_parameters"],
        images=made["num_train_images"],
        digits_model=made["models"]["digits"],
        kinds_model=made["models"]["kinds"],
        num_kinds=len(kinds),
        kinds=", ".join(kinds),
        **{name: environment[name] for name in ("num_cpus", "cpu", "precision")},
        accuracy=percent(digits["accuracy"]),
        refused=share(digits),
        accuracy_of_kept=percent(digits["accuracy_of_kept"]),
        claimed=share(measured["letters_and_scribbles"]),
        validation_accuracy=percent(made["validation_accuracy"]),
        widened_accuracy=percent(made["widened_validation_accuracy"]),
        fonts_accuracy=percent(made["unseen_fonts_accuracy"], 1),
        hands=made["num_hands"]["hands"],
        worn=made["num_hands"]["worn"],
        hands_sure=sure(plain),
        trouble_sure=sure(trouble),
        temperature=fitted["temperature"],
        loss=f"{fitted['loss_before']:.4f}, {fitted['loss_after']:.4f}",
        calibration_error=f"{percent(fitted['calibration_error_before'])}, "
        f"{percent(fitted['calibration_error_after'])}",
        compared=f"{compared['other_answers']} other answers, probabilities at most "
        f"{compared['largest_difference']:.1e} apart",
    )
    return digits_card + notebook_text(notebook)


def notebook_text(notebook: dict[str, Any]) -> str:
    """The part of the card on the notebook's two networks."""
    both = [notebook[name] for name in ("mlp", "cnn")]
    tests, errors, compared = ([row[part] for row in both] for part in ("test", "calibration_error", "against_keras"))
    cells = {
        "parameters": [f"{row['num_parameters']:,}" for row in both],
        "file": [f"{row['num_bytes'] / 1e6:.2f} MB" for row in both],
        "layers": [f"{row['num_layers']}" for row in both],
        "right of 10,000 test images": [percent(row["accuracy"]) for row in tests],
        "95 % interval": ["–".join(f"{end * 100:.2f}" for end in row["interval"]) for row in tests],
        "right of 5,000 validation images": [percent(row["validation_accuracy"]) for row in both],
        "temperature": [f"{float(row['calibration']['temperature']):.3f}" for row in both],
        "expected calibration error before and after it": [
            f"{percent(row['before'])}, {percent(row['after'])}" for row in errors
        ],
        "test images with another answer than Keras": [f"{row['other_answers']}" for row in compared],
        "largest difference of a probability": [f"{row['largest_difference']:.1e}" for row in compared],
    }
    rows = "\n".join(f"| {name} | {' | '.join(values)} |" for name, values in cells.items())
    environment = both[0]["environment"]
    return NOTEBOOK_CARD.format(rows=rows, **{name: environment[name] for name in ("num_cpus", "cpu", "precision")})


def accuracy(measured: dict[str, Any], notebook: dict[str, Any]) -> dict[str, float]:
    """The accuracy of each network on the test images, which the package keeps for those who list the networks."""
    both = {name: notebook[name]["test"]["accuracy"] for name in ("mlp", "cnn")}
    return {"digits": measured["test_digits"]["accuracy"], **both}


def parameters(made: dict[str, Any], notebook: dict[str, Any]) -> dict[str, int]:
    """The number of parameters of each network, which the package keeps for the same lists."""
    return {"digits": made["num_parameters"]["digits"]} | {
        name: notebook[name]["num_parameters"] for name in ("mlp", "cnn")
    }


def write() -> None:
    """Writes the card, the accuracies and the numbers of parameters anew, once everything has been measured."""
    if all(path.exists() for path in (MADE, MEASURED, NOTEBOOK)):
        made, measured, notebook = (json.loads(path.read_text(encoding="utf-8")) for path in (MADE, MEASURED, NOTEBOOK))
        write_text(PATH, text(made, measured, notebook))
        write_json(ACCURACY_PATH, accuracy(measured, notebook))
        write_json(PARAMETERS_PATH, parameters(made, notebook))
