"""What the student answers: predictions and readings of measurements, and the confusion matrix."""

from typing import Any, Literal

import numpy as np

from mnistlab.lesson.checks.originals import true_test_labels
from mnistlab.lesson.checks.evidence import Description
from mnistlab.lesson.checks.verdicts import Finding, Outcome, StepState, read_findings

ASKED_SIZES = (10_000, 32)
TIMES = ("shorter", "same", "longer")
ACCURACIES = ("lower", "same", "higher")
UNANSWERED = "?"
SAME_SECONDS = 0.15  # fraction of the time by which another run of the same training may differ
SAME_ACCURACY = 0.004  # difference that two training runs of the same recipe may have
FINDINGS = read_findings("""
incomplete: There is no answer for batches of {size:,}.
  Give time and accuracy for both sizes: {{10_000: (time, accuracy), 32: (time, accuracy)}}.
words: For batches of {size:,} the answer is {words[0]!r} and {words[1]!r}.
  The time is one of {times}; the accuracy one of {accuracies}.
not-measured: Nothing was measured yet.
  Run the cell that trains with the three batch sizes.
time-misread: With batches of {size:,} the training took {seconds:.1f} s instead of {usual:.1f} s.
  That is "{right}". Fewer, larger products keep the processor busier; very many small steps cost overhead.
accuracy-misread: With batches of {size:,} {percent:.2f} % were right instead of {usual:.2f} %.
  That is "{right}". Trainings that differ in the seed alone are up to 0.4 points apart, so less than that is no
    difference.
no-predictions: The predictions are not a digit for each of the 10,000 test images.
  Take the most likely class of each image: predict(x_test).argmax(axis=1).
matrix-shape: The matrix has shape {shape}; (10, 10) was expected.
  A row for each true digit, a column for each predicted one.
matrix-transposed: Rows and columns are swapped: rows are the predicted digits here.
  By convention a row is a true digit, so its sum is how many images of it there are.
matrix-empty: The matrix holds nothing but zeros.
  For every test image add 1 in the row of its label and the column of its prediction.
matrix-shares: The matrix holds shares, and counts were asked for.
  A share hides how many images it is about.
matrix-of-training: The matrix counts 60,000 images: those that the network learned from.
  How often it errs on those says little about new ones.
matrix-other: The matrix counts {counted:,.0f} images, {right:,.0f} of them right; from the predictions it would be
    10,000 and {expected:,}.
  For every test image add 1 in the row of its label and the column of its prediction.
mistake-form: The most frequent mistake is not a pair of digits.
  Give it as (true digit, predicted digit).
mistake-diagonal: ({true}, {wrong}) lies on the diagonal: those are right answers.
  Set the diagonal to 0 before you look for the largest number.
mistake-reversed: It is the other way round: ({wrong}, {true}).
  The row, the true digit, comes first.
mistake-other: A {true} was taken for a {wrong} {count} times; another mistake is more frequent.
  numpy.unravel_index turns the place that argmax gives into row and column.
""")


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


def _read_words(answer: Description) -> dict[int, tuple[Any, ...]] | Finding | Literal[StepState.NOT_STARTED]:
    """The answers if they are complete and in the words that were asked for; otherwise the outcome of the check."""
    found = _answers(answer)
    is_unanswered = found and all(word == UNANSWERED for words in found.values() for word in words)
    if answer.get("kind") == "nothing" or is_unanswered:
        return StepState.NOT_STARTED
    for size in ASKED_SIZES:
        words = found.get(size, ())
        if len(words) != 2:
            return FINDINGS["incomplete"].fill(size=size)
        if words[0] not in TIMES or words[1] not in ACCURACIES:
            times, accuracies = ", ".join(TIMES), ", ".join(ACCURACIES)
            return FINDINGS["words"].fill(size=size, words=words, times=times, accuracies=accuracies)
    return found


def check_prediction(answer: Description) -> Outcome:
    """Accepts any complete prediction: it cannot be wrong, it only has to be made."""
    words = _read_words(answer)
    return "Noted. Now measure it." if isinstance(words, dict) else words


