"""What a reader made of a photo, as text."""

from collections.abc import Sequence

from mnistlab.reader import Reading, lines_of, text_of


def texts_of(readings: Sequence[Reading]) -> list[str]:
    """The digits of each line that has some."""
    return [text for line in lines_of(readings) if (text := text_of(line))]
