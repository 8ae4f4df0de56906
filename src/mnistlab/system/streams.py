"""Standard output and standard error of a command: any encoding will do, and a reader may leave early.

Nothing here is done on import: a notebook or a program that uses the library keeps its streams.
"""

import codecs
import errno
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

CLOSED_EXIT_CODE = 141  # 128 + SIGPIPE: what a shell reports of a program whose reader has left

_ERRORS = "mnistlab-marks"  # name of the error handler
_MARKS = {
    "\u00a0": " ",
    **dict.fromkeys("‐‑–—―−", "-"),
    **dict.fromkeys("‘’‚′", "'"),
    **dict.fromkeys("“”„″", '"'),
    **dict.fromkeys("·•∙⋅", "."),
    **{"…": "...", "×": "x", "÷": "/", "±": "+/-", "°": " degrees", "≈": "~", "≠": "!=", "≤": "<=", "≥": ">="},
    **{"←": "<-", "→": "->", "↔": "<->", "↑": "^", "↓": "v", "⇒": "=>"},
    **{"✓": "+", "✔": "+", "✗": "x", "✘": "x", "○": "o", "●": "*", "✦": "*", "★": "*"},
    **{"½": "1/2", "¼": "1/4", "¾": "3/4", "¹": "^1", "²": "^2", "³": "^3", "µ": "u"},
    **{"α": "alpha", "β": "beta", "γ": "gamma", "ε": "epsilon", "λ": "lambda", "μ": "mu", "σ": "sigma", "χ": "chi"},
    **dict(zip("░▒▓█", ".:+#", strict=True)),  # the shades in which `read --explain` draws
    **dict(zip("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\|/-\\|/", strict=True)),  # the spinner of a progress bar
    **{chr(code): "+" for code in range(0x2500, 0x2580)},  # frames of tables
    **dict.fromkeys("─━┄┅┈┉╌╍═╴╶╸╺╼╾", "-"),
    **dict.fromkeys("│┃┆┇┊┋╎╏║╵╷╹╻╽╿", "|"),
}
"""ASCII for the characters that mnistlab, Keras and rich print, in as few columns as it can be said in."""


def prepare_streams() -> None:
    """Makes standard output and standard error of this process fit for whatever is printed on them.

    - A character that the encoding lacks is replaced: a mark by its ASCII form, any other by `?`. Work that is done
      must not end with an error because a Windows console cannot show a dash.
    - When the reader of standard output has left, as `head` does, the process ends at the next thing it prints, without
      a word and with `CLOSED_EXIT_CODE`. A reader of standard error may leave without consequences.

    Streams that are closed, or that another program has put in their place, stay as they are.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            setattr(sys, name, _prepared(stream, name))


def replace_marks(text: str) -> str:
    """Text in ASCII: each mark in its ASCII form, any other character that ASCII lacks as `?`.

    Example:
        >>> replace_marks("97.70–98.30 % ✓ 日")
        '97.70-98.30 % + ?'
    """
    return "".join(character if character.isascii() else _MARKS.get(character, "?") for character in text)


def is_utf8(stream: TextIO) -> bool:
    """Whether a stream can show every character.

    Example:
        >>> is_utf8(io.TextIOWrapper(io.BytesIO(), "cp850")), is_utf8(io.TextIOWrapper(io.BytesIO(), "UTF8"))
        (False, True)
    """
    return codecs.lookup(getattr(stream, "encoding", None) or "utf-8").name == "utf-8"


class _Guarded(io.FileIO):
    """The bytes of a standard stream, whose reader may leave."""

    def __init__(self, descriptor: int, name: str) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._is_output = name == "stdout"
        self.name = f"<{name}>"

    def write(self, content: "ReadableBuffer", /) -> int:
        """Writes bytes; where nobody reads them, ends the process (standard output) or drops them (standard error)."""
        try:
            return super().write(content)
        except OSError as error:
            self._discard_the_rest()
            if self._is_output and _has_no_reader(error):
                # Not an exception that a caller could take for a failure of its own, such as an OSError.
                raise SystemExit(CLOSED_EXIT_CODE) from None
            if self._is_output:
                raise OSError(error.errno, error.strerror, "standard output") from error
            return memoryview(content).nbytes

    def _discard_the_rest(self) -> None:
        """Sends what is still in the buffers nowhere, or Python complains about it at its end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def _has_no_reader(error: OSError) -> bool:
    return error.errno == errno.EPIPE or (os.name == "nt" and error.errno == errno.EINVAL)


def _prepared(stream: io.TextIOWrapper, name: str) -> io.TextIOWrapper:
    """The stream with our handling of errors, unless the user chose another with PYTHONIOENCODING."""
    codecs.register_error(_ERRORS, _replaced)
    chosen = stream.errors if name == "stdout" and stream.errors not in ("strict", "surrogateescape") else _ERRORS
    stream.reconfigure(errors=chosen)
    if type(getattr(stream.buffer, "raw", stream.buffer)) is not io.FileIO:  # guarded before, or a Windows console
        return stream
    guarded = _Guarded(stream.fileno(), name)
    return io.TextIOWrapper(
        io.BufferedWriter(guarded),
        encoding=stream.encoding,
        errors=chosen,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """What stands for the characters that an encoding lacks, for `codecs.register_error`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return replace_marks(error.object[error.start : error.end]), error.end
