"""`mnistlab data`: data of other forms as a folder that `--data` takes. Keras is not imported."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mnistlab.cli.options import PATH, SEED, debug_option, warn
from mnistlab.exceptions import MnistlabError, UsageError
from mnistlab.system.paths import absence, is_file, is_folder


@click.group()
@debug_option
def data() -> None:
    """Data sets of your own, in the form that --data takes."""


@data.command()
@click.argument("source", metavar="SOURCE", type=PATH)
@click.argument("folder", metavar="FOLDER", type=PATH)
@click.option("--test", "test_source", type=PATH, help="A second CSV file, with the images to test on.")
@click.option(
    "--seed", default=0, show_default=True, type=SEED, help="Decides which images are to test on if SOURCE does not."
)
@click.option("--transpose", is_flag=True, help="Exchange rows and columns, which EMNIST's files need.")
@click.option("--stretch", is_flag=True, help="Bring pixels that go from 0 to 1 or 16, say, to 0 to 255.")
@click.option("--invert", is_flag=True, help="Turn dark ink on light ground round.")
@click.option("--normalize", is_flag=True, help="Bring each image into MNIST's form: size, place, thickness, contrast.")
@debug_option
def convert(
    source: Path,
    folder: Path,
    test_source: Path | None,
    seed: int,
    transpose: bool,
    stretch: bool,
    invert: bool,
    normalize: bool,
) -> None:
    """Write SOURCE as four IDX files into the new FOLDER.

    SOURCE is an .npz file such as Keras' mnist.npz, a CSV file such as Kaggle's train.csv, a folder of pictures that
    are sorted into folders by their class or named by their label, or a folder of IDX files. Images stay as they are,
    brought to 28 x 28 pixels, unless an option says otherwise.
    """
    if invert and normalize:
        raise UsageError("--normalize finds the ink itself, dark or light. Leave --invert out.")
    from mnistlab.datasets.convert import Changes
    from mnistlab.datasets.convert import convert as convert_source
    from mnistlab.datasets.folders import folder_files
    from mnistlab.system.files import check_free, write_folder

    with _without_option():
        check_free(folder)
    for path in (source, test_source):
        if path is not None and not (is_file(path) or is_folder(path)):
            raise UsageError(
                f"{absence(path, 'file')}; expected an .npz or .csv file, or a folder of pictures or IDX files. "
                "Check the path."
            )
    changes = Changes(transpose, stretch, invert, _normalized if normalize else None)
    dataset, notes = convert_source(
        source,
        name=folder.resolve().name,
        prepare=_picture_reader(normalize=normalize),
        test_source=test_source,
        seed=seed,
        changes=changes,
        tell=lambda number: print(f"{number:,} picture{'' if number == 1 else 's'} to read", flush=True),
    )
    with _without_option():
        write_folder(folder, folder_files(dataset))
    warn(dataset.warnings)
    print(f"{folder}: {len(dataset.train):,} images to train on, {len(dataset.test):,} to test on")
    for note in notes:
        print(note)
    print(f"Then: mnistlab train mlp --data {folder}")


@contextlib.contextmanager
def _without_option() -> Iterator[None]:
    """Lets errors about the folder name no option: here it is an argument."""
    try:
        yield
    except MnistlabError as error:
        error.argument = None
        raise


def _picture_reader(*, normalize: bool) -> Any:
    """A function that makes an image of a picture's file."""
    from mnistlab.datasets.convert import fit_square
    from mnistlab.reader import load_photo

    if normalize:  # of the picture in its own size, which says more than its 28×28 pixels
        return lambda path: _normalized(load_photo(path))
    return lambda path: fit_square(load_photo(path))


def _normalized(image: Any) -> Any:
    """One digit in MNIST's form."""
    from mnistlab.reader.normalization import normalize_digit

    return normalize_digit(image).image
