"""What a command says while it works: lines where it is piped, something that moves on a terminal, nothing if quiet."""

import pytest

from mnistlab.system.console import Console, UpdatingLine


def say_everything(console: Console) -> None:
    console.line("a line")
    with console.status("drawing"):
        pass
    with console.bar("trainings", 3, 1, earlier="finished") as bar:
        bar.count("mlp  98.00 %")
        bar.count("cnn  99.00 %")


def test_lines_where_output_is_piped(capsys):
    console = Console()
    say_everything(console)
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        *("a line", "drawing", "1 of 3 trainings were finished earlier"),
        *("  2/3  mlp  98.00 %", "  3/3  cnn  99.00 %"),
    ]
    assert not console.is_live
    assert said.err == ""


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_quiet_console_says_nothing(capsys, monkeypatch, is_terminal):
    monkeypatch.setenv("TTY_COMPATIBLE", str(int(is_terminal)))
    console = Console(quiet=True)
    say_everything(console)
    print("the program's own output")
    assert not console.is_live
    assert capsys.readouterr() == ("the program's own output\n", "")


def test_a_terminal_sees_a_bar_that_disappears(capsys, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    console = Console()
    assert console.is_live
    say_everything(console)
    said = capsys.readouterr().out
    assert "━" in said
    assert said.index("2/3  mlp  98.00 %") < said.index("3/3  cnn  99.00 %")
    assert said.rstrip().endswith("\x1b[1A\x1b[2K")  # up one line, which is cleared


def test_lines_are_neither_broken_nor_interpreted(capsys):
    Console(stderr=True).line("[bold]" + 200 * "x" + " :smile: 1.5 'a'")
    assert capsys.readouterr() == ("", "[bold]" + 200 * "x" + " :smile: 1.5 'a'\n")


def test_a_line_that_is_written_over(capsys, monkeypatch):
    line = UpdatingLine()
    line.show("epoch 1", keep=False)
    line.show("epoch 1 done", keep=True)
    assert capsys.readouterr().out == "epoch 1 done\n"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    line.show("epoch 2", keep=False)
    line.show("epoch 2 done", keep=True)
    assert capsys.readouterr().out == "\r\x1b[Kepoch 2\r\x1b[Kepoch 2 done\n"
