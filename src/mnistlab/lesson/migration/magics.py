"""IPython's own lines (`%matplotlib inline`, `!pip install …`, `dir?`): hidden from the parser, never changed.

A line is replaced by a Python line of as many bytes, so that positions in the parsed text are those in the real one.
"""

import ast
import functools
import io
import re
import tokenize
import warnings

import libcst

_MAGIC = re.compile(r"^(?P<indent>\s*)(?P<magic>[%!?].*|[\w.]+\?\??)$")
_ASSIGNED = re.compile(r"^(?P<indent>\s*[\w., ]+=\s*)(?P<magic>[%!].*)$")
_NAME_HELP = re.compile(r"^[\w.]+$")
MAX_UNREAD = 6  # lines of a cell; with more it is not worth reading
MAX_DEPTH = 80  # nodes within nodes; code that people write has about 20
_PYTHON_CELLS = re.compile(r"^%%(time|timeit|capture|prun|memit|mprun|debug)\b")


def hide(source: str) -> bytes | None:
    """The cell as Python of the same length; `None` if it is not Python 3.

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
        hidden = _with_comments_to_the_left(b"".join(lines))
        failed_at = _failure(hidden)
        if failed_at is None:
            return hidden
        if not _hide_line(lines, failed_at):
            return None
    return None


def hide_all(source: str) -> tuple[bytes, list[int]] | None:
    """The cell as Python of the same length, without the few lines that are not Python 3; `None` if little would stay.

    Returns:
        The text, and the numbers, from 0, of the lines that were hidden because they cannot be read.

    Example:
        >>> hide_all("x = 1\\nimage = # YOUR CODE HERE\\ny = 2")
        (b'x = 1\\n0#######################\\ny = 2', [1])
    """
    hidden = hide(source)
    if hidden is not None:
        return hidden, []
    if is_foreign(source):
        return None
    lines = source.encode().splitlines(keepends=True)
    unread: list[int] = []
    for number in range(len(lines)):
        if _MAGIC.match(lines[number].decode().rstrip("\r\n")) and not _NAME_HELP.match(lines[number].decode().strip()):
            lines[number] = _placeholder(lines[number], len(lines[number]) - len(lines[number].lstrip()))
    num_code = sum(bool(line.strip()) and not line.lstrip().startswith(b"#") for line in lines)
    while len(unread) <= min(MAX_UNREAD, num_code // 3):
        text = b"".join(lines)
        failed_at = _failure(text)
        if failed_at is None:
            return text, sorted(unread)
        place = _place_of_gap(lines, min(failed_at, len(lines) - 1), text)
        if place in unread:
            return None
        unread.append(place)
        line = lines[place]
        lines[place] = _placeholder(line, len(line) - len(line.lstrip()))
    return None


def _place_of_gap(lines: list[bytes], failed_at: int, text: bytes) -> int:
    """The line to hide: the one that failed, or the comment that stands where the body of a block should."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        found = re.search(r"expected an indented block after .* on line (\d+)", str(error.msg))
        if found is not None:
            head = int(found[1]) - 1
            indent, comment = len(lines[head]) - len(lines[head].lstrip()), head
            for number in range(head + 1, len(lines)):
                line = lines[number]
                if not line.strip():
                    continue
                if not line.lstrip().startswith(b"#") or len(line) - len(line.lstrip()) <= indent:
                    break
                comment = number  # the last one: a mark stands above it
            return comment
        if "was never closed" in str(error.msg):
            return max(0, (error.lineno or 1) - 1)
    except (RecursionError, MemoryError, ValueError):
        return failed_at
    return failed_at


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
        >>> first_mistake("%matplotlib inline\\nprint 'x'")
        (2, "print 'x'")
    """
    lines = source.splitlines() or [""]
    hidden = source.encode().splitlines(keepends=True)
    while hidden and _hide_line(hidden, len(hidden)):
        pass
    failed_at = _failure(b"".join(hidden))
    number = failed_at if failed_at is not None and failed_at < len(lines) else 0
    return number + 1, lines[number]


@functools.lru_cache(maxsize=256)  # a migration asks several times about the same cell
def _failure(text: bytes) -> int | None:
    """The number, from 0, of the line at which the text stops being readable Python 3; `None` if all of it is readable.

    Python's own parser goes first: libcst's has no limit of depth, and deep nesting would end the process.
    """
    nowhere = text.count(b"\n") + 1  # behind every line
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about unknown escapes
            tree = ast.parse(text)
        if _depth(tree) > MAX_DEPTH or libcst.parse_module(text.decode()).code.encode() != text:
            return nowhere
    except SyntaxError as error:
        return max(0, (error.lineno or 1) - 1)
    except (libcst.ParserSyntaxError, RecursionError, MemoryError, ValueError):
        return nowhere
    return None


def _with_comments_to_the_left(text: bytes) -> bytes:
    """The text with the blanks before its last comments, and in its last empty lines, filled with `#`.

    libcst gives other blanks back there, and nothing that Python runs stands in these lines.
    """
    lines = text.splitlines(keepends=True)
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number]
        if line.strip() and not line.lstrip().startswith(b"#"):
            break
        body = line.rstrip(b"\r\n")
        blanks = len(body) - len(body.lstrip(b" \t\x0c"))
        lines[number] = b"#" * blanks + line[blanks:]
    filled = b"".join(lines)
    return filled if filled != text and _is_same_code(text, filled) else text


def _is_same_code(text: bytes, filled: bytes) -> bool:
    """Whether two texts are the same to Python: the lines at the end may belong to a text within quotes."""

    def tokens(code: bytes) -> list[tuple[int, str]]:
        ignored = (
            tokenize.COMMENT,
            tokenize.NL,
            tokenize.NEWLINE,
            tokenize.ENDMARKER,
            tokenize.INDENT,
            tokenize.DEDENT,
        )
        found = tokenize.tokenize(io.BytesIO(code).readline)
        return [(token.type, token.string) for token in found if token.type not in ignored]

    try:
        return tokens(text) == tokens(filled)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return False


def _depth(tree: ast.AST) -> int:
    """The greatest number of nodes of a tree that lie within each other."""
    level, depth = [tree], 0
    while level:
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        depth += 1
    return depth


def _hide_line(lines: list[bytes], failed_at: int) -> bool:
    """Hides the magic at the line, or the nearest one above, or the next one below; returns whether there was one."""
    near = min(failed_at, len(lines) - 1)
    for number in [*range(near, -1, -1), *range(near + 1, len(lines))]:  # an open bracket is found late
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
