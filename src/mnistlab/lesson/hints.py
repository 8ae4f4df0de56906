"""Three hints for each step: the idea, the names in Keras, and the lines."""

from mnistlab.exceptions import UsageError
from mnistlab.lesson.checking import SESSION
from mnistlab.lesson.notebooks.building import given_cells, solution_lines, source_text
from mnistlab.lesson.showing import show_code, show_note
from mnistlab.lesson.steps import find_step

NUM_LEVELS = 3


def hint_text(step: str, level: int) -> str:
    """A hint as text; the third is the lines themselves, or for a given step its cell as it was.

    Args:
        step: Key of the step.
        level: Kind of hint: 1 the idea, 2 the names in Keras, 3 the lines.

    Raises:
        UsageError: (a `ValueError`) there is no such step or level.
    """
    found = find_step(step)
    if level not in range(1, NUM_LEVELS + 1):
        raise UsageError(f"The hint's level is {level}; it must be 1, 2 or 3.")
    if level < NUM_LEVELS:
        return found.hints[level - 1]
    source = source_text()
    return (given_cells(source) | solution_lines(source))[step]


def hint(step: str, level: int | None = None) -> None:
    """Shows a hint: the first time the idea, then the names in Keras, then the lines.

    Args:
        step: Key of the step, such as `"cnn.conv2"`.
        level: Kind of hint, 1 to 3; by default the next.
    """
    level = min(SESSION.hint_levels.get(step, 0) + 1, NUM_LEVELS) if level is None else level
    text = hint_text(step, level)
    SESSION.hint_levels[step] = level
    if level == NUM_LEVELS:
        show_code(f"{step}, hint 3 of 3:", text)
    else:
        show_note(f"{step}, hint {level} of 3: {text}")
