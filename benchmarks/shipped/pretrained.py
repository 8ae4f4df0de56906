"""Makes the network that ships with the package: src/mnistlab/pretrained/digits.onnx and its card.

Two trainings with mnistlab itself. One network learns digits, from MNIST's training images as they are and as they look
on other paper (widening.py), and from the digits of handwriting fonts. The other learns what is a digit and what is
something else (nondigits.py). 5,000 training images are held back: temperature and thresholds come from them, the test
set chooses nothing. An interrupted call is taken up by the next: both trainings go on where they stood.

    python benchmarks/shipped/pretrained.py [--runs FOLDER] [--table-only]

Then `python benchmarks/measure/refusals.py` measures it and makes the card.
"""

import dataclasses
import hashlib
import string
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure import readme
from benchmarks.shipped import card, nondigits, widening
from mnistlab import training
from mnistlab.calibration import calibrate, threshold
from mnistlab.datasets import Dataset, Split, load_mnist, split_validation
from mnistlab.evaluation import evaluate
from mnistlab.export import join_kinds, note_calibration
from mnistlab.files import make_folder, write_json, write_with
from mnistlab.inference import Classifier
from mnistlab.pretrained import PRETRAINED_PATH
from mnistlab.recipes import RECIPES, AffineRanges
from mnistlab.runs import Run

RESULTS = card.MADE
KINDS = (
    "digit",
    "letter",
    "symbol",
    "scribble",
    "lines",
    "blob",
    "texture",
    "half a digit",
    "two digits",
    "specks",
)
NUM_IMAGES = {  # of each material that is no digit
    "letters": 24000,
    "symbols": 5000,
    "halves": 4000,
    "pairs": 3000,
    "curves": 6000,
    "segments": 3000,
    "blots": 3000,
    "shapes": 2000,
    "noise": 2500,
    "checks": 2500,
    "specks": 1000,
}
DIGITS_RECIPE = dataclasses.replace(
    RECIPES["best"],
    epochs=3,  # of twice the images
    test_shifts=False,  # so that the file has every layer's activations
    augmentation=AffineRanges(rotation=12, width_shift=0.08, height_shift=0.08, shear=12, zoom=0.12),
)
KINDS_RECIPE = dataclasses.replace(
    RECIPES["fast"],
    epochs=2,
    learning_rate=0.02,
    label_smoothing=0.02,
    augmentation=AffineRanges(rotation=8, width_shift=0.04, height_shift=0.04, shear=6, zoom=0.06),
)
LIKENESS_FRACTION, CONFIDENCE_FRACTION = 0.005, 0.002  # of validation digits refused by the one, and by the other


def held_back() -> tuple[Split, Split]:
    """MNIST's training images but 5,000, and these."""
    return split_validation(load_mnist().train, 5000, seed=0)


def digits_of_fonts(num_images: int) -> Split:
    """As many images of every digit in the fonts to train on."""
    images = [
        nondigits.make(nondigits.written_characters("fit", digit), num_images, 1, digit) for digit in string.digits
    ]
    return Split("train", np.concatenate(images), np.repeat(np.arange(10, dtype=np.uint8), num_images))


def kept(folder: Path, make: Callable[[], tuple[np.ndarray, np.ndarray]]) -> Split:
    """Images and labels that take minutes to make: made once, and again when a program that makes them changed."""
    sources = (Path(nondigits.__file__), Path(widening.__file__), nondigits.MATERIAL)
    content = b"".join(path.read_bytes() for path in sources) + repr(NUM_IMAGES).encode()
    version = hashlib.sha256(content).hexdigest()[:12]
    path = folder / f"{make.__name__}-{version}.npz"
    if not path.exists():
        make_folder(folder)
        images, labels = make()
        write_with(path, lambda temporary: save(temporary, images, labels))
    with np.load(path) as arrays:
        return Split("train", arrays["images"], arrays["labels"])


