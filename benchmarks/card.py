"""The model card of the network that ships, from what pretrained.py and refusals.py measured."""

from collections.abc import Sequence
from typing import Any

CARD = """# digits.onnx: the network that ships with mnistlab

Reads one handwritten digit in MNIST's form, and tells digits from other things. One ONNX file, {megabytes:.2f} MB, for
ONNX Runtime; `mnistlab.pretrained.pretrained()` loads it. `make pretrained` makes file and card; the figures come from
`benchmarks/results/pretrained.json` and `benchmarks/results/refusals.json`.

## What it is

| | network of digits | network of kinds |
| --- | --- | --- |
| parameters | {parameters[digits]:,} (`deep_cnn`) | {parameters[kinds]:,} (`{kinds_model}`) |
| training images an epoch | {images[digits]:,} | {images[kinds]:,} |
| input | `images`: uint8 `(num_images, 28, 28)`, ink 255 on ground 0 | the same |
| output | `probabilities` `(num_images, 10)`, and every layer's activations | `kinds` `(num_images, {num_kinds})` |

The kinds: {kinds}.

Notes in the file hold the temperature that brings confidence and accuracy together, and the thresholds below which an
answer is "unsure" or "no digit". `mnistlab.inference.Classifier` and `mnistlab.refusal.Judge` apply them.

## How it was made

Two trainings of mnistlab's own, recipes `best` and `fast` with the changes in `benchmarks/pretrained.py`, seed 0, on
{num_cpus} cores of an {cpu}, {precision}.

Trained on: 55,000 training images of MNIST; a variant of each with thinner or thicker strokes, blur, fainter ink or
grain (`benchmarks/widening.py`); digits of 16 handwriting fonts. The network of kinds also on letters and symbols of
these fonts, scribbles, lines, blobs, textures, halves and pairs of digits, and dust (`benchmarks/nondigits.py`).

Chosen and calibrated on: the other 5,000 training images of MNIST, and letters, scribbles and textures of a group of
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
| log-loss on the test images, before and after the temperature {temperature:.3f} | {loss} |
| expected calibration error there, before and after | {calibration_error} |
| ONNX Runtime and Keras on the test images | {compared} |

## What it cannot do

- It reads one digit that was brought into MNIST's form: longest side 20 pixels, centre of mass in the middle of 28×28.
- MNIST was written in the United States in about 1990. A 1 with a long upstroke, a 7 with a bar or an open 4 is rarer
  in it than on paper elsewhere.
- O, l, Z, S, b, g and their like are digits to anybody without context; it does not refuse them.
- A half of a digit is often another digit, and is read as one.

The licence of the file is that of mnistlab; of MNIST it is CC BY-SA 3.0, see `datasets/mnist/README.md`. The fonts are
under the SIL Open Font License; no part of them is in the file.
"""


def percent(fraction: float, digits: int = 2) -> str:
    """A fraction as people write it."""
    return f"{fraction * 100:.{digits}f} %"


def share(row: dict[str, Any]) -> str:
    """What was refused, with its interval."""
    return f"{percent(row['refused'])} ({row['refused_low'] * 100:.2f}–{row['refused_high'] * 100:.2f})"


def text(made: dict[str, Any], measured: dict[str, Any], kinds: Sequence[str]) -> str:
    """The card as Markdown.

    Args:
        made: `pretrained.json`.
        measured: `refusals.json`.
        kinds: what the second network tells apart.
    """
    digits, fitted = measured["test_digits"], measured["calibration"]
    compared, environment = made["onnx_against_keras"]["digits"], made["environment"]
    return CARD.format(
        megabytes=made["num_bytes"] / 1e6,
        parameters=made["num_parameters"],
        images=made["num_train_images"],
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
        temperature=fitted["temperature"],
        loss=f"{fitted['loss_before']:.4f}, {fitted['loss_after']:.4f}",
        calibration_error=f"{percent(fitted['calibration_error_before'])}, "
        f"{percent(fitted['calibration_error_after'])}",
        compared=f"{compared['other_answers']} other answers, probabilities at most "
        f"{compared['largest_difference']:.1e} apart",
    )
