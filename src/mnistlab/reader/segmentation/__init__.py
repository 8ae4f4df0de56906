"""Finds the digits on a photo or scan and cuts each of them out: only its ink, on even ground, upright."""

from mnistlab.reader.segmentation.enclosing import LABEL
from mnistlab.reader.segmentation.finding import Found, Search, find_digits
from mnistlab.reader.segmentation.grain import grain
from mnistlab.reader.segmentation.plates import Plate, blend, find_plates

__all__ = ["LABEL", "Found", "Plate", "Search", "blend", "find_digits", "find_plates", "grain"]
