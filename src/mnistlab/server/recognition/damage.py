"""What is broken in a network, as requests bring it."""

import base64
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from mnistlab.inference.surgery import MASK_BYTES, MAX_NOISE, Cut, Damage

MAX_PARTS = 32
MAX_UNITS = 4096
MAX_CUT_UNITS = 64  # of one layer; who wants more switches the layer off
MAX_SEED = 9999

Mask = Annotated[
    str,
    Field(
        # 98 bytes in Base64: 130 characters of six bits, one of four bits, padding.
        pattern=r"^([A-Za-z0-9+/]{130}[AEIMQUYcgkosw048]=)?$",
        max_length=132,
        description="Pixels that are covered: 784 bits row by row, in Base64; empty for none.",
        examples=[base64.b64encode(bytes(MASK_BYTES)).decode()],
    ),
]


class CutModel(BaseModel):
    """What is broken in one layer with weights."""

    model_config = ConfigDict(extra="forbid")

    part: int = Field(ge=1, le=MAX_PARTS, description="Number of the layer among those with weights, from 1 on.")
    units: list[Annotated[int, Field(ge=1, le=MAX_UNITS)]] = Field(
        default=[], max_length=MAX_CUT_UNITS, description="Filters or units that are switched off, from 1 on."
    )
    off: bool = Field(default=False, description="Whether the whole layer is switched off.")
    biases: bool = Field(default=False, description="Whether its biases are 0, and what its normalization adds.")
    linear: bool = Field(default=False, description="Whether it has lost its ReLU.")


class DamageModel(BaseModel):
    """Everything that is broken at the same time; by default nothing is."""

    model_config = ConfigDict(extra="forbid")

    cuts: list[CutModel] = Field(default=[], max_length=MAX_PARTS)
    noise: float = Field(
        default=0, ge=0, le=MAX_NOISE, description="Noise on the weights, as a multiple of their own spread."
    )
    seed: int = Field(default=0, ge=0, le=MAX_SEED, description="Seed of the noise.")
    covered: Mask = ""

    def to_damage(self) -> Damage:
        """The same for `mnistlab.inference.surgery`."""
        cuts = [Cut(one.part, tuple(sorted(set(one.units))), one.off, one.biases, one.linear) for one in self.cuts]
        harmful = tuple(cut for cut in cuts if cut != Cut(cut.part))
        return Damage(harmful, self.noise, self.seed if self.noise else 0, base64.b64decode(self.covered))
