"""Notebooks done and time left: a live bar on a terminal, a line a notebook elsewhere."""

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from mnistlab.lesson.grading import FINISHED, Grade


class GradingProgress:
    """Shows a line for each notebook that was graded, and a bar meanwhile.

    Args:
        total: notebooks in all.
        kept: of them, those that were graded earlier.
        is_visible: whether anything is shown at all.
    """

    def __init__(self, total: int, kept: int, *, is_visible: bool = True) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False, stderr=True, quiet=not is_visible)
        self._total, self._kept, self._done = total, kept, 0
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("notebooks"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> "GradingProgress":
        """Starts the clock and the bar."""
        if self._kept:
            self._console.print(f"{self._kept:,} of {self._total:,} notebooks were graded earlier")
        self._started = time.perf_counter()
        self._task = self._bar.add_task("", total=self._total, completed=self._kept, left="")
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Takes the bar away."""
        self._bar.stop()

    def tell(self, grade: Grade) -> None:
        """Shows a notebook's points, how it ended if not well, and the time that the rest will take."""
        self._done += 1
        left = (self._total - self._kept - self._done) * (time.perf_counter() - self._started) / self._done
        text = "" if left < 1 else f"about {_duration(left)} left"
        self._bar.update(self._task, advance=1, left=text)
        ended = "" if grade.ended == FINISHED else f"  {grade.ended}"
        self._bar.console.print(
            f"  {self._kept + self._done:,}/{self._total:,}  {grade.file}  {grade.points} of {grade.out_of}  "
            f"{grade.seconds:.1f} s{ended}  {text}".rstrip(),
            soft_wrap=True,
        )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
