"""The exercise: a notebook with gaps, instant checks, hints, and grading.

In a notebook: `from mnistlab.lesson import check, hint, ready, summary`. Nothing here imports Keras;
`mnistlab.lesson.speed` does.

    steps       what is asked, and which check judges it
    checks      what makes a step right, judged from descriptions alone
    checking    `check`, `ready` and `summary`, and what a notebook has done so far
    hints       three hints for each step
    notebooks   the exercise and its solution, and notebooks that students hand in
    grading     points for a notebook or a class, each run in a sandboxed process
    migration   a notebook for Keras 1 or 2 brought to today's Keras
    showing, drawing, speed   cards in a notebook, a pen, and fast training
"""

from mnistlab.lesson.checking import check, ready, summary
from mnistlab.lesson.drawing import draw_strokes
from mnistlab.lesson.hints import hint

__all__ = ["check", "draw_strokes", "hint", "ready", "summary"]
