"""Routes that break networks, and that give the numbers with which a cell is computed by hand."""

import dataclasses

from fastapi import APIRouter

from mnistlab.inference.surgery import Damage
from mnistlab.server.http.errors import ApiError, documented
from mnistlab.server.http.work import Workers
from mnistlab.server.images import encode_floats
from mnistlab.server.recognition import surgery_schemas as schemas
from mnistlab.server.recognition.schemas import NetworkInPath
from mnistlab.server.recognition.surgery import Surgery


def surgery_router(surgery: Surgery, workers: Workers) -> APIRouter:
    """The routes that show what a network consists of and what becomes of it without some of that.

    Args:
        surgery: Breaks networks.
        workers: Threads that compute.
    """
    router = APIRouter(prefix="/api", tags=["surgery"])

    @router.get(
        "/networks/{network_id}/structure",
        summary="How the layers of a network come from each other",
        responses=documented(404),
    )
    async def structure(network_id: NetworkInPath) -> schemas.StructureAnswer:
        """The layers that can be broken, and the operation between each layer and the one before."""
        return await workers.run(_structure, surgery, network_id)

    @router.post("/unit", summary="The weights of one filter or unit", responses=documented(404))
    async def unit(asked: schemas.UnitRequest) -> schemas.UnitAnswer:
        """With them and the activations of the layer before, anybody can compute a cell by hand."""
        return await workers.run(_unit, surgery, asked)

    @router.post("/accuracy", summary="What a broken network still classifies correctly", responses=documented(404))
    async def accuracy(asked: schemas.AccuracyRequest) -> schemas.AccuracyAnswer:
        """The network, broken as the request says, is asked about 1,000 test images, always the same ones."""
        correct, count = await workers.run(surgery.count_correct, asked.network, asked.damage.to_damage())
        return schemas.AccuracyAnswer(correct=correct, count=count)

    return router


def _structure(surgery: Surgery, network_id: str) -> schemas.StructureAnswer:
    arithmetic = surgery.arithmetic(network_id, Damage())
    derivations = arithmetic.derivations.values() if arithmetic else ()
    return schemas.StructureAnswer(
        parts=[schemas.PartModel(**dataclasses.asdict(part)) for part in surgery.parts(network_id)],
        derivations=[schemas.DerivationModel(**dataclasses.asdict(one)) for one in derivations],
    )


def _unit(surgery: Surgery, asked: schemas.UnitRequest) -> schemas.UnitAnswer:
    arithmetic = surgery.arithmetic(asked.network, asked.damage.to_damage())
    try:
        if arithmetic is None:
            raise KeyError(asked.layer)
        found = arithmetic.unit(asked.layer, asked.unit - 1)
    except (KeyError, IndexError) as error:
        raise ApiError(404, "server.no_unit") from error
    return schemas.UnitAnswer(
        shape=[*found.weights.shape], weights=encode_floats(found.weights), factor=found.factor, offset=found.offset
    )
