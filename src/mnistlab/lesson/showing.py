"""What the exercise shows: a small card in a notebook, light or dark, and plain lines elsewhere."""

import html

from mnistlab.lesson.checks.verdicts import SYMBOLS, Feedback, StepState
from mnistlab.system.console import in_notebook
from mnistlab.system.theme import LIGHT, OKABE_ITO

# Read on white and on black alike: the text keeps the notebook's colour, and only the edge has one of its own.
_EDGES = dict.fromkeys(StepState, LIGHT.muted)
_EDGES |= {StepState.DONE: OKABE_ITO["bluish green"], StepState.NOT_YET: OKABE_ITO["vermilion"]}


def card_html(feedback: Feedback) -> str:
    """Feedback as HTML that needs no style sheet and no script, as a notebook shows it."""
    text = html.escape(feedback.message or feedback.state)
    reason = f'<div style="opacity:.8;margin-top:2px">{html.escape(feedback.reason)}</div>' if feedback.reason else ""
    return (
        f'<div role="status" style="border-left:4px solid {_EDGES[feedback.state]};padding:4px 12px;margin:4px 0;'
        f'max-width:46em;line-height:1.45"><b>{SYMBOLS[feedback.state]} {html.escape(feedback.step)}</b> · {text}'
        f"{reason}</div>"
    )


def show_feedback(feedback: Feedback) -> None:
    """Shows feedback where the student looks."""
    _show(card_html(feedback), str(feedback))


def show_note(text: str) -> None:
    """Shows a remark, without a card."""
    _show(f'<div style="opacity:.75;padding:4px 16px">{html.escape(text)}</div>', text)


def show_code(text: str, code: str) -> None:
    """Shows a sentence with lines of code below it."""
    block = f'<pre style="margin:4px 0;padding:4px 12px;background:transparent;color:inherit">{html.escape(code)}</pre>'
    _show(f'<div style="padding:4px 16px">{html.escape(text)}{block}</div>', f"{text}\n{code}")


def _show(rich: str, plain: str) -> None:
    if not in_notebook():
        print(plain)
        return
    from IPython.display import display

    display({"text/html": rich, "text/plain": plain}, raw=True)
