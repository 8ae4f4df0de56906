"""Routes that ask networks: which digit is this, what does each layer say, which pixels matter, what is on a photo."""

import platform
from typing import Any

import numpy as np
import onnxruntime
from fastapi import APIRouter, Request
from numpy.typing import NDArray

from mnistlab import __version__
from mnistlab.inference import Verdict
from mnistlab.inference.anatomy import LayerView
from mnistlab.inference.occlusion import occlusion_map
from mnistlab.server.http.errors import ApiError, documented
from mnistlab.server.http.sentences import translated
from mnistlab.server.http.work import Workers
from mnistlab.server.images import decode_image, encode_floats
from mnistlab.server.networks import Description, Network, Networks
from mnistlab.server.recognition import schemas
from mnistlab.server.recognition.photos import PhotoReader
from mnistlab.server.recognition.surgery import Surgery
from mnistlab.system.sentences import said_by

_PHOTO_BODY = {
    "requestBody": {
        "required": True,
        "description": "The bytes of a picture file: PNG, JPEG, WebP, TIFF, BMP or GIF. It is read and forgotten.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/*", "application/octet-stream")
        },
    }
}


def recognition_router(networks: Networks, surgery: Surgery, workers: Workers, photos: PhotoReader) -> APIRouter:
    """The routes that ask networks, and those that say whether the server answers and in which versions.

    Args:
        networks: Networks that can be asked.
        surgery: Breaks them, for those who want to see what happens then.
        workers: Threads that ask them.
        photos: Reader of whole photos.
    """
    router = APIRouter(prefix="/api", tags=["recognition"])

    @router.get("/health", summary="Whether the server answers")
    async def health() -> schemas.Health:
        return schemas.Health(status="ok")

    @router.get("/version", summary="What answers, in which versions")
    async def version() -> schemas.Version:
        return schemas.Version(
            mnistlab=__version__,
            python=platform.python_version(),
            onnxruntime=onnxruntime.__version__,
            numpy=np.__version__,
        )

    @router.get("/networks", summary="Every network that can be asked")
    async def list_networks() -> schemas.NetworksAnswer:
        """Those that ship with mnistlab, and one for each finished run in or below the runs folder."""
        found = await workers.run(networks.listed)
        return schemas.NetworksAnswer(
            networks=[_network_model(one) for one in found if one.problem is None],
            damaged=[
                schemas.DamagedNetwork(id=one.entry.id, title=translated(one.entry.title), problem=one.problem)
                for one in found
                if one.problem is not None
            ],
        )

    @router.post("/classify", summary="Which digit an image shows", responses=documented(404))
    async def classify(asked: schemas.ClassifyRequest) -> schemas.ClassifyAnswer:
        """One to six networks answer side by side; the network that ships also judges whether it is a digit at all."""
        return await workers.run(_classify, networks, asked)

    @router.post("/activations", summary="What every layer of a network says of an image", responses=documented(404))
    async def activations(asked: schemas.LookRequest) -> schemas.ActivationsAnswer:
        """From the image to the probabilities; each with the pixels that its cells see."""
        return await workers.run(_activations, surgery, asked)

    @router.get(
        "/networks/{network_id}/filters",
        summary="What the first layer of a network looks for",
        responses=documented(404),
    )
    async def filters(network_id: schemas.NetworkInPath) -> schemas.FiltersAnswer:
        """The weights of the first layer that has any, as pictures over the image's own pixels."""
        return await workers.run(_filters, networks, network_id)

    @router.post("/occlusion", summary="Where covering an image changes the answer", responses=documented(404))
    async def occlusion(asked: schemas.OcclusionRequest) -> schemas.OcclusionAnswer:
        """A patch of ground covers one place after the other, and the network is asked each time."""
        return await workers.run(_occlusion, surgery, asked)

    @router.post("/read", summary="The digits on a photo", openapi_extra=_PHOTO_BODY)
    async def read(request: Request) -> schemas.ReadAnswer:
        """Finds and reads handwritten digits on a photo or scan of up to 5 MB, line by line.

        What is no digit is among the answers, with `kind` saying so; a photo on which nothing stands out has none.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not kind.startswith("image/") and kind != "application/octet-stream":
            raise ApiError(415, "server.only_pictures")
        return schemas.ReadAnswer.model_validate(await photos.read(request.stream()))

    return router


def _network_model(found: Description) -> schemas.NetworkModel:
    entry = found.entry
    return schemas.NetworkModel(
        id=entry.id,
        title=translated(entry.title),
        model=entry.model,
        source="shipped" if entry.folder is None else "run",
        folder=None if entry.folder is None else str(entry.folder),
        recipe=entry.recipe,
        test_accuracy=entry.test_accuracy,
        num_parameters=found.num_parameters,
        layers=[schemas.LayerModel.model_validate(_plain(layer)) for layer in found.layers],
        class_names=None if found.class_names is None else [*found.class_names],
    )


def _plain(layer: LayerView) -> dict[str, Any]:
    field = layer.field
    seen = None if field is None else {"size": field.size, "stride": field.stride, "offset": field.offset}
    return {
        "name": layer.name,
        "title": translated(layer.title),
        "kind": layer.kind,
        "shape": [*layer.shape],
        "field": seen,
    }


def _classify(networks: Networks, asked: schemas.ClassifyRequest) -> schemas.ClassifyAnswer:
    image = decode_image(asked.image)
    chosen = [networks[network_id] for network_id in asked.networks]
    return schemas.ClassifyAnswer(
        verdict=_verdict_model(networks.judge.verdict(image)), answers=[_ask(network, image) for network in chosen]
    )


def _verdict_model(verdict: Verdict) -> schemas.VerdictModel:
    return schemas.VerdictModel(
        kind=verdict.kind,
        digit=verdict.digit,
        confidence=verdict.confidence,
        likeness=verdict.likeness,
        alternatives=[schemas.Alternative(digit=digit, probability=share) for digit, share in verdict.alternatives],
        reason=verdict.reason,
        said=None if (said := said_by(verdict.reason)) is None else schemas.Said.model_validate(said),
    )


def _ask(network: Network, image: NDArray[np.uint8]) -> schemas.NetworkAnswer:
    answer = network.answer(image[np.newaxis])
    probabilities = answer.probabilities[0]
    digit = int(probabilities.argmax())
    return schemas.NetworkAnswer(
        network=network.entry.id,
        digit=digit,
        confidence=float(probabilities[digit]),
        probabilities=probabilities.tolist(),
        logits=answer.logits[0].tolist(),
        temperature=network.classifier.calibration.temperature,
    )


def _activations(surgery: Surgery, asked: schemas.LookRequest) -> schemas.ActivationsAnswer:
    damage = asked.damage.to_damage()
    network, image = surgery.network(asked.network, damage), damage.cover(decode_image(asked.image))
    values = network.classifier.activations(image)
    layers = [
        schemas.Activations(
            **_plain(layer),
            minimum=float(values[layer.name].min()),
            maximum=float(values[layer.name].max()),
            values=encode_floats(values[layer.name]),
        )
        for layer in network.anatomy.layers
    ]
    return schemas.ActivationsAnswer(network=asked.network, answer=_ask(network, image), layers=layers)


def _filters(networks: Networks, network_id: str) -> schemas.FiltersAnswer:
    anatomy = networks[network_id].anatomy
    if not anatomy.filter_layer:
        return schemas.FiltersAnswer(layers=[])
    num, rows, columns, depth = anatomy.filters.shape
    shown = schemas.Filters(
        name=anatomy.filter_layer, shape=(num, rows, columns, depth), values=encode_floats(anatomy.filters)
    )
    return schemas.FiltersAnswer(layers=[shown])


def _occlusion(surgery: Surgery, asked: schemas.OcclusionRequest) -> schemas.OcclusionAnswer:
    damage = asked.damage.to_damage()
    classifier, image = surgery.network(asked.network, damage).classifier, damage.cover(decode_image(asked.image))
    whole = classifier(image)
    digit = int(whole.argmax())
    covered = occlusion_map(classifier, image, asked.size, asked.step)  # (rows, columns, 10)
    return schemas.OcclusionAnswer(
        digit=digit,
        confidence=float(whole[digit]),
        rows=covered.shape[0],
        columns=covered.shape[1],
        size=asked.size,
        step=asked.step,
        drop=encode_floats(whole[digit] - covered[..., digit]),
        answers=covered.argmax(axis=-1).ravel().tolist(),
    )
