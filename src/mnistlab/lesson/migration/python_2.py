"""Lines of Python 2 that a cell cannot be read with: `print x`, `except Error, error`, and their like."""

import re

PRINT = "print is a function in Python 3."
EXCEPT = "Python 3 writes except ... as name."
RAISE = "Python 3 writes raise Error(text)."
UNEQUAL = "Python 3 writes != for unequal."
_PRINT = re.compile(
    r"^(?P<before>.*?(?:^|[:;]|\s))print(?P<gap>[ \t]+|(?=['\"]))(?P<what>[^\s=(].*|\([^)]*\)\s*[%,+].*)$"
)
_BARE_PRINT = re.compile(r"^(?P<before>(?:.*[:;])?\s*)print\s*$")
_EXCEPT = re.compile(r"^(\s*except\s+[\w.]+|\s*except\s+\([^)]*\))\s*,\s*(\w+)\s*:")
_RAISE = re.compile(r"^(\s*raise\s+[\w.]+)\s*,\s*(.+)$")
_FILE = re.compile(r"^>>\s*([\w.]+)\s*,\s*(.*)$")


def mend_line(line: str) -> tuple[str, str] | None:
    """A line of Python 2 as Python 3, and the reason; `None` if it is not one of those that are known.

    Example:
        >>> mend_line("    print 'loss', loss,")
        ("    print('loss', loss, end=' ')", 'print is a function in Python 3.')
        >>> mend_line("print(x)") is None
        True
    """
    if match := _EXCEPT.match(line):
        return f"{match[1]} as {match[2]}:{line[match.end() :]}", EXCEPT
    if match := _RAISE.match(line):
        return f"{match[1]}({match[2].rstrip()})", RAISE
    if match := _BARE_PRINT.match(line):
        return f"{match['before']}print()", PRINT
    if (match := _PRINT.match(line)) and not match["before"].lstrip().startswith("#"):
        what, comment = _split_comment(match["what"])
        return f"{match['before']}print({_arguments(what)}){comment}", PRINT
    if " <> " in line:
        return line.replace(" <> ", " != "), UNEQUAL
    return None


def _arguments(what: str) -> str:
    end = ""
    if stream := _FILE.match(what):
        what, end = stream[2], f", file={stream[1]}"
    if what.endswith(","):
        what, end = what[:-1].rstrip(), f"{end}, end=' '"
    return what + end


def _split_comment(text: str) -> tuple[str, str]:
    """The code of a line, and its comment with two blanks before it."""
    place, quote = 0, ""
    while place < len(text):
        letter = text[place]
        if quote:
            place += letter == "\\"
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "#":
            return text[:place].rstrip(), f"  {text[place:]}"
        place += 1
    return text.rstrip(), ""


def mend(source: str) -> tuple[str, list[tuple[str, str, str]]]:
    """A cell with the lines that can be written in Python 3, and each change: old line, new line, reason."""
    lines, changes = source.split("\n"), []
    for number, line in enumerate(lines):
        mended = mend_line(line)
        if mended is not None:
            lines[number] = mended[0]
            changes.append((line.strip(), mended[0].strip(), mended[1]))
    return "\n".join(lines), changes
