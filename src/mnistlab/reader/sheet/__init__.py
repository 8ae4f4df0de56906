"""A page for your own handwritten digits: drawn, and read back from a photo into a data set in MNIST's form."""

from mnistlab.reader.sheet.drawing import draw_page, make_sheet
from mnistlab.reader.sheet.reading import read_sheets, write_dataset

__all__ = ["draw_page", "make_sheet", "read_sheets", "write_dataset"]
