"""The mistakes of a network over HTTP: the test images that it gets wrong, and the images themselves."""

import asyncio
import functools
import threading
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Query

from mnistlab.datasets import NUM_CLASSES
from mnistlab.datasets.contested import CONTESTED_TEST_LABELS
from mnistlab.evaluation import Evaluation
from mnistlab.evaluation.neighbours import Neighbours
from mnistlab.server.http.errors import documented
from mnistlab.server.images import encode_image
from mnistlab.server.mistakes.answers import TestSplitAnswers
from mnistlab.server.mistakes.schemas import CellAnswer, ImageAnswer, ImagesAnswer, MistakesAnswer
from mnistlab.server.run_ids import ID_PATTERN

NUM_TEST_IMAGES = 10_000
MAX_WRONG = 2000  # mistakes in one answer; a network that has learnt nothing makes 9,000
MAX_IMAGES = 200  # images in one answer
MAX_REMEMBERED = 256  # images whose neighbours stay in memory

NetworkId = Annotated[str, Path(pattern=ID_PATTERN)]
Digit = Annotated[int, Query(ge=0, lt=NUM_CLASSES)]
ImageIndex = Annotated[int, Path(ge=0, lt=NUM_TEST_IMAGES)]


def mistakes_router(answers: TestSplitAnswers) -> APIRouter:
    """The routes below `/api/mistakes` and `/api/images/test`."""
    router = APIRouter(prefix="/api", tags=["mistakes"])
    pictures = _Pictures(answers)

    @router.get("/mistakes/{network}", response_model=MistakesAnswer, responses=documented(404, 422))
    async def list_mistakes(network: NetworkId) -> dict[str, Any]:
        """The confusion matrix of a network, its mistakes, and the labels that people contest.

        The first time it is asked it reads all 10,000 test images, which takes some seconds.
        """
        evaluation = await _evaluation(answers, network)
        wrong = evaluation.wrong[:MAX_WRONG]
        columns = (wrong, evaluation.labels[wrong], evaluation.predictions[wrong], evaluation.confidences[wrong])
        return {
            "network": network,
            "num_images": evaluation.num_images,
            "num_wrong": evaluation.errors,
            "accuracy": evaluation.accuracy,
            "interval": list(evaluation.interval),
            "matrix": evaluation.confusion.tolist(),
            "wrong": [
                {"index": int(index), "label": int(label), "prediction": int(prediction), "confidence": float(sure)}
                for index, label, prediction, sure in zip(*columns, strict=True)
            ],
            "contested": [{"index": index, "verdict": verdict} for index, verdict in CONTESTED_TEST_LABELS.items()],
        }

    @router.get("/mistakes/{network}/cell", response_model=CellAnswer, responses=documented(404, 422))
    async def list_cell(
        network: NetworkId,
        label: Digit,
        prediction: Digit,
        offset: Annotated[int, Query(ge=0, le=NUM_TEST_IMAGES)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_IMAGES)] = MAX_IMAGES,
    ) -> dict[str, Any]:
        """The test images of one label that a network takes for one digit, those it is surest of first."""
        evaluation = await _evaluation(answers, network)
        found = np.flatnonzero((evaluation.labels == label) & (evaluation.predictions == prediction))
        found = found[np.argsort(-evaluation.confidences[found], kind="stable")]
        return {"count": len(found), "indices": found[offset : offset + limit].tolist()}

    @router.get("/images/test", response_model=ImagesAnswer, responses=documented(422))
    def show_images(
        indices: Annotated[str, Query(pattern=r"^[0-9]{1,4}(,[0-9]{1,4}){0,199}$", examples=["0,1,947"])],
    ) -> dict[str, Any]:
        """Some images of the test split, up to 200, by their indices from 0 to 9,999."""
        return {"images": [pictures.describe(int(index)) for index in indices.split(",")]}

    @router.get("/images/test/{index}", response_model=ImageAnswer, responses=documented(404, 422))
    async def show_image(
        index: ImageIndex, network: Annotated[str | None, Query(pattern=ID_PATTERN)] = None
    ) -> dict[str, Any]:
        """One image of the test split, what a network says of it, and the training images nearest to it.

        Their distance is Euclidean, over 784 pixels that go from 0 to 1.
        """
        described = await asyncio.to_thread(pictures.describe, index)
        nearest = await asyncio.to_thread(pictures.nearest, index)
        probabilities = None
        if network is not None:
            probabilities = (await _evaluation(answers, network)).probabilities[index].tolist()
        return described | {"probabilities": probabilities, "nearest": nearest}

    return router


class _Pictures:
    """Images of MNIST in the form of the answers."""

    def __init__(self, answers: TestSplitAnswers) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self.nearest = functools.lru_cache(MAX_REMEMBERED)(self._nearest)

    def describe(self, index: int) -> dict[str, Any]:
        """An image of the test split with its label, and whether people contest that label."""
        test = self._answers.dataset.test
        return {
            "index": index,
            "label": int(test.labels[index]),
            "image": encode_image(test.images[index]),
            "contested": CONTESTED_TEST_LABELS.get(index),
        }

    @functools.cached_property
    def _neighbours(self) -> Neighbours:
        return Neighbours(self._answers.dataset.train.images)

    def _nearest(self, index: int) -> list[dict[str, Any]]:
        """The training images nearest to an image of the test split."""
        train, test = self._answers.dataset.train, self._answers.dataset.test
        with self._lock:  # one search at a time: each needs all the bandwidth of the memory
            found = self._neighbours.find(test.images[index])
        return [
            {"index": at, "label": int(train.labels[at]), "distance": distance, "image": encode_image(train.images[at])}
            for at, distance in found
        ]


async def _evaluation(answers: TestSplitAnswers, network: str) -> Evaluation:
    asked = await asyncio.to_thread(answers.ask, network)
    # Shielded, so that a client that leaves does not cancel the evaluation for others that wait for it.
    return await asyncio.shield(asyncio.wrap_future(asked))
