"""The results of experiments over HTTP: those that mnistlab publishes, then the user's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as PathParameter

from mnistlab.server.experiments.results import find_own, published
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
        own = find_own(folders)
        return published() | {run_id(Path("own", folder.name)): shown for folder, shown in own.items()}

    @router.get("/experiments", response_model=ExperimentsAnswer)
    def list_experiments() -> dict[str, Any]:
        """The experiments: those that mnistlab publishes, then the user's own."""
        keys = ("title", "question", "lead", "answer", "source")
        found = find_all().items()
        return {"experiments": [{"id": name} | {key: one[key] for key in keys} for name, one in found]}

    @router.get("/experiments/{experiment}", response_model=ExperimentAnswer, responses=documented(404, 422))
    def show_experiment(experiment: Annotated[str, PathParameter(pattern=ID_PATTERN)]) -> dict[str, Any]:
        """One experiment: question, answer, and charts with 95 % intervals."""
        found = find_all().get(experiment)
        if found is None:
            raise ApiError(404, "server.no_experiment")
        return {"id": experiment} | found

    return router
