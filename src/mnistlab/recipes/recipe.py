"""Everything that decides a training run, in one frozen dataclass."""

import dataclasses
import math
import re
import tomllib
from collections.abc import Sequence
from typing import Any, Literal, get_args

import tomli_w

from mnistlab.exceptions import UsageError, described, did_you_mean
from mnistlab.recipes.limits import LIMITS, MAX_SEED, RANGE_LIMITS

ModelName = Literal["mlp", "cnn", "softmax", "small_cnn", "deep_cnn", "deeper_cnn", "widening_cnn"]
Validation = Literal["none", "split", "test"]
Precision = Literal["auto", "float32", "bfloat16"]
Schedule = Literal["constant", "one-cycle"]
MEMBER_SEED_STEP = 1_000_003  # far apart: the members of neighbouring seeds must not be the same networks


@dataclasses.dataclass(frozen=True)
class AffineRanges:
    """How far augmentation may move an image, in the units of Keras' `ImageDataGenerator`.

    Every image draws its own values, uniformly and independently. The defaults are the notebook's.

    Args:
        rotation: Largest rotation in degrees; angles are drawn from `-rotation` to `rotation`.
        width_shift: Largest shift to either side, as a fraction of the width, 0 to 1.
        height_shift: Largest shift up or down, as a fraction of the height, 0 to 1.
        shear: Largest shear in degrees; angles are drawn from `-shear` to `shear`. 0.3 degrees move no pixel by more
            than 0.07: the value comes from a time when the unit was radians.
        zoom: Largest change of size, 0 to 1; both axes are scaled separately by factors from `1 - zoom` to `1 + zoom`.

    Raises:
        UsageError: if a value is negative, or a fraction is not below 1.
    """

    rotation: float = 8.0
    width_shift: float = 0.08
    height_shift: float = 0.08
    shear: float = 0.3
    zoom: float = 0.08

    def __post_init__(self) -> None:
        """Rejects ranges that no image could survive."""
        for name, limit in RANGE_LIMITS.items():
            value = getattr(self, name)
            if not limit.holds(value):
                raise UsageError(f"The augmentation range {name} is {described(value)}; it must be {limit}.")


