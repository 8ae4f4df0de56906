"""What the networks that ship learn from, and what their thresholds are chosen by; each part is kept once it is made.

The parts: MNIST's training images, as they are and as they look on other paper (widening.py); digits of handwriting
fonts; digits of other hands and pens (handwriting.py); and what is no digit (nondigits.py, and the signs, letters and
drawings of handwriting.py). A seed decides every pixel.
"""

import hashlib
import string
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmarks.material import hands, scribbles
from benchmarks.shipped import glyphs, handwriting, nondigits, widening
from mnistlab.datasets import Split, load_mnist, split_validation
from mnistlab.reader import normalization
from mnistlab.system.files import make_folder, write_with

KINDS = ("digit", "letter", "symbol", "scribble", "lines", "blob", "texture", "half a digit", "two digits", "turned")
THINGS = {  # images of each material of nondigits
    "letters": 16000,
    "symbols": 4000,
    "halves": 4000,
    "pairs": 3000,
    "curves": 7000,
    "segments": 3000,
    "blots": 3000,
    "shapes": 2000,
    "noise": 2500,
    "checks": 2500,
    "specks": 1000,
}
HANDS = {0: 2500, 1: 6000, 2: 3000, 3: 3000, 4: 4000, 5: 3500, 6: 2500, 7: 5500, 8: 2500, 9: 3500}  # digits of hands
SIGNS = {"symbol": 9000, "letter": 10000, "scribble": 12000}  # signs, letters and drawings of hands
NUM_WORN, NUM_WORN_FONTS, NUM_PAIRS, NUM_TURNED = 2500, 300, 5000, 12000  # the first two of each digit
TROUBLES = ("", "cut", "beside", "broken")
NUM_CHOICE = 200  # of each digit, of hands and of MNIST, for each trouble
Part = Callable[[], Split]


@cache
def held_back() -> tuple[Split, Split]:
    """MNIST's training images in two parts: 55,000 to train on, and 5,000 that are held back."""
    return split_validation(load_mnist().train, 5000, seed=0)


def digits_of_fonts(num_images: int, group: str = "fit", seed: int = 1) -> Split:
    """Images of the digits in the fonts of a group, the same number of each."""
    images = [
        nondigits.make(nondigits.written_characters(group, digit), num_images, seed, digit) for digit in string.digits
    ]
    return Split(group, np.concatenate(images), np.repeat(np.arange(10, dtype=np.uint8), num_images))


