"""Every error leaves the server as `{"error": sentence}`, with the status code that says whose fault it is."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from mnistlab.exceptions import MnistlabError
from mnistlab.server.http import words
from mnistlab.server.http.sentences import say, tell, translated
from mnistlab.system.sentences import Sentence

FOUND_ELSEWHERE = (400, 404, 405)
"""Status codes of errors that Starlette and FastAPI find themselves; the catalogue has a sentence for each."""


class ErrorAnswer(BaseModel):
    """What went wrong."""

    error: str = Field(
        description="One or two plain sentences: what came, what was expected, what to do.",
        examples=["There is no network cnn-7. /api/networks lists them."],
    )


class ApiError(HTTPException):
    """An error that a route finds.

    Args:
        status: Status code: 4xx, or 503 if the same request may succeed later.
        key: Name of a sentence of the catalogue: what came, what was expected, what to do.
        values: What the sentence needs.
        retry_seconds: Seconds after which the client may try again.
        closes: Whether the connection is closed after the answer.
    """

    def __init__(
        self, status: int, key: str, *, retry_seconds: int | None = None, closes: bool = False, **values: Any
    ) -> None:
        headers = {} if retry_seconds is None else {"Retry-After": str(retry_seconds)}
        super().__init__(status, say(key, values), {**headers, "Connection": "close"} if closes else headers)
        self.sentence = Sentence(self.detail, key, values)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route passes as `responses` so that OpenAPI describes these status codes."""
    return {status: {"model": ErrorAnswer, "description": _MEANINGS[status]} for status in statuses}


EVERYWHERE = (400, 401, 403, 408, 413, 415, 422, 503)
"""Status codes that any route may answer with, most of them before the route is called; 401 where a token is needed."""

_MEANINGS: Mapping[int, str] = {
    400: "The body cannot be decoded.",
    401: "The token is missing or another.",
    403: "The request comes from another web page, or names another host.",
    404: "There is no such thing.",
    408: "The request took too long to arrive.",
    409: "It cannot be done now.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "The request is not what was expected.",
    503: "Too much is asked for at once; Retry-After tells when to ask again.",
}


def answer(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response for one error."""
    return JSONResponse({"error": sentence}, status, headers)


async def _answer_http_error(request: Request, error: HTTPException) -> JSONResponse:
    if isinstance(error, ApiError):
        sentence = translated(error.sentence)
    elif error.status_code in FOUND_ELSEWHERE:
        sentence = tell(f"server.status_{error.status_code}")
    else:
        sentence = f"{error.detail}."
    headers = {"Allow": ", ".join(_methods_at(request))} if error.status_code == 405 else error.headers
    return answer(error.status_code, sentence, headers)


def _methods_at(request: Request) -> list[str]:
    """Every method that the address of a request takes, on whichever routes; one that is not described takes GET."""
    described = request.app.openapi()["paths"].items()
    here = [methods for path, methods in described if compile_path(path)[0].fullmatch(request.url.path)]
    methods = {name.upper() for route in here for name in route} or {"GET"}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


async def _answer_wrong_request(_request: Request, error: RequestValidationError) -> JSONResponse:
    return answer(422, tell("server.wrong_request", problems=words.describe(error.errors())))


async def _answer_refusal(_request: Request, error: MnistlabError) -> JSONResponse:
    """Answers when the library refuses something: a damaged run, a file that is not a photo."""
    said = error.args[0] if error.args else ""
    known = isinstance(said, Sentence) and said.key
    return answer(422, translated(said) if known else tell("server.refused", sentence=str(error)))


HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    HTTPException: _answer_http_error,
    RequestValidationError: _answer_wrong_request,
    MnistlabError: _answer_refusal,
}
"""How the application answers each kind of exception."""
