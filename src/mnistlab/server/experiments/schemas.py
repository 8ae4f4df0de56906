"""Answers about the results of experiments, as OpenAPI describes them."""

from typing import Literal

from pydantic import BaseModel, Field

from mnistlab.evaluation.charts import Chart


class ExperimentHeading(BaseModel):
    """An experiment's question and what came of it."""

    id: str
    title: str
    question: str
    lead: str = Field(description="The answer in one sentence.")
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
