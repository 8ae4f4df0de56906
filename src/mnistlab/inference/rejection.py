"""Whether an image shows a digit at all, and whether the answer can be relied on: digit, unsure, or no digit."""

import dataclasses
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets.classes import DIGITS, Classes
from mnistlab.inference.classifier import Classifier

LEAST_INK = 10.0  # black pixels; of 60,000 training digits the faintest has 19.9
LEAST_BLACK = 60  # of 255; what is fainter everywhere is the ground's own unevenness
BATCH = 100  # images at a time, whose activations take 40 MB; a photo may hold 3,000
ALTERNATIVE = 0.05  # probability from which another digit is worth naming

_PHRASES = {
    "letter": "a letter",
    "symbol": "a symbol",
    "scribble": "a scribble",
    "lines": "lines that cross",
    "blob": "a blob",
    "texture": "a texture or a shadow",
    "specks": "specks of dust",
}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What an image shows, with the reason and the numbers behind it.

    Attributes:
        kind: `"digit"`: the answer can be relied on as far as `confidence` says; `"unsure"`: it may be this digit;
            `"no digit"`: it shows something else, or nothing.
        digit: the most probable digit, 0 to 9, whatever the kind; `None` where there is no ink.
        confidence: calibrated probability of that digit, provided that it is one, 0 to 1.
        likeness: probability that the image shows one whole digit, 0 to 1; `None` where nothing tells.
        ink: how much there is, in black pixels.
        alternatives: other digits with a probability of at least 0.05, and that, the most probable first.
        reason: one sentence.
    """

    kind: Literal["digit", "unsure", "no digit"]
    digit: int | None
    confidence: float
    likeness: float | None
    ink: float
    alternatives: tuple[tuple[int, float], ...]
    reason: str

    def __str__(self) -> str:
        """The reason."""
        return self.reason


class Judge:
    """Gives a verdict on images in MNIST's form, by thresholds that were chosen on validation digits.

    Three looks, the first that refuses decides: at the ink, whether there is any; at the likeness, where a network can
    tell digits from other things; at the confidence, whether one digit stands out.

    Args:
        classifier: whose answers to judge. A run that held back validation images has its own least confidence; other
            runs take 0.5.
        guard: whose network tells digits from other things, `pretrained()` for a run on MNIST. By
            default the classifier's own, which the runs of `mnistlab train` do not have: then confidence alone
            decides, which lets many letters pass.
        classes: what the classes of `classifier` are called in the reasons.

    Example:
        `Judge(pretrained()).verdict(image).kind` is `"digit"`, `"unsure"` or `"no digit"`.
    """

    def __init__(self, classifier: Classifier, guard: Classifier | None = None, classes: Classes = DIGITS) -> None:
        self.classifier, self.classes = classifier, classes
        self.guard = classifier if guard is None else guard

    def verdict(self, image: NDArray[np.uint8]) -> Verdict:
        """The verdict on one image, uint8 `(28, 28)`, 0 ground to 255 ink."""
        return self.verdicts(image.reshape(1, *image.shape))[0]

    def verdicts(self, images: NDArray[np.uint8]) -> list[Verdict]:
        """The verdicts on images.

        Args:
            images: uint8 `(num_images, 28, 28)`, 0 ground to 255 ink, each brought into MNIST's form.

        Returns:
            One for each image.

        Raises:
            ValueError: if shape or dtype is another.
        """
        verdicts: list[Verdict] = []
        for first in range(0, len(images), BATCH):
            batch = images[first : first + BATCH]
            probabilities, kinds = self.classifier.with_kinds(batch)
            if self.guard is not self.classifier:
                kinds = self.guard.with_kinds(batch)[1]
            verdicts += [self._verdict(*parts) for parts in zip(batch, probabilities, kinds, strict=True)]
        return verdicts

    def _verdict(
        self, image: NDArray[np.uint8], probabilities: NDArray[np.float32], kinds: NDArray[np.float32]
    ) -> Verdict:
        order = np.argsort(-probabilities, kind="stable")
        digit, confidence = int(order[0]), float(probabilities[order[0]])
        likeness = float(kinds[0]) if len(kinds) else None
        others = tuple((int(at), float(probabilities[at])) for at in order[1:] if probabilities[at] >= ALTERNATIVE)
        verdict = Verdict("digit", digit, confidence, likeness, float(image.sum() / 255), others, "")
        if verdict.ink < LEAST_INK or image.max() < LEAST_BLACK:
            reason = "There is no ink on it." if not image.any() else "There is too little ink on it for a digit."
            return dataclasses.replace(verdict, kind="no digit", digit=None, reason=reason, alternatives=())
        if likeness is not None and likeness < self.guard.calibration.least_likeness:
            most = self.guard.calibration.kinds[int(np.argmax(kinds))]
            if most == "digit":
                return dataclasses.replace(
                    verdict,
                    kind="unsure",
                    reason=f"It may be {self.classes.one(digit)}, but looks little like a digit.",
                )
            thing = _PHRASES.get(most, most)
            return dataclasses.replace(
                verdict, kind="no digit", reason=f"It looks more like {thing} than like one digit."
            )
        if confidence < self.classifier.calibration.least_confidence:
            named = " or ".join(
                f"{self.classes.one(at)} ({share:.0%})" for at, share in ((digit, confidence), *others[:2])
            )
            return dataclasses.replace(verdict, kind="unsure", reason=f"It may be {named.replace('%', ' %')}.")
        return dataclasses.replace(verdict, reason=f"It is {self.classes.one(digit)} ({confidence * 100:.1f} %).")