def save(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Writes images and labels as NumPy does, under a name of ours."""
    with path.open("wb") as file:
        np.savez(file, images=images, labels=labels)


def digit_images() -> tuple[np.ndarray, np.ndarray]:
    """Images to train the network of digits on, and their labels."""
    train, _ = held_back()
    written = digits_of_fonts(500)
    # Widened digit by digit, so that the seed of each is the same whatever comes before it.
    varied = [widening.widen(written.images[written.labels == digit], 2) for digit in range(10)]
    images = np.concatenate([train.images, widening.widen(train.images, 1), *varied])
    labels = np.concatenate([train.labels, train.labels, written.labels])
    return images, labels


def kind_images() -> tuple[np.ndarray, np.ndarray]:
    """Images to train the network of kinds on, and the numbers of their kinds."""
    train, _ = held_back()
    images = [train.images, widening.widen(train.images, 1), digits_of_fonts(400).images]
    labels = [np.zeros(sum(map(len, images)), np.uint8)]
    for name, (kind, generator) in nondigits.generators("fit", train).items():
        made = nondigits.make(generator, NUM_IMAGES[name], 1, name)
        half = len(made) // 2
        made[half:] = widening.widen(made[half:], 3)
        images.append(made)
        labels.append(np.full(len(made), KINDS.index(kind), np.uint8))
    return np.concatenate(images), np.concatenate(labels)


def train_networks(folder: Path) -> tuple[Run, Run]:
    """The runs of both networks; the test split of each is the validation split, so that the test set stays unseen.

    There are ten kinds, so that a network of digits can be trained to tell them apart as it is.
    """
    _, validation = held_back()
    only_digits = Split("validation", validation.images, np.zeros(len(validation), np.uint8))
    return (
        training.train(
            DIGITS_RECIPE, Dataset("MNIST, widened", kept(folder, digit_images), validation), folder / "digits"
        ),
        training.train(
            KINDS_RECIPE, Dataset("digits and others", kept(folder, kind_images), only_digits), folder / "kinds"
        ),
    )


def put_together(digits: Run, kinds: Run, path: Path) -> None:
    """Both networks as one file, with temperature and thresholds from the validation digits."""
    _, validation = held_back()
    join_kinds(digits.onnx_path, kinds.onnx_path, path)
    answers = evaluate(Classifier(digits.onnx_path, calibrated=False), validation)
    likeness = evaluate(Classifier(kinds.onnx_path, calibrated=False), validation).probabilities[:, 0]
    calibration = dataclasses.replace(
        calibrate(answers.labels, answers.probabilities, CONFIDENCE_FRACTION),
        least_likeness=threshold(likeness, LIKENESS_FRACTION),
        kinds=KINDS,
    )
    note_calibration(path, calibration)


def compare_with_keras(run: Run, images: np.ndarray) -> dict[str, float]:
    """How far the ONNX file of a run is from its Keras model, and how often they answer another digit."""
    by_keras = run.model.predict(images, batch_size=500, verbose=0)
    by_onnx = evaluate(Classifier(run.onnx_path, calibrated=False), Split("", images, np.zeros(len(images), int)))
    return {
        "num_images": len(images),
        "largest_difference": float(np.abs(by_onnx.probabilities - by_keras).max()),
        "other_answers": int((by_onnx.predictions != by_keras.argmax(axis=1)).sum()),
    }


def figures(digits: Run, kinds: Run) -> dict[str, Any]:
    """What the card tells of the making: the runs, and what the network of digits reads of images held back."""
    _, validation = held_back()
    network = Classifier(digits.onnx_path)
    unseen = [nondigits.make(nondigits.written_characters("choose", digit), 200, 9, digit) for digit in string.digits]
    widened = Split("widened", widening.widen(validation.images, 77), validation.labels)
    fonts = Split("fonts", np.concatenate(unseen), np.repeat(np.arange(10, dtype=np.uint8), 200))
    return {
        "num_train_images": {"digits": digits.metrics["num_train_images"], "kinds": kinds.metrics["num_train_images"]},
        "models": {"digits": digits.recipe.model, "kinds": kinds.recipe.model},
        "num_parameters": {"digits": digits.metrics["num_parameters"], "kinds": kinds.metrics["num_parameters"]},
        "recipes": {"digits": digits.recipe.to_toml(), "kinds": kinds.recipe.to_toml()},
        "train_seconds": {"digits": digits.metrics["train_seconds"], "kinds": kinds.metrics["train_seconds"]},
        "validation_accuracy": evaluate(network, validation).accuracy,
        "widened_validation_accuracy": evaluate(network, widened).accuracy,
        "unseen_fonts_accuracy": evaluate(network, fonts).accuracy,
        "onnx_against_keras": {
            "digits": compare_with_keras(digits, load_mnist().test.images),
            "kinds": compare_with_keras(kinds, load_mnist().test.images),
        },
        "calibration": Classifier(PRETRAINED_PATH).calibration.to_notes(),
        "num_bytes": PRETRAINED_PATH.stat().st_size,
        "environment": digits.environment,
    }


def main() -> None:
    """Trains what is missing and writes."""
    parser = readme.parser(__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs/pretrained"), help="folder of the two trainings")
    arguments = parser.parse_args()
    if not arguments.table_only:
        runs = train_networks(arguments.runs)
        write_with(PRETRAINED_PATH, lambda path: put_together(*runs, path))
        print(f"{PRETRAINED_PATH}  {PRETRAINED_PATH.stat().st_size / 1e6:.2f} MB")
        write_json(RESULTS, figures(*runs))
    card.write()


if __name__ == "__main__":
    main()
