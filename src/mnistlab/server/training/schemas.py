"""Requests and answers of the routes about training runs, as OpenAPI describes them."""

import dataclasses
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mnistlab.recipes import MAX_SEED, RECIPES, AffineRanges, ModelName, Recipe, Validation
from mnistlab.runs.listing import State
from mnistlab.server.http.sentences import tell, translated
from mnistlab.server.run_ids import ID_PATTERN
from mnistlab.server.training.status import Phase, TrainingStatus

LIMITS = {"epochs": (1, 100), "batch_size": (1, 10_000), "learning_rate": (1e-6, 1.0), "seed": (0, MAX_SEED)}
"""Lowest and highest value of each setting that can be chosen on the page."""


class ChosenRecipe(BaseModel):
    """A recipe and the settings to replace; what is left out is the recipe's own."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    recipe: str = Field(pattern=f"^({'|'.join(RECIPES)})$", examples=["mlp"])
    epochs: int | None = Field(None, strict=True, ge=LIMITS["epochs"][0], le=LIMITS["epochs"][1])
    batch_size: int | None = Field(None, strict=True, ge=LIMITS["batch_size"][0], le=LIMITS["batch_size"][1])
    learning_rate: float | None = Field(None, strict=True, ge=LIMITS["learning_rate"][0], le=LIMITS["learning_rate"][1])
    augmentation: bool | None = Field(None, strict=True)
    seed: int | None = Field(None, strict=True, ge=LIMITS["seed"][0], le=LIMITS["seed"][1])

    @field_validator("epochs", "batch_size", "seed", mode="before")
    @classmethod
    def _accept_whole(cls, value: object) -> object:
        """Takes 7.0 for 7, which in JSON are the same number."""
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def make(self) -> Recipe:
        """The recipe with these settings. Augmentation is the recipe's own if it has one, or else the notebook's.

        Example:
            >>> ChosenRecipe(recipe="mlp", epochs=1, augmentation=True).make().augmentation == AffineRanges()
            True
        """
        recipe = RECIPES[self.recipe]
        given = self.model_dump(include={*LIMITS}, exclude_none=True)
        if self.augmentation not in (None, recipe.augmentation is not None):
            given["augmentation"] = AffineRanges() if self.augmentation else None
        return dataclasses.replace(recipe, **given)


class Order(ChosenRecipe):
    """A training to start; what is left out is the recipe's own."""

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


def describe_recipe(name: str) -> dict[str, Any]:
    """The fields of a `RecipeModel` for a key of `RECIPES`."""
    recipe = RECIPES[name]
    own = {"id": name, "title": tell(f"recipe.{name}"), "model": recipe.model, "members": recipe.members}
    return own | _settings_of(recipe)


def _settings_of(recipe: Recipe) -> dict[str, Any]:
    names = ("epochs", "batch_size", "learning_rate", "validation", "seed")
    return {name: getattr(recipe, name) for name in names} | {"augmentation": recipe.augmentation is not None}


class RecipesAnswer(BaseModel):
    """The recipes, and how far their settings can be changed."""

    recipes: list[RecipeModel]
    limits: dict[str, tuple[float, float]] = Field(description="Lowest and highest value.")


@dataclasses.dataclass(frozen=True)
class Report:
    """One run as the page's list shows it; the fields are the keys of the JSON.

    Args:
        id: Name in addresses.
        title: The folder's path below the runs folder, or what a recording is called.
        folder: The folder as a command line takes it; of a recording its name, which stands for a folder there.
        state: Whether the training is running, stopped, finished or failed, or the run is damaged.
        phase: What a running training does: it starts, trains, or scores and writes files.
        recipe: Name of the recipe.
        settings: `epochs`, `batch_size`, `learning_rate`, `augmentation`, `validation` and `seed`.
        network: Id of the network of a finished run.
        test_accuracy: Accuracy on the test split of a finished run, 0 to 1.
        epochs: Number of epochs of all its networks together.
        epochs_done: Number of epochs that are finished.
        num_steps: Number of weight updates of the whole training; 0 if it is not known yet.
        seconds: Duration of the training so far in seconds.
        left_seconds: Estimated duration of the rest of a running training in seconds.
        message: One sentence about what went wrong.
        resumable: Whether the training can be resumed from the page.
    """

    id: str
    title: str
    folder: str
    state: State
    phase: Phase | None = None
    recipe: str | None = None
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    network: str | None = None
    test_accuracy: float | None = None
    epochs: int = 0
    epochs_done: int = 0
    num_steps: int = 0
    seconds: float = 0.0
    left_seconds: float | None = None
    message: str | None = None
    resumable: bool = False


def describe_run(status: TrainingStatus) -> dict[str, Any]:
    """The fields of a `Report` for one run."""
    summary, recipe, progress = status.summary, status.summary.recipe, status.summary.progress
    is_finished = summary.state == "finished"
    return {
        "id": status.place.run,
        "title": translated(status.place.title),
        "folder": status.place.run if status.place.is_recorded else str(status.place.folder),
        "state": summary.state,
        "phase": status.phase,
        "recipe": None if recipe is None else recipe.name,
        "settings": {} if recipe is None else _settings_of(recipe),
        "network": status.place.run if is_finished else None,
        "test_accuracy": float(summary.metrics["test_accuracy"]) if is_finished else None,
        "epochs": 0 if recipe is None else recipe.epochs * recipe.members,
        "epochs_done": summary.epochs_done or 0,
        "num_steps": progress.num_steps,
        "seconds": progress.seconds,
        "left_seconds": progress.left_seconds if status.phase == "training" else None,
        "message": None if summary.problem is None else translated(summary.problem),
        "resumable": status.resumable,
    }


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


class Code(BaseModel):
    """A recipe in words."""

    command: str | None = Field(description="Command line that trains it; null if a setting of it has no option.")
    python: str | None = Field(description="Python program that trains it; null if a program would need another run.")


@dataclasses.dataclass(frozen=True)
class RunAnswer(Report):
    """One run with its curves.

    Args:
        history: A row for each epoch: epoch, loss, accuracy, val_loss, val_accuracy and seconds.
        steps: The steps that were recorded.
        has_snapshots: Whether `/api/runs/ID/snapshots` has how its network looked while it learned.
        command: Command line that makes the run.
        python: Python program that makes the run.
    """

    history: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    steps: list[StepModel] = dataclasses.field(default_factory=list)
    has_snapshots: bool = False
    command: str | None = None
    python: str | None = None


class RunId(BaseModel):
    """The run that it is about."""

    id: str
