"""The moments of a run that its folder keeps: how the network looked while it learned, for the page."""

import base64
from typing import Annotated, Any

from pydantic import BaseModel, Field

from mnistlab.runs.snapshot_log import write_drawing
from mnistlab.runs.snapshots import Kind, Snapshot, Watched, read_snapshots
from mnistlab.server.http.errors import ApiError
from mnistlab.server.images import Image, decode_image, encode_image
from mnistlab.server.training.status import Place, TrainingStatus

DIGITS = 5  # decimal places of a probability, as many as the file has

Share = Annotated[float, Field(ge=0, le=1)]
Shares = list[Share]


class Drawing(BaseModel):
    """A drawing that a training run is to answer from now on."""

    image: Image


class WatchedModel(BaseModel):
    """What was watched during a training run."""

    layer: str = Field(description="Name of the first layer that has weights.")
    kind: Kind = Field(description="Weights of the units of a dense layer, or filters of a convolution.")
    num_filters: int = Field(description="Units or filters in all; the pictures may show the first few.")
    indices: list[int] = Field(description="Positions of the watched images in the test split.")
    labels: list[int]
    images: list[Image]


class MomentModel(BaseModel):
    """The network at one moment."""

    step: int = Field(description="Weight updates until then, of all networks.")
    member: int = Field(description="Number of the network, from 1, where a recipe trains several.")
    seconds: float = Field(description="Of training until then.")
    shape: tuple[int, int, int] = Field(description="Pictures, rows, columns.", examples=[[32, 3, 3]])
    filters: str = Field(
        description="The weights as pictures, a byte each, in Base64: 128 for none, 255 for the largest of the picture."
    )
    scales: list[float] = Field(description="The largest weight of each picture without its sign.")
    probabilities: list[Shares] = Field(description="For each watched image ten probabilities.")
    drawing: Image | None = Field(description="The drawing that was there at that moment.")
    answer: Shares | None = Field(description="Ten probabilities for it.")


class MomentsAnswer(BaseModel):
    """How a network looked while it learned."""

    id: str
    watched: WatchedModel | None = Field(description="Null if nothing was kept of this run.")
    steps: list[int] = Field(
        description="Steps of all moments that are kept; of the others you may forget what you had."
    )
    moments: list[MomentModel] = Field(description="The moments that were asked for, the oldest first.")
    num_damaged: int = Field(description="Moments of which the file holds something that cannot be read.")


def moments_of(place: Place, after: int) -> dict[str, Any]:
    """The fields of a `MomentsAnswer`.

    Args:
        place: Where the run's files are.
        after: Step of the last moment that the client has; -1 for none.

    Raises:
        RunError: if the file with the moments is damaged.
    """
    found = read_snapshots(place.folder)
    if found is None:
        return {"id": place.run, "watched": None, "steps": [], "moments": [], "num_damaged": 0}
    return {
        "id": place.run,
        "watched": _watched(found.watched),
        "steps": [moment.step for moment in found.moments],
        "moments": [_moment(moment) for moment in found.moments if moment.step > after],
        "num_damaged": found.num_damaged,
    }


def leave_drawing(status: TrainingStatus, drawing: Drawing) -> None:
    """Leaves a drawing where the process that trains a run finds it.

    Raises:
        ApiError: 409 if the run is not being trained, or its folder is not there yet.
    """
    place = status.place
    if status.summary.state != "running":
        raise ApiError(409, "server.not_running", run=place.run)
    if not (place.folder / "recipe.toml").is_file():
        raise ApiError(409, "server.not_begun", run=place.run)
    write_drawing(place.folder, decode_image(drawing.image))


def _watched(watched: Watched) -> dict[str, Any]:
    return {
        "layer": watched.layer,
        "kind": watched.kind,
        "num_filters": watched.num_filters,
        "indices": watched.indices,
        "labels": watched.labels,
        "images": [encode_image(image) for image in watched.images],
    }


def _moment(moment: Snapshot) -> dict[str, Any]:
    levels = (moment.filters.astype("int16") + 128).astype("uint8")  # -127 to 127 -> 1 to 255
    return {
        "step": moment.step,
        "member": moment.member,
        "seconds": moment.seconds,
        "shape": levels.shape,
        "filters": base64.b64encode(levels.tobytes()).decode(),
        "scales": moment.scales,
        "probabilities": moment.probabilities.round(DIGITS).tolist(),
        "drawing": None if moment.drawing is None else encode_image(moment.drawing),
        "answer": None if moment.answer is None else moment.answer.round(DIGITS).tolist(),
    }
