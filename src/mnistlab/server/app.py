"""The server's application: its routes, and what every request passes before it reaches them."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from mnistlab import __version__
from mnistlab.server.experiments.routes import experiments_router
from mnistlab.server.http import errors
from mnistlab.server.http.limits import BodyLimits
from mnistlab.server.http.methods import Heads
from mnistlab.server.http.security import AnswerHeaders, Gate
from mnistlab.server.http.sentences import Languages
from mnistlab.server.http.static import PageFiles, load_assets, load_mnist_files
from mnistlab.server.http.work import Workers
from mnistlab.server.mistakes.answers import TestSplitAnswers
from mnistlab.server.mistakes.routes import mistakes_router
from mnistlab.server.networks import Networks
from mnistlab.server.recognition.photos import PhotoReader
from mnistlab.server.recognition.routes import recognition_router
from mnistlab.server.recognition.surgery import Surgery
from mnistlab.server.recognition.surgery_routes import surgery_router
from mnistlab.server.settings import Settings
from mnistlab.server.training.routes import training_router
from mnistlab.server.training.trainings import NOTES, Trainings

DESCRIPTION = """\
What mnistlab's page does, for programs: ask networks which digit an image shows, look into their layers, read photos,
train, and look through the mistakes.

Images are 28 × 28 bytes, row by row, 0 ground to 255 ink, in Base64. Other arrays are little-endian float32 in Base64.
Errors are `{"error": "one or two plain sentences"}`.
"""


def create_app(settings: Settings) -> FastAPI:
    """Builds the application for one server.

    Args:
        settings: What to serve and with which limits; `port` must be the real port, not 0.

    Example:
        `uvicorn.run(create_app(Settings()), port=8028)` serves the page, but without the deadlines and the limit on
        connections that `mnistlab.server.serve` adds.
    """
    networks = Networks(settings.runs)
    workers = Workers(settings.num_workers, settings.max_waiting)
    answers = TestSplitAnswers(networks, settings.runs / NOTES)
    surgery = Surgery(networks, lambda: answers.dataset.test)
    photos = PhotoReader(settings.max_waiting_photos, settings.max_held_bytes)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await workers.run(networks.load_shipped)
        yield
        answers.close()
        photos.close()
        workers.close()

    app = FastAPI(
        title="mnistlab",
        version=__version__,
        description=DESCRIPTION,
        license_info={"name": "MIT", "identifier": "MIT"},
        openapi_url="/api/openapi.json",
        docs_url=None,  # these two load their scripts from another host
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        responses=errors.documented(*errors.EVERYWHERE),
        generate_unique_id_function=_operation_name,
        exception_handlers=errors.HANDLERS,
    )
    app.include_router(recognition_router(networks, surgery, workers, photos))
    app.include_router(surgery_router(surgery, workers))
    app.include_router(training_router(Trainings(settings.runs, settings.data)))
    app.include_router(mistakes_router(answers))
    app.include_router(experiments_router([settings.runs, settings.runs.parent / "experiments"]))
    # A request passes these from the last to the first.
    app.add_middleware(PageFiles, assets=load_assets() | load_mnist_files())
    app.add_middleware(BodyLimits, settings=settings)
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(Heads)
    app.add_middleware(AnswerHeaders)
    app.add_middleware(Languages)
    app.openapi = lambda: _description(app, needs_token=settings.token is not None)  # type: ignore[method-assign]
    return app


def _operation_name(route: APIRoute) -> str:
    """The name that programs made from the description call a route by: `listRuns`."""
    first, *others = route.name.split("_")
    return first + "".join(map(str.capitalize, others))


def _description(app: FastAPI, *, needs_token: bool) -> dict[str, Any]:
    """The OpenAPI description, with the token that requests bring where the server asks for one."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            license_info=app.license_info,
        )
        token = {"type": "http", "scheme": "bearer", "description": "The token that `mnistlab serve` printed."}
        made.setdefault("components", {})["securitySchemes"] = {"token": token}
        made["security"] = [{"token": []}] if needs_token else [{}, {"token": []}]
        app.openapi_schema = made
    return app.openapi_schema
