"""One Matplotlib figure per question, drawn as ink on paper.

A figure of one panel takes `ax=None` and returns the `Axes`; a figure of several takes `axes=None` and returns the
`Figure`. Without axes a new figure is made; pyplot and its global state are never touched, so the functions work in
threads, scripts and servers without a display. As the last line of a Jupyter cell either result shows itself.

Pictures are light unless the dark style is in force:
`with matplotlib.rc_context(theme.matplotlib_style("dark")): ...`. `to_svg` takes light ones and makes them follow
the page around them.
"""

from mnistlab.figures.charts import (
    plot_batch_sizes,
    plot_comparison,
    plot_confusion,
    plot_history,
    plot_per_digit,
)
from mnistlab.figures.diagrams import plot_flattening, plot_network
from mnistlab.figures.digits import (
    plot_augmentation,
    plot_image,
    plot_matrix,
    plot_predictions,
    plot_samples,
    sample_indices,
)
from mnistlab.figures.experiments import plot_chart
from mnistlab.figures.output import save_png, to_svg

__all__ = [
    "plot_augmentation",
    "plot_batch_sizes",
    "plot_chart",
    "plot_comparison",
    "plot_confusion",
    "plot_flattening",
    "plot_history",
    "plot_image",
    "plot_matrix",
    "plot_network",
    "plot_per_digit",
    "plot_predictions",
    "plot_samples",
    "sample_indices",
    "save_png",
    "to_svg",
]
