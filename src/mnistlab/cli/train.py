"""`mnistlab train`."""

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import click

from mnistlab.cli.options import (
    BATCH_SIZE,
    DATA,
    EPOCHS,
    PATH,
    SEED,
    Choice,
    Number,
    WholeNumber,
    debug_option,
    load_dataset,
    warn,
)
from mnistlab.exceptions import UsageError, described
from mnistlab.recipes import AUGMENTATIONS, LIMITS, RECIPES, Limit, Precision, Recipe, Validation
from mnistlab.system.extras import require_extra
from mnistlab.system.text import plural

MAX_PROCESSES = 1024


@click.command()
@click.argument("recipe", metavar="RECIPE", type=Choice(list(RECIPES)))
@click.option("--epochs", type=EPOCHS, help="Passes over the training images.")
@click.option("--batch-size", type=BATCH_SIZE, help="Images per weight update.")
@click.option("--learning-rate", type=Number(LIMITS["learning_rate"]), help="Adam's step size.")
@click.option(
    "--augmentation", type=Choice(list(AUGMENTATIONS)), help="Move the training images, or take them as they are."
)
@click.option("--seed", type=SEED, help="Of weights, order, augmentation and dropout.")
@click.option(
    "--validation",
    type=Choice(get_args(Validation)),
    help="Validate on nothing, on training images held back, or on the test split as the notebook does.",
)
@click.option(
    "--precision",
    type=Choice(get_args(Precision)),
    help="Arithmetic of the layers; auto: the fastest.",
)
@click.option("--data", type=DATA, help="Folder with four IDX files to use instead of MNIST.")
@click.option(
    "--start-from",
    type=PATH,
    help="Run folder whose network to go on from, gently: 10 epochs, batches of 10, learning rate 0.0001.",
)
@click.option(
    "--continue", "extends", is_flag=True, help="Give the finished run in the folder more epochs, with its optimizer."
)
@click.option("--out", type=PATH, help="The run folder; runs/RECIPE-seedN by default.")
@click.option("--tensorboard", is_flag=True, help="Write the curves for TensorBoard too, as the training goes.")
@click.option("--mlflow", "mlflow_uri", metavar="URI", help="Log the finished run to this MLflow server or database.")
@click.option(
    "--distribute",
    metavar="N|HOST:PORT",
    help="On JAX: train in N processes here, or in processes that meet at HOST:PORT.",
)
@click.option(
    "--processes", "num_processes", type=WholeNumber(2, MAX_PROCESSES), help="With HOST:PORT: how many processes."
)
@click.option(
    "--process", "number", type=WholeNumber(0, MAX_PROCESSES - 1), help="With HOST:PORT: which one this is, from 0."
)
@debug_option
def train(
    recipe: str,
    data: Path | None,
    start_from: Path | None,
    extends: bool,
    out: Path | None,
    distribute: str | None,
    num_processes: int | None,
    number: int | None,
    tensorboard: bool,
    mlflow_uri: str | None,
    **overrides: Any,
) -> None:
    """Train a recipe and leave a run folder. It holds model, metrics, figures and report."""
    from mnistlab.runs import Run
    from mnistlab.runs.fine_tuning import fine_tuning_recipe
    from mnistlab.runs.folders import default_folder, own_run
    from mnistlab.runs.processes import check_divisible, run_locally

    require_extra("train", "Training")
    given = {key: value for key, value in overrides.items() if value is not None}
    start = None if start_from is None else Run(start_from)
    if start is None:
        chosen = dataclasses.replace(RECIPES[recipe], **_settings(given))
    else:
        chosen = fine_tuning_recipe(RECIPES[recipe], start, _settings(given))
    processes = _processes(distribute, num_processes, number)
    if extends and processes is not None:
        raise UsageError("--continue gives a run more epochs in one process; leave out --distribute.")
    if isinstance(processes, int):
        check_divisible(chosen.batch_size, processes)
        given |= {"data": data, "start_from": start_from, "out": out, "mlflow": mlflow_uri}
        options = [f"--{key.replace('_', '-')}={value}" for key, value in given.items() if value is not None]
        options += ["--tensorboard"] if tensorboard else []
        sys.exit(run_locally(processes, ["train", recipe, *options]))
    if processes is not None and not processes.is_first:
        from mnistlab import training

        training.assist(chosen, load_dataset(data, quiet=True), processes, start)
        return
    folder = out or default_folder(chosen)
    with own_run(folder, chosen, extends=extends):
        tracker = None
        if mlflow_uri is not None:
            from mnistlab.runs.tracking import Tracker

            tracker = Tracker(mlflow_uri)
        dataset = load_dataset(data)
        if extends:
            from mnistlab import training

            training.extend(Run(folder), chosen, dataset)
        _train(chosen, dataset, folder, tensorboard=tensorboard, tracker=tracker, processes=processes, start=start)
    print(f"The run lies in {folder}; open {folder / 'report.html'}")


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options as settings of a recipe."""
    augmentation = {"augmentation": AUGMENTATIONS[given["augmentation"]]} if "augmentation" in given else {}
    return {**given, **augmentation}


def _train(
    recipe: Recipe,
    dataset: Any,
    folder: Path,
    *,
    tensorboard: bool,
    tracker: Any,
    processes: Any,
    start: Any,
) -> None:
    """Trains, scores, draws and logs in a folder that this process owns."""
    from mnistlab.runs.folders import check_folder

    known = check_folder(folder, recipe, dataset.identity())
    epochs = plural(recipe.epochs, "epoch", spec="d")
    print(f"{recipe.name}: {epochs}, batch size {recipe.batch_size:,}, seed {recipe.seed}")
    from mnistlab import training
    from mnistlab.models.precision import describe_arithmetic
    from mnistlab.reports import write_run_report
    from mnistlab.training.event_files import EventFiles

    print(f"  {describe_arithmetic(recipe.precision)}")
    if known.is_complete:
        print("  finished earlier")
    elif known.checkpoint_path.exists():
        print("  goes on from its last checkpoint")
    events = EventFiles(folder, recipe, len(dataset.train)) if tensorboard else None
    on_epoch = events.update if events else None
    finished = training.train(recipe, dataset, folder, on_epoch=on_epoch, processes=processes, start=start)
    evaluation = finished.evaluate(dataset)
    write_run_report(finished, dataset, evaluation)
    print(evaluation if start is None else _compare(start, evaluation, dataset))
    warn(sentence for sentence in finished.metrics.get("warnings", []) if sentence not in dataset.warnings)
    if events:
        events.complete(finished)
        print(f"TensorBoard shows it: tensorboard --logdir {events.folder}")
    if tracker:
        print(tracker.log(finished))


def _compare(start: Any, after: Any, dataset: Any) -> str:
    """The effect of fine-tuning on the test split, image by image, in words."""
    from mnistlab.evaluation import evaluate
    from mnistlab.inference import Classifier

    before = evaluate(Classifier(start.onnx_path), dataset.test)
    mended, spoiled = set(before.wrong) - set(after.wrong), set(after.wrong) - set(before.wrong)
    return f"before  {before}\nafter   {after}\n{len(mended)} mended, {len(spoiled)} spoiled"


def _processes(distribute: str | None, num_processes: int | None, number: int | None) -> Any:
    """The meaning of `--distribute`: `None`, the number of processes to start here, or this one among several."""
    from mnistlab.runs.processes import Processes, check_backend

    is_number = distribute is not None and (distribute.isdecimal() or (":" not in distribute and num_processes is None))
    if distribute is None or is_number:
        if num_processes is not None or number is not None:
            raise UsageError("--processes and --process say who meets at --distribute HOST:PORT, which is missing.")
        if distribute is None:
            return None
        try:
            several = int(Limit(2, MAX_PROCESSES).parse(distribute))
        except ValueError as error:
            raise UsageError(
                f"--distribute is {described(distribute)}; at least 2 processes can share a training, and at most "
                f"{MAX_PROCESSES:,}. Give their number, or HOST:PORT."
            ) from error
        check_backend()
        return several
    if num_processes is None or number is None:
        raise UsageError("--distribute HOST:PORT also needs --processes, how many there are, and --process, which one.")
    return Processes(distribute, num_processes, number)
