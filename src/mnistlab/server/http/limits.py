"""Limits on request bodies, counted while they arrive, so that no more than the limit is ever held in memory."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnistlab.server.http.errors import ApiError, answer
from mnistlab.server.http.sentences import translated
from mnistlab.server.settings import Settings

PHOTO_PATH = "/api/read"


class BodyLimits:
    """Refuses bodies that are too large, or of a type that any web page can send without permission."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        most = self._settings.max_photo_bytes if scope["path"] == PHOTO_PATH else self._settings.max_json_bytes
        try:
            _check_announced(headers.get(b"content-length", b"0"), most)
            _check_type(scope, headers)
        except ApiError as error:
            await answer(error.status_code, translated(error.sentence), error.headers)(scope, receive, send)
            return
        num_bytes = 0

        async def receive_counted() -> Message:
            nonlocal num_bytes
            message = await receive()
            num_bytes += len(message.get("body", b""))
            if num_bytes > most:
                raise _too_large(most)
            return message

        await self._app(scope, receive_counted, send)


def _check_announced(length: bytes, most: int) -> None:
    # Only decimal digits: int() would also take signs, blanks and underscores. No real length has more than 20 digits.
    if not length.isdigit() or len(length) > 20 or int(length) > most:
        raise _too_large(most)


def _check_type(scope: Scope, headers: dict[bytes, bytes]) -> None:
    """Refuses every body but JSON.

    Any web page can send a form. Before it sends JSON the browser asks for permission, which this server never gives.
    """
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if has_body and scope["path"] != PHOTO_PATH and kind != b"application/json":
        raise ApiError(415, "server.only_json", closes=True)


def _too_large(most: int) -> ApiError:
    return ApiError(413, "server.too_large", most=most, closes=True)
