"""Finds boxes, combs and tables as connected ink with long straight sides, whatever their size, slope and place."""

from __future__ import annotations

from math import ceil
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mnistlab.reader.segmentation.light import Mask
from mnistlab.reader.segmentation.windows import all_within, any_around, any_within

_MAX_SLOPE: Final = 10.0  # degrees by which a side differs from level or upright, from perspective
_MAX_LEAN: Final = 24.0  # degrees by which the upright rules of a table lean, if it is seen at a steep angle
_STEP: Final = 0.5  # degrees
_ROWS: Final = 3  # level rules of what is surely a table
_MIN_SIDE: Final = 24  # pixels; a smaller box holds no digit that could be read
_MAX_FILL: Final = 0.4  # of its box that the ink of a frame covers
_MAX_WIDTH: Final = 0.09  # of a frame's shorter side, and at least 6 pixels; the widest of its lines
_COVER: Final = 0.62  # of a frame's width or height that one of its lines covers
_MAX_LINES: Final = 40  # in one direction of one frame
_LONG: Final = 4.0  # sizes of the usual digit; a straight line of this length is a rule, whatever touches it
_PAPER: Final = 0.7  # of a side of the page; connected ink of that size is the paper's
_AT_END: Final = 0.05  # of the width of a comb, between its outer teeth and its ends
_WRITING: Final = 0.5  # of the ink of a rule, that the writing has at least which the rule is compared with
_FEW: Final = 3  # parts of a picture that tell nothing of the usual size
_LARGER: Final = 1.2  # of the usual size; a smaller part is no frame
_TALL: Final = 1.15  # height to width of a rectangle that may be a digit
_MAX_PIXELS: Final = 400_000  # in which lines of a frame are looked for; larger frames are looked at coarsely


