"""Every error leaves the server as `{"error": sentence}`, with the status that says whose it is."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from mnistlab.exceptions import MnistlabError

SENTENCES: Mapping[int, str] = {
    400: "The request's body cannot be decoded. Send JSON in UTF-8.",
    404: "There is nothing at this address. The addresses are in /api/openapi.json.",
    405: "This address takes another method. The addresses and methods are in /api/openapi.json.",
}
"""For errors that Starlette and FastAPI find themselves."""

MAX_PLACE = 80  # characters of the name of a wrong part; it can be the client's own text


class ErrorAnswer(BaseModel):
    """What went wrong."""

    error: str = Field(
        description="One or two plain sentences: what came, what was expected, what to do.",
        examples=["There is no network cnn-7. /api/networks lists them."],
    )


class ApiError(HTTPException):
    """An error that a route finds.

    Args:
        status: 4xx, or 503 for what works later.
        sentence: what came, what was expected, what to do.
        retry_seconds: after which it may work.
        closes: whether the connection ends with the answer.
    """

    def __init__(self, status: int, sentence: str, *, retry_seconds: int | None = None, closes: bool = False) -> None:
        headers = {} if retry_seconds is None else {"Retry-After": str(retry_seconds)}
        super().__init__(status, sentence, {**headers, "Connection": "close"} if closes else headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The entries of a route's `responses` for some statuses."""
    return {status: {"model": ErrorAnswer, "description": _MEANINGS[status]} for status in statuses}


EVERYWHERE = (400, 403, 408, 413, 415, 422, 503)
"""What any route may answer, most of it before the route is asked."""

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


def register(app: FastAPI) -> None:
    """Makes an app answer with sentences."""
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(RequestValidationError, _answer_wrong_request)
    app.add_exception_handler(MnistlabError, _answer_refusal)


def answer(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """One error as a response."""
    return JSONResponse({"error": sentence}, status, headers)


async def _answer_http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    own = isinstance(error, ApiError)
    sentence = error.detail if own else SENTENCES.get(error.status_code, f"{error.detail}.")
    return answer(error.status_code, sentence, error.headers)


async def _answer_wrong_request(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return answer(422, f"The request is not what was expected: {_describe(error.errors())}.")


async def _answer_refusal(_request: Request, error: Exception) -> JSONResponse:
    """What the library refuses: a damaged run, a photo that is none."""
    return answer(422, str(error))


def _describe(problems: Iterable[Mapping[str, Any]]) -> str:
    """The first three problems; what the client sent is not repeated."""
    named = []
    for problem in list(problems)[:3]:
        place = ".".join(map(str, problem["loc"])).encode("ascii", "backslashreplace").decode()[:MAX_PLACE]
        named.append(f"{place}: {problem['msg'].rstrip('.')}")
    return "; ".join(named)
