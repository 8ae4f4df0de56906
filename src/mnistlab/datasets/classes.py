"""What the ten classes of a data set are called: digits, names from `classes.txt`, or numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from mnistlab.exceptions import DataError

MNIST_FINGERPRINT: Final = "173b37073a4d3ba7aaecf3da2aaa0d3501c163928bfe1a67b8a53d9f9ec8e0bf"
"""What `Dataset.fingerprint` gives for MNIST."""

MNIST_TEST_LABELS_SHA256: Final = "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
"""What `idx.idx_sha256` gives for the labels of MNIST's test split."""

CLASSES_FILE: Final = "classes.txt"
MAX_NAME_LENGTH: Final = 40  # characters; a longer one is a sentence and fits no table
_NUM_CLASSES: Final = 10
_MAX_FILE_BYTES: Final = 8192
_DIGITS: Final = tuple("0123456789")


@dataclass(frozen=True)
class Classes:
    """How text speaks of the ten classes of a data set.

    Attributes:
        noun: What a class is.
        names: Name of each class, or `None` if they are only numbered.

    Example:
        >>> shoes = named_classes("Boot Clog Mule Pump Loafer Sandal Slipper Sneaker Moccasin Wader".split())
        >>> [classes.one(8) for classes in (DIGITS, NUMBERED, shoes)]
        ['an 8', 'class 8', 'Moccasin']
    """

    noun: Literal["digit", "class"]
    names: tuple[str, ...] | None = None

    @property
    def is_digits(self) -> bool:
        """Whether the classes are the digits 0 to 9."""
        return self.noun == "digit"

    @property
    def plural(self) -> str:
        """The noun for several of them."""
        return "digits" if self.is_digits else "classes"

    def name(self, number: int) -> str:
        """The name of a class, or its number."""
        return str(number) if self.names is None else self.names[number]

    def one(self, number: int) -> str:
        """A class within a sentence: `a 7`, `class 7`, `Sneaker`."""
        if self.is_digits:
            return f"an {number}" if number == 8 else f"a {number}"
        return f"class {number}" if self.names is None else self.names[number]

    def the(self, number: int) -> str:
        """A class as a whole within a sentence: `the 7`, `class 7`, `Sneaker`."""
        return f"the {number}" if self.is_digits else self.one(number)

    def listed(self, numbers: Sequence[int]) -> str:
        """Several classes within a sentence."""
        shown = [self.name(number) for number in numbers]
        words = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
        if self.names is not None and not self.is_digits:
            return words
        return f"{self.noun if len(shown) == 1 else self.plural} {words}"

    def to_json(self) -> dict[str, list[str]]:
        """The names under `class_names`; nothing where there are none."""
        return {} if self.names is None else {"class_names": [*self.names]}


DIGITS: Final = Classes("digit")
"""MNIST's classes, and those of any split that nobody named."""

NUMBERED: Final = Classes("class")
"""Classes of which nothing is known."""


def named_classes(names: Sequence[Any]) -> Classes:
    """Classes with names; if the names are 0 to 9 they are digits.

    Args:
        names: Ten names in the order of the labels.

    Raises:
        ValueError: if there are not ten different names of 1 to 40 printable characters.
    """
    if len(names) != _NUM_CLASSES:
        raise ValueError(f"it has {len(names)} names")
    for place, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"name {place + 1} is empty")
        if len(name) > MAX_NAME_LENGTH:
            raise ValueError(f"name {place + 1} has {len(name)} characters")
        if not name.isprintable():
            raise ValueError(f"name {place + 1} has characters that cannot be printed")
        if name in names[:place]:
            raise ValueError(f"{name} stands there twice")
    return Classes("digit" if tuple(names) == _DIGITS else "class", tuple(names))


def read_classes(folder: Path) -> Classes | None:
    """The classes that a data folder names in `classes.txt`.

    Args:
        folder: Folder of the data set.

    Returns:
        The classes, or `None` if the folder has no such file.

    Raises:
        DataError: if the file cannot be read or does not hold ten different names, one per line, in UTF-8.
    """
    path = folder / CLASSES_FILE
    advice = (
        "Expected ten different names, one per line, in the order of the labels, in UTF-8, of at most "
        f"{MAX_NAME_LENGTH} characters each."
    )
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
        if len(content) > _MAX_FILE_BYTES:
            raise ValueError(f"it has more than {_MAX_FILE_BYTES:,} bytes")
        return named_classes([line.strip() for line in content.decode("utf-8-sig").rstrip().splitlines()])
    except UnicodeDecodeError as error:
        raise DataError(f"{path} does not name the classes: it is not UTF-8. {advice}") from error
    except ValueError as error:
        raise DataError(f"{path} does not name the classes: {error}. {advice}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error}). Check the file and its permissions.") from error


def classes_of(identity: Mapping[str, Any]) -> Classes:
    """The classes of the data that a run was trained on.

    Args:
        identity: What `dataset.json` holds: `name`, `fingerprint` and, where the classes have names, `class_names`.
    """
    try:
        return named_classes(identity["class_names"])
    except (KeyError, TypeError, ValueError):  # no names, or a file that somebody changed
        is_mnist = identity.get("name") == "MNIST" or identity.get("fingerprint") == MNIST_FINGERPRINT
        return DIGITS if is_mnist else NUMBERED
