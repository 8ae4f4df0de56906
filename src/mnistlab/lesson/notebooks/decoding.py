"""The text of a file that is handed in as a notebook, and one plain reason for each way in which it is none."""

import codecs
import io
import json
import re
import tokenize

from mnistlab.exceptions import DataError

_CODING = re.compile(r"\A((?:[^\n]*\n)?[ \t\f]*#.*?coding[:=][ \t]*)[-\w.]+")  # PEP 263
_CONFLICT = re.compile(r"^(<<<<<<<|>>>>>>>)", re.MULTILINE)
_WEB_PAGE = re.compile(r"\s*<(?:!doctype|html|head|\?xml)", re.IGNORECASE)
_SIGNATURES = {
    b"PK\x03\x04": "a ZIP file or an office document",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": "a compressed file",
}
_BEGINNINGS: dict[str | tuple[str, ...], str] = {
    "version https://git-lfs": "is a pointer of Git LFS and not the notebook. Run git lfs pull, and copy it again.",
    ("http://", "https://"): "holds a link and not the notebook itself. Download the notebook, and hand that in.",
    "{\\rtf": "is a document of a word processor, whatever its name says. Hand in the notebook itself.",
    ("{'", "[{'"): "was written by Python with single quotes, which JSON does not know. Download or save it again.",
}


def decode(content: bytes, *, is_python: bool = False) -> str:
    """The text of a file in UTF-8, or in UTF-16 as Windows programs write it.

    Args:
        content: The file's bytes.
        is_python: Whether a first line such as `# -*- coding: latin-1 -*-` may name another encoding (PEP 263).

    Raises:
        DataError: the bytes are no such text; the sentence goes on after the file's name.
    """
    if not content.strip(b" \t\r\n\0"):
        raise DataError(
            f"is empty: it has {len(content):,} bytes and no content. Save it again, or hand in another copy."
        )
    for signature, kind in _SIGNATURES.items():
        if content.startswith(signature):
            raise DataError(f"is {kind} by its content, whatever its name says. Hand in the notebook itself.")
    encoding = _encoding(content, is_python=is_python)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding.startswith("utf-16"):
            raise DataError(f"begins like UTF-16, but breaks off at byte {error.start:,}. Save it again.") from None
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise DataError(
            f"is not text in UTF-8: byte 0x{content[error.start]:02x} in line {line:,}, column {column:,}"
            f"{_guess(content, error.start)}. Save it as UTF-8."
        ) from None
    except LookupError:  # such as rot13, which Python knows, and which turns text into text
        raise DataError(f"names {encoding} as its encoding, which is not one of text.") from None
    conflict = _CONFLICT.search(text)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        raise DataError(
            f"has marks of a merge conflict, the first in line {line:,}. Resolve it in Git, and save it again."
        )
    return text


def declare_utf_8(text: str) -> str:
    """The text of a Python file whose first lines, if they name an encoding, name UTF-8.

    Example:
        >>> declare_utf_8("# coding: latin-1\\nname = 'Zoë'\\n")
        "# coding: utf-8\\nname = 'Zoë'\\n"
    """
    return text if text.isascii() else _CODING.sub(r"\1utf-8", text, count=1)


def _encoding(content: bytes, *, is_python: bool) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if content[1:4:2] == b"\0\0":  # without a mark; the first characters are ASCII in any notebook
        return "utf-16-le"
    if content[0:3:2] == b"\0\0":
        return "utf-16-be"
    if is_python and not content.startswith(codecs.BOM_UTF8):
        try:
            return tokenize.detect_encoding(io.BytesIO(content).readline)[0]
        except SyntaxError:  # also what it raises for bytes that are not UTF-8
            return "utf-8"
    return "utf-8-sig"


def _guess(content: bytes, start: int) -> str:
    """What the byte would be in the encoding that Windows calls ANSI."""
    try:
        character = content[start : start + 1].decode("cp1252")
    except UnicodeDecodeError:
        return ""
    return f", which is {character} in Windows-1252" if character.isprintable() else ""


def require_notebook(text: str) -> None:
    """Nothing if a text is JSON with a list of cells.

    Raises:
        DataError: it is not; the sentence goes on after the file's name.
    """
    if _WEB_PAGE.match(text):
        raise DataError("is a web page and not a notebook. Download the file itself, by its raw link.")
    try:
        found = json.loads(text)
    except RecursionError:
        raise DataError("is JSON that is nested too deeply for a notebook.") from None
    except json.JSONDecodeError as error:
        for beginning, sentence in _BEGINNINGS.items():
            if text.lstrip().startswith(beginning):
                raise DataError(sentence) from None
        if not text.lstrip().startswith(("{", "[")):
            raise DataError("is not JSON, which every notebook is. Is it Python? Then its name ends in .py.") from None
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            raise DataError(
                f"is cut off: its JSON ends in the middle, after {len(text):,} characters. Copy or download it again."
            ) from None
        if error.msg == "Extra data":
            raise DataError(
                f"goes on after its end, in line {error.lineno:,}: perhaps two copies in one file. Keep one of them."
            ) from None
        raise DataError(
            f"is damaged: its JSON breaks in line {error.lineno:,}, column {error.colno:,}. Copy or download it again."
        ) from None
    except ValueError:  # a number with too many digits
        raise DataError("is JSON with a number that is too long to read.") from None
    if not isinstance(found, dict):
        kind = "a list" if isinstance(found, list) else "a text" if isinstance(found, str) else "a single value"
        raise DataError(f"is JSON, but {kind} and not a notebook: an object with a list of cells was expected.")
    if not isinstance(found.get("cells", found.get("worksheets")), list):
        raise DataError("is JSON, but not a notebook: a list of cells was expected in it.")
