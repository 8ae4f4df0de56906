"""Splits as small tables, for a terminal and for a notebook."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnistlab.datasets.splits import Split


def describe_arrays(split: Split) -> str:
    """Types and shapes of a split's images and labels."""
    return f"{split.images.dtype} {split.images.shape}, labels {split.labels.dtype} {split.labels.shape}"


def numbered(names: Sequence[str]) -> str:
    """Names of classes, each after its number."""
    return ", ".join(f"{number} {name}" for number, name in enumerate(names))


def align(rows: list[list[str]]) -> list[str]:
    """Indented lines: the first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]


def html_table(caption: str, splits: list[Split], num_classes: int) -> str:
    """An HTML table with a row for each split and a column for each class."""
    header = "".join(f"<th>{title}</th>" for title in ("split", "images", "labels", *range(num_classes)))
    rows = []
    for split in splits:
        shapes = [f"{array.dtype} {array.shape}" for array in (split.images, split.labels)]
        counts = [f"{count:,}" for count in split.class_counts]
        cells = "".join(f"<td>{cell}</td>" for cell in shapes + counts)
        rows.append(f"<tr><th>{html.escape(split.name)}</th>{cells}</tr>")
    caption = f"<caption>{html.escape(caption)}</caption>"
    return f"<table>{caption}<thead><tr>{header}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
