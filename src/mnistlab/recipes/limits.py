"""How large or small each number that decides a training may be, and how numbers are read from text."""

import dataclasses
import decimal
import numbers
import re
from typing import Any, Final

from mnistlab.exceptions import described

MAX_SEED: Final = 2**31 - 1  # what every generator here takes, with room for a seed per layer


@dataclasses.dataclass(frozen=True)
class Limit:
    """The numbers that a setting or an option may have.

    Args:
        low: Lowest number.
        high: Highest number.
        is_whole: Whether it must be a whole number.
        above: Whether `low` itself is too low.
        below: Whether `high` itself is too high.

    Example:
        >>> print(Limit(1, 1000))
        a whole number from 1 to 1,000
        >>> print(Limit(0, 1, is_whole=False, below=True))
        a number from 0 to below 1
    """

    low: float
    high: float
    is_whole: bool = True
    above: bool = False
    below: bool = False

    def holds(self, value: object) -> bool:
        """Whether a value is such a number. `True` and `False` are none."""
        kind = numbers.Integral if self.is_whole else numbers.Real
        return not isinstance(value, bool) and isinstance(value, kind) and self._spans(value)

    def parse(self, text: str) -> Any:
        """The number that a text says, as people write numbers: 1000, 1,000, 1e3 and 1000.0 are the same.

        Returns:
            An `int` if it must be a whole number, otherwise a `float`.

        Raises:
            ValueError: The text is not such a number.

        Example:
            >>> Limit(1, 10_000).parse("1e3"), Limit(1, 10_000).parse("1,000")
            (1000, 1000)
        """
        plain = text.strip()
        if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", plain):
            plain = plain.replace(",", "")
        try:
            exact = decimal.Decimal(plain)
        except decimal.InvalidOperation:
            raise ValueError(f"{described(text)} is not {self}") from None
        # Whole numbers stay exact, and 1e999999999 is compared before it becomes a number of a billion digits.
        value = exact if self.is_whole or exact.is_nan() else float(exact)
        if exact.is_nan() or not self._spans(value) or (self.is_whole and exact != exact.to_integral_value()):
            raise ValueError(f"{described(text)} is not {self}")
        return int(exact) if self.is_whole else value

    def _spans(self, value: Any) -> bool:
        is_high_enough = value > self.low if self.above else value >= self.low
        return bool(is_high_enough and (value < self.high if self.below else value <= self.high))

    def __str__(self) -> str:
        """The numbers in words."""
        kind = "a whole number" if self.is_whole else "a number"
        low, high = (f"{bound:,}" for bound in (self.low, self.high))
        if self.above:
            return f"{kind} above {low} and at most {high}"
        return f"{kind} from {low} to {'below ' if self.below else ''}{high}"


_SHARE: Final = Limit(0, 1, is_whole=False)
_DECAY: Final = Limit(0, 1, is_whole=False, below=True)

LIMITS: Final[dict[str, Limit]] = {
    "epochs": Limit(1, 1_000_000),
    "batch_size": Limit(1, 1_000_000),
    "num_validation": Limit(1, 1_000_000),
    "members": Limit(1, 100),
    "max_steps": Limit(1, 1_000_000),  # of an experiment that sees one step as an epoch, too
    "label_noise": Limit(0, 10_000),
    "seed": Limit(0, MAX_SEED),
    "learning_rate": Limit(0, 1_000, is_whole=False, above=True),
    "beta_1": _DECAY,
    "beta_2": _DECAY,
    "label_smoothing": _DECAY,
    "norm_momentum": _DECAY,
    "noise_bias": _SHARE,
}
"""By the name of the recipe's setting. Far more than anybody needs, and less than breaks a computer's arithmetic."""

RANGE_LIMITS: Final[dict[str, Limit]] = {
    "rotation": Limit(0, 180, is_whole=False),
    "width_shift": Limit(0, 0.999, is_whole=False),
    "height_shift": Limit(0, 0.999, is_whole=False),
    "shear": Limit(0, 89, is_whole=False),
    "zoom": Limit(0, 0.999, is_whole=False),
}
"""By the name of the augmentation range."""
