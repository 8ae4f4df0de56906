"""Makes the network that ships with the package: src/mnistlab/inference/pretrained/digits.onnx and its card.

    python benchmarks/shipped/pretrained.py [--runs FOLDER] [--table-only]

Two training runs of mnistlab itself. One network learns the digits, from MNIST's training images as they are and as
they look on other paper (widening.py), and from the digits of handwriting fonts. The other learns to tell digits from
everything else (nondigits.py). 5,000 training images are held back: temperature and thresholds come from them, and the
test set chooses nothing. After an interruption, the same command continues both runs where they stood.

Afterwards, `python benchmarks/measure/refusals.py` measures the network and completes the card.
"""

import dataclasses
import hashlib
import string
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.material import scribbles
from benchmarks.measure.benchmark import Benchmark, Results
from benchmarks.shipped import card, glyphs, nondigits, widening
from mnistlab import training
from mnistlab.datasets import Dataset, Split, load_mnist, split_validation
from mnistlab.evaluation import evaluate
from mnistlab.evaluation.calibration import calibrate, threshold
from mnistlab.inference import Classifier
from mnistlab.inference.pretrained import PRETRAINED_PATH
from mnistlab.models import load_run
from mnistlab.models.export import join_kinds, note_calibration
from mnistlab.recipes import RECIPES, AffineRanges
from mnistlab.runs import Run
from mnistlab.system.files import make_folder, write_with

KINDS = ("digit", "letter", "symbol", "scribble", "lines", "blob", "texture", "half a digit", "two digits", "specks")
NUM_IMAGES = {  # images of each material that is not a digit
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
    epochs=3,  # over more than twice the images
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
LIKENESS_FRACTION, CONFIDENCE_FRACTION = 0.005, 0.002  # of the validation digits, refused by each threshold


def held_back() -> tuple[Split, Split]:
    """MNIST's training images in two parts: 55,000 to train on, and 5,000 that are held back."""
    return split_validation(load_mnist().train, 5000, seed=0)


def digits_of_fonts(num_images: int) -> Split:
    """Images of the digits in the fonts to train on, the same number of each."""
    images = [
        nondigits.make(nondigits.written_characters("fit", digit), num_images, 1, digit) for digit in string.digits
    ]
    return Split("train", np.concatenate(images), np.repeat(np.arange(10, dtype=np.uint8), num_images))


def kept(folder: Path, make: Callable[[], tuple[np.ndarray, np.ndarray]]) -> Split:
    """Images and labels that take minutes to make: kept in a file until a program or material behind them changes."""
    sources = (nondigits.__file__, scribbles.__file__, widening.__file__, glyphs.MATERIAL)
    content = b"".join(Path(path).read_bytes() for path in sources) + repr(NUM_IMAGES).encode()
    version = hashlib.sha256(content).hexdigest()[:12]
    path = folder / f"{make.__name__}-{version}.npz"
    if not path.exists():
        make_folder(folder)
        images, labels = make()
        write_with(path, lambda temporary: save(temporary, images, labels))
    with np.load(path) as arrays:
        return Split("train", arrays["images"], arrays["labels"])


def save(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Writes images and labels as NumPy does, without changing the name of the file."""
    with path.open("wb") as file:
        np.savez(file, images=images, labels=labels)


def digit_images() -> tuple[np.ndarray, np.ndarray]:
    """Images to train the network of digits on, and their labels."""
    train, _ = held_back()
    written = digits_of_fonts(500)
    # Widened digit by digit, so that each has the same seed whatever comes before it.
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
    """Trains both networks, with the validation split as test split, so that the test set stays unseen.

    There are exactly ten kinds, so that the same network that tells digits apart can be trained to tell kinds apart.
    """
    _, validation = held_back()
    only_digits = Split("validation", validation.images, np.zeros(len(validation), np.uint8))
    dataset = Dataset("MNIST, widened", kept(folder, digit_images), validation)
    digits = training.train(DIGITS_RECIPE, dataset, folder / "digits")
    dataset = Dataset("digits and others", kept(folder, kind_images), only_digits)
    return digits, training.train(KINDS_RECIPE, dataset, folder / "kinds")


def put_together(digits: Run, kinds: Run, path: Path) -> None:
    """Joins both networks in one file, with temperature and thresholds from the validation digits."""
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


def compare_with_keras(run: Run, path: Path, images: np.ndarray) -> dict[str, float]:
    """The largest difference between an ONNX file and the Keras model of a run, and how often their answers differ."""
    by_keras = load_run(run).predict(images, batch_size=500, verbose=0)
    by_onnx = evaluate(Classifier(path, calibrated=False), Split("", images, np.zeros(len(images), int)))
    return {
        "num_images": len(images),
        "largest_difference": float(np.abs(by_onnx.probabilities - by_keras).max()),
        "other_answers": int((by_onnx.predictions != by_keras.argmax(axis=1)).sum()),
    }


def figures(digits: Run, kinds: Run) -> Results:
    """The card's figures on the making: both runs, and the accuracy of the network of digits on images held back."""
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
            "digits": compare_with_keras(digits, digits.onnx_path, load_mnist().test.images),
            "kinds": compare_with_keras(kinds, kinds.onnx_path, load_mnist().test.images),
        },
        "calibration": Classifier(PRETRAINED_PATH).calibration.to_notes(),
        "num_bytes": PRETRAINED_PATH.stat().st_size,
        "environment": digits.environment,
    }


def measure(runs: Path) -> Results:
    """Trains the networks, unless they are finished, writes the file and measures it."""
    digits, kinds = train_networks(runs)
    write_with(PRETRAINED_PATH, lambda path: put_together(digits, kinds, path))
    print(f"{PRETRAINED_PATH}  {PRETRAINED_PATH.stat().st_size / 1e6:.2f} MB")
    return figures(digits, kinds)


OPTIONS = {"--runs": {"type": Path, "default": Path("runs/pretrained"), "help": "folder of the two training runs"}}
BENCHMARK = Benchmark(__file__, __doc__, measure, publish=lambda _: card.write(), options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
