"""One cheap look at a data set: whether its images, labels and splits are what they are taken for.

The format of a file is checked to the byte when it is read. Nobody can check what it shows; but some mistakes are
common, train without an error, and are seen in a fraction of a second. Each gives one sentence and never an error, and
only where there is hardly a doubt: MNIST, Fashion-MNIST and KMNIST, whose images reach the frame, give none.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mnistlab.datasets.classes import Classes
from mnistlab.datasets.mapping import RUN_IMAGES, gather
from mnistlab.datasets.splits import IMAGE_SHAPE, NUM_CLASSES, Split

Images = npt.NDArray[np.uint8]
Turn = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]

_SAMPLED: Final = 1000  # images of a split, those of its fingerprint: what lies on a disk is read once for both
_LEAST_SAMPLE: Final = 20  # images from which on a share says something
_FULL_INK: Final = 255
_FAINT: Final = 128  # data whose largest pixel is below half of full ink have another scale
_LIGHT_BORDER: Final = 0.75  # share of the images; of sound ones that fill their frame, far fewer are so

_MAX_HASHED: Final = 150_000  # training images that are compared with the test images: a third of a second
_SHARED: Final = 0.01  # share of the test images; a few equal ones are in many a data set

_MAX_COMPARED_BYTES: Final = 1 << 26  # of a file with its packed twin
_CHUNK_BYTES: Final = 1 << 20
_GZIP_MAGIC: Final = b"\x1f\x8b"

_SQUARE: Final = 4  # pixels of a side, over which means are taken
_DIGIT_MEANS: Final = (
    "000000010100000002247a862900001480786c7604004680133080080067622173580300369e9b5f0f0000010607010000",
    "000000000000000000043f480d00000003714f0300000004a71b00000000229b0a00000006436510010000000405010000",
    "0000040b060100000d5088711700000e2a357525000008295e751702013c8ca779390901327357452a0400000101010000",
    "0000010201000000135888651100010f2a617f16000004469d7f130002131823792c000332788c69100000041012040000",
    "0000000000000000051a192b2102001464316e2b0100339b65a22101001b4d7f7211000001144c3b08000000050d090100",
    "00000000010000000322535a3b0a000b6570412609001079774b0e0000182539611f0100206d7d550f0000010d11050000",
    "00000514180500000220634109000007525f190c000013856b7d440400169c8d8a410200043e733e070000000000000000",
    "00000000000000000718221e080004348487a631000114212692160000030e6d5c060000022a74220100000527330e0100",
    "0000000000000000032771702602000e6961764305000752b2711101000b6b83500e0000167b8a500b0000011118060000",
    "000000000000000001104336070000117765851f0000237d6fa11200000933696607000001165a3a070000011324160400",
)
"""The mean image of each of MNIST's digits, over its training images and over squares of 4 by 4 pixels."""
_LEAST_LIKE: Final = 9  # classes that are most like their own digit once the images are turned the right way
_MOST_UPRIGHT: Final = 7  # of them as the images are; mirrored digits have so many
_LEAST_CORRELATION: Final = 0.85
_LEAST_IN_CLASS: Final = 3  # images, so that a mean is one

_TURNS: Final[dict[str, Turn]] = {
    "with rows and columns exchanged, as EMNIST's are": lambda images: images.transpose(0, 2, 1),
    "mirrored from left to right": lambda images: images[:, :, ::-1],
    "upside down and mirrored": lambda images: images[:, ::-1],
    "turned by 90° to the left": lambda images: np.rot90(images, 3, (1, 2)),
    "upside down": lambda images: np.rot90(images, 2, (1, 2)),
    "turned by 90° to the right": lambda images: np.rot90(images, 1, (1, 2)),
    "mirrored and turned by 90°": lambda images: np.rot90(images, 2, (1, 2)).transpose(0, 2, 1),
}
"""How digits may lie, and what brings them upright."""


def look_at(train: Split | None, test: Split) -> list[str]:
    """What looks wrong with a data set.

    Args:
        train: Training split, or `None` to look at a test split alone.
        test: Test split.

    Returns:
        A sentence for each mistake; none for data in which nothing stands out.
    """
    splits = [test] if train is None else [train, test]
    samples = {"test" if split is test else "training": _sample(split) for split in splits}
    found = [_light_borders(samples), _faint(samples), _turned(samples), _lacking_classes(train, test)]
    if train is not None:
        found += [_swapped(train, test), _shared(train, test)]
    return [sentence for sentence in found if sentence]


