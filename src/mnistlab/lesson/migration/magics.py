"""IPython's own lines (`%matplotlib inline`, `!pip install …`, `dir?`): hidden from the parser, never changed.

A line is replaced by a Python line of as many bytes, so that every place in the parsed text is the same place in the
real one.
"""

import ast
import re
import warnings

import libcst

_MAGIC = re.compile(r"^(?P<indent>\s*)(?P<magic>[%!?].*|[\w.]+\?\??)$")
_ASSIGNED = re.compile(r"^(?P<indent>\s*[\w., ]+=\s*)(?P<magic>[%!].*)$")
_PYTHON_CELLS = re.compile(r"^%%(time|timeit|capture|prun|memit|mprun|debug)\b")


def hide(source: str) -> bytes | None:
    """The cell as Python of the same length, or None if it is no Python 3.

    Example:
        >>> hide("%matplotlib inline\\nx = 1\\n")
        b'0#################\\nx = 1\\n'
        >>> hide("print 'x'") is None
        True
    """
    lines = source.encode().splitlines(keepends=True)
    if source.lstrip().startswith("%%"):
        first = next(number for number, line in enumerate(lines) if line.strip())
        if not _PYTHON_CELLS.match(lines[first].decode().strip()):
            return None
        lines[first] = _placeholder(lines[first], 0)
    for _ in range(len(lines) + 1):
        hidden = b"".join(lines)
        failed_at = _failure(hidden)
        if failed_at is None:
            return hidden
        if not _hide_line(lines, failed_at):
            return None
    return None


def is_foreign(source: str) -> bool:
    """Whether a cell is written for another program, such as `%%bash`.

    Example:
        >>> is_foreign("%%bash\\nls"), is_foreign("%%time\\nx = 1")
        (True, False)
    """
    text = source.lstrip()
    return text.startswith("%%") and not _PYTHON_CELLS.match(text)


def first_mistake(source: str) -> tuple[int, str]:
    """The number, from 1, and the text of the line at which a cell stops being Python 3.

    Example:
        >>> first_mistake("x = 1\\nprint 'x'")
        (2, "print 'x'")
    """
    lines = source.splitlines() or [""]
    hidden = source.encode().splitlines(keepends=True)
    while hidden and _hide_line(hidden, len(hidden)):
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of strange escapes
            ast.parse(b"".join(hidden))
    except SyntaxError as error:
        number = min(max(1, error.lineno or 1), len(lines))
        return number, lines[number - 1]
    except (ValueError, RecursionError, MemoryError):
        pass
    return 1, lines[0]


def _failure(text: bytes) -> int | None:
    """The line, from 0, at which the text stops being Python 3; None if it is all Python 3."""
    try:
        if libcst.parse_module(text.decode()).code.encode() != text:
            return len(text)
    except libcst.ParserSyntaxError as error:
        return max(0, error.raw_line - 1)
    except (RecursionError, ValueError):
        return len(text)  # behind every line: nothing can be hidden to mend it
    return None


def _hide_line(lines: list[bytes], failed_at: int) -> bool:
    """Hides the magic at the line, or the nearest one above it, or the next one below; false if there is none."""
    near = min(failed_at, len(lines) - 1)
    for number in [*range(near, -1, -1), *range(near + 1, len(lines))]:  # a tokenizer's mistake has no line
        text = lines[number].decode().rstrip("\r\n")
        match = _MAGIC.match(text) or _ASSIGNED.match(text)
        if match is None:
            continue
        lines[number] = _placeholder(lines[number], len(match["indent"].encode()))
        while text.endswith("\\") and number + 1 < len(lines):
            number += 1
            text = lines[number].decode().rstrip("\r\n")
            lines[number] = b"#" * len(text.encode()) + lines[number][len(text.encode()) :]
        return True
    return False


def _placeholder(line: bytes, indent: int) -> bytes:
    body = line.rstrip(b"\r\n")
    return body[:indent] + b"0".ljust(len(body) - indent, b"#") + line[len(body) :]
