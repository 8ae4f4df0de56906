"""Deadlines for connections: a client that sends slowly, or does not read its answer, is disconnected.

Uvicorn waits forever for headers, for a body and for a client that does not read. This subclass of its protocol notes
when each wait began; the server checks all connections several times a second, which costs less than a timer for each.
"""

import asyncio
import contextlib
import json
import socket
import struct
from http import HTTPStatus
from typing import Any, Literal, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mnistlab.server.http.security import HEADERS
from mnistlab.server.http.sentences import say
from mnistlab.server.settings import Settings

LINGER_SECONDS = 1.0
_KEYS = {400: "server.not_http", 408: "server.too_slow", 503: "server.full"}


def raw_answer(status: int) -> bytes:
    """A complete HTTP answer as bytes, for errors found before there is a request that the application could answer."""
    body = json.dumps({"error": say(_KEYS[status])}).encode()
    headers = HEADERS | {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Connection": "close",
    }
    if status == 503:
        headers["Retry-After"] = "1"
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Transport:
    """A transport that waits a second before it closes a connection on which a request is still arriving.

    Closing a socket with unread bytes resets the connection, and the client may never see the answer that it was
    sent. So the answer is sent, nothing more is read, and the socket is closed a second later.
    """

    def __init__(self, transport: asyncio.Transport, protocol: "GuardedProtocol") -> None:
        self._transport, self._protocol = transport, protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether the connection is closed or about to be."""
        return self._protocol.is_ending or self._transport.is_closing()

    def resume_reading(self) -> None:
        """Reads on, unless the connection is about to be closed."""
        if not self.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """Closes at once if the client has sent its whole request, otherwise in a second."""
        if self._protocol.is_receiving:
            self._protocol.end()
        else:
            self._transport.close()


class GuardedProtocol(H11Protocol):
    """One connection, with deadlines.

    Args:
        settings: The server's deadlines and its limit on connections.
        refused: Connections above that limit that are not closed yet; shared by all connections of a server.
        arguments: Uvicorn's own arguments.
    """

    def __init__(self, settings: Settings, refused: "set[GuardedProtocol]", **arguments: Any) -> None:
        super().__init__(**arguments)
        self._settings = settings
        self._refused = refused
        self._waits_for: Literal["headers", "body"] | None = None
        self._waits_since = 0.0
        self._has_begun = False
        self._unsent_since: float | None = None
        self._raw: asyncio.Transport
        self.is_ending = False

    @property
    def is_receiving(self) -> bool:
        """Whether part of a request has arrived and the rest has not."""
        return self._waits_for == "body" or (self._waits_for == "headers" and self._has_begun)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts to wait for a request, or refuses the connection if there are too many."""
        self._raw = transport
        super().connection_made(cast("asyncio.Transport", _Transport(transport, self)))
        self._await("headers", begun=False)
        if len(self.connections) > self._settings.max_connections:
            self.connections.discard(self)  # refused ones are counted apart, up to as many again
            if len(self._refused) < self._settings.max_connections:
                self._refused.add(self)
                self._refuse(503)
            else:
                transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection, also among those that were refused."""
        self._refused.discard(self)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Closes the connection because the server stops; an answer that has begun is finished first."""
        if not self.is_ending:
            with contextlib.suppress(h11.LocalProtocolError):
                super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Passes on the bytes that arrived and notes what to wait for next."""
        if self.is_ending:
            return
        if self._waits_for is None and (self.cycle is None or self.cycle.response_complete):
            self._await("headers", begun=True)
        self._has_begun = True
        super().data_received(data)
        self._follow()

    def handle_events(self) -> None:
        """Handles what was parsed, also a request that arrived together with the one before it."""
        super().handle_events()
        self._follow()

    def on_response_complete(self) -> None:
        """Closes a connection whose request is still arriving: the rest would be read for nothing."""
        if self.conn.their_state is h11.SEND_BODY:
            self.end()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answers bytes that are not HTTP with a sentence, like every other error."""
        self._refuse(400)

    def check(self, now: float) -> None:
        """Closes the connection if a deadline has passed.

        Args:
            now: Time in seconds by the clock of the event loop.
        """
        self._check_sending(now)
        if self.is_ending or self._raw.is_closing() or self._waits_for is None:
            return
        limits = {"headers": self._settings.header_seconds, "body": self._settings.body_seconds}
        if now - self._waits_since > limits[self._waits_for]:
            if self._has_begun:
                self._refuse(408)
            else:
                self._raw.close()

    def end(self) -> None:
        """Sends what is already written, reads no more, and closes in a second."""
        if self.is_ending or self._raw.is_closing():
            return
        self.is_ending = True
        self._unset_keepalive_if_required()
        self._raw.pause_reading()
        if self._raw.can_write_eof():
            self._raw.write_eof()
        self.loop.call_later(LINGER_SECONDS, self._raw.close)

    def _check_sending(self, now: float) -> None:
        """Disconnects a client that does not read, even if its connection is only waiting to be closed."""
        if self._raw.get_write_buffer_size() == 0:
            self._unsent_since = None
        elif self._unsent_since is None:
            self._unsent_since = now
        elif now - self._unsent_since > self._settings.send_seconds:
            # Reset the connection, or the kernel would keep trying for minutes.
            self._raw.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._raw.abort()

    def _follow(self) -> None:
        """Notes what the client has to send next."""
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            if self._waits_for != "body":
                self._await("body", begun=True)
        elif state is not h11.IDLE:
            self._waits_for = None

    def _await(self, what: Literal["headers", "body"], *, begun: bool) -> None:
        self._waits_for, self._waits_since, self._has_begun = what, self.loop.time(), begun

    def _refuse(self, status: int) -> None:
        """Answers without the application, unless it has begun to answer, and closes."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self._raw.write(raw_answer(status))
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True  # drops whatever the application still sends
            cycle.message_event.set()
        self.end()
