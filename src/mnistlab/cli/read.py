"""`mnistlab read`: the digits on photos, in reading order. Keras is never imported."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnistlab.cli.networks import onnx_path_of, run_of
from mnistlab.cli.options import PATH, debug_option, print_json, warn
from mnistlab.exceptions import DataError, MnistlabError, UsageError
from mnistlab.system.files import write_with
from mnistlab.system.paths import require_new_file

if TYPE_CHECKING:
    from mnistlab.reader import DigitReader, Reading
    from mnistlab.runs import Run

_SHADES = " ░▒▓█"


@click.command()
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=PATH)
@click.option(
    "--run",
    "run_or_file",
    type=PATH,
    help="A run folder, .onnx file or shipped-cnn to read with, not shipped.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list with boxes, confidences and alternatives.")
@click.option("--annotate", "annotated", type=PATH, metavar="OUT.png", help="Draw boxes and answers on the photo.")
@click.option(
    "--explain",
    is_flag=True,
    help="For doubtful digits: the kind of trouble, what to do, and which preparation step changed the answer.",
)
@debug_option
def read(
    photos: tuple[Path, ...], run_or_file: Path | None, as_json: bool, annotated: Path | None, explain: bool
) -> None:
    """Read the digits on photos. Each PHOTO shows handwriting on paper, photographed or scanned."""
    if annotated is not None:
        _check_target(annotated, photos)
    from mnistlab.inference import Classifier
    from mnistlab.reader import DigitReader

    reader = DigitReader()
    if run_or_file is not None:
        network, run = Classifier(onnx_path_of(run_or_file)), run_of(run_or_file)
        reader = DigitReader(network) if run is None else DigitReader(network, run.classes)
        warn([] if run is None or run.classes.is_digits else [_no_digits(run)])
    results: list[dict[str, Any]] = []
    problems: list[MnistlabError] = []
    for photo in photos:
        try:
            results.append(
                _read(reader, photo, as_json=as_json, annotated=annotated, explain=explain, many=len(photos) > 1)
            )
            if not results[-1]["lines"]:
                raise DataError(_nothing(photo, results[-1]["digits"]))
        except MnistlabError as error:
            problems.append(error)
            if len(photos) > 1:
                print(error, file=sys.stderr)
    if as_json and results:
        print_json(results)
    if problems and len(photos) == 1:
        raise problems[0]
    if problems:
        raise DataError(f"{len(problems)} of {len(photos)} photos could not be read; the reasons stand above.")


def _no_digits(run: "Run") -> str:
    """The sentence for a run whose data are not known to be digits."""
    if run.classes.names is None:
        return (
            f"{run.folder} was trained on {run.dataset['name']}, not on MNIST, so what follows are its class numbers, "
            "which are digits only if those of its data are."
        )
    return (
        f"{run.folder} was trained on {run.dataset['name']}, not on digits, so what follows are names of its classes."
    )


def _check_target(target: Path, photos: tuple[Path, ...]) -> None:
    if target.suffix.lower() != ".png":
        raise UsageError(f"The annotated picture is called {target}; a name that ends in .png was expected.")
    if len(photos) > 1:
        raise UsageError(f"--annotate draws on one photo, but {len(photos)} were given.")
    require_new_file(target)


def _read(
    reader: "DigitReader", photo: Path, *, as_json: bool, annotated: Path | None, explain: bool, many: bool
) -> dict[str, Any]:
    """Reads one photo and prints it, unless JSON was asked for."""
    from mnistlab.reader import lines_of, load_photo, text_of

    grey = load_photo(photo)
    looked = reader.look(grey)
    readings = looked.readings
    if annotated is not None:
        from mnistlab.reader import annotate

        write_with(annotated, lambda path: annotate(grey, readings).save(path, format="PNG"))
    lines = lines_of(readings)
    if not as_json:
        if many:
            print(f"{photo}:")
        for trouble in looked.troubles if explain else looked.troubles[:1]:
            if explain or trouble.kind in ("turned", "astray"):
                print(trouble)
        if readings:
            print(format_readings(lines))
        if explain and readings:
            print(_explanations(reader, lines))
        if annotated is not None:
            print(f"\n{annotated}")
    texts = map(text_of, lines)
    explained = {"explanations": [reader.explain(one) for one in readings]} if explain else {}
    return {
        "photo": str(photo),
        "lines": [text for text in texts if text],
        "digits": [reading.to_dict() for reading in readings],
        "turn": looked.turn,
        "troubles": [trouble.to_dict() for trouble in looked.troubles],
        **explained,
    }


def _nothing(photo: Path, marks: list[dict[str, Any]]) -> str:
    """The reason why nothing was read; if there are marks, what the first looks like."""
    if not marks:
        return (
            f"{photo} shows no digit: nothing stands out from its ground. Expected dark or light handwriting, each "
            "digit at least 12 pixels high; move closer, or write larger."
        )
    if len(marks) == 1:
        return f"{photo} shows no digit that could be read. {marks[0]['reason']}"
    return (
        f"{photo} shows no digit that could be read, but {len(marks)} other marks; of the first: "
        f"{marks[0]['reason']} --explain tells of each."
    )


def format_readings(lines: "list[list[Reading]]") -> str:
    """The digits line by line, each line with its lowest confidence, and below them the doubtful ones."""
    rows, notes, num_others = [], [], 0
    for line in lines:
        digits = [reading for reading in line if reading.digit is not None]
        num_others += len(line) - len(digits)
        if not digits:
            continue
        lowest = min(range(len(digits)), key=lambda place: digits[place].confidence)
        text = " ".join(map(str, digits))
        rows.append((text, f"lowest confidence {digits[lowest].confidence:.2f} ({_ordinal(lowest + 1)})"))
        for place, reading in enumerate(digits, 1):
            if reading.kind == "unsure":
                notes.append(f"line {len(rows)}, {_ordinal(place)}: {reading.reason}")
    width = max((len(text) for text, _ in rows), default=0)
    shown = [f"{text.ljust(width)}    {note}" for text, note in rows] + [f"  {note}" for note in notes]
    if num_others:
        shown.append(f"  {num_others} other mark{'s are' if num_others > 1 else ' is'} no digit.")
    return "\n".join(shown)


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _explanations(reader: "DigitReader", lines: "list[list[Reading]]") -> str:
    """The explanation of each doubtful thing, numbered as in the list of digits."""
    blocks, number = [], 0
    for line in lines:
        number += any(reading.digit is not None for reading in line)
        place = 0
        for reading in line:
            place += reading.digit is not None
            if reading.kind == "digit":
                continue
            top, left, bottom, right = reading.found.box
            name = "another mark" if reading.digit is None else f"line {number}, {_ordinal(place)}"
            picture = "\n".join(f"    {row}" for row in _as_text(reading.image))
            sentences = "\n".join(f"  {sentence}" for sentence in reader.explain(reading))
            head = f"{name}, at {left}, {top} to {right}, {bottom} on the photo"
            blocks.append(f"{head}\n{sentences}\n  The network saw:\n{picture}")
    return "\n" + ("\n\n".join(blocks) if blocks else "No digit is doubtful.")


def _as_text(image: Any) -> list[str]:
    """An image as 14 lines of 28 shades: two rows of pixels are one line of text."""
    halves = image.reshape(14, 2, 28).mean(axis=1)
    return ["".join(_SHADES[min(4, int(value / 51.2))] for value in row).rstrip() for row in halves]