def find_frames(is_ink: Mask, whole_page: bool) -> Mask:
    """The pixels of straight lines that form boxes, combs and tables, or are far longer than digits.

    Args:
        is_ink: Pixels of a level page that are ink, bool `(height, width)`.
        whole_page: Whether to look at ink that crosses the page too, which may be its ruling.

    Returns:
        Which of them belong to a frame's lines, including those where writing crosses it.
    """
    lines = np.zeros_like(is_ink)
    labels, count = ndimage.label(any_around(is_ink, 3), np.ones((3, 3)))
    if not count:
        return lines
    windows = ndimage.find_objects(labels)
    areas = np.bincount(labels.ravel())[1:]
    sides = np.array([(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in windows])
    longer = sides.max(axis=1)
    # Grown by a pixel on either side, lines are two pixels wider than they are.
    is_paper = (sides > _PAPER * np.array(is_ink.shape)).any(axis=1) & (not whole_page)
    suspects = ~is_paper & (longer >= _MIN_SIDE) & (areas < _MAX_FILL * sides.prod(axis=1) + 4 * longer)
    usual = longer[(longer >= 10) & (areas >= 30)]
    if len(usual) > _FEW:  # what holds digits is larger than they are
        suspects &= longer > _LARGER * np.percentile(usual, 40)
    largest = np.flatnonzero(suspects)[np.argsort(-longer[suspects])][:200]
    for number in largest:
        window = windows[number]
        own = (labels[window] == number + 1) & is_ink[window]
        found = _lines_of(own)
        if found is None:
            continue
        level, upright = found
        is_other = (longer >= 10) & (areas >= 30) & (longer < 0.8 * longer[number])
        # Next to specks, a digit's own bar or leg looks as long as a rule.
        is_enough = areas[is_other].sum() >= _WRITING * areas[number]
        others = longer[is_other] if is_enough else longer[:0]
        if _is_frame(own, level, upright, _holds_others(is_ink[window] & ~own), others):
            for mask in (*level, *upright):
                lines[window] |= mask & own
    return lines


def _holds_others(other: Mask) -> bool:
    """Whether there is ink of some size within a frame that does not touch it."""
    edge = [max(side // 10, 1) for side in other.shape]
    middle = other[edge[0] : -edge[0], edge[1] : -edge[1]]
    rows = np.flatnonzero(middle.any(axis=1))
    return bool(len(rows) > 0.2 * other.shape[0])


def _is_frame(own: Mask, level: list[Mask], upright: list[Mask], is_filled: bool, others: npt.NDArray[np.int_]) -> bool:
    height, width = own.shape
    if len(level) >= 2 and len(upright) >= 2:
        # An empty upright rectangle may be a 0 or, with a bar, an 8 of an angular hand.
        return is_filled or len(upright) > 2 or height < _TALL * width
    if level and len(upright) >= 3:  # a comb, with a tooth at either end
        columns = np.concatenate([np.flatnonzero(line.any(axis=0)) for line in upright])
        return bool(columns.min() <= _AT_END * width + 3 and columns.max() >= (1 - _AT_END) * width - 3)
    if (level and len(upright) == 2) or (len(level) == 2 and upright):
        return is_filled
    if not others.size:
        return False
    usual = float(np.percentile(others, 67))
    return bool((level and width > _LONG * usual) or (upright and height > _LONG * usual))


def _lines_of(own: Mask) -> tuple[list[Mask], list[Mask]] | None:
    """The level and the upright lines that cross most of a window, each as pixels of it; `None` if there is none."""
    factor = ceil((own.size / _MAX_PIXELS) ** 0.5)
    small: Mask = own
    if factor > 1:
        high, wide = (side - side % factor for side in own.shape)
        cells = own[:high, :wide].reshape(high // factor, factor, wide // factor, factor)
        small = np.asarray(cells.any(axis=(1, 3)))
    level = [_spread(line, own.shape, factor) for line in _level_lines(small)]
    most = _MAX_LEAN if len(level) >= _ROWS else _MAX_SLOPE
    upright = [_spread(line, own.shape[::-1], factor).T for line in _level_lines(np.ascontiguousarray(small.T), most)]
    return (level, upright) if level or upright else None


def _spread(line: Mask, shape: tuple[int, ...], factor: int) -> Mask:
    if factor == 1:
        return line
    large = np.kron(line, np.ones((factor, factor), bool))
    found: Mask = np.pad(large, [(0, side - had) for side, had in zip(shape, large.shape, strict=True)])
    return found


def normals_near_level(most: float) -> npt.NDArray[np.float64]:
    """Angles in radians of the normals of lines that differ from level by up to so many degrees."""
    normals: npt.NDArray[np.float64] = np.pi / 2 + np.radians(np.arange(-most, most + 0.1, _STEP))
    return normals


def hough_votes(
    pixels: Mask, angles: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """How many pixels lie on each straight line: the Hough transform.

    Args:
        pixels: Pixels, bool `(height, width)`.
        angles: Angles of the lines' normals in radians.

    Returns:
        Votes `(num_distances, num_angles)`, the angles, and the distances of the lines from the first pixel.

    Source:
        R. Duda and P. Hart, Use of the Hough transformation to detect lines and curves in pictures, Communications of
        the ACM 15 (1972).
    """
    rows, columns = np.nonzero(pixels)
    most = ceil(np.hypot(*pixels.shape))
    votes = [
        np.bincount(np.round(columns * np.cos(one) + rows * np.sin(one)).astype(int) + most, minlength=2 * most + 1)
        for one in angles
    ]
    return np.stack(votes, axis=1), angles, np.arange(-most, most + 1, dtype=np.float64)


def _half_width(on_line: Mask) -> int:
    """Rows to either side of a line's course that are its own, by its thickness where nothing crosses it."""
    thickness = on_line.sum(axis=0)
    return ceil(np.percentile(thickness[thickness > 0], 25) / 2) + 3 if on_line.any() else 0


def _level_lines(own: Mask, most: float = _MAX_SLOPE) -> list[Mask]:
    height, width = own.shape
    if width < _MIN_SIDE:
        return []
    widest = max(6, round(_MAX_WIDTH * min(height, width)))
    thin = own & ~any_within(all_within(own, widest + 1, axis=0), widest + 1, axis=0)
    if np.count_nonzero(thin) < _COVER * width:
        return []
    # A slight bend stays within three rows.
    grown = any_within(thin, 3, axis=0)
    votes, angles, distances = hough_votes(grown, normals_near_level(most))
    lines: list[Mask] = []
    columns, offsets = np.arange(width), np.arange(-(widest // 2) - 2, widest // 2 + 3)[:, None]
    sines, cosines = np.sin(angles)[None], np.cos(angles)[None]
    while len(lines) < _MAX_LINES:
        best = np.unravel_index(int(votes.argmax()), votes.shape)
        if votes[best] < _COVER * width:
            break
        course = (distances[best[0]] - columns * cosines[0, best[1]]) / sines[0, best[1]]
        rows = np.round(course).astype(int)[None] + offsets  # (offsets, width)
        is_inside = (rows >= 0) & (rows < height)
        on_line = thin[np.clip(rows, 0, height - 1), columns[None]] & is_inside
        on_line &= np.abs(offsets) <= _half_width(on_line)
        covered = np.count_nonzero(on_line.any(axis=0))
        if covered >= _COVER * width and on_line.sum() <= widest * covered:
            line = np.zeros_like(own)
            line[rows[on_line], np.broadcast_to(columns, rows.shape)[on_line]] = True
            lines.append(line)
            thin = thin & ~line
        same = np.ones(votes.shape, bool)  # neighbouring votes are for the same line
        for right in (0, width - 1):
            same &= np.abs((distances[:, None] - right * cosines) / sines - course[right]) <= widest + 3
        votes[same] = 0
    return lines
