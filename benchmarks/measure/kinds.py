"""How well pictures are read that are hard for a reason: flags and bars, fine pens, borders, signs, broken strokes.

    python benchmarks/measure/kinds.py [--pictures 300] [--only NAME] [--table-only]

Makes pictures of each kind (benchmarks/material/cases.py) from forms, pens and papers that nothing was trained on,
reads each as `mnistlab read` does, and compares the lines with what is written on it. A picture counts as "sure and
wrong" if any answer that is not marked as unsure is another digit, or stands where no digit is; as "right" if the lines
are exactly those on the picture, an answer marked as unsure included; and as "unsure" otherwise.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.material import cases, page_cases
from benchmarks.measure.benchmark import Benchmark, Results, cores, markdown_table
from mnistlab.datasets import Split, load_mnist
from mnistlab.evaluation.metrics import wilson_interval
from mnistlab.models.backend import describe_environment
from mnistlab.reader import DigitReader, Reading
from mnistlab.reader.reading import lines_of, text_of

KINDS: dict[str, cases.Kind] = {**cases.KINDS, **page_cases.KINDS}
SEED = 70_000
_CHANGE = 10_000  # cost of a change; that a surer reading has no partner costs 1 more
OUTCOMES = ("right", "unsure", "sure and wrong")


def aligned(written: str, readings: list[Reading]) -> list[tuple[str | None, Reading | None]]:
    """Pairs of a written digit and its reading, at the least number of changes; `None` where one has no partner.

    Of two readings of which one has no partner, the surer one keeps it.
    """
    read = [reading for reading in readings if reading.digit is not None]
    extra = np.array([_CHANGE + (reading.kind == "digit") for reading in read], int)
    costs = np.zeros((len(written) + 1, len(read) + 1), int)
    costs[:, 0], costs[0, 1:] = _CHANGE * np.arange(len(written) + 1), np.cumsum(extra)
    for row, digit in enumerate(written, start=1):
        for column, reading in enumerate(read, start=1):
            change = costs[row - 1, column - 1] + _CHANGE * (digit != str(reading.digit))
            costs[row, column] = min(
                change, costs[row - 1, column] + _CHANGE, costs[row, column - 1] + extra[column - 1]
            )
    pairs: list[tuple[str | None, Reading | None]] = []
    row, column = len(written), len(read)
    while row or column:
        if row and column:
            change = costs[row - 1, column - 1] + _CHANGE * (written[row - 1] != str(read[column - 1].digit))
            if costs[row, column] == change:
                row, column = row - 1, column - 1
                pairs.append((written[row], read[column]))
                continue
        if row and costs[row, column] == costs[row - 1, column] + _CHANGE:
            row -= 1
            pairs.append((written[row], None))
        else:
            column -= 1
            pairs.append((None, read[column]))
    return pairs[::-1]


def judged(case: cases.Case, readings: list[Reading]) -> Counter[str]:
    """Counts of one picture: its outcome, and its digits by what became of them."""
    counts = Counter[str](pictures=1)
    pairs = aligned("".join(case.lines), readings)
    for digit, reading in pairs:
        if digit is None:
            counts["invented" if reading is not None and reading.kind == "digit" else "invented, unsure"] += 1
            continue
        counts["digits"] += 1
        if reading is None:
            counts["missed"] += 1
        elif digit == str(reading.digit):
            counts["digits right"] += 1
        if reading is not None and reading.kind == "digit":
            counts["digits wrong and sure"] += digit != str(reading.digit)
        elif reading is not None:
            counts["digits unsure"] += 1
            named = {str(reading.digit), *(str(other) for other, _ in reading.verdict.alternatives)}
            counts["unsure, right one named"] += digit in named
    lines = tuple(text for line in lines_of(readings) if (text := text_of(line)))
    if counts["invented"] or counts["digits wrong and sure"]:
        counts["sure and wrong"] += 1
    elif lines == case.lines:
        counts["right"] += 1
        counts["right and sure"] += all(one.kind != "unsure" for one in readings)
    else:
        counts["unsure"] += 1
    return counts


def measure_kind(name: str, test: Split, num_pictures: int) -> Results:
    """Makes and reads pictures of one kind; each has a seed of its own."""
    reader, counts = DigitReader(), Counter[str]()
    for number in range(num_pictures):
        case = KINDS[name].make(np.random.default_rng([SEED, number, *name.encode()]), test)
        counts += judged(case, reader.read(case.photo))
    intervals = {outcome: wilson_interval(counts[outcome], num_pictures) for outcome in OUTCOMES}
    return {"question": KINDS[name].question, "counts": dict(sorted(counts.items())), "intervals": intervals}


def measure(num_pictures: int, only: str | None) -> Results:
    """Measures every kind, or one of them, whose figures then stand beside the stored ones of the others."""
    test = load_mnist().test
    results: Results = {"kinds": BENCHMARK.read().get("kinds", {}) if only else {}}
    for name in [only] if only else KINDS:
        results["kinds"][name] = measure_kind(name, test, num_pictures)
        counts = results["kinds"][name]["counts"]
        print(f"{name}: " + ", ".join(f"{counts.get(one, 0)} {one}" for one in OUTCOMES), flush=True)
    results["kinds"] = {name: results["kinds"][name] for name in KINDS if name in results["kinds"]}
    return results | {"environment": describe_environment() | {"precision": "float32"}}


def table(results: Results) -> str:
    """The outcomes of each kind, and how often the right digit is among those named where the reader is unsure."""
    rows, unsure, named = [], 0, 0
    for name, row in results["kinds"].items():
        counts, number = row["counts"], row["counts"]["pictures"]
        shares = [f"{100 * counts.get(outcome, 0) / number:.1f} %" for outcome in OUTCOMES]
        low, high = row["intervals"]["sure and wrong"]
        shares[2] += f" ({100 * low:.1f}–{100 * high:.1f})"
        rows.append((name, row["question"], f"{number}", *shares))
        unsure += counts.get("digits unsure", 0)
        named += counts.get("unsure, right one named", 0)
    return (
        markdown_table("kind | what is on the picture | pictures | right | unsure | sure and wrong", rows, num_left=2)
        + f"\n\nWhere the reader is unsure of a digit, the right one is among those that it names in {named} of "
        f"{unsure}. "
        f"Forms, pens and papers of which nothing was trained or chosen; {cores(results['environment'])}."
    )


OPTIONS = {
    "--pictures": {"type": int, "default": 300, "dest": "num_pictures", "help": "number of pictures of each kind"},
    "--only": {"choices": list(KINDS), "help": "measure only this kind anew"},
}
BENCHMARK = Benchmark(__file__, __doc__, measure, table, options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
