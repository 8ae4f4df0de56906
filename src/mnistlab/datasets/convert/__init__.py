"""Data of other forms as a data set: `.npz` and CSV files, folders of pictures, IDX files that lie the wrong way.

- `conversion`: which form a source has; the splits; what is done to all images
- `parts`: images and labels of one source, checked
- `arrays`: `.npz` files
- `tables`: CSV files
- `pictures`: folders of pictures
"""

from mnistlab.datasets.convert.conversion import Changes, convert, fit_square
from mnistlab.datasets.convert.parts import MAX_IMAGES

__all__ = ["MAX_IMAGES", "Changes", "convert", "fit_square"]
