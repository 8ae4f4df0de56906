"""Makes the notebook's two networks that ship with the package: pretrained/mlp.onnx and pretrained/cnn.onnx.

Each is one training of the recipe of its name, but that 5,000 training images are held back to calibrate on, as the
recipe `cnn` does anyway. The files hold every layer's activations, for people to look into, and their large weights
in half precision. The test set chose nothing. An interrupted call is taken up by the next.

    python benchmarks/shipped/notebook_networks.py [--runs FOLDER] [--table-only]

Writes benchmarks/results/notebook_networks.json and makes the card of all networks anew.
"""

import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.measure import readme
from benchmarks.shipped import card
from mnistlab import training
from mnistlab.calibration import calibrate, expected_calibration_error
from mnistlab.datasets import Split, load_mnist, split_validation
from mnistlab.evaluation import evaluate
from mnistlab.export import note_calibration
from mnistlab.files import write_json, write_with
from mnistlab.inference import Classifier
from mnistlab.onnx_files import store_halves
from mnistlab.pretrained import PRETRAINED
from mnistlab.recipes import RECIPES
from mnistlab.runs import Run

RESULTS = card.NOTEBOOK
NAMES = ("mlp", "cnn")


def held_back(run: Run) -> Split:
    """The images that a training did not see."""
    return split_validation(load_mnist().train, run.recipe.num_validation, run.recipe.seed)[1]


def store(run: Run, path: Path) -> None:
    """The network of a run as a small file, calibrated on what was held back."""
    shutil.copyfile(run.onnx_path, path)
    store_halves(path)
    answers = evaluate(Classifier(path, calibrated=False), held_back(run))
    note_calibration(path, calibrate(answers.labels, answers.probabilities))


def figures(run: Run, path: Path) -> dict[str, Any]:
    """What the card tells of one network."""
    test = load_mnist().test
    stored, own = (evaluate(Classifier(path, calibrated=calibrated), test) for calibrated in (True, False))
    by_keras = run.model.predict(test.images, batch_size=500, verbose=0)
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
        "against_keras": {
            "num_images": len(test),
            "largest_difference": float(np.abs(own.probabilities - by_keras).max()),
            "other_answers": int((own.predictions != by_keras.argmax(axis=1)).sum()),
        },
        "environment": run.environment,
    }


def main() -> None:
    """Trains what is missing and writes."""
    parser = readme.parser(__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs/pretrained"), help="folder of the two trainings")
    arguments = parser.parse_args()
    if not arguments.table_only:
        results = {}
        for name in NAMES:
            recipe = dataclasses.replace(RECIPES[name], validation="split")
            run = training.train(recipe, load_mnist(), arguments.runs / name)
            write_with(PRETRAINED[name], lambda path, run=run: store(run, path))
            results[name] = figures(run, PRETRAINED[name])
        write_json(RESULTS, results)
    made = json.loads(RESULTS.read_text(encoding="utf-8"))
    for name, row in made.items():
        print(f"{PRETRAINED[name]}  {row['num_bytes'] / 1e6:.2f} MB  {row['test']['accuracy'] * 100:.2f} %")
    card.write()


if __name__ == "__main__":
    main()