AUGMENTATIONS: dict[str, AffineRanges | None] = {"none": None, "yes": AffineRanges()}
"""Augmentation as the command line names it: none, or the notebook's ranges."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run.

    Two runs of one recipe on one machine give the same weights. Change a recipe with `dataclasses.replace`. How far
    its numbers may go stands in `mnistlab.recipes.LIMITS`.

    Args:
        name: Name of the recipe on the command line.
        model: Name of the network, a key of `mnistlab.models.MODELS`.
        epochs: Passes over the training images.
        max_steps: Weight updates after which the training run ends, also in the middle of an epoch; by
            default the epochs alone decide.
        batch_size: Images per weight update; the last batch of an epoch holds the remaining images.
        learning_rate: Adam's step size; with a schedule its highest value.
        schedule: Course of the learning rate. `"constant"`: always the same; `"one-cycle"`: up from a tenth to the
            highest value in the first 30 % of the steps, then down to zero, both in a straight line (Smith and Topin,
            "Super-Convergence", arXiv 1708.07120).
        beta_1: Adam's decay of the mean gradient.
        beta_2: Adam's decay of the mean squared gradient.
        label_smoothing: Share of the label that is spread over all digits (Szegedy et al., arXiv 1512.00567).
        norm_momentum: Decay of batch normalization's moving statistics; short training runs need a quick one.
        label_noise: Random labels added to each image's own, drawn once: alpha in Rolnick et al., "Deep
            Learning is Robust to Massive Label Noise", arXiv 1705.10694. See `mnistlab.training.soft_labels`.
        noise_bias: Share of the random labels that are one certain wrong digit, from 0 (uniform) to 1.
        augmentation: Ranges of the random affine transforms, or `None` to train on the images as they are.
        validation: Source of the validation images. `"none"`: train on everything, validate on nothing; `"split"`:
            hold `num_validation` training images back; `"test"`: the test split, as the notebook does for its CNN,
            which leaves no images that training has not looked at.
        num_validation: Images held back by `"split"`.
        members: Networks to train one after the other, each from a seed of its own; the model that is kept averages
            their probabilities (Hansen and Salamon, "Neural Network Ensembles", 1990).
        test_shifts: Whether the model that is kept also looks at each image shifted by one pixel up, down, left and
            right, and averages.
        precision: Precision of the arithmetic in the layers; weights stay float32. `"auto"` takes bfloat16 where the
            hardware multiplies it natively and float32 elsewhere.
        seed: Seed of initial weights, shuffling, augmentation, dropout and the validation split, 0 to 2,147,483,647.
        title: One line for people who choose among recipes; it decides nothing, so no file holds it and no comparison
            looks at it.
        start_from: SHA-256 of the `model.keras` whose weights the training run starts from, 64 hexadecimal digits; by
            default it starts from random weights. See `mnistlab.runs.fine_tuning`.

    Raises:
        UsageError: if a value is outside these ranges.

    Example:
        >>> recipe = Recipe(name="mlp", model="mlp")
        >>> dataclasses.replace(recipe, batch_size=32).batch_size
        32
    """

    name: str
    model: ModelName
    epochs: int = 5
    batch_size: int = 128
    learning_rate: float = 1e-3
    schedule: Schedule = "constant"
    beta_1: float = 0.9
    beta_2: float = 0.999
    label_smoothing: float = 0.0
    norm_momentum: float = 0.99
    augmentation: AffineRanges | None = None
    validation: Validation = "none"
    num_validation: int = 5000
    members: int = 1
    test_shifts: bool = False
    max_steps: int | None = None
    label_noise: int = 0
    noise_bias: float = 0.0
    precision: Precision = "auto"
    seed: int = 0
    start_from: str | None = None
    title: str = dataclasses.field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        """Rejects settings that no training run could follow."""
        if not isinstance(self.name, str) or not self.name:
            raise UsageError(f"The recipe's name is {described(self.name)}; it must be text.")
        named: dict[str, Any] = {
            "model": ModelName,
            "validation": Validation,
            "precision": Precision,
            "schedule": Schedule,
        }
        if not isinstance(self.name, str):
            raise UsageError(f"The recipe's name is {self.name!r}; it must be text.")
        for name, choices in named.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in get_args(choices):
                expected, meant = ", ".join(get_args(choices)), did_you_mean(value, get_args(choices))
                raise UsageError(f"The recipe's {name} is {described(value)}; it must be one of {expected}.{meant}")
        for name, limit in LIMITS.items():
            value = getattr(self, name)
            if name == "max_steps" and value is None:
                continue
            if not limit.holds(value):
                raise UsageError(f"The recipe's {name} is {described(value)}; it must be {limit}.")
            if type(value) not in (int, float):  # NumPy's, which recipe.toml could not hold
                object.__setattr__(self, name, int(value) if limit.is_whole else float(value))
        if not isinstance(self.test_shifts, bool):
            raise UsageError(f"The recipe's test_shifts is {described(self.test_shifts)}; it must be true or false.")
        if not isinstance(self.augmentation, AffineRanges | None):
            raise UsageError(
                f"The recipe's augmentation is {described(self.augmentation)}; it must be AffineRanges or None."
            )
        if self.start_from is not None and not re.fullmatch("[0-9a-f]{64}", str(self.start_from)):
            raise UsageError(f"The recipe's start_from is {self.start_from!r}; it must be 64 hexadecimal digits.")

    def member_recipes(self) -> "list[Recipe]":
        """A recipe for each network to train: equal to this one but for the seed, which the first shares with it."""
        seeds = [(self.seed + number * MEMBER_SEED_STEP) % (MAX_SEED + 1) for number in range(self.members)]
        return [dataclasses.replace(self, members=1, test_shifts=False, seed=seed) for seed in seeds]

    def steps_per_epoch(self, num_images: int) -> int:
        """Weight updates in one pass over a training split of `num_images`, less those held back for validation."""
        held_back = self.num_validation if self.validation == "split" else 0
        return math.ceil((num_images - held_back) / self.batch_size)

    def settings(self) -> dict[str, Any]:
        """The settings that decide a training run, by name, as plain values; augmentation is a dictionary or `None`."""
        return {key: value for key, value in dataclasses.asdict(self).items() if key != "title"}

    def to_toml(self) -> str:
        """The recipe as the text of `recipe.toml`; settings that are `None` are left out."""
        return tomli_w.dumps({key: value for key, value in self.settings().items() if value is not None})

    def override(self, settings: Sequence[str], varied: Sequence[str] = ()) -> "Recipe":
        """The recipe with some settings replaced.

        Args:
            settings: Settings as on the command line: `epochs=3`, `schedule=one-cycle`, `augmentation=none`.
            varied: Names of settings that must not be replaced, because an experiment gives them its own values.

        Raises:
            UsageError: if there is no such setting, or a recipe cannot have such a value.

        Example:
            >>> Recipe(name="mlp", model="mlp").override(["epochs=3", "learning_rate=0.002"]).epochs
            3
        """
        known = {field.name for field in dataclasses.fields(self)} - {
            "name",
            "model",
            "seed",
            "start_from",
            "title",
            *varied,
        }
        changes: dict[str, Any] = {}
        for setting in settings:
            name, equals, text = setting.partition("=")
            if name in varied:
                raise UsageError(f"{setting!r} would be lost: this experiment gives {name} its own values.")
            if name not in known:
                raise UsageError(
                    f"{described(setting)} is no setting of a recipe.{did_you_mean(name, sorted(known))} "
                    f"Expected NAME=VALUE with {', '.join(sorted(known))}."
                )
            if not equals:
                raise UsageError(f"{described(setting)} gives no value; expected NAME=VALUE.")
            if name == "augmentation" and text not in AUGMENTATIONS:
                raise UsageError(
                    f"augmentation is {described(text)}; it must be none, or yes for the notebook's ranges."
                )
            value: Any
            if name in LIMITS:
                try:
                    value = LIMITS[name].parse(text)
                except ValueError:
                    value = text  # the recipe says what it must be
            else:
                try:
                    value = tomllib.loads(f"value = {text}")["value"]
                except tomllib.TOMLDecodeError:
                    value = text
            changes[name] = AUGMENTATIONS[text] if name == "augmentation" else value
        try:
            return dataclasses.replace(self, **changes)
        except TypeError as error:
            raise UsageError(f"The recipe cannot have {', '.join(settings)}: {error}.") from error

    @classmethod
    def from_toml(cls, text: str) -> "Recipe":
        """The recipe that `to_toml` wrote.

        Raises:
            UsageError: if the text is not TOML, or names a setting that no recipe has.
        """
        try:
            settings: dict[str, Any] = tomllib.loads(text)
            ranges = settings.pop("augmentation", None)
            return cls(**settings, augmentation=None if ranges is None else AffineRanges(**ranges))
        except UsageError:
            raise
        except (ValueError, TypeError, RecursionError) as error:  # a TOMLDecodeError, or a number of 5,000 digits
            raise UsageError(f"This is not a recipe that mnistlab wrote: {error}.") from error

    def differences(self, other: "Recipe") -> list[str]:
        """The settings in which two recipes differ, a phrase each: `batch_size 128, not 32`."""
        return [
            f"{field.name} {getattr(self, field.name)}, not {getattr(other, field.name)}"
            for field in dataclasses.fields(self)
            if field.compare and getattr(self, field.name) != getattr(other, field.name)
        ]
