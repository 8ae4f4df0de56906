"""Where the digits are on a photo or scan, and each of them cut out: ink alone, on even ground, upright."""

from mnistlab.reader.segmentation.finding import Found, find_digits

__all__ = ["Found", "find_digits"]
