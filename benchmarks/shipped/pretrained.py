"""Makes the network that ships with the package: src/mnistlab/inference/pretrained/digits.onnx and its card.

    python benchmarks/shipped/pretrained.py [--runs FOLDER] [--table-only]

Two training runs of mnistlab itself, on the images of teaching.py. One network learns the digits: those of MNIST, of
handwriting fonts, and of hands and pens of our own (benchmarks/material/hands). The other learns to tell digits from
everything else. 5,000 training images are held back: temperature and thresholds come from them and from hands, pens
and fonts that nothing is trained on; the test set chooses nothing. After an interruption, the same command continues
where it stood.

Afterwards, `python benchmarks/measure/refusals.py` measures the network and completes the card.
"""

import dataclasses
import string
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import Benchmark, Results
from benchmarks.shipped import card, nondigits, teaching, widening
from benchmarks.shipped.teaching import KINDS, held_back
from mnistlab import training
from mnistlab.datasets import Dataset, Split, load_mnist
from mnistlab.evaluation import evaluate
from mnistlab.evaluation.calibration import calibrate, threshold
from mnistlab.inference import Classifier, Judge
from mnistlab.inference.onnx_files import store_halves
from mnistlab.inference.pretrained import PRETRAINED_PATH
from mnistlab.models import load_run
from mnistlab.models.export import join_kinds, note_calibration
from mnistlab.recipes import RECIPES, AffineRanges
from mnistlab.runs import Run
from mnistlab.system.files import write_with

DIGITS_RECIPE = dataclasses.replace(
    RECIPES["best"],
    model="widening_cnn",
    epochs=8,  # over three times the images
    label_smoothing=0.0,  # makes right and wrong answers alike in confidence (Xia et al., arXiv 2403.14715)
    test_shifts=False,  # so that the file has every layer's activations
    augmentation=AffineRanges(rotation=8, width_shift=0.08, height_shift=0.08, shear=8, zoom=0.1),
)
KINDS_RECIPE = dataclasses.replace(
    DIGITS_RECIPE,
    epochs=6,
    augmentation=AffineRanges(rotation=8, width_shift=0.04, height_shift=0.04, shear=6, zoom=0.06),
)
LIKENESS_FRACTION, CONFIDENCE_FRACTION = 0.01, 0.002  # of the validation digits, at least refused by each threshold
MOST_WRONG = 0.01  # of the sure answers, on each part to choose by


def train_networks(folder: Path) -> tuple[Run, Run]:
    """Trains both networks, with the validation split as test split, so that the test set stays unseen.

    There are exactly ten kinds, so that the same network that tells digits apart can be trained to tell kinds apart.
    """
    _, validation = held_back()
    only_digits = Split("validation", validation.images, np.zeros(len(validation), np.uint8))
    dataset = Dataset("MNIST and other hands", teaching.digit_images(folder), validation)
    digits = training.train(DIGITS_RECIPE, dataset, folder / "digits")
    dataset = Dataset("digits and others", teaching.kind_images(folder), only_digits)
    return digits, training.train(KINDS_RECIPE, dataset, folder / "kinds")


def surest(folder: Path, digits: Classifier, kinds: Classifier, least_likeness: float, lowest: float) -> float:
    """The least confidence at which 99 of 100 sure answers are right, on each part to choose by.

    Args:
        folder: Folder of the images.
        digits: Network of digits, calibrated.
        kinds: Network of kinds.
        least_likeness: Likeness below which nothing is sure anyway.
        lowest: The least that it may be.
    """
    wanted = lowest
    for part in teaching.choice(folder).values():
        answers = evaluate(digits, part)
        likeness = evaluate(kinds, part).probabilities[:, 0]
        order = np.argsort(-answers.confidences)
        order = order[likeness[order] >= least_likeness]
        wrong = np.cumsum(answers.predictions[order] != part.labels[order])
        # The number of the surest answers that may be kept: the most of which 99 of 100 are right.
        most = np.flatnonzero(wrong <= MOST_WRONG * np.arange(1, len(order) + 1))
        if len(most) and most[-1] + 1 < len(order):
            wanted = max(wanted, float(answers.confidences[order[most[-1] + 1]]) + 1e-6)
    return wanted


