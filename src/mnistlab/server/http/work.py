"""Work that would hold up the event loop: done by a few threads, with a queue of limited length."""

import asyncio
import contextlib
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from mnistlab.server.http.errors import ApiError

P = ParamSpec("P")
R = TypeVar("R")
THREAD_NAME = "mnistlab-worker"


class Workers:
    """Threads that compute for requests.

    Args:
        num_threads: Number of calls that run at the same time.
        max_waiting: Number of further calls that may wait. The next is refused at once, which is kinder than an answer
            that comes when nobody is waiting for it any more.

    Example:
        `await workers.run(classifier, image)`
    """

    def __init__(self, num_threads: int, max_waiting: int) -> None:
        self._executor = ThreadPoolExecutor(num_threads, thread_name_prefix=THREAD_NAME)
        self._most = num_threads + max_waiting
        self._num_busy = 0

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Calls a function in one of the threads.

        Raises:
            ApiError: 503 if too many calls are waiting already.
        """
        if self._num_busy >= self._most:
            raise ApiError(503, "server.busy", retry_seconds=1)
        self._num_busy += 1
        future = self._executor.submit(contextvars.copy_context().run, partial(function, *args, **kwargs))
        loop = asyncio.get_running_loop()

        def release(_: object) -> None:
            with contextlib.suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(self._release)

        future.add_done_callback(release)  # counted until it ends: it goes on even if the client has left
        return await asyncio.wrap_future(future)

    def _release(self) -> None:
        self._num_busy -= 1

    def close(self) -> None:
        """Ends the threads; calls that are waiting are never begun."""
        self._executor.shutdown(wait=False, cancel_futures=True)
