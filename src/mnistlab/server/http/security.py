"""Whom the server answers. It runs on the user's own machine, and so does every web page that the user opens.

Another page may send requests here, by name (DNS rebinding) or by address. It must neither get an answer that it can
read nor make anything happen. So the Host must be ours, an Origin must be ours, no header ever allows another origin,
there are no cookies, and requests from other machines need a token.
"""

import hmac
import ipaddress
import logging
import socket
from collections.abc import Iterable

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnistlab.server.http.errors import answer
from mnistlab.server.http.sentences import tell
from mnistlab.server.settings import Settings

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
EVERYWHERE = ("0.0.0.0", "::")  # hosts that mean every address of this machine
POLICY = "; ".join(
    (
        *("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:"),
        *("connect-src 'self'", "font-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"),
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Headers of every answer."""

_log = logging.getLogger("mnistlab.server")
_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


def is_loopback(address: str) -> bool:
    """Whether an IP address can be reached from this machine only."""
    return ipaddress.ip_address(address).is_loopback


def host_names(host: str) -> tuple[str, ...]:
    """The names, as a URL has them, of a server that listens on an address.

    Example:
        >>> host_names("127.0.0.1")
        ('localhost', '127.0.0.1', '[::1]')
        >>> host_names("192.168.1.7")
        ('localhost', '127.0.0.1', '[::1]', '192.168.1.7')
    """
    names = [*LOOPBACK_NAMES, f"[{host}]" if ":" in host else host.lower()]
    if host in EVERYWHERE:
        names.append(socket.gethostname().lower())
    return tuple(dict.fromkeys(names))


class AnswerHeaders:
    """Adds the headers that every answer has, and answers unforeseen errors with a sentence."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = [*message.get("headers", []), *_RAW_HEADERS]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            pass  # nobody is waiting for an answer
        except Exception:
            _log.exception("%s %s failed", scope["method"], ascii(scope["path"]))
            if started:
                raise
            await answer(500, tell("server.failed"))(scope, receive, send_with_headers)


class Gate:
    """Refuses requests that name another host, come from another page, or lack the token."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._names = host_names(settings.host)
        self._port = settings.port
        self._any_address = settings.host in EVERYWHERE
        self._token = None if settings.token is None else settings.token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            status, sentence = refusal
            headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
            await answer(status, sentence, headers)(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = scope["headers"]
        host = (_only(headers, b"host") or "").lower()
        if not self._is_ours(host):
            return 403, tell("server.other_host", names=[*self._names], port=str(self._port))
        origins = [value for name, value in headers if name == b"origin"]
        if any(value.decode("latin-1").lower() != f"http://{host}" for value in origins):
            return 403, tell("server.other_page")
        is_page = scope["path"] == "/" and _only(headers, b"sec-fetch-mode") == "navigate"
        if not is_page and _only(headers, b"sec-fetch-site") not in (None, "same-origin", "none"):
            return 403, tell("server.other_page")
        if self._token is not None and scope["path"].startswith("/api") and not self._has_token(headers):
            return 401, tell("server.token")
        return None

    def _is_ours(self, host: str) -> bool:
        name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        if not colon:
            name, port = host, "80"
        if port != str(self._port):
            return False
        return name in self._names or (self._any_address and _is_address(name))

    def _has_token(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        given = _only(headers, b"authorization") or ""
        scheme, _, token = given.partition(" ")
        same = hmac.compare_digest(token.strip().encode(), self._token or b"")
        return same and scheme.lower() == "bearer"


def _only(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> str | None:
    """The value of a header, `"several"` if it comes more than once, `None` if it is missing."""
    values = [value.decode("latin-1") for name, value in headers if name == wanted]
    return None if not values else values[0] if len(values) == 1 else "several"


def _is_address(name: str) -> bool:
    """Whether a host is an IP address as a URL has it. A name can be made to lead anywhere, an address cannot."""
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
