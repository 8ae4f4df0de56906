"""Makes the notebook's two networks that ship with the package: pretrained/mlp.onnx and pretrained/cnn.onnx.

    python benchmarks/shipped/notebook_networks.py [--runs FOLDER] [--table-only]

Each is one training run of the recipe of its name, except that 5,000 training images are held back for the
calibration, as the recipe `cnn` does anyway. The files give every layer's activations, so that people can look inside,
and hold large weights in half precision. The test set chose nothing. What the runs noted while they learned is kept
beside them, as recordings for the page. After an interruption, the same command continues. The card of all networks is
written anew.
"""

import dataclasses
import hashlib
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure.benchmark import Benchmark, Results
from benchmarks.shipped import card
from benchmarks.shipped.pretrained import compare_with_keras
from mnistlab import training
from mnistlab.datasets import Split, load_mnist, split_validation
from mnistlab.evaluation import Evaluation, evaluate
from mnistlab.evaluation.calibration import calibrate
from mnistlab.evaluation.metrics import expected_calibration_error
from mnistlab.inference import Classifier
from mnistlab.inference.onnx_files import store_halves
from mnistlab.inference.pretrained import PRETRAINED, RECORDINGS
from mnistlab.models.export import note_calibration
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run
from mnistlab.runs.progress import PROGRESS_FILE
from mnistlab.runs.run import MANIFEST, SMALL_FILES
from mnistlab.runs.snapshots import SNAPSHOT_FILE
from mnistlab.system.files import write_json, write_with

METRICS = "metrics.json"
NAMES = ("mlp", "cnn")


def held_back(run: Run) -> Split:
    """The images that were held back from a run."""
    return split_validation(load_mnist().train, run.recipe.num_validation, run.recipe.seed)[1]


def store(run: Run, path: Path) -> None:
    """Writes the network of a run as a small file, calibrated on the images that were held back."""
    shutil.copyfile(run.onnx_path, path)
    store_halves(path)
    answers = evaluate(Classifier(path, calibrated=False), held_back(run))
    note_calibration(path, calibrate(answers.labels, answers.probabilities))


def record(run: Run, own: Evaluation, folder: Path) -> None:
    """Keeps how the network of a run learned, for the page; the network itself is stored elsewhere.

    The test figures are those of the stored file, whose large weights are rounded, so that the page gives one figure.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*sorted(SMALL_FILES), MANIFEST, PROGRESS_FILE, SNAPSHOT_FILE):
        shutil.copyfile(run.folder / name, folder / name)
    low, high = own.interval
    measured = {"accuracy": own.accuracy, "accuracy_low": low, "accuracy_high": high}
    measured |= {"loss": own.loss, "errors": own.errors}
    write_json(folder / METRICS, run.metrics | {f"test_{name}": value for name, value in measured.items()})
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["sha256"][METRICS] = hashlib.sha256((folder / METRICS).read_bytes()).hexdigest()
    write_json(folder / MANIFEST, manifest)


def figures(run: Run, path: Path, own: Evaluation) -> Results:
    """The card's figures on one network; `own` are its answers to the test images before the calibration."""
    test = load_mnist().test
    stored = evaluate(Classifier(path), test)
    return {
        "recipe": run.recipe.to_toml(),
        "num_parameters": run.metrics["num_parameters"],
        "num_layers": len(Classifier(path).layers),
        "num_train_images": run.metrics["num_train_images"],
        "train_seconds": run.metrics["train_seconds"],
        "num_bytes": path.stat().st_size,
        "validation_accuracy": evaluate(Classifier(path), held_back(run)).accuracy,
        "test": {name: stored.to_dict()[name] for name in ("num_images", "accuracy", "interval", "errors")},
        "loss": {"before": own.loss, "after": stored.loss},
        "calibration_error": {
            name: expected_calibration_error(test.labels, answers.probabilities)
            for name, answers in (("before", own), ("after", stored))
        },
        "calibration": Classifier(path).calibration.to_notes(),
        "against_keras": compare_with_keras(run, path, test.images),
        "environment": run.environment,
    }


def measure(runs: Path) -> Results:
    """Trains the networks, unless they are finished, writes their files and measures them."""
    results = {}
    for name in NAMES:
        run = training.train(dataclasses.replace(RECIPES[name], validation="split"), load_mnist(), runs / name)
        write_with(PRETRAINED[name], lambda path, run=run: store(run, path))
        own = evaluate(Classifier(PRETRAINED[name], calibrated=False), load_mnist().test)
        record(run, own, RECORDINGS[name])
        results[name] = figures(run, PRETRAINED[name], own)
        row = results[name]
        print(f"{PRETRAINED[name]}  {row['num_bytes'] / 1e6:.2f} MB  {row['test']['accuracy'] * 100:.2f} %")
    return results


OPTIONS = {"--runs": {"type": Path, "default": Path("runs/pretrained"), "help": "folder of the two training runs"}}
BENCHMARK = Benchmark(__file__, __doc__, measure, publish=lambda _: card.write(), options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
