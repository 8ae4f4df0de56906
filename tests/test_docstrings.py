"""Every argument's text says what the argument is: it begins with the thing, not in the middle of a sentence."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "mnistlab"
SECTION = re.compile(r"^(?:Args|Attributes):\n((?:    .*\n|\n)+)", re.MULTILINE)
ARGUMENT = re.compile(r"^    (\*{0,2}\w+): *(.*)$", re.MULTILINE)
MID_SENTENCE = ("of", "that", "which", "it")


def argument_texts(docstring: str) -> Iterator[tuple[str, str]]:
    """Names and texts in the sections of arguments and attributes."""
    for section in SECTION.findall(f"{docstring}\n"):
        yield from ARGUMENT.findall(section)


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_arguments_are_named(path):
    definitions = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, definitions):
            for name, text in argument_texts(ast.get_docstring(node) or ""):
                first = re.split(r"\W", text, maxsplit=1)[0]
                assert first.lower() not in MID_SENTENCE, f"{path}: {name}: {text}"
                assert text[:1].isupper() or text.startswith("`"), f"{path}: {name}: {text}"