def check_answer(answer: Description, measured: Description) -> Outcome:
    """Compares what was read off the measurement with the measurement."""
    rows = {size: values for size, values in _answers(measured).items() if len(values) == 2}
    if any(not isinstance(value, int | float) for values in rows.values() for value in values):
        rows = {}
    words = _read_words(answer)
    if not isinstance(words, dict):
        return words
    if not all(size in rows for size in (128, *ASKED_SIZES)):
        return FINDINGS["not-measured"]
    usual_seconds, usual_accuracy = rows[128]
    for size in ASKED_SIZES:
        seconds, accuracy = rows[size]
        right = _accepted(seconds / max(usual_seconds, 1e-9) - 1, SAME_SECONDS, TIMES)
        if words[size][0] not in right:
            return FINDINGS["time-misread"].fill(size=size, seconds=seconds, usual=usual_seconds, right=right[0])
        right = _accepted(accuracy - usual_accuracy, SAME_ACCURACY, ACCURACIES)
        if words[size][1] not in right:
            percent, usual = accuracy * 100, usual_accuracy * 100
            return FINDINGS["accuracy-misread"].fill(size=size, percent=percent, usual=usual, right=right[0])
    return "Right. One run each, though: mnistlab experiment batch-size repeats it over seeds."


def _accepted(difference: float, tolerance: float, words: tuple[str, str, str]) -> list[str]:
    """The words that fit a difference; near the tolerance two of them do."""
    if difference < -tolerance:
        return [words[0]] + [words[1]] * (difference > -2 * tolerance)
    if difference > tolerance:
        return [words[2]] + [words[1]] * (difference < 2 * tolerance)
    return [words[1], words[0] if difference < 0 else words[2]]


def check_confusion(matrix: Description, mistake: Description, predictions: Description) -> Outcome:
    """Compares a confusion matrix, and the most frequent mistake that was read off it, with the predictions."""
    if matrix.get("kind") == "nothing" or mistake.get("kind") == "nothing":
        return StepState.NOT_STARTED
    text = predictions.get("as_uint8") or ""
    if len(text) != 10_000 or "?" in text:
        return FINDINGS["no-predictions"]
    predicted = np.array(list(text), dtype=np.int64)
    expected = np.zeros((10, 10), dtype=np.int64)
    np.add.at(expected, (true_test_labels(), predicted), 1)
    if matrix.get("shape") != [10, 10] or not matrix.get("values"):
        return FINDINGS["matrix-shape"].fill(shape=tuple(matrix.get("shape") or ()))
    given = np.array([np.nan if value is None else value for value in matrix["values"]], dtype=float).reshape(10, 10)
    mistakes = expected - np.diag(expected.diagonal())
    true, wrong = np.unravel_index(mistakes.argmax(), (10, 10))
    praise = f"Right: a {true} is taken for a {wrong} most often, {expected[true, wrong]} times."
    return _find_in_matrix(given, expected) or _find_in_mistake(mistake, mistakes) or praise


def _find_in_matrix(given: Any, expected: Any) -> Finding | None:
    if np.array_equal(given, expected):
        return None
    if np.array_equal(given, expected.T):
        return FINDINGS["matrix-transposed"]
    if not given.any():
        return FINDINGS["matrix-empty"]
    counted = given.sum()
    if counted < 101:
        return FINDINGS["matrix-shares"]
    if counted == 60_000:
        return FINDINGS["matrix-of-training"]
    return FINDINGS["matrix-other"].fill(counted=counted, right=np.trace(given), expected=np.trace(expected))


def _find_in_mistake(mistake: Description, mistakes: Any) -> Finding | None:
    values = mistake.get("values") or [item.get("value") for item in mistake.get("items", [])]
    if len(values) != 2 or not all(isinstance(value, int) and 0 <= value <= 9 for value in values):
        return FINDINGS["mistake-form"]
    true, wrong = values
    if true == wrong:
        return FINDINGS["mistake-diagonal"].fill(true=true, wrong=wrong)
    if mistakes[true, wrong] == mistakes.max():
        return None
    is_reversed = mistakes[wrong, true] == mistakes.max()
    finding = FINDINGS["mistake-reversed" if is_reversed else "mistake-other"]
    return finding.fill(true=true, wrong=wrong, count=mistakes[true, wrong])
