"""Requests and answers of the routes about training runs, as OpenAPI describes them."""

import dataclasses
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from mnistlab.recipes import MAX_SEED, RECIPES, ModelName, Validation
from mnistlab.server.run_ids import ID_PATTERN
from mnistlab.server.training.status import TrainingStatus

LIMITS = {"epochs": (1, 100), "batch_size": (1, 10_000), "learning_rate": (1e-6, 1.0), "seed": (0, MAX_SEED)}
"""Lowest and highest value of each setting that can be chosen on the page."""


class Order(BaseModel):
    """A training to start; what is left out is the recipe's own."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    recipe: str = Field(pattern=f"^({'|'.join(RECIPES)})$", examples=["mlp"])
    epochs: int | None = Field(None, strict=True, ge=LIMITS["epochs"][0], le=LIMITS["epochs"][1])
    batch_size: int | None = Field(None, strict=True, ge=LIMITS["batch_size"][0], le=LIMITS["batch_size"][1])
    learning_rate: float | None = Field(None, strict=True, ge=LIMITS["learning_rate"][0], le=LIMITS["learning_rate"][1])
    augmentation: bool | None = Field(None, strict=True)
    seed: int | None = Field(None, strict=True, ge=LIMITS["seed"][0], le=LIMITS["seed"][1])
    name: str | None = Field(None, pattern=ID_PATTERN, description="The new run's id, and its folder's name.")


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


@dataclasses.dataclass(frozen=True)
class Report(TrainingStatus):
    """What the page's list says of one run; its fields are the keys of the JSON.

    Args:
        id: in addresses.
        title: the folder's place below the runs folder.
        folder: as a command line takes it.
        state: `"stopped"` and `"failed"` trainings can be resumed.
        phase: of a running one: before its first step, at it, or scoring and writing.
        recipe: name of the recipe.
        settings: `epochs`, `batch_size`, `learning_rate`, `augmentation`, `validation` and `seed`.
        network: the id to ask for answers, of a finished run.
        test_accuracy: fraction, 0 to 1, of a finished run.
        epochs: of all its networks.
        epochs_done: those finished.
        num_steps: weight updates of the whole training, 0 where that is not known yet.
        seconds: of training so far.
        left_seconds: of training still to come, estimated, of a running one.
        message: what went wrong, a sentence.
        resumable: whether the page can take it up again.
    """


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
