"""Trainings over HTTP: recipes, runs, and what happens in one as server-sent events."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from mnistlab.progress import PROGRESS_FILE, Line, parse_line
from mnistlab.recipes import MAX_SEED, RECIPES
from mnistlab.server.http.errors import ApiError, documented
from mnistlab.server.run_ids import ID_PATTERN
from mnistlab.server.training.schemas import RecipesAnswer, RunAnswer, RunId, RunsAnswer
from mnistlab.server.training.status import Place, Report, curves_of
from mnistlab.server.training.trainings import Trainings

LIMITS = {"epochs": (1, 100), "batch_size": (1, 10_000), "learning_rate": (1e-6, 1.0), "seed": (0, MAX_SEED)}
"""What the page lets people choose, lowest and highest."""

TITLES = {
    "mlp": "The notebook's MLP: two hidden layers of 512",
    "cnn": "The notebook's CNN: two convolutions, with augmentation",
    "fast": "The quickest way to 99 %",
    "best": "The most that a minute buys",
    "record": "Three networks, the most that 15 minutes buy",
}

LOOK_SECONDS = 0.3  # between two looks at a growing file
STATE_SECONDS = 1.0  # between two looks at the process
HEARTBEAT_SECONDS = 10.0

RunInPath = Annotated[str, Path(pattern=ID_PATTERN)]


class Order(BaseModel):
    """A training to start; what is left out is the recipe's own."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    recipe: str = Field(pattern=f"^({'|'.join(RECIPES)})$", examples=["mlp"])
    epochs: int | None = Field(None, strict=True, ge=LIMITS["epochs"][0], le=LIMITS["epochs"][1])
    batch_size: int | None = Field(None, strict=True, ge=LIMITS["batch_size"][0], le=LIMITS["batch_size"][1])
    learning_rate: float | None = Field(None, strict=True, ge=LIMITS["learning_rate"][0], le=LIMITS["learning_rate"][1])
    augmentation: bool | None = Field(None, strict=True)
    seed: int | None = Field(None, strict=True, ge=LIMITS["seed"][0], le=LIMITS["seed"][1])
    name: str | None = Field(None, pattern=ID_PATTERN, description="The new run's id, and its folder's name.")


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
        reports = trainings.reports()
        running = next((report.id for report in reports if report.state == "running"), None)
        return {"runs": reports, "running": running}

    @router.post("/runs", status_code=201, response_model=RunId, responses=documented(409, 422))
    def start_run(order: Order) -> dict[str, str]:
        """Starts a training in a process of its own, which goes on without this server."""
        settings = order.model_dump(exclude={"recipe", "name"})
        return {"id": trainings.start(order.recipe, settings, order.name)}

    @router.get("/runs/{run}", response_model=RunAnswer, responses=documented(404, 422))
    def show_run(run: RunInPath) -> dict[str, Any]:
        """One run, its curves, and the command that makes it."""
        place = trainings.place(run)
        report = trainings.report(place)
        history, steps = curves_of(place)
        command = None if report.state == "damaged" else trainings.command(place)
        return dataclasses.asdict(report) | {"history": history, "steps": steps, "command": command}

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
    return (
        {"id": name, "title": TITLES.get(name, name)}
        | own
        | {
            "augmentation": recipe.augmentation is not None,
        }
    )


async def _events(trainings: Trainings, run: str, lines: "_Lines") -> AsyncIterator[bytes]:
    """The events of a run. Files and processes are looked at in a thread, and the client's leaving ends it."""
    shown: Report | None = None
    loop, looked, spoke = asyncio.get_running_loop(), 0.0, 0.0
    while True:
        now = loop.time()
        report = shown
        if shown is None or now - looked >= STATE_SECONDS:
            report, looked = await asyncio.to_thread(_report, trainings, run), now
        # After the state: what an ended training wrote is all there.
        upcoming = await asyncio.to_thread(lines.read)
        for number, line in upcoming:
            yield _event(line["event"], {key: value for key, value in line.items() if key != "event"}, number)
        has_ended = report is None or report.state != "running"
        if report is not None and _differs(report, shown):
            yield _event("state", dataclasses.asdict(report))
        elif upcoming or now - spoke >= HEARTBEAT_SECONDS:
            spoke = now
            yield b"" if upcoming else b": still there\n\n"
        if has_ended:
            return
        shown = report
        await asyncio.sleep(LOOK_SECONDS)


def _report(trainings: Trainings, run: str) -> Report | None:
    try:
        return trainings.report(trainings.place(run))
    except ApiError:  # its folder was deleted
        return None


def _differs(report: Report, shown: Report | None) -> bool:
    return shown is None or (report.state, report.phase, report.message) != (shown.state, shown.phase, shown.message)


def _event(name: str, content: Any, number: int | None = None) -> bytes:
    mark = "" if number is None else f"id: {number}\n"
    return f"{mark}event: {name}\ndata: {json.dumps(content, allow_nan=False)}\n\n".encode()


class _Lines:
    """The lines of a growing file, each once, with their numbers from 1.

    Args:
        place: of the run.
        last: the number of the last line that is not wanted.
    """

    def __init__(self, place: Place, last: int) -> None:
        self._path = place.folder / PROGRESS_FILE
        self._last = last
        self._offset = self._number = 0

    def read(self) -> list[tuple[int, Line]]:
        """The lines that are whole and were not given before."""
        try:
            with self._path.open("rb") as file:
                if file.seek(0, 2) < self._offset:  # deleted, and begun again
                    self._offset = self._number = self._last = 0
                file.seek(self._offset)
                *whole, _ = file.read().split(b"\n")
        except OSError:
            return []
        self._offset += sum(len(text) + 1 for text in whole)
        first, self._number = self._number + 1, self._number + len(whole)
        numbered = [(number, parse_line(text)) for number, text in enumerate(whole, start=first)]
        return [(number, line) for number, line in numbered if line is not None and number > self._last]
