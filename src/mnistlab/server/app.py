"""The server's application: which routes there are, and what stands before them."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from mnistlab import __version__
from mnistlab.server.experiments.routes import findings_router
from mnistlab.server.http import errors
from mnistlab.server.http.errors import documented, register
from mnistlab.server.http.limits import BodyLimits
from mnistlab.server.http.security import AnswerHeaders, Gate
from mnistlab.server.http.static import StaticFiles, load_assets
from mnistlab.server.http.work import Workers
from mnistlab.server.mistakes.answers import Answers
from mnistlab.server.mistakes.routes import mistakes_router
from mnistlab.server.networks import Networks
from mnistlab.server.recognition import routes as recognition
from mnistlab.server.recognition.photos import PhotoReader
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
    """The application for one server.

    Args:
        settings: where it will listen and what it shows; `port` as it is after binding.

    Example:
        `uvicorn.run(create_app(Settings()), port=8028)` serves the page, without the deadlines and the limit on
        connections of `mnistlab.server.serving.serve`.
    """
    networks = Networks(settings.runs)
    workers = Workers(settings.num_workers, settings.max_waiting)
    answers = Answers(networks, settings.runs / NOTES)
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
        docs_url=None,  # these load their scripts from another host
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        responses=documented(*errors.EVERYWHERE, *([] if settings.token is None else [401])),
    )
    register(app)
    for routes in (  # whoever adds some puts them here
        recognition.router(networks, workers, photos),
        training_router(Trainings(settings.runs, settings.data)),
        mistakes_router(answers),
        findings_router([settings.runs, settings.runs.parent / "experiments"]),
    ):
        app.include_router(routes)
    # From the innermost to the outermost.
    app.add_middleware(StaticFiles, assets=load_assets())
    app.add_middleware(BodyLimits, settings=settings)
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(AnswerHeaders)
    return app
