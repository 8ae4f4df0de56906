"""What answers about trainings, mistakes and experiments hold, as OpenAPI describes it."""

import dataclasses
from typing import Any, Literal

from pydantic import BaseModel, Field

from mnistlab.recipes import ModelName, Validation
from mnistlab.server.recognition.schemas import Image
from mnistlab.server.training.status import Report

Verdict = Literal["wrong", "undecided"]


class RecipeModel(BaseModel):
    """One recipe, with its own settings."""

    id: str
    title: str = Field(description="For people.")
    model: ModelName
    epochs: int
    batch_size: int
    learning_rate: float
    augmentation: bool
    seed: int
    members: int = Field(description="Networks that it trains and averages.")
    validation: Validation


class RecipesAnswer(BaseModel):
    """The recipes, and how far their settings can be changed."""

    recipes: list[RecipeModel]
    limits: dict[str, tuple[float, float]] = Field(description="Lowest and highest value.")


class RunsAnswer(BaseModel):
    """All runs."""

    runs: list[Report]
    running: str | None = Field(description="The one that is under way.")


class StepModel(BaseModel):
    """A step that was written down."""

    step: int = Field(description="Weight updates until then, of all networks.")
    epoch: int
    loss: float = Field(description="Mean over the images since the step before.")
    accuracy: float
    seconds: float = Field(description="Of training until then.")


@dataclasses.dataclass(frozen=True)
class RunAnswer(Report):
    """One run with its curves.

    Args:
        history: a row an epoch: epoch, loss, accuracy, val_loss, val_accuracy and seconds.
        steps: those that were written down.
        command: the command line that makes the run.
    """

    history: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    steps: list[StepModel] = dataclasses.field(default_factory=list)
    command: str | None = None


class RunId(BaseModel):
    """The run that it is about."""

    id: str


class Mistake(BaseModel):
    """A test image that got the wrong digit."""

    index: int
    label: int
    prediction: int
    confidence: float


class Contested(BaseModel):
    """A test image whose label people doubt."""

    index: int
    verdict: Verdict


class MistakesAnswer(BaseModel):
    """What a network makes of the test split."""

    network: str
    num_images: int
    num_wrong: int
    accuracy: float
    interval: tuple[float, float] = Field(description="95 % Wilson interval of the accuracy.")
    matrix: list[list[int]] = Field(description="Rows the label, columns the prediction.")
    wrong: list[Mistake] = Field(description="Up to 2,000 mistakes, the surest first.")
    contested: list[Contested]


class CellAnswer(BaseModel):
    """The images of one cell of the matrix."""

    count: int
    indices: list[int] = Field(description="Those the network is surest of first.")


class TestImage(BaseModel):
    """An image of the test split."""

    __test__ = False

    index: int
    label: int
    image: Image
    contested: Verdict | None


class ImagesAnswer(BaseModel):
    """Some images of the test split, in the order in which they were asked for."""

    images: list[TestImage]


class Neighbour(BaseModel):
    """A training image."""

    index: int
    label: int
    distance: float = Field(description="Euclidean, over 784 pixels from 0 to 1.")
    image: Image


class ImageAnswer(TestImage):
    """An image of the test split in detail."""

    probabilities: list[float] | None = Field(description="Of the ten digits, as the network says; none was named.")
    nearest: list[Neighbour]


class Point(BaseModel):
    """A mean with its 95 % interval, which a single training has not."""

    x: float | str
    y: float
    low: float | None
    high: float | None
    num: int = Field(description="Trainings behind it.")


class Series(BaseModel):
    """Points that belong together."""

    name: str
    points: list[Point]


class Axis(BaseModel):
    """What one axis of a chart means."""

    title: str
    scale: Literal["linear", "log", "zero", "names"]


class Chart(BaseModel):
    """One chart."""

    title: str
    x: Axis
    y: Axis
    series: list[Series]


class ExperimentHeading(BaseModel):
    """An experiment's question and what came of it."""

    id: str
    title: str
    question: str
    answer: list[str]
    source: Literal["published", "own"]


class ExperimentsAnswer(BaseModel):
    """All experiments, the published ones first."""

    experiments: list[ExperimentHeading]


class ExperimentAnswer(ExperimentHeading):
    """One experiment with its charts."""

    experiment: str = Field(description="Its kind: what follows `mnistlab experiment`.")
    method: list[str]
    conditions: str
    charts: list[Chart]
    command: str | None
    folder: str | None