@cache
def version() -> str:
    """Changes whenever a program or material behind the images does."""
    folders = [Path(str(package.__file__)).parent for package in (hands, normalization)]
    files = [Path(module.__file__) for module in (scribbles, handwriting, nondigits, widening)] + [glyphs.MATERIAL]
    files += [path for folder in folders for path in sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def kept(folder: Path, name: str, make: Part) -> Split:
    """A part that takes minutes to make: kept in a file until a program or material behind it changes."""
    path = folder / f"{name.replace(' ', '-')}-{version()}.npz"
    if not path.exists():
        make_folder(folder)
        part = make()
        write_with(path, lambda temporary: save(temporary, part))
        print(f"{name}: {len(part):,} images", flush=True)
    with np.load(path) as arrays:
        return Split("train", arrays["images"], arrays["labels"])


def save(path: Path, part: Split) -> None:
    """Writes images and labels as NumPy does, without changing the name of the file."""
    with path.open("wb") as file:
        np.savez(file, images=part.images, labels=part.labels)


def joined(*parts: Split) -> Split:
    """Several parts as one."""
    return Split("train", np.concatenate([one.images for one in parts]), np.concatenate([one.labels for one in parts]))


def widened_fonts() -> Split:
    """The digits of the fonts, widened digit by digit, so that each has the same seed whatever comes before it."""
    written = digits_of_fonts(500)
    varied = [widening.widen(written.images[written.labels == digit], 2) for digit in range(10)]
    return Split("fonts", np.concatenate(varied), written.labels)


def of_hands(folder: Path) -> tuple[Split, Split, Split]:
    """Digits of other hands, MNIST's digits redrawn and worn, and those of fonts."""
    train, _ = held_back()
    return (
        kept(folder, "hands", lambda: handwriting.hand_digits("fit", HANDS, 11)),
        kept(folder, "worn", lambda: handwriting.worn_digits(train, "fit", NUM_WORN, 12)),
        kept(folder, "worn fonts", lambda: handwriting.worn_digits(digits_of_fonts(500), "fit", NUM_WORN_FONTS, 13)),
    )


def digit_images(folder: Path) -> Split:
    """Images to train the network of digits on, and their labels."""
    train, _ = held_back()
    wide = kept(folder, "widened", lambda: Split("train", widening.widen(train.images, 1), train.labels))
    return joined(train, wide, kept(folder, "fonts", widened_fonts), *of_hands(folder))


def sign_images(kind: str, group: str, number: int, seed: int) -> Split:
    """Signs, letters or drawings of other hands; labels are the numbers of their kind."""
    images = handwriting.make(partial(handwriting.hand_sign, group, kind), number, seed, kind)
    return Split(kind, images, np.full(number, KINDS.index(kind), np.uint8))


def pair_images(group: str, number: int, seed: int) -> Split:
    """Digits of other hands that touch, with the number of their kind."""
    images = handwriting.make(partial(handwriting.hand_pair, group), number, seed, "pair")
    return Split("pairs", images, np.full(number, KINDS.index("two digits"), np.uint8))


def thing_images(train: Split) -> Split:
    """What nondigits makes of the group `fit`, half of it widened."""
    parts = []
    for name, (kind, generator) in nondigits.generators("fit", train).items():
        made = nondigits.make(generator, THINGS[name], 1, name)
        made[len(made) // 2 :] = widening.widen(made[len(made) // 2 :], 3)
        parts.append(Split(name, made, np.full(len(made), KINDS.index(kind), np.uint8)))
    return joined(*parts)


def kind_images(folder: Path) -> Split:
    """Images to train the network of kinds on, and the numbers of their kinds."""
    train, _ = held_back()
    written = of_hands(folder)
    wide = kept(folder, "widened", lambda: Split("train", widening.widen(train.images, 1), train.labels))
    digits = joined(train, wide.take(np.arange(0, len(wide), 2)), *written)
    upright = joined(train.take(np.arange(NUM_TURNED)), written[0].take(np.arange(0, len(written[0]), 6)))
    turned = handwriting.turned(upright)
    others = [kept(folder, kind, partial(sign_images, kind, "fit", number, 14)) for kind, number in SIGNS.items()] + [
        kept(folder, "pairs", lambda: pair_images("fit", NUM_PAIRS, 15)),
        kept(folder, "things", lambda: thing_images(train)),
        Split("turned", turned.images, np.full(len(turned), KINDS.index("turned"), np.uint8)),
    ]
    return joined(Split("digits", digits.images, np.zeros(len(digits), np.uint8)), *others)


def choice(folder: Path) -> dict[str, Split]:
    """Digits to choose thresholds by, of hands, pens and fonts that nothing is trained on, by what happened to them."""
    _, validation = held_back()
    made = {
        "as they are": validation,
        "other strokes": Split("", widening.widen(validation.images, 77), validation.labels),
    }
    made["fonts"] = kept(folder, "choose fonts", lambda: digits_of_fonts(60, "choose", 9))
    for trouble in TROUBLES:
        name = trouble or "plain"
        made[f"hands, {name}"] = kept(
            folder,
            f"choose hands {name}",
            partial(handwriting.hand_digits, "choose", dict.fromkeys(range(10), NUM_CHOICE), 21, trouble),
        )
        made[f"MNIST, {name}"] = kept(
            folder,
            f"choose worn {name}",
            partial(handwriting.worn_digits, validation, "choose", NUM_CHOICE, 22, trouble),
        )
    return made
