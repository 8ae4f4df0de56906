"""Things done and time left: a live bar on a terminal, a line for each thing elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn


class ProgressBar:
    """Shows a line for each thing that was done, and a bar meanwhile.

    Args:
        things: what is counted, such as "trainings".
        total: of them in all.
        kept: of them, those that were done earlier.
        earlier: what happened to those, such as "finished".
        visible: whether anything is shown at all.
        stderr: whether on standard error rather than on standard output.
    """

    def __init__(
        self, things: str, total: int, kept: int, *, earlier: str, visible: bool = True, stderr: bool = False
    ) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False, stderr=stderr, quiet=not visible)
        self._things, self._earlier = things, earlier
        self._total, self._kept, self._done = total, kept, 0
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn(things),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> Self:
        """Starts the clock and the bar."""
        if self._kept:
            self._console.print(f"{self._kept:,} of {self._total:,} {self._things} were {self._earlier} earlier")
        self._started = time.perf_counter()
        self._task = self._bar.add_task("", total=self._total, completed=self._kept, left="")
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Takes the bar away."""
        self._bar.stop()

    def tell(self, result: str) -> None:
        """Counts one, and shows what became of it and the time that the rest will take."""
        self._done += 1
        left = (self._total - self._kept - self._done) * (time.perf_counter() - self._started) / self._done
        text = "" if left < 1 else f"about {_duration(left)} left"
        self._bar.update(self._task, advance=1, left=text)
        self._bar.console.print(
            f"  {self._kept + self._done:,}/{self._total:,}  {result}  {text}".rstrip(), soft_wrap=True
        )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
