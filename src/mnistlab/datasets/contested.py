"""Test images of MNIST whose label people doubt: no network can be blamed for them."""

from typing import Final, Literal

ContestedLabel = Literal["wrong", "undecided"]

CONTESTED_TEST_LABELS: Final[dict[int, ContestedLabel]] = {
    **dict.fromkeys((947, 1621, 1901, 2462, 2597, 3558, 5937, 6651, 6783, 9729), "wrong"),
    **dict.fromkeys((2130, 2654, 3520, 8527, 9679), "undecided"),
}
"""By the index in the test split. Of the 100 labels that an algorithm doubted most, five people each were asked.
`"wrong"`: at least three of them chose another digit than the label says; `"undecided"`: they did not agree.

Source: `mturk/mnist_mturk.json` of https://github.com/cleanlab/label-errors; Northcutt, Athalye and Mueller, "Pervasive
Label Errors in Test Sets Destabilize Machine Learning Benchmarks", NeurIPS 2021, arXiv 2103.14749.
"""
