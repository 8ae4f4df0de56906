"""Asks the server's own application in this process: what it answers is what lies in the folder."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from mnistlab.exceptions import RunError
from mnistlab.server.app import create_app
from mnistlab.server.settings import Settings

_STAND_IN = "runs"  # what answers call the folder of the runs, which nobody else has


class Asker:
    """Asks one application, and leaves this machine's folders out of the answers.

    Args:
        app: The application, started.
        runs: Folder of its runs.
    """

    def __init__(self, app: FastAPI, runs: Path) -> None:
        self._app = app
        self._runs = str(runs)

    async def get(self, path: str, language: str = "en", query: str = "") -> Any:
        """What the server answers to a question.

        Args:
            path: Path of the address, `/api/...`.
            language: Code of the language that is preferred.
            query: What stands behind the question mark.

        Raises:
            RunError: if the server refuses, with its own sentence.
        """
        return await self._ask("GET", path, language, query, b"")

    async def post(self, path: str, body: Any, language: str = "en") -> Any:
        """The same for a question with a body."""
        return await self._ask("POST", path, language, "", json.dumps(body).encode())

    async def _ask(self, method: str, path: str, language: str, query: str, body: bytes) -> Any:
        headers = {"host": "localhost", "accept-language": language, "content-type": "application/json"}
        headers["content-length"] = str(len(body))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 0),
            "server": ("localhost", 80),
        }
        status, pieces = 0, list[bytes]()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            pieces.append(message.get("body", b""))

        await self._app(scope, receive, send)
        answer = json.loads(b"".join(pieces))
        if status >= 400:
            raise RunError(str(answer["error"]))
        return self._without_folders(answer)

    def _without_folders(self, answer: Any) -> Any:
        if isinstance(answer, dict):
            return {key: self._without_folders(value) for key, value in answer.items()}
        if isinstance(answer, list):
            return [self._without_folders(value) for value in answer]
        return answer.replace(self._runs, _STAND_IN) if isinstance(answer, str) else answer


@contextlib.asynccontextmanager
async def started(runs: Path) -> AsyncIterator[Asker]:
    """An asker of a server that shows the runs of a folder, for as long as it is needed."""
    app = create_app(Settings(runs=runs, port=80))
    async with app.router.lifespan_context(app):
        yield Asker(app, runs)
