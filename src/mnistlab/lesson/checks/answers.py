"""What the student answers about batch sizes: a prediction, and a reading of what was measured."""

from typing import Any, Literal

from mnistlab.lesson.checks.evidence import Description
from mnistlab.lesson.checks.verdicts import Finding, Outcome, StepState, read_findings

ASKED_SIZES = (10_000, 32)
TIMES = ("shorter", "same", "longer")
ACCURACIES = ("lower", "same", "higher")
UNANSWERED = "?"
SAME_SECONDS = 0.15  # fraction of the time by which another run of the same training may differ
SAME_ACCURACY = 0.005  # two training runs that differ only in the seed end up to 0.004 apart
FINDINGS = read_findings("""
form: This is {what}; the check needs a dictionary with the two batch sizes as keys.
  Give time and accuracy for both sizes: {{10_000: (time, accuracy), 32: (time, accuracy)}}.
value-set: For batches of {size:,} the answer is a set, which has no order.
  Time comes first and then accuracy: write them in parentheses, (time, accuracy), and not in braces.
value-single: For batches of {size:,} the answer is a single word; two words are needed, for time and accuracy.
  Write both in parentheses: (time, accuracy).
word-count: For batches of {size:,} the answer has {number} words; two were expected.
  Give one word for the time and one for the accuracy: (time, accuracy).
other-size: There is an answer for batches of {other:,}, which nobody asked about, and none for {size:,}.
  The two sizes are 10_000 and 32.
unanswered: For batches of {size:,} there is still a "?" in the answer.
  Give a word for the time and one for the accuracy; a prediction cannot be wrong.
order: For batches of {size:,} the accuracy comes before the time.
  The order is (time, accuracy), so that each word is compared with the right measurement.
numbers: For batches of {size:,} the answer gives numbers; words were asked for.
  The time is one of {times}; the accuracy one of {accuracies}.
synonym: For batches of {size:,} the answer has {word!r}; the word for that is {right!r}.
  The time is one of {times}; the accuracy one of {accuracies}.
incomplete: There is no answer for batches of {size:,}.
  Give time and accuracy for both sizes: {{10_000: (time, accuracy), 32: (time, accuracy)}}.
words: For batches of {size:,} the answer is {words[0]!r} and {words[1]!r}.
  The time is one of {times}; the accuracy one of {accuracies}.
not-measured: Nothing has been measured yet.
  Run the cell that trains with the other batch sizes.
measured-itself: The answer is the dictionary that was measured; its words are asked for, not its numbers.
  Compare each row with that of 128: "shorter", "same" or "longer", then "lower", "same" or "higher".
sizes-swapped: The two sizes are swapped: what you say of 32 is true of 10,000, and the other way round.
  Each size is followed by its own answer.
accuracy-same: With batches of {size:,} {percent:.2f} % were right instead of {usual:.2f} %: less than half a point
    apart.
  That is "same": another seed alone would have changed as much.
time-misread: The time is misread: with batches of {size:,} training took {seconds:.1f} s instead of {usual:.1f} s.
  That is "{right}". Fewer, larger products keep the processor busier; very many small steps cost overhead.
accuracy-misread: The accuracy is misread: with batches of {size:,} {percent:.2f} % were right instead of
    {usual:.2f} %.
  That is "{right}". Training runs that differ only in the seed end up to 0.4 points apart; this is more than that.
""")


def _sizes(answer: Description) -> dict[int, Description]:
    """The descriptions of the values by batch size; keys that are not sizes are left out."""
    found = {}
    for key, value in answer.get("items", []) if answer.get("kind") == "mapping" else []:
        size = key.get("value")
        if isinstance(size, str) and size.replace("_", "").replace(",", "").strip().isdigit():
            size = int(size.replace("_", "").replace(",", ""))
        if isinstance(size, int):
            found[size] = value
    return found


def _answers(answer: Description) -> dict[int, tuple[Any, ...]]:
    """`{10_000: (time, accuracy), 32: ...}` from its description; what does not fit is left out."""
    found = {}
    for size, value in _sizes(answer).items():
        if value.get("kind") == "sequence":
            values = tuple(item.get("value") for item in value["items"])
            found[size] = tuple(one.strip().lower() if isinstance(one, str) else one for one in values)
        elif value.get("kind") == "array":
            found[size] = tuple(value.get("values") or ())
    return found


def _read_words(answer: Description) -> dict[int, tuple[Any, ...]] | Finding | Literal[StepState.NOT_STARTED]:
    """The answers if they are complete and in the words that were asked for; otherwise the outcome of the check."""
    found = _answers(answer)
    is_unanswered = found and all(word == UNANSWERED for words in found.values() for word in words)
    if answer.get("kind") == "nothing" or is_unanswered:
        return StepState.NOT_STARTED
    if answer.get("kind") != "mapping":
        return FINDINGS["form"].fill(what=_KINDS.get(str(answer.get("kind")), "something else"))
    for size in ASKED_SIZES:
        finding = _find_in_value(size, _sizes(answer)) or _find_in_words(size, found.get(size, ()))
        if finding:
            return finding
    return found


