"""Pictures of the kinds that a reader of digits meets, each with the right answer; one character, or a few that touch.

Nothing was trained on these forms, pens and papers (group `measure` of benchmarks/material/hands). A kind is a name,
what it shows, and a function from a random generator to a case. `KINDS` holds them; another module may hold more.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from PIL import Image

from benchmarks.material.hands import papers, pens, writing
from mnistlab.datasets import Split

GROUP = "measure"
FINE = (0.2, 0.8)  # width of a fine pen in pixels of the 28 grid


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """A picture and what is written on it.

    Args:
        photo: Picture, uint8 `(height, width)`.
        lines: Digits of each line; none where there is no digit.
    """

    photo: np.ndarray
    lines: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of picture.

    Args:
        question: What is on it, in a few words.
        make: Function from a random generator and MNIST's test digits to a case.
    """

    question: str
    make: Callable[[np.random.Generator, Split], Case]


def cut_to_ink(image: np.ndarray) -> np.ndarray:
    """An image of MNIST's without the empty rows and columns around its digit."""
    rows, columns = (np.flatnonzero((image > 60).any(axis=axis)) for axis in (1, 0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def ink_of(
    paths: writing.Paths, rng: np.random.Generator, widths: tuple[float, float] | None = None, pen: str = ""
) -> np.ndarray:
    """Ink of paths with a pen of the group, 24 to 300 pixels large."""
    chosen, width = pens.pen_of(rng, GROUP)
    if widths:
        width = float(rng.uniform(*widths))
    longest = int(np.exp(rng.uniform(np.log(24), np.log(300))))
    if widths:
        longest = max(longest, int(20 / width))  # a pixel at least
    factor = 1 if longest > 150 else 3
    pixels = width * longest * factor / 20
    moved, size = pens.placed(paths, longest * factor, pixels / 2 + 2 * factor)
    pen = pen or chosen
    return pens.reduced(pens.texture(pens.draw(moved, size, pen, pixels, rng), pen, pixels, rng), factor)


def pictured(paths: writing.Paths, rng: np.random.Generator, lines: tuple[str, ...], **options: object) -> Case:
    """A case of paths on paper."""
    ink = ink_of(paths, rng, **options)  # type: ignore[arg-type]
    return Case(papers.photograph(papers.on_page(ink, rng), rng), lines)


def of_form(rng: np.random.Generator, number: str, forms: tuple[str, ...]) -> writing.Paths:
    """Paths of a digit in one of some forms."""
    form = writing.parse(str(rng.choice(forms)))
    return writing.written(form, rng, writing.HABITS[GROUP], keeps_upright=number in "17")


def flagged_one(rng: np.random.Generator, _: Split) -> Case:
    """A 1 with a flag, with a base or without."""
    forms = tuple(form for form in writing.GROUPS[GROUP]["1"] if "!" in form)
    return pictured(of_form(rng, "1", forms), rng, ("1",))


def barred_seven(rng: np.random.Generator, _: Split) -> Case:
    """A 7 with a bar or a serif, half of them with a fine pen."""
    forms = tuple(
        form for form in writing.GROUPS[GROUP]["7"] if "|" in form or form.count("!") > 1 or "20 6,4!" in form
    )
    widths = {"widths": FINE} if rng.random() < 0.5 else {}
    return pictured(of_form(rng, "7", forms), rng, ("7",), **widths)


def fine_pen(rng: np.random.Generator, _: Split) -> Case:
    """Any digit with a fine pen."""
    number = int(rng.integers(10))
    return pictured(writing.digit(rng, GROUP, number), rng, (str(number),), widths=FINE, pen="round")


def any_digit(rng: np.random.Generator, _: Split) -> Case:
    """Any digit with any pen."""
    number = int(rng.integers(10))
    return pictured(writing.digit(rng, GROUP, number), rng, (str(number),))


def circled(rng: np.random.Generator, _: Split) -> Case:
    """Any digit with a closed line around it, as around the number of a question."""
    number = int(rng.integers(10))
    paths = writing.digit(rng, GROUP, number)
    low, high = np.vstack(paths).min(axis=0), np.vstack(paths).max(axis=0)
    angles = rng.uniform(0, 6.3) + np.linspace(0, 2 * np.pi * rng.uniform(1, 1.06), 40)
    sizes = max(high - low) * rng.uniform(0.75, 1.1) * rng.uniform(0.9, 1.1, 2)
    circle = (low + high) / 2 + sizes * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return pictured([*paths, circle], rng, (str(number),))


def filling(rng: np.random.Generator, test: Split) -> Case:
    """A digit painted up to the border of a small picture, or beyond it; a hand's, or one of MNIST's test digits."""
    side = int(rng.choice((28, 28, 32, 48, 64)))
    if rng.random() < 0.5:
        number = int(rng.integers(10))
        width = rng.uniform(1.5, 4) * side / 28
        moved, size = pens.placed(writing.digit(rng, GROUP, number), 4 * (side - 0.6 * width), 2 * width)
        ink = pens.reduced(pens.draw(moved, size, "round", 4 * width, rng), 4)
    else:
        at = int(rng.integers(len(test)))
        number, image = int(test.labels[at]), test.images[at]
        rows, columns = (np.flatnonzero((image > 60).any(axis=axis)) for axis in (1, 0))
        box = Image.fromarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
        scale = side / max(box.size)
        size = [max(2, round(scale * length)) for length in box.size]
        ink = np.asarray(box.resize(size, Image.Resampling.BICUBIC), np.float32) / 255
    most = side // 14
    ink = ink[rng.integers(0, most) : ink.shape[0] - rng.integers(0, most), :]
    short = side - ink.shape[1]
    left = int(rng.integers(0, max(short, 0) + 1))
    if short > 0 and rng.random() < 0.6:  # a square picture; otherwise it is cropped on all sides
        ink = np.pad(ink, ((0, 0), (left, short - left)))
    photo = np.clip(np.round(255 * ink), 0, 255).astype(np.uint8)
    return Case(photo if rng.random() < 0.5 else 255 - photo, (str(number),))


def sign(kind: str) -> Callable[[np.random.Generator, Split], Case]:
    """A sign, a letter or a drawing alone."""
    return lambda rng, _: pictured(writing.sign(rng, GROUP, kind), rng, ())


def dot(rng: np.random.Generator, _: Split) -> Case:
    """A lone dot, comma or dash."""
    end, widths = [((0.01, 0.02), (14, 20)), ((-0.4, 1.0), (5, 8)), ((1.0, 0.06), (1, 4))][int(rng.integers(3))]
    path = np.array([(0.0, 0.0), np.multiply(end, rng.uniform(0.7, 1.3, 2))])
    return pictured([path], rng, (), widths=widths, pen="round")


def touching(numbers: Callable[[np.random.Generator], list[int]]) -> Callable[[np.random.Generator, Split], Case]:
    """Digits side by side that touch or overlap a little."""

    def make(rng: np.random.Generator, _: Split) -> Case:
        chosen = numbers(rng)
        paths, right = [], 0.0
        for number in chosen:
            digit = writing.digit(rng, GROUP, number)
            everything = np.vstack(digit)
            (left, top), (end, bottom) = everything.min(axis=0), everything.max(axis=0)
            scale = rng.uniform(0.9, 1.05) / max(bottom - top, 0.1)
            paths += [(path - (left, (top + bottom) / 2)) * scale + (right, rng.normal(0, 0.02)) for path in digit]
            right += (end - left) * scale - rng.uniform(0.0, 0.08)
        return pictured(paths, rng, ("".join(map(str, chosen)),), widths=(1.2, 3), pen="round")

    return make


def two_digits(rng: np.random.Generator) -> list[int]:
    """Any two digits."""
    return rng.integers(0, 10, 2).tolist()


def zeros(rng: np.random.Generator) -> list[int]:
    """A chain of two to four zeros."""
    return [0] * int(rng.integers(2, 5))


def one_and_zero(rng: np.random.Generator) -> list[int]:
    """A 1 and a 0, either first."""
    return [1, 0] if rng.random() < 0.5 else [0, 1]


def faint(rng: np.random.Generator, _: Split) -> Case:
    """A digit in faint pencil, over an imprint, or with one-pixel strokes."""
    number = int(rng.integers(10))
    ink = ink_of(writing.digit(rng, GROUP, number), rng, (0.6, 1.6), "crayon")
    page = papers.on_page(ink, rng)
    if rng.random() < 0.4:  # a printed frame or line of the form, fainter still, beside it
        row = int(rng.integers(0, max(page.shape[0] // 12, 1)))
        page[row : row + max(1, len(page) // 100)] = 0.5
    paper = str(rng.choice(("white", "cream", "recycled", "grey")))
    return Case(papers.photograph(page, rng, paper, rng.uniform(0.15, 0.35)), (str(number),))


def broken(rng: np.random.Generator, test: Split) -> Case:
    """A digit of one bit of which a part is missing, small; a hand's, or one of MNIST's test digits."""
    if rng.random() < 0.5:
        at = int(rng.integers(len(test)))
        number, side = int(test.labels[at]), int(rng.integers(28, 57))
        ink = np.asarray(Image.fromarray(test.images[at]).resize((side, side)), np.float32) / 255
    else:
        number = int(rng.integers(10))
        moved, size = pens.placed(writing.digit(rng, GROUP, number), 4 * rng.uniform(20, 60), 24)
        ink = pens.reduced(pens.draw(moved, size, "round", 4 * rng.uniform(2, 5), rng), 4)
    if rng.random() < 0.6:
        missing = rng.random(ink.shape) < rng.uniform(0.08, 0.3)
    else:
        missing = ink + rng.normal(0, 0.2, ink.shape) < rng.uniform(0.35, 0.6)
    photo = np.where((ink > 0.35) & ~missing, 255, 0).astype(np.uint8)
    return Case(photo if rng.random() < 0.5 else 255 - photo, (str(number),))


def shaded(rng: np.random.Generator, _: Split) -> Case:
    """A digit on paper with the shadow of a hand or a finger at the edge."""
    number = int(rng.integers(10))
    page = papers.on_page(ink_of(writing.digit(rng, GROUP, number), rng, (0.8, 3)), rng, 0.4, 1.2)
    photo = papers.photograph(page, rng, str(rng.choice(("white", "cream", "recycled"))))
    return Case(papers.shaded(photo, rng), (str(number),))


def cell(rng: np.random.Generator, _: Split) -> Case:
    """A cell cut from the grey photo of a form, with its edges, or a part of them."""
    number = int(rng.integers(10))
    page = papers.on_page(ink_of(writing.digit(rng, GROUP, number), rng, (1.0, 3)), rng, 0.25, 0.5)
    thick, level = max(1, max(page.shape) // 60), rng.uniform(0.3, 0.9)
    for side in rng.permutation(4)[: rng.integers(1, 5)]:
        edge = np.rot90(page, side)  # a view
        row = int(rng.integers(0, 3 * thick))
        edge[row : row + thick] = np.maximum(edge[row : row + thick], level)
    return Case(papers.photograph(page, rng, str(rng.choice(("grey", "recycled", "cream")))), (str(number),))


KINDS: dict[str, Kind] = {
    "1 with a flag": Kind("with a base or without, any pen and paper", flagged_one),
    "7 with a bar or serif": Kind("half of them in a fine pen", barred_seven),
    "fine pens": Kind("any digit, strokes of 0.2 to 0.8 pixels on the 28 grid", fine_pen),
    "any digit": Kind("any form, pen and paper", any_digit),
    "circled": Kind("any digit with a closed line around it", circled),
    "up to the border": Kind("28 to 64 pixels, painted to the border or cropped", filling),
    "signs": Kind("+ − × ÷ = and others, alone: no digit", sign("symbol")),
    "letters": Kind("alone, none that looks like a digit: no digit", sign("letter")),
    "drawings": Kind("faces, suns, hearts, houses: no digit", sign("scribble")),
    "dots and dashes": Kind("alone: no digit", dot),
    "two that touch": Kind("any two digits", touching(two_digits)),
    "chained zeros": Kind("two to four", touching(zeros)),
    "1 touching 0": Kind("in either order", touching(one_and_zero)),
    "faint pencil": Kind("some beside a printed line", faint),
    "broken strokes": Kind("one bit, a tenth to a third of the ink missing", broken),
    "shadow or finger": Kind("over the picture, or at its edge", shaded),
    "cell of a form": Kind("grey, with the edges of its box", cell),
}
