"""`mnistlab experiment`: several training runs that answer one question. Keras is imported when a command runs."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnistlab.cli.options import DATA, PATH, Choice, WholeNumber, debug_option, load_dataset, warn
from mnistlab.exceptions import InterruptionError, UsageError, did_you_mean
from mnistlab.recipes import LIMITS, RECIPES, Limit
from mnistlab.system.extras import require_extra
from mnistlab.system.text import plural

if TYPE_CHECKING:
    from mnistlab.datasets import Dataset
    from mnistlab.experiments.experiment import Experiment

MAX_SEEDS = 1000
NOISE_MODELS = ("softmax", "mlp", "cnn")


class NumberList(click.ParamType[tuple[float, ...]]):
    """Numbers with commas between them, each within bounds."""

    name = "numbers"

    def __init__(self, limit: Limit) -> None:
        self._limit = limit

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Returns the numbers, each once."""
        if isinstance(value, tuple):
            return value
        try:
            numbers = [self._limit.parse(part) for part in str(value).split(",")]
        except ValueError as error:
            self.fail(f"{error}; a list has commas between its numbers and none within", param, ctx)
        return tuple(dict.fromkeys(numbers))


def _common(default_seeds: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The options that every experiment has."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        for option in (
            debug_option,
            click.option("--out", type=PATH, help="Folder of the experiment; experiments/NAME by default."),
            click.option("--data", type=DATA, help="Folder with four IDX files to use instead of MNIST."),
            click.option(
                "--cluster",
                metavar="auto|ADDRESS",
                help="Train as Ray tasks, on this machine or on the cluster at ADDRESS.",
            ),
            click.option(
                "--recipe",
                "settings",
                multiple=True,
                metavar="KEY=VALUE",
                help="Change a setting of every training's recipe; may be given several times.",
            ),
            click.option(
                "--seeds",
                default=default_seeds,
                show_default=True,
                type=WholeNumber(1, MAX_SEEDS),
                help="Trainings of each kind.",
            ),
        ):
            function = option(function)
        return function

    return decorate


@click.group()
def experiment() -> None:
    """Answer a question with several trainings. Curves with their uncertainty, tests, one report.

    The same command goes on where it was interrupted, and never computes a finished training again.
    """


@experiment.command("batch-size")
@click.option("--model", default="mlp", show_default=True, type=Choice(list(RECIPES)), help="The recipe.")
@click.option(
    "--sizes",
    default="32,128,512,2048,10000",
    show_default=True,
    type=NumberList(LIMITS["batch_size"]),
    help="Batch sizes; 128 is always among them.",
)
@click.option(
    "--steps",
    type=WholeNumber(1, int(LIMITS["max_steps"].high)),
    help="Weight updates in the view of equal steps; one epoch of 128s.",
)
@_common(5)
def batch_size(model: str, sizes: tuple[int, ...], steps: int | None, settings: tuple[str, ...], **common: Any) -> None:
    """What the batch size does to time and accuracy. At equal epochs, at equal steps, at a scaled learning rate."""
    recipe = RECIPES[model].override(settings, ("batch_size", "max_steps"))

    def make(dataset: "Dataset") -> "Experiment":
        from mnistlab.experiments import batch_size

        return batch_size.experiment(recipe, dataset, num_seeds=common["seeds"], batch_sizes=sizes, num_steps=steps)

    _run("batch-size", make, **common)


@experiment.command()
@click.argument("first", metavar="A", type=Choice(list(RECIPES)))
@click.argument("second", metavar="B", type=Choice(list(RECIPES)))
@_common(5)
def compare(first: str, second: str, settings: tuple[str, ...], **common: Any) -> None:
    """Whether recipe A is better than recipe B. By how much, and on which digits."""
    if first == second:
        raise UsageError(f"Two different recipes were expected, but both are {first}.")
    recipes = [RECIPES[name].override(settings) for name in (first, second)]

    def make(_dataset: "Dataset") -> "Experiment":
        from mnistlab.experiments import comparison

        return comparison.experiment(*recipes, num_seeds=common["seeds"])

    _run(f"compare-{first}-{second}", make, **common)