def put_together(digits: Run, kinds: Run, path: Path) -> None:
    """Joins both networks in one file, with temperature and thresholds from the digits to choose by."""
    _, validation = held_back()
    folder = digits.folder.parent
    join_kinds(digits.onnx_path, kinds.onnx_path, path)
    store_halves(path)
    of_kinds = Classifier(kinds.onnx_path, calibrated=False)
    likeness = evaluate(of_kinds, validation).probabilities[:, 0]
    everything = teaching.joined(*teaching.choice(folder).values())
    answers = evaluate(Classifier(digits.onnx_path, calibrated=False), everything)
    calibration = dataclasses.replace(
        calibrate(answers.labels, answers.probabilities),
        least_likeness=threshold(likeness, LIKENESS_FRACTION),
        kinds=KINDS,
    )
    note_calibration(path, calibration)
    calibrated = Classifier(path)
    lowest = threshold(evaluate(calibrated, validation).confidences, CONFIDENCE_FRACTION)
    least = surest(folder, calibrated, of_kinds, calibration.least_likeness, lowest)
    note_calibration(path, dataclasses.replace(calibration, least_confidence=least))


def compare_with_keras(run: Run, path: Path, images: np.ndarray) -> dict[str, float]:
    """The largest difference between an ONNX file and the Keras model of a run, and how often their answers differ."""
    by_keras = load_run(run).predict(images, batch_size=500, verbose=0)
    by_onnx = evaluate(Classifier(path, calibrated=False), Split("", images, np.zeros(len(images), int)))
    return {
        "num_images": len(images),
        "largest_difference": float(np.abs(by_onnx.probabilities - by_keras).max()),
        "other_answers": int((by_onnx.predictions != by_keras.argmax(axis=1)).sum()),
    }


def figures(digits: Run, kinds: Run, folder: Path) -> Results:
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
        "num_hands": {
            "hands": sum(teaching.HANDS.values()),
            "worn": 10 * (teaching.NUM_WORN + teaching.NUM_WORN_FONTS),
        },
        "choice": choice_figures(folder),
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


def choice_figures(folder: Path) -> dict[str, dict[str, int]]:
    """How the file that ships does on each part to choose by: right, sure, and whether the right digit is named."""
    judge, rows = Judge(Classifier(PRETRAINED_PATH)), {}
    for name, part in teaching.choice(folder).items():
        verdicts = judge.verdicts(part.images)
        pairs = list(zip(verdicts, part.labels.tolist(), strict=True))
        unsure = [(one, label) for one, label in pairs if one.kind == "unsure"]
        rows[name] = {
            "num_images": len(part),
            "right": sum(one.digit == label for one, label in pairs),
            "sure": sum(one.kind == "digit" for one in verdicts),
            "sure_right": sum(one.kind == "digit" and one.digit == label for one, label in pairs),
            "unsure": len(unsure),
            "unsure_named": sum(label in (one.digit, *(at for at, _ in one.alternatives)) for one, label in unsure),
        }
    return rows


def measure(runs: Path) -> Results:
    """Trains the networks, unless they are finished, writes the file and measures it."""
    digits, kinds = train_networks(runs)
    write_with(PRETRAINED_PATH, lambda path: put_together(digits, kinds, path))
    print(f"{PRETRAINED_PATH}  {PRETRAINED_PATH.stat().st_size / 1e6:.2f} MB")
    return figures(digits, kinds, runs)


OPTIONS = {"--runs": {"type": Path, "default": Path("runs/pretrained"), "help": "folder of the two training runs"}}
BENCHMARK = Benchmark(__file__, __doc__, measure, publish=lambda _: card.write(), options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