_KINDS = {"sequence": "a list", "text": "a text", "number": "a number", "array": "an array", "class": "a class"}


def _find_in_value(size: int, values: dict[int, Description]) -> Finding | None:
    """The first mistake in the form of what stands behind a size."""
    value = values.get(size)
    if value is None:
        others = [other for other in values if other not in (*ASKED_SIZES, 128)]
        return (
            FINDINGS["other-size"].fill(other=others[0], size=size)
            if others
            else FINDINGS["incomplete"].fill(size=size)
        )
    if value.get("class") in ("set", "frozenset"):
        return FINDINGS["value-set"].fill(size=size)
    if value.get("kind") in ("text", "number"):
        return FINDINGS["value-single"].fill(size=size)
    return None


def _find_in_words(size: int, words: tuple[Any, ...]) -> Finding | None:
    """The first mistake in the words for a size."""
    values = {"size": size, "times": ", ".join(TIMES), "accuracies": ", ".join(ACCURACIES)}
    if len(words) > 2:
        return FINDINGS["word-count"].fill(size=size, number=len(words))
    if len(words) != 2:
        return FINDINGS["incomplete"].fill(size=size)
    if UNANSWERED in words:
        return FINDINGS["unanswered"].fill(size=size)
    if words[0] in TIMES and words[1] in ACCURACIES:
        return None
    if words[0] in ACCURACIES and words[1] in TIMES:
        return FINDINGS["order"].fill(size=size)
    if all(isinstance(word, int | float) for word in words):
        return FINDINGS["numbers"].fill(**values)
    for word, right in zip(words, (_TIME_WORDS.get(words[0]), _ACCURACY_WORDS.get(words[1])), strict=True):
        if right:
            return FINDINGS["synonym"].fill(**values, word=word, right=right)
    return FINDINGS["words"].fill(**values, words=words)


_EQUAL = dict.fromkeys(("equal", "unchanged", "constant", "no difference", "similar", "="), "same")
_TIME_WORDS: dict[Any, str] = {
    **dict.fromkeys(("faster", "quicker", "less", "lower", "short", "fast"), "shorter"),
    **dict.fromkeys(("slower", "more", "higher", "long", "slow"), "longer"),
    **_EQUAL,
}
_ACCURACY_WORDS: dict[Any, str] = {
    **dict.fromkeys(("worse", "less", "smaller", "low", "bad", "shorter"), "lower"),
    **dict.fromkeys(("better", "more", "greater", "larger", "high", "good", "longer"), "higher"),
    **_EQUAL,
}


def check_prediction(answer: Description) -> Outcome:
    """Accepts any complete prediction: it cannot be wrong, it only has to be made."""
    words = _read_words(answer)
    return "Noted. Now measure it." if isinstance(words, dict) else words


def check_answer(answer: Description, measured: Description) -> Outcome:
    """Compares what was read off the measurement with the measurement."""
    rows = {size: values for size, values in _answers(measured).items() if len(values) == 2}
    if any(not isinstance(value, int | float) for values in rows.values() for value in values):
        rows = {}
    if rows and _answers(answer) == _answers(measured):
        return FINDINGS["measured-itself"]
    words = _read_words(answer)
    if not isinstance(words, dict):
        return words
    if not all(size in rows for size in (128, *ASKED_SIZES)):
        return FINDINGS["not-measured"]
    swapped = dict(zip(ASKED_SIZES, (words[size] for size in ASKED_SIZES[::-1]), strict=True))
    finding = _find_misread(words, rows)
    if finding and not _find_misread(swapped, rows):
        return FINDINGS["sizes-swapped"]
    return finding or "Right. One run each, though: mnistlab experiment batch-size repeats it over seeds."


def _find_misread(words: dict[int, tuple[Any, ...]], rows: dict[int, tuple[Any, ...]]) -> Finding | None:
    usual_seconds, usual_accuracy = rows[128]
    for size in ASKED_SIZES:
        seconds, accuracy = rows[size]
        right = _accepted(seconds / max(usual_seconds, 1e-9) - 1, SAME_SECONDS, TIMES)
        if words[size][0] not in right:
            return FINDINGS["time-misread"].fill(size=size, seconds=seconds, usual=usual_seconds, right=right[0])
        right = _accepted(accuracy - usual_accuracy, SAME_ACCURACY, ACCURACIES)
        if words[size][1] not in right:
            values = {"size": size, "percent": accuracy * 100, "usual": usual_accuracy * 100, "right": right[0]}
            return FINDINGS["accuracy-same" if right[0] == ACCURACIES[1] else "accuracy-misread"].fill(**values)
    return None


def _accepted(difference: float, tolerance: float, words: tuple[str, str, str]) -> list[str]:
    """The words that fit a difference; near the tolerance two of them do: from half of it to twice as much."""
    if difference < -tolerance:
        return [words[0]] + [words[1]] * (difference > -2 * tolerance)
    if difference > tolerance:
        return [words[2]] + [words[1]] * (difference < 2 * tolerance)
    if abs(difference) < tolerance / 2:
        return [words[1]]
    return [words[1], words[0] if difference < 0 else words[2]]
