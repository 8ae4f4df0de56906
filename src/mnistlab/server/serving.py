"""Running the server: it opens its own socket, gives Uvicorn deadlines, and stops within two seconds."""

import asyncio
import contextlib
import dataclasses
import errno
import functools
import gc
import os
import socket
import threading
import time
from collections.abc import Callable

import uvicorn

from mnistlab.exceptions import MnistlabError, UsageError
from mnistlab.server.app import create_app
from mnistlab.server.http.connections import GuardedProtocol
from mnistlab.server.http.security import EVERYWHERE, is_loopback
from mnistlab.server.http.work import THREAD_NAME
from mnistlab.server.settings import Settings

BACKLOG = 256  # connections that the kernel holds until the server accepts them
SHUTDOWN_SECONDS = 0.5  # for answers that have begun; event streams never end by themselves
WORKER_SECONDS = 0.3  # for threads to notice that there is nothing left to do
_NOT_HERE = " is not an address of this machine. Try 127.0.0.1."


def listen(host: str, port: int) -> socket.socket:
    """Opens a socket and listens on it.

    Args:
        host: Address of this machine, or a name for one.
        port: Port to listen on; 0 for any free one.

    Raises:
        UsageError: if this machine has no such address.
        MnistlabError: if the port is taken or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{host!r}{_NOT_HERE}") from error
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # or a used port stays blocked for a minute
        found.bind(address)
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise UsageError(f"{host!r}{_NOT_HERE}") from error
        raise MnistlabError(
            f"Port {port} of {host} cannot be used: {error.strerror}. For any free one give 0, or choose another port.",
            argument="port",
        ) from error
    return found


def needs_token(listener: socket.socket) -> bool:
    """Whether other machines can reach a socket."""
    return not is_loopback(listener.getsockname()[0])


def page_url(settings: Settings) -> str:
    """The address of the page.

    The token stands after `#`. Browsers never send that part, so it appears in no log and no Referer. The page reads it
    there and sends it as `Authorization: Bearer`, also for event streams. That is why the page reads these with `fetch`
    and not with `EventSource`, which cannot send a header.
    """
    host = _own_address(settings.host) if settings.host in EVERYWHERE else settings.host
    host = f"[{host}]" if ":" in host else host
    fragment = "" if settings.token is None else f"#token={settings.token}"
    return f"http://{host}:{settings.port}/{fragment}"


def _own_address(everywhere: str) -> str:
    """The address under which other machines reach this one, or its name if it has no such address."""
    family, elsewhere = (socket.AF_INET6, "2001:db8::1") if ":" in everywhere else (socket.AF_INET, "192.0.2.1")
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((elsewhere, 9))  # sends nothing: the kernel only chooses the address that it would send from
        return str(probe.getsockname()[0])
    return socket.gethostname().lower()


class PageServer(uvicorn.Server):
    """A Uvicorn server that checks its connections several times a second.

    Args:
        config: Uvicorn's configuration.
        on_start: Function to call once the server answers.
    """

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], object]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts the server and calls `on_start`."""
        await super().startup(sockets)
        gc.freeze()  # imported modules stay in memory: searching them for garbage would delay answers
        if self.started:
            self._on_start()

    async def on_tick(self, counter: int) -> bool:
        """Checks every connection; Uvicorn calls this ten times a second."""
        now = asyncio.get_running_loop().time()
        for connection in list(self.server_state.connections):
            if isinstance(connection, GuardedProtocol):
                connection.check(now)
        return await super().on_tick(counter)


def serve(settings: Settings, listener: socket.socket, on_start: Callable[[Settings], object]) -> None:
    """Serves the page until SIGINT or SIGTERM.

    Args:
        settings: What to serve and with which limits. Its `port` is ignored; the listener's is used.
        listener: Socket that `listen` has opened.
        on_start: Function to call, with the settings and the real port in them, once the server answers.
    """
    settings = dataclasses.replace(settings, port=listener.getsockname()[1])
    config = uvicorn.Config(
        create_app(settings),
        http=functools.partial(GuardedProtocol, settings, set()),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",  # clients' mistakes are not logged; the server logs its own failures itself
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=settings.idle_seconds,  # type: ignore[arg-type]
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,  # type: ignore[arg-type]
        backlog=BACKLOG,
    )
    server = PageServer(config, lambda: on_start(settings))
    with contextlib.suppress(KeyboardInterrupt):  # Uvicorn stops properly, then raises the signal again
        server.run(sockets=[listener])
    _leave_workers()


def _leave_workers() -> None:
    """Ends the process if a thread is still computing: nobody needs its result, and Python would wait for it."""
    end = time.monotonic() + WORKER_SECONDS
    for thread in threading.enumerate():
        if thread.name.startswith(THREAD_NAME):
            thread.join(max(end - time.monotonic(), 0))
            if thread.is_alive():
                os._exit(0)
