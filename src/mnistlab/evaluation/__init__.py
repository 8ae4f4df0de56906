"""Numbers that judge predictions, each with its interval; nothing but NumPy and SciPy below."""

from mnistlab.evaluation.scoring import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
