"""Training over HTTP: recipes, runs, and the progress of a run as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import StreamingResponse

from mnistlab.recipes import RECIPES
from mnistlab.runs.progress import PROGRESS_FILE, Line, Progress, parse_line
from mnistlab.server.http.errors import ApiError, documented
from mnistlab.server.run_ids import ID_PATTERN
from mnistlab.server.training import schemas
from mnistlab.server.training.moments import Drawing, MomentsAnswer, leave_drawing, moments_of
from mnistlab.server.training.schemas import ChosenRecipe, Order, describe_recipe, describe_run
from mnistlab.server.training.status import Place, TrainingStatus, curves_of
from mnistlab.server.training.trainings import Trainings, folder_name, running_of

LOOK_SECONDS = 0.3  # between two looks at the progress file
STATE_SECONDS = 1.0  # between two looks at the process
HEARTBEAT_SECONDS = 10.0  # after which a silent stream shows that it is still open

RunInPath = Annotated[str, Path(pattern=ID_PATTERN)]


def training_router(trainings: Trainings) -> APIRouter:
    """The routes below `/api/recipes` and `/api/runs`."""
    router = APIRouter(prefix="/api", tags=["training"])

    @router.get("/recipes", response_model=schemas.RecipesAnswer)
    def list_recipes() -> dict[str, Any]:
        """The recipes, and how far their settings can be changed."""
        return {"recipes": [describe_recipe(name) for name in RECIPES], "limits": schemas.LIMITS}

    @router.post("/recipes/code", response_model=schemas.Code, responses=documented(422))
    def show_code(chosen: ChosenRecipe) -> dict[str, str | None]:
        """The command line and the Python program that train a recipe, with a folder named after its settings."""
        recipe = chosen.make()
        return trainings.code(recipe, trainings.root / folder_name(recipe))

    @router.get("/runs", response_model=schemas.RunsAnswer)
    def list_runs() -> dict[str, Any]:
        """Every run below the runs folder, the one under way first."""
        statuses = trainings.statuses()
        return {"runs": [describe_run(status) for status in statuses], "running": running_of(statuses)}

    @router.post("/runs", status_code=201, response_model=schemas.RunId, responses=documented(409, 422))
    def start_run(order: Order) -> dict[str, str]:
        """Starts a training in a process of its own, which goes on without this server."""
        return {"id": trainings.start(order.make(), order.name)}

    @router.get("/runs/{run}", response_model=schemas.RunAnswer, responses=documented(404, 422))
    def show_run(run: RunInPath) -> dict[str, Any]:
        """One run, its curves, and the command that makes it."""
        status = trainings.status(trainings.place(run))
        return describe_run(status) | curves_of(status.place) | trainings.code_of(status)

    @router.post("/runs/{run}/stop", status_code=202, response_model=schemas.RunId, responses=documented(404, 409, 422))
    def stop_run(run: RunInPath) -> dict[str, str]:
        """Asks a training to save what it has and end."""
        trainings.stop(run)
        return {"id": run}

    @router.post(
        "/runs/{run}/resume", status_code=202, response_model=schemas.RunId, responses=documented(404, 409, 422)
    )
    def resume_run(run: RunInPath) -> dict[str, str]:
        """Takes a training up where it ended."""
        trainings.resume(run)
        return {"id": run}

    @router.get("/runs/{run}/snapshots", response_model=MomentsAnswer, responses=documented(404, 422))
    def list_snapshots(
        run: RunInPath,
        after: Annotated[int, Query(ge=-1, description="Step of the last moment that you have; -1 for none.")] = -1,
    ) -> dict[str, Any]:
        """How the network of a run looked while it learned: its first weights, some test images, a drawing.

        A run that nobody watched has none: one of several processes, or of an older version of mnistlab.
        """
        return moments_of(trainings.place(run), after)

    @router.post(
        "/runs/{run}/drawing", status_code=202, response_model=schemas.RunId, responses=documented(404, 409, 422)
    )
    def answer_drawing(run: RunInPath, drawing: Drawing) -> dict[str, str]:
        """Has a training that is under way answer a drawing, at every moment that it keeps from now on."""
        leave_drawing(trainings.status(trainings.place(run)), drawing)
        return {"id": run}

    @router.get(
        "/runs/{run}/events",
        response_class=StreamingResponse,
        responses=documented(404, 422)
        | {
            200: {
                "content": {"text/event-stream": {}},
                "description": "Events `begin`, `step`, `epoch` and `state`, with `left_seconds`; the last `state` is "
                "not `running`.",
            },
        },
    )
    async def follow_run(run: RunInPath, last_event_id: Annotated[str | None, Header()] = None) -> Response:
        """What happens in a run, until its training ends: each line of its progress file, and its state as it changes.

        `Last-Event-ID` leaves out what a client has had before the connection broke off.
        """
        place = await asyncio.to_thread(trainings.place, run)
        last = int(last_event_id) if last_event_id and last_event_id.isdecimal() and len(last_event_id) < 16 else 0
        lines = Lines(place, last)
        return StreamingResponse(
            _events(trainings, run, lines),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return router


async def _events(trainings: Trainings, run: str, lines: "Lines") -> AsyncIterator[bytes]:
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
            yield _event(line.pop("event"), line, number)
        has_ended = status is None or status.summary.state != "running"
        if status is not None and _stand(status) != _stand(shown):
            yield _event("state", describe_run(status))
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


def _stand(status: TrainingStatus | None) -> tuple[str | None, ...] | None:
    """What the page is told of at once when it changes."""
    return None if status is None else (status.summary.state, status.phase, status.summary.problem)


def _event(name: str, content: Any, number: int | None = None) -> bytes:
    mark = "" if number is None else f"id: {number}\n"
    return f"{mark}event: {name}\ndata: {json.dumps(content, allow_nan=False)}\n\n".encode()


class Lines:
    """The lines of a run's progress file, each returned once, numbered from 1, with the time left after it.

    Args:
        place: Where the run's files are.
        last: Number of the last line that the client has already; 0 for none.
    """

    def __init__(self, place: Place, last: int) -> None:
        self._path = place.folder / PROGRESS_FILE
        self._last = last
        self._offset = self._number = 0
        self._progress = Progress()

    def read(self) -> list[tuple[int, Line]]:
        """The complete lines that have been added since the last call, with their numbers."""
        try:
            with self._path.open("rb") as file:
                if file.seek(0, 2) < self._offset:  # the file was deleted and begun again
                    self._offset = self._number = self._last = 0
                    self._progress = Progress()
                file.seek(self._offset)
                *whole, _ = file.read().split(b"\n")
        except OSError:
            return []
        self._offset += sum(len(text) + 1 for text in whole)
        first, self._number = self._number + 1, self._number + len(whole)
        numbered = [(number, self._told(parse_line(text))) for number, text in enumerate(whole, start=first)]
        return [(number, line) for number, line in numbered if line is not None and number > self._last]

    def _told(self, line: Line | None) -> Line | None:
        """A line with what follows from it and those before it; a beginning says which steps it left of the others."""
        self._progress.add(line)
        if line is None:
            return None
        kept = {"steps": [*self._progress.steps]} if line["event"] == "begin" else {}
        return line | kept | {"left_seconds": self._progress.left_seconds}
