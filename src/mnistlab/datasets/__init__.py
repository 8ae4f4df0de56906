"""Data sets of 28×28 images with ten classes: MNIST from the package, others from a folder of IDX files."""

from mnistlab.datasets.folders import load_idx, load_test_split
from mnistlab.datasets.packaged import load_mnist
from mnistlab.datasets.splits import IMAGE_SHAPE, NUM_CLASSES, Dataset, Split, split_validation, validation_indices

__all__ = [
    "IMAGE_SHAPE",
    "NUM_CLASSES",
    "Dataset",
    "Split",
    "load_idx",
    "load_mnist",
    "load_test_split",
    "split_validation",
    "validation_indices",
]
