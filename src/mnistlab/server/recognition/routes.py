"""Routes that ask networks: what is this, what does every layer say, which pixels mattered, what is on the photo."""

import platform
from typing import Any

import numpy as np
import onnxruntime
from fastapi import APIRouter, Request
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mnistlab import __version__
from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.refusal import Verdict
from mnistlab.server.http.errors import ApiError, documented
from mnistlab.server.http.work import Workers
from mnistlab.server.layers import Layer
from mnistlab.server.networks import Description, Network, Networks
from mnistlab.server.recognition import schemas
from mnistlab.server.recognition.photos import PhotoReader
from mnistlab.server.recognition.schemas import decode_image, encode_floats

BATCH = 128  # images at a time; all 784 places at once would take hundreds of MB
_PHOTO_BODY = {
    "requestBody": {
        "required": True,
        "description": "The bytes of a picture file: PNG, JPEG, WebP, TIFF, BMP or GIF. It is read and forgotten.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/*", "application/octet-stream")
        },
    }
}


def router(networks: Networks, workers: Workers, photos: PhotoReader) -> APIRouter:
    """The routes.

    Args:
        networks: whom to ask.
        workers: where it is computed.
        photos: reads whole photos.
    """
    routes = APIRouter(prefix="/api", tags=["recognition"])

    @routes.get("/health", summary="Whether the server answers")
    async def health() -> schemas.Health:
        return schemas.Health(status="ok")

    @routes.get("/version", summary="What answers, in which versions")
    async def version() -> schemas.Version:
        return schemas.Version(
            mnistlab=__version__,
            python=platform.python_version(),
            onnxruntime=onnxruntime.__version__,
            numpy=np.__version__,
        )

    @routes.get("/networks", summary="Every network that can be asked")
    async def list_networks() -> schemas.NetworksAnswer:
        """Those that ship with mnistlab, and one for each finished run in or below the runs folder."""
        found = await workers.run(lambda: [_network_model(one) for one in networks.listed()])
        return schemas.NetworksAnswer(networks=found)

    @routes.post("/classify", summary="Which digit an image shows", responses=documented(404))
    async def classify(asked: schemas.ClassifyRequest) -> schemas.ClassifyAnswer:
        """One to six networks answer side by side; the network that ships also judges whether it is a digit at all."""
        return await workers.run(_classify, networks, asked)

    @routes.post("/activations", summary="What every layer of a network says of an image", responses=documented(404))
    async def activations(asked: schemas.LookRequest) -> schemas.ActivationsAnswer:
        """From the image to the probabilities; each with the pixels that its cells see."""
        return await workers.run(_activations, networks, asked)

    @routes.get(
        "/networks/{network_id}/filters",
        summary="What the first layer of a network looks for",
        responses=documented(404),
    )
    async def filters(network_id: schemas.NetworkInPath) -> schemas.FiltersAnswer:
        """The weights of the first layer that has any, as pictures over the image's own pixels."""
        return await workers.run(_filters, networks, network_id)

    @routes.post("/occlusion", summary="Where covering an image changes the answer", responses=documented(404))
    async def occlusion(asked: schemas.OcclusionRequest) -> schemas.OcclusionAnswer:
        """A patch of ground covers one place after the other, and the network is asked each time."""
        return await workers.run(_occlusion, networks, asked)

    @routes.post("/read", summary="The digits on a photo", openapi_extra=_PHOTO_BODY)
    async def read(request: Request) -> schemas.ReadAnswer:
        """Finds and reads handwritten digits on a photo or scan of up to 5 MB, line by line.

        What is no digit is among the answers, with `kind` saying so; a photo on which nothing stands out has none.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not kind.startswith("image/") and kind != "application/octet-stream":
            raise ApiError(415, "Send the bytes of a picture, with Content-Type image/png, image/jpeg or the like.")
        return schemas.ReadAnswer.model_validate(await photos.read(request.stream()))

    return routes


def _network_model(found: Description) -> schemas.NetworkModel:
    entry = found.entry
    return schemas.NetworkModel(
        id=entry.id,
        title=entry.title,
        model=entry.model,
        source="shipped" if entry.folder is None else "run",
        folder=None if entry.folder is None else str(entry.folder),
        recipe=entry.recipe,
        test_accuracy=entry.test_accuracy,
        num_parameters=found.num_parameters,
        layers=[schemas.LayerModel.model_validate(_plain(layer)) for layer in found.layers],
    )


def _plain(layer: Layer) -> dict[str, Any]:
    field = layer.field
    seen = None if field is None else {"size": field.size, "stride": field.stride, "offset": field.offset}
    return {"name": layer.name, "title": layer.title, "kind": layer.kind, "shape": [*layer.shape], "field": seen}


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


def _activations(networks: Networks, asked: schemas.LookRequest) -> schemas.ActivationsAnswer:
    network = networks[asked.network]
    values = network.classifier.activations(decode_image(asked.image))
    layers = [
        schemas.Activations(
            **_plain(layer),
            minimum=float(values[layer.name].min()),
            maximum=float(values[layer.name].max()),
            values=encode_floats(values[layer.name]),
        )
        for layer in network.anatomy.layers
    ]
    return schemas.ActivationsAnswer(network=asked.network, layers=layers)


def _filters(networks: Networks, network_id: str) -> schemas.FiltersAnswer:
    anatomy = networks[network_id].anatomy
    if not anatomy.filter_layer:
        return schemas.FiltersAnswer(layers=[])
    num, rows, columns, depth = anatomy.filters.shape
    shown = schemas.Filters(
        name=anatomy.filter_layer, shape=(num, rows, columns, depth), values=encode_floats(anatomy.filters)
    )
    return schemas.FiltersAnswer(layers=[shown])


def _occlusion(networks: Networks, asked: schemas.OcclusionRequest) -> schemas.OcclusionAnswer:
    classifier, image = networks[asked.network].classifier, decode_image(asked.image)
    whole = classifier(image)
    digit = int(whole.argmax())
    covered, rows = covered_images(image, asked.size, asked.step)
    batches = np.array_split(covered, -(-len(covered) // BATCH))
    probabilities = np.concatenate([classifier(batch) for batch in batches])
    return schemas.OcclusionAnswer(
        digit=digit,
        confidence=float(whole[digit]),
        rows=rows,
        columns=len(covered) // rows,
        size=asked.size,
        step=asked.step,
        drop=encode_floats(whole[digit] - probabilities[:, digit]),
        answers=probabilities.argmax(axis=1).tolist(),
    )


def covered_images(image: NDArray[np.uint8], size: int, step: int) -> tuple[NDArray[np.uint8], int]:
    """An image with a patch of ground at one place after the other, row by row.

    Args:
        image: uint8 `(28, 28)`.
        size: pixels of the patch's side, 1 to 28.
        step: pixels from one place to the next, at least 1.

    Returns:
        uint8 `(num_places, 28, 28)`, and the number of rows of places.

    Example:
        >>> covered, rows = covered_images(np.full((28, 28), 255, np.uint8), 7, 7)
        >>> covered.shape, rows, int((covered[0] == 0).sum())
        ((16, 28, 28), 4, 49)
    """
    num = (IMAGE_SHAPE[0] - size) // step + 1
    covered = np.repeat(image[np.newaxis], num * num, axis=0).reshape(num, num, *IMAGE_SHAPE)
    windows = sliding_window_view(covered, (size, size), axis=(2, 3), writeable=True)[:, :, ::step, ::step]
    places = np.arange(num)
    windows[places[:, None], places[None, :], places[:, None], places[None, :]] = 0
    return covered.reshape(-1, *IMAGE_SHAPE), num
