"""What several commands ask for."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mnistlab.recipes import MAX_SEED
from mnistlab.system.files import make_folder
from mnistlab.system.locks import lock


class FilePath(click.ParamType[Path]):
    """A path. An empty one, such as an unset shell variable leaves, is a mistake and not the current folder."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, if it is not empty."""
        if not str(value):
            self.fail("the path is empty", param, ctx)
        return Path(value)


PATH = FilePath()
SEED = click.IntRange(0, MAX_SEED)

debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")


@contextlib.contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Makes a folder and claims it for the length of a `with` block, before anything slow is begun.

    If nothing was written into it, for example because the data is damaged, what was made is removed again.

    Raises:
        RunError: if another process owns the folder, or it cannot be written.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    make_folder(folder)
    try:
        with lock(folder):
            yield
    finally:
        with contextlib.suppress(OSError):  # something was written
            for place in missing:
                place.rmdir()


def load_dataset(folder: Path | None) -> Any:
    """MNIST, or the data set of a folder."""
    from mnistlab import datasets

    return datasets.load_mnist() if folder is None else datasets.load_idx(folder)
