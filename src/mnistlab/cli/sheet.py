"""`mnistlab sheet`. Keras is not imported."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnistlab.cli.options import PATH, Choice, debug_option
from mnistlab.system.text import plural

if TYPE_CHECKING:
    from mnistlab.reader.sheet.layout import PaperName


@click.group()
@debug_option
def sheet() -> None:
    """Your own handwriting as a data set. A page to fill in, and what a photo of it gives."""


@sheet.command()
@click.argument("pdf", metavar="PDF", type=PATH)
@click.option("--paper", type=Choice(["a4", "letter"]), default="a4", show_default=True, help="Size of the page.")
@debug_option
def make(pdf: Path, paper: "PaperName") -> None:
    """Write a page with 100 boxes to the new file PDF. Print it, fill it in, photograph it."""
    from mnistlab.reader.sheet import make_sheet

    make_sheet(pdf, paper)
    print(f"{pdf}  print it, write a digit into each box, photograph the whole page, and read the photo with:")
    print("mnistlab sheet read photo.jpg --out mydigits")


@sheet.command()
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=PATH)
@click.option("--out", required=True, type=PATH, help="The new folder for four IDX files and a contact sheet.")
@debug_option
def read(photos: tuple[Path, ...], out: Path) -> None:
    """Make a data set from photos of filled pages. The digits on each PHOTO are cut out and written in MNIST's form."""
    from mnistlab.reader.sheet import read_sheets, write_dataset
    from mnistlab.system.files import check_free

    check_free(out)
    reading = read_sheets(photos)
    dataset = write_dataset(reading, out)
    left_out = [
        plural(count, f"{state} box", f"{state} boxes", spec="d")
        for state, count in (("empty", reading.count("empty")), ("blackened", reading.count("blackened")))
        if count
    ]
    print(f"{reading.count('digit')} digits; left out: {' and '.join(left_out) or 'nothing'}")
    print(f"{out}: {len(dataset.train)} images to train on (odd rows), {len(dataset.test)} to test on (even rows)")
    print(f"See whether all were cut well: {out / 'contact-sheet.png'}")
    print(f"Then: mnistlab evaluate RUN --data {out}")
