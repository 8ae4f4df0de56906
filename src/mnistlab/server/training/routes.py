"""Training over HTTP: recipes, runs, and the progress of a run as server-sent events."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response
from fastapi.responses import StreamingResponse

from mnistlab.recipes import RECIPES
from mnistlab.runs.progress import PROGRESS_FILE, Line, parse_line
from mnistlab.server.http.errors import ApiError, documented
from mnistlab.server.run_ids import ID_PATTERN
from mnistlab.server.training.schemas import LIMITS, Order, RecipesAnswer, RunAnswer, RunId, RunsAnswer
from mnistlab.server.training.status import Place, TrainingStatus, curves_of
from mnistlab.server.training.trainings import Trainings

TITLES = {
    "mlp": "The notebook's MLP: two hidden layers of 512",
    "cnn": "The notebook's CNN: two convolutions, with augmentation",
    "fast": "The quickest way to 99 %",
    "best": "The most that a minute buys",
    "record": "Three networks, the most that 15 minutes buy",
}

LOOK_SECONDS = 0.3  # between two looks at the progress file
STATE_SECONDS = 1.0  # between two looks at the process
HEARTBEAT_SECONDS = 10.0  # after which a silent stream shows that it is still open

RunInPath = Annotated[str, Path(pattern=ID_PATTERN)]


def training_router(trainings: Trainings) -> APIRouter:
    """The routes below `/api/recipes` and `/api/runs`."""
    router = APIRouter(prefix="/api", tags=["training"])

    @router.get("/recipes", response_model=RecipesAnswer)
    def list_recipes() -> dict[str, Any]:
        """The recipes, and how far their settings can be changed."""
        return {"recipes": [_recipe(name) for name in RECIPES], "limits": LIMITS}

    @router.get("/runs", response_model=RunsAnswer)
    def list_runs() -> dict[str, Any]:
        """Every run below the runs folder, the one under way first."""
        statuses = trainings.statuses()
        running = next((status.id for status in statuses if status.state == "running"), None)
        return {"runs": [dataclasses.asdict(status) for status in statuses], "running": running}

    @router.post("/runs", status_code=201, response_model=RunId, responses=documented(409, 422))
    def start_run(order: Order) -> dict[str, str]:
        """Starts a training in a process of its own, which goes on without this server."""
        settings = order.model_dump(exclude={"recipe", "name"})
        return {"id": trainings.start(order.recipe, settings, order.name)}

    @router.get("/runs/{run}", response_model=RunAnswer, responses=documented(404, 422))
    def show_run(run: RunInPath) -> dict[str, Any]:
        """One run, its curves, and the command that makes it."""
        place = trainings.place(run)
        status = trainings.status(place)
        history, steps = curves_of(place)
        command = None if status.state == "damaged" else trainings.command(place)
        return dataclasses.asdict(status) | {"history": history, "steps": steps, "command": command}

    @router.post("/runs/{run}/stop", status_code=202, response_model=RunId, responses=documented(404, 409, 422))
    def stop_run(run: RunInPath) -> dict[str, str]:
        """Asks a training to save what it has and end."""
        trainings.stop(run)
        return {"id": run}

    @router.post("/runs/{run}/resume", status_code=202, response_model=RunId, responses=documented(404, 409, 422))
    def resume_run(run: RunInPath) -> dict[str, str]:
        """Takes a training up where it ended."""
        trainings.resume(run)
        return {"id": run}

    @router.get(
        "/runs/{run}/events",
        response_class=StreamingResponse,
        responses=documented(404, 422)
        | {
            200: {
                "content": {"text/event-stream": {}},
                "description": "Events `begin`, `step`, `epoch` and `state`; the last `state` is not `running`.",
            },
        },
    )
    async def follow_run(run: RunInPath, last_event_id: Annotated[str | None, Header()] = None) -> Response:
        """What happens in a run, until its training ends: each line of its progress file, and its state as it changes.

        `Last-Event-ID` leaves out what a client has had before the connection broke off.
        """
        place = await asyncio.to_thread(trainings.place, run)
        last = int(last_event_id) if last_event_id and last_event_id.isdecimal() and len(last_event_id) < 16 else 0
        lines = _Lines(place, last)
        return StreamingResponse(
            _events(trainings, run, lines),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return router


def _recipe(name: str) -> dict[str, Any]:
    recipe = RECIPES[name]
    fields = ("model", "epochs", "batch_size", "learning_rate", "seed", "members", "validation")
    own = {field: getattr(recipe, field) for field in fields}
    return {"id": name, "title": TITLES.get(name, name), "augmentation": recipe.augmentation is not None} | own


async def _events(trainings: Trainings, run: str, lines: "_Lines") -> AsyncIterator[bytes]:
    """The events of a run, until its training or the connection ends. Files and processes are read in a thread."""
    shown: TrainingStatus | None = None
    loop, looked, spoke = asyncio.get_running_loop(), 0.0, 0.0
    while True:
        now = loop.time()
        status = shown
        if shown is None or now - looked >= STATE_SECONDS:
            status, looked = await asyncio.to_thread(_status, trainings, run), now
        # Read after the state: if the training has ended, all its lines are there by now.
        upcoming = await asyncio.to_thread(lines.read)
        for number, line in upcoming:
            yield _event(line["event"], {key: value for key, value in line.items() if key != "event"}, number)
        has_ended = status is None or status.state != "running"
        if status is not None and _differs(status, shown):
            yield _event("state", dataclasses.asdict(status))
        elif upcoming or now - spoke >= HEARTBEAT_SECONDS:
            spoke = now
            yield b"" if upcoming else b": still there\n\n"
        if has_ended:
            return
        shown = status
        await asyncio.sleep(LOOK_SECONDS)


def _status(trainings: Trainings, run: str) -> TrainingStatus | None:
    try:
        return trainings.status(trainings.place(run))
    except ApiError:  # the run's folder was deleted
        return None


def _differs(status: TrainingStatus, shown: TrainingStatus | None) -> bool:
    return shown is None or (status.state, status.phase, status.message) != (shown.state, shown.phase, shown.message)


def _event(name: str, content: Any, number: int | None = None) -> bytes:
    mark = "" if number is None else f"id: {number}\n"
    return f"{mark}event: {name}\ndata: {json.dumps(content, allow_nan=False)}\n\n".encode()


class _Lines:
    """The lines of a run's progress file, each returned once, numbered from 1.

    Args:
        place: Where the run's files are.
        last: Number of the last line that the client has already; 0 for none.
    """

    def __init__(self, place: Place, last: int) -> None:
        self._path = place.folder / PROGRESS_FILE
        self._last = last
        self._offset = self._number = 0

    def read(self) -> list[tuple[int, Line]]:
        """The complete lines that have been added since the last call, with their numbers."""
        try:
            with self._path.open("rb") as file:
                if file.seek(0, 2) < self._offset:  # the file was deleted and begun again
                    self._offset = self._number = self._last = 0
                file.seek(self._offset)
                *whole, _ = file.read().split(b"\n")
        except OSError:
            return []
        self._offset += sum(len(text) + 1 for text in whole)
        first, self._number = self._number + 1, self._number + len(whole)
        numbered = [(number, parse_line(text)) for number, text in enumerate(whole, start=first)]
        return [(number, line) for number, line in numbered if line is not None and number > self._last]
