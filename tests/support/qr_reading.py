"""Reads QR codes: written from ISO/IEC 18004 apart from the page's module that draws them, and without its tables.

The numbers of blocks and of their codewords are found by trial: only for the true ones does every block pass the check
of its error correction.
"""

from itertools import pairwise

Rows = list[list[bool]]
MASKS = (
    lambda i, j: (i + j) % 2,
    lambda i, j: i % 2,
    lambda i, j: j % 3,
    lambda i, j: (i + j) % 3,
    lambda i, j: (i // 2 + j // 3) % 2,
    lambda i, j: i * j % 2 + i * j % 3,
    lambda i, j: (i * j % 2 + i * j % 3) % 2,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2,
)
FINDER = ("1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111")
_EXPONENTS = [1]
for _ in range(254):
    _doubled = _EXPONENTS[-1] << 1
    _EXPONENTS.append(_doubled ^ 0x11D if _doubled & 256 else _doubled)
_LOGARITHMS = {value: power for power, value in enumerate(_EXPONENTS)}


def read_qr(rows: Rows) -> str:
    """The text of a code without its quiet zone, byte mode; `AssertionError` if it is not a sound one."""
    side = len(rows)
    assert side in range(21, 178, 4) and all(len(row) == side for row in rows)
    corners = ((0, 0), (0, side - 7), (side - 7, 0))
    for top, left in corners:
        seen = tuple("".join("01"[cell] for cell in row[left : left + 7]) for row in rows[top : top + 7])
        assert seen == FINDER, "no finder pattern"
    mask, level = _format(rows)
    bits = [rows[i][j] != (not MASKS[mask](i, j)) for i, j in _places(side)]
    words = [sum(bit << (7 - at) for at, bit in enumerate(byte)) for byte in _eights(bits)]
    data = _data(words)
    assert level in (0, 1)
    stream = "".join(f"{word:08b}" for word in data)
    assert stream[:4] == "0100", "not byte mode"
    digits = 8 if side < 57 else 16  # version 10 on
    length = int(stream[4 : 4 + digits], 2)
    content = stream[4 + digits :][: 8 * length]
    return bytes(int(byte, 2) for byte in map("".join, zip(*[iter(content)] * 8, strict=True))).decode()


def _eights(bits: list[bool]) -> list[tuple[bool, ...]]:
    return list(zip(*[iter(bits)] * 8, strict=False))


def _format(rows: Rows) -> tuple[int, int]:
    """Mask and level from both copies of the format information."""
    side = len(rows)
    around = [*((8, j) for j in (0, 1, 2, 3, 4, 5, 7, 8)), *((i, 8) for i in (7, 5, 4, 3, 2, 1, 0))]
    apart = [*((side - 1 - k, 8) for k in range(7)), *((8, side - 8 + k) for k in range(8))]
    values = {sum(rows[i][j] << (14 - at) for at, (i, j) in enumerate(copy)) for copy in (around, apart)}
    assert len(values) == 1, "the two copies of the format differ"
    value = values.pop() ^ 0b101010000010010
    rest = value
    for at in range(14, 9, -1):
        if rest >> at & 1:
            rest ^= 0b10100110111 << (at - 10)
    assert rest == 0, "the format is damaged"
    assert rows[side - 8][8], "no dark module"
    return value >> 10 & 7, value >> 13


def _places(side: int) -> list[tuple[int, int]]:
    """Where the codewords are, two columns at a time from the right, up and down."""
    version = (side - 17) // 4
    centres = _alignment(version)
    blocked = set[tuple[int, int]]()
    for top, left in ((0, 0), (0, side - 8), (side - 8, 0)):
        blocked |= {(i, j) for i in range(top, top + 9) for j in range(left, left + 9)}
    last = centres[-1:] and centres[-1]
    for i in centres:
        for j in centres:
            if (i, j) not in ((6, 6), (6, last), (last, 6)):
                blocked |= {(i + y, j + x) for y in range(-2, 3) for x in range(-2, 3)}
    blocked |= {(6, j) for j in range(side)} | {(i, 6) for i in range(side)}
    if version >= 7:
        blocked |= {(i, j) for i in range(6) for j in range(side - 11, side - 8)}
        blocked |= {(j, i) for i in range(6) for j in range(side - 11, side - 8)}
    places, upward = list[tuple[int, int]](), True
    for right in [*range(side - 1, 6, -2), *range(5, 0, -2)]:
        for i in reversed(range(side)) if upward else range(side):
            places += [(i, j) for j in (right, right - 1) if (i, j) not in blocked]
        upward = not upward
    return places


def _alignment(version: int) -> list[int]:
    """Centres of the alignment patterns, evenly apart from the last one back; annex E."""
    if version == 1:
        return []
    number, last = version // 7 + 2, 4 * version + 10
    exact = (last - 6) / (number - 1)
    step = next(even for even in range(2, 40, 2) if even >= exact) if version != 32 else 26
    found = [6, *sorted(last - step * at for at in range(number - 1))]
    assert all(one < other for one, other in pairwise(found))
    return found


def _data(words: list[int]) -> list[int]:
    """The data codewords, out of the only arrangement in blocks whose error correction holds everywhere."""
    for check in range(30, 6, -1):  # the most first: what is sound passes the check of fewer codewords too
        for number in range(1, 82):
            size = len(words) // number - check
            if size < 1 or size + check > 255:
                continue
            blocks = _unwoven(words, number, check)
            if not any(_syndrome(blocks[0], power) for power in range(check)) and all(
                not _syndrome(block, power) for block in blocks for power in range(check)
            ):
                return [word for block in blocks for word in block[:-check]]
    raise AssertionError("no arrangement in blocks passes the check")


def _unwoven(words: list[int], number: int, check: int) -> list[list[int]]:
    total = len(words) - number * check
    sizes = [total // number + (at >= number - total % number) for at in range(number)]
    blocks = [list[int]() for _ in sizes]
    rest = iter(words)
    for at in range(max(sizes)):
        for block, size in zip(blocks, sizes, strict=True):
            if at < size:
                block.append(next(rest))
    for _ in range(check):
        for block in blocks:
            block.append(next(rest))
    return blocks


def _syndrome(block: list[int], power: int) -> int:
    """The block's polynomial at 2 to some power; 0 in a sound block."""
    total = 0
    for word in block:
        total = (_EXPONENTS[(_LOGARITHMS[total] + power) % 255] if total else 0) ^ word
    return total
