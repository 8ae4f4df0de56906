"""The confusion matrix, and the most frequent mistake that is read off it."""

from typing import Any

import numpy as np

from mnistlab.lesson.checks.evidence import Description
from mnistlab.lesson.checks.originals import true_test_labels
from mnistlab.lesson.checks.verdicts import Finding, Outcome, StepState, read_findings

FINDINGS = read_findings("""
predictions-axis: There are {number} predictions; one for each of the 10,000 test images was expected.
  argmax along axis=0 finds an image for each digit. Along axis=1 it finds the digit for each image.
predictions-rows: The predictions are still ten probabilities for each image.
  The digit is the place of the largest one in a row: argmax(axis=1).
matrix-missing: The mistake is there, but the matrix is still empty.
  For every test image add 1 in the row of its label and the column of its prediction.
no-predictions: The predictions are not a digit for each of the 10,000 test images.
  Take the most likely class of each image: predict(x_test).argmax(axis=1).
no-matrix: The matrix is not an array of numbers.
  Begin with numpy.zeros((10, 10), dtype=int), and add 1 for each test image.
matrix-order: The digits are in another order along the sides of the matrix.
  Row 0 and column 0 belong to the digit 0, and so on up to 9.
matrix-shape: The matrix has shape {shape}; (10, 10) was expected.
  A row for each true digit, a column for each predicted one.
matrix-transposed: Rows and columns are swapped: rows are the predicted digits here.
  By convention a row is a true digit, so its sum is how many images of it there are.
matrix-empty: The matrix holds nothing but zeros.
  For every test image add 1 in the row of its label and the column of its prediction.
matrix-diagonal-cleared: The matrix has nothing but 0 on its diagonal, where the right answers belong.
  numpy.fill_diagonal changes the matrix itself. Look for mistakes in a copy: matrix.copy().
matrix-diagonal-only: The matrix has only its diagonal, the right answers, and no mistakes beside it.
  A mistake belongs in the row of the true digit and the column of the predicted one.
matrix-self: The matrix has only its diagonal, and all of it: true labels were counted against themselves.
  The column is what the network says: predictions.
matrix-whether: The matrix holds only 0 and 1: whether a pair occurs, and not how often.
  For every test image add 1; numpy.add.at counts an index as often as it comes up, matrix[...] += 1 only once.
matrix-percent: The matrix holds percentages, and counts were asked for.
  A percentage hides how many images it is about.
matrix-times: The matrix counts {counted:,.0f} images: each of the 10,000 {times} times.
  Most often the cell was run twice on the same matrix. Begin with numpy.zeros in the same cell.
matrix-begins: Every number of the matrix is {more:g} too large.
  Counting begins with 0: numpy.zeros((10, 10), dtype=int).
matrix-shares: The matrix holds shares, fractions from 0 to 1, and counts were asked for.
  A share hides how many images it is about.
matrix-of-training: The matrix counts 60,000 images: those that the network learned from.
  How often it errs on those says little about new ones.
matrix-other: The matrix counts {counted:,.0f} images, {right:,.0f} of them right; counted from the predictions
    it would be 10,000 and {expected:,}.
  For every test image add 1 in the row of its label and the column of its prediction.
mistake-missing: The matrix is there, but mistake is still empty.
  Name the most frequent mistake as a pair: (true digit, predicted digit).
mistake-flat: The mistake is {value}, a place in the flattened matrix.
  numpy.unravel_index({value}, (10, 10)) makes a pair of it: row and column.
mistake-text: The digits of the mistake are texts.
  Give them as numbers: ({value}), without quotation marks.
mistake-unordered: The mistake is a {kind}; a pair was expected.
  Give two digits in parentheses, in this order: (true digit, predicted digit).
mistake-form: The most frequent mistake is not a pair of digits.
  Give it as two numbers, (true digit, predicted digit), without their count.
mistake-diagonal: ({true}, {wrong}) lies on the diagonal: those are right answers.
  Set the diagonal to 0 before you look for the largest number.
mistake-reversed: It is the other way round: ({wrong}, {true}).
  The row, the true digit, comes first.
mistake-other: ({true}, {wrong}) is not the most frequent mistake: it happened {count} times, another {most} times.
  numpy.unravel_index turns the place that argmax gives into row and column.
""")


