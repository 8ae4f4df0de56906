"""Options that several commands share, and what they print alike."""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from mnistlab.exceptions import DataError, did_you_mean
from mnistlab.recipes import LIMITS, Limit
from mnistlab.system.files import json_text
from mnistlab.system.paths import absence, is_file, is_folder
from mnistlab.system.streams import is_utf8

_CONVERTIBLE = (".npz", ".csv")  # files of which `mnistlab data convert` makes a folder


class FilePath(click.ParamType[Path]):
    """A path. An empty one, as from an unset shell variable, is a mistake and not the current folder."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Returns the path, if it is not empty."""
        if not str(value):
            self.fail("the path is empty", param, ctx)
        return Path(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Whatever the shell offers as a path."""
        return [CompletionItem(incomplete, type="file")]


class DataFolder(FilePath):
    """The path of a folder with a data set. What lies in it is looked at when it is loaded."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, if there is a folder."""
        path = super().convert(value, param, ctx)
        if not is_folder(path):
            mend = "Check the path."
            if path.suffix.lower() in _CONVERTIBLE and is_file(path):
                mend = f"Give the one that `mnistlab data convert {path} FOLDER` makes of it."
            raise DataError(f"{absence(path, 'folder')}; one with MNIST's IDX files was expected. {mend}")
        return path


class WholeNumber(click.IntRange):
    """A whole number within a limit, also written as 1e3, 1,000 or 5.0."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__(low, high)
        self._limit = Limit(low, high)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, if it is one."""
        try:
            return int(self._limit.parse(str(value)))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Number(click.FloatRange):
    """A number within a limit."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(limit.low, limit.high, min_open=limit.above, max_open=limit.below)
        self._limit = limit

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, if it is one."""
        try:
            return float(self._limit.parse(str(value)))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Choice(click.Choice[str]):
    """One of a few words; of another word it is asked whether one of them was meant."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Which word was given, and which words there are."""
        return f"{super().get_invalid_choice_message(value, ctx)}{did_you_mean(value, self.choices)}"


PATH, DATA = FilePath(), DataFolder()
SEED, EPOCHS, BATCH_SIZE = (
    WholeNumber(int(LIMITS[name].low), int(LIMITS[name].high)) for name in ("seed", "epochs", "batch_size")
)

debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")


def load_dataset(folder: Path | None, *, quiet: bool = False) -> Any:
    """MNIST, or the data set of a folder; unless `quiet`, what looks wrong with it is told."""
    from mnistlab import datasets

    dataset = datasets.load_mnist() if folder is None else datasets.load_idx(folder)
    warn([] if quiet else dataset.warnings)
    return dataset


def warn(sentences: Iterable[str]) -> None:
    """Tells on standard error what looks wrong but stops nothing."""
    for sentence in sentences:
        print(f"Warning: {sentence}", file=sys.stderr)


def print_json(content: Any) -> None:
    """Prints JSON for people and programs.

    Characters that standard output lacks are written as `\\u2013`, which is the same in JSON; a reader gets every
    character as it was.
    """
    lacking = r"[\ud800-\udfff]" if is_utf8(sys.stdout) else r"[^\x00-\x7f]"
    print(re.sub(lacking, lambda found: json.dumps(found[0])[1:-1], json_text(content)))
