"""Checks of ONNX files of unknown origin, for what they hold and what they cost, before ONNX Runtime sees them.

A file must consist of nothing but plain operations on numbers that it holds itself.
"""

from mnistlab.inference.onnx_files.costs import check_costs
from mnistlab.inference.onnx_files.halves import store_halves, widen_halves
from mnistlab.inference.onnx_files.structure import RefusalError, checked_network, read_file

__all__ = ["RefusalError", "check_costs", "checked_network", "read_file", "store_halves", "widen_halves"]
