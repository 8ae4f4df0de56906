"""Any grey crop of a digit in MNIST's own form; `docs/normalization.md` is the specification, to the grey level.

All arithmetic is on 64-bit floats and integers, in few and plain steps, so that another implementation can give the
same bytes. `tests/data/normalize_digit.json` holds inputs with the exact results.
"""

from mnistlab.reader.normalization.digits import Normalized, normalize_digit
from mnistlab.reader.normalization.strokes import NEARER_THICKNESS, USUAL_THICKNESS, measure_thickness

__all__ = ["NEARER_THICKNESS", "USUAL_THICKNESS", "Normalized", "measure_thickness", "normalize_digit"]