@experiment.command("label-noise")
@click.option(
    "--models",
    default=",".join(NOISE_MODELS),
    show_default=True,
    help="Networks, with commas between them: softmax, mlp, cnn.",
)
@click.option(
    "--alphas",
    default="0,10,20,50,100",
    show_default=True,
    type=NumberList(LIMITS["label_noise"]),
    help="Random labels for each clean one.",
)
@click.option(
    "--biases",
    default="0",
    show_default=True,
    type=NumberList(LIMITS["noise_bias"]),
    help="Shares of the random labels that are one confusing digit; 0 is uniform noise.",
)
@_common(3)
def label_noise(
    models: str, alphas: tuple[int, ...], biases: tuple[float, ...], settings: tuple[str, ...], **common: Any
) -> None:
    """How many random labels a network can take. As Rolnick et al. asked, arXiv 1705.10694."""
    names = list(dict.fromkeys(name.strip() for name in models.split(",")))
    for name in names:
        if name not in NOISE_MODELS:
            raise UsageError(
                f"{name!r} is not a network of this experiment; expected some of {', '.join(NOISE_MODELS)}."
                f"{did_you_mean(name, NOISE_MODELS)}"
            )

    varied = ("label_noise", "noise_bias")
    RECIPES["mlp"].override(settings, varied)  # rejects impossible settings before anything slow begins

    def make(dataset: "Dataset") -> "Experiment":
        from mnistlab.experiments import label_noise

        chosen = {name: label_noise.RECIPES[name].override(settings, varied) for name in names}
        noun = dataset.classes.noun
        return label_noise.experiment(chosen, num_seeds=common["seeds"], alphas=alphas, biases=biases, noun=noun)

    _run("label-noise", make, **common)


@experiment.command()
@click.option("--model", default="cnn", show_default=True, type=Choice(list(RECIPES)), help="The recipe.")
@_common(3)
def augmentation(model: str, settings: tuple[str, ...], **common: Any) -> None:
    """What augmentation buys. With all its ranges, without, each alone."""
    recipe = RECIPES[model].override(settings)
    if recipe.augmentation is None:
        augmented = " or ".join(name for name, known in RECIPES.items() if known.augmentation)
        raise UsageError(
            f"The recipe {model} has no augmentation to take apart. Choose {augmented}, or add the notebook's with "
            "--recipe augmentation=yes."
        )

    def make(_dataset: "Dataset") -> "Experiment":
        from mnistlab.experiments import augmentation_ranges

        return augmentation_ranges.experiment(recipe, num_seeds=common["seeds"])

    _run("augmentation", make, **common)


def _run(
    name: str,
    make: Callable[["Dataset"], "Experiment"],
    *,
    seeds: int,  # noqa: ARG001  (part of what `make` knows)
    cluster: str | None,
    data: Path | None,
    out: Path | None,
) -> None:
    """Loads the data, makes and runs the experiment, and prints the answer."""
    from mnistlab.runs.folders import own_results

    require_extra("train", "Training")
    folder = out or Path("experiments") / name
    try:
        with own_results(folder, "an experiment"):
            if cluster is not None:
                from mnistlab.experiments.cluster import check_cluster

                check_cluster(cluster)
            dataset = load_dataset(data)
            from mnistlab.experiments.experiment import run_experiment

            chosen = make(dataset)
            num_trainings = len({one.recipe for one in chosen.trainings})  # some recipes stand in several places
            print(f"{chosen.question} {plural(num_trainings, 'training')}.", flush=True)
            findings = run_experiment(chosen, dataset, folder, address=cluster, data_folder=data)
    except (KeyboardInterrupt, InterruptionError) as error:
        raise InterruptionError(f"Interrupted. {folder} keeps what was done; the same command goes on.") from error
    print()
    print("\n".join(findings.answer))
    warn(sentence for sentence in findings.warnings if sentence not in dataset.warnings)
    print(f"\nOpen {folder / 'report.html'}")
