"""The exercise: a notebook with gaps, instant checks, hints, and grading.

In a notebook: `from mnistlab.lesson import check, hint, ready, summary`. Nothing here imports Keras;
`mnistlab.lesson.speed` does.
"""

from mnistlab.lesson.checking import check, ready, summary
from mnistlab.lesson.drawing import draw_strokes
from mnistlab.lesson.hints import hint

__all__ = ["check", "draw_strokes", "hint", "ready", "summary"]