def unequal_twins(files: Iterable[Path]) -> list[str]:
    """The sentences for files whose packed twin beside them holds something else."""
    return [
        f"{path.name} and {path.name}.gz lie side by side and differ; {path.name} was used."
        for path in files
        if (twin := _twin(path)) is not None and not _is_equal(path, twin)
    ]


def _sample(split: Split) -> tuple[Images, npt.NDArray[np.uint8]]:
    """About a thousand images of a split and their labels, spread over all of it."""
    indices = np.arange(0, len(split), max(1, len(split) // _SAMPLED))
    return gather(split.images, indices), split.labels[indices]


Samples = dict[str, tuple[Images, npt.NDArray[np.uint8]]]


def _which(names: Sequence[str], samples: Samples) -> str:
    """The splits in which something was seen, as the subject of a sentence."""
    return "images" if len(names) == len(samples) else f"{names[0]} images"


def _light_borders(samples: Samples) -> str | None:
    shares = {name: _light_share(images) for name, (images, _) in samples.items()}
    names = [name for name, share in shares.items() if share >= _LIGHT_BORDER]
    if not names:
        return None
    return (
        f"In {100 * min(shares[name] for name in names):.0f} % of the {_which(names, samples)} the border is brighter "
        "than what it surrounds, as with dark ink on light ground, but 0 is ground and 255 ink here "
        "(`mnistlab data convert --invert` turns them round)."
    )


def _light_share(images: Images) -> float:
    """The share of images whose border is mostly brighter than half of the largest pixel, and than the inside."""
    if len(images) < _LEAST_SAMPLE or not images.max():
        return 0.0
    border = np.ones(IMAGE_SHAPE, bool)
    border[1:-1, 1:-1] = False
    edges = np.median(images[:, border], axis=1)
    is_light = (edges > images.max() / 2) & (edges > images[:, ~border].mean(axis=1))
    return float(is_light.mean())


def _faint(samples: Samples) -> str | None:
    largest = {name: int(images.max()) for name, (images, _) in samples.items()}
    blank = [name for name, pixel in largest.items() if pixel == 0]
    if blank:
        return f"All {_which(blank, samples)} that were looked at are blank."
    most = max(largest.values())
    faint = [name for name, pixel in largest.items() if pixel < _FAINT]
    if not faint:
        return None
    if len(faint) == len(samples) and _FULL_INK * min(largest.values()) >= _FAINT * most:
        return (
            f"The largest pixel is {most}, but full ink is {_FULL_INK}, so the networks see next to nothing "
            "(`mnistlab data convert --stretch` brings them to 0 to 255)."
        )
    name = min(faint, key=lambda each: largest[each])  # stretching both by one factor would leave it faint
    other = ", ".join(f"{pixel} in the {each} images" for each, pixel in largest.items() if each != name)
    return (
        f"The largest pixel of the {_which([name], samples)} is {largest[name]}, {other}, and full ink is {_FULL_INK}, "
        f"so the networks see next to nothing in them (save both splits with pixels from 0 to {_FULL_INK})."
    )


def _turned(samples: Samples) -> str | None:
    found = {name: way for name, sample in samples.items() if (way := _way(*sample)) is not None}
    if not found:
        return None
    names = [name for name in found if found[name] == next(iter(found.values()))]
    mend = " (`mnistlab data convert --transpose` exchanges them back)" if "rows" in found[names[0]] else ""
    return f"The {_which(names, samples)} look like digits {found[names[0]]}{mend}."


def _way(images: Images, labels: npt.NDArray[np.uint8]) -> str | None:
    """How digits lie that do not stand upright; `None` for digits that do, and for all that are none."""
    if _light_share(images) >= _LIGHT_BORDER:
        images = images.max() - images
    counts = np.bincount(labels, minlength=NUM_CLASSES)
    present = np.flatnonzero(counts >= _LEAST_IN_CLASS)
    if len(present) < _LEAST_LIKE:
        return None
    means = np.stack([images[labels == digit].mean(axis=0) for digit in present])
    upright, likeness = _likeness(means, present)
    if upright > _MOST_UPRIGHT:
        return None
    for way, turn in _TURNS.items():
        like, correlation = _likeness(turn(means), present)
        if like >= _LEAST_LIKE and correlation >= max(_LEAST_CORRELATION, likeness + 0.08):
            return way
    return None


def _likeness(means: npt.NDArray[np.float64], digits: npt.NDArray[np.int64]) -> tuple[int, float]:
    """How many mean images are most like the digit of their label, and their mean correlation with it."""
    side = IMAGE_SHAPE[0] // _SQUARE
    coarse = means.reshape(-1, side, _SQUARE, side, _SQUARE).mean(axis=(2, 4)).reshape(-1, side * side)
    known = np.array([[*bytes.fromhex(digit)] for digit in _DIGIT_MEANS], dtype=np.float64)
    correlations = _normalized(coarse) @ _normalized(known).T
    own = correlations[np.arange(len(digits)), digits]
    return int((correlations.argmax(axis=1) == digits).sum()), float(own.mean())


def _normalized(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9))


def _lacking_classes(train: Split | None, test: Split) -> str | None:
    split, name = (test, "test") if train is None else (train, "training")
    present = np.flatnonzero(split.class_counts)
    if len(present) == 1:
        only = _class(split.classes, int(present[0]))
        return f"All {len(split):,} {name} images are of {only}, so there is nothing to tell apart."
    if train is None:
        return None  # a few digits of one's own may well lack some
    parts = [
        f"no {name} images of {each.classes.listed(missing)}"
        for each, name in ((train, "training"), (test, "test"))
        if (missing := [int(number) for number in np.flatnonzero(each.class_counts == 0)])
    ]
    return f"There are {' and '.join(parts)}." if parts else None


def _class(classes: Classes, number: int) -> str:
    return classes.listed([number])


def _swapped(train: Split, test: Split) -> str | None:
    if len(train) >= len(test):
        return None
    return (
        f"There are fewer training images ({len(train):,}) than test images ({len(test):,}), as if the names of the "
        "two splits were exchanged."
    )


def _shared(train: Split, test: Split) -> str | None:
    """The sentence for test images that a network has seen; blank ones, which many data sets have, do not count."""
    of_train, of_test = list(_hashes(train)), list(_hashes(test))
    known = set(of_train)
    found = sum(each in known for each in of_test)
    is_whole = max(len(train), len(test)) <= _MAX_HASHED
    if not found or found < _SHARED * len(of_test) * (1 if is_whole else min(1.0, len(of_train) / len(train))):
        return None
    return (
        f"{'' if is_whole else 'At least '}{found:,} of the {len(test):,} test images are among the training images "
        "too, byte for byte, so the test accuracy says less about new images."
    )


def _hashes(split: Split) -> Iterator[int]:
    """A number for each image that is not blank; for some of them, spread over the split, where there are many."""
    num_runs = -(-len(split) // RUN_IMAGES)
    for run in range(0, num_runs, max(1, -(-len(split) // _MAX_HASHED))):
        indices = np.arange(run * RUN_IMAGES, min((run + 1) * RUN_IMAGES, len(split)))
        images = gather(split.images, indices).reshape(len(indices), -1)
        for image, blank in zip(images, (images == images[:, :1]).all(axis=1), strict=True):
            if not blank:
                yield hash(image.tobytes())


def _twin(path: Path) -> Path | None:
    """The packed file beside a plain one."""
    if path.suffix.lower() == ".gz":
        return None
    return next((twin for suffix in (".gz", ".GZ") if (twin := path.with_name(path.name + suffix)).is_file()), None)


def _is_equal(path: Path, twin: Path) -> bool:
    """Whether the beginning of a file is that of its twin's content; one that cannot be read is not equal."""
    try:
        with path.open("rb") as plain, twin.open("rb") as packed:
            is_packed = packed.read(2) == _GZIP_MAGIC
            packed.seek(0)
            other = gzip.GzipFile(fileobj=packed) if is_packed else packed
            for _ in range(0, _MAX_COMPARED_BYTES, _CHUNK_BYTES):
                content = plain.read(_CHUNK_BYTES)
                if other.read(len(content) or 1) != content:
                    return False
                if not content:
                    return True
            return True
    except (OSError, EOFError, zlib.error):
        return False
