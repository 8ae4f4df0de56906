"""The command line: parses, calls one library function, shows. Keras is imported by the commands that train."""

import dataclasses
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, Literal

import click

from mnistlab import __version__
from mnistlab.commands.experiments import experiment
from mnistlab.commands.exporting import export
from mnistlab.commands.lesson import lesson
from mnistlab.commands.options import PATH, debug_option, load_dataset, owned
from mnistlab.commands.reading import read
from mnistlab.commands.serving import serve
from mnistlab.commands.sheet import sheet
from mnistlab.commands.training import train
from mnistlab.exceptions import InterruptionError, MnistlabError
from mnistlab.files import json_text, write_json


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mnistlab", message="%(prog)s %(version)s")
@debug_option
def cli() -> None:
    """MNIST, the Hello World of deep learning: train, score and explain its two classic networks."""


@cli.command()
@click.option("--out", default="report", show_default=True, type=PATH, help="Folder for report, results and runs.")
@click.option("--data", type=PATH, help="Folder with four IDX files to use instead of MNIST.")
@click.option("--seeds", default=1, show_default=True, type=click.IntRange(1, 100), help="Trainings of each network.")
@click.option("--epochs", type=click.IntRange(1), help="Passes over the training images, instead of 5.")
@debug_option
def run(out: Path, data: Path | None, seeds: int, epochs: int | None) -> None:
    """The whole notebook: both networks, every figure, the batch-size question, one report.html.

    A second call keeps what is finished and does the rest.
    """
    from mnistlab.run_folders import check_collection, check_question

    check_collection(out, "a report")
    check_question(out, None)
    try:
        with owned(out):
            dataset = load_dataset(data)
            from mnistlab.experiments.notebook import run_notebook

            results = run_notebook(dataset, out, num_seeds=seeds, epochs=epochs)
    except (KeyboardInterrupt, InterruptionError) as error:
        raise InterruptionError(f"Interrupted. {out} keeps what was done; the same command does the rest.") from error
    print()
    for name, model in results["models"].items():
        mean, std = model["test_accuracy_mean"] * 100, model["test_accuracy_std"]
        spread = "" if std is None else f" ± {std * 100:.2f} over {seeds} seeds"
        print(f"{name}  test accuracy {mean:.2f} %{spread}, trained in {model['runs'][0]['train_seconds']:.1f} s")
    print("\n".join(results["batch_size"]["answer"]))
    print(results["comparison"]["sentence"])
    took = "" if results["total_seconds"] is None else f" after {results['total_seconds']:.0f} s"
    print(f"\nOpen {out / 'report.html'}{took}")


@cli.command()
@click.argument("folders", metavar="[FOLDER]...", nargs=-1, type=PATH)
@click.option(
    "--sort",
    type=click.Choice(["accuracy", "name", "time", "date"]),
    default="accuracy",
    show_default=True,
    help="Highest accuracy, quickest training or latest run first, or by name.",
)
@click.option("--csv", "csv_path", type=PATH, help="File to write the list to as well, with plain numbers.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@debug_option
def runs(
    folders: tuple[Path, ...], sort: Literal["accuracy", "name", "time", "date"], csv_path: Path | None, as_json: bool
) -> None:
    """List the runs in and below each FOLDER, by default runs: recipe, accuracy, time.

    Numbers are checked against the manifest of their run; networks are not read, `evaluate` checks those.
    """
    from mnistlab.records.listing import format_table, list_runs, write_csv

    searched = folders or (Path("runs"),)
    entries = list_runs(searched, sort)
    if csv_path is not None:
        write_csv(entries, csv_path)
    if as_json:
        print(json_text([dataclasses.asdict(entry) for entry in entries]))
    else:
        print(format_table(entries) if entries else f"No run lies in {' or '.join(map(str, searched))}.")


@cli.command()
@click.argument("run_or_file", metavar="RUN", type=PATH)
@click.option("--data", type=PATH, help="Folder with IDX test files to score on instead of MNIST's test split.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@debug_option
def evaluate(run_or_file: Path, data: Path | None, as_json: bool) -> None:
    """Score the run folder RUN on every image of a test split; RUN can also be one .onnx or .keras file."""
    from mnistlab import datasets, evaluation

    network = _load_network(run_or_file)
    split = datasets.load_mnist().test if data is None else datasets.load_test_split(data)
    result = evaluation.evaluate(network, split)
    if as_json:
        print(json_text(result.to_dict()))
        return
    print(result)
    print(f"loss {result.loss:.4f}")
    print(result.format_per_digit())
    print("\nconfusion matrix, row the true digit, column the predicted one")
    print(result.format_confusion())


@cli.command()
@click.option("--quick", is_flag=True, help="A small part of the work, under two minutes.")
@click.option("--rounds", type=click.IntRange(1, 100), help="How often everything is measured; 3, or 2 with --quick.")
@click.option("--json", "json_path", type=PATH, help="File for every figure, written after every round.")
@debug_option
def bench(quick: bool, rounds: int | None, json_path: Path | None) -> None:
    """Measure this machine, the notebook on stock Keras, and mnistlab, side by side."""
    from mnistlab.bench.suite import format_summary, run_suite

    keep = None if json_path is None else lambda results: write_json(json_path, results)
    results = run_suite(quick=quick, rounds=rounds, tell=lambda line: print(line, flush=True), keep=keep)
    print()
    print(format_summary(results))


cli.add_command(train)
cli.add_command(experiment)
cli.add_command(export)
cli.add_command(lesson)
cli.add_command(read)
cli.add_command(serve)
cli.add_command(sheet)


def _load_network(path: Path) -> Any:
    """The network of a run folder or of a single file, which may be of unknown origin."""
    from mnistlab.inference import Classifier
    from mnistlab.runs import Run

    suffix = "" if path.is_dir() else path.suffix.lower()
    if suffix == ".keras":
        from mnistlab.archives import read_network_file

        read_network_file(path)  # refuses what is none of our networks before Keras is there
        from mnistlab.models import load_network

        return load_network(path)
    return Classifier(path if suffix == ".onnx" else Run(path).require().onnx_path, calibrated=False)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a request to end is what Ctrl-C is
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    try:
        cli.main(arguments, prog_name="mnistlab", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "mnistlab"
        message = " ".join(error.format_message().split())  # click breaks some messages into lines
        _fail(f"{message}{'' if message.endswith(('.', '?')) else '.'} See {command} --help.", 2, debug)
    except (click.Abort, KeyboardInterrupt):
        _fail("Interrupted. What was finished is kept; the same command does the rest.", 130, debug)
    except MnistlabError as error:
        _fail(str(error), error.exit_code, debug)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}. What was finished before is untouched.", 1, debug)
    except Exception as error:
        _fail(f"Unexpected {type(error).__name__}: {error}. Run it again with --debug and report the result.", 1, debug)
    sys.exit(0)


def _fail(message: str, exit_code: int, debug: bool) -> None:
    """Ends the process with a plain message on standard error, under the traceback if that was asked for."""
    if debug:
        traceback.print_exc()
    click.echo(message, err=True)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