def check_confusion(matrix: Description, mistake: Description, predictions: Description) -> Outcome:
    """Compares a confusion matrix, and the most frequent mistake that was read off it, with the predictions."""
    kinds = matrix.get("kind"), mistake.get("kind")
    if kinds == ("nothing", "nothing"):
        return StepState.NOT_STARTED
    if kinds[0] == "nothing":
        return FINDINGS["matrix-missing"]
    text = predictions.get("as_uint8") or ""
    if len(text) != 10_000 or "?" in text:
        shape = list(predictions.get("shape") or [])
        if shape == [10_000, 10]:
            return FINDINGS["predictions-rows"]
        return FINDINGS["predictions-axis"].fill(number=10) if shape == [10] else FINDINGS["no-predictions"]
    predicted = np.array(list(text), dtype=np.int64)
    expected = np.zeros((10, 10), dtype=np.int64)
    np.add.at(expected, (true_test_labels(), predicted), 1)
    if matrix.get("kind") not in ("array", "sequence"):
        return FINDINGS["no-matrix"]
    if matrix.get("shape") != [10, 10] or not matrix.get("values"):
        return FINDINGS["matrix-shape"].fill(shape=tuple(matrix.get("shape") or ()))
    given = np.array([np.nan if value is None else value for value in matrix["values"]], dtype=float).reshape(10, 10)
    mistakes = expected - np.diag(expected.diagonal())
    true, wrong = np.unravel_index(mistakes.argmax(), (10, 10))
    praise = f"Right: a {true} is taken for a {wrong} most often, {expected[true, wrong]} times."
    if kinds[1] == "nothing":
        return _find_in_matrix(given, expected) or FINDINGS["mistake-missing"]
    return _find_in_matrix(given, expected) or _find_in_mistake(mistake, mistakes) or praise


def _find_in_matrix(given: Any, expected: Any) -> Finding | None:
    if np.array_equal(given, expected):
        return None
    if np.array_equal(given, expected.T):
        return FINDINGS["matrix-transposed"]
    if not given.any():
        return FINDINGS["matrix-empty"]
    return _explain_diagonal(given, expected) or _explain_numbers(given, expected)


def _explain_diagonal(given: Any, expected: Any) -> Finding | None:
    """A matrix that differs in its diagonal alone, or has nothing else."""
    diagonal, expected_diagonal = np.diag(given.diagonal()), np.diag(expected.diagonal())
    if not given.diagonal().any() and np.array_equal(given, expected - expected_diagonal):
        return FINDINGS["matrix-diagonal-cleared"]
    if np.array_equal(given, expected_diagonal):
        return FINDINGS["matrix-diagonal-only"]
    is_self = np.array_equal(given, diagonal) and np.array_equal(given.diagonal(), expected.sum(axis=1))
    return FINDINGS["matrix-self"] if is_self else None


def _explain_numbers(given: Any, expected: Any) -> Finding:
    counted = given.sum()
    if np.array_equal(given, expected > 0):
        return FINDINGS["matrix-whether"]
    if abs(counted - 100) < 0.01 or np.allclose(given.sum(axis=1), 100):
        return FINDINGS["matrix-percent"]
    if given.max() <= 1:
        return FINDINGS["matrix-shares"]
    if counted == 60_000:
        return FINDINGS["matrix-of-training"]
    for times in (2, 3, 4):
        if np.array_equal(given, expected * times):
            return FINDINGS["matrix-times"].fill(counted=counted, times=("", "", "two", "three", "four")[times])
    if np.array_equal(np.sort(given, axis=None), np.sort(expected, axis=None)):
        return FINDINGS["matrix-order"]
    if len(np.unique(given - expected)) == 1:
        return FINDINGS["matrix-begins"].fill(more=(given - expected)[0, 0])
    return FINDINGS["matrix-other"].fill(counted=counted, right=np.trace(given), expected=np.trace(expected))


def _find_in_mistake(mistake: Description, mistakes: Any) -> Finding | None:
    kind = {"mapping": "dictionary"}.get(str(mistake.get("kind")), mistake.get("class"))
    if kind in ("dictionary", "set", "frozenset"):
        return FINDINGS["mistake-unordered"].fill(kind=kind)
    values = mistake.get("values") or [item.get("value") for item in mistake.get("items", [])]
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) == 2:
        return FINDINGS["mistake-text"].fill(value=", ".join(text.strip() for text in texts))
    place = mistake.get("value")
    if isinstance(place, int) and 0 <= place <= 99 and not values:
        return FINDINGS["mistake-flat"].fill(value=place)
    if len(values) != 2 or not all(isinstance(value, int) and 0 <= value <= 9 for value in values):
        return FINDINGS["mistake-form"]
    true, wrong = values
    if true == wrong:
        return FINDINGS["mistake-diagonal"].fill(true=true, wrong=wrong)
    if mistakes[true, wrong] == mistakes.max():
        return None
    is_reversed = mistakes[wrong, true] == mistakes.max()
    finding = FINDINGS["mistake-reversed" if is_reversed else "mistake-other"]
    return finding.fill(true=true, wrong=wrong, count=mistakes[true, wrong], most=mistakes.max())
