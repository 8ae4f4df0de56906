"""The command line: parses, calls one library function, shows. Keras is imported by the commands that train."""

import signal
import sys
import traceback

import click

from mnistlab import __version__
from mnistlab.cli.bench import bench
from mnistlab.cli.data import data
from mnistlab.cli.evaluate import evaluate
from mnistlab.cli.experiment import experiment
from mnistlab.cli.export import export
from mnistlab.cli.lesson import lesson
from mnistlab.cli.options import debug_option
from mnistlab.cli.read import read
from mnistlab.cli.run import run
from mnistlab.cli.runs import runs
from mnistlab.cli.serve import serve
from mnistlab.cli.sheet import sheet
from mnistlab.cli.site import site
from mnistlab.cli.train import train
from mnistlab.exceptions import MnistlabError
from mnistlab.system.streams import prepare_streams

OPTIONS = {
    "folder": "--out",
    "extends": "--continue",
    "data": "--data",
    "batch_size": "--batch-size",
    "validation": "--validation none (of an experiment --recipe validation=none)",
    "processes": "--distribute",
    "address": "--cluster",
    "uri": "--mlflow",
    "port": "--port",
    "csv_path": "--csv",
    "file_format": "--format py",
}
"""How the command line sets an argument of the library, by its name."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mnistlab", message="%(prog)s %(version)s")
@debug_option
def cli() -> None:
    """MNIST, the Hello World of deep learning: train, score and explain its two classic networks."""


for _command in (run, train, experiment, runs, evaluate, read, lesson, serve, site, export, data, sheet, bench):
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted, 141 unread."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a request to end acts like Ctrl-C
    prepare_streams()
    try:
        _run(arguments)
    finally:
        _flush()


def _run(arguments: list[str] | None) -> None:
    """Runs the command line and exits with the code of what came of it."""
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    try:
        cli.main(arguments, prog_name="mnistlab", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        sys.exit(2)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "mnistlab"
        message = " ".join(error.format_message().split())  # click breaks some messages into lines
        _fail(f"{message}{'' if message.endswith(('.', '?')) else '.'} See {command} --help.", 2, debug)
    except (click.Abort, KeyboardInterrupt):
        _fail("Interrupted. What was finished is kept; the same command does the rest.", 130, debug)
    except MnistlabError as error:
        _fail(_with_option(error), error.exit_code, debug)
    except OSError as error:
        _fail(_system_error(error), 1, debug)
    except Exception as error:
        _fail(f"Unexpected {type(error).__name__}: {error}. Run it again with --debug and report the result.", 1, debug)
    sys.exit(0)


def _with_option(error: MnistlabError) -> str:
    """An error's message, with the option that sets the argument which its last sentence advises to change."""
    option = OPTIONS.get(error.argument or "")
    return f"{str(error).removesuffix('.')} with {option}." if option else str(error)


def _fail(message: str, exit_code: int, debug: bool) -> None:
    """Ends the process with a plain message on standard error, below the traceback if that was asked for."""
    if debug:
        traceback.print_exc()
    print(message, file=sys.stderr)  # not click.echo, which takes ASCII for a mistake and writes UTF-8
    sys.exit(exit_code)


def _flush() -> None:
    """Writes what was printed while somebody can still be told that it cannot be written."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        _fail(_system_error(error), 1, debug=False)


def _system_error(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}. What was finished before is untouched."
