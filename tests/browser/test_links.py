"""Links from strangers: nothing of them gets into code that somebody may copy and run."""

import ast
import re
import shlex
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page, expect

HOSTILE = "0]);__import__('os').system('echo PWNED')#"
SHELL = "$(echo PWNED)`echo PWNED`;echo PWNED\n\"'"
KEYS = {
    "draw": ("networks", "strokes", "digit"),
    "inside": ("network", "second", "strokes", "digit", "layer", "cell", "layer2", "cell2", "cut", "noise", "cover"),
    "train": ("recipe", "epochs", "batch", "rate", "augment", "seed", "runs"),
    "mistakes": ("network", "label", "prediction", "image"),
    "experiments": ("experiment",),
}


def code_of(page: Page) -> tuple[str, str]:
    """What the code panel says, on the command line and in Python."""
    page.get_by_role("button", name="How to do this in code").click()
    expect(page.locator("#code-panel")).to_be_visible()  # only then is the code that of the screen
    command, python = (page.locator(f"#code-{kind}").inner_text() for kind in ("command", "python"))
    page.keyboard.press("Escape")
    expect(page.locator("#code-panel")).to_be_hidden()
    return command, python


def test_a_strangers_link_puts_nothing_into_the_code(reused: Any) -> None:
    """On one page, which knows nothing but its address: what the code is without a link, and what it is with each."""
    faults = []
    for tab, keys in KEYS.items():
        page = reused.open(f"tab={tab}")
        expected = code_of(page)
        for text in (HOSTILE, SHELL, f"1 {HOSTILE}", "0x10", "１"):
            reused.open(f"tab={tab}&" + "&".join(f"{key}={quote(text)}" for key in keys))
            command, python = code_of(page)
            try:
                assert "PWNED" not in command + python
                ast.parse(python)
                shlex.split(command, comments=True)
                if text != "0x10":  # which is a number, 16
                    assert (command, python) == expected
            except (AssertionError, SyntaxError, ValueError) as fault:
                faults.append(f"{tab} with {text!r}: {fault}")
    assert faults == []


def test_a_test_image_from_a_link_is_a_number_in_the_code(reused: Any) -> None:
    _, python = code_of(reused.open("tab=mistakes&network=shipped-mlp&image=0115"))
    assert re.search(r"test\.labels\[115\]", python)
