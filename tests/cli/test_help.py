"""Help that fits a terminal, completion with the tab key, and limits that the reference knows."""

import os
import re
import shutil
import subprocess
import sys

import click
import pytest

from mnistlab.cli.main import cli
from mnistlab.recipes import LIMITS
from processes import run_mnistlab
from repository import ROOT

GROUPS = ["", *(name for name, command in cli.commands.items() if isinstance(command, click.Group))]


def every_command(group=cli, path=()):
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


@pytest.mark.parametrize("group", GROUPS)
def test_each_command_is_told_in_one_whole_line_of_80_columns(group):
    context = click.Context(cli, info_name="mnistlab", terminal_width=80)
    command = cli
    if group:
        command = cli.commands[group]
        context = click.Context(command, context, group, terminal_width=80)
    listed = command.get_help(context).partition("\nCommands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == sorted(command.commands)
    for line in listed:
        assert len(line) <= 80
        assert line.endswith(".")
        assert not line.endswith("..")


def test_help_is_ascii_and_fits_80_columns():
    """What click prints itself goes to a stream of ASCII as UTF-8."""
    for path, command in every_command():
        context = click.Context(command, info_name=" ".join(("mnistlab", *path)), terminal_width=80)
        text = command.get_help(context)
        assert text.isascii(), path
        assert max(map(len, text.splitlines())) <= 80, path


def test_every_number_has_a_lowest_and_a_highest_value():
    for path, command in every_command():
        for parameter in command.params:
            kind = parameter.type
            assert not isinstance(kind, click.types.IntParamType) or None not in (kind.min, kind.max), path
            assert not isinstance(kind, click.types.FloatParamType) or None not in (kind.min, kind.max), path


def test_every_choice_is_asked_about():
    for _, command in every_command():
        for parameter in command.params:
            if isinstance(parameter.type, click.Choice):
                near = max(parameter.type.choices, key=len)[:-1]
                with pytest.raises(click.BadParameter, match=re.escape("Did you mean '")):
                    parameter.type.convert(near, parameter, click.Context(command))


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_in_the_reference(name):
    """In the table of recipes, in the words of the error message or shorter."""
    limit = LIMITS[name]
    (row,) = [
        line
        for line in (ROOT / "docs" / "reference.md").read_text(encoding="utf-8").splitlines()
        if line.startswith(f"| `{name}` |") and line.count("|") == 8
    ]
    words = str(limit).removeprefix("a whole number ").removeprefix("a number ")
    assert words in row or words.removeprefix("from ") in row


COMPLETIONS = [
    ("tr", ["train"]),
    ("train m", ["mlp"]),
    ("train mlp --batch", ["--batch-size"]),
    ("runs --sort a", ["accuracy"]),
    ("lesson ", ["check", "grade", "hint", "migrate", "start"]),
]


@pytest.mark.parametrize(("words", "expected"), COMPLETIONS)
def test_completion_knows_commands_options_and_choices(words, expected):
    line = f"mnistlab {words}"
    result = run_mnistlab(
        _MNISTLAB_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(line.count(" ")), COLUMNS="80"
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert [entry.partition(",")[2] for entry in result.stdout.split()] == expected


def test_paths_are_completed_by_the_shell():
    for words in ("evaluate abc", "train mlp --out abc", "train mlp --data abc"):
        line = f"mnistlab {words}"
        result = run_mnistlab(_MNISTLAB_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(line.count(" ")))
        assert result.stdout == "file,abc\n"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_documented_line_works_in_bash(tmp_path):
    (line,) = re.findall(r"^(eval .*bash_source.*?)\s+#", (ROOT / "docs" / "reference.md").read_text(), re.MULTILINE)
    program = tmp_path / "mnistlab"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mnistlab "$@"\n')
    program.chmod(0o755)
    asked = "COMP_WORDS=(mnistlab train f); COMP_CWORD=2; _mnistlab_completion mnistlab; echo ${COMPREPLY[@]}"
    result = subprocess.run(
        ["bash", "--norc", "-c", f"{line}\n{asked}"],
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        check=False,
    )
    assert (result.returncode, result.stderr, result.stdout) == (0, "", "fast\n")
