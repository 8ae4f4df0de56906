"""What the student answers: predictions and readings of measurements, and the confusion matrix."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mnistlab.lesson.checks.data import true_test_labels
from mnistlab.lesson.checks.verdicts import Verdict, done, not_started, not_yet

Description = Mapping[str, Any]
ASKED_SIZES = (10_000, 32)
TIMES = ("shorter", "same", "longer")
ACCURACIES = ("lower", "same", "higher")
UNANSWERED = "?"
SAME_SECONDS = 0.15  # a share of the time that another run of the same training may differ by
SAME_ACCURACY = 0.004  # what two trainings of the same recipe may differ by


def _answers(answer: Description) -> dict[int, tuple[Any, ...]]:
    """`{10_000: (time, accuracy), 32: ...}` from its description; what does not fit is left out."""
    found = {}
    for key, value in answer.get("items", []) if answer.get("kind") == "mapping" else []:
        size = key.get("value")
        if isinstance(size, str) and size.replace("_", "").replace(",", "").isdigit():
            size = int(size.replace("_", "").replace(",", ""))
        if isinstance(size, int) and value.get("kind") == "sequence":
            found[size] = tuple(item.get("value") for item in value["items"])
    return found


def _check_words(step: str, answer: Description) -> Verdict | dict[int, tuple[str, str]]:
    """The answers if they are complete and in the words that were asked for."""
    if answer.get("kind") == "nothing":
        return not_started(step)
    found = _answers(answer)
    if found and all(word == UNANSWERED for words in found.values() for word in words):
        return not_started(step)
    for size in ASKED_SIZES:
        words = found.get(size)
        if words is None or len(words) != 2:
            return not_yet(
                step,
                "incomplete",
                f"There is no answer for batches of {size:,}.",
                "Give time and accuracy for both sizes: {10_000: (time, accuracy), 32: (time, accuracy)}.",
            )
        if words[0] not in TIMES or words[1] not in ACCURACIES:
            return not_yet(
                step,
                "words",
                f"For batches of {size:,} the answer is {words[0]!r} and {words[1]!r}.",
                f"The time is one of {', '.join(TIMES)}; the accuracy one of {', '.join(ACCURACIES)}.",
            )
    return {size: (str(found[size][0]), str(found[size][1])) for size in ASKED_SIZES}


def check_prediction(step: str, answer: Description) -> Verdict:
    """A prediction cannot be wrong; it only has to be made."""
    words = _check_words(step, answer)
    if isinstance(words, Verdict):
        return words
    return done(step, "Noted. Now measure it.")


def check_answer(step: str, answer: Description, measured: Description) -> Verdict:
    """Judges what was read off the measurement against the measurement."""
    rows = {size: values for size, values in _answers(measured).items() if len(values) == 2}
    if any(not isinstance(value, int | float) for values in rows.values() for value in values):
        rows = {}
    words = _check_words(step, answer)
    if isinstance(words, Verdict):
        return words
    if not all(size in rows for size in (128, *ASKED_SIZES)):
        return not_yet(
            step, "not-measured", "Nothing was measured yet.", "Run the cell that trains with the three batch sizes."
        )
    for size in ASKED_SIZES:
        seconds, reference = rows[size][0], rows[128][0]
        right = _accepted(seconds / max(reference, 1e-9) - 1, SAME_SECONDS, TIMES)
        if words[size][0] not in right:
            return not_yet(
                step,
                "time-misread",
                f"With batches of {size:,} the training took {seconds:.1f} s instead of {reference:.1f} s.",
                f'That is "{right[0]}". Fewer, larger products keep the processor busier; very many small steps cost '
                "overhead.",
            )
        accuracy, usual = rows[size][1], rows[128][1]
        right = _accepted(accuracy - usual, SAME_ACCURACY, ACCURACIES)
        if words[size][1] not in right:
            return not_yet(
                step,
                "accuracy-misread",
                f"With batches of {size:,} {accuracy * 100:.2f} % were right instead of {usual * 100:.2f} %.",
                f'That is "{right[0]}". Trainings that differ in the seed alone are up to 0.4 points apart, so less '
                "than that is no difference.",
            )
    return done(step, "Right. One run each, though: mnistlab experiment batch-size repeats it over seeds.")


def _accepted(difference: float, tolerance: float, words: tuple[str, str, str]) -> list[str]:
    """The words that fit a difference; near the tolerance two of them do."""
    if difference < -tolerance:
        return [words[0]] + [words[1]] * (difference > -2 * tolerance)
    if difference > tolerance:
        return [words[2]] + [words[1]] * (difference < 2 * tolerance)
    return [words[1], words[0] if difference < 0 else words[2]]


def check_confusion(step: str, matrix: Description, mistake: Description, predictions: Description) -> Verdict:
    """Judges a confusion matrix and the most frequent mistake that was read off it, against the predictions."""
    if matrix.get("kind") == "nothing" or mistake.get("kind") == "nothing":
        return not_started(step)
    text = predictions.get("as_uint8") or ""
    if len(text) != 10_000 or "?" in text:
        return not_yet(
            step,
            "no-predictions",
            "The predictions are not a digit for each of the 10,000 test images.",
            "Take the most likely class of each image: predict(x_test).argmax(axis=1).",
        )
    predicted = np.array(list(text), dtype=np.int64)
    expected = np.zeros((10, 10), dtype=np.int64)
    np.add.at(expected, (true_test_labels(), predicted), 1)
    if matrix.get("shape") != [10, 10] or not matrix.get("values"):
        return not_yet(
            step,
            "matrix-shape",
            f"The matrix has shape {tuple(matrix.get('shape') or ())}; (10, 10) was expected.",
            "A row for each true digit, a column for each predicted one.",
        )
    given = np.array([np.nan if value is None else value for value in matrix["values"]], dtype=float).reshape(10, 10)
    finding = _find_in_matrix(given, expected) or _find_in_mistake(mistake, expected)
    if finding:
        return not_yet(step, *finding)
    true, wrong = np.unravel_index((expected - np.diag(expected.diagonal())).argmax(), (10, 10))
    return done(step, f"Right: a {true} is taken for a {wrong} most often, {expected[true, wrong]} times.")


def _find_in_matrix(given: Any, expected: Any) -> tuple[str, str, str] | None:
    if np.array_equal(given, expected):
        return None
    if np.array_equal(given, expected.T):
        return (
            "matrix-transposed",
            "Rows and columns are swapped: rows are the predicted digits here.",
            "By convention a row is a true digit, so its sum is how many images of it there are.",
        )
    if not given.any():
        return (
            "matrix-empty",
            "The matrix holds nothing but zeros.",
            "For every test image add 1 in the row of its label and the column of its prediction.",
        )
    if given.sum() < 101:
        return (
            "matrix-shares",
            "The matrix holds shares, and counts were asked for.",
            "A share hides how many images it is about.",
        )
    if given.sum() == 60_000:
        return (
            "matrix-of-training",
            "The matrix counts 60,000 images: those that the network learned from.",
            "How often it errs on those says little about new ones.",
        )
    return (
        "matrix-other",
        f"The matrix counts {given.sum():,.0f} images, {np.trace(given):,.0f} of them right; from the predictions it "
        f"would be 10,000 and {np.trace(expected):,}.",
        "For every test image add 1 in the row of its label and the column of its prediction.",
    )


def _find_in_mistake(mistake: Description, expected: Any) -> tuple[str, str, str] | None:
    values = mistake.get("values") or [item.get("value") for item in mistake.get("items", [])]
    if len(values) != 2 or not all(isinstance(value, int) and 0 <= value <= 9 for value in values):
        return (
            "mistake-form",
            "The most frequent mistake is not a pair of digits.",
            "Give it as (true digit, predicted digit).",
        )
    true, wrong = values
    if true == wrong:
        return (
            "mistake-diagonal",
            f"({true}, {wrong}) lies on the diagonal: those are right answers.",
            "Set the diagonal to 0 before you look for the largest number.",
        )
    mistakes = expected - np.diag(expected.diagonal())
    if mistakes[true, wrong] == mistakes.max():
        return None
    if mistakes[wrong, true] == mistakes.max():
        return (
            "mistake-reversed",
            f"It is the other way round: ({wrong}, {true}).",
            "The row, the true digit, comes first.",
        )
    return (
        "mistake-other",
        f"A {true} was taken for a {wrong} {mistakes[true, wrong]} times; another mistake is more frequent.",
        "numpy.unravel_index turns the place that argmax gives into row and column.",
    )
