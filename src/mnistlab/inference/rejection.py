"""Verdicts on images: does it show a digit at all, and is the answer reliable? Digit, unsure, or no digit."""

import dataclasses
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets.classes import DIGITS, Classes
from mnistlab.inference.classifier import Classifier
from mnistlab.system.sentences import Sentence, said
from mnistlab.system.text import chance

LEAST_INK = 10.0  # black pixels; of 60,000 training digits the faintest has 19.9
LEAST_BLACK = 60  # of 255; an image that is fainter everywhere shows only the unevenness of its ground
BATCH = 100  # images at a time, whose activations take 40 MB; a photo may hold 3,000
SUREST = 1 - 1e-6  # no softmax is certain; float32 rounds what is nearer to 1 up to it
ALTERNATIVE = 0.05  # probability from which another digit is worth naming

_PHRASES = {
    "letter": "a letter",
    "symbol": "a symbol",
    "scribble": "a drawing or a scribble",
    "lines": "crossing lines",
    "blob": "a blob or specks",
    "texture": "a texture or a shadow",
    "turned": "a digit that is turned",
    "half a digit": "half a digit",
    "two digits": "two digits",
}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What an image shows, with the reason and the numbers behind it.

    Attributes:
        kind: `"digit"`: the answer is as reliable as `confidence` says; `"unsure"`: it may be this digit; `"no digit"`:
            the image shows something else, or nothing.
        digit: Most probable digit, 0 to 9, whatever the kind; `None` if there is no ink.
        confidence: Calibrated probability of that digit, provided that it is one, 0 to 1.
        likeness: Probability that the image shows one whole digit, 0 to 1; `None` if no network tells.
        ink: Amount of ink in black pixels.
        alternatives: Other digits with a probability of at least 0.05, each with its probability, most probable first.
        reason: Reason of the verdict in one sentence.
        other: What "no digit" is most like, such as "letter" or "two digits", as the network of kinds names it.
    """

    kind: Literal["digit", "unsure", "no digit"]
    digit: int | None
    confidence: float
    likeness: float | None
    ink: float
    alternatives: tuple[tuple[int, float], ...]
    reason: str
    other: str | None = None

    def __str__(self) -> str:
        """The reason."""
        return self.reason


class Judge:
    """Gives verdicts on images in MNIST's form, by thresholds that were chosen on validation digits.

    Three tests in turn, and the first that fails decides: is there any ink; is it like a digit, if a network can tell
    digits from other things; is the network confident that it is one certain digit.

    Args:
        classifier: Classifier whose answers are judged. A run that held back validation images has a least confidence
            of its own; other runs take 0.5.
        guard: Classifier whose network tells digits from other things, such as `pretrained()` for a run on MNIST. By
            default the first classifier, but runs of `mnistlab train` have no such network: then only confidence
            decides, which lets many letters pass.
        classes: Classes of `classifier`, for the reasons.

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
            images: Images, uint8 `(num_images, 28, 28)`, 0 ground to 255 ink, each brought into MNIST's form.

        Returns:
            A verdict for each image.

        Raises:
            ValueError: if shape or dtype is different.
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
        digit, confidence = int(order[0]), min(float(probabilities[order[0]]), SUREST)
        likeness = float(kinds[0]) if len(kinds) else None
        others = tuple((int(at), float(probabilities[at])) for at in order[1:] if probabilities[at] >= ALTERNATIVE)
        verdict = Verdict("digit", digit, confidence, likeness, float(image.sum() / 255), others, "")
        if verdict.ink < LEAST_INK or image.max() < LEAST_BLACK:
            return dataclasses.replace(
                verdict, kind="no digit", digit=None, reason=_LITTLE_INK if image.any() else _NO_INK, alternatives=()
            )
        one, thing = self.classes.one(digit), said_class(self.classes, digit)
        if likeness is not None and likeness < self.guard.calibration.least_likeness:
            most = self.guard.calibration.kinds[int(np.argmax(kinds))]
            if most == "digit":
                text = f"It may be {one}, but it does not look much like a digit."
                return dataclasses.replace(
                    verdict, kind="unsure", reason=Sentence(text, "answer.unlike", {"thing": thing})
                )
            other = said(f"thing.{most.replace(' ', '_')}") if most in _PHRASES else most
            text = f"It looks more like {_PHRASES.get(most, most)} than like a single digit."
            return dataclasses.replace(
                verdict, kind="no digit", reason=Sentence(text, "answer.other", {"other": other}), other=most
            )
        if confidence < self.classifier.calibration.least_confidence:
            likely = ((digit, confidence), *others[:2])
            text = f"It may be {_listed([f'{self.classes.one(at)} ({chance(share, 0)})' for at, share in likely])}."
            things = [said("thing.share", thing=said_class(self.classes, at), share=share) for at, share in likely]
            return dataclasses.replace(
                verdict, kind="unsure", reason=Sentence(text, "answer.unsure", {"things": things})
            )
        text = f"It is {one} ({chance(confidence)})."
        reason = Sentence(text, "answer.digit", {"thing": thing, "share": confidence})
        return dataclasses.replace(verdict, reason=reason)


_NO_INK = Sentence("There is no ink.", "answer.no_ink")
_LITTLE_INK = Sentence("There is too little ink for a digit.", "answer.little_ink")


def said_class(classes: Classes, number: int) -> Any:
    """A class within a sentence of the page's catalogue, as a value for it."""
    if classes.is_digits:
        return said(f"thing.{number}")
    return said("thing.class", number=number) if classes.names is None else classes.names[number]


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} or {items[-1]}"
