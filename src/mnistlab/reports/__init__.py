"""Pages made from given numbers; nothing is computed here."""

from mnistlab.reports.pages import render_experiment, render_feedback, render_notebook, render_run
from mnistlab.reports.run_report import write_run_report

__all__ = ["render_experiment", "render_feedback", "render_notebook", "render_run", "write_run_report"]
