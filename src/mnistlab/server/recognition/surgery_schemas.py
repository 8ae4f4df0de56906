"""Requests and answers of the routes that break networks and show how their cells are computed."""

from pydantic import BaseModel, Field

from mnistlab.inference.arithmetic import Operation
from mnistlab.server.images import Floats
from mnistlab.server.recognition.damage import MAX_UNITS, DamageModel
from mnistlab.server.recognition.schemas import NetworkId, Request


class PartModel(BaseModel):
    """One layer with weights, as it can be broken."""

    layer: str = Field(description="Name of the layer.", examples=["conv1"])
    num_units: int = Field(description="Filters of a convolution, units of a dense layer.")
    adds: bool = Field(description="Whether it adds anything: a bias, or the offset of a normalization.")
    has_relu: bool


class DerivationModel(BaseModel):
    """How a layer comes from an earlier one."""

    layer: str
    source: str = Field(description="Name of the layer from whose numbers it is computed.")
    operation: Operation
    window: list[int] = Field(description="Rows and columns that a convolution or pooling covers.")
    strides: list[int] = Field(description="Cells from one place of the window to the next, down and across.")
    pads: list[int] = Field(description="Zeros around the source: top, left, bottom, right.")
    num_weights: int = Field(description="Numbers that training found.")


class StructureAnswer(BaseModel):
    """What a network consists of."""

    parts: list[PartModel] = Field(description="Layers with weights; `part` in a request is a number among them.")
    derivations: list[DerivationModel] = Field(description="Of every layer that comes from one other by one operation.")


class UnitRequest(Request):
    """One filter or unit of a layer."""

    network: NetworkId
    layer: str = Field(min_length=1, max_length=200, examples=["conv1_norm"])
    unit: int = Field(ge=1, le=MAX_UNITS, description="Number of the filter or unit, from 1 on.")
    damage: DamageModel = DamageModel()


class UnitAnswer(BaseModel):
    """Its numbers."""

    shape: list[int] = Field(description="Rows, columns, channels of a filter; inputs of a dense unit; or nothing.")
    weights: Floats
    factor: float = Field(description="Factor of a normalization, else 1.")
    offset: float = Field(description="What is added: a bias, or the offset of a normalization.")


class AccuracyRequest(Request):
    """A network, and what is broken in it."""

    network: NetworkId
    damage: DamageModel = DamageModel()


class AccuracyAnswer(BaseModel):
    """How many images of a fixed sample it classifies correctly."""

    correct: int
    count: int = Field(description="Images of the sample: every tenth image of the test split, from the first on.")
