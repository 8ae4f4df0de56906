"""Answers about the results of experiments, as OpenAPI describes them."""

from typing import Literal

from pydantic import BaseModel, Field


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
    charts: list[Chart] = Field(description="Empty if an older version of mnistlab wrote the results.")
    command: str | None
    folder: str | None
