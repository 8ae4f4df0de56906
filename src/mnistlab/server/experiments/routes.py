"""The results of experiments over HTTP: those that mnistlab publishes, then the user's own."""

import functools
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as PathParameter

from mnistlab.server.experiments.charts import COMMANDS, PUBLISHED_PATH, describe, find_results
from mnistlab.server.experiments.schemas import ExperimentAnswer, ExperimentsAnswer
from mnistlab.server.http.errors import ApiError, documented
from mnistlab.server.run_ids import ID_PATTERN, run_id


def experiments_router(folders: Sequence[Path]) -> APIRouter:
    """The routes below `/api/experiments`.

    Args:
        folders: Folders in which to look for the user's own experiments.
    """
    router = APIRouter(prefix="/api", tags=["experiments"])

    def find_all() -> dict[str, dict[str, Any]]:
        own = {}
        for folder, results in find_results(folders).items():
            described = describe(folder.name, results) | {"source": "own", "folder": str(folder), "command": None}
            own[run_id(Path("own", folder.name))] = described
        return _published() | own

    @router.get("/experiments", response_model=ExperimentsAnswer)
    def list_experiments() -> dict[str, Any]:
        """The experiments: those that mnistlab publishes, then the user's own."""
        keys = ("title", "question", "answer", "source")
        found = find_all().items()
        return {"experiments": [{"id": name} | {key: one[key] for key in keys} for name, one in found]}

    @router.get("/experiments/{experiment}", response_model=ExperimentAnswer, responses=documented(404, 422))
    def show_experiment(experiment: Annotated[str, PathParameter(pattern=ID_PATTERN)]) -> dict[str, Any]:
        """One experiment: question, answer, and charts with 95 % intervals."""
        found = find_all().get(experiment)
        if found is None:
            raise ApiError(404, "There is no experiment of this id. /api/experiments lists them.")
        return {"id": experiment} | found

    return router


@functools.cache
def _published() -> dict[str, dict[str, Any]]:
    results = json.loads(PUBLISHED_PATH.read_text(encoding="utf-8"))
    commands = {name: shlex.join(["mnistlab", "experiment", *arguments]) for name, arguments in COMMANDS.items()}
    return {
        name: describe(name, one) | {"source": "published", "folder": None, "command": commands[name]}
        for name, one in results.items()
    }
