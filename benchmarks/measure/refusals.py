"""What the network that ships refuses to read, and how well its confidence fits its accuracy.

    python benchmarks/measure/refusals.py [--table-only]

Judges all 10,000 test digits, and 1,000 images of each material of the group `measure` of
benchmarks/shipped/nondigits.py, whose fonts and generators had no part in training, choice or thresholds. The results
also hold how other ways to refuse do on the group `choose`, each at a threshold that refuses as many validation digits:
that is how the way was chosen. The model card is written anew.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import Benchmark, Results, markdown_table
from benchmarks.shipped import card, nondigits
from benchmarks.shipped import pretrained as making
from mnistlab.datasets import Split, load_mnist
from mnistlab.evaluation import Evaluation
from mnistlab.evaluation.calibration import threshold
from mnistlab.evaluation.metrics import expected_calibration_error, wilson_interval
from mnistlab.inference import Classifier, Judge, Verdict, pretrained
from mnistlab.inference.pretrained import PRETRAINED_PATH
from mnistlab.models.backend import describe_environment

NUM_IMAGES, NUM_CHOICE = 1000, 500  # images of each material: to measure, and to choose by
SEED = 20_000  # a seed that nothing else here uses
CLAIMED = ("letters", "walks", "hatching", "stars")  # the letters and scribbles of the card's claim
BLANKS = {"white": 0, "grey": 40}  # level of every pixel, up to 255: paper, and paper in the shade
BATCH = 500


def judged(judge: Judge, images: np.ndarray) -> list[Verdict]:
    """The verdicts on many images."""
    return [one for at in range(0, len(images), BATCH) for one in judge.verdicts(images[at : at + BATCH])]


def shares(verdicts: list[Verdict]) -> dict[str, Any]:
    """The share that was refused, with its 95 % interval, and the shares of each kind of refusal."""
    kinds = [one.kind for one in verdicts]
    refused = sum(kind != "digit" for kind in kinds)
    low, high = wilson_interval(refused, len(kinds))
    return {
        "num_images": len(kinds),
        "refused": refused / len(kinds),
        "refused_low": low,
        "refused_high": high,
        "no_digit": kinds.count("no digit") / len(kinds),
        "unsure": kinds.count("unsure") / len(kinds),
    }


def digits_figures(judge: Judge, split: Split) -> dict[str, Any]:
    """The share of real digits that is refused, and the accuracy on the others."""
    verdicts = judged(judge, split.images)
    kept = [(one, int(label)) for one, label in zip(verdicts, split.labels, strict=True) if one.kind == "digit"]
    right = sum(one.digit == label for one, label in kept)
    everything = sum(one.digit == label for one, label in zip(verdicts, split.labels, strict=True))
    return shares(verdicts) | {"accuracy": everything / len(split), "accuracy_of_kept": right / len(kept)}


def calibration_figures(split: Split) -> dict[str, float]:
    """Log-loss and expected calibration error before and after the temperature."""
    figures = {"temperature": pretrained().calibration.temperature}
    for name, calibrated in (("before", False), ("after", True)):
        classifier = Classifier(PRETRAINED_PATH, calibrated=calibrated)
        answers = np.concatenate([classifier(split.images[at : at + BATCH]) for at in range(0, len(split), BATCH)])
        figures[f"loss_{name}"] = Evaluation(labels=split.labels, probabilities=answers).loss
        figures[f"calibration_error_{name}"] = expected_calibration_error(split.labels, answers)
    return figures


def features(images: np.ndarray) -> dict[str, np.ndarray]:
    """What the ways to refuse look at in each image: probabilities, logits, mean activations, likeness to kinds."""
    classifier, parts = pretrained(), []
    for at in range(0, len(images), BATCH):
        batch = images[at : at + BATCH]
        layers = classifier.activations(batch)
        maps = layers["conv3_relu"].mean(axis=(1, 2))
        parts.append((layers["probabilities"], layers["output"], maps, classifier.with_kinds(batch)[1]))
    names = ("probabilities", "logits", "maps", "kinds")
    return dict(zip(names, map(np.concatenate, zip(*parts, strict=True)), strict=True))


def ways(train: Split) -> dict[str, Any]:
    """Ways to refuse: functions of `features` whose value is higher, the more an image looks like a digit."""
    known = features(train.images[:10_000])["maps"]
    labels = train.labels[:10_000]
    means = np.stack([known[labels == digit].mean(axis=0) for digit in range(10)])
    precision = np.linalg.pinv(np.cov((known - means[labels]).T) + 1e-6 * np.eye(known.shape[1]))

    def near(seen: dict[str, np.ndarray]) -> np.ndarray:
        away = seen["maps"][:, None] - means
        return -np.einsum("ncf,fg,ncg->nc", away, precision, away).min(axis=1)

    return {
        "confidence": lambda seen: seen["probabilities"].max(axis=1),
        "energy": lambda seen: np.logaddexp.reduce(seen["logits"].astype(float), axis=1),
        "Mahalanobis distance": near,
        "network of kinds": lambda seen: seen["kinds"][:, 0],
    }


def choice_figures(train: Split, validation: Split) -> dict[str, Any]:
    """The shares of the group `choose`, of halves and of pairs that each way refuses, all refusing as many digits."""
    known = features(validation.images)
    materials = nondigits.generators("choose", validation)
    cut = nondigits.generators("fit", validation)
    materials |= {name: cut[name] for name in ("halves", "pairs")}
    seen = {name: features(nondigits.make(made, NUM_CHOICE, 5, name)) for name, (_, made) in materials.items()}
    figures = {}
    for way, likeness in ways(train).items():
        least = threshold(likeness(known))
        figures[way] = {name: float((likeness(one) < least).mean()) for name, one in seen.items()}
    return figures


def measure() -> Results:
    """Judges digits and everything else."""
    test, (train, validation) = load_mnist().test, making.held_back()
    judge, results = Judge(pretrained()), {}
    results["test_digits"] = digits_figures(judge, test)
    results["validation_digits"] = digits_figures(judge, validation)
    results["calibration"] = calibration_figures(test)
    things, claimed = {}, []
    for name, (_, generator) in nondigits.generators("measure", test).items():
        verdicts = judged(judge, nondigits.make(generator, NUM_IMAGES, SEED, name))
        things[name] = shares(verdicts)
        claimed += verdicts if name in CLAIMED else []
        print(f"{name}: {things[name]['refused']:.1%} refused", flush=True)
    for name, level in BLANKS.items():
        things[f"blank, {name}"] = shares([judge.verdict(np.full((28, 28), level, np.uint8))])
    results["letters_and_scribbles"] = shares(claimed)
    results["things"] = things
    results["digits_of_fonts"] = {}
    for group in ("choose", "measure"):
        images = [
            nondigits.make(nondigits.written_characters(group, str(digit)), 200, SEED, str(digit))
            for digit in range(10)
        ]
        labels = np.repeat(np.arange(10, dtype=np.uint8), 200)
        results["digits_of_fonts"][group] = digits_figures(judge, Split(group, np.concatenate(images), labels))
    results["choice"] = choice_figures(train, validation)
    return results | {"environment": describe_environment() | {"precision": "float32"}}


def table(results: Results) -> str:
    """The refusals of each material, the calibration, and the other ways to refuse."""
    digits, claimed, fitted = results["test_digits"], results["letters_and_scribbles"], results["calibration"]
    rows = []
    for name, row in {"test digits": digits, **results["things"]}.items():
        shares = (f"{row[key] * 100:.1f} %" for key in ("refused", "no_digit", "unsure"))
        rows.append((name, f"{row['num_images']:,}", *shares))
    names = list(next(iter(results["choice"].values())))
    ways = [(way, *(f"{row[name] * 100:.1f} %" for name in names)) for way, row in results["choice"].items()]
    return "\n\n".join(
        [
            f"The network that ships; thresholds from 5,000 validation digits. Of the 10,000 test digits "
            f"{digits['refused'] * 100:.2f} % are refused (95 % interval {digits['refused_low'] * 100:.2f}–"
            f"{digits['refused_high'] * 100:.2f}); of the others {digits['accuracy_of_kept'] * 100:.2f} % are read "
            f"right, of all {digits['accuracy'] * 100:.2f} %. Of letters and scribbles that look like no digit "
            f"{claimed['refused'] * 100:.1f} % are refused ({claimed['refused_low'] * 100:.1f}–"
            f"{claimed['refused_high'] * 100:.1f}).",
            markdown_table("shown | images | refused | “no digit” | “unsure”", rows),
            f"Temperature {fitted['temperature']:.3f}: log-loss on the test set {fitted['loss_before']:.4f} before and "
            f"{fitted['loss_after']:.4f} after, expected calibration error "
            f"{fitted['calibration_error_before'] * 100:.2f} % and {fitted['calibration_error_after'] * 100:.2f} %.",
            "What else could refuse, each at a threshold that refuses 0.7 % of the validation digits; share of the "
            "material to choose by that is refused:",
            markdown_table(" | ".join(["way", *names]), ways),
        ]
    )


BENCHMARK = Benchmark(__file__, __doc__, measure, table, publish=lambda _: card.write())

if __name__ == "__main__":
    BENCHMARK.run()
