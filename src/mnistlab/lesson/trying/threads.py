"""Threads for a trial: notebooks that load their images in parallel ask for a pool that no sandbox allows."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self


class Threads:
    """A pool of threads with the methods of `multiprocessing.pool.ThreadPool`, which no sandbox lets make its locks.

    Args:
        processes: Number of threads.
    """

    def __init__(self, processes: int | None = None, *_: Any, **__: Any) -> None:
        self._pool = ThreadPoolExecutor(processes or 4)

    def apply_async(self, function: Callable[..., Any], args: Iterable[Any] = (), kwds: Any = None) -> Any:
        """Starts a call; the result has `get`, as that of `multiprocessing` has."""
        future: Any = self._pool.submit(function, *args, **(kwds or {}))
        future.get = future.result
        return future

    def map(self, function: Callable[[Any], Any], rows: Iterable[Any], *_: Any) -> list[Any]:
        """The results of a function for each row."""
        return list(self._pool.map(function, rows))

    def close(self) -> None:
        """Takes no more calls."""
        self._pool.shutdown(wait=False)

    def join(self) -> None:
        """Waits for all calls."""
        self._pool.shutdown(wait=True)

    terminate = close

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.join()
