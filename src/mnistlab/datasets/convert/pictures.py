"""Images and labels from a folder of pictures that are sorted into folders by their class, or named by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mnistlab.datasets.classes import Classes, named_classes
from mnistlab.datasets.convert.parts import MAX_IMAGES, Part, Source
from mnistlab.datasets.filenames import list_folder
from mnistlab.datasets.splits import IMAGE_SHAPE, NUM_CLASSES
from mnistlab.exceptions import DataError

Prepare = Callable[[Path], npt.NDArray[np.uint8]]
"""Makes an image, uint8 `(28, 28)`, of a picture's file."""

SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
_SPLITS: Final = {"train": "train", "training": "train", "test": "test", "testing": "test"}
_LABEL: Final = re.compile(r"([0-9])(?![0-9])")
_DIGITS: Final = tuple("0123456789")
_NAMED: Final = "a digit from 0 to 9 and then another character, such as 7_001.png"

Labelled = list[tuple[Path, str]]  # a picture and the name of its class


def read_pictures(folder: Path, prepare: Prepare, *, seed: int = 0, tell: Callable[[int], object] = id) -> Source:
    """Reads a folder of pictures.

    Args:
        folder: Folder with a folder for each class, called 0 to 9 or by ten names, or with pictures whose names begin
            with their label. Its folders `train` and `test` may each hold that.
        prepare: Function that makes an image of a picture's file.
        seed: Decides the order of the images.
        tell: Function that is called with the number of pictures before the first one is read.

    Raises:
        DataError: if it is not clear which label a picture has, or a picture cannot be read.
    """
    folders = {path.name.lower(): path for path in _shown(folder) if path.is_dir()}
    splits = {_SPLITS[name]: path for name, path in folders.items() if name in _SPLITS}
    if len(splits) < sum(name in _SPLITS for name in folders):
        raise DataError(f"{folder} holds two folders to train on, or two to test on. Leave one of each.")
    if len(splits) == 1:
        (name,) = splits
        other = "test" if name == "train" else "train"
        raise DataError(
            f"{folder} holds the folder {splits[name].name}, but none called {other}. Add it, or convert "
            f"{splits[name]} alone."
        )
    odd: list[Path] = []
    found = {name: _labelled(path, odd) for name, path in (splits or {"all": folder}).items()}
    if splits:
        odd += [path for path in _shown(folder) if path not in splits.values()]
    classes, numbers = _classes(folder, {label for pictures in found.values() for _, label in pictures})
    num_pictures = sum(map(len, found.values()))
    if num_pictures > MAX_IMAGES:
        raise DataError(f"{folder} holds {num_pictures:,} pictures; expected up to {MAX_IMAGES:,}. Convert a part.")
    tell(num_pictures)
    parts = {name: _read(pictures, numbers, prepare, seed) for name, pictures in found.items()}
    notes = (f"Left out: {_some(odd)}.",) if odd else ()
    return Source(parts["train"] if splits else parts["all"], parts.get("test"), classes, notes, is_prepared=True)


def _shown(folder: Path) -> list[Path]:
    """What lies in a folder, but for hidden files such as `.DS_Store`."""
    return [path for path in list_folder(folder) if not path.name.startswith(".")]


def _labelled(folder: Path, odd: list[Path]) -> Labelled:
    """The pictures in a folder with the names of their classes; what is not a picture is added to `odd`."""
    inside = _shown(folder)
    folders = [path for path in inside if path.is_dir()]
    pictures = _pictures(inside, odd)
    if pictures and folders:
        raise DataError(
            f"{folder} holds pictures, among them {pictures[0].name}, and folders, among them {folders[0].name}, so "
            "their labels are not clear. Put every picture into the folder of its class."
        )
    found = [(picture, _label(picture)) for picture in pictures]
    for path in folders:
        within = _shown(path)
        deeper = next((inner for inner in within if inner.is_dir()), None)
        if deeper is not None:
            raise DataError(
                f"{path} holds the folder {deeper.name}, so the labels of its pictures are not clear. "
                "Put every picture directly into the folder of its class."
            )
        found += [(picture, path.name) for picture in _pictures(within, odd)]
    if not found:
        raise DataError(
            f"{folder} holds no pictures ({', '.join(SUFFIXES)}). Give a folder with one folder of pictures for each "
            f"class, or pictures whose names begin with {_NAMED}."
        )
    return found


def _pictures(paths: Iterable[Path], odd: list[Path]) -> list[Path]:
    pictures = []
    for path in paths:
        if path.suffix.lower() in SUFFIXES and path.is_file():
            pictures.append(path)
        elif not path.is_dir():
            odd.append(path)
    return pictures


def _label(picture: Path) -> str:
    match = _LABEL.match(picture.name)
    if match is None:
        raise DataError(
            f"{picture} has no label: it lies in no folder of a class, and its name does not begin with {_NAMED}. "
            "Name it so, or put it into a folder of its class."
        )
    return match[1]


def _classes(folder: Path, labels: set[str]) -> tuple[Classes | None, dict[str, int]]:
    """The names of the classes, if they are not numbers, and the number of each."""
    if labels <= set(_DIGITS):
        return None, {label: int(label) for label in labels}
    names = sorted(labels, key=lambda name: (name.casefold(), name))
    if len(names) != NUM_CLASSES:
        raise DataError(
            f"{folder} holds {len(names)} classes, {_list(names)}, but a data set has {NUM_CLASSES}. "
            "Name the folders 0 to 9, or leave ten of them."
        )
    try:
        return named_classes(names), {name: number for number, name in enumerate(names)}
    except ValueError as error:
        raise DataError(f"{folder} holds folders that cannot name classes: {error}. Rename them.") from error


def _read(pictures: Sequence[tuple[Path, str]], numbers: dict[str, int], prepare: Prepare, seed: int) -> Part:
    # By folders, the pictures would come sorted by class. The raw stream of a generator is kept for ever (NEP 19).
    order = np.argsort(np.random.PCG64(seed).random_raw(len(pictures)), kind="stable")
    images = np.empty((len(pictures), *IMAGE_SHAPE), np.uint8)
    labels = np.empty(len(pictures), np.uint8)
    for place, at in enumerate(order):
        picture, label = pictures[at]
        images[place], labels[place] = prepare(picture), numbers[label]
    return Part(images, labels)


def _some(paths: Sequence[Path]) -> str:
    return _list([path.name for path in paths])


def _list(names: Sequence[str], most: int = 5) -> str:
    """The first of some names, printable, and how many more there are."""
    shown = ", ".join(ascii(name)[1:-1] for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
