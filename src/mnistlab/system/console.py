"""What a long command says while it works: lines anywhere, and on a terminal something that moves.

The three forms are lines with a spinner or a bar (`Console`), a bar that counts things (`ProgressBar`), and one line
that is written over, which a notebook shows too (`UpdatingLine`).
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from rich import console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn

from mnistlab.system.text import duration

BAR_WIDTH = 28  # characters


class Console:
    """Where progress is shown.

    Args:
        quiet: Whether nothing is shown at all.
        stderr: Whether to write to standard error rather than to standard output.

    Attributes:
        is_live: Whether something is shown, and on a terminal, where it can move.
    """

    def __init__(self, *, quiet: bool = False, stderr: bool = False) -> None:
        self._rich = console.Console(highlight=False, markup=False, emoji=False, stderr=stderr, quiet=quiet)
        self.is_live = self._rich.is_terminal and not self._rich.is_dumb_terminal and not quiet

    def line(self, text: str) -> None:
        """Writes a line, above a bar if one is shown; the terminal breaks it if it is long."""
        self._rich.print(text, soft_wrap=True)

    @contextlib.contextmanager
    def status(self, text: str) -> Iterator[None]:
        """Says what takes a few seconds: with a spinner on a terminal, as a line elsewhere."""
        if self.is_live:
            with self._rich.status(text):
                yield
        else:
            self.line(text)
            yield

    def progress(self, *columns: ProgressColumn) -> Progress:
        """A bar of rich's columns, which disappears at its end and is never shown but on a terminal."""
        return Progress(*columns, console=self._rich, transient=True, disable=not self.is_live)

    def bar(self, things: str, total: int, kept: int, *, earlier: str) -> "ProgressBar":
        """A bar that counts things, with a line for each of them.

        Args:
            things: Name of what is counted, such as "trainings".
            total: Number of all of them.
            kept: Number of those that were done earlier.
            earlier: Word for what happened to those, such as "finished".
        """
        return ProgressBar(self, things, total, kept, earlier=earlier)


class ProgressBar:
    """Shows a line for each thing that was done, and on a terminal a bar meanwhile; see `Console.bar`."""

    def __init__(self, shown_on: Console, things: str, total: int, kept: int, *, earlier: str) -> None:
        self._console, self._things, self._earlier = shown_on, things, earlier
        self._total, self._kept, self._done = total, kept, 0
        self._bar = shown_on.progress(
            SpinnerColumn(),
            TextColumn(things),
            BarColumn(BAR_WIDTH),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
        )

    def __enter__(self) -> Self:
        """Starts the clock and the bar."""
        if self._kept:
            self._console.line(f"{self._kept:,} of {self._total:,} {self._things} were {self._earlier} earlier")
        self._started = time.perf_counter()
        self._task = self._bar.add_task("", total=self._total, completed=self._kept, left="")
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Takes the bar away."""
        self._bar.stop()

    def count(self, result: str) -> None:
        """Counts one more thing; shows its result and the time that the rest will take."""
        self._done += 1
        left = (self._total - self._kept - self._done) * (time.perf_counter() - self._started) / self._done
        text = "" if left < 1 else f"about {duration(left)} left"
        self._bar.update(self._task, advance=1, left=text)
        self._console.line(f"  {self._kept + self._done:,}/{self._total:,}  {result}  {text}".rstrip())


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this, so that HTML is shown."""
    module = sys.modules.get("IPython")
    shell: Any = module.get_ipython() if module else None
    return shell is not None and hasattr(shell, "kernel")


class UpdatingLine:
    """A line that is written over: one output of a notebook or one line of a terminal; elsewhere only kept lines."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, text: str, *, keep: bool = False) -> None:
        """Writes the line.

        Args:
            text: The line, without line breaks.
            keep: Whether the line also appears where nothing can be written over, as in a log.
        """
        if in_notebook():
            from IPython.display import display

            content = {"text/plain": text}
            if self._handle is None:
                self._handle = display(content, raw=True, display_id=True)
            else:
                self._handle.update(content, raw=True)
        elif sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
            print(f"\r\033[K{text}", end="\n" if keep else "", flush=True)
        elif keep:
            print(text, flush=True)
