"""Finds the digits on a photo or scan and cuts each of them out: only its ink, on even ground, upright."""

from mnistlab.reader.segmentation.finding import Found, Search, find_digits

__all__ = ["Found", "Search", "find_digits"]
