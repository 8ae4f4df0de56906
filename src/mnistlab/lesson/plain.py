"""Text from a student's process or file system, made fit to be shown: one line, no control of the terminal."""

import unicodedata

MAX_MARKS = 3  # combining marks on one character; more would climb over the lines above


def plain(text: object, max_length: int = 300) -> str:
    """One line of visible characters.

    Control characters, those that turn the direction of writing, and those that are invisible or unassigned become
    `?`; white space becomes single spaces; piles of combining marks are cut down; long text ends in `…`.

    Example:
        >>> plain("\\x1b[2Jall\\nright \\u202egpj.exe")
        '?[2Jall right ?gpj.exe'
    """
    shown: list[str] = []
    num_marks = 0
    for character in str(text)[: 10 * max_length]:
        category = unicodedata.category(character)
        if category in ("Mn", "Me"):
            num_marks += 1
            if num_marks <= MAX_MARKS:
                shown.append(character)
            continue
        num_marks = 0
        shown.append(" " if character.isspace() else "?" if category.startswith("C") else character)
    line = " ".join("".join(shown).split())
    return line if len(line) <= max_length else line[: max_length - 1] + "…"


def spreadsheet_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula.

    Source: OWASP, "CSV Injection".

    Example:
        >>> spreadsheet_cell("=HYPERLINK(1).ipynb")
        "'=HYPERLINK(1).ipynb"
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")) else text
