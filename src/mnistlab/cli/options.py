"""Options that several commands share."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from mnistlab.recipes import MAX_SEED


class FilePath(click.ParamType[Path]):
    """A path. An empty one, as from an unset shell variable, is a mistake and not the current folder."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Returns the path, if it is not empty."""
        if not str(value):
            self.fail("the path is empty", param, ctx)
        return Path(value)


PATH = FilePath()
SEED = click.IntRange(0, MAX_SEED)

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
        click.echo(f"Warning: {sentence}", err=True)
