"""Answers about mistakes and images of the test split, as OpenAPI describes them."""

from pydantic import BaseModel, Field

from mnistlab.datasets.contested import ContestedLabel
from mnistlab.server.images import Image


class Mistake(BaseModel):
    """A test image that got the wrong digit."""

    index: int
    label: int
    prediction: int
    confidence: float


class Contested(BaseModel):
    """A test image whose label people doubt."""

    index: int
    verdict: ContestedLabel


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
    contested: ContestedLabel | None


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
