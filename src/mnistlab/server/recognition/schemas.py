"""Requests and answers of the routes that ask networks, as OpenAPI describes them."""

from typing import Annotated, Any, Literal

from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, Field

from mnistlab.inference.layer_titles import Kind
from mnistlab.server.images import Floats, Image
from mnistlab.server.recognition.damage import DamageModel
from mnistlab.server.run_ids import ID_PATTERN

NetworkId = Annotated[str, Field(pattern=ID_PATTERN, description="Of a network in /api/networks.")]
NetworkInPath = Annotated[str, PathParameter(pattern=ID_PATTERN, description="Of a network in /api/networks.")]


class Request(BaseModel):
    """The body of a request; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class FieldModel(BaseModel):
    """The pixels that a cell of a layer sees: of cell (i, j) the rows from offset + i × stride on, size of them."""

    size: tuple[int, int] = Field(description="Rows and columns.")
    stride: tuple[int, int] = Field(description="Pixels between the fields of neighbouring cells.")
    offset: tuple[int, int] = Field(description="Where the first one begins; below 0 in padding.")


class LayerModel(BaseModel):
    """One layer."""

    name: str
    title: str = Field(description="For people.", examples=["Convolution 1, ReLU"])
    kind: Kind
    shape: list[int] = Field(description="Rows, columns, channels; or units.", examples=[[26, 26, 32]])
    field: FieldModel | None = Field(description="None where a cell sees the whole image, or has no place on it.")


class NetworkModel(BaseModel):
    """One network that can be asked."""

    id: NetworkId
    title: str = Field(description="For people.")
    model: str = Field(description="Kind of network.", examples=["mlp", "cnn"])
    source: Literal["shipped", "run"]
    folder: str | None = Field(description="Of the run, as a command line takes it; null of what ships.")
    recipe: str | None = Field(description="Of the run that trained it.")
    test_accuracy: float | None = Field(description="On the run's test split, 0 to 1.")
    num_parameters: int | None = Field(description="Parameters of its Keras model.")
    layers: list[LayerModel]
    class_names: list[str] | None = Field(description="Of its ten classes, if they are other than digits.")


class DamagedNetwork(BaseModel):
    """A network that cannot be asked."""

    id: NetworkId
    title: str = Field(description="For people.")
    problem: str = Field(description="What is wrong with it, in a sentence.")


class NetworksAnswer(BaseModel):
    """All networks, those that ship with mnistlab first."""

    networks: list[NetworkModel]
    damaged: list[DamagedNetwork] = Field(description="Those of finished runs that cannot be asked, and why.")


class ClassifyRequest(Request):
    """An image and whom to ask."""

    image: Image
    networks: list[NetworkId] = Field(min_length=1, max_length=6, description="One to six.", examples=[["shipped"]])


class Alternative(BaseModel):
    """Another digit that it may be."""

    digit: int
    probability: float


class Said(BaseModel):
    """A sentence by its name in the catalogue of the page, `/web/words/LANGUAGE.json`, and what is filled into it."""

    key: str = Field(examples=["answer.digit"])
    values: dict[str, Any] | None = Field(
        None, description="Text, numbers, lists or sentences.", examples=[{"thing": {"key": "thing.3"}, "share": 0.998}]
    )


class VerdictModel(BaseModel):
    """What the image shows, as the network that ships judges it."""

    kind: Literal["digit", "unsure", "no digit"]
    digit: int | None = Field(description="The most probable digit; none where there is no ink.")
    confidence: float = Field(description="Calibrated probability of that digit, provided that it is one.")
    likeness: float | None = Field(description="Probability that the image shows one whole digit.")
    alternatives: list[Alternative]
    reason: str = Field(description="One sentence in English.", examples=["It is a 3 (99.8 %)."])
    said: Said | None = Field(description="The same for other languages, if the catalogue has it.")


class NetworkAnswer(BaseModel):
    """What one network says."""

    network: NetworkId
    digit: int
    confidence: float
    probabilities: list[float] = Field(description="Of the ten digits, calibrated.")
    logits: list[float] = Field(description="What softmax makes exactly these probabilities of.")
    temperature: float = Field(description="What the numbers of the last layer were divided by to get the logits.")


class ClassifyAnswer(BaseModel):
    """A verdict and what every network says."""

    verdict: VerdictModel
    answers: list[NetworkAnswer]


class LookRequest(Request):
    """An image and the network to look into."""

    image: Image
    network: NetworkId
    damage: DamageModel = Field(
        DamageModel(), description="What is broken in the network, and which pixels are covered."
    )


class Activations(LayerModel):
    """What one layer answers."""

    minimum: float
    maximum: float
    values: Floats


class ActivationsAnswer(BaseModel):
    """What every layer answers, from the image to the probabilities."""

    network: NetworkId
    answer: NetworkAnswer
    layers: list[Activations]


class Filters(BaseModel):
    """The weights of a layer as pictures of what it looks for."""

    name: str
    shape: tuple[int, int, int, int] = Field(description="Filters, rows, columns, depth.", examples=[[32, 3, 3, 1]])
    values: Floats


class FiltersAnswer(BaseModel):
    """The first layer with weights."""

    layers: list[Filters]


class OcclusionRequest(LookRequest):
    """An image, a network, and the patch that covers one place after the other."""

    size: int = Field(7, ge=1, le=28, description="Pixels of the patch's side.")
    step: int = Field(2, ge=1, le=28, description="Pixels from one place to the next.")


class OcclusionAnswer(BaseModel):
    """Where covering changes the answer."""

    digit: int = Field(description="The answer to the whole image.")
    confidence: float
    rows: int = Field(description="Places from top to bottom.")
    columns: int = Field(description="Places from left to right.")
    size: int
    step: int
    drop: Floats = Field(description="At each place, how much probability the answer lost; rows × columns float32.")
    answers: list[int] = Field(description="At each place, the digit that the network answers then.")


class Box(BaseModel):
    """Where something is on a photo, in its pixels."""

    top: int
    left: int
    bottom: int
    right: int


class ReadingModel(BaseModel):
    """One thing on a photo that may be a digit."""

    kind: Literal["digit", "unsure", "no digit"]
    digit: int | None
    confidence: float
    alternatives: list[Alternative]
    reason: str
    said: Said | None = Field(description="The reason for other languages, if the catalogue has it.")
    box: Box
    line: int
    position: int
    marks: list[str] = Field(description="What is unusual about it.", examples=[["touching"]])
    trouble: "TroubleModel | None" = Field(description="What makes it doubtful; none of a sure digit.")
    image: Image


class TroubleModel(BaseModel):
    """What makes something hard to read, and what to do about it."""

    kind: str = Field(description="In a word or two.", examples=["touching"])
    sentence: str = Field(description="In a sentence.")
    advice: str = Field(description="What to do about it, in a sentence.")


class ReadAnswer(BaseModel):
    """What is on a photo, in reading order."""

    width: int = Field(description="Of the photo after its rotation, in pixels; boxes refer to it.")
    height: int
    lines: list[str] = Field(description="The digits, line by line.", examples=[["0617294"]])
    digits: list[ReadingModel]
    turn: Literal[0, 90, 180, 270] = Field(description="Degrees clockwise by which the photo was turned to be read.")
    troubles: list[TroubleModel] = Field(description="Of the photo as a whole, the most important first.")


class Health(BaseModel):
    """The server answers."""

    status: Literal["ok"]


class Version(BaseModel):
    """What answers."""

    mnistlab: str
    python: str
    onnxruntime: str
    numpy: str
